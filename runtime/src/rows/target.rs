//! Derivatives: where they go, and how those are added up that several samples or positions share.

use super::RowTarget;
use super::steps::Steps;
use super::table::each;
use crate::real::Float;

/// The target of one derivative.
#[derive(Clone, Debug)]
pub(super) struct Goal<'r, T> {
    pub(super) input: usize,
    pub(super) target: RowTarget<'r, T>,
    /// The number of the offsets of samples in the target, where it varies over samples.
    pub(super) offsets: usize,
    /// Lengths of the axes that are not accessed at the sample, and steps over them.
    pub(super) axes: Vec<(usize, Steps)>,
    /// Where elements are added up that are written more than once.
    pub(super) shared: Option<Shared>,
    /// Whether no step for samples writes it.
    pub(super) idle: bool,
    /// Whether what the target held stays in it.
    pub(super) add: bool,
}

/// Accumulators for the elements of a target.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    /// The first one.
    pub(super) start: usize,
    /// How many there are.
    pub(super) size: usize,
    /// The number of the offsets of samples in them.
    pub(super) offsets: usize,
    /// For each axis of the input, its steps in them.
    pub(super) axes: Vec<Steps>,
    /// Lengths, strides in the target and strides in the accumulators of all that varies.
    pub(super) elements: Vec<(usize, isize, isize)>,
}

impl<T: Float> Goal<'_, T> {
    /// Writes 0 for a sample.
    ///
    /// # Safety
    ///
    /// The target must be writable for the sample at this offset.
    pub(super) unsafe fn clear(&self, sample: isize) {
        if self.add || self.shared.is_some() {
            return;
        }
        each(&self.axes, |offset| {
            // SAFETY: passed on to the caller.
            unsafe { self.target.pointer.offset(sample + offset).write(T::from_f64(0.0)) };
        });
    }

    /// Brings the sums to the target.
    ///
    /// # Safety
    ///
    /// The target must be writable, and nobody else may use it.
    pub(super) unsafe fn finish(&self, totals: &[f64]) {
        let Some(shared) = &self.shared else { return };
        let totals = &totals[shared.start..shared.start + shared.size];
        walk(&shared.elements, 0, 0, &mut |target, own| {
            // SAFETY: passed on to the caller.
            unsafe {
                let place = self.target.pointer.offset(target);
                let held = if self.add { place.read().to_f64() } else { 0.0 };
                place.write(T::from_f64(held + totals[own as usize]));
            }
        });
    }
}

fn walk(axes: &[(usize, isize, isize)], target: isize, own: isize, visit: &mut dyn FnMut(isize, isize)) {
    match axes.split_first() {
        None => visit(target, own),
        Some((&(length, stride, dense), rest)) => {
            for at in 0..length as isize {
                walk(rest, target + at * stride, own + at * dense, visit);
            }
        }
    }
}
