//! The language as it runs: helpers, locals, branches, masks, roles, parameters, conventions.

use lossdef::Unreduced;
use ndarray::{Array, array};

lossdef::losses! { inline = r#"
    fn square(x) = x * x
    fn scaled(x, y; scale = 2) = d * scale where d = x - y

    loss helpers(x, t; scale = 3.0) = square(scaled(x, t)) + scaled(x, t, scale = scale)
    loss composed(x, t) = helpers(x, t, scale = 1) / 2 + helpers(x, t; scale = 0)

    /// Only where the mask holds.
    loss masked(x, t, m: bool) = (x - t)^2
        keep m

    /// Weighted by what a local says, over what is kept.
    loss weighted(x, t, w = 1) = w * abs(x - t)
        where on = t >= 0
        keep on
        mean by w * [on]

    loss leaky(x; slope in [0, 1] = 0.1) = if x > 0 then x else slope * x
    loss guarded(x) = if x > 0 then log(x) + sqrt(x) else 0
    loss stopped(x, t) = x * stop(x) + with_grad(t^2, 3 * t)
    loss powers(x; p in {1, 2, 3} = 2, flag: bool = false) = if flag then abs(x)^p else x^p
        allow(L0703, "a negative number has whole powers, of which 3 is one")
    loss labelled(x, y: int, m: bool = true) = if y == 1 then x else if y == -1 then -x else 0 * x + [m]
    loss shared(x, t, scale[]) = (x - t)^2 * scale
    loss kinks(x) = abs(x) + relu(x) + clamp(x, -1, 1) + max(x, 0) + min(x, 0) + sign(x)
    loss zero_log(p, q) = p * log(q)
        allow(L0703, "to be taken where it is 0 log 0")
    loss domain(x in (0, 1), y in {-1, 1}) = x * y
"# }

#[test]
fn helpers_are_inlined_with_their_parameters() {
    let (x, t) = (array![3.0], array![1.0]);
    assert_eq!(Helpers::new().forward(&x, &t).unwrap(), 16.0 + 6.0);
    assert_eq!(Composed::new().forward(&x, &t).unwrap(), (16.0 + 2.0) / 2.0 + 16.0);
}

#[test]
fn a_sample_that_is_not_kept_is_never_read() {
    let (x, t) = (array![1.0, f64::NAN, 3.0], array![0.0, 7.0, f64::INFINITY]);
    let keep = array![true, false, false];
    let (value, grad) = Masked::new().forward_backward(&x, &t, &keep).unwrap();
    assert_eq!((value, grad), (1.0, array![2.0, 0.0, 0.0]));
    let each = Masked::new().reduction(Unreduced).forward(&x, &t, &keep).unwrap();
    assert_eq!(each, array![1.0, 0.0, 0.0]);
    let (value, grad) = Masked::new().forward_backward(&x, &t, &array![false, false, false]).unwrap();
    assert!(value.is_nan() && grad == array![0.0, 0.0, 0.0]);
}

#[test]
fn a_mean_divides_by_what_the_formula_says() {
    let (x, t, w) = (array![1.0, 2.0, 9.0], array![0.0, 0.0, -1.0], array![1.0, 3.0, 100.0]);
    assert_eq!(Weighted::new().on(&x, &t).weight_of(&w), (1.0 + 6.0) / 4.0);
}

/// The optional input `w` is called by its name.
trait Weigh {
    fn weight_of(self, w: &ndarray::Array1<f64>) -> f64;
}

impl Weigh for WeightedCall<'_, f64, ndarray::Ix1, lossdef::Mean> {
    fn weight_of(self, w: &ndarray::Array1<f64>) -> f64 {
        self.w(w).forward().unwrap()
    }
}

#[test]
fn nothing_of_a_branch_not_taken_reaches_value_or_gradient() {
    let x = array![4.0, -1.0, 0.0];
    let (values, grads) = Guarded::new().reduction(Unreduced).forward_backward(&x).unwrap();
    assert_eq!(values, array![4f64.ln() + 2.0, 0.0, 0.0]);
    assert_eq!(grads, array![0.5, 0.0, 0.0]);
}

#[test]
fn stop_and_with_grad_say_what_flows() {
    let (x, t) = (array![3.0], array![5.0]);
    let (mut dx, mut dt) = (array![0.0], array![0.0]);
    let grads = StoppedGrads::new().x(&mut dx).t(&mut dt);
    assert_eq!(Stopped::new().on(&x, &t).forward_backward_into(grads).unwrap(), 9.0 + 25.0);
    assert_eq!((dx[0], dt[0]), (3.0, 3.0));
}

#[test]
fn listed_parameters_choose_kernels() {
    let x = array![-2.0];
    for (p, plain, absolute) in [(1.0, -2.0, 2.0), (2.0, 4.0, 4.0), (3.0, -8.0, 8.0)] {
        assert_eq!(Powers::new().p(p).forward(&x).unwrap(), plain);
        assert_eq!(Powers::new().p(p).flag(true).forward(&x).unwrap(), absolute);
    }
    let error = Powers::new().p(4.0).forward(&x).unwrap_err().to_string();
    assert!(error.contains("`p`") && error.contains('4'), "{error}");
}

#[test]
fn labels_and_masks_are_inputs() {
    let (x, y) = (array![1.0, 2.0, 3.0], array![1i64, -1, 0]);
    let each = Labelled::new().reduction(Unreduced).forward(&x, &y).unwrap();
    assert_eq!(each, array![1.0, -2.0, 1.0]);
    let off = array![false];
    assert_eq!(
        Labelled::new().reduction(Unreduced).on(&x, &y).m(&off).forward().unwrap(),
        array![1.0, -2.0, 0.0]
    );
}

#[test]
fn an_input_without_axes_is_shared_and_its_gradient_is_a_sum() {
    let (x, t) = (array![[1.0, 2.0], [3.0, 4.0]], array![[0.0, 0.0], [0.0, 0.0]]);
    let scale = ndarray::arr0(2.0);
    let mut d_scale = ndarray::arr0(0.0);
    let grads = SharedGrads::new().scale(&mut d_scale);
    let value = Shared::new().on(&x, &t, &scale).forward_backward_into(grads).unwrap();
    assert_eq!((value, d_scale[()]), (15.0, 7.5));
}

#[test]
fn kinks_have_the_derivatives_of_the_reference() {
    let x = array![0.0, 1.0, -1.0];
    let (_, grads) = Kinks::new().reduction(Unreduced).forward_backward(&x).unwrap();
    // At 0: abs 0, relu 0, clamp 1, max and min 1/2 each, sign 0. At the ends of clamp: 0.
    assert_eq!(
        grads,
        array![0.0 + 0.0 + 1.0 + 0.5 + 0.5, 1.0 + 1.0 + 0.0 + 1.0 + 0.0, -1.0 + 0.0 + 0.0 + 0.0 + 1.0]
    );
}

#[test]
fn zero_times_log_zero_is_zero_in_value_and_derivatives() {
    let (p, q) = (array![0.0], array![0.0]);
    let (mut dp, mut dq) = (array![9.0], array![9.0]);
    let grads = ZeroLogGrads::new().p(&mut dp).q(&mut dq);
    assert_eq!(ZeroLog::new().on(&p, &q).forward_backward_into(grads).unwrap(), 0.0);
    assert_eq!((dp[0], dq[0]), (0.0, 0.0));
    assert_eq!(ZeroLog::new().forward(&array![1.0], &q).unwrap(), f64::NEG_INFINITY);
}

#[test]
fn a_value_outside_its_domain_is_an_error_with_its_position() {
    let x = Array::from_shape_fn((2, 3), |(i, j)| if (i, j) == (1, 2) { 1.0 } else { 0.5 });
    let y = Array::ones((2, 3));
    let error = Domain::new().forward(&x, &y).unwrap_err().to_string();
    assert!(error.contains("`x`") && error.contains("[1, 2]") && error.contains("(0, 1)"), "{error}");
    let error = Domain::new().forward(&(&x * 0.5), &(&y * 2.0)).unwrap_err().to_string();
    assert!(error.contains("`y`") && error.contains("{-1, 1}"), "{error}");
    let error = Domain::new().forward(&(&x * f64::NAN), &y).unwrap_err().to_string();
    assert!(error.contains("NaN"), "{error}");
    assert!(Domain::new().unchecked().forward(&x, &y).is_ok());
}

#[test]
fn leaky_slope_at_the_edge_of_its_domain() {
    let x = array![-1.0, 0.0];
    let (value, grad) = Leaky::new().slope(0.0).reduction(Unreduced).forward_backward(&x).unwrap();
    assert_eq!((value, grad), (array![0.0, 0.0], array![0.0, 0.0]));
}
