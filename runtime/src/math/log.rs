//! log and its relatives: `x = 2^k (1 + f)` with 1 + f near 1, then a polynomial in f (f32) or in
//! `f / (2 + f)` (f64).

use super::exp::{pow2, reduce, scale};
use crate::carrier::Fx;
use crate::real::{Float, Real};

/// k and m with `x = 2^k m`, for any positive finite x.
#[inline(always)]
pub(super) fn split<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> (Fx<T, FUSED>, Fx<T, FUSED>) {
    let (factor, exponent) = T::SUBNORMAL_SCALE;
    let subnormal = x < Fx::of(T::MIN_NORMAL);
    let (k, m) = T::split(Fx::select(subnormal, x * Fx::lit(factor), x).get());
    let k = Fx::of(k);
    (Fx::select(subnormal, k - Fx::lit(exponent), k), Fx::of(m))
}

/// `y` where `lower < x`, -inf at `lower`, NaN below it and at NaN.
#[inline(always)]
fn from<T: Float, const FUSED: bool>(lower: f64, x: Fx<T, FUSED>, y: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let lower = Fx::lit(lower);
    let edge = Fx::select(x == lower, Fx::lit(f64::NEG_INFINITY), Fx::lit(f64::NAN));
    Fx::select(x > lower, y, edge)
}

#[inline(always)]
pub(crate) fn log<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let (k, m) = split(x);
    let y = T::log_sum(m - Fx::lit(1.0), k, Fx::lit(0.0));
    let y = Fx::select(x < Fx::of(T::INFINITY), y, x); // inf, NaN
    from(0.0, x, y)
}

#[inline(always)]
pub(crate) fn log1p<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let (zero, one) = (Fx::lit(0.0), Fx::lit(1.0));
    let u = one + x;
    let (k, m) = T::split(u.get());
    let (k, m) = (Fx::of(k), Fx::of(m));
    // The rounding error of 1 + x, exactly.
    let b = u - one;
    let c = (one - (u - b)) + (x - b);
    let near = k == zero;
    // c / u to a few percent is enough: 1 / m is about 1 - f + f^2; times 2^-k.
    let f = m - one;
    let s = pow2(Fx::lit(T::MAGIC) - k.at_most(T::LOG1P_EXPONENT));
    let c = c * s * (one - f + f * f);
    let y = T::log_sum(Fx::select(near, x, f), k, Fx::select(near, zero, c));
    let y = Fx::select(x < Fx::of(T::INFINITY), y, x);
    Fx::select(x == zero, x, from(-1.0, x, y))
}

#[inline(always)]
pub(crate) fn log1p_unit<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let (zero, half) = (Fx::lit(0.0), Fx::lit(0.5));
    let near = x < half;
    // 1 + x = 2 (1 + f) with f = (x - 1) / 2, exactly.
    let f = Fx::select(near, x, x.mul_add(half, -half));
    let hi = Fx::select(near, zero, Fx::lit(T::LN2_HI));
    let lo = Fx::select(near, zero, Fx::lit(T::LN2_LO));
    T::log_unit(f, hi, lo)
}

/// With `e = exp(x)` in two numbers: where e < 1 - sqrt(1/2), log(1 + f) at f = -e; else the logarithm of
/// `1 - e = (1 - 2^k) - 2^k s`, which is accurate down to x = 0, where k = 0 and 1 - e = -s.
#[inline(always)]
pub(crate) fn log1mexp<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let (zero, one) = (Fx::lit(0.0), Fx::lit(1.0));
    let reduced = reduce(x.at_least(T::EXP_MIN).at_most(0.0));
    let (p, p_low) = reduced.mantissa();
    let e = scale(p, reduced.t);
    let near = e < Fx::lit(1.0 - std::f64::consts::FRAC_1_SQRT_2);

    // Right for k >= -2, which is all that is used of it.
    let (s, s_low) = reduced.minus_one();
    let power = pow2(reduced.t);
    let (a, b) = (one - power, power * s);
    let u = a - b;
    let u_low = ((a - u) - b) - power * s_low;
    let (k, m) = split(u);

    let f = Fx::select(near, -e, m - one);
    let k = Fx::select(near, zero, k);
    let c = Fx::select(near, -scale(p_low, reduced.t), u_low / u);
    let y = T::log_sum(f, k, c);
    let edge = Fx::select(x == zero, Fx::lit(f64::NEG_INFINITY), Fx::lit(f64::NAN));
    Fx::select(x < zero, y, edge)
}
