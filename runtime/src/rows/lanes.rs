//! The lane loop of a stage: one copy for each instruction set, behind one call.
//!
//! Input: pointers, each with a step per group of 32 lanes, and a [`Span`], which says how many groups there
//! are and what to make of the last elements of a row. Output: results behind the targets; what the stage folds
//! per lane or, joined over the lanes, as one number. Nothing here knows programs, layouts or threads. Results
//! are kept in local arrays until a group is done, so that the optimiser knows that they alias nothing.

use std::marker::PhantomData;

use super::stage::{Kind, Stage};
use crate::carrier::Fx;
use crate::real::{Float, Real};
use crate::sweep::isa::Isa;

/// Elements that advance together.
pub(super) const LANES: usize = 32;

/// Room for one group.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Block<T>(pub(super) [T; LANES]);

/// Where a group of inputs lies, and how many elements further the next one does: 0 for a repeated one.
#[derive(Clone, Copy, Debug)]
pub struct Source<T> {
    pub(super) pointer: *const T,
    pub(super) step: isize,
}

/// Where a group of outputs goes, and how many elements further the next one does.
#[derive(Clone, Copy, Debug)]
pub struct Target<T> {
    pub(super) pointer: *mut T,
    pub(super) step: isize,
}

/// Elements at the end of a row that are less than a group. They are the last ones of a group that begins `at`
/// elements after the first one, some of which may have been done before, or the first ones of a row that is
/// shorter than a group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tail {
    pub(super) at: isize,
    /// The lanes that are folded; none where there is no tail.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// How far a stage runs.
#[derive(Clone, Copy, Debug)]
pub struct Span<T> {
    pub(super) groups: usize,
    pub(super) tail: Tail,
    /// How far apart the positions of two neighbouring lanes are, and those of two groups.
    pub(super) lane_step: T,
    pub(super) group_step: T,
    /// Whether what is folded is joined over the lanes, too.
    pub(super) joined: bool,
}

impl<T: Float> Span<T> {
    /// Lanes along a row of `length` elements, all of them after the first behind one another.
    pub(super) fn along(length: usize) -> Self {
        let (groups, rest) = (length / LANES, length % LANES);
        let tail = match (groups, rest) {
            (_, 0) => Tail::default(),
            (0, rest) => Tail { at: 0, from: 0, to: rest },
            (_, rest) => Tail { at: (length - LANES) as isize, from: LANES - rest, to: LANES },
        };
        let (lane_step, group_step) = (T::from_f64(1.0), T::from_f64(LANES as f64));
        Span { groups, tail, lane_step, group_step, joined: true }
    }

    /// Lanes across samples, one group for each of `positions`.
    pub(super) fn across(positions: usize) -> Self {
        let (lane_step, group_step) = (T::from_f64(0.0), T::from_f64(1.0));
        Span { groups: positions, tail: Tail::default(), lane_step, group_step, joined: false }
    }
}

/// A stage, compiled: what a program needs to know of it, and its lane loop.
pub trait Lanes<T>: Sync {
    /// How each output is joined over the innermost loop.
    fn kinds(&self) -> &'static [Kind];

    /// How many inputs it has.
    fn inputs(&self) -> usize;

    /// Whether it looks at its position.
    fn positioned(&self) -> bool;

    /// Runs over a span. What output number `o` folds goes to block `o` of `folds`: one number per lane, or one
    /// in the first lane.
    ///
    /// # Safety
    ///
    /// There must be a source for each input and a target and a block for each output. For each group `k`
    /// below `span.groups`, every source must be readable and every target of an output that is not folded
    /// writable for 32 elements at `k * step` elements past its pointer, and, where there is a tail, at
    /// `span.tail.at` elements where the step is not 0. No target may overlap a source or another target,
    /// except at step 0.
    unsafe fn run(
        &self,
        sources: &[Source<T>],
        targets: &[Target<T>],
        folds: *mut Block<f64>,
        span: &Span<T>,
    );
}

impl<T> std::fmt::Debug for dyn Lanes<T> + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a stage of {} inputs that folds {:?}", self.inputs(), self.kinds())
    }
}

/// A stage with the instruction set that its lane loop runs on.
#[derive(Clone, Copy, Debug)]
pub struct Entry<T, S, const I: usize, const O: usize> {
    stage: S,
    isa: Isa,
    element: PhantomData<T>,
}

/// Compiles a stage: its lane loop for each instruction set, of which the best one runs.
pub fn entry<T, S, const I: usize, const O: usize>(stage: S) -> Entry<T, S, I, O>
where
    T: Float,
    S: Stage<T, I, O>,
{
    Entry { stage, isa: Isa::best(), element: PhantomData }
}

#[cfg(test)]
impl<T, S, const I: usize, const O: usize> Entry<T, S, I, O> {
    /// The same stage on another instruction set, which the CPU must have.
    pub(super) fn on(self, isa: Isa) -> Self {
        Entry { isa, ..self }
    }
}

impl<T, S, const I: usize, const O: usize> Lanes<T> for Entry<T, S, I, O>
where
    T: Float,
    S: Stage<T, I, O>,
{
    fn kinds(&self) -> &'static [Kind] {
        &S::KINDS
    }

    fn inputs(&self) -> usize {
        I
    }

    fn positioned(&self) -> bool {
        S::POSITION
    }

    #[inline]
    unsafe fn run(
        &self,
        sources: &[Source<T>],
        targets: &[Target<T>],
        folds: *mut Block<f64>,
        span: &Span<T>,
    ) {
        // SAFETY: the caller vouches for the pointers; `isa` was detected.
        unsafe {
            match self.isa {
                #[cfg(target_arch = "x86_64")]
                Isa::V4 => v4(&self.stage, sources, targets, folds, span),
                #[cfg(target_arch = "x86_64")]
                Isa::V3 => v3(&self.stage, sources, targets, folds, span),
                Isa::Base => base(&self.stage, sources, targets, folds, span),
            }
        }
    }
}

macro_rules! entry {
    ($(#[$attribute:meta])* $name:ident, fused: $fused:literal) => {
        /// The lane loop for one instruction set.
        ///
        /// # Safety
        ///
        /// That of [`Lanes::run`]; the CPU must have the features named.
        $(#[$attribute])*
        #[inline(never)]
        unsafe fn $name<T, S, const I: usize, const O: usize>(
            stage: &S,
            sources: &[Source<T>],
            targets: &[Target<T>],
            folds: *mut Block<f64>,
            span: &Span<T>,
        ) where
            T: Float,
            S: Stage<T, I, O>,
        {
            // SAFETY: passed on to the caller.
            unsafe { lanes::<T, Fx<T, $fused>, S, I, O>(stage, sources, targets, folds, span) }
        }
    };
}

#[cfg(target_arch = "x86_64")]
entry!(#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi1,bmi2")] v4, fused: true);
#[cfg(target_arch = "x86_64")]
entry!(#[target_feature(enable = "avx2,fma,bmi1,bmi2")] v3, fused: true);
#[cfg(target_arch = "aarch64")]
entry!(base, fused: true);
#[cfg(not(target_arch = "aarch64"))]
entry!(base, fused: false);

impl Kind {
    /// What folding starts with.
    pub(super) const fn neutral(self) -> f64 {
        match self {
            Kind::Each | Kind::Sum => 0.0,
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
            Kind::Each | Kind::Sum => a + b,
            Kind::Prod => a * b,
            Kind::Max => x.max(y).get(),
            Kind::Min => x.min(y).get(),
        }
    }
}

/// What the outputs fold, lane by lane: sums and products in `wide`, extremes in `narrow`, beside which `nans`
/// holds a NaN once there was one, so that each is one comparison and one choice, which LLVM makes vectors of.
///
/// Loops run over lanes outside and over outputs inside: the inner ones are unrolled, which tells the kinds, and
/// the outer ones become vector code.
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
                    Kind::Each => {}
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

    /// Joins the upper lanes to the lower ones, in a fixed order, until one is left.
    #[inline(always)]
    fn join(&mut self, kinds: &[Kind; O]) {
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                for o in 0..O {
                    let (wide, narrow, nans) = (&mut self.wide[o], &mut self.narrow[o], &mut self.nans[o]);
                    let other = lane + width;
                    match kinds[o] {
                        Kind::Each => {}
                        Kind::Sum => wide[lane] += wide[other],
                        Kind::Prod => wide[lane] *= wide[other],
                        Kind::Max => {
                            narrow[lane] = if narrow[other] > narrow[lane] { narrow[other] } else { narrow[lane] }
                        }
                        Kind::Min => {
                            narrow[lane] = if narrow[other] < narrow[lane] { narrow[other] } else { narrow[lane] }
                        }
                    }
                    if let Kind::Max | Kind::Min = kinds[o] {
                        nans[lane] = if nans[other].is_nan() { nans[other] } else { nans[lane] };
                    }
                }
            }
            width /= 2;
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

/// The loop itself.
///
/// # Safety
///
/// That of [`Lanes::run`].
#[inline(always)]
unsafe fn lanes<T, C, S, const I: usize, const O: usize>(
    stage: &S,
    sources: &[Source<T>],
    targets: &[Target<T>],
    results: *mut Block<f64>,
    span: &Span<T>,
) where
    T: Float,
    C: Real<Scalar = T>,
    S: Stage<T, I, O>,
{
    let stage = *stage;
    let (sources, targets) = (&sources[..I], &targets[..O]);
    let mut reads = [std::ptr::null::<T>(); I];
    let mut writes = [std::ptr::null_mut::<T>(); O];
    let (mut read_steps, mut write_steps) = ([0; I], [0; O]);
    for i in 0..I {
        (reads[i], read_steps[i]) = (sources[i].pointer, sources[i].step);
    }
    for o in 0..O {
        (writes[o], write_steps[o]) = (targets[o].pointer, targets[o].step);
    }
    let (first_reads, first_writes) = (reads, writes);
    let mut folds = Folds::<T, O>::new(&S::KINDS);
    let lane_step = C::of(span.lane_step);
    let mut start = C::lit(0.0);

    for _ in 0..span.groups {
        // SAFETY: the caller vouches for 32 elements at every step.
        let outputs = unsafe { group::<T, C, S, I, O>(&stage, &reads, start, lane_step) };
        // SAFETY: as above.
        unsafe { store::<T, S, I, O>(&writes, &outputs) };
        folds.add(&S::KINDS, &outputs);
        for i in 0..I {
            reads[i] = reads[i].wrapping_offset(read_steps[i]);
        }
        for o in 0..O {
            writes[o] = writes[o].wrapping_offset(write_steps[o]);
        }
        start = start + C::of(span.group_step);
    }

    let Tail { at, from, to } = span.tail;
    if to > from {
        let shift = |step: isize| if step == 0 { 0 } else { at };
        for i in 0..I {
            reads[i] = first_reads[i].wrapping_offset(shift(read_steps[i]));
        }
        for o in 0..O {
            writes[o] = first_writes[o].wrapping_offset(shift(write_steps[o]));
        }
        // SAFETY: the caller vouches for 32 elements at the tail.
        let mut outputs = unsafe { group::<T, C, S, I, O>(&stage, &reads, C::lit(at as f64), lane_step) };
        // SAFETY: as above.
        unsafe { store::<T, S, I, O>(&writes, &outputs) };
        for lane in 0..LANES {
            for o in 0..O {
                let counts = (lane >= from) & (lane < to);
                let neutral = T::from_f64(S::KINDS[o].neutral());
                outputs[o][lane] = if counts { outputs[o][lane] } else { neutral };
            }
        }
        folds.add(&S::KINDS, &outputs);
    }

    if span.joined {
        folds.join(&S::KINDS);
        for o in 0..O {
            if S::KINDS[o] != Kind::Each {
                // SAFETY: the caller vouches for a block per output.
                unsafe { (*results.add(o)).0[0] = folds.lane(&S::KINDS, o, 0) };
            }
        }
    } else {
        for lane in 0..LANES {
            for o in 0..O {
                if S::KINDS[o] != Kind::Each {
                    // SAFETY: as above.
                    unsafe { (*results.add(o)).0[lane] = folds.lane(&S::KINDS, o, lane) };
                }
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
