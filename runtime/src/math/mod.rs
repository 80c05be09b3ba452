//! Vector math: straight-line scalar code over the carrier [`Fx`](crate::carrier::Fx) that LLVM turns into
//! vector code: no branches, tables or calls, only arithmetic, selects and bit patterns.
//!
//! The functions are written once for both element types; [`Element`] supplies what differs: constants,
//! polynomials and bit tricks. Coefficients are given as f64 and rounded to the element type. Polynomials
//! are minimax fits for the interval named beside them.
//!
//! Worst errors found, in units in the last place, over samples of the whole range, subnormal and infinite
//! numbers included: every 101st f32 (expm1, sigmoid, softplus: every one or two around the maximum) against
//! f64 functions, 800,000 f64 (pow: 4,000,000 pairs) against double-double arithmetic. `tests/ulp` asserts
//! bounds just above, `examples/ulp_sweep.rs` measures again:
//!
//! | function | f32 fused | f32 | f64 fused | f64 |
//! |---|---|---|---|---|
//! | exp, exp_nonpos | 0.82 | 0.84 | 0.83 | 0.84 |
//! | exp_times | 1.45 | 1.40 | 1.44 | 1.44 |
//! | expm1 | 1.38 | 1.53 | 1.52 | 1.48 |
//! | log | 0.79 | 0.77 | 0.78 | 0.78 |
//! | log1p, log1p_unit | 0.84 | 0.82 | 0.82 | 0.82 |
//! | log1mexp | 0.88 | 0.88 | 0.87 | 0.87 |
//! | sigmoid | 1.43 | 2.24 | 1.42 | 2.17 |
//! | softplus, log_sigmoid | 1.60 | 1.60 | 1.55 | 1.55 |
//! | tanh | 1.30 | 1.30 | 1.29 | 1.29 |
//! | sinh | 0.76 | 0.79 | 0.79 | 0.79 |
//! | cosh | 0.88 | 0.88 | 0.88 | 0.88 |
//! | log_cosh | 1.28 | 1.68 | 1.45 | 1.81 |
//! | erf | 1.05 | 1.25 | 1.25 | 1.25 |
//! | pow | 0.50 | 0.50 | 1.06 | 1.06 |
//!
//! sin, cos, tan and atan are the standard library's; sqrt is rounded correctly.

pub(crate) mod erf;
pub(crate) mod exp;
mod f32;
mod f64;
pub(crate) mod hyperbolic;
pub(crate) mod log;
pub(crate) mod logistic;
mod pow;

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::carrier::Fx;

/// The methods of [`Element`] that read alike for both types.
macro_rules! primitives {
    ($float:ty) => {
        #[inline(always)]
        fn fused_mul_add(self, a: Self, b: Self) -> Self {
            <$float>::mul_add(self, a, b)
        }

        super::primitives!($float: abs sqrt sin cos tan atan);

        #[inline(always)]
        fn is_nan(self) -> bool {
            <$float>::is_nan(self)
        }
    };
    ($float:ty: $($name:ident)+) => { $(
        #[inline(always)]
        fn $name(self) -> Self {
            <$float>::$name(self)
        }
    )+ };
}
use primitives;

/// What the math needs to know about an element type. Seals [`Float`](crate::real::Float): this module is
/// private.
pub trait Element:
    Copy
    + PartialEq
    + PartialOrd
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// Positive infinity.
    const INFINITY: Self;
    /// The smallest normal number.
    const MIN_NORMAL: Self;
    /// The power of two that brings the inverse of a tiny or huge number among the normal ones.
    const DIVISOR_SCALE: Self;

    /// 1.5 * 2^(mantissa bits): `x + MAGIC` has `x`, rounded to a whole number, in its low bits.
    const MAGIC: f64;
    /// log 2 without its last bits, so that `k * LN2_HI` is exact for every exponent `k`.
    const LN2_HI: f64;
    /// log 2 - `LN2_HI`.
    const LN2_LO: f64;
    /// Below this, exp is 0 (and [`scale`](Element::scale) still right).
    const EXP_MIN: f64;
    /// Above this, exp is infinite (and [`scale`](Element::scale) still right).
    const EXP_MAX: f64;
    /// Here exp is the cube of the largest power of two, and of any number but 0 it makes infinity; at its negative,
    /// it is the cube of what [`pow2`](Element::pow2) makes 0.
    const EXP_TIMES_MAX: f64;
    /// Below this, expm1 is -1.
    const EXPM1_MIN: f64;
    /// An even power of two that makes subnormal numbers normal, and its exponent.
    const SUBNORMAL_SCALE: (f64, f64);
    /// The largest exponent `k` for which log1p looks at the rounding error of `1 + x`.
    const LOG1P_EXPONENT: f64;
    /// Above this, tanh is 1.
    const TANH_MAX: f64;
    /// Above this, erf is 1.
    const ERF_MAX: f64;

    /// `self` with its sign flipped where `other` is negative.
    fn xor_sign(self, other: Self) -> Self;
    /// 2^k from `MAGIC + k`; k must be the exponent of a normal number, or one less than the least, which gives 0.
    fn pow2(t: Self) -> Self;
    /// 2^(k - 2 l) from `MAGIC + k` and `MAGIC + l`, as [`pow2`](Element::pow2).
    fn pow2_less(t: Self, u: Self) -> Self;
    /// `self * 2^k` from `t = MAGIC + k`, in two factors, so that a subnormal product is rounded once; |k|
    /// at most twice the largest exponent.
    fn scale(self, t: Self) -> Self;
    /// k and m with `self = 2^k m`, m in [sqrt(1/2), sqrt(2)); for positive normal numbers.
    fn split(self) -> (Self, Self);

    /// `self * a + b`, rounded once.
    fn fused_mul_add(self, a: Self, b: Self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The sine.
    fn sin(self) -> Self;
    /// The cosine.
    fn cos(self) -> Self;
    /// The tangent.
    fn tan(self) -> Self;
    /// The arc tangent.
    fn atan(self) -> Self;
    /// `self` to the power of `y`.
    fn pow<const FUSED: bool>(self, y: Self) -> Self;
    /// Whether it is NaN.
    fn is_nan(self) -> bool;

    /// `(exp(r) - 1 - r) / r^2` for |r| <= log(2) / 2.
    fn exp_tail<const FUSED: bool>(r: Fx<Self, FUSED>) -> Fx<Self, FUSED>;
    /// `k log 2 + log(1 + f) + c` for 1 + f in [sqrt(1/2), sqrt(2)) and a small correction c.
    fn log_sum<const FUSED: bool>(
        f: Fx<Self, FUSED>,
        k: Fx<Self, FUSED>,
        c: Fx<Self, FUSED>,
    ) -> Fx<Self, FUSED>;
    /// `hi + log(1 + f) + lo` for f in [-1/4, 1/2].
    fn log_unit<const FUSED: bool>(
        f: Fx<Self, FUSED>,
        hi: Fx<Self, FUSED>,
        lo: Fx<Self, FUSED>,
    ) -> Fx<Self, FUSED>;
    /// `(tanh(x) / x - 1) / z` at z = x^2 for |x| <= 0.6.
    fn tanh_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED>;
    /// `(sinh(x) / x - 1) / z` at z = x^2 for |x| <= 1.
    fn sinh_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED>;
    /// `(log(cosh(x)) - z / 2) / z^2` at z = x^2 for |x| <= 1.2.
    fn log_cosh_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED>;
    /// `erf(x) / x - 1` at z = x^2 for |x| <= 0.9486.
    fn erf_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED>;
    /// `-log(1 - erf(a))` for a in [0.9486, ERF_MAX].
    fn erf_log<const FUSED: bool>(a: Fx<Self, FUSED>) -> Fx<Self, FUSED>;
}
