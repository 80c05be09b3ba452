//! exp and its relatives: `x = k log 2 + r`, `exp(x) = 2^k (1 + r + r^2 P(r))`.

use super::Element;
use crate::carrier::Fx;
use crate::real::{Float, Real};

/// An argument of exp, taken apart: `exp(x) = 2^k (1 + (r + q))`, `t = MAGIC + k`.
pub(super) struct Reduced<T, const FUSED: bool> {
    pub(super) t: Fx<T, FUSED>,
    pub(super) k: Fx<T, FUSED>,
    pub(super) r: Fx<T, FUSED>,
    pub(super) q: Fx<T, FUSED>,
}

/// Takes an argument apart. `x` lies in `[EXP_MIN, EXP_MAX]` or is NaN.
#[inline(always)]
pub(super) fn reduce<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Reduced<T, FUSED> {
    let magic = Fx::lit(T::MAGIC);
    let t = x.mul_add(Fx::lit(std::f64::consts::LOG2_E), magic);
    let k = t - magic;
    let hi = k.mul_add(Fx::lit(-T::LN2_HI), x);
    let lo = k * Fx::lit(T::LN2_LO);
    let r = hi - lo;
    let c = (hi - r) - lo;
    let q = (r * r).mul_add(T::exp_tail(r), c);
    Reduced { t, k, r, q }
}

impl<T: Float, const FUSED: bool> Reduced<T, FUSED> {
    /// `exp(x) - 1` for k = 0 as an unevaluated sum of two numbers, accurate to about 0.2 units in the last
    /// place.
    #[inline(always)]
    pub(super) fn minus_one(&self) -> (Fx<T, FUSED>, Fx<T, FUSED>) {
        let s = self.q + self.r;
        (s, (self.r - s) + self.q)
    }

    /// `exp(x) / 2^k` as an unevaluated sum of two numbers.
    #[inline(always)]
    pub(super) fn mantissa(&self) -> (Fx<T, FUSED>, Fx<T, FUSED>) {
        let one = Fx::lit(1.0);
        let (s, low) = self.minus_one();
        let p = one + s;
        (p, ((one - p) + s) + low)
    }
}

/// `p * 2^k` for `t = MAGIC + k`.
#[inline(always)]
pub(super) fn scale<T: Float, const FUSED: bool>(p: Fx<T, FUSED>, t: Fx<T, FUSED>) -> Fx<T, FUSED> {
    Fx::of(T::scale(p.get(), t.get()))
}

/// `2^k` for `t = MAGIC + k`.
#[inline(always)]
pub(super) fn pow2<T: Float, const FUSED: bool>(t: Fx<T, FUSED>) -> Fx<T, FUSED> {
    Fx::of(<T as Element>::pow2(t.get()))
}

#[inline(always)]
pub(crate) fn exp<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    exp_nonpos(x.at_most(T::EXP_MAX))
}

#[inline(always)]
pub(crate) fn exp_nonpos<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let x = reduce(x.at_least(T::EXP_MIN));
    scale((x.q + x.r) + Fx::lit(1.0), x.t)
}

/// `y exp(x)`, which leaves the numbers only where the product does: the exponential is never there as a whole.
#[inline(always)]
pub(crate) fn exp_times<T: Float, const FUSED: bool>(x: Fx<T, FUSED>, y: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let Reduced { t, k, r, q } = reduce(x.at_least(-T::EXP_TIMES_MAX).at_most(T::EXP_TIMES_MAX));
    // 2^k in three factors. The first stands before y: what follows then takes the product one way, up or down.
    let third = k.mul_add(Fx::lit(1.0 / 3.0), Fx::lit(T::MAGIC));
    let (s1, s2) = (pow2(third), Fx::of(T::pow2_less(t.get(), third.get())));
    ((q + r) + Fx::lit(1.0)) * s1 * y * s1 * s2
}

#[inline(always)]
pub(crate) fn expm1<T: Float, const FUSED: bool>(x: Fx<T, FUSED>) -> Fx<T, FUSED> {
    let (one, magic) = (Fx::lit(1.0), Fx::lit(T::MAGIC));
    let Reduced { k, r, q, .. } = reduce(x.at_least(T::EXPM1_MIN).at_most(T::EXP_MAX));
    let p = q + r;
    let t1 = k.mul_add(Fx::lit(0.5), magic);
    let t2 = (k - (t1 - magic)) + magic;
    let (s1, s2) = (pow2(t1), pow2(t2));
    // 2^k (p + 1) - 1 = 2^k p + (2^k - 1)
    let s = s1 * s2;
    let small = s.mul_add(p, s - one);
    let big = (p + one) * s1 * s2;
    let y = Fx::select(x > Fx::lit(40.0), big, small);
    Fx::select(x == Fx::lit(0.0), x, y)
}
