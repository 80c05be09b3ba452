//! Failures that hand-written losses have shipped, each under its name. What is right is worked out beside it.

use lossdef::losses::{
    BceWithLogits, BceWithLogitsGrads, CosineEmbedding, CosineEmbeddingGrads, CrossEntropy, CrossEntropyProb,
    Mse, SigmoidFocal, SoftMargin, TripletMargin, TripletMarginGrads,
};
use lossdef::{Sum, Unreduced};
use ndarray::{Array1, Array2, ShapeBuilder, arr0, array, s};

lossdef::losses! { inline = r#"
    /// A logarithm in a branch that is not taken.
    loss branch(x) = if x > 0 then log(x) else 0

    /// Targets that are not there.
    loss masked(x, t, there: bool) = (x - t)^2 keep there

    /// A cross term whose probability may be 0 where its weight is.
    loss cross(p in [0, 1], t) = t * log(p)
        allow(L0703, "infinite where the weight is not 0")
"# }

#[track_caller]
fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs().max(1e-30), "{got} is not {want}");
}

#[test]
fn bce_on_logits_of_20_and_100_is_finite() {
    for x in [20.0f32, 100.0, -20.0, -100.0] {
        for t in [0.0f32, 1.0] {
            let (value, gradient) =
                BceWithLogits::new().forward_backward(&array![x], &array![t]).expect("ordinary logits");
            let z = f64::from(if t == 1.0 { -x } else { x });
            let want = z.max(0.0) + (-z.abs()).exp().ln_1p();
            close(f64::from(value), want, 1e-6);
            let slope = 1.0 / (1.0 + (-z).exp()) * if t == 1.0 { -1.0 } else { 1.0 };
            close(f64::from(gradient[0]), slope, 1e-6);
        }
    }
}

#[test]
fn softplus_does_not_overflow() {
    let (value, gradient) =
        SoftMargin::new().forward_backward(&array![-1e4f32], &array![1.0]).expect("numbers");
    assert_eq!((value, gradient[0]), (1e4, -1.0));
    let (value, gradient) =
        SoftMargin::new().forward_backward(&array![60.0f32], &array![1.0]).expect("numbers");
    close(f64::from(value), (-60f64).exp(), 1e-6);
    close(f64::from(gradient[0]), -(-60f64).exp(), 1e-6);
}

#[test]
fn the_stable_form_of_bce_has_its_slope_at_zero() {
    // `max(x, 0) - t x + log(1 + exp(-|x|))`, differentiated as it stands, has a kink at 0.
    for t in [0.0, 0.25, 1.0] {
        let (_, gradient) = BceWithLogits::new().forward_backward(&array![0.0], &array![t]).expect("numbers");
        assert_eq!(gradient[0], 0.5 - t);
    }
}

#[test]
fn a_branch_that_is_not_taken_leaks_nothing() {
    let (values, gradient) =
        Branch::new().reduction(Unreduced).forward_backward(&array![-1.0, 0.0, 2.0]).expect("numbers");
    assert_eq!((values, gradient), (array![0.0, 0.0, 2f64.ln()], array![0.0, 0.0, 0.5]));
}

#[test]
fn a_mask_over_targets_that_are_nan_hides_them() {
    let (x, t) = (array![1.0, 5.0, f64::NAN], array![3.0, f64::NAN, f64::INFINITY]);
    let (value, gradient) =
        Masked::new().forward_backward(&x, &t, &array![true, false, false]).expect("a sample");
    assert_eq!((value, gradient), (4.0, array![-4.0, 0.0, 0.0]));
}

#[test]
fn zero_log_zero_is_zero_in_value_and_derivative() {
    let (value, gradient) = Cross::new().forward_backward(&array![0.0], &array![0.0]).expect("numbers");
    assert_eq!((value, gradient[0]), (0.0, 0.0));
}

#[test]
fn focal_loss_of_a_certain_prediction_has_a_gradient() {
    for gamma in [0.0, 0.5, 2.0] {
        for x in [40.0f32, 100.0, 1000.0] {
            for (x, t) in [(x, 1.0), (-x, 0.0)] {
                let (value, gradient) = SigmoidFocal::new()
                    .gamma(gamma)
                    .forward_backward(&array![x], &array![t])
                    .expect("numbers");
                assert!(value.is_finite() && gradient[0].is_finite(), "{gamma} {x}: {value} {}", gradient[0]);
                assert!(value.abs() < 1e-15 && gradient[0].abs() < 1e-15);
            }
        }
    }
}

#[test]
fn norm_and_cosine_of_the_zero_vector_have_gradients() {
    let (zero, other) = (array![[0.0, 0.0]], array![[3.0, 4.0]]);
    let (mut first, mut second) = (zero.clone(), zero.clone());
    let grads = CosineEmbeddingGrads::new().input1(&mut first).input2(&mut second);
    let value =
        CosineEmbedding::new().on(&zero, &other, &array![1.0]).forward_backward_into(grads).expect("numbers");
    assert_eq!(value, 1.0);
    assert!(first.iter().chain(&second).all(|g: &f64| g.is_finite()));
    let (mut anchor, mut positive) = (zero.clone(), zero.clone());
    let grads = TripletMarginGrads::new().anchor(&mut anchor).positive(&mut positive);
    let loss = TripletMargin::new().eps(0.0).margin(100.0);
    assert_eq!(loss.on(&zero, &zero, &other).forward_backward_into(grads).expect("numbers"), 95.0);
    assert_eq!((anchor, positive), (array![[0.6, 0.8]], array![[0.0, 0.0]]));
}

#[test]
fn the_cosine_of_equal_vectors_is_not_above_one_by_more_than_rounding() {
    for scale in [1e-3f32, 1.0, 1e5] {
        let x = Array2::from_shape_fn((1, 37), |(_, i)| scale * ((i * 7919 % 101) as f32 - 50.0));
        let (value, gradient) =
            CosineEmbedding::new().forward_backward(&x, &x, &array![1.0]).expect("numbers");
        assert!(value.abs() < 1e-6, "{value}");
        assert!(gradient.iter().all(|g| (g * scale).abs() < 1e-6));
    }
}

#[test]
fn a_common_offset_of_logits_changes_nothing() {
    let logits = array![[3.0f32, -2.0, 7.0, 0.0], [0.0, 0.0, 1.0, -4.0]];
    let labels = array![1, 2];
    let loss = CrossEntropy::new();
    let (value, gradient) = loss.forward_backward(&logits, &labels).expect("labels");
    for offset in [1e3, -1e4, 1e5, 1e6] {
        // Whole numbers, so that the sum is exact.
        let moved = loss.forward_backward(&(&logits + offset), &labels).expect("labels");
        assert_eq!(moved, (value, gradient.clone()), "{offset}");
    }
}

#[test]
fn padding_is_not_counted_in_the_divisor() {
    let logits = array![[2.0, 0.0], [0.0, 1.0], [5.0, 5.0], [1.0, 3.0]];
    let each = CrossEntropy::new().reduction(Unreduced);
    let kept = each.forward(&logits, &array![0, 1, 0, 1]).expect("labels");
    let value = CrossEntropy::new().forward(&logits, &array![0, -100, -100, 1]).expect("labels");
    close(value, (kept[0] + kept[3]) / 2.0, 1e-15);
}

#[test]
fn label_smoothing_knows_ignored_rows_and_weights() {
    let logits = array![[2.0, 0.0, -1.0], [0.0, 1.0, 9.0], [1.0, 3.0, 0.5]];
    let (labels, weight) = (array![0, -100, 2], array![1.0, 2.0, 0.25]);
    let smoothing = 0.3;
    let loss = CrossEntropy::new().label_smoothing(smoothing);
    let value = loss.on(&logits, &labels).weight(&weight).forward().expect("labels");
    let (mut numerator, mut denominator) = (0.0, 0.0);
    for (row, label) in [(0, 0), (2, 2)] {
        let total = logits.row(row).iter().map(|x: &f64| x.exp()).sum::<f64>().ln();
        for class in 0..3 {
            let share = smoothing / 3.0 + if class == label { 1.0 - smoothing } else { 0.0 };
            numerator += weight[class] * share * (total - logits[[row, class]]);
        }
        denominator += weight[label];
    }
    close(value, numerator / denominator, 1e-14);
}

#[test]
fn the_weight_at_an_ignored_label_is_never_read() {
    let (logits, weight) = (array![[2.0, 0.0], [0.0, 1.0]], array![1.0, 3.0]);
    for ignored in [-100, -1, 2, 255] {
        let loss = CrossEntropy::new().ignore_index(ignored);
        let value = loss.on(&logits, &array![0, ignored]).weight(&weight).forward().expect("a label");
        close(value, (1.0 + (-2f64).exp()).ln(), 1e-15);
    }
}

#[test]
fn n_against_n_by_1_is_an_error() {
    let (column, row) = (Array2::<f64>::zeros((4, 1)), Array1::<f64>::zeros(4));
    let error = Mse::dynamic().call().input("input", &column).input("target", &row).evaluate();
    let text = error.expect_err("not 4 x 4 numbers").to_string();
    assert!(text.contains("[4, 1]") && text.contains("[4]"), "{text}");
}

#[test]
fn labels_outside_of_the_classes_are_errors() {
    let logits = Array2::<f64>::zeros((3, 5));
    for label in [-1, 5, -101, i64::MIN, i64::MAX] {
        let error =
            CrossEntropy::new().forward(&logits, &array![0, label, 4]).expect_err("no class").to_string();
        assert!(error.contains(&label.to_string()) && error.contains("[1]"), "{error}");
    }
    // The mark of rows that do not count is a label like any other once another number has its place.
    let loss = CrossEntropy::new().ignore_index(-1);
    let error = loss.forward(&logits, &array![0, -100, -1]).expect_err("no class").to_string();
    assert!(error.contains("-100") && error.contains("[1]"), "{error}");
}

#[test]
fn a_mean_over_very_many_numbers_keeps_its_digits() {
    let (x, y) = (arr0(0.1f32), arr0(0.0f32));
    // Ten times as many take longer than a quick run should.
    let shape = if std::env::var_os("LOSSDEF_DEEP").is_some() { 100_000_000 } else { 10_000_000 };
    let (x, y) = (x.broadcast(shape).expect("any shape"), y.broadcast(shape).expect("any shape"));
    let value: f32 = Mse::new().forward(&x, &y).expect("numbers");
    assert_eq!(value, 0.1f32 * 0.1);
}

#[test]
fn an_upstream_derivative_may_differ_from_sample_to_sample() {
    let (x, y, upstream) = (array![1.0, 2.0, 3.0], array![0.0, 0.0, 0.0], array![1.0, -10.0, 0.0]);
    let gradient = Mse::new().reduction(Unreduced).backward(&x, &y, &upstream.view()).expect("numbers");
    assert_eq!(gradient, array![2.0, -40.0, 0.0]);
}

#[test]
fn merged_partials_are_the_mean_where_the_mean_of_means_is_not() {
    let logits = array![[2.0, 0.0], [0.0, 1.0], [5.0, 1.0], [1.0, 3.0]];
    let (labels, weight) = (array![0, -100, 1, 1], array![1.0, 4.0]);
    let whole = CrossEntropy::new().on(&logits, &labels).weight(&weight).forward().expect("labels");
    let part = |rows: std::ops::Range<usize>| {
        let (x, t) = (logits.slice(s![rows.clone(), ..]), labels.slice(s![rows]));
        CrossEntropy::new().on(&x, &t).weight(&weight).partial().expect("labels")
    };
    let (first, second) = (part(0..2), part(2..4));
    let means = (first.mean() + second.mean()) / 2.0;
    close(first.merge(second).expect("of one loss").mean(), whole, 1e-15);
    assert!((means - whole).abs() > 0.1);
}

#[test]
fn fortran_order_gives_the_same() {
    let x = Array2::from_shape_fn((7, 5), |(i, j)| ((i * 31 + j * 17) % 23) as f64 * 0.3);
    let mut fortran = Array2::zeros((7, 5).f());
    fortran.assign(&x);
    let labels = Array1::from_shape_fn(7, |i| (i % 5) as i64);
    let (value, gradient) = CrossEntropy::new().forward_backward(&x, &labels).expect("labels");
    let (same, turned) = CrossEntropy::new().forward_backward(&fortran, &labels).expect("labels");
    close(same, value, 1e-15);
    assert!(gradient.iter().zip(&turned).all(|(a, b)| (a - b).abs() < 1e-16));
}

#[test]
fn classes_that_cannot_be_and_are_not_asked_for_cost_nothing() {
    let logits = array![[f64::NEG_INFINITY, 1.0, 1.0]];
    let target = array![[0.0, 0.5, 0.5]];
    let (value, gradient) = CrossEntropyProb::new().forward_backward(&logits, &target).expect("numbers");
    close(value, 2f64.ln(), 1e-15);
    assert_eq!(gradient, array![[0.0, 0.0, 0.0]]);
}

#[test]
fn weights_of_zero_do_not_hide_behind_the_mean() {
    let mut of_input = array![0.0, 0.0];
    let call = BceWithLogits::new().reduction(Sum);
    let (x, t, weight) = (array![0.0, 700.0], array![1.0, 0.0], array![1.0, 0.0]);
    let grads = BceWithLogitsGrads::new().input(&mut of_input);
    let value = call.on(&x, &t).weight(&weight).forward_backward_into(grads).expect("numbers");
    close(value, 2f64.ln(), 1e-15);
    assert_eq!(of_input, array![-0.5, 0.0]);
}
