//! `y exp(x)` over all pairs for which it is a number, most of them with an exponential that is none.

use crate::double_double::Double;
use lossdef_runtime::carrier::Fx;
use lossdef_runtime::real::{Float, Real};

/// A product whose parts and result are normal numbers: `y = m 2^e`.
struct Pair {
    x: f64,
    m: f64,
    e: i32,
}

/// Pairs whose product has an exponent between two bounds, as has `y`.
fn pairs(largest: f64, low: i32, high: i32) -> Vec<Pair> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut unit = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 12) as f64 * 2f64.powi(-52)
    };
    let mut all = Vec::new();
    while all.len() < 40_000 {
        let x = largest * (2.0 * unit() - 1.0);
        let e = low + (f64::from(high - low) * unit()) as i32;
        let k = (x * std::f64::consts::LOG2_E) as i32;
        if (low + 2..high - 2).contains(&(k + e)) {
            all.push(Pair { x, m: 1.0 + unit(), e });
        }
    }
    all
}

/// The largest error, in units in the last place of numbers of `digits` bits.
fn worst<T: Float, const FUSED: bool>(pairs: &[Pair], digits: i32) -> f64 {
    let mut worst = 0f64;
    for pair in pairs {
        let (x, m) = (T::from_f64(pair.x).to_f64(), T::from_f64(pair.m).to_f64());
        let y = Double::from(m).scale(pair.e).0;
        let got = Fx::<T, FUSED>::of(T::from_f64(x)).exp_times(Fx::of(T::from_f64(y))).get().to_f64();
        let k = (x * std::f64::consts::LOG2_E).round() as i32;
        let want = Double::from(x).exp_scaled(-k) * m.into();
        let got = Double::from(got).scale(-k - pair.e);
        let unit = 2f64.powi(want.0.log2().floor() as i32 - digits + 1);
        worst = worst.max((got - want).0.abs() / unit);
    }
    worst
}

#[test]
fn products_with_an_exponential_are_as_exact_as_the_exponential() {
    let (single, double) = (pairs(190.0, -125, 127), pairs(1450.0, -1021, 1023));
    let errors = [
        worst::<f32, true>(&single, 24),
        worst::<f32, false>(&single, 24),
        worst::<f64, true>(&double, 53),
        worst::<f64, false>(&double, 53),
    ];
    assert!(errors.iter().all(|error| *error <= 1.5), "{errors:?}");
}

fn at<T: Float>(x: f64, y: f64) -> f64 {
    Fx::<T, false>::of(T::from_f64(x)).exp_times(Fx::of(T::from_f64(y))).get().to_f64()
}

#[test]
fn the_ends_are_those_of_the_product() {
    let infinity = f64::INFINITY;
    for x in [0.0, 89.0, 200.0, 800.0, 1e5, 1e30, -89.0, -1e5, -1e30] {
        assert_eq!((at::<f32>(x, 0.0), at::<f64>(x, 0.0)), (0.0, 0.0), "{x}");
        assert!(x < -1000.0 || at::<f64>(x, infinity) == infinity, "{x}");
    }
    for (x, y) in [(193.0, 1e-45), (263.4, 1e-45), (1e10, 1e-45), (89.0, 1.0)] {
        assert_eq!(at::<f32>(x, y), infinity);
    }
    for x in [195.0, 262.0, 263.0, 264.0, 1e10] {
        assert_eq!(at::<f32>(-x, f32::MAX.into()), 0.0);
    }
    for (x, y) in [(1455.0, 5e-324), (2126.5, 5e-324), (1e10, 5e-324), (710.0, 1.0)] {
        assert_eq!(at::<f64>(x, y), infinity);
    }
    for x in [1460.0, 2125.0, 2126.0, 2127.0, 1e10] {
        assert_eq!(at::<f64>(-x, f64::MAX), 0.0);
    }
    // With infinite exponents, it is the product, but 0 for 0.
    for x in [infinity, -infinity, f64::NAN] {
        for y in [0.0, 1.0, -2.0, infinity, f64::NAN] {
            let want = if x > 0.0 && y == 0.0 { 0.0 } else { x.exp() * y };
            for got in [at::<f64>(x, y), at::<f32>(x, y)] {
                assert!(got == want || got.is_nan() && want.is_nan(), "{x}, {y}: {got}");
            }
        }
    }
    // By itself, the exponential.
    for x in -1000..880 {
        let x = Fx::<f32, false>::of(x as f32 / 10.0);
        assert_eq!(x.exp_times(Fx::of(1.0)).get(), x.exp().get());
    }
}
