//! The loop of an instruction, once for each instruction set.
//!
//! Input: where operands lie and where the result goes, each with a step per group of 32 lanes (0 repeats a group,
//! so that a constant takes one). The fused carrier is only named in entries whose target has it.

use super::machine::{Source, Target};
use super::op::Apply;
use super::{LANES, OPERANDS};
use crate::carrier::Fx;
use crate::real::{Float, Real};
use crate::sweep::isa::Isa;

/// The loop of one instruction over so many groups.
pub(crate) type Run<T> = unsafe fn(&[Source<T>; OPERANDS], Target<T>, usize);

/// Runs an instruction. The second and the last operand are often constants: those are read once.
///
/// # Safety
///
/// For each group, the operands that the instruction reads must be readable, and the target writable, for 32
/// elements. The target may be an operand that is no constant, but overlap none otherwise.
#[inline(always)]
unsafe fn apply<T: Float, C: Real<Scalar = T>, P: Apply>(
    operands: &[Source<T>; OPERANDS],
    target: Target<T>,
    groups: usize,
) {
    let constant = |place: usize| place > 0 && operands[place].step == 0;
    let second = const { P::ARITY > 2 } && constant(1);
    let last = constant(const { P::ARITY - 1 });
    // SAFETY: passed on to the caller.
    unsafe {
        match (second, last) {
            (false, false) => lanes::<T, C, P, false, false>(operands, target, groups),
            (false, true) => lanes::<T, C, P, false, true>(operands, target, groups),
            (true, false) => lanes::<T, C, P, true, false>(operands, target, groups),
            (true, true) => lanes::<T, C, P, true, true>(operands, target, groups),
        }
    }
}

/// The loop of [`apply`]; `SECOND` and `LAST` say that these operands are constants.
///
/// # Safety
///
/// As [`apply`].
#[inline(always)]
unsafe fn lanes<T: Float, C: Real<Scalar = T>, P: Apply, const SECOND: bool, const LAST: bool>(
    operands: &[Source<T>; OPERANDS],
    target: Target<T>,
    groups: usize,
) {
    let once = |place: usize| SECOND && place == 1 || LAST && place == P::ARITY - 1;
    let (mut operands, mut target) = (*operands, target);
    let mut constants = [[T::default(); LANES]; 2];
    for (wanted, place, constant) in [(SECOND, 1, 0), (LAST, P::ARITY - 1, 1)] {
        if wanted {
            // SAFETY: the caller vouches for 32 elements.
            constants[constant] = unsafe { operands[place].pointer.cast::<[T; LANES]>().read() };
        }
    }
    for _ in 0..groups {
        let mut result = [T::default(); LANES];
        for (lane, result) in result.iter_mut().enumerate() {
            let mut arguments = [C::lit(0.0); OPERANDS];
            for i in 0..P::ARITY {
                arguments[i] = C::of(if once(i) {
                    constants[usize::from(LAST && i == P::ARITY - 1)][lane]
                } else {
                    // SAFETY: as above.
                    unsafe { operands[i].pointer.add(lane).read() }
                });
            }
            *result = P::apply(arguments).get();
        }
        // SAFETY: as above.
        unsafe { target.pointer.cast::<[T; LANES]>().write(result) };
        for operand in &mut operands {
            operand.pointer = operand.pointer.wrapping_offset(operand.step);
        }
        target.pointer = target.pointer.wrapping_offset(target.step);
    }
}

/// The copy for an instruction set.
pub(crate) fn entry<T: Float, P: Apply>(isa: Isa) -> Run<T> {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::V4 => v4::<T, P>,
        #[cfg(target_arch = "x86_64")]
        Isa::V3 => v3::<T, P>,
        Isa::Base => base::<T, P>,
    }
}

macro_rules! entry {
    ($(#[$attribute:meta])* $name:ident, fused: $fused:literal) => {
        /// The loop for one instruction set.
        ///
        /// # Safety
        ///
        /// That of [`apply`]; the CPU must have the features named.
        $(#[$attribute])*
        unsafe fn $name<T: Float, P: Apply>(operands: &[Source<T>; OPERANDS], target: Target<T>, groups: usize) {
            // SAFETY: passed on to the caller.
            unsafe { apply::<T, Fx<T, $fused>, P>(operands, target, groups) }
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
