//! Reference values and the distance to them.
//!
//! For f32: f64 arithmetic with the standard library's exp, log and so on, whose error (a few f64 units) is
//! below 10^-7 units of an f32. For f64: double-double arithmetic, see there.

use crate::double_double::{Double, LN_2, TWO_OVER_SQRT_PI};

/// A reference value, times 2^shift so that its low part is not lost where the value is subnormal or its
/// parts overflow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reference {
    value: Double,
    shift: i32,
}

/// Whether the function is defined to be right at `x`.
pub(crate) fn in_domain(name: &str, x: f64) -> bool {
    match name {
        "exp_nonpos" => x <= 0.0 || x.is_nan(),
        "log1p_unit" => (0.0..=1.0).contains(&x) || x.is_nan(),
        _ => true,
    }
}

/// The value in f64 arithmetic.
pub(crate) fn single(name: &str, x: f64) -> f64 {
    let a = x.abs();
    let softplus = |x: f64| if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() };
    match name {
        "exp" | "exp_nonpos" => x.exp(),
        "expm1" => x.exp_m1(),
        "log" => x.ln(),
        "log1p" | "log1p_unit" => x.ln_1p(),
        "log1mexp" if x > -0.7 => (-x.exp_m1()).ln(),
        "log1mexp" => (-x.exp()).ln_1p(),
        "sigmoid" if x < 0.0 => x.exp() / (1.0 + x.exp()),
        "sigmoid" => 1.0 / (1.0 + (-x).exp()),
        "softplus" => softplus(x),
        "log_sigmoid" => -softplus(-x),
        "logit" if x > 0.4 && x < 0.6 => ((2.0 * x - 1.0) / (1.0 - x)).ln_1p(),
        "logit" => x.ln() - (-x).ln_1p(),
        "tanh" => x.tanh(),
        "sinh" => x.sinh(),
        "cosh" => x.cosh(),
        "log_cosh" if a < 1.0 => (2.0 * (0.5 * x).sinh().powi(2)).ln_1p(),
        "log_cosh" => a + ((-2.0 * a).exp().ln_1p() - std::f64::consts::LN_2),
        "erf" if a > 7.0 => x.signum(),
        "erf" => {
            let (mut term, mut total, mut n) = (x, x, 1.0);
            while term.abs() > total.abs() * 1e-18 {
                n += 2.0;
                term *= 2.0 * x * x / n;
                total += term;
            }
            std::f64::consts::FRAC_2_SQRT_PI * total * (-x * x).exp()
        }
        _ => panic!("no reference for {name}"),
    }
}

/// The value in double-double arithmetic; `None` where the f64 reference is infinite, NaN or exact.
fn double(name: &str, x: f64) -> Option<Reference> {
    let plain = |value: Double| Some(Reference { value, shift: 0 });
    let shifted = |value: Double, shift: i32| Some(Reference { value, shift });
    let one = Double::from(1.0);
    let wide = Double::from(x);
    let a = Double::from(x.abs());
    let signed = |d: Double| if x < 0.0 { -d } else { d };
    // exp(x) and what approaches it: below -600 the difference is out of sight.
    let tail = |x: f64| shifted(Double::from(x.max(-1000.0)).exp_scaled(500), 500);
    let softplus = |x: f64| match x {
        x if x < -600.0 => tail(x),
        x if x > 600.0 => plain(x.into()),
        x => plain(Double::from(x.max(0.0)) + Double::from(-x.abs()).exp().log1p()),
    };
    match name {
        _ if x.is_nan() || x.is_infinite() => None,
        "exp" | "exp_nonpos" | "sigmoid" if x < -600.0 => tail(x),
        "expm1" if x > 709.5 => plain(Double::from(x.min(1000.0)).exp()),
        "exp" | "exp_nonpos" => plain(Double::from(x.min(1000.0)).exp()),
        "expm1" => plain(Double::from(x.max(-1000.0)).expm1()),
        "log" if x > 0.0 => plain(wide.log()),
        "log1p" | "log1p_unit" if x > -1.0 => plain(wide.log1p()),
        "log1mexp" if x >= 0.0 => None,
        "log1mexp" if x < -600.0 => tail(x).map(|r| Reference { value: -r.value, ..r }),
        "log1mexp" if x > -0.7 => plain((-wide.expm1()).log()),
        "log1mexp" => plain((-wide.exp()).log1p()),
        "sigmoid" if x < 0.0 => plain(wide.exp() / (one + wide.exp())),
        "sigmoid" => plain(one / (one + Double::from(-x.min(1000.0)).exp())),
        "softplus" => softplus(x),
        "log_sigmoid" => softplus(-x).map(|r| Reference { value: -r.value, ..r }),
        "logit" if x > 0.0 && x < 1.0 => plain(wide.log() - (-wide).log1p()),
        "logit" => None,
        "tanh" | "sinh" if x.abs() < 1e-100 => plain(wide),
        "tanh" if x.abs() > 50.0 => plain(signed(one)),
        "tanh" => {
            let t = (a + a).expm1();
            plain(signed(t / (t + 2.0.into())))
        }
        "sinh" | "cosh" if x.abs() > 100.0 => {
            let half = Double::from(x.abs().min(1000.0)).exp_scaled(-501);
            shifted(if name == "sinh" { signed(half) } else { half }, -500)
        }
        "sinh" => {
            let t = a.expm1();
            plain(signed((t + t / (t + one)) * 0.5.into()))
        }
        "cosh" => plain((a.exp() + (-a).exp()) * 0.5.into()),
        "log_cosh" if x.abs() < 1e-100 => {
            let a = a.scale(500);
            shifted(a * a * 0.5.into(), 1000)
        }
        "log_cosh" if x.abs() < 1.0 => {
            let t = (a * 0.5.into()).expm1();
            let sinh = (t + t / (t + one)) * 0.5.into();
            plain((sinh * sinh * 2.0.into()).log1p())
        }
        "log_cosh" if x.abs() > 100.0 => plain(a - LN_2),
        "log_cosh" => plain(a - LN_2 + (-(a + a)).exp().log1p()),
        "erf" if x.abs() < 1e-100 => shifted(TWO_OVER_SQRT_PI * wide.scale(500), 500),
        "erf" if x.abs() > 7.0 => plain(signed(one)),
        "erf" => plain(signed(a.erf())),
        _ => None,
    }
}

/// The unit in the last place of an f64, for numbers of `digits` bits whose smallest is `2^smallest`.
fn unit(x: f64, digits: i32, smallest: i32) -> f64 {
    let exponent = (x.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    match (exponent - digits + 1).max(smallest) {
        k if k < -1022 => f64::from_bits(1 << (k + 1074)),
        k => 2f64.powi(k),
    }
}

/// 0 if both are NaN or the same infinity, else infinite.
fn class_error(got: f64, want: f64) -> f64 {
    if got == want || got.is_nan() && want.is_nan() { 0.0 } else { f64::INFINITY }
}

/// The distance of an f32 result from the true value, in units in the last place.
pub(crate) fn error_single(name: &str, x: f32, got: f32) -> f64 {
    let want = single(name, f64::from(x));
    distance_single(want, got)
}

fn distance_single(want: f64, got: f32) -> f64 {
    // Infinity stands for 2^128, the step after the largest number.
    let top = 2f64.powi(128);
    let got = if got.is_infinite() { top.copysign(got.into()) } else { got.into() };
    let want = want.clamp(-top, top);
    if got == want || want.is_nan() || got.is_nan() {
        return class_error(got, want);
    }
    (got - want).abs() / unit(want, 24, -149)
}

/// The distance of an f64 result from the true value, in units in the last place.
pub(crate) fn error_double(name: &str, x: f64, got: f64) -> f64 {
    let Some(want) = double(name, x) else {
        return class_error(got, single(name, x));
    };
    distance_double(want, got)
}

fn distance_double(want: Reference, got: f64) -> f64 {
    let infinite = got.is_infinite();
    if !want.value.0.is_finite() {
        return class_error(got, want.value.0);
    }
    let Double(high, low) = want.value;
    if infinite {
        // Infinity stands for 2^1024, the step after the largest number.
        let (overflow, value) = (2f64.powi(1000), high.abs() * 2f64.powi(-24 - want.shift));
        return ((overflow - value) / 2f64.powi(1000 - 53)).max(0.0);
    }
    let got = got * 2f64.powi(want.shift);
    ((got - high) - low).abs() / unit(high, 53, (-1074 + want.shift).max(-1074))
}

/// The error of `x^y` in f32.
pub(crate) fn pow_error_single(x: f32, y: f32, got: f32) -> f64 {
    distance_single(f64::from(x).powf(y.into()), got)
}

/// The error of `x^y` in f64.
pub(crate) fn pow_error_double(x: f64, y: f64, got: f64) -> f64 {
    // The C library tells signalling NaN apart.
    let rough = if x.is_nan() { f64::NAN.powf(y) } else { x.powf(y) };
    let ordinary = |v: f64| v.is_finite() && v != 0.0;
    if !(ordinary(x) && ordinary(y) && ordinary(rough)) {
        return class_error(got, rough);
    }
    let log = Double::from(x.abs()).log() * y.into();
    let shift = if log.0 < -600.0 { 500 } else { 0 };
    let value = log.exp_scaled(shift);
    distance_double(Reference { value: if rough < 0.0 { -value } else { value }, shift }, got)
}
