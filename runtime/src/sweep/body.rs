//! The lane loop: one kernel over whole groups of 32 samples.
//!
//! Input: a [`Frame`] of pointers, each with a step per group, and the number of groups. Output: derivatives
//! and values behind the frame's pointers, sums and validity per lane in [`Tally`]. Nothing here knows
//! shapes, threads or instruction sets; everything is inlined into the entries of `isa`, which LLVM then
//! turns into vector code. Results are kept in local arrays until a group is done, so that the optimiser
//! knows that they alias nothing.

use crate::kernel::{Kernel, Sample};
use crate::real::{Float, Real};

/// Samples that advance together.
pub(super) const LANES: usize = 32;

/// One group of elements.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Block<T>(pub(super) [T; LANES]);

/// Where a group of inputs lies, and how many elements further the next one does: 32, or 0 for a repeated one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<T> {
    pub(super) pointer: *const T,
    pub(super) step: usize,
}

/// Where a group of outputs goes, and how many elements further the next one does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<T> {
    pub(super) pointer: *mut T,
    pub(super) step: usize,
}

/// All pointers of one run of the lane loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<T, const I: usize, const O: usize> {
    pub(super) inputs: [Source<T>; I],
    pub(super) upstream: Source<T>,
    pub(super) values: Target<T>,
    pub(super) outputs: [Target<T>; O],
}

impl<T: Copy, const I: usize, const O: usize> Frame<T, I, O> {
    /// The same frame, `groups` groups further.
    #[inline]
    pub(super) fn advance(&self, groups: usize) -> Self {
        let source = |s: Source<T>| Source { pointer: s.pointer.wrapping_add(groups * s.step), ..s };
        let target = |t: Target<T>| Target { pointer: t.pointer.wrapping_add(groups * t.step), ..t };
        Frame {
            inputs: self.inputs.map(source),
            upstream: source(self.upstream),
            values: target(self.values),
            outputs: self.outputs.map(target),
        }
    }
}

/// What the lane loop adds up, lane by lane.
#[derive(Clone, Debug)]
pub(super) struct Tally<T> {
    /// Sums of values.
    pub(super) sums: [f64; LANES],
    /// Not 0 where a sample was invalid.
    pub(super) faults: [T; LANES],
}

impl<T: Float> Tally<T> {
    #[inline]
    pub(super) fn new() -> Self {
        Tally { sums: [0.0; LANES], faults: [T::default(); LANES] }
    }

    /// The sum over all lanes, in a fixed order.
    #[inline]
    pub(super) fn total(&self) -> f64 {
        let mut sums = self.sums;
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                sums[lane] += sums[lane + width];
            }
            width /= 2;
        }
        sums[0]
    }

    /// Whether any lane met an invalid sample.
    #[inline]
    pub(super) fn faulty(&self) -> bool {
        self.faults.iter().any(|fault| *fault != T::default())
    }
}

/// One of the functions of a kernel, with `G` derivatives.
pub(super) trait Ask<T: Float, K, const I: usize, const G: usize> {
    /// Calls it.
    fn ask<R: Real<Scalar = T>>(kernel: &K, inputs: [R; I]) -> Sample<R, G>;
}

/// The value alone.
pub(super) struct Value<const O: usize>;
/// The value and the first derivative.
pub(super) struct Gradient<const O: usize>;
/// The value and every derivative.
pub(super) struct Gradients;

impl<T: Float, K: Kernel<T, I, O>, const I: usize, const O: usize> Ask<T, K, I, 0> for Value<O> {
    #[inline(always)]
    fn ask<R: Real<Scalar = T>>(kernel: &K, inputs: [R; I]) -> Sample<R, 0> {
        kernel.value(inputs)
    }
}

impl<T: Float, K: Kernel<T, I, O>, const I: usize, const O: usize> Ask<T, K, I, 1> for Gradient<O> {
    #[inline(always)]
    fn ask<R: Real<Scalar = T>>(kernel: &K, inputs: [R; I]) -> Sample<R, 1> {
        kernel.gradient(inputs)
    }
}

impl<T: Float, K: Kernel<T, I, O>, const I: usize, const O: usize> Ask<T, K, I, O> for Gradients {
    #[inline(always)]
    fn ask<R: Real<Scalar = T>>(kernel: &K, inputs: [R; I]) -> Sample<R, O> {
        kernel.gradients(inputs)
    }
}

/// Asks for the cache lines that a loop reads 16 groups later. Any address is fine.
#[inline(always)]
fn prefetch<T>(pointer: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        const LINE: usize = 64;
        let ahead = pointer.cast::<i8>().wrapping_add(16 * size_of::<[T; LANES]>());
        for line in 0..size_of::<[T; LANES]>() / LINE {
            // SAFETY: a prefetch never faults, whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(line * LINE)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = pointer;
}

/// Runs `groups` groups.
///
/// # Safety
///
/// For each group `k` below `groups`, every source must be readable and every target writable for 32 elements
/// at `k * step` elements past its pointer; no target may overlap a source that is read in a later group or
/// another target, except at step 0; only the first `G` outputs need to be valid.
#[inline(always)]
pub(super) unsafe fn lanes<T, C, K, A, const I: usize, const O: usize, const G: usize>(
    kernel: &K,
    frame: &Frame<T, I, O>,
    groups: usize,
    tally: &mut Tally<T>,
) where
    T: Float,
    C: Real<Scalar = T>,
    A: Ask<T, K, I, G>,
{
    let one = C::lit(1.0).get();
    let mut frame = *frame;
    let mut sums = tally.sums;
    let mut faults = tally.faults;
    for _ in 0..groups {
        let mut values = [T::default(); LANES];
        let mut outputs = [[T::default(); LANES]; G];
        // SAFETY: the caller vouches for 32 elements behind every source; all elements of a group are read
        // before anything is written.
        let inputs: [&[T; LANES]; I] = frame.inputs.map(|source| unsafe { &*source.pointer.cast() });
        // SAFETY: as above.
        let upstream: &[T; LANES] = unsafe { &*frame.upstream.pointer.cast() };
        for source in &frame.inputs {
            prefetch(source.pointer);
        }
        for target in &frame.outputs[..G] {
            prefetch(target.pointer);
        }
        for lane in 0..LANES {
            let sample = A::ask(kernel, inputs.map(|input| C::of(input[lane])));
            let zero = C::lit(0.0);
            values[lane] = C::select(sample.kept, sample.value, zero).get();
            let factor = C::of(upstream[lane]);
            for (output, derivative) in outputs.iter_mut().zip(sample.gradient) {
                output[lane] = C::select(sample.kept, derivative * factor, zero).get();
            }
            let sound = sample.valid | !sample.kept;
            faults[lane] = C::select(sound, C::of(faults[lane]), C::of(one)).get();
        }
        for (sum, value) in sums.iter_mut().zip(&values) {
            *sum += value.to_f64();
        }
        // SAFETY: the caller vouches for 32 writable elements behind every target.
        unsafe { frame.values.pointer.cast::<[T; LANES]>().write(values) };
        for (target, output) in frame.outputs.iter().zip(&outputs) {
            // SAFETY: as above; `outputs` has only the first `G`.
            unsafe { target.pointer.cast::<[T; LANES]>().write(*output) };
        }
        frame = frame.advance(1);
    }
    tally.sums = sums;
    tally.faults = faults;
}
