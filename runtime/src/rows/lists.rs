//! Sets: how many labels a sample has, which is how far loops over them run.

use super::data::Data;
use super::steps::Steps;
use super::table::each;
use crate::real::Float;

/// A set that some loop visits.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) input: usize,
    /// The number of the offsets of samples.
    pub(super) offsets: usize,
    /// Lengths of the axes that are no sample axes, and steps over them; the labels are along the last.
    pub(super) axes: Vec<(usize, Steps)>,
}

impl List {
    /// How many labels a sample has at most at any position of the other axes.
    ///
    /// # Safety
    ///
    /// The labels must be readable at `offset` from the first sample's.
    pub(super) unsafe fn labels<T: Float>(&self, data: Data<'_, T>, offset: isize) -> usize {
        let Some(((length, steps), outer)) = self.axes.split_last() else { return 0 };
        let mut most = 0;
        each(outer, |start| {
            // SAFETY: passed on to the caller.
            most = most.max(unsafe { data.labels(offset + start, steps, *length) });
        });
        most
    }
}
