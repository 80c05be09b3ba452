//! Stages behind one call: what the lane loop is given, and a copy of it for each instruction set.
//!
//! Input: a stage of generated code; then, for each call, pointers with steps and a [`Span`], which says how
//! many groups of 32 lanes there are and what to make of the last elements of a row. The fused carrier is
//! only named inside entries whose target has fused multiply-add.

use std::marker::PhantomData;

use super::body;
use super::stage::{Kind, Stage};
use crate::carrier::Fx;
use crate::real::Float;
use crate::sweep::isa::Isa;

/// Elements that advance together.
pub(super) const LANES: usize = 32;

/// Room for one group.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Block<T>(pub(super) [T; LANES]);

/// Where a group of inputs lies.
#[derive(Clone, Copy, Debug)]
pub struct Source<T> {
    pub(super) pointer: *const T,
    /// How many elements further the next group lies: 0 for a repeated one.
    pub(super) step: isize,
    /// How many elements further the next row begins.
    pub(super) row: isize,
    /// Whether it is not a group that lies there, but one element for all lanes of a row.
    pub(super) single: bool,
    /// How many elements further lies a row that will be read soon; 0 where that is not asked for.
    pub(super) ahead: isize,
}

/// Where a group of outputs goes.
#[derive(Clone, Copy, Debug)]
pub struct Target<T> {
    pub(super) pointer: *mut T,
    /// How many elements further the next group goes.
    pub(super) step: isize,
    /// How many elements further the next row begins.
    pub(super) row: isize,
}

impl<T> Source<T> {
    /// A source for one row.
    pub(super) fn new(pointer: *const T, step: isize) -> Self {
        Source { pointer, step, row: 0, single: false, ahead: 0 }
    }
}

impl<T> Target<T> {
    /// A target for one row.
    pub(super) fn new(pointer: *mut T, step: isize) -> Self {
        Target { pointer, step, row: 0 }
    }
}

/// Where what is folded goes.
#[derive(Clone, Copy, Debug)]
pub enum Folded {
    /// To blocks, one for each output: one number per lane, or one in the first lane.
    Blocks(*mut Block<f64>),
    /// To the targets, one number for each of so many rows; the blocks are scratch memory.
    Targets(*mut Block<f64>, usize),
}

/// Elements at the end of a row that are less than a group. They are the last ones of a group that begins
/// `at` elements after the first one, some of which may have been done before, or the first ones of a row
/// that is shorter than a group.
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

    /// Runs over a span, or several in rows.
    ///
    /// # Safety
    ///
    /// There must be a source for each input and a target and a block for each output. For each group `k`
    /// below `span.groups`, every source must be readable and every target of an output that is not folded
    /// writable for 32 elements at `k * step` elements past its pointer, and, where there is a tail, at
    /// `span.tail.at` elements where the step is not 0; so it must be for every row. A single source must be
    /// readable for one element in every row, a target for what is folded writable for one. No target may
    /// overlap a source or another target, except at step 0.
    unsafe fn run(&self, sources: &[Source<T>], targets: &[Target<T>], folded: Folded, span: &Span<T>);
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
    unsafe fn run(&self, sources: &[Source<T>], targets: &[Target<T>], folded: Folded, span: &Span<T>) {
        // SAFETY: the caller vouches for the pointers; `isa` was detected.
        unsafe {
            match self.isa {
                #[cfg(target_arch = "x86_64")]
                Isa::V4 => v4(&self.stage, sources, targets, folded, span),
                #[cfg(target_arch = "x86_64")]
                Isa::V3 => v3(&self.stage, sources, targets, folded, span),
                Isa::Base => base(&self.stage, sources, targets, folded, span),
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
            folded: Folded,
            span: &Span<T>,
        ) where
            T: Float,
            S: Stage<T, I, O>,
        {
            // SAFETY: passed on to the caller.
            unsafe { body::lanes::<T, Fx<T, $fused>, S, I, O>(stage, sources, targets, folded, span) }
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
