//! What the number types promise beside accuracy: NaN, zeros, infinities, and division by a fixed divisor.

use lossdef_runtime::carrier::Fx;
use lossdef_runtime::real::{Divisor, Real};
use proptest::prelude::*;

type R32 = Fx<f32, false>;
type R64 = Fx<f64, false>;

const SPECIAL: [f64; 12] =
    [0.0, -0.0, 1.0, -1.0, 0.3, -2.5, 1e30, 1e-310, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300];

fn r(x: f64) -> R64 {
    R64::new(x)
}

/// Equal, or both NaN.
fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

#[test]
fn every_function_of_one_argument_propagates_nan() {
    macro_rules! check {
        ($($name:ident)+) => { $(
            assert!(r(f64::NAN).$name().get().is_nan(), "f64 {}", stringify!($name));
            assert!(R32::new(f32::NAN).$name().get().is_nan(), "f32 {}", stringify!($name));
        )+ };
    }
    check! {
        abs sign sqrt relu exp exp_nonpos expm1 log log1p log1p_unit log1mexp sigmoid softplus log_sigmoid
        logit tanh sinh cosh log_cosh erf sin cos tan atan
    }
}

#[test]
fn min_max_and_clamp_propagate_nan_from_every_operand() {
    for x in SPECIAL {
        for y in SPECIAL {
            let any_nan = x.is_nan() || y.is_nan();
            let (max, min) = if any_nan { (f64::NAN, f64::NAN) } else { (x.max(y), x.min(y)) };
            assert!(same(r(x).max(r(y)).get(), max), "max({x}, {y})");
            assert!(same(r(x).min(r(y)).get(), min), "min({x}, {y})");
        }
    }
    assert_eq!(r(3.0).clamp(r(-1.0), r(1.0)).get(), 1.0);
    assert_eq!(r(-3.0).clamp(r(-1.0), r(1.0)).get(), -1.0);
    assert!(r(f64::NAN).clamp(r(-1.0), r(1.0)).get().is_nan());
    assert!(r(0.0).clamp(r(f64::NAN), r(1.0)).get().is_nan());
    assert!(r(0.0).clamp(r(-1.0), r(f64::NAN)).get().is_nan());
}

#[test]
fn sign_is_zero_at_both_zeros() {
    for x in SPECIAL {
        let want = if x == 0.0 || x.is_nan() { x } else { x.signum() };
        assert!(same(r(x).sign().get(), want), "sign({x})");
    }
}

#[test]
fn xlogy_is_zero_only_where_both_are() {
    for x in SPECIAL {
        for y in SPECIAL {
            let want = if x == 0.0 && y == 0.0 { 0.0 } else { x * y.ln() };
            let got = r(x).xlogy(r(y)).get();
            assert!(
                same(got, want) || (got / want - 1.0).abs() < 1e-15,
                "xlogy({x}, {y}) = {got}, not {want}"
            );
        }
    }
}

#[test]
fn log1mexp_has_its_edges() {
    assert_eq!(r(0.0).log1mexp().get(), f64::NEG_INFINITY);
    assert_eq!(r(f64::NEG_INFINITY).log1mexp().get(), 0.0);
    assert!(r(1e-300).log1mexp().get().is_nan());
    assert!(r(f64::INFINITY).log1mexp().get().is_nan());
}

#[test]
fn division_has_the_classes_of_ieee_754() {
    for x in SPECIAL {
        for d in SPECIAL {
            let (got, want) = (r(x).over(Divisor::new(d)).get(), x / d);
            let alike = same(got, want) && got.is_sign_negative() == want.is_sign_negative();
            let close = (got / want - 1.0).abs() < 1e-15;
            assert!(alike || got.is_nan() && want.is_nan() || close, "{x} / {d} = {got}, not {want}");
        }
    }
}

#[test]
fn an_ordinary_divisor_has_one_factor() {
    assert_eq!(Divisor::<f32>::new(3.0), Divisor { a: 1.0 / 3.0, b: 1.0 });
    assert_ne!(Divisor::<f32>::new(1e-39).b, 1.0);
    assert_ne!(Divisor::<f32>::new(3e38).b, 1.0);
}

/// How many numbers lie between two.
fn steps(a: f32, b: f32) -> i64 {
    let place = |x: f32| {
        let bits = i64::from(x.to_bits() & 0x7fff_ffff);
        if x.is_sign_negative() { -bits } else { bits }
    };
    (place(a) - place(b)).abs()
}

fn steps64(a: f64, b: f64) -> i128 {
    let place = |x: f64| {
        let bits = i128::from(x.to_bits() & 0x7fff_ffff_ffff_ffff);
        if x.is_sign_negative() { -bits } else { bits }
    };
    (place(a) - place(b)).abs()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn division_is_right_to_one_step_in_f32(x: u32, d: u32) {
        let (x, d) = (f32::from_bits(x), f32::from_bits(d));
        let (got, want) = (R32::new(x).over(Divisor::new(d.into())).get(), x / d);
        prop_assert!(got.is_nan() && want.is_nan() || steps(got, want) <= 1, "{x:e} / {d:e} = {got:e}, not {want:e}");
    }

    #[test]
    fn division_is_right_to_one_step_in_f64(x: u64, d: u64) {
        let (x, d) = (f64::from_bits(x), f64::from_bits(d));
        let (got, want) = (R64::new(x).over(Divisor::new(d)).get(), x / d);
        prop_assert!(got.is_nan() && want.is_nan() || steps64(got, want) <= 1, "{x:e} / {d:e} = {got:e}, not {want:e}");
    }

    #[test]
    fn division_by_tiny_and_huge_numbers_is_right(x: u32, tiny in 1u32..0x0100_0000, huge in 0x7e00_0000u32..0x7f80_0000) {
        let x = f32::from_bits(x);
        for d in [f32::from_bits(tiny), f32::from_bits(huge)] {
            let (got, want) = (R32::new(x).over(Divisor::new(d.into())).get(), x / d);
            prop_assert!(got.is_nan() && want.is_nan() || steps(got, want) <= 1, "{x:e} / {d:e} = {got:e}, not {want:e}");
        }
    }

    #[test]
    fn division_by_a_power_of_two_is_exact(x: u32, k in -149i32..128) {
        let (x, d) = (f32::from_bits(x), 2f64.powi(k));
        let (got, want) = (R32::new(x).over(Divisor::new(d)).get(), x / d as f32);
        prop_assert!(got.is_nan() && want.is_nan() || got == want, "{x:e} / {d:e} = {got:e}, not {want:e}");
    }
}
