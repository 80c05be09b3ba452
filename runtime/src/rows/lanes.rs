//! Stages behind one call: what the lane loop is given, and a copy of it for each instruction set.
//!
//! Input: a stage of generated code; then, for each call, pointers with steps and a [`Span`], which says how
//! many groups of 32 lanes there are and what to make of the last elements of a row. What is compiled for each
//! stage runs one row; several rows, and folds over lanes, are left to [`Code::run`], which is the same for
//! all. The fused carrier is only named inside entries whose target has fused multiply-add.

use std::marker::PhantomData;

use super::body;
use super::fold::finish;
use super::read::splat;
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
    /// Where one element lies that fills the group before each row; null where the group is there already.
    pub(super) single: *const T,
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
        Source { pointer, step, row: 0, single: std::ptr::null(), ahead: 0 }
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
pub(super) enum Folded {
    /// To blocks, two for each output, of which the first ones are what counts: one number per lane, or one
    /// in the first lane.
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

    /// How many elements a row has.
    fn elements(&self) -> usize {
        self.groups * LANES + self.tail.to.saturating_sub(self.tail.from)
    }

    /// Lanes across samples, one group for each of `positions`.
    pub(super) fn across(positions: usize) -> Self {
        let (lane_step, group_step) = (T::from_f64(0.0), T::from_f64(1.0));
        Span { groups: positions, tail: Tail::default(), lane_step, group_step, joined: false }
    }
}

/// What the lane loop is given for one row.
pub(super) struct Row<'r, T> {
    pub(super) sources: &'r [Source<T>],
    pub(super) targets: &'r [Target<T>],
    pub(super) folds: *mut Block<f64>,
    pub(super) span: &'r Span<T>,
    /// 32, which LLVM had better not know: it would unroll the loop over blocks of lanes.
    pub(super) lanes: usize,
}

/// The lane loop of a stage, which is behind the first pointer.
pub(super) type Run<T> = unsafe fn(*const (), &Row<'_, T>);

/// What a program needs to know of a stage, and its lane loop for an instruction set that the CPU has.
#[derive(Clone, Copy, Debug)]
pub struct Code<'s, T> {
    /// How each output is joined over the innermost loop.
    pub(super) kinds: &'s [Kind],
    /// How many inputs it has.
    pub(super) inputs: usize,
    /// Whether it looks at its position.
    pub(super) positioned: bool,
    /// Whether it has no loops.
    pub(super) once: bool,
    /// Whether it gives what it is given.
    pub(super) copies: bool,
    pub(super) stage: *const (),
    pub(super) run: Run<T>,
    pub(super) borrow: PhantomData<&'s ()>,
}

impl<T: Float> Code<'_, T> {
    /// Runs over a span, or several in rows.
    ///
    /// # Safety
    ///
    /// There must be a source for each input and a target and two blocks for each output. For each group `k`
    /// below `span.groups`, every source must be readable and every target of an output that is not folded
    /// writable for 32 elements at `k * step` elements past its pointer, and, where there is a tail, at
    /// `span.tail.at` elements where the step is not 0; so it must be for every row. A single source must be
    /// readable for one element in every row and its group be writable, a target for what is folded writable
    /// for one. No target may overlap a source or another target, except at step 0, and except that a target may be
    /// a source, step for step, where there is no tail behind whole groups: all of a group is read before it is
    /// written.
    #[inline]
    pub(super) unsafe fn run(
        &self,
        sources: &mut [Source<T>],
        targets: &mut [Target<T>],
        folded: Folded,
        span: &Span<T>,
    ) {
        match folded {
            // SAFETY: passed on to the caller.
            Folded::Blocks(folds) => unsafe { self.row(sources, targets, folds, span) },
            Folded::Targets(folds, rows) => {
                for _ in 0..rows {
                    // SAFETY: passed on to the caller.
                    unsafe {
                        for source in sources.iter() {
                            source.prepare(span.elements());
                        }
                        self.row(sources, targets, folds, span);
                        for (number, kind) in self.kinds.iter().enumerate() {
                            if *kind != Kind::Each {
                                targets[number].pointer.write(T::from_f64((*folds.add(number)).0[0]));
                            }
                        }
                    }
                    sources.iter_mut().for_each(Source::next_row);
                    for target in targets.iter_mut() {
                        target.pointer = target.pointer.wrapping_offset(target.row);
                    }
                }
            }
        }
    }

    /// Runs over one row.
    ///
    /// # Safety
    ///
    /// As [`Self::run`].
    #[inline]
    unsafe fn row(
        &self,
        sources: &[Source<T>],
        targets: &[Target<T>],
        folds: *mut Block<f64>,
        span: &Span<T>,
    ) {
        // SAFETY: passed on to the caller; the stage is the one that the code was made for.
        unsafe {
            (self.run)(self.stage, &Row { sources, targets, folds, span, lanes: LANES });
            finish(self.kinds, folds, span.joined);
        }
    }
}

impl<T: Float> Source<T> {
    /// Makes the group of a single element, and asks for a row that will be read soon.
    ///
    /// # Safety
    ///
    /// Where the length is not 0, the element of a single source must be readable, its group writable.
    #[inline]
    unsafe fn prepare(&self, length: usize) {
        if length == 0 {
            // Over nothing, even a single element may lie in an array without any.
        } else if !self.single.is_null() {
            // SAFETY: passed on to the caller.
            unsafe { splat(self.single.read(), self.pointer.cast_mut()) };
        } else if self.ahead != 0 {
            prefetch(self.pointer.wrapping_offset(self.ahead), length);
        }
    }

    #[inline]
    fn next_row(&mut self) {
        let moving = if self.single.is_null() { &mut self.pointer } else { &mut self.single };
        *moving = moving.wrapping_offset(self.row);
    }
}

/// Asks for the cache lines of some elements. Any address is fine.
#[inline]
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

/// A stage, compiled.
pub trait Lanes<T>: Sync {
    /// What a program needs of it.
    fn code(&self) -> Code<'_, T>;
}

impl<T> std::fmt::Debug for dyn Lanes<T> + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Code { inputs, kinds, .. } = self.code();
        write!(f, "a stage of {inputs} inputs that folds {kinds:?}")
    }
}

/// A stage with the instruction set that its lane loop runs on.
#[derive(Clone, Copy, Debug)]
pub struct Entry<T, S, const I: usize, const O: usize> {
    stage: S,
    isa: Isa,
    element: PhantomData<T>,
}

/// Compiles a stage: its lane loop for each instruction set, of which the chosen one runs. Without loops there is
/// little to win from the widest vectors.
pub fn entry<T, S, const I: usize, const O: usize>(stage: S) -> Entry<T, S, I, O>
where
    T: Float,
    S: Stage<T, I, O>,
{
    Entry { stage, isa: Isa::chosen(), element: PhantomData }
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
    fn code(&self) -> Code<'_, T> {
        let run: Run<T> = if S::ONCE {
            match self.isa {
                #[cfg(target_arch = "x86_64")]
                Isa::V3 | Isa::V4 => once_v3::<T, S, I, O>,
                Isa::Base => once_base::<T, S, I, O>,
            }
        } else {
            match self.isa {
                #[cfg(target_arch = "x86_64")]
                Isa::V4 => v4::<T, S, I, O>,
                #[cfg(target_arch = "x86_64")]
                Isa::V3 => v3::<T, S, I, O>,
                Isa::Base => base::<T, S, I, O>,
            }
        };
        Code {
            kinds: &S::KINDS,
            inputs: I,
            positioned: S::POSITION,
            once: S::ONCE,
            copies: S::COPIES,
            stage: (&raw const self.stage).cast(),
            run,
            borrow: PhantomData,
        }
    }
}

macro_rules! entry {
    ($(#[$attribute:meta])* $name:ident, $body:ident, fused: $fused:literal $(, bytes: $bytes:literal)?) => {
        /// The lane loop for one instruction set.
        ///
        /// # Safety
        ///
        /// That of [`Code::run`]; the CPU must have the features named, and the pointer be that of a stage.
        $(#[$attribute])*
        unsafe fn $name<T, S, const I: usize, const O: usize>(stage: *const (), row: &Row<'_, T>)
        where
            T: Float,
            S: Stage<T, I, O>,
        {
            // SAFETY: passed on to the caller.
            unsafe { body::$body::<T, Fx<T, $fused>, S, I, O $(, $bytes)?>(&*stage.cast::<S>(), row) }
        }
    };
}

// How many bytes a block of lanes has: no more than registers can hold for a few values.
#[cfg(target_arch = "x86_64")]
entry!(
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi1,bmi2")]
    v4, lanes, fused: true, bytes: 256
);
#[cfg(target_arch = "x86_64")]
entry!(#[target_feature(enable = "avx2,fma,bmi1,bmi2")] v3, lanes, fused: true, bytes: 128);
#[cfg(target_arch = "x86_64")]
entry!(#[target_feature(enable = "avx2,fma,bmi1,bmi2")] once_v3, once, fused: true);
#[cfg(target_arch = "aarch64")]
entry!(base, lanes, fused: true, bytes: 128);
#[cfg(target_arch = "aarch64")]
entry!(once_base, once, fused: true);
#[cfg(not(target_arch = "aarch64"))]
entry!(base, lanes, fused: false, bytes: 32);
#[cfg(not(target_arch = "aarch64"))]
entry!(once_base, once, fused: false);
