//! Numbers that are wide enough to evaluate a naive formula as it stands: the sum of two numbers of 256 bits,
//! each with an exponent of its own that has no bounds. So nothing overflows or underflows, and `1 - tiny` still
//! knows the tiny part, however tiny it is.
//!
//! In come and out go numbers of the machine. Infinities and NaN are kept apart and follow IEEE 754; there is one
//! zero, without a sign, and a number divided by it is infinite with the sign of the number.

mod functions;
mod part;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use dashu_base::{BitTest, UnsignedAbs};
use dashu_float::FBig;
use dashu_float::round::mode::HalfEven;
use dashu_int::{IBig, UBig};
pub use functions::pi;
use part::{BITS, Part};

/// See the module.
#[derive(Clone, Debug)]
pub enum Wide {
    /// Not a number.
    Nan,
    /// Infinite, and whether below 0.
    Infinite(bool),
    /// `hi + lo`, with `hi` the nearest number of 256 bits.
    Finite(Pair),
}

/// Two parts, the second below the last bit of the first.
#[derive(Clone, Debug)]
pub struct Pair {
    hi: Part,
    lo: Part,
}

impl Wide {
    /// A number of the machine, exactly.
    pub fn new(x: f64) -> Wide {
        if x.is_nan() {
            Wide::Nan
        } else if x.is_infinite() {
            Wide::Infinite(x < 0.0)
        } else {
            Wide::part(Part::from_f64(x))
        }
    }

    /// 0.
    pub fn zero() -> Wide {
        Wide::part(Part::zero())
    }

    /// 1.
    pub fn one() -> Wide {
        Wide::new(1.0)
    }

    fn part(hi: Part) -> Wide {
        Wide::Finite(Pair { hi, lo: Part::zero() })
    }

    fn renormed(hi: &Part, lo: &Part) -> Wide {
        let (hi, lo) = hi.sum(lo);
        Wide::Finite(Pair { hi, lo })
    }

    /// The nearest f64; infinite beyond the largest.
    pub fn to_f64(&self) -> f64 {
        self.near(53, -1022)
    }

    /// The nearest f32; infinite beyond the largest.
    pub fn to_f32(&self) -> f32 {
        self.near(24, -126) as f32
    }

    /// The nearest number of so many bits whose exponent is at least `least`, but for those too small for that, which
    /// have fewer; half way between two, the even one.
    fn near(&self, bits: i64, least: i64) -> f64 {
        let pair = match self {
            Wide::Nan => return f64::NAN,
            Wide::Infinite(below) => return if *below { f64::NEG_INFINITY } else { f64::INFINITY },
            Wide::Finite(pair) => pair,
        };
        if pair.hi.is_zero() {
            return 0.0;
        }
        let sign = if pair.hi.is_negative() { -1.0 } else { 1.0 };
        match pair.hi.exponent() {
            e if e > 1100 => return sign * f64::INFINITY,
            e if e < -1200 => return sign * 0.0,
            _ => {}
        }
        let big = self.big(2 * BITS + 64).expect("a finite number").into_repr();
        let (size, low) = (big.significand().unsigned_abs(), big.exponent() as i64);
        let top = low + size.bit_len() as i64 - 1;
        let last = top.max(least) - bits + 1;
        let whole = match usize::try_from(last - low) {
            Err(_) => size << (low - last) as usize,
            Ok(cut) => {
                let (floor, twice) = (&size >> cut, (&size - (&size >> cut << cut)) << 1);
                let unit = UBig::ONE << cut;
                let up = twice > unit || (twice == unit && floor.bit(0));
                floor + UBig::from(u8::from(up))
            }
        };
        let whole = u64::try_from(whole).expect("no more bits than the format has") as f64;
        // In two steps, because the power alone may not be a number.
        let power = |e: i64| 2f64.powi(e as i32);
        sign * whole * power(last / 2) * power(last - last / 2)
    }

    /// The sum of both parts in the library's own form, in this many bits; `None` where its exponent is beyond
    /// that, or where it is not finite.
    fn big(&self, bits: usize) -> Option<FBig<HalfEven, 2>> {
        let Wide::Finite(Pair { hi, lo }) = self else { return None };
        let big = hi.big()?.with_precision(bits).value();
        // A part too small to have an exponent there is below the last bit anyhow.
        Some(match lo.big().filter(|_| !lo.is_zero()) {
            Some(lo) => big + lo,
            None => big,
        })
    }

    /// The exponent: the number lies between 2 to it and twice that. `None` for 0 and what is not finite.
    pub fn exponent(&self) -> Option<i64> {
        match self {
            Wide::Finite(pair) if !pair.hi.is_zero() => Some(pair.hi.exponent()),
            _ => None,
        }
    }

    /// Times a power of 2.
    pub fn scaled(&self, power: i64) -> Wide {
        self.scaled_by(&IBig::from(power))
    }

    fn scaled_by(&self, power: &IBig) -> Wide {
        match self {
            Wide::Finite(Pair { hi, lo }) => {
                Wide::Finite(Pair { hi: hi.scaled(power), lo: lo.scaled(power) })
            }
            other => other.clone(),
        }
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        matches!(self, Wide::Finite(pair) if pair.hi.is_zero())
    }

    /// Whether it is not a number.
    pub fn is_nan(&self) -> bool {
        matches!(self, Wide::Nan)
    }

    /// Whether it is finite.
    pub fn is_finite(&self) -> bool {
        matches!(self, Wide::Finite(_))
    }

    /// Whether it is below 0.
    pub fn is_negative(&self) -> bool {
        match self {
            Wide::Nan => false,
            Wide::Infinite(below) => *below,
            Wide::Finite(pair) => pair.hi.is_negative(),
        }
    }

    /// Whether it is above 0.
    pub fn is_positive(&self) -> bool {
        !self.is_nan() && !self.is_zero() && !self.is_negative()
    }

    /// Its distance from 0.
    pub fn abs(&self) -> Wide {
        if self.is_negative() { -self } else { self.clone() }
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> Wide {
        match self {
            Wide::Nan => Wide::Nan,
            x if x.is_zero() => Wide::zero(),
            x => Wide::new(if x.is_negative() { -1.0 } else { 1.0 }),
        }
    }
}

impl Neg for &Wide {
    type Output = Wide;
    fn neg(self) -> Wide {
        match self {
            Wide::Nan => Wide::Nan,
            Wide::Infinite(below) => Wide::Infinite(!below),
            Wide::Finite(Pair { hi, lo }) => Wide::Finite(Pair { hi: hi.negated(), lo: lo.negated() }),
        }
    }
}

impl Add for &Wide {
    type Output = Wide;
    fn add(self, other: &Wide) -> Wide {
        match (self, other) {
            (Wide::Nan, _) | (_, Wide::Nan) => Wide::Nan,
            (Wide::Infinite(a), Wide::Infinite(b)) if a != b => Wide::Nan,
            (Wide::Infinite(below), _) | (_, Wide::Infinite(below)) => Wide::Infinite(*below),
            (Wide::Finite(a), Wide::Finite(b)) => {
                let (s, e) = a.hi.sum(&b.hi);
                let (t, f) = a.lo.sum(&b.lo);
                let (e, g) = e.sum(&t);
                let (hi, lo) = s.sum(&e);
                let (lo, _) = lo.sum(&f.sum(&g).0);
                Wide::renormed(&hi, &lo)
            }
        }
    }
}

impl Sub for &Wide {
    type Output = Wide;
    fn sub(self, other: &Wide) -> Wide {
        self + &-other
    }
}

impl Mul for &Wide {
    type Output = Wide;
    fn mul(self, other: &Wide) -> Wide {
        match (self, other) {
            (Wide::Nan, _) | (_, Wide::Nan) => Wide::Nan,
            (Wide::Infinite(_), x) | (x, Wide::Infinite(_)) if x.is_zero() => Wide::Nan,
            (Wide::Infinite(_), _) | (_, Wide::Infinite(_)) => {
                Wide::Infinite(self.is_negative() != other.is_negative())
            }
            (Wide::Finite(a), Wide::Finite(b)) => {
                let (p, e) = a.hi.product(&b.hi);
                let cross = a.hi.product(&b.lo).0.sum(&a.lo.product(&b.hi).0).0;
                Wide::renormed(&p, &e.sum(&cross).0)
            }
        }
    }
}

impl Div for &Wide {
    type Output = Wide;
    fn div(self, other: &Wide) -> Wide {
        match (self, other) {
            (Wide::Nan, _) | (_, Wide::Nan) | (Wide::Infinite(_), Wide::Infinite(_)) => Wide::Nan,
            (Wide::Infinite(_), _) => Wide::Infinite(self.is_negative() != other.is_negative()),
            (_, Wide::Infinite(_)) => Wide::zero(),
            (_, x) if x.is_zero() => {
                if self.is_zero() {
                    Wide::Nan
                } else {
                    Wide::Infinite(self.is_negative())
                }
            }
            (Wide::Finite(a), Wide::Finite(b)) => {
                let first = Wide::part(a.hi.quotient(&b.hi));
                let rest = self - &(&first * other);
                let second = match &rest {
                    Wide::Finite(rest) => Wide::part(rest.hi.quotient(&b.hi)),
                    _ => Wide::zero(),
                };
                &first + &second
            }
        }
    }
}

impl PartialEq for Wide {
    fn eq(&self, other: &Wide) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Wide) -> Option<Ordering> {
        let side = |x: &Wide| match x {
            Wide::Infinite(true) => -1,
            Wide::Infinite(false) => 1,
            _ => 0,
        };
        match (self, other) {
            (Wide::Nan, _) | (_, Wide::Nan) => None,
            (Wide::Finite(_), Wide::Finite(_)) => {
                let difference = self - other;
                Some(if difference.is_zero() {
                    Ordering::Equal
                } else if difference.is_negative() {
                    Ordering::Less
                } else {
                    Ordering::Greater
                })
            }
            _ => Some(side(self).cmp(&side(other))),
        }
    }
}
