//! A tape in the place of the lane loop of an elementwise loss.
//!
//! Input: a frame of any size, of which a code reads the first inputs and writes the first outputs. Sums and
//! faults are taken lane by lane and group by group, as `body` does.

use super::body::{Frame, LANES, Tally};
use super::isa::{Isa, Lanes};
use super::{Sweep, run_lanes};
use crate::real::Float;
use crate::tape::Op;
use crate::tape::code::Run;
use crate::tape::machine::{Aligned, Code, Machine, Registers, Source, Target};

/// The code of one demand, with the values of the call.
pub(crate) struct Taped<'t, T> {
    /// Its outputs are the value, whether the sample is valid, whether it is kept, and the derivatives times the
    /// upstream.
    pub(crate) code: &'t Code<T>,
    pub(crate) constants: &'t [Aligned<T>],
    pub(crate) checked: bool,
    pub(crate) transcendental: bool,
}

impl<T: Float> Taped<'_, T> {
    /// As [`super::run`].
    pub(crate) fn sweep<const I: usize, const O: usize>(
        &self,
        sweep: &Sweep<'_, T, I, O>,
    ) -> Result<f64, usize> {
        run_lanes(self, super::worthwhile(self.transcendental), sweep)
    }
}

impl<T: Float, const I: usize, const O: usize> Lanes<T, I, O> for Taped<'_, T> {
    unsafe fn run(&self, frame: &Frame<T, I, O>, groups: usize, tally: &mut Tally<T>) {
        let isa = Isa::chosen();
        let copy: Run<T> = Op::Same.code(isa);
        let mut registers = Registers::new(self.code);
        let machine = Machine { code: self.code, constants: self.constants, registers: registers.pointer() };
        let nothing = Source { pointer: machine.spare(0).cast_const(), step: 0 };
        let (mut frame, mut left) = (*frame, groups);
        while left > 0 {
            let count = left.min(self.code.groups());
            let inputs = |number: usize| {
                let input = frame.inputs[number];
                Source { pointer: input.pointer, step: input.step as isize }
            };
            let upstream = Source { pointer: frame.upstream.pointer, step: frame.upstream.step as isize };
            // Where an output is written, if anywhere: a single group is even where the next one would not be, since
            // it may be a rest.
            let target = |number: usize| {
                let target = match number {
                    0 => frame.values,
                    1 | 2 => return None,
                    _ => frame.outputs[number - 3],
                };
                (target.step != 0 || groups == 1)
                    .then_some(Target { pointer: target.pointer, step: target.step as isize })
            };
            let output = |number: usize| match target(number) {
                Some(target) if self.code.directed(number) => {
                    Source { pointer: target.pointer.cast_const(), step: target.step }
                }
                _ => machine.source(self.code.outputs[number], &inputs, upstream),
            };
            // SAFETY: the caller vouches for sources and targets; a target without a step is one group.
            unsafe {
                machine.run(&inputs, upstream, &target, count);
                tally.take(isa, output(0), self.checked.then(|| [output(1), output(2)]), count);
                for number in 0..self.code.outputs.len() {
                    if let Some(target) = target(number).filter(|_| !self.code.directed(number)) {
                        copy(&[output(number), nothing, nothing, nothing], target, count);
                    }
                }
            }
            frame = frame.advance(count);
            left -= count;
        }
    }
}

impl<T: Float> Tally<T> {
    /// Takes in values, and which samples are faulty: those that are kept and not valid.
    ///
    /// # Safety
    ///
    /// Every source must be readable for each group, and the CPU have the instruction set.
    unsafe fn take(&mut self, isa: Isa, value: Source<T>, sound: Option<[Source<T>; 2]>, groups: usize) {
        // SAFETY: passed on to the caller.
        unsafe {
            match isa {
                #[cfg(target_arch = "x86_64")]
                Isa::V3 | Isa::V4 => wide(self, value, sound, groups),
                Isa::Base => take(self, value, sound, groups),
            }
        }
    }
}

/// [`take`] for wide vectors.
///
/// # Safety
///
/// That of [`take`]; the CPU must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn wide<T: Float>(
    tally: &mut Tally<T>,
    value: Source<T>,
    sound: Option<[Source<T>; 2]>,
    groups: usize,
) {
    // SAFETY: passed on to the caller.
    unsafe { take(tally, value, sound, groups) }
}

/// # Safety
///
/// Every source must be readable for each group.
#[inline(always)]
unsafe fn take<T: Float>(
    tally: &mut Tally<T>,
    value: Source<T>,
    sound: Option<[Source<T>; 2]>,
    groups: usize,
) {
    let (zero, one) = (T::default(), T::from_f64(1.0));
    let mut sums = tally.sums;
    let group = |source: Source<T>, number: usize| {
        let pointer = source.pointer.wrapping_offset(number as isize * source.step);
        // SAFETY: the caller vouches for 32 elements at every group.
        unsafe { &*pointer.cast::<[T; LANES]>() }
    };
    for number in 0..groups {
        for (sum, value) in sums.iter_mut().zip(group(value, number)) {
            *sum += value.to_f64();
        }
    }
    tally.sums = sums;
    if let Some([valid, kept]) = sound {
        let mut faults = tally.faults;
        for number in 0..groups {
            let (valid, kept) = (group(valid, number), group(kept, number));
            for lane in 0..LANES {
                let sound = (valid[lane] != zero) | (kept[lane] == zero);
                faults[lane] = if sound { faults[lane] } else { one };
            }
        }
        tally.faults = faults;
    }
}
