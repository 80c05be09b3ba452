//! The typed interface: shapes, reductions, gradients, layouts.

mod formulas;

use formulas::numbers::{all_close, close, noise, text};
use formulas::{Masked, MaskedGrads, Mse, MseGrads, Scaled, ScaledGrads, SmoothL1, SmoothL1Grads};
use lossdef_runtime::error::Error;
use lossdef_runtime::partial::Partial;
use lossdef_runtime::reduction::{BatchMean, Mean, MeanOver, Reduction, Sum, Unreduced};
use ndarray::{
    Array, Array0, Array1, Array2, Array3, ArrayD, Axis, Ix2, IxDyn, ShapeBuilder, arr0, array, s,
};

#[test]
fn every_reduction() {
    let (x, t) = (noise((4, 3), 1), noise((4, 3), 2));
    let each = (&x - &t).mapv(|d| 0.5 * d * d / 2.0);
    let slope = (&x - &t) / 2.0;
    let loss = SmoothL1::new().beta(2.0);

    let (value, gradient) = loss.forward_backward(&x, &t).unwrap();
    close(value, each.mean().unwrap());
    all_close(&gradient, &(&slope / 12.0));
    close(loss.forward(&x, &t).unwrap(), value);
    all_close(&loss.backward(&x, &t, 3.0).unwrap(), &(&slope / 4.0));

    let (value, gradient) = loss.reduction(Sum).forward_backward(&x, &t).unwrap();
    close(value, each.sum());
    all_close(&gradient, &slope);

    let (value, gradient) = loss.reduction(BatchMean).forward_backward(&x, &t).unwrap();
    close(value, each.sum() / 4.0);
    all_close(&gradient, &(&slope / 4.0));

    let (value, gradient) = loss.reduction(MeanOver(10.0)).forward_backward(&x, &t).unwrap();
    close(value, each.sum() / 10.0);
    all_close(&gradient, &(&slope / 10.0));

    let loss = loss.reduction(Unreduced);
    let (values, gradient) = loss.forward_backward(&x, &t).unwrap();
    all_close(&values, &each);
    all_close(&gradient, &slope);
    let upstream = noise((4, 3), 3);
    all_close(&loss.backward(&x, &t, &upstream).unwrap(), &(&slope * &upstream));
    let mut buffer = Array2::zeros((4, 3));
    loss.on(&x, &t).forward_into(&mut buffer).unwrap();
    all_close(&buffer, &each);
    let (mut gx, mut gt) = (buffer.clone(), buffer.clone());
    let grads = SmoothL1Grads::new().input(&mut gx).target(&mut gt);
    loss.on(&x, &t).values_and_gradients_into(&mut buffer, grads).unwrap();
    all_close(&buffer, &each);
    all_close(&gx, &slope);
    all_close(&gt, &-&slope);
}

#[test]
fn single_precision_and_run_time_dimensions() {
    let (x, t) = (array![[1f32, 3.0]], array![[0f32, 0.0]]);
    let (value, gradient): (f32, Array2<f32>) = SmoothL1::new().forward_backward(&x, &t).unwrap();
    assert_eq!((value, gradient), (1.5, array![[0.5, 0.5]]));
    let (x, t) = (x.into_dyn(), t.into_dyn());
    let (value, gradient): (f32, ArrayD<f32>) = SmoothL1::default().forward_backward(&x, &t).unwrap();
    assert_eq!((value, gradient), (1.5, array![[0.5f32, 0.5]].into_dyn()));

    let shape = IxDyn(&[1, 2, 1, 2, 1, 2, 1, 1, 2, 3]);
    let (x, t, w) = (noise(shape.clone(), 4), noise(shape.clone(), 5), noise(IxDyn(&[2, 1]), 6));
    let mut gw = ArrayD::zeros(IxDyn(&[2, 1]));
    Mse::new()
        .reduction(Sum)
        .on(&x, &t)
        .weight(&w)
        .forward_backward_into(MseGrads::new().weight(&mut gw))
        .unwrap();
    let squares = (&x - &t).mapv(|d| d * d);
    let squares = squares.to_shape(((8, 2, 3), ndarray::Order::RowMajor)).unwrap();
    all_close(&gw, &squares.sum_axis(Axis(0)).sum_axis(Axis(1)).insert_axis(Axis(1)).into_dyn());
}

#[test]
fn zero_dimensional_samples() {
    let (x, t) = (arr0(3.0), arr0(1.0));
    let (value, gradient) = SmoothL1::new().forward_backward(&x, &t).unwrap();
    assert_eq!((value, gradient), (1.5, arr0(1.0)));
    assert_eq!(SmoothL1::new().reduction(Unreduced).forward(&x, &t).unwrap(), arr0(1.5));
    assert_eq!(SmoothL1::new().reduction(BatchMean).forward(&x, &t).unwrap(), 1.5);
}

#[test]
fn layouts_do_not_matter() {
    let (x, t, w) = (noise((5, 7, 3), 7), noise((5, 7, 3), 8), noise((7, 1), 9) + 2.0);
    let expected = weighted(Mean, &x, &t, &w);
    let fortran = |a: &Array3<f64>| {
        let mut b = Array::zeros(a.raw_dim().f());
        b.assign(a);
        b
    };
    let compare = |(value, gx, gw): &(f64, Array3<f64>, Array2<f64>)| {
        close(*value, expected.0);
        all_close(gx, &expected.1);
        all_close(gw, &expected.2);
    };
    compare(&weighted(Mean, &fortran(&x), &t, &w));
    compare(&weighted(Mean, &fortran(&x), &fortran(&t), &w));
    let gradient = Mse::new().backward(&fortran(&x), &t, 1.0).unwrap();
    assert_eq!(gradient.strides(), fortran(&x).strides(), "a new gradient is laid out as its input");

    // Every second element, backwards, of something larger.
    let mut wide = Array3::from_elem((5, 14, 3), f64::NAN);
    wide.slice_mut(s![.., ..;-2, ..]).assign(&x);
    let view = wide.slice(s![.., ..;-2, ..]);
    let mut into = Array3::from_elem((5, 14, 6), 9.0);
    let mut gradient = into.slice_mut(s![.., ..;2, ..;-2]);
    let value = Mse::new().on(&view, &t).weight(&w).forward_backward_into(&mut gradient).unwrap();
    compare(&(value, gradient.to_owned(), expected.2.clone()));
    assert!(into.slice(s![.., 1..;2, ..]).iter().all(|&untouched| untouched == 9.0));

    let row = noise((1, 1, 3), 10);
    let repeated = row.broadcast((5, 7, 3)).unwrap();
    let owned = repeated.to_owned();
    close(Mse::new().forward(&x, &repeated).unwrap(), Mse::new().forward(&x, &owned).unwrap());
}

fn weighted<R>(
    reduction: R,
    x: &Array3<f64>,
    t: &Array3<f64>,
    w: &Array2<f64>,
) -> (f64, Array3<f64>, Array2<f64>)
where
    R: for<'a> Reduction<Output<f64, ndarray::Ix3> = f64>,
{
    let (mut gx, mut gw) = (x.mapv(|_| f64::NAN), w.mapv(|_| f64::NAN));
    let grads = MseGrads::new().input(&mut gx).weight(&mut gw);
    let value = Mse::new().reduction(reduction).on(x, t).weight(w).forward_backward_into(grads).unwrap();
    (value, gx, gw)
}

#[test]
fn quotient_rule_against_differences() {
    let (x, t, w) = (noise((4, 5, 2), 11), noise((4, 5, 2), 12), noise((5, 1), 13) + 1.5);
    let mean = |x: &Array3<f64>, w: &Array2<f64>| Mse::new().on(x, &t).weight(w).forward().unwrap();
    let sum =
        |x: &Array3<f64>, w: &Array2<f64>| Mse::new().reduction(Sum).on(x, &t).weight(w).forward().unwrap();
    type Function<'f> = &'f dyn Fn(&Array3<f64>, &Array2<f64>) -> f64;
    let functions: [Function<'_>; 2] = [&mean, &sum];
    for (f, (value, gx, gw)) in
        functions.into_iter().zip([weighted(Mean, &x, &t, &w), weighted(Sum, &x, &t, &w)])
    {
        close(value, f(&x, &w));
        let h = 1e-5;
        for (index, &gradient) in gw.indexed_iter() {
            let (mut up, mut down) = (w.clone(), w.clone());
            up[index] += h;
            down[index] -= h;
            assert!((gradient - (f(&x, &up) - f(&x, &down)) / (2.0 * h)).abs() < 1e-7);
        }
        for (index, &gradient) in gx.indexed_iter() {
            let (mut up, mut down) = (x.clone(), x.clone());
            up[index] += h;
            down[index] -= h;
            assert!((gradient - (f(&up, &w) - f(&down, &w)) / (2.0 * h)).abs() < 1e-7);
        }
    }
    // Under an upstream factor, and where the default stands for the weight.
    let mut gw = w.clone();
    Mse::new().on(&x, &t).weight(&w).backward_into(3.0, MseGrads::new().weight(&mut gw)).unwrap();
    all_close(&gw, &(weighted(Mean, &x, &t, &w).2 * 3.0));
    let mut g0 = Array0::from_elem((), 5.0);
    Mse::new().on(&x, &t).forward_backward_into(MseGrads::new().weight(&mut g0)).unwrap();
    close(g0[()], 0.0);
}

#[test]
fn unkept_samples_are_never_read() {
    let x = array![1.0, f64::NAN, 3.0, f64::INFINITY];
    let t = array![0.5, 7.0, 1.0, f64::NAN];
    let keep = array![true, false, true, false];
    let (value, gradient) = Masked::new().forward_backward(&x, &t, &keep).unwrap();
    close(value, (0.25 + 4.0) / 2.0);
    assert_eq!(gradient, array![0.5, 0.0, 2.0, 0.0]);
    let each = Masked::new().reduction(Unreduced).forward(&x, &t, &keep).unwrap();
    assert_eq!(each, array![0.25, 0.0, 4.0, 0.0]);

    let first = array![true, false, false, false];
    close(Masked::new().on(&x, &t, &keep).also(&first).forward().unwrap(), 0.25);
    let error = Masked::new().on(&x, &t, &keep).also(&array![true, false]).forward().unwrap_err();
    assert_eq!(error.to_string(), "masked: `also` of shape [2] does not broadcast to the sample shape [4]");

    let none = array![false, false, false, false];
    let mut gt = Array1::from_elem(4, 5.0);
    let call = Masked::new();
    let value = call.on(&x, &t, &none).forward_backward_into(MaskedGrads::new().target(&mut gt)).unwrap();
    assert!(value.is_nan());
    assert_eq!(gt, Array1::<f64>::zeros(4));
    assert_eq!(Masked::new().reduction(Sum).forward(&x, &t, &none).unwrap(), 0.0);
}

#[test]
fn no_samples() {
    let (x, w) = (Array2::<f64>::zeros((0, 3)), array![1.0, 2.0, 3.0]);
    let (mut gx, mut gw) = (x.clone(), w.clone());
    let grads = MseGrads::new().input(&mut gx).weight(&mut gw);
    let value = Mse::new().on(&x, &x).weight(&w).forward_backward_into(grads).unwrap();
    assert!(value.is_nan());
    assert_eq!(gw, Array1::<f64>::zeros(3));
    assert_eq!(Mse::new().reduction(Sum).forward(&x, &x).unwrap(), 0.0);
    assert!(Mse::new().reduction(BatchMean).forward(&x, &x).unwrap().is_nan());
    assert_eq!(Mse::new().reduction(Unreduced).forward(&x, &x).unwrap(), x);
    let partial = Mse::new().on(&x, &x).partial().unwrap();
    assert_eq!((partial.numerator, partial.denominator), (0.0, 0.0));
}

#[test]
fn weights_that_cancel() {
    let (x, t) = (array![1.0, 2.0], array![0.0, 0.0]);
    let call = |w: &Array1<f64>| Mse::new().on(&x, &t).weight(w).forward_backward().unwrap();
    let (value, gradient) = call(&array![0.0, 0.0]);
    assert!(value.is_nan());
    assert_eq!(gradient, array![0.0, 0.0]);
    let (value, gradient) = call(&array![1.0, -1.0]);
    assert_eq!((value, gradient), (f64::NEG_INFINITY, array![f64::INFINITY, f64::NEG_INFINITY]));
}

#[test]
fn partial_results_merge() {
    let (x, t, w) = (noise((6, 2), 14), noise((6, 2), 15), noise((6, 2), 16) + 1.5);
    let (mut dn, mut dd) = (Array2::zeros((6, 2)), Array2::zeros((6, 2)));
    let mut merged: Option<Partial> = None;
    for rows in [0..1, 1..4, 4..6] {
        let rows = s![rows, ..];
        let partial = Mse::new()
            .on(&x.slice(rows), &t.slice(rows))
            .weight(&w.slice(rows))
            .partials_into(
                MseGrads::new().weight(&mut dn.slice_mut(rows)),
                MseGrads::new().weight(&mut dd.slice_mut(rows)),
            )
            .unwrap();
        merged = Some(merged.map_or(Ok(partial), |sum| sum.merge(partial)).unwrap());
    }
    let total = merged.unwrap();
    let mut gw = w.clone();
    let whole = Mse::new().on(&x, &t).weight(&w);
    close(total.mean(), whole.forward_backward_into(MseGrads::new().weight(&mut gw)).unwrap());
    close(total.denominator, w.sum());
    let (n, d) = (total.numerator, total.denominator);
    all_close(&(&dn / d - &dd * (n / (d * d))), &gw);

    // What the divisor does not read has no derivative there.
    let mut gx = x.clone();
    whole.partials_into(MseGrads::new(), &mut gx).unwrap();
    assert_eq!(gx, Array2::<f64>::zeros((6, 2)));
    whole.partial_into(&mut gx).unwrap();
    all_close(&gx, &((&x - &t) * &w * 2.0));

    let partial = SmoothL1::new().on(&x, &t).partial().unwrap();
    assert_eq!(partial.denominator, 12.0);
    let error = partial.merge(total).unwrap_err();
    assert_eq!(error.to_string(), "smooth_l1: partial results of two different losses cannot be merged");
    let scaled = Scaled::new(2.0).on(&x, &x.mapv(|_| 1), &arr0(1.0)).partial().unwrap();
    assert!(matches!(scaled.merge(scaled), Err(Error::Merge { loss: "scaled", .. })));
}

#[test]
fn given_parameters_whole_numbers_and_shared_inputs() {
    let (x, label, scale) = (array![1.0f32, 2.0], array![1i64, 3], arr0(10.0));
    let (mut gx, mut gs) = (Array1::zeros(2), arr0(0.0));
    let loss = Scaled::new(0.5).shift(2).loud(true).reduction(Sum);
    let grads = ScaledGrads::new().input(&mut gx).scale(&mut gs);
    let value = loss.on(&x, &label, &scale).forward_backward_into(grads).unwrap();
    assert_eq!((value, gx, gs), (130.0, array![30.0, 50.0], arr0(13.0)));
    assert_eq!(loss.forward_backward(&x, &label, &scale).unwrap(), (130.0, array![30.0, 50.0]));
    assert_eq!(loss.forward(&x, &label.mapv(|label| label as u16), &scale).unwrap(), 130.0);
    assert_eq!(loss.forward(&x, &label.mapv(|label| label as i8), &scale).unwrap(), 130.0);
    assert_eq!(
        Scaled::new(0.5).reduction(Sum).forward(&x, &label, &scale).unwrap(),
        0.5 * 10.0 * (2.0 + 8.0)
    );
    assert_eq!(loss, Scaled::new(0.5).reduction(Sum).loud(true).shift(2));
    assert_ne!(loss, Scaled::new(0.5).reduction(Sum));
}

#[test]
fn errors_of_shape() {
    let x = Array2::<f64>::zeros((4, 3));
    let column = Array2::zeros((4, 1));
    assert_eq!(
        text(Mse::new().forward(&x, &column)),
        "mse: `input` has shape [4, 3] but `target` has shape [4, 1]; required inputs must have the same shape"
    );
    assert_eq!(text(Mse::new().on(&x, &x).weight(&column).forward()), "no error");
    assert_eq!(
        text(Mse::new().on(&x, &x).weight(&Array1::zeros(4)).forward()),
        "mse: `weight` of shape [4] does not broadcast to the sample shape [4, 3]"
    );
    assert_eq!(
        text(Mse::new().on(&x, &x).weight(&Array3::zeros((1, 4, 3))).forward()),
        "mse: `weight` of shape [1, 4, 3] does not broadcast to the sample shape [4, 3]"
    );
    assert_eq!(
        text(Mse::new().on(&column, &column).weight(&x).forward()),
        "mse: `weight` of shape [4, 3] does not broadcast to the sample shape [4, 1]"
    );
    assert_eq!(
        text(Mse::new().on(&x, &x).forward_backward_into(&mut Array2::zeros((3, 4)))),
        "mse: the buffer for the gradient of `input` has shape [3, 4] but must have [4, 3]"
    );
    let loss = Mse::new().reduction(Unreduced);
    assert_eq!(
        text(loss.on(&x, &x).forward_into(&mut Array2::zeros((4, 4)))),
        "mse: the buffer for the values has shape [4, 4] but must have [4, 3]"
    );
    assert_eq!(
        text(loss.backward(&x, &x, &column)),
        "mse: the upstream derivative has shape [4, 1] but the result has shape [4, 3]"
    );
}

#[test]
fn errors_of_elements_and_parameters() {
    let x = Array2::<f64>::zeros((2, 3));
    let mut t = x.clone();
    let keep: Array<bool, Ix2> = x.mapv(|_| true);
    t[[1, 2]] = 1.5;
    assert_eq!(
        text(Masked::new().forward(&x, &t, &keep)),
        "masked: `target` is 1.5 at [1, 2], outside of [0, 1]"
    );
    assert_eq!(Masked::new().unchecked().reduction(Sum).forward(&x, &t, &keep).unwrap(), 2.25);
    t[[0, 1]] = f64::NAN;
    assert_eq!(
        text(Masked::new().forward(&x, &t, &keep)),
        "masked: `target` is NaN at [0, 1], outside of [0, 1]"
    );
    assert!(Masked::new().unchecked().forward(&x, &t, &keep).unwrap().is_nan());

    assert_eq!(
        text(SmoothL1::new().beta(-1.0).forward(&x, &x)),
        "smooth_l1: parameter `beta` is -1, outside of [0, inf)"
    );
    assert_eq!(
        text(SmoothL1::new().beta(f64::NAN).forward(&x, &x)),
        "smooth_l1: parameter `beta` is NaN, but must be a number"
    );
    let scaled = |loss: Scaled, label: i64| {
        let x = x.mapv(|x| x as f32);
        text(loss.forward(&x, &x.mapv(|_| label), &arr0(1.0)))
    };
    assert_eq!(scaled(Scaled::new(1.0), 1), "scaled: parameter `factor` is 1, outside of {0.5, 2}");
    assert_eq!(
        scaled(Scaled::new(2.0).shift(i64::MAX), 1),
        "scaled: parameter `shift` is 9223372036854776000, but must be a whole number up to 2^53"
    );
    assert_eq!(
        scaled(Scaled::new(2.0), (1 << 24) + 1),
        "scaled: `label` is 16777217 at [0, 0], which the float type of the call cannot hold exactly"
    );
    assert_eq!(scaled(Scaled::new(2.0), 1 << 24), "no error");
    assert!(size_of::<Error>() <= 128);
}

#[test]
fn an_empty_array_takes_no_time_however_long_its_axes_are() {
    let empty = Array2::<f64>::zeros((1 << 40, 0));
    let (value, gradient) = SmoothL1::new().forward_backward(&empty, &empty).unwrap();
    assert!(value.is_nan());
    assert_eq!(gradient.shape(), [1 << 40, 0]);
}

#[test]
fn a_view_larger_than_any_array_is_refused() {
    let one = arr0(1.0f64);
    let huge = one.broadcast(1 << 61).unwrap();
    let error = SmoothL1::new().forward_backward(&huge, &huge).unwrap_err().to_string();
    assert!(error.contains("[2305843009213693952]"), "{error}");
}

#[test]
fn a_tiny_or_huge_divisor_scales_gradients_all_the_same() {
    let (x, t, w) = (array![1f32, 2.0], array![0f32, 0.0], array![1e-39f32, 1e-39]);
    let (value, gradient) = Mse::new().on(&x, &t).weight(&w).forward_backward().unwrap();
    assert_eq!(value, 2.5);
    assert!((&gradient - &array![1.0, 2.0]).iter().all(|error| error.abs() < 1e-5), "{gradient}");
    let (x, t, w) = (array![1f64, 2.0], array![0f64, 0.0], array![1e-310, 1e-310]);
    let (value, gradient) = Mse::new().on(&x, &t).weight(&w).forward_backward().unwrap();
    assert_eq!(value, 2.5);
    all_close(&gradient, &array![1.0, 2.0]);
    let (x, t) = (array![1e30f32], array![0f32]);
    let (_, gradient) = Mse::new().reduction(MeanOver(1e46)).forward_backward(&x, &t).unwrap();
    assert!((gradient[0] / 2e-16 - 1.0).abs() < 1e-6, "{gradient}");
}
