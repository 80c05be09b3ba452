//! Numbers that are wide enough to evaluate a naive formula as it stands: a double-double (about 32 digits)
//! whose halves have exponents of their own, so that nothing overflows, nothing underflows, and `1 - tiny`
//! still knows the tiny part.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `m * 2^e`, with `m` in [1, 2) up to its sign and `e` whole; or zero or not finite, and then `e` is 0.
#[derive(Clone, Copy, Debug)]
struct Part {
    m: f64,
    e: f64,
}

const ZERO: Part = Part { m: 0.0, e: 0.0 };

impl Part {
    fn new(m: f64, e: f64) -> Part {
        if m == 0.0 || !m.is_finite() {
            return Part { m, e: 0.0 };
        }
        let (m, e) = if m.is_subnormal() { (m * 2f64.powi(64), e - 64.0) } else { (m, e) };
        let exponent = ((m.to_bits() >> 52) & 0x7ff) as f64 - 1023.0;
        Part { m: f64::from_bits((m.to_bits() & !(0x7ff << 52)) | (1023 << 52)), e: e + exponent }
    }

    fn finite(self) -> bool {
        self.m.is_finite()
    }

    /// The f64 nearest to it.
    fn round(self) -> f64 {
        if self.m == 0.0 || !self.finite() || self.e == 0.0 {
            return self.m;
        }
        let e = self.e.clamp(-1200.0, 1200.0) as i32;
        // In two steps, because neither factor may leave the finite numbers by itself.
        self.m * 2f64.powi(e / 2) * 2f64.powi(e - e / 2)
    }

    /// The sum, rounded, and what rounding took away.
    fn sum(self, other: Part) -> (Part, Part) {
        if !(self.finite() && other.finite()) {
            return (Part::new(self.m + other.m, 0.0), ZERO);
        }
        if self.m == 0.0 || other.m == 0.0 {
            return (if self.m == 0.0 { other } else { self }, ZERO);
        }
        let (big, small) = if self.e >= other.e { (self, other) } else { (other, self) };
        if big.e - small.e > 900.0 {
            return (big, small);
        }
        let (a, b) = (big.m, small.m * 2f64.powi((small.e - big.e) as i32));
        let s = a + b;
        let t = s - a;
        (Part::new(s, big.e), Part::new((a - (s - t)) + (b - t), big.e))
    }

    /// The product, rounded, and what rounding took away.
    fn product(self, other: Part) -> (Part, Part) {
        let p = self.m * other.m;
        if p == 0.0 || !p.is_finite() {
            return (Part::new(p, 0.0), ZERO);
        }
        let e = self.e + other.e;
        (Part::new(p, e), Part::new(self.m.mul_add(other.m, -p), e))
    }
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Wide {
    hi: Part,
    lo: Part,
}

impl Wide {
    pub const ZERO: Wide = Wide { hi: ZERO, lo: ZERO };
    pub const ONE: Wide = Wide { hi: Part { m: 1.0, e: 0.0 }, lo: ZERO };

    pub fn new(x: f64) -> Wide {
        Wide { hi: Part::new(x, 0.0), lo: ZERO }
    }

    /// The f64 nearest to it; infinite where none is.
    pub fn round(self) -> f64 {
        let hi = self.hi.round();
        if hi.is_finite() { hi + self.lo.round() } else { hi }
    }

    fn renormed(hi: Part, lo: Part) -> Wide {
        let (hi, lo) = hi.sum(lo);
        Wide { hi, lo }
    }

    fn scaled(self, power: f64) -> Wide {
        let scale = |p: Part| if p.m == 0.0 || !p.finite() { p } else { Part { m: p.m, e: p.e + power } };
        Wide { hi: scale(self.hi), lo: scale(self.lo) }
    }

    pub fn is_zero(self) -> bool {
        self.hi.m == 0.0
    }

    pub fn is_nan(self) -> bool {
        self.hi.m.is_nan()
    }

    pub fn is_finite(self) -> bool {
        self.hi.finite()
    }

    pub fn abs(self) -> Wide {
        if self.hi.m < 0.0 { -self } else { self }
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> Wide {
        if self.is_nan() || self.is_zero() { self } else { Wide::new(self.hi.m.signum()) }
    }

    pub fn exp(self) -> Wide {
        let x = self.round();
        if x.is_nan() {
            return self;
        }
        if x.is_infinite() {
            return if x > 0.0 { self } else { Wide::ZERO };
        }
        let k = (x / std::f64::consts::LN_2).round();
        if k.abs() > 1e15 {
            // The digits are past knowing; the exponent gives back `x`.
            return Wide::ONE.scaled(k);
        }
        let r = (self - Wide::new(k) * ln_2()).scaled(-6.0);
        // exp(r) - 1 by its series, then (1 + s)^2 - 1 = 2s + s^2 six times.
        let mut s = Wide::ONE;
        for n in (2..=14).rev() {
            s = Wide::ONE + r * s / Wide::new(f64::from(n));
        }
        s = r * s;
        for _ in 0..6 {
            s = s.scaled(1.0) + s * s;
        }
        (Wide::ONE + s).scaled(k)
    }

    pub fn ln(self) -> Wide {
        if self.is_nan() || self.hi.m < 0.0 {
            return Wide::new(f64::NAN);
        }
        if self.is_zero() || !self.is_finite() {
            return Wide::new(if self.is_zero() { f64::NEG_INFINITY } else { f64::INFINITY });
        }
        let guess = if self.hi.e.abs() < 1000.0 {
            Wide::new(self.hi.round().ln())
        } else {
            Wide::new(self.hi.m.ln()) + Wide::new(self.hi.e) * ln_2()
        };
        if self.hi.e.abs() > 1e15 { guess } else { guess + (self * (-guess).exp() - Wide::ONE) }
    }

    pub fn sqrt(self) -> Wide {
        if self.is_nan() || self.is_zero() || self.hi.m < 0.0 || !self.is_finite() {
            return Wide::new(self.hi.m.sqrt());
        }
        let half = (self.hi.e / 2.0).floor();
        let x = self.scaled(-2.0 * half);
        let guess = Wide::new(x.hi.round().sqrt());
        (guess + (x - guess * guess) / guess.scaled(1.0)).scaled(half)
    }

    /// The error function, by its series; the terms cancel, but 32 digits can afford that.
    pub fn erf(self) -> Wide {
        if self.abs() > Wide::new(6.0) || self.is_nan() {
            return self.sign();
        }
        let square = self * self;
        let (mut term, mut sum) = (self, self);
        for n in 1..200 {
            term = -(term * square) / Wide::new(f64::from(n));
            sum = sum + term / Wide::new(f64::from(2 * n + 1));
        }
        sum.scaled(1.0) / pi().sqrt()
    }
}

/// ln 2 to 32 digits.
fn ln_2() -> Wide {
    Wide::renormed(Part::new(std::f64::consts::LN_2, 0.0), Part::new(2.319_046_813_846_299_6e-17, 0.0))
}

/// pi to 32 digits.
fn pi() -> Wide {
    Wide::renormed(Part::new(std::f64::consts::PI, 0.0), Part::new(1.224_646_799_147_353_2e-16, 0.0))
}

impl Neg for Wide {
    type Output = Wide;
    fn neg(self) -> Wide {
        let flip = |p: Part| Part { m: -p.m, e: p.e };
        Wide { hi: flip(self.hi), lo: flip(self.lo) }
    }
}

impl Add for Wide {
    type Output = Wide;
    fn add(self, other: Wide) -> Wide {
        let (s, e) = self.hi.sum(other.hi);
        if !s.finite() {
            return Wide { hi: s, lo: ZERO };
        }
        let (t, f) = self.lo.sum(other.lo);
        let first = Wide::renormed(s, e.sum(t).0);
        Wide::renormed(first.hi, first.lo.sum(f).0)
    }
}

impl Sub for Wide {
    type Output = Wide;
    fn sub(self, other: Wide) -> Wide {
        self + -other
    }
}

impl Mul for Wide {
    type Output = Wide;
    fn mul(self, other: Wide) -> Wide {
        let (p, e) = self.hi.product(other.hi);
        if p.m == 0.0 || !p.finite() {
            return Wide { hi: p, lo: ZERO };
        }
        let cross = self.hi.product(other.lo).0.sum(self.lo.product(other.hi).0).0;
        Wide::renormed(p, e.sum(cross).0)
    }
}

impl Div for Wide {
    type Output = Wide;
    fn div(self, other: Wide) -> Wide {
        let quotient = |a: Part, b: Part| Wide { hi: Part::new(a.m / b.m, a.e - b.e), lo: ZERO };
        let first = quotient(self.hi, other.hi);
        if !first.is_finite() || !other.is_finite() || first.is_zero() {
            return first;
        }
        let rest = self - first * other;
        let second = quotient(rest.hi, other.hi);
        let third = quotient((rest - second * other).hi, other.hi);
        first + second + third
    }
}

impl PartialEq for Wide {
    fn eq(&self, other: &Wide) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Wide) -> Option<Ordering> {
        if self.is_finite() && other.is_finite() {
            (*self - *other).hi.m.partial_cmp(&0.0)
        } else {
            // A finite number's first part orders it against an infinite one.
            self.hi.m.partial_cmp(&other.hi.m)
        }
    }
}
