//! Instruction sets: the lane loop compiled once for each, and the choice among them.
//!
//! Input: a kernel, a demand and what `body` reads. The fused carrier is only named inside entries whose
//! target has fused multiply-add, since elsewhere each such operation would be a library call.
//!
//! The best set of the CPU runs, unless [`VARIABLE`] names a narrower one: then a difference between two machines
//! can be looked for on one of them.

use std::sync::atomic::{AtomicU8, Ordering};

use super::Demand;
use super::body::{self, Ask, Frame, Gradient, Gradients, Tally, Value};
use crate::carrier::Fx;
use crate::kernel::Kernel;
use crate::real::Float;

/// An instruction set that has its own copy of the lane loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Isa {
    /// What every CPU of the target has.
    Base = 1,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    V3 = 2,
    /// AVX-512 F, DQ, BW, VL and FMA.
    #[cfg(target_arch = "x86_64")]
    V4 = 3,
}

/// The names of all sets, whatever the architecture, in the order of their numbers.
const NAMES: [&str; 3] = ["baseline", "avx2", "avx512"];

/// The environment variable that names the widest set that may run. It is read once.
const VARIABLE: &str = "LOSSDEF_ISA";

impl Isa {
    /// The one that runs.
    #[inline]
    pub(crate) fn chosen() -> Isa {
        static CHOSEN: AtomicU8 = AtomicU8::new(0);
        match CHOSEN.load(Ordering::Relaxed) {
            #[cfg(target_arch = "x86_64")]
            3 => Isa::V4,
            #[cfg(target_arch = "x86_64")]
            2 => Isa::V3,
            1 => Isa::Base,
            _ => {
                let chosen = Isa::look();
                CHOSEN.store(chosen as u8, Ordering::Relaxed);
                chosen
            }
        }
    }

    #[cold]
    fn look() -> Isa {
        Isa::choose(std::env::var(VARIABLE).ok().as_deref())
    }

    /// The best one that this CPU has, but none beyond the one that is named.
    fn choose(name: Option<&str>) -> Isa {
        let best = Isa::all().last().unwrap_or(Isa::Base);
        let Some(name) = name.filter(|name| !name.is_empty()) else { return best };
        match NAMES.iter().position(|known| *known == name) {
            Some(limit) => {
                Isa::all().take_while(|isa| *isa as usize <= limit + 1).last().unwrap_or(Isa::Base)
            }
            None => {
                // A call has nobody else to tell this to, and a wrong set would be worse than a wrong line.
                eprintln!(
                    "lossdef: {VARIABLE} is `{name}`, none of {}; {} runs",
                    NAMES.join(", "),
                    best.name()
                );
                best
            }
        }
    }

    /// Its name in [`VARIABLE`].
    pub(crate) fn name(self) -> &'static str {
        NAMES[self as usize - 1]
    }

    /// Every one that this CPU has, best last.
    pub(crate) fn all() -> impl Iterator<Item = Isa> {
        #[cfg(target_arch = "x86_64")]
        {
            let v3 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2");
            let v4 = v3
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl");
            [Some(Isa::Base), v3.then_some(Isa::V3), v4.then_some(Isa::V4)].into_iter().flatten()
        }
        #[cfg(not(target_arch = "x86_64"))]
        std::iter::once(Isa::Base)
    }
}

/// A kernel with a demand and an instruction set: the lane loop behind one call.
pub(super) trait Lanes<T: Float, const I: usize, const O: usize>: Sync {
    /// Runs `groups` groups.
    ///
    /// # Safety
    ///
    /// That of [`body::lanes`]; every output that the demand has must be valid.
    unsafe fn run(&self, frame: &Frame<T, I, O>, groups: usize, tally: &mut Tally<T>);
}

/// What [`Lanes`] is implemented for. Only a detected [`Isa`] may stand in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound<K> {
    pub(super) kernel: K,
    pub(super) demand: Demand,
    pub(super) isa: Isa,
}

impl<T, K, const I: usize, const O: usize> Lanes<T, I, O> for Bound<K>
where
    T: Float,
    K: Kernel<T, I, O>,
{
    #[inline]
    unsafe fn run(&self, frame: &Frame<T, I, O>, groups: usize, tally: &mut Tally<T>) {
        let (kernel, isa) = (&self.kernel, self.isa);
        // Where two demands mean the same, one copy of the loop serves both.
        // SAFETY: passed on to the caller.
        unsafe {
            match self.demand {
                Demand::Gradient if const { O > 1 } => {
                    enter::<T, K, Gradient<O>, I, O, 1>(isa, kernel, frame, groups, tally)
                }
                Demand::Gradient | Demand::Gradients if const { O > 0 } => {
                    enter::<T, K, Gradients, I, O, O>(isa, kernel, frame, groups, tally)
                }
                _ => enter::<T, K, Value<O>, I, O, 0>(isa, kernel, frame, groups, tally),
            }
        }
    }
}

/// Calls the copy for one instruction set.
///
/// # Safety
///
/// That of [`body::lanes`]; the CPU must have `isa`.
#[inline]
unsafe fn enter<T, K, A, const I: usize, const O: usize, const G: usize>(
    isa: Isa,
    kernel: &K,
    frame: &Frame<T, I, O>,
    groups: usize,
    tally: &mut Tally<T>,
) where
    T: Float,
    A: Ask<T, K, I, G>,
{
    // SAFETY: the caller vouches for the pointers and for the instruction set.
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::V4 => v4::<T, K, A, I, O, G>(kernel, frame, groups, tally),
            #[cfg(target_arch = "x86_64")]
            Isa::V3 => v3::<T, K, A, I, O, G>(kernel, frame, groups, tally),
            Isa::Base => base::<T, K, A, I, O, G>(kernel, frame, groups, tally),
        }
    }
}

macro_rules! entry {
    ($(#[$attribute:meta])* $name:ident, fused: $fused:literal) => {
        /// The lane loop for one instruction set.
        ///
        /// # Safety
        ///
        /// That of [`body::lanes`]; the CPU must have the features named.
        $(#[$attribute])*
        #[inline(never)]
        unsafe fn $name<T, K, A, const I: usize, const O: usize, const G: usize>(
            kernel: &K,
            frame: &Frame<T, I, O>,
            groups: usize,
            tally: &mut Tally<T>,
        ) where
            T: Float,
            A: Ask<T, K, I, G>,
        {
            // SAFETY: passed on to the caller.
            unsafe { body::lanes::<T, Fx<T, $fused>, K, A, I, O, G>(kernel, frame, groups, tally) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_limit() {
        let best = Isa::all().last().unwrap();
        assert_eq!(Isa::choose(None), best);
        assert_eq!(Isa::choose(Some("")), best);
        assert_eq!(Isa::choose(Some("avx1024")), best);
        assert_eq!(Isa::choose(Some("avx512")), best);
        assert_eq!(Isa::choose(Some("baseline")), Isa::Base);
        for isa in Isa::all() {
            assert_eq!(Isa::choose(Some(isa.name())), isa);
        }
    }
}
