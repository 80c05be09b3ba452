//! A tape in the place of the lane loop of a stage.
//!
//! Input: a row. Output: results behind its targets and folds per lane, group by group and then the tail, as
//! `body` does.
#![allow(clippy::needless_range_loop, reason = "loops over lanes are what LLVM vectorises")]

use std::marker::PhantomData;
use std::ops::Range;

use super::lanes::{Code as StageCode, LANES, Lanes, Row, Run, Tail};
use super::stage::Kind;
use crate::carrier::Fx;
use crate::real::{Float, Real};
use crate::sweep::isa::Isa;
use crate::tape::Op;
use crate::tape::machine::{Aligned, Code, Machine, Registers, Source, Target};

/// The code of a stage, with the values of the call.
pub(crate) struct Taped<'t, T> {
    pub(crate) code: &'t Code<T>,
    pub(crate) constants: &'t [Aligned<T>],
    pub(crate) kinds: &'t [Kind],
    pub(crate) inputs: usize,
    pub(crate) positioned: bool,
    /// Whether it has no loops.
    pub(crate) once: bool,
}

impl<T: Float> Lanes<T> for Taped<'_, T> {
    fn code(&self) -> StageCode<'_, T> {
        let run: Run<T> = row::<T>;
        StageCode {
            kinds: self.kinds,
            inputs: self.inputs,
            positioned: self.positioned,
            once: self.once,
            copies: self.inputs == 1 && self.kinds == [Kind::Each] && self.code.copies(),
            stage: (&raw const *self).cast(),
            run,
            borrow: PhantomData,
        }
    }
}

/// Runs a row.
///
/// # Safety
///
/// That of [`StageCode::run`]; the pointer must be that of a [`Taped`].
unsafe fn row<T: Float>(stage: *const (), row: &Row<'_, T>) {
    // SAFETY: passed on to the caller.
    let taped = unsafe { &*stage.cast::<Taped<'_, T>>() };
    let mut registers = Registers::new(taped.code);
    let machine = Machine { code: taped.code, constants: taped.constants, registers: registers.pointer() };
    for (number, kind) in taped.kinds.iter().enumerate() {
        if *kind != Kind::Each {
            // SAFETY: there are two blocks for each output.
            unsafe {
                (*row.folds.add(number)).0 = [kind.neutral(); LANES];
                (*row.folds.add(taped.kinds.len() + number)).0 = [0.0; LANES];
            }
        }
    }
    let Tail { at, from, to } = row.span.tail;
    let mut done = 0;
    while done < row.span.groups {
        let count = (row.span.groups - done).min(taped.code.groups());
        let shift = |step: isize| done as isize * step;
        let first = row.span.group_step.to_f64() * done as f64;
        // SAFETY: passed on to the caller.
        unsafe { taped.groups(&machine, row, shift, first, count, 0..LANES) };
        done += count;
    }
    if to > from {
        let shift = |step: isize| if step == 0 { 0 } else { at };
        // SAFETY: passed on to the caller.
        unsafe { taped.groups(&machine, row, shift, at as f64, 1, from..to) };
    }
    for (number, kind) in taped.kinds.iter().enumerate() {
        if let Kind::Max | Kind::Min = kind {
            // SAFETY: there are two blocks for each output.
            let (extremes, nans) =
                unsafe { (&mut (*row.folds.add(number)).0, &(*row.folds.add(taped.kinds.len() + number)).0) };
            for (extreme, nan) in extremes.iter_mut().zip(nans) {
                if nan.is_nan() {
                    *extreme = *nan;
                }
            }
        }
    }
}

impl<T: Float> Taped<'_, T> {
    /// Runs some groups, each pointer shifted as its step says, of which some lanes are folded.
    ///
    /// # Safety
    ///
    /// As [`row`]; the groups must be in the span.
    unsafe fn groups(
        &self,
        machine: &Machine<'_, T>,
        row: &Row<'_, T>,
        shift: impl Fn(isize) -> isize,
        first: f64,
        count: usize,
        lanes: Range<usize>,
    ) {
        if self.positioned {
            let steps = [first, row.span.group_step.to_f64(), row.span.lane_step.to_f64()];
            // SAFETY: a block has room for all groups.
            unsafe { positions(machine.spare(1), steps, count) };
        }
        let inputs = |number: usize| {
            let source = &row.sources[number];
            Source { pointer: source.pointer.wrapping_offset(shift(source.step)), step: source.step }
        };
        let nothing = Source { pointer: machine.spare(0).cast_const(), step: 0 };
        let target = |number: usize| {
            let target = &row.targets[number];
            Target { pointer: target.pointer.wrapping_offset(shift(target.step)), step: target.step }
        };
        let direct = |number: usize| (self.kinds[number] == Kind::Each).then(|| target(number));
        // SAFETY: the caller vouches for sources, targets and folds.
        unsafe {
            machine.run(&inputs, nothing, &direct, count);
            for (number, kind) in self.kinds.iter().enumerate() {
                let source = machine.source(self.code.outputs[number], &inputs, nothing);
                if *kind != Kind::Each {
                    let wide = &mut (*row.folds.add(number)).0;
                    let beside = &mut (*row.folds.add(self.kinds.len() + number)).0;
                    fold(*kind, source, count, lanes.clone(), wide, beside);
                } else if !self.code.directed(number) {
                    Op::Same.code(Isa::chosen())(&[source, nothing, nothing, nothing], target(number), count);
                }
            }
        }
    }
}

/// Writes the position of every lane: that of the first one, and how far apart those of groups and lanes are.
///
/// # Safety
///
/// The target must be writable for so many groups.
unsafe fn positions<T: Float>(target: *mut T, steps: [f64; 3], groups: usize) {
    #[cfg(target_arch = "x86_64")]
    if Isa::chosen() != Isa::Base {
        // SAFETY: passed on to the caller; the CPU has AVX2.
        return unsafe { positions_wide(target, steps, groups) };
    }
    // SAFETY: passed on to the caller.
    unsafe { write_positions(target, steps, groups) }
}

/// [`write_positions`] for wide vectors.
///
/// # Safety
///
/// As [`positions`]; the CPU must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn positions_wide<T: Float>(target: *mut T, steps: [f64; 3], groups: usize) {
    // SAFETY: passed on to the caller.
    unsafe { write_positions(target, steps, groups) }
}

/// # Safety
///
/// As [`positions`].
#[inline(always)]
unsafe fn write_positions<T: Float>(target: *mut T, [first, group_step, lane_step]: [f64; 3], groups: usize) {
    let lane_step = Fx::<T, false>::lit(lane_step);
    for group in 0..groups {
        let start = Fx::<T, false>::lit(first + group as f64 * group_step);
        let mut all = [T::default(); LANES];
        for lane in 0..LANES {
            all[lane] = (start + lane_step * Fx::lit(lane as f64)).get();
        }
        // SAFETY: the caller vouches for 32 elements of each group.
        unsafe { target.add(group * LANES).cast::<[T; LANES]>().write(all) };
    }
}

/// Folds some lanes of all groups: into `wide`, and beside it the number of ones, or a NaN once there was one.
///
/// # Safety
///
/// The source must be readable for each group.
unsafe fn fold<T: Float>(
    kind: Kind,
    source: Source<T>,
    groups: usize,
    lanes: Range<usize>,
    wide: &mut [f64; LANES],
    beside: &mut [f64; LANES],
) {
    #[cfg(target_arch = "x86_64")]
    if Isa::chosen() != Isa::Base {
        // SAFETY: passed on to the caller; the CPU has AVX2.
        return unsafe { fold_wide(kind, source, groups, lanes, wide, beside) };
    }
    // SAFETY: passed on to the caller.
    unsafe { fold_groups(kind, source, groups, lanes, wide, beside) }
}

/// [`fold_groups`] for wide vectors.
///
/// # Safety
///
/// As [`fold`]; the CPU must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn fold_wide<T: Float>(
    kind: Kind,
    source: Source<T>,
    groups: usize,
    lanes: Range<usize>,
    wide: &mut [f64; LANES],
    beside: &mut [f64; LANES],
) {
    // SAFETY: passed on to the caller.
    unsafe { fold_groups(kind, source, groups, lanes, wide, beside) }
}

/// # Safety
///
/// As [`fold`].
#[inline(always)]
unsafe fn fold_groups<T: Float>(
    kind: Kind,
    source: Source<T>,
    groups: usize,
    lanes: Range<usize>,
    wide: &mut [f64; LANES],
    beside: &mut [f64; LANES],
) {
    /// Joins every group with what is there, lane by lane: in `f64`, or in the element type.
    macro_rules! join {
        ($number:ty, $from:expr, $back:expr, |$x:ident, $wide:ident, $beside:ident| $join:expr) => {{
            let (mut sums, mut others): ([$number; LANES], [$number; LANES]) =
                (wide.map($from), beside.map($from));
            for number in 0..groups {
                let group = source.pointer.wrapping_offset(number as isize * source.step);
                // SAFETY: the caller vouches for 32 elements.
                let group = unsafe { &*group.cast::<[T; LANES]>() };
                if lanes == (0..LANES) {
                    for lane in 0..LANES {
                        let ($x, $wide, $beside) = (group[lane], sums[lane], others[lane]);
                        (sums[lane], others[lane]) = $join;
                    }
                } else {
                    for lane in lanes.clone() {
                        let ($x, $wide, $beside) = (group[lane], sums[lane], others[lane]);
                        (sums[lane], others[lane]) = $join;
                    }
                }
            }
            (*wide, *beside) = (sums.map($back), others.map($back));
        }};
    }
    match kind {
        Kind::Each => {}
        Kind::Sum => join!(f64, |x| x, |x| x, |x, wide, beside| (wide + x.to_f64(), beside)),
        Kind::Norm => {
            join!(f64, |x| x, |x| x, |x, wide, beside| (wide + x.to_f64() * x.to_f64(), beside))
        }
        Kind::Prod => join!(f64, |x| x, |x| x, |x, wide, beside| (wide * x.to_f64(), beside)),
        Kind::Excess => join!(f64, |x| x, |x| x, |x, wide, ones| {
            let one = x == T::from_f64(1.0);
            let (one, rest) = if one { (1.0, 0.0) } else { (0.0, x.to_f64()) };
            (wide + rest, T::from_f64(ones + one).to_f64())
        }),
        Kind::Max => join!(T, T::from_f64, T::to_f64, |x, wide, nan| {
            (if x > wide { x } else { wide }, if x.is_nan() { x } else { nan })
        }),
        Kind::Min => join!(T, T::from_f64, T::to_f64, |x, wide, nan| {
            (if x < wide { x } else { wide }, if x.is_nan() { x } else { nan })
        }),
    }
}
