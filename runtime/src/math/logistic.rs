//! The logistic function, its logarithm and its integral.

use super::{exp, log};
use crate::carrier::Fx;
use crate::real::{Float, Real};

/// With `e = exp(-|x|)`: `1 / (1 + e)` above 0, `e / (1 + e)` below. With a fused multiply-add the rounding
/// errors of `1 + e` and of the division are exact, and put right.
#[inline(always)]
pub(crate) fn sigmoid<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let one = Fx::lit(1.0);
    let e = exp::exp_nonpos(-x.abs());
    let n = Fx::select(x < Fx::lit(0.0), e, one);
    let d = one + e;
    let q = n / d;
    if !FUSED {
        return q;
    }
    let d_low = e - (d - one);
    let remainder = (-q).mul_add(d, n) - q * d_low;
    // 1 / d to a few percent is enough: the line through its chord over e in [0, 1].
    remainder.mul_add(e.mul_add(Fx::lit(-0.4714), Fx::lit(0.957)), q)
}

#[inline(always)]
pub(crate) fn softplus<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    x.relu() + log::log1p_unit(exp::exp_nonpos(-x.abs()))
}

#[inline(always)]
pub(crate) fn log_sigmoid<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    -softplus(-x)
}
