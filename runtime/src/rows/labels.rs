//! Labels: whether they are positions on the axis that they point into.

use super::Fault;
use super::data::Data;
use super::steps::Steps;
use super::table::each;
use crate::real::Float;

/// An input of labels that is to be checked.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) input: usize,
    /// How many positions there are.
    pub(super) size: usize,
    pub(super) set: bool,
    /// The number of the offsets of samples; `None` where all samples have the same labels.
    pub(super) offsets: Option<usize>,
    /// Lengths of the axes that are no sample axes, and steps over them.
    pub(super) axes: Vec<(usize, Steps)>,
}

impl Check {
    /// Looks for the first wrong label of a sample.
    ///
    /// # Safety
    ///
    /// The labels must be readable at `offset` from the first sample's.
    #[inline]
    pub(super) unsafe fn sample<T: Float>(
        &self,
        data: Data<'_, T>,
        offset: isize,
        sample: usize,
    ) -> Result<(), Fault> {
        let fault = |place, value| Err(Fault::Label { input: self.input, sample, place, value });
        let wrong = |value: i64| value < 0 || value as usize >= self.size;
        if self.axes.is_empty() {
            // SAFETY: passed on to the caller.
            let value = unsafe { data.label(offset) };
            return if wrong(value) { fault(0, value) } else { Ok(()) };
        }
        // SAFETY: passed on to the caller.
        unsafe { self.several(data, offset, sample) }
    }

    /// [`Self::sample`] where a sample has any number of labels.
    ///
    /// # Safety
    ///
    /// As there.
    unsafe fn several<T: Float>(&self, data: Data<'_, T>, offset: isize, sample: usize) -> Result<(), Fault> {
        let wrong = |value: i64| value < 0 || value as usize >= self.size;
        let Some((row, outer)) = self.axes.split_last() else { return Ok(()) };
        let mut result = Ok(());
        let mut place = 0;
        each(outer, |start| {
            for at in 0..row.0 {
                // SAFETY: as above.
                let value = unsafe { data.label(offset + start + row.1.offset(at)) };
                if self.set && value < 0 {
                    break;
                }
                if wrong(value) && result.is_ok() {
                    result = Err(Fault::Label { input: self.input, sample, place: place + at, value });
                }
            }
            place += row.0;
        });
        result
    }
}
