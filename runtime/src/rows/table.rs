//! Tables: inputs brought into the memory of a tile before passes read them.
//!
//! A table holds what an input has for each sample of a tile (or for all): sets with everything behind their
//! end made -1, masks of the members of sets, and, where lanes run across samples or a product of matrices
//! needs it, plain elements. It varies over the places of an access that are not the sample.

use super::data::Data;
use super::lanes::LANES;
use super::layout::{By, Room};
use super::read::splat;
use super::steps::Steps;
use super::transpose::gather_rows;
use crate::real::Float;

/// What a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Elements.
    Plain,
    /// Positions, up to the first negative one; then -1.
    Set,
    /// 1 for each position that is in the set, else 0.
    Member,
}

/// What a table is made for: the same for several accesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) input: usize,
    pub(super) content: Content,
    /// For each axis of the input, whether it is accessed at the sample.
    pub(super) sampled: Vec<bool>,
    pub(super) phase: Phase,
}

/// When a table is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Before,
    /// For every sample.
    Keep,
    /// For samples that are kept.
    Rows,
    After,
}

/// A table and how it is made.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) key: Key,
    /// The number of the offsets of samples in the input.
    pub(super) offsets: usize,
    /// The lengths of the axes of the input that it varies over, and the steps over them. The axis that a set
    /// runs along is the last.
    pub(super) axes: Vec<(usize, Steps)>,
    /// The lengths of its own axes: the same, but for members, where the last is that of the positions.
    pub(super) lengths: Vec<usize>,
    pub(super) room: Room,
    /// Whether it is needed only where 32 samples do not lie side by side in the input.
    pub(super) spare: bool,
}

impl Table {
    /// Whether it is the same for all samples.
    pub(super) fn constant(&self) -> bool {
        !self.key.sampled.contains(&true)
    }

    /// Fills it for some samples of a tile: `offsets` has one for every lane, of which only `active` count.
    ///
    /// # Safety
    ///
    /// The input must be readable at the offsets, and `memory` writable for all that the room takes; labels
    /// may be anything.
    pub(super) unsafe fn fill<T: Float>(
        &self,
        data: Data<'_, T>,
        offsets: &[isize],
        active: &[usize],
        memory: *mut T,
    ) {
        if self.lengths.contains(&0) {
            return;
        }
        // SAFETY: passed on to the caller.
        unsafe {
            match self.room.by {
                By::Same if self.axes.is_empty() => splat(data.at(offsets[0]), memory),
                By::Same => self.sample(data, offsets[0], memory, 1),
                By::Array(size) => {
                    for &sample in active {
                        self.sample(data, offsets[sample], memory.add(sample * size), 1);
                    }
                }
                By::Lane if self.key.content == Content::Plain => self.lanes(data, offsets, memory),
                _ => {
                    for (lane, &offset) in offsets.iter().enumerate().take(LANES) {
                        self.sample(data, offset, memory.add(lane), LANES);
                    }
                }
            }
        }
    }

    /// Plain elements, one lane per sample.
    ///
    /// # Safety
    ///
    /// As [`Self::fill`].
    unsafe fn lanes<T: Float>(&self, data: Data<'_, T>, offsets: &[isize], memory: *mut T) {
        let Some(((length, inner), outer)) = self.axes.split_last() else {
            // SAFETY: passed on to the caller; the room has one element for each offset.
            return unsafe { data.pick(offsets, 0, memory) };
        };
        let mut row = memory;
        each(outer, |offset| {
            if let (Data::Float(elements), Steps::Even(1)) = (data, inner) {
                let start = elements.pointer.wrapping_offset(offset);
                // SAFETY: as below.
                unsafe { gather_rows(start, offsets, *length, row) };
                row = row.wrapping_add(length * LANES);
                return;
            }
            for (lane, sample) in offsets.iter().enumerate().take(LANES) {
                // SAFETY: as above; rows follow each other in the room in this order.
                unsafe { data.copy(sample + offset, inner, *length, row.wrapping_add(lane), LANES) };
            }
            row = row.wrapping_add(length * LANES);
        });
    }

    /// What one sample has, at elements `step` apart.
    ///
    /// # Safety
    ///
    /// As [`Self::fill`].
    unsafe fn sample<T: Float>(&self, data: Data<'_, T>, sample: isize, memory: *mut T, step: usize) {
        let Some(((length, inner), outer)) = self.axes.split_last() else {
            // SAFETY: passed on to the caller.
            return unsafe { memory.write(data.at(sample)) };
        };
        let own = self.lengths[outer.len()];
        let whole = if step == 1 { own.next_multiple_of(LANES) } else { own };
        let mut row = memory;
        each(outer, |offset| {
            let offset = sample + offset;
            // SAFETY: passed on to the caller; rows follow each other in the room in this order.
            unsafe {
                match self.key.content {
                    Content::Plain => data.copy(offset, inner, own, row, step),
                    Content::Set => {
                        let labels = data.labels(offset, inner, own);
                        data.copy(offset, inner, labels, row, step);
                        for at in labels..own {
                            row.add(at * step).write(T::from_f64(-1.0));
                        }
                    }
                    Content::Member => {
                        for at in 0..own {
                            row.add(at * step).write(T::from_f64(0.0));
                        }
                        for at in 0..*length {
                            let label = data.label(offset + inner.offset(at));
                            if label < 0 {
                                break;
                            }
                            if (label as usize) < own {
                                row.add(label as usize * step).write(T::from_f64(1.0));
                            }
                        }
                    }
                }
            }
            row = row.wrapping_add(whole * step);
        });
    }
}

/// Calls `visit` with the offset of every position on some axes, row-major.
#[inline]
pub(super) fn each(axes: &[(usize, Steps)], mut visit: impl FnMut(isize)) {
    fn inside(axes: &[(usize, Steps)], offset: isize, visit: &mut dyn FnMut(isize)) {
        match axes.split_first() {
            None => visit(offset),
            Some(((length, steps), rest)) => {
                steps.walk(*length, |_, along| inside(rest, offset + along, visit));
            }
        }
    }
    match axes {
        [] => visit(0),
        _ => inside(axes, 0, &mut visit),
    }
}
