//! `x^y = exp(y log|x|)`, with the special cases of IEEE 754.
//!
//! An error in `y log|x|` is an error of the result many hundred times larger: f32 computes in f64, and f64
//! carries the logarithm in two numbers ([`log_double`]).

use super::exp::{reduce, scale};
use super::{Element, exp, log};
use crate::carrier::Fx;
use crate::real::Real;

type F64<const FUSED: bool> = Fx<f64, FUSED>;

/// x^y in f32.
#[inline(always)]
pub(super) fn narrow<const FUSED: bool>(x: f32, y: f32) -> f32 {
    let (x, y) = (F64::<FUSED>::of(x.into()), F64::of(y.into()));
    let size = exp::exp(y * log::log(x.abs()));
    special_cases(x, y, size).get() as f32
}

/// x^y in f64.
#[inline(always)]
pub(super) fn wide<const FUSED: bool>(x: f64, y: f64) -> f64 {
    let (x, y) = (F64::<FUSED>::of(x), F64::of(y));
    let (zero, one, infinity) = (F64::lit(0.0), F64::lit(1.0), F64::lit(f64::INFINITY));
    let (low, high) = (<f64 as Element>::EXP_MIN, <f64 as Element>::EXP_MAX);
    let a = x.abs();

    let (log, log_low) = log_double(a);
    // Beyond 1e20, the result is 0, 1 or infinite.
    let power = y.at_least(-1e20).at_most(1e20);
    let (p, p_low) = product(power, log);
    let p_low = power.mul_add(log_low, p_low);
    let p_low = F64::select((p > F64::lit(low)) & (p < F64::lit(high)), p_low, zero);
    let parts = reduce(p.at_least(low).at_most(high));
    let q = p_low.mul_add(one + (parts.q + parts.r), parts.q);
    let size = scale((q + parts.r) + one, parts.t);

    let size = F64::select(x.get().is_nan(), x, size);

    // Where log|x| is infinite.
    let at_zero = F64::select(y < zero, infinity, zero);
    let at_infinity = F64::select(y > zero, infinity, zero);
    let edge = F64::select(a == zero, at_zero, at_infinity);
    let has_edge = ((a == zero) | (a == infinity)) & !y.get().is_nan();
    special_cases(x, y, F64::select(has_edge, edge, size)).get()
}

/// x^y from |x|^y.
#[inline(always)]
fn special_cases<const FUSED: bool>(x: F64<FUSED>, y: F64<FUSED>, size: F64<FUSED>) -> F64<FUSED> {
    let (zero, one) = (F64::lit(0.0), F64::lit(1.0));
    let top = F64::lit(4_503_599_627_370_496.0); // 2^52: from here on, all numbers are whole
    let whole = |v: F64<FUSED>| (v >= top) | ((v + top) - top == v);
    let power = y.abs().at_most(9_007_199_254_740_992.0); // 2^53: from here on, all are even
    let is_whole = whole(power);
    let is_odd = is_whole & !whole(power * F64::lit(0.5));
    let value = F64::select(is_odd, size.xor_sign(x), size);
    // Of the negative numbers, -0 and -inf have all powers.
    let has_none = (x < zero) & (x > F64::lit(f64::NEG_INFINITY)) & !is_whole;
    let value = F64::select(has_none & !y.get().is_nan(), F64::lit(f64::NAN), value);
    // 1 to any power, anything to the power of 0 and -1 to an infinite power.
    let is_one = (x == one) | (y == zero) | ((x == -one) & (y.abs() == F64::lit(f64::INFINITY)));
    F64::select(is_one, one, value)
}

/// log(a) for 0 < a < inf as an unevaluated sum of two numbers, with a relative error of about 2^-64.
///
/// With `s = f / (2 + f)`: `k log 2 + 2 s + 2/3 s^3 + s^5 P(s^2)`, all but the last term in two numbers.
#[inline(always)]
fn log_double<const FUSED: bool>(a: F64<FUSED>) -> (F64<FUSED>, F64<FUSED>) {
    let two = F64::lit(2.0);
    let (k, m) = log::split(a);
    let f = m - F64::lit(1.0);
    let u = two + f;
    let u_low = f - (u - two);
    let s = f / u;
    let (su, su_low) = product(s, u);
    let s_low = ((f - su) - su_low - s * u_low) / u;
    // z = s^2, c = s^3, t = 2/3 s^3
    let (z, z_low) = product(s, s);
    let z_low = (s + s).mul_add(s_low, z_low);
    let (c, c_low) = product(s, z);
    let c_low = s.mul_add(z_low, s_low.mul_add(z, c_low));
    let (third, third_low) = (F64::lit(0.666_666_666_666_666_6), F64::lit(3.700_743_415_417_188e-17));
    let (t, t_low) = product(c, third);
    let t_low = c.mul_add(third_low, c_low.mul_add(third, t_low));
    // (log((1 + s) / (1 - s)) - 2 s - 2/3 s^3) / s^5 at z = s^2 for |s| <= 0.1716
    let p = z.horner([
        0.4,
        0.2857142857142937,
        0.22222222221654733,
        0.1818181833565416,
        0.15384594934597917,
        0.13334806212100603,
        0.11706195689881364,
        0.11723603622905411,
    ]);
    let rest = (c * z).mul_add(p, k.mul_add(F64::lit(f64::LN2_LO), (s_low + s_low) + t_low));
    let (sum, sum_low) = add(k * F64::lit(f64::LN2_HI), s + s);
    let (sum, t_low) = add(sum, t);
    add(sum, (sum_low + t_low) + rest)
}

/// `a + b` and its rounding error, exactly, for |a| >= |b| or a = 0.
#[inline(always)]
fn add<const FUSED: bool>(a: F64<FUSED>, b: F64<FUSED>) -> (F64<FUSED>, F64<FUSED>) {
    let sum = a + b;
    (sum, (a - sum) + b)
}

/// `a * b` and its rounding error, exactly.
#[inline(always)]
fn product<const FUSED: bool>(a: F64<FUSED>, b: F64<FUSED>) -> (F64<FUSED>, F64<FUSED>) {
    let p = a * b;
    if FUSED {
        return (p, a.mul_add(b, -p));
    }
    // Dekker's: both factors in halves of 26 bits.
    let halves = |v: F64<FUSED>| {
        let c = v * F64::lit(134_217_729.0); // 2^27 + 1
        let high = c - (c - v);
        (high, v - high)
    };
    let ((a, a_low), (b, b_low)) = (halves(a), halves(b));
    (p, ((a * b - p) + a * b_low + a_low * b) + a_low * b_low)
}
