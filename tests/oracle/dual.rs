//! Forward mode: a value with its slopes, and the oracle's own table of functions.

use super::wide::Wide;

/// A value and its derivative with respect to each element of the inputs, by number; an element that it does not
/// depend on at all is not among them, so that `0 * inf` never arises from something that is constant.
#[derive(Clone, Debug)]
pub struct Dual {
    pub value: Wide,
    /// In the order of the elements' numbers.
    pub slopes: Vec<(usize, Wide)>,
    /// A product one factor of which is `log(0)`: times zero, it is zero in value and slope.
    log_of_zero: bool,
}

impl Dual {
    pub fn constant(value: Wide) -> Dual {
        Dual { value, slopes: Vec::new(), log_of_zero: false }
    }

    pub fn number(x: f64) -> Dual {
        Dual::constant(Wide::new(x))
    }

    /// 1 where something holds, else 0.
    pub fn truth(x: bool) -> Dual {
        Dual::number(f64::from(u8::from(x)))
    }

    /// The element of an input that has this number.
    pub fn variable(value: Wide, element: usize) -> Dual {
        Dual { slopes: vec![(element, Wide::ONE)], ..Dual::constant(value) }
    }

    /// A value of which nothing but the number counts.
    pub fn plain(mut self) -> Dual {
        self.log_of_zero = false;
        self
    }

    /// Another value with the same slopes.
    pub fn with_value(mut self, value: Wide) -> Dual {
        self.value = value;
        self.plain()
    }

    pub fn is_true(&self) -> bool {
        !self.value.is_zero()
    }

    /// The slope in the element that has this number.
    pub fn slope(&self, element: usize) -> Wide {
        let found = self.slopes.binary_search_by_key(&element, |(of, _)| *of);
        found.map_or(Wide::ZERO, |at| self.slopes[at].1)
    }

    /// The chain rule: a value with its partial derivative in each argument.
    pub fn chain<'a>(value: Wide, parts: impl IntoIterator<Item = (Wide, &'a Dual)>) -> Dual {
        let mut terms: Vec<(usize, Wide)> = Vec::new();
        for (partial, of) in parts {
            terms.extend(of.slopes.iter().map(|(element, slope)| (*element, partial * *slope)));
        }
        terms.sort_by_key(|(element, _)| *element);
        terms.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.1 = earlier.1 + later.1;
            }
            same
        });
        Dual { value, slopes: terms, log_of_zero: false }
    }

    fn zero() -> Dual {
        Dual::constant(Wide::ZERO)
    }

    pub fn neg(&self) -> Dual {
        Dual { log_of_zero: self.log_of_zero, ..Dual::chain(-self.value, [(-Wide::ONE, self)]) }
    }

    pub fn add(&self, other: &Dual) -> Dual {
        Dual::chain(self.value + other.value, [(Wide::ONE, self), (Wide::ONE, other)])
    }

    pub fn sub(&self, other: &Dual) -> Dual {
        Dual::chain(self.value - other.value, [(Wide::ONE, self), (-Wide::ONE, other)])
    }

    pub fn mul(&self, other: &Dual) -> Dual {
        if (self.log_of_zero && other.value.is_zero()) || (other.log_of_zero && self.value.is_zero()) {
            return Dual::zero();
        }
        let log_of_zero = self.log_of_zero || other.log_of_zero;
        Dual {
            log_of_zero,
            ..Dual::chain(self.value * other.value, [(other.value, self), (self.value, other)])
        }
    }

    pub fn div(&self, other: &Dual) -> Dual {
        let infinite = !other.value.is_finite() && !other.value.is_nan();
        if self.log_of_zero && infinite {
            return Dual::zero();
        }
        let value = self.value / other.value;
        let parts = [(Wide::ONE / other.value, self), (-value / other.value, other)];
        Dual { log_of_zero: self.log_of_zero, ..Dual::chain(value, parts) }
    }

    pub fn pow(&self, power: &Dual) -> Dual {
        let (x, n) = (self.value, power.value);
        let value = raise(x, n);
        let in_base = if n.is_zero() { Wide::ZERO } else { n * raise(x, n - Wide::ONE) };
        let in_power = if x.is_zero() && n > Wide::ZERO { Wide::ZERO } else { value * x.ln() };
        Dual::chain(value, [(in_base, self), (in_power, power)])
    }

    /// The larger (`sign` 1) or the smaller (`sign` -1) of two; equals share the slope.
    fn extreme(&self, other: &Dual, sign: f64) -> Dual {
        let (a, b) = (self.value, other.value);
        if a.is_nan() || b.is_nan() {
            let nan = Wide::new(f64::NAN);
            return Dual::chain(nan, [(nan, self), (nan, other)]);
        }
        let share = if a == b {
            Wide::new(0.5)
        } else {
            Wide::new(f64::from(u8::from((Wide::new(sign) * (a - b)) > Wide::ZERO)))
        };
        let value = if share.is_zero() { b } else { a };
        Dual::chain(value, [(share, self), (Wide::ONE - share, other)])
    }

    /// A built-in function of the language, or `None` where there is none of this name and arity.
    pub fn call(name: &str, arguments: &[Dual]) -> Option<Dual> {
        match arguments {
            [x] => Dual::call_one(name, x),
            [x, y] => match name {
                "max" => Some(x.extreme(y, 1.0)),
                "min" => Some(x.extreme(y, -1.0)),
                "pow" => Some(x.pow(y)),
                "xlogy" => Some(x.mul(&Dual::call_one("log", y)?).plain()),
                _ => None,
            },
            [x, low, high] if name == "clamp" => Some(clamp(x, low, high)),
            _ => None,
        }
    }

    fn call_one(name: &str, x: &Dual) -> Option<Dual> {
        let v = x.value;
        let (one, two) = (Wide::ONE, Wide::new(2.0));
        let by_f64 = |f: fn(f64) -> f64| Wide::new(f(v.round()));
        let sigmoid = |v: Wide| one / (one + (-v).exp());
        let (value, slope) = match name {
            "abs" => (v.abs(), v.sign()),
            "sign" => (v.sign(), Wide::ZERO),
            "relu" if v > Wide::ZERO => (v, one),
            // A branch: what it cuts off reaches no slope, be it nan or infinite.
            "relu" => return Some(Dual::constant(if v.is_nan() { v } else { Wide::ZERO })),
            "exp" => (v.exp(), v.exp()),
            "expm1" => (v.exp() - one, v.exp()),
            "log" => (v.ln(), one / v),
            "log1p" => ((one + v).ln(), one / (one + v)),
            "sqrt" => (v.sqrt(), one / (two * v.sqrt())),
            "sigmoid" => (sigmoid(v), sigmoid(v) * sigmoid(-v)),
            "log_sigmoid" => (sigmoid(v).ln(), sigmoid(-v)),
            "softplus" => ((one + v.exp()).ln(), sigmoid(v)),
            "tanh" => {
                let t = two * sigmoid(two * v) - one;
                (t, Wide::new(4.0) * sigmoid(two * v) * sigmoid(-two * v))
            }
            "sinh" => ((v.exp() - (-v).exp()) / two, (v.exp() + (-v).exp()) / two),
            "cosh" => ((v.exp() + (-v).exp()) / two, (v.exp() - (-v).exp()) / two),
            "log_cosh" => (((v.exp() + (-v).exp()) / two).ln(), two * sigmoid(two * v) - one),
            "log1mexp" => ((one - v.exp()).ln(), -v.exp() / (one - v.exp())),
            "logit" => ((v / (one - v)).ln(), one / (v * (one - v))),
            "tan" => (by_f64(f64::tan), by_f64(|x| 1.0 + x.tan() * x.tan())),
            "erf" => (v.erf(), two / Wide::new(std::f64::consts::PI).sqrt() * (-(v * v)).exp()),
            "sin" => (by_f64(f64::sin), by_f64(f64::cos)),
            "cos" => (by_f64(f64::cos), -by_f64(f64::sin)),
            "atan" => (by_f64(f64::atan), one / (one + v * v)),
            _ => return None,
        };
        let log_of_zero = matches!(name, "log" | "log1p" | "log_sigmoid") && value < Wide::new(f64::MIN);
        Some(Dual { log_of_zero, ..Dual::chain(value, [(slope, x)]) })
    }
}

/// 1 strictly inside, 0 at the ends and outside, where the bound that holds has the slope.
fn clamp(x: &Dual, low: &Dual, high: &Dual) -> Dual {
    let (v, l, h) = (x.value, low.value, high.value);
    let pass = |on: bool| if on { Wide::ONE } else { Wide::ZERO };
    let value = if v < l {
        l
    } else if v > h {
        h
    } else {
        v
    };
    Dual::chain(value, [(pass(v > l && v < h), x), (pass(v < l), low), (pass(v > h), high)])
}

/// `x^n`: by multiplication where `n` is a small whole number.
fn raise(x: Wide, n: Wide) -> Wide {
    let power = n.round();
    if power.fract() == 0.0 && power.abs() <= 64.0 {
        let product = (0..power.abs() as u32).fold(Wide::ONE, |p, _| p * x);
        return if power < 0.0 { Wide::ONE / product } else { product };
    }
    (n * x.ln()).exp()
}
