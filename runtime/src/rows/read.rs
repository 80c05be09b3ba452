//! Inputs of a pass: how elements reach the lane loop.
//!
//! A [`Reader`] gives, for a row (one sample and one position of the outer loops, or 32 samples), a source
//! that steps through it: where the elements lie, where that is possible; else in scratch memory, to which it
//! copies a row, or one element as often as there are lanes.

use super::ground::Ground;
use super::lanes::{LANES, Source};
use super::layout::{Base, By, Spot};
use crate::real::Float;

/// One input of a pass.
#[derive(Clone, Debug)]
pub(super) struct Reader<T> {
    pub(super) from: From<T>,
    /// Where its scratch memory begins.
    pub(super) room: usize,
}

/// Where it comes from.
#[derive(Clone, Debug)]
pub(super) enum From<T> {
    /// The same everywhere.
    Constant(T),
    /// The position of an outer loop.
    Index(usize),
    /// The offset of a sample, as a number.
    Position(usize),
    /// Elements.
    Elements(Base, Spot, Route),
    /// Elements of an input, 32 samples side by side; where they are not, those of a table.
    Beside(Base, usize, Spot, Base, Spot),
}

/// How elements get to the lane loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Where they lie, with so many elements from group to group.
    Direct(isize),
    /// One fills all lanes.
    Splat,
    /// A row is copied.
    Copy,
}

impl<T: Float> Reader<T> {
    /// What has to be done once per tile.
    ///
    /// # Safety
    ///
    /// The pass must belong to the plan that `ground` was made for.
    #[inline]
    pub(super) unsafe fn prepare(&self, ground: &Ground<'_, T>) {
        if let From::Constant(value) = self.from {
            // SAFETY: the room has at least one group.
            unsafe { splat(value, ground.scratch.add(self.room)) };
        }
    }

    /// Whether the rows of neighbouring samples can be read in one go, lanes along them, each as it lies.
    pub(super) fn regular(&self, floats: impl Fn(Base) -> bool) -> bool {
        match &self.from {
            From::Constant(_) => true,
            From::Elements(base, _, route) => *route != Route::Copy && floats(*base),
            From::Index(_) | From::Position(_) | From::Beside(..) => false,
        }
    }

    /// The rows of neighbouring samples, from one on.
    ///
    /// # Safety
    ///
    /// As [`Self::row`]; the reader must be regular, and so must the samples.
    #[inline]
    pub(super) unsafe fn rows(&self, ground: &Ground<'_, T>, sample: usize) -> Source<T> {
        match &self.from {
            From::Elements(base, spot, route) => {
                let pointer = ground.pointer(*base).wrapping_offset(ground.way(spot.by, sample));
                let row = ground.row(spot.by);
                match route {
                    Route::Direct(step) => Source {
                        pointer,
                        step: *step,
                        row,
                        single: std::ptr::null(),
                        ahead: if let By::Offsets(_) = spot.by { row * ground.ahead as isize } else { 0 },
                    },
                    _ => {
                        let group = ground.scratch.wrapping_add(self.room).cast_const();
                        Source { pointer: group, step: 0, row, single: pointer, ahead: 0 }
                    }
                }
            }
            _ => Source::new(ground.scratch.wrapping_add(self.room), 0),
        }
    }

    /// A row of one sample, lanes along it; or, `across` 32 samples, all of them.
    ///
    /// # Safety
    ///
    /// As [`Self::prepare`]; the sample must be active, and the positions inside of their loops.
    #[inline]
    pub(super) unsafe fn row(
        &self,
        ground: &Ground<'_, T>,
        sample: usize,
        positions: &[usize],
        length: usize,
        across: bool,
    ) -> Source<T> {
        let room = ground.scratch.wrapping_add(self.room);
        let (base, spot, route) = match &self.from {
            From::Constant(_) => return Source::new(room, 0),
            From::Index(outer) => {
                // SAFETY: the room has at least one group.
                unsafe { splat(T::from_f64(positions[*outer] as f64), room) };
                return Source::new(room, 0);
            }
            From::Position(offsets) => {
                let offsets = ground.offsets(*offsets);
                // SAFETY: the room has an element for each lane, and at least one group.
                unsafe {
                    if across {
                        for (lane, offset) in offsets.iter().enumerate() {
                            room.add(lane).write(T::from_f64(*offset as f64));
                        }
                    } else {
                        splat(T::from_f64(offsets[sample] as f64), room);
                    }
                }
                let step = if across && ground.lanes > LANES { LANES as isize } else { 0 };
                return Source::new(room, step);
            }
            From::Elements(base, spot, route) => (*base, spot, *route),
            From::Beside(base, offsets, spot, table, own) => {
                let (base, spot, start) = if ground.beside(*offsets) {
                    (*base, spot, ground.way(By::Offsets(*offsets), 0))
                } else {
                    (*table, own, 0)
                };
                let step = spot.inner.even().unwrap_or(0);
                let pointer = ground.pointer(base).wrapping_offset(start + spot.outside(positions));
                return Source::new(pointer, step);
            }
        };
        // Across samples, an element per lane begins with that of the first lane.
        let way = if across && spot.by == By::Lane { 0 } else { ground.way(spot.by, sample) };
        let offset = way + spot.outside(positions);
        match route {
            Route::Direct(step) => Source::new(ground.pointer(base).wrapping_offset(offset), step),
            Route::Splat => {
                // SAFETY: the room has a group; the caller vouches for sample and positions.
                unsafe { splat(ground.data(base).at(offset), room) };
                Source::new(room, 0)
            }
            Route::Copy if across => {
                // SAFETY: the room has a group for each position; the rest as above.
                unsafe {
                    ground.data(base).copy(offset, &spot.inner, length, room, LANES);
                    for position in 0..length {
                        let group = room.add(position * LANES);
                        splat(group.read(), group);
                    }
                }
                Source::new(room, LANES as isize)
            }
            Route::Copy => {
                // SAFETY: the room has whole groups for a row; the rest as above.
                unsafe { ground.data(base).copy(offset, &spot.inner, length, room, 1) };
                Source::new(room, LANES as isize)
            }
        }
    }
}

/// Fills a group.
///
/// # Safety
///
/// It must be writable.
#[inline(always)]
pub(super) unsafe fn splat<T: Float>(value: T, group: *mut T) {
    // SAFETY: passed on to the caller.
    unsafe { group.cast::<[T; LANES]>().write([value; LANES]) };
}
