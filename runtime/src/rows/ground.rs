//! What steps work on: the memory of a tile and of the call, and the samples that are in the tile.

use super::RowInput;
use super::data::{Data, Elements};
use super::lanes::{Block, LANES};
use super::layout::{Base, By};
use super::offsets::Samples;
use super::target::Goal;
use crate::real::Float;

/// Pointers to all memory, and which samples are at hand.
///
/// Invariants: memory is as large as the plan says, and initialised; `offsets` has `lanes` entries for each
/// number, all of samples that may be read; `active` are lanes below `lanes`, in order, at least one.
#[derive(Clone, Copy)]
pub(super) struct Ground<'t, T> {
    pub(super) inputs: &'t [RowInput<'t, T>],
    pub(super) goals: &'t [Goal<'t, T>],
    pub(super) samples: &'t Samples,
    pub(super) tile: *mut T,
    pub(super) call: *mut T,
    pub(super) scratch: *mut T,
    pub(super) wide: *mut f64,
    pub(super) folds: *mut Block<f64>,
    pub(super) totals: *mut f64,
    pub(super) matrices: *mut T,
    pub(super) offsets: &'t [isize],
    /// For each list, how many labels the sample of each lane has.
    pub(super) labels: &'t [usize],
    /// For how many samples a tile has room: a multiple of 32.
    pub(super) lanes: usize,
    /// The lanes whose samples are kept.
    pub(super) active: &'t [usize],
    /// The number of the first sample.
    pub(super) start: usize,
    /// How many samples there are, kept or not.
    pub(super) count: usize,
    /// How many samples ahead memory is asked for.
    pub(super) ahead: usize,
    /// Whether all of them lie on the innermost axis of the sample shape.
    pub(super) straight: bool,
    /// Whether threads share the products of matrices.
    pub(super) split: bool,
}

impl<'t, T: Float> Ground<'t, T> {
    /// The offsets with a number, one for each lane.
    #[inline]
    pub(super) fn offsets(&self, number: usize) -> &'t [isize] {
        &self.offsets[number * self.lanes..(number + 1) * self.lanes]
    }

    /// How many labels a list has for one sample, or at most for any that is active.
    #[inline]
    pub(super) fn labels(&self, list: usize, sample: Option<usize>) -> usize {
        let labels = &self.labels[list * self.lanes..][..self.lanes];
        match sample {
            Some(sample) => labels[sample],
            None => self.active.iter().map(|lane| labels[*lane]).max().unwrap_or(0),
        }
    }

    /// The lengths of loops for one sample, or the most that any needs: those given, or those of lists.
    #[inline]
    pub(super) fn bound(
        &self,
        lengths: &[usize],
        lists: &[Option<usize>],
        sample: Option<usize>,
        own: &mut [usize],
    ) {
        for ((own, length), list) in own.iter_mut().zip(lengths).zip(lists) {
            *own = list.map_or(*length, |list| self.labels(list, sample));
        }
    }

    /// What a sample adds to an offset.
    #[inline(always)]
    pub(super) fn way(&self, by: By, sample: usize) -> isize {
        match by {
            By::Same => 0,
            By::Lane => sample as isize,
            By::Array(size) => (sample * size) as isize,
            By::Offsets(number) => self.offsets[number * self.lanes + sample],
        }
    }

    /// How far it is from a sample to the next one, where samples are straight.
    #[inline]
    pub(super) fn row(&self, by: By) -> isize {
        match by {
            By::Same => 0,
            By::Lane => 1,
            By::Array(size) => size as isize,
            By::Offsets(number) => self.samples.stride(number),
        }
    }

    /// The elements behind a base.
    #[inline]
    pub(super) fn data(&self, base: Base) -> Data<'t, T> {
        match base {
            Base::Tile(start) => Data::Float(Elements::new(self.tile.wrapping_add(start))),
            Base::Call(start) => Data::Float(Elements::new(self.call.wrapping_add(start))),
            Base::Input(input) => self.inputs[input].data,
        }
    }

    /// The first element behind a base; null for an input that is not made of numbers.
    #[inline(always)]
    pub(super) fn pointer(&self, base: Base) -> *mut T {
        match base {
            Base::Tile(start) => self.tile.wrapping_add(start),
            Base::Call(start) => self.call.wrapping_add(start),
            Base::Input(input) => match self.inputs[input].data {
                Data::Float(elements) => elements.pointer.cast_mut(),
                _ => std::ptr::null_mut(),
            },
        }
    }

    /// Whether the tile has 32 samples, all kept, that lie side by side under these offsets.
    #[inline]
    pub(super) fn beside(&self, number: usize) -> bool {
        self.active.len() == LANES && self.count == LANES && self.samples.beside(number, self.start, LANES)
    }
}
