//! The error function: a polynomial near 0, `1 - exp(-P(|x|))` elsewhere.

use super::exp::exp_nonpos;
use crate::carrier::Fx;
use crate::real::{Float, Real};

#[inline(always)]
pub(crate) fn erf<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let a = x.abs().at_most(T::ERF_MAX);
    let small = x.mul_add(T::erf_tail(x * x), x);
    let rest = exp_nonpos(-T::erf_log(a));
    Fx::select(a > Fx::lit(0.9486), (Fx::lit(1.0) - rest).xor_sign(x), small)
}
