//! The lane loop of a stage over one row.
//!
//! Input: pointers, each with a step per group of 32 lanes, and a span. Output: results behind the targets,
//! and what the stage folds per lane. Nothing here knows programs, layouts, threads or instruction sets. A
//! group is computed in blocks of lanes, as many as an instruction set has registers for; results are kept in
//! local arrays until a block is done, so that the optimiser knows that they alias nothing.
//!
//! This is compiled for every stage, element type and instruction set: what need not be here is elsewhere.
#![allow(
    clippy::needless_range_loop,
    reason = "loops over lanes and outputs are what LLVM unrolls and vectorises"
)]

use super::lanes::{LANES, Row, Tail};
use super::stage::{Kind, Stage};
use crate::real::{Float, Real};

/// What the outputs fold, lane by lane: sums (also those of squares) and products in `wide`, extremes in `narrow`, beside which
/// `nans` holds a NaN once there was one (and for `Kind::Excess` the number of ones in `narrow`), so that
/// each is one comparison and one choice, which LLVM makes vectors of.
///
/// Loops run over lanes outside and over outputs inside: the inner ones are unrolled, which tells the kinds,
/// and the outer ones become vector code.
struct Folds<T, const O: usize> {
    wide: [[f64; LANES]; O],
    narrow: [[T; LANES]; O],
    nans: [[T; LANES]; O],
}

impl<T: Float, const O: usize> Folds<T, O> {
    #[inline(always)]
    fn new(kinds: &[Kind; O], width: usize) -> Self {
        let zeros = [[T::default(); LANES]; O];
        let mut folds = Folds { wide: [[0.0; LANES]; O], narrow: zeros, nans: zeros };
        for lane in 0..width {
            for o in 0..O {
                match kinds[o] {
                    Kind::Each | Kind::Excess => {}
                    Kind::Sum | Kind::Norm | Kind::Prod => folds.wide[o][lane] = kinds[o].neutral(),
                    Kind::Max | Kind::Min => folds.narrow[o][lane] = T::from_f64(kinds[o].neutral()),
                }
            }
        }
        folds
    }

    /// Takes in a block: first what is as wide as an element, then what is in f64, so that both loops have vectors of
    /// their own width.
    #[inline(always)]
    fn add(&mut self, kinds: &[Kind; O], outputs: &[[T; LANES]; O], width: usize) {
        let mut terms = *outputs;
        for lane in 0..width {
            for o in 0..O {
                let x = outputs[o][lane];
                let (extreme, nan) = (self.narrow[o][lane], self.nans[o][lane]);
                match kinds[o] {
                    Kind::Each | Kind::Sum | Kind::Norm | Kind::Prod => {}
                    // Ones are counted apart, so that one can be taken away without a digit of the others.
                    Kind::Excess => {
                        let one = x == T::from_f64(1.0);
                        self.narrow[o][lane] = extreme + T::from_f64(if one { 1.0 } else { 0.0 });
                        terms[o][lane] = if one { T::default() } else { x };
                    }
                    Kind::Max => self.narrow[o][lane] = if x > extreme { x } else { extreme },
                    Kind::Min => self.narrow[o][lane] = if x < extreme { x } else { extreme },
                }
                if let Kind::Max | Kind::Min = kinds[o] {
                    self.nans[o][lane] = if x.is_nan() { x } else { nan };
                }
            }
        }
        for lane in 0..width {
            for o in 0..O {
                let x = terms[o][lane];
                match kinds[o] {
                    Kind::Each | Kind::Max | Kind::Min => {}
                    Kind::Sum | Kind::Excess => self.wide[o][lane] += x.to_f64(),
                    Kind::Norm => self.wide[o][lane] += x.to_f64() * x.to_f64(),
                    Kind::Prod => self.wide[o][lane] *= x.to_f64(),
                }
            }
        }
    }

    /// What one output has folded in one lane.
    #[inline(always)]
    fn lane(&self, kinds: &[Kind; O], o: usize, lane: usize) -> f64 {
        match kinds[o] {
            Kind::Max | Kind::Min => {
                let nan = self.nans[o][lane];
                if nan.is_nan() { nan } else { self.narrow[o][lane] }.to_f64()
            }
            _ => self.wide[o][lane],
        }
    }
}

/// The loop over one row, in blocks of as many lanes as have `BYTES` bytes.
///
/// # Safety
///
/// That of [`Code::run`](super::lanes::Code::run).
#[inline(always)]
pub(super) unsafe fn lanes<T, C, S, const I: usize, const O: usize, const BYTES: usize>(
    stage: &S,
    row: &Row<'_, T>,
) where
    T: Float,
    C: Real<Scalar = T>,
    S: Stage<T, I, O>,
{
    let stage = *stage;
    let width = const { if BYTES / size_of::<T>() < LANES { BYTES / size_of::<T>() } else { LANES } };
    if width == LANES {
        // SAFETY: passed on to the caller.
        return unsafe { block::<T, C, S, I, O>(&stage, row, 0, width) };
    }
    let mut first = 0;
    while first < row.lanes {
        // SAFETY: passed on to the caller.
        unsafe { block::<T, C, S, I, O>(&stage, row, first, width) };
        first += width;
    }
}

/// The loop over one row, in `width` lanes from `first` on.
///
/// # Safety
///
/// As [`lanes`].
#[inline(always)]
unsafe fn block<T, C, S, const I: usize, const O: usize>(
    stage: &S,
    row: &Row<'_, T>,
    first: usize,
    width: usize,
) where
    T: Float,
    C: Real<Scalar = T>,
    S: Stage<T, I, O>,
{
    let span = row.span;
    let (sources, targets) = (&row.sources[..I], &row.targets[..O]);
    let mut reads = [std::ptr::null::<T>(); I];
    let mut writes = [std::ptr::null_mut::<T>(); O];
    for i in 0..I {
        reads[i] = sources[i].pointer.wrapping_add(first);
    }
    for o in 0..O {
        writes[o] = targets[o].pointer.wrapping_add(first);
    }
    let mut folds = Folds::<T, O>::new(&S::KINDS, width);
    let lane_step = C::of(span.lane_step);
    let origin = lane_step * C::lit(first as f64);
    let mut start = origin;

    // One copy of the stage serves the groups and the tail.
    let Tail { at, from, to } = span.tail;
    let steps = span.groups + usize::from(to > from);
    let mut step = 0;
    while step < steps {
        let tail = step == span.groups;
        if tail {
            let shift = |step: isize| if step == 0 { 0 } else { at };
            for i in 0..I {
                reads[i] = sources[i].pointer.wrapping_add(first).wrapping_offset(shift(sources[i].step));
            }
            for o in 0..O {
                writes[o] = targets[o].pointer.wrapping_add(first).wrapping_offset(shift(targets[o].step));
            }
            start = origin + C::lit(at as f64);
        }
        // SAFETY: the caller vouches for 32 elements at every step, and at the tail.
        let mut outputs = unsafe { compute::<T, C, S, I, O>(stage, &reads, start, lane_step, width) };
        // SAFETY: as above.
        unsafe { store::<T, S, I, O>(&writes, &outputs, width) };
        if tail {
            for lane in 0..width {
                for o in 0..O {
                    let counts = (first + lane >= from) & (first + lane < to);
                    let neutral = T::from_f64(S::KINDS[o].neutral());
                    outputs[o][lane] = if counts { outputs[o][lane] } else { neutral };
                }
            }
        }
        folds.add(&S::KINDS, &outputs, width);
        for i in 0..I {
            reads[i] = reads[i].wrapping_offset(sources[i].step);
        }
        for o in 0..O {
            writes[o] = writes[o].wrapping_offset(targets[o].step);
        }
        start = start + C::of(span.group_step);
        step += 1;
    }

    for lane in 0..width {
        for o in 0..O {
            if S::KINDS[o] != Kind::Each {
                // SAFETY: the caller vouches for two blocks per output.
                unsafe { (*row.folds.add(o)).0[first + lane] = folds.lane(&S::KINDS, o, lane) };
            }
            if S::KINDS[o] == Kind::Excess {
                // SAFETY: as above.
                unsafe { (*row.folds.add(O + o)).0[first + lane] = folds.narrow[o][lane].to_f64() };
            }
        }
    }
}

/// The loop without a row: a number for each sample.
///
/// # Safety
///
/// That of [`Code::run`](super::lanes::Code::run); steps are 0 or a whole group, and nothing is folded.
#[inline(always)]
pub(super) unsafe fn once<T, C, S, const I: usize, const O: usize>(stage: &S, row: &Row<'_, T>)
where
    T: Float,
    C: Real<Scalar = T>,
    S: Stage<T, I, O>,
{
    const WIDTH: usize = 8;
    let stage = *stage;
    let (sources, targets) = (&row.sources[..I], &row.targets[..O]);
    let mut reads = [std::ptr::null::<T>(); I];
    let mut writes = [std::ptr::null_mut::<T>(); O];
    let zero = C::lit(0.0);
    let part = |step: isize| if step == 0 { 0 } else { WIDTH };
    let mut block = 0;
    while block < row.span.groups * (LANES / WIDTH) {
        for i in 0..I {
            reads[i] = sources[i].pointer.wrapping_add(block * part(sources[i].step));
        }
        for o in 0..O {
            writes[o] = targets[o].pointer.wrapping_add(block * part(targets[o].step));
        }
        // SAFETY: the caller vouches for 32 elements at every step.
        unsafe {
            let outputs = compute::<T, C, S, I, O>(&stage, &reads, zero, zero, WIDTH);
            store::<T, S, I, O>(&writes, &outputs, WIDTH);
        }
        block += 1;
    }
}

/// The outputs for one block.
///
/// # Safety
///
/// Every pointer must be readable for `width` elements.
#[inline(always)]
unsafe fn compute<T, C, S, const I: usize, const O: usize>(
    stage: &S,
    reads: &[*const T; I],
    start: C,
    lane_step: C,
    width: usize,
) -> [[T; LANES]; O]
where
    T: Float,
    C: Real<Scalar = T>,
    S: Stage<T, I, O>,
{
    let mut outputs = [[T::default(); LANES]; O];
    for lane in 0..width {
        let position = start + lane_step * C::lit(lane as f64);
        let mut inputs = [position; I];
        for i in 0..I {
            // SAFETY: passed on to the caller.
            inputs[i] = C::of(unsafe { reads[i].add(lane).read() });
        }
        let results = stage.run(inputs, position);
        for o in 0..O {
            outputs[o][lane] = results[o].get();
        }
    }
    outputs
}

/// Stores the outputs that are not folded.
///
/// # Safety
///
/// The pointers of these outputs must be writable for `width` elements.
#[inline(always)]
unsafe fn store<T, S, const I: usize, const O: usize>(
    writes: &[*mut T; O],
    outputs: &[[T; LANES]; O],
    width: usize,
) where
    T: Float,
    S: Stage<T, I, O>,
{
    for o in 0..O {
        if S::KINDS[o] == Kind::Each {
            // SAFETY: passed on to the caller; `width` is at most 32.
            unsafe { std::ptr::copy_nonoverlapping(outputs[o].as_ptr(), writes[o], width) };
        }
    }
}
