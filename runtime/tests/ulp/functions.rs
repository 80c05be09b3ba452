//! Every function of the vector math over slices, for every instruction set of this machine. Compiled here,
//! in a crate of its own, so that the library carries none of it.

use lossdef_runtime::carrier::Fx;
use lossdef_runtime::real::Real;

/// An instruction set to compile a loop for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// What the target always has; no fused multiply-add on x86-64.
    Baseline,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512 with fused multiply-add.
    Avx512,
}

impl Level {
    /// Whether multiply-add is fused.
    pub(crate) fn is_fused(self) -> bool {
        self != Level::Baseline || cfg!(target_arch = "aarch64")
    }

    /// The levels that this machine has.
    pub(crate) fn available() -> Vec<Level> {
        let mut levels = vec![Level::Baseline];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                levels.push(Level::Avx2);
            }
            let wide = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl");
            if wide && levels.contains(&Level::Avx2) {
                levels.push(Level::Avx512);
            }
        }
        levels
    }
}

/// One function over slices of equal length. Only for levels in [`Level::available`].
pub(crate) type Loop<T> = fn(Level, &[T], &mut [T]);

/// A function of the math.
pub(crate) struct Function {
    /// Its name in the language.
    pub(crate) name: &'static str,
    /// In f32.
    pub(crate) single: Loop<f32>,
    /// In f64.
    pub(crate) double: Loop<f64>,
}

#[inline(always)]
fn apply<T: Copy>(x: &[T], y: &mut [T], f: impl Fn(T) -> T) {
    for (x, y) in x.iter().zip(y) {
        *y = f(*x);
    }
}

macro_rules! loops {
    ($name:ident, $function:ident, $float:ty) => {
        pub(super) fn $function(level: Level, x: &[$float], y: &mut [$float]) {
            fn baseline(x: &[$float], y: &mut [$float]) {
                apply(
                    x,
                    y,
                    #[inline(always)]
                    |x| Fx::<$float, { cfg!(target_arch = "aarch64") }>::of(x).$name().get(),
                );
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2(x: &[$float], y: &mut [$float]) {
                apply(
                    x,
                    y,
                    #[inline(always)]
                    |x| Fx::<$float, true>::of(x).$name().get(),
                );
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
            fn avx512(x: &[$float], y: &mut [$float]) {
                apply(
                    x,
                    y,
                    #[inline(always)]
                    |x| Fx::<$float, true>::of(x).$name().get(),
                );
            }
            match level {
                // SAFETY: `Level::available` has detected these features.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => unsafe { avx2(x, y) },
                // SAFETY: the same.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe { avx512(x, y) },
                _ => baseline(x, y),
            }
        }
    };
}

macro_rules! functions {
    ($($name:ident)+) => {
        $(mod $name {
            use super::*;
            loops!($name, single, f32);
            loops!($name, double, f64);
        })+

        /// All functions.
        pub(crate) const FUNCTIONS: &[Function] =
            &[$(Function { name: stringify!($name), single: $name::single, double: $name::double }),+];
    };
}

functions! {
    exp exp_nonpos expm1 log log1p log1p_unit log1mexp
    sigmoid softplus log_sigmoid logit tanh sinh cosh log_cosh erf
}

macro_rules! pow {
    ($function:ident, $float:ty) => {
        /// `x^y` over slices of equal length. Only for levels in [`Level::available`].
        pub(crate) fn $function(level: Level, x: &[$float], y: &[$float], z: &mut [$float]) {
            #[inline(always)]
            fn run<const FUSED: bool>(x: &[$float], y: &[$float], z: &mut [$float]) {
                for ((x, y), z) in x.iter().zip(y).zip(z) {
                    *z = Fx::<$float, FUSED>::of(*x).pow(Fx::of(*y)).get();
                }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2(x: &[$float], y: &[$float], z: &mut [$float]) {
                run::<true>(x, y, z);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
            fn avx512(x: &[$float], y: &[$float], z: &mut [$float]) {
                run::<true>(x, y, z);
            }
            match level {
                // SAFETY: `Level::available` has detected these features.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => unsafe { avx2(x, y, z) },
                // SAFETY: the same.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe { avx512(x, y, z) },
                _ => run::<{ cfg!(target_arch = "aarch64") }>(x, y, z),
            }
        }
    };
}
pow!(pow_single, f32);
pow!(pow_double, f64);
