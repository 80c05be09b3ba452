//! Hyperbolic functions: a polynomial near 0, exp elsewhere.

use super::{exp, log};
use crate::carrier::Fx;
use crate::real::{Float, Real};

#[inline(always)]
pub(crate) fn tanh<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let (one, two) = (Fx::lit(1.0), Fx::lit(2.0));
    let a = x.abs().at_most(T::TANH_MAX);
    let e = exp::exp(a + a);
    let z = x * x;
    let small = (x * z).mul_add(T::tanh_tail(z), x);
    Fx::select(a > Fx::lit(0.6), (one - two / (e + one)).xor_sign(x), small)
}

/// `exp(a) / 2` for a >= 0 in two numbers, and `exp(-a) / 2`.
#[inline(always)]
fn halves<T: Float, const FUSED: bool>(a: Fx<T, FUSED>) -> (Fx<T, FUSED>, Fx<T, FUSED>, Fx<T, FUSED>) {
    let reduced = exp::reduce(a.at_most(T::EXP_MAX));
    let (p, low) = reduced.mantissa();
    let t = reduced.t - Fx::lit(1.0);
    let half = exp::scale(p, t);
    (half, exp::scale(low, t), Fx::lit(0.25) / half)
}

#[inline(always)]
pub(crate) fn sinh<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let a = x.abs();
    let (up, low, down) = halves(a);
    let large = (up - (down - low)).xor_sign(x);
    let z = x * x;
    let small = (x * z).mul_add(T::sinh_tail(z), x);
    Fx::select(a > Fx::lit(1.0), large, small)
}

#[inline(always)]
pub(crate) fn cosh<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let (up, low, down) = halves(x.abs());
    up + (down + low)
}

/// `|x| - log 2 + log(1 + exp(-2|x|))`, or `x^2/2 + x^4 P(x^2)` for |x| <= 1.2.
#[inline(always)]
pub(crate) fn log_cosh<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let half = Fx::lit(0.5);
    let a = x.abs();
    let tail = log::log1p_unit(exp::exp_nonpos(-(a + a)));
    let large = (a - Fx::lit(T::LN2_HI)) + (tail - Fx::lit(T::LN2_LO));
    let z = x * x;
    let mut tail = z * z * T::log_cosh_tail(z);
    if FUSED {
        // The rounding error of x^2, exactly.
        tail = half.mul_add(x.mul_add(x, -z), tail);
    }
    let small = half.mul_add(z, tail);
    Fx::select(a > Fx::lit(1.2), large, small)
}
