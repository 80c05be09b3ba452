//! The lane loop of a stage.
//!
//! Input: pointers, each with a step per group of 32 lanes, and a span. Output: results behind the targets;
//! what the stage folds per lane or, joined over the lanes, as one number. Nothing here knows programs,
//! layouts, threads or instruction sets. Results are kept in local arrays until a group is done, so that the
//! optimiser knows that they alias nothing.
#![allow(
    clippy::needless_range_loop,
    reason = "loops over lanes and outputs are what LLVM unrolls and vectorises"
)]

use super::lanes::{Block, Folded, LANES, Source, Span, Tail, Target};
use super::stage::{Kind, Stage};
use crate::carrier::Fx;
use crate::real::{Float, Real};

impl Kind {
    /// What folding starts with.
    pub(super) const fn neutral(self) -> f64 {
        match self {
            Kind::Each | Kind::Sum | Kind::Excess => 0.0,
            Kind::Prod => 1.0,
            Kind::Max => f64::NEG_INFINITY,
            Kind::Min => f64::INFINITY,
        }
    }

    /// Joins two results.
    #[inline(always)]
    pub(super) fn join(self, a: f64, b: f64) -> f64 {
        let (x, y) = (Fx::<f64, false>::of(a), Fx::<f64, false>::of(b));
        match self {
            Kind::Each | Kind::Sum | Kind::Excess => a + b,
            Kind::Prod => a * b,
            Kind::Max => x.max(y).get(),
            Kind::Min => x.min(y).get(),
        }
    }
}

/// What the outputs fold, lane by lane: sums and products in `wide`, extremes in `narrow`, beside which
/// `nans` holds a NaN once there was one (and for `Kind::Excess` the number of ones in `narrow`), so that each is one comparison and one choice, which LLVM makes
/// vectors of.
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
    fn new(kinds: &[Kind; O]) -> Self {
        let zeros = [[T::default(); LANES]; O];
        let mut folds = Folds { wide: [[0.0; LANES]; O], narrow: zeros, nans: zeros };
        for lane in 0..LANES {
            for o in 0..O {
                match kinds[o] {
                    Kind::Each | Kind::Excess => {}
                    Kind::Sum | Kind::Prod => folds.wide[o][lane] = kinds[o].neutral(),
                    Kind::Max | Kind::Min => folds.narrow[o][lane] = T::from_f64(kinds[o].neutral()),
                }
            }
        }
        folds
    }

    /// Takes in a group.
    #[inline(always)]
    fn add(&mut self, kinds: &[Kind; O], outputs: &[[T; LANES]; O]) {
        for lane in 0..LANES {
            for o in 0..O {
                let x = outputs[o][lane];
                let (extreme, nan) = (self.narrow[o][lane], self.nans[o][lane]);
                match kinds[o] {
                    Kind::Each => {}
                    Kind::Sum => self.wide[o][lane] += x.to_f64(),
                    // Ones are counted apart, so that one can be taken away without a digit of the others.
                    Kind::Excess => {
                        let one = x == T::from_f64(1.0);
                        self.narrow[o][lane] = extreme + T::from_f64(if one { 1.0 } else { 0.0 });
                        self.wide[o][lane] += if one { 0.0 } else { x.to_f64() };
                    }
                    Kind::Prod => self.wide[o][lane] *= x.to_f64(),
                    Kind::Max => self.narrow[o][lane] = if x > extreme { x } else { extreme },
                    Kind::Min => self.narrow[o][lane] = if x < extreme { x } else { extreme },
                }
                if let Kind::Max | Kind::Min = kinds[o] {
                    self.nans[o][lane] = if x.is_nan() { x } else { nan };
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

/// The loop, over one row or several.
///
/// # Safety
///
/// That of [`Lanes::run`](super::lanes::Lanes::run).
#[inline(always)]
pub(super) unsafe fn lanes<T, C, S, const I: usize, const O: usize>(
    stage: &S,
    sources: &[Source<T>],
    targets: &[Target<T>],
    folded: Folded,
    span: &Span<T>,
) where
    T: Float,
    C: Real<Scalar = T>,
    S: Stage<T, I, O>,
{
    let stage = *stage;
    let (sources, targets) = (&sources[..I], &targets[..O]);
    let (results, rows) = match folded {
        Folded::Blocks(results) => (results, 1),
        Folded::Targets(results, rows) => (results, rows),
    };
    let mut singles = [[T::default(); LANES]; I];
    for row in 0..rows as isize {
        let mut reads = [(std::ptr::null::<T>(), 0); I];
        let mut writes = [(std::ptr::null_mut::<T>(), 0); O];
        for i in 0..I {
            let source = &sources[i];
            reads[i] = (source.pointer.wrapping_offset(row * source.row), source.step);
            if source.ahead != 0 {
                prefetch(reads[i].0.wrapping_offset(source.ahead), span.groups * LANES);
            }
            if source.single {
                // SAFETY: the caller vouches for one element in every row.
                singles[i] = [unsafe { reads[i].0.read() }; LANES];
                reads[i].0 = singles[i].as_ptr();
            }
        }
        for o in 0..O {
            let target = &targets[o];
            writes[o] = (target.pointer.wrapping_offset(row * target.row), target.step);
        }
        // SAFETY: passed on to the caller.
        unsafe { row_of::<T, C, S, I, O>(&stage, &reads, &writes, results, span) };
        if let Folded::Targets(..) = folded {
            for o in 0..O {
                if S::KINDS[o] != Kind::Each {
                    // SAFETY: the caller vouches for one element in every row, and for the blocks.
                    unsafe { writes[o].0.write(T::from_f64((*results.add(o)).0[0])) };
                }
            }
        }
    }
}

/// Asks for the cache lines of some elements. Any address is fine.
#[inline(always)]
fn prefetch<T>(pointer: *const T, length: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        const LINE: usize = 64;
        for line in 0..length * size_of::<T>() / LINE {
            // SAFETY: a prefetch never faults, whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(pointer.cast::<i8>().wrapping_add(line * LINE)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (pointer, length);
}

/// One row.
///
/// # Safety
///
/// That of [`Lanes::run`](super::lanes::Lanes::run), for pointers and steps.
#[inline(always)]
unsafe fn row_of<T, C, S, const I: usize, const O: usize>(
    stage: &S,
    sources: &[(*const T, isize); I],
    targets: &[(*mut T, isize); O],
    results: *mut Block<f64>,
    span: &Span<T>,
) where
    T: Float,
    C: Real<Scalar = T>,
    S: Stage<T, I, O>,
{
    let mut reads = sources.map(|source| source.0);
    let mut writes = targets.map(|target| target.0);
    let mut folds = Folds::<T, O>::new(&S::KINDS);
    let lane_step = C::of(span.lane_step);
    let mut start = C::lit(0.0);

    // One copy of the stage serves the groups and the tail.
    let Tail { at, from, to } = span.tail;
    for step in 0..span.groups + usize::from(to > from) {
        let tail = step == span.groups;
        if tail {
            let shift = |step: isize| if step == 0 { 0 } else { at };
            for i in 0..I {
                reads[i] = sources[i].0.wrapping_offset(shift(sources[i].1));
            }
            for o in 0..O {
                writes[o] = targets[o].0.wrapping_offset(shift(targets[o].1));
            }
            start = C::lit(at as f64);
        }
        // SAFETY: the caller vouches for 32 elements at every step, and at the tail.
        let mut outputs = unsafe { group::<T, C, S, I, O>(stage, &reads, start, lane_step) };
        // SAFETY: as above.
        unsafe { store::<T, S, I, O>(&writes, &outputs) };
        if tail {
            for lane in 0..LANES {
                for o in 0..O {
                    let counts = (lane >= from) & (lane < to);
                    let neutral = T::from_f64(S::KINDS[o].neutral());
                    outputs[o][lane] = if counts { outputs[o][lane] } else { neutral };
                }
            }
        }
        folds.add(&S::KINDS, &outputs);
        for i in 0..I {
            reads[i] = reads[i].wrapping_offset(sources[i].1);
        }
        for o in 0..O {
            writes[o] = writes[o].wrapping_offset(targets[o].1);
        }
        start = start + C::of(span.group_step);
    }

    for lane in 0..LANES {
        for o in 0..O {
            if S::KINDS[o] != Kind::Each {
                // SAFETY: the caller vouches for a block per output.
                unsafe { (*results.add(o)).0[lane] = folds.lane(&S::KINDS, o, lane) };
            }
        }
    }
    for o in 0..O {
        // SAFETY: as above.
        let lanes = unsafe { &mut (*results.add(o)).0 };
        match S::KINDS[o] {
            Kind::Each => {}
            Kind::Excess => excess(lanes, folds.narrow[o].map(T::to_f64), span.joined),
            kind if span.joined => join(kind, lanes),
            _ => {}
        }
    }
}

/// Adds the number of ones, less one.
#[inline(never)]
fn excess(lanes: &mut [f64; LANES], mut ones: [f64; LANES], joined: bool) {
    if joined {
        join(Kind::Sum, lanes);
        join(Kind::Sum, &mut ones);
    }
    for (lane, ones) in lanes.iter_mut().zip(ones) {
        *lane += ones - 1.0;
    }
}

/// Joins all lanes to the first one, in a fixed order.
///
/// It is kept out of the loop: seen together, LLVM would halve the vectors in the loop down to what is left
/// here at the end.
#[inline(never)]
fn join(kind: Kind, lanes: &mut [f64; LANES]) {
    #[inline(always)]
    fn tree(lanes: &mut [f64; LANES], join: impl Fn(f64, f64) -> f64) {
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                lanes[lane] = join(lanes[lane], lanes[lane + width]);
            }
            width /= 2;
        }
    }
    match kind {
        Kind::Each => {}
        Kind::Sum | Kind::Excess => tree(lanes, |a, b| a + b),
        Kind::Prod => tree(lanes, |a, b| a * b),
        Kind::Max | Kind::Min => {
            let mut nan = false;
            for lane in lanes.iter() {
                nan |= lane.is_nan();
            }
            if nan {
                lanes[0] = f64::NAN;
            } else if kind == Kind::Max {
                tree(lanes, |a, b| if a > b { a } else { b });
            } else {
                tree(lanes, |a, b| if a < b { a } else { b });
            }
        }
    }
}

/// The outputs for one group.
///
/// # Safety
///
/// Every pointer must be readable for 32 elements.
#[inline(always)]
unsafe fn group<T, C, S, const I: usize, const O: usize>(
    stage: &S,
    reads: &[*const T; I],
    start: C,
    lane_step: C,
) -> [[T; LANES]; O]
where
    T: Float,
    C: Real<Scalar = T>,
    S: Stage<T, I, O>,
{
    // SAFETY: passed on to the caller; all elements of a group are read before anything is written.
    let inputs: [&[T; LANES]; I] = reads.map(|pointer| unsafe { &*pointer.cast() });
    let mut outputs = [[T::default(); LANES]; O];
    for lane in 0..LANES {
        let position = start + lane_step * C::lit(lane as f64);
        let results = stage.run(inputs.map(|input| C::of(input[lane])), position);
        for (output, result) in outputs.iter_mut().zip(results) {
            output[lane] = result.get();
        }
    }
    outputs
}

/// Stores the outputs that are not folded.
///
/// # Safety
///
/// The pointers of these outputs must be writable for 32 elements.
#[inline(always)]
unsafe fn store<T, S, const I: usize, const O: usize>(writes: &[*mut T; O], outputs: &[[T; LANES]; O])
where
    T: Float,
    S: Stage<T, I, O>,
{
    for o in 0..O {
        if S::KINDS[o] == Kind::Each {
            // SAFETY: passed on to the caller.
            unsafe { writes[o].cast::<[T; LANES]>().write(outputs[o]) };
        }
    }
}
