//! Numbers of about 106 bits, as unevaluated sums of two f64: the reference for the math in f64.
//!
//! Sums and products are accurate to about 2^-102, exp and log to about 2^-97: a reference value is wrong
//! by less than 2^-40 units in the last place of an f64. Subnormal parts lose that: see `oracle`.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `.0 + .1`, with `.1` at most half a unit in the last place of `.0`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Double(pub(crate) f64, pub(crate) f64);

/// log 2.
pub(crate) const LN_2: Double = Double(std::f64::consts::LN_2, 2.3190468138462996e-17);
/// 2 / sqrt(pi).
pub(crate) const TWO_OVER_SQRT_PI: Double = Double(std::f64::consts::FRAC_2_SQRT_PI, 1.533545961316588e-17);

fn quick_sum(a: f64, b: f64) -> Double {
    let s = a + b;
    Double(s, b - (s - a))
}

fn sum(a: f64, b: f64) -> Double {
    let s = a + b;
    let t = s - a;
    Double(s, (a - (s - t)) + (b - t))
}

impl From<f64> for Double {
    fn from(x: f64) -> Self {
        Double(x, 0.0)
    }
}

impl Neg for Double {
    type Output = Self;

    fn neg(self) -> Self {
        Double(-self.0, -self.1)
    }
}

impl Add for Double {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (s, t) = (sum(self.0, other.0), sum(self.1, other.1));
        let s = quick_sum(s.0, s.1 + t.0);
        quick_sum(s.0, s.1 + t.1)
    }
}

impl Sub for Double {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Double {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let p = self.0 * other.0;
        let low = self.0.mul_add(other.0, -p);
        quick_sum(p, low + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Div for Double {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let a = self.0 / other.0;
        let rest = self - other * a.into();
        let b = rest.0 / other.0;
        let rest = rest - other * b.into();
        quick_sum(a, b) + (rest.0 / other.0).into()
    }
}

impl Double {
    /// `self * 2^k`, for k of any size.
    pub(crate) fn scale(self, k: i32) -> Self {
        let (a, b) = (2f64.powi(k / 2), 2f64.powi(k - k / 2));
        Double(self.0 * a * b, self.1 * a * b)
    }

    /// `exp(self) - 1` for |self| < 0.4, by its series.
    fn small_expm1(self) -> Self {
        let mut y = Double::from(0.0);
        for n in (2..30).rev() {
            y = (y + 1.0.into()) * self / f64::from(n).into();
        }
        self + self * y
    }

    /// `exp(self) * 2^shift`.
    pub(crate) fn exp_scaled(self, shift: i32) -> Self {
        let k = (self.0 * std::f64::consts::LOG2_E).round();
        let r = self - LN_2 * k.into();
        (Double::from(1.0) + r.small_expm1()).scale(k as i32 + shift)
    }

    /// `exp(self)`.
    pub(crate) fn exp(self) -> Self {
        self.exp_scaled(0)
    }

    /// `exp(self) - 1`.
    pub(crate) fn expm1(self) -> Self {
        if self.0.abs() < 0.4 { self.small_expm1() } else { self.exp() - 1.0.into() }
    }

    /// `log(1 + self)`.
    pub(crate) fn log1p(self) -> Self {
        if self.0.abs() > 0.5 {
            return (self + 1.0.into()).log();
        }
        // A Newton step from the f64 result, whose square error is added too.
        let y = Double::from(self.0.ln_1p());
        let e = y.expm1();
        let d = (self - e) / (e + 1.0.into());
        y + d - d * d * 0.5.into()
    }

    /// `log(self)`.
    pub(crate) fn log(self) -> Self {
        if 0.7 < self.0 && self.0 < 1.4 {
            return (self - 1.0.into()).log1p();
        }
        let shift = if self.0 < 1e-290 { 200 } else { 0 };
        let k = self.scale(shift).0.log2().round() as i32 - shift;
        LN_2 * f64::from(k).into() + (self.scale(-k) - 1.0.into()).log1p()
    }

    /// `erf(self)` by its series without cancellation, for 0 <= self <= 7.
    pub(crate) fn erf(self) -> Self {
        // 2 / sqrt(pi) exp(-x^2) (x + 2/3 x^3 + 4/15 x^5 + ...)
        let z = self * self;
        let (mut term, mut total, mut n) = (self, self, 1.0);
        while term.0 > total.0 * 1e-34 {
            n += 2.0;
            term = term * z * 2.0.into() / Double::from(n);
            total = total + term;
        }
        TWO_OVER_SQRT_PI * total * (-z).exp()
    }
}
