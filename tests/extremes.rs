//! Formulas written as a paper writes them, at arguments where a naive evaluation overflows, vanishes or
//! cancels: value and gradient against exact mathematics, in f32.

use lossdef::Unreduced;
use lossdef::losses::{BceWithLogits, SoftMargin};
use ndarray::{Array1, array};

lossdef::losses! { inline = r#"
    loss weighted_softplus(x, w) = w * log(1 + exp(x))
    loss weighted_cosh(x, w) = w * log(cosh(x))
    loss weighted_log(x, w) = w * log(1 + x^2)
    loss weighted_survival(x in (-inf, 0], w) = -w * log(1 - exp(x))
        allow(L0703, "nothing survives at 0")
    loss difference(x, t) = log(1 + exp(x - t))
    loss focal(input, target in [0, 1]; gamma in [0, inf) = 2.0) =
        -target * (1 - p)^gamma * log(p) - (1 - target) * p^gamma * log(1 - p)
        where p = sigmoid(input)
    loss asymmetric(x, t) = -t * (1 - sigmoid(x)) * log(sigmoid(x)) - (1 - t) * sigmoid(x) * log(1 - sigmoid(x))
    loss student_t(x, t; nu = 3.0, s in (0, inf) = 1.0) = (nu + 1) / 2 * log(1 + ((x - t) / s)^2 / nu) + log(s)
    loss ratio(x, y) = (x / y)^20
        allow(L0703, "to be taken elsewhere")
    loss shrunk(x in (0, inf)) = x / x^1.5
    loss exponent(x, y in (0, inf)) = exp(x - log(y))
    loss odds(x) = log(sigmoid(x)) - log(1 - sigmoid(x))
    loss clamped(x in [1, 2], y in [0, 1]; hi in [0, 10] = 10.0) = clamp(x, 0, hi) * log(y)
        allow(L0703, "to be taken where it is 0 log 0")
    loss kept(x, y) = x * y
        keep x > 0
    loss labelled(x, k: int, m: bool) = x * k
        keep m
"# }

#[track_caller]
fn close(got: f32, want: f64) {
    let want_single = want as f32;
    let error = (f64::from(got) - want).abs();
    assert!(got == want_single || error <= 4e-6 * want.abs(), "{got:e}, exactly {want:e}");
}

fn single(x: f64) -> Array1<f32> {
    array![x as f32]
}

#[test]
fn a_weight_before_a_logarithm_hides_nothing() {
    let w = single(1.0);
    for (x, value, slope) in
        [(100.0, 100.0, 1.0), (-100.0, (-100f64).exp(), (-100f64).exp()), (1e4, 1e4, 1.0)]
    {
        let (v, g) = WeightedSoftplus::new().forward_backward(&single(x), &w).unwrap();
        close(v, value);
        close(g[0], slope);
    }
    for x in [100.0, -300.0, 1e-3] {
        let x = f64::from(x as f32);
        let exact = if x.abs() < 1.0 { x * x / 2.0 } else { x.abs() - std::f64::consts::LN_2 };
        close(WeightedCosh::new().forward(&single(x), &w).unwrap(), exact);
    }
    let small = f64::from(1e-4f32);
    close(WeightedLog::new().forward(&single(small), &w).unwrap(), (small * small).ln_1p());
    close(WeightedSurvival::new().forward(&single(-20.0), &w).unwrap(), -(-(-20f64).exp()).ln_1p());
}

#[test]
fn the_sign_of_an_argument_may_be_written_in_any_way() {
    for (x, slope) in [(88.0, 1.0), (200.0, 1.0), (-50.0, 1.0 / (1.0 + 49f64.exp()))] {
        let (_, g) = Difference::new().forward_backward(&single(x), &single(-1.0)).unwrap();
        close(g[0], slope);
    }
}

#[test]
fn saturated_sigmoids_have_finite_gradients() {
    for gamma in [0.0, 0.5, 1.0, 2.0] {
        for x in [-700.0, -200.0, -100.0, 0.0, 100.0, 200.0, 700.0] {
            for t in [0.0, 0.25, 1.0] {
                let (v, g) = Focal::new().gamma(gamma).forward_backward(&single(x), &single(t)).unwrap();
                assert!(v.is_finite() && g[0].is_finite(), "focal, gamma {gamma}, x {x}, t {t}: {v}, {g}");
                let (v, g) = Asymmetric::new().forward_backward(&single(x), &single(t)).unwrap();
                assert!(v.is_finite() && g[0].is_finite(), "asymmetric, x {x}, t {t}: {v}, {g}");
            }
        }
    }
    let (_, g) = Asymmetric::new().forward_backward(&single(-100.0), &single(0.25)).unwrap();
    close(g[0], -0.25);
    for x in [-100.0, 0.0, 100.0] {
        close(Odds::new().forward_backward(&single(x)).unwrap().1[0], 1.0);
    }
}

#[test]
fn a_rewrite_does_not_overflow_where_the_formula_does_not() {
    let (v, g) = StudentT::new().s(1e20).forward_backward(&single(1e20), &single(0.0)).unwrap();
    close(v, 2.0 * (4f64 / 3.0).ln() + 1e20f64.ln());
    close(g[0], 2.0 / (4.0 / 3.0) / 3.0 * 2.0 / 1e20);
    let (v, g) = Ratio::new().forward_backward(&single(100.0), &single(100.0)).unwrap();
    close(v, 1.0);
    close(g[0], 0.2);
    let (v, g) = Shrunk::new().forward_backward(&single(100.0)).unwrap();
    close(v, 0.1);
    close(g[0], -0.0005);
    let (x, y) = (single(100.0), single(1e30));
    close(Exponent::new().forward(&x, &y).unwrap(), (100.0 - f64::from(1e30f32).ln()).exp());
}

#[test]
fn a_guard_holds_where_a_bound_is_a_parameter() {
    let value = Clamped::new().hi(0.0).forward(&single(1.0), &single(0.0)).unwrap();
    assert_eq!(value, 0.0);
}

#[test]
fn what_is_not_kept_touches_nothing() {
    let (x, y) = (array![1.0f32, -1.0, f32::NAN, 2.0], array![1.0f32, f32::NAN, 1.0, 3.0]);
    let upstream = array![f32::INFINITY, f32::NAN, f32::INFINITY, 2.0];
    let gradient = Kept::new().reduction(Unreduced).backward(&x, &y, &upstream).unwrap();
    assert_eq!(gradient, array![f32::INFINITY, 0.0, 0.0, 6.0]);

    // 2^60 + 1 is no f32; where it is not kept nobody asks.
    let (x, labels) = (array![1.0f32, 1.0, 1.0], array![1i64, (1 << 60) + 1, 3]);
    let value = Labelled::new().forward(&x, &labels, &array![true, false, true]).unwrap();
    assert_eq!(value, 2.0);
    let error = Labelled::new().forward(&x, &labels, &array![true, true, true]).unwrap_err().to_string();
    assert!(
        error.contains("`k`") && error.contains("[1]") && error.contains("1152921504606846977"),
        "{error}"
    );
}

#[test]
fn logits_of_any_size() {
    for x in [-1e30, -1000.0, -100.0, -20.0, 20.0, 100.0, 1000.0, 1e30] {
        for t in [0.0, 1.0] {
            let (v, g) = BceWithLogits::new().forward_backward(&single(x), &single(t)).unwrap();
            let wrong = if t == 1.0 { -x } else { x };
            close(v, wrong.max(0.0) + (-wrong.abs()).exp().ln_1p());
            let sigmoid = 1.0 / (1.0 + (-wrong).exp());
            close(g[0], if t == 1.0 { -sigmoid } else { sigmoid });
            let (v, g) = SoftMargin::new().forward_backward(&single(x), &single(2.0 * t - 1.0)).unwrap();
            close(v, wrong.max(0.0) + (-wrong.abs()).exp().ln_1p());
            close(g[0], if t == 1.0 { -sigmoid } else { sigmoid });
        }
    }
}
