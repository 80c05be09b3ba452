//! The functions of the language in wide numbers, each from its definition.

use dashu_int::IBig;

use super::part::{BITS, Big, Part, context, ln_2, with_constants};
use super::{Pair, Wide};

/// Numbers closer to 0 than 2 to this are their own sine, exponential less 1, and so on, in every bit kept.
const TINY: i64 = -1100;

/// The exponential of a number of more bits is infinite, or 0: an exponential of an exponential that no machine format
/// comes near to, which would take as many bits as its exponent is large.
const HUGE: i64 = 1 << 13;

/// A multiple of a part's bits for sums that cancel on the way.
const MORE: usize = 2 * BITS;

/// pi.
pub fn pi() -> Wide {
    wide(&with_constants(|constants| constants.pi(MORE)).value())
}

/// A number of the library, cut into two parts.
fn wide(big: &Big) -> Wide {
    let hi = big.clone().with_precision(BITS).value();
    let lo = big - &hi;
    Wide::renormed(&Part::new(hi, IBig::ZERO), &Part::new(lo, IBig::ZERO))
}

impl Wide {
    /// The exponential.
    pub fn exp(&self) -> Wide {
        let Wide::Finite(Pair { hi, .. }) = self else {
            return if self.is_negative() { Wide::zero() } else { self.clone() };
        };
        if hi.is_zero() || hi.exponent() < -1 {
            return &Wide::one() + &self.exp_m1_small();
        }
        // x = k ln 2 + r, with as many bits more as k has.
        let bits = BITS + 64 + hi.exponent().unsigned_abs() as usize;
        let Some(x) = self.big(bits).filter(|_| hi.exponent() <= HUGE) else {
            return if self.is_negative() { Wide::zero() } else { Wide::Infinite(false) };
        };
        let ln_2 = ln_2(bits);
        let k = (&x / &ln_2).round().to_int().value();
        let r = wide(&(x - Big::from(k.clone()).with_precision(bits).value() * ln_2));
        (&Wide::one() + &r.exp_m1_small()).scaled_by(&k)
    }

    /// `exp(x) - 1` where `x` lies between -1 and 1.
    pub(super) fn exp_m1_small(&self) -> Wide {
        let Wide::Finite(Pair { hi, lo }) = self else { return Wide::Nan };
        if hi.is_zero() || hi.exponent() < TINY {
            // The square is 1100 bits below.
            return self + &(self * self).scaled(-1);
        }
        let x = hi.big().expect("an exponent that is not tiny");
        let rise = with_constants(|constants| context(BITS).exp_m1(x.repr(), Some(constants)));
        let rise = Wide::part(Part::new(rise.expect("finite").value(), IBig::ZERO));
        let rest = Wide::part(lo.clone());
        &rise + &(&rest * &(&Wide::one() + &rise))
    }

    /// The natural logarithm.
    pub fn ln(&self) -> Wide {
        let Wide::Finite(Pair { hi, lo }) = self else {
            return if self.is_negative() { Wide::Nan } else { self.clone() };
        };
        if hi.is_zero() {
            return Wide::Infinite(true);
        }
        if hi.is_negative() {
            return Wide::Nan;
        }
        let beyond = self - &Wide::one();
        if beyond.is_zero() || beyond.exponent().is_some_and(|e| e < -1) {
            return beyond.ln_1p_small();
        }
        let log = with_constants(|constants| context(BITS).ln(hi.m.repr(), Some(constants)));
        let log = Wide::part(Part::new(log.expect("finite").value(), IBig::ZERO));
        let bits = MORE + hi.e.to_string().len() * 4;
        let e = Big::from(hi.e.clone()).with_precision(bits).value();
        let scale = wide(&(e * ln_2(bits)));
        &(&log + &scale) + &Wide::part(lo.quotient(hi))
    }

    /// `log(1 + x)` where `x` lies between -1/2 and 1/2.
    pub(super) fn ln_1p_small(&self) -> Wide {
        let Wide::Finite(Pair { hi, lo }) = self else { return Wide::Nan };
        if hi.is_zero() || hi.exponent() < TINY {
            return self - &(self * self).scaled(-1);
        }
        let x = hi.big().expect("an exponent that is not tiny");
        let log = with_constants(|constants| context(BITS).ln_1p(x.repr(), Some(constants)));
        let log = Wide::part(Part::new(log.expect("finite").value(), IBig::ZERO));
        &log + &(&Wide::part(lo.clone()) / &(&Wide::one() + &Wide::part(hi.clone())))
    }

    /// The square root.
    pub fn sqrt(&self) -> Wide {
        let Wide::Finite(Pair { hi, .. }) = self else {
            return if self.is_negative() { Wide::Nan } else { self.clone() };
        };
        if hi.is_zero() || hi.is_negative() {
            return if hi.is_zero() { Wide::zero() } else { Wide::Nan };
        }
        let odd = &hi.e % 2i32 != 0;
        let e = if odd { &hi.e - IBig::ONE } else { hi.e.clone() };
        let m = if odd { hi.m.clone() << 1 } else { hi.m.clone() };
        let root = context(BITS).sqrt(m.repr()).expect("finite").value();
        let root = Wide::part(Part::new(root, e / IBig::from(2)));
        let rest = self - &(&root * &root);
        &root + &(&rest / &root.scaled(1))
    }

    /// This number to the power of another: real where the base is above 0 or the power is whole.
    pub fn pow(&self, power: &Wide) -> Wide {
        if power.is_zero() || *self == Wide::one() {
            return Wide::one();
        }
        if let Some(n) = power.whole().filter(|n| n.abs() <= 64) {
            let product = (0..n.abs()).fold(Wide::one(), |product, _| &product * self);
            return if n < 0 { &Wide::one() / &product } else { product };
        }
        if self.is_nan() || power.is_nan() {
            return Wide::Nan;
        }
        let size = (power * &self.abs().ln()).exp();
        match self.is_negative() {
            false => size,
            // An infinite base takes any power; a finite one below 0 only a whole one.
            true if !self.is_finite() => size,
            true => match power.whole() {
                Some(n) if n % 2 == 0 => size,
                Some(_) => -&size,
                // Beyond 2^63 every f64 is whole and even.
                None if power.exponent().is_none_or(|e| e >= 62) => size,
                None => Wide::Nan,
            },
        }
    }

    /// The whole number that it is, if it is a small one.
    fn whole(&self) -> Option<i64> {
        let Wide::Finite(Pair { hi, lo }) = self else { return None };
        if hi.is_zero() {
            return Some(0);
        }
        let near = self.to_f64();
        (lo.is_zero() && near.abs() < 9e18 && near.fract() == 0.0 && *self == Wide::new(near))
            .then_some(near as i64)
    }

    /// `1 / (1 + exp(-x))`.
    pub fn sigmoid(&self) -> Wide {
        &Wide::one() / &(&Wide::one() + &(-self).exp())
    }

    /// `log(1 + exp(x))`.
    pub fn softplus(&self) -> Wide {
        (&Wide::one() + &self.exp()).ln()
    }

    /// The hyperbolic sine.
    pub fn sinh(&self) -> Wide {
        if !self.is_finite() {
            return self.clone();
        }
        (&self.exp() - &(-self).exp()).scaled(-1)
    }

    /// The hyperbolic cosine, as `1 + 2 sinh(x / 2)^2`, which keeps the digits near 0.
    pub fn cosh(&self) -> Wide {
        let half = self.scaled(-1).sinh();
        &Wide::one() + &(&half * &half).scaled(1)
    }

    /// The hyperbolic tangent.
    pub fn tanh(&self) -> Wide {
        let size = self.abs();
        let fall = &(-&size.scaled(1)).exp() - &Wide::one();
        let value = &-&fall / &(&Wide::new(2.0) + &fall);
        if self.is_negative() { -&value } else { value }
    }

    /// The error function: its series, or from 6 on the continued fraction of its complement.
    pub fn erf(&self) -> Wide {
        if self.is_nan() || self.is_zero() {
            return self.clone();
        }
        let size = self.abs();
        let value = match size.exponent() {
            Some(e) if e < TINY => size.scaled(1).over_root_pi(),
            Some(_) if size < Wide::new(6.0) => erf_series(&size),
            Some(e) if e < 40 => &Wide::one() - &erfc_fraction(&size),
            _ => &Wide::one() - &(-&(&size * &size)).exp(),
        };
        if self.is_negative() { -&value } else { value }
    }

    fn over_root_pi(&self) -> Wide {
        self / &pi().sqrt()
    }

    /// Sine.
    pub fn sin(&self) -> Wide {
        self.circular(|x| with_constants(|constants| context(BITS).sin(x.repr(), Some(constants))).ok())
    }

    /// Cosine.
    pub fn cos(&self) -> Wide {
        if self.exponent().is_none_or(|e| e < TINY) && self.is_finite() {
            return &Wide::one() - &(self * self).scaled(-1);
        }
        self.circular(|x| with_constants(|constants| context(BITS).cos(x.repr(), Some(constants))).ok())
    }

    /// Tangent.
    pub fn tan(&self) -> Wide {
        self.circular(|x| with_constants(|constants| context(BITS).tan(x.repr(), Some(constants))).ok())
    }

    /// The inverse tangent.
    pub fn atan(&self) -> Wide {
        if let Wide::Infinite(below) = self {
            let quarter = pi().scaled(-1);
            return if *below { -&quarter } else { quarter };
        }
        self.circular(|x| with_constants(|constants| context(BITS).atan(x.repr(), Some(constants))).ok())
    }

    /// A function of the library at a number that is neither tiny, where all of them are `x`, nor infinite.
    fn circular(
        &self,
        f: impl Fn(&Big) -> Option<dashu_base::Approximation<Big, dashu_float::round::Rounding>>,
    ) -> Wide {
        if self.is_finite() && self.exponent().is_none_or(|e| e < TINY) {
            return self.clone();
        }
        match self.big(MORE).and_then(|x| f(&x)) {
            Some(value) => Wide::part(Part::new(value.value(), IBig::ZERO)),
            None => Wide::Nan,
        }
    }
}

/// `2 / sqrt(pi) * sum (-1)^n x^(2n+1) / (n! (2n+1))`; the terms grow to exp(36) at most before they cancel.
fn erf_series(x: &Wide) -> Wide {
    let square = x * x;
    let (mut term, mut sum) = (x.clone(), x.clone());
    let mut n = 1.0;
    while term.exponent().is_some_and(|e| e + MORE as i64 > sum.exponent().unwrap_or(0)) {
        term = &-&(&term * &square) / &Wide::new(n);
        sum = &sum + &(&term / &Wide::new(2.0 * n + 1.0));
        n += 1.0;
    }
    sum.scaled(1).over_root_pi()
}

/// `exp(-x^2) / sqrt(pi) / (x + 1/2 / (x + 2/2 / (x + 3/2 / ...)))`, whose convergents gain about `8 x^2 / n`
/// digits a term.
fn erfc_fraction(x: &Wide) -> Wide {
    let near = x.to_f64();
    let terms = 40 + (40_000.0 / (near * near)).ceil() as u32;
    let tail = (1..terms).rev().fold(Wide::zero(), |below, n| &Wide::new(f64::from(n) / 2.0) / &(x + &below));
    &(-&(x * x)).exp().over_root_pi() / &(x + &tail)
}
