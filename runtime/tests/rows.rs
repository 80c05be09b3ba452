//! Losses over named axes: reductions, gradients, layouts, calls by name.

mod formulas;

use formulas::numbers::{all_close, close, noise, text};
use formulas::rows::cross_entropy::{CrossEntropy, CrossEntropyGrads};
use formulas::rows::distance::{Distance, DistanceGrads};
use lossdef_runtime::dynamic::DynamicCall;
use lossdef_runtime::partial::Partial;
use lossdef_runtime::reduction::{BatchMean, MeanOver, ReductionKind, Sum, Unreduced};
use ndarray::{Array, Array1, Array2, ArrayD, Axis, IxDyn, ShapeBuilder, arr0, array, s};

/// Cross entropy and its gradient, sample by sample; 0 where the label is -100.
fn reference(x: &Array2<f64>, labels: &Array1<i64>, w: &Array1<f64>) -> (Array1<f64>, Array2<f64>) {
    let (mut each, mut gradient) = (Array1::zeros(labels.len()), Array2::zeros(x.raw_dim()));
    for (n, &label) in labels.indexed_iter().filter(|(_, label)| **label != -100) {
        let label = label as usize;
        let sum = x.row(n).mapv(f64::exp).sum();
        each[n] = w[label] * (sum.ln() - x[[n, label]]);
        for c in 0..x.ncols() {
            let own = if c == label { 1.0 } else { 0.0 };
            gradient[[n, c]] = w[label] * (x[[n, c]].exp() / sum - own);
        }
    }
    (each, gradient)
}

#[test]
fn every_reduction() {
    let (x, labels, w) = (noise((5, 3), 1), array![2i64, 0, -100, 1, 2], array![1.0, 2.0, 0.5]);
    let (each, slope) = reference(&x, &labels, &w);
    let loss = CrossEntropy::new();
    let divisor = w[2] + w[0] + w[1] + w[2];

    let (value, gradient) = loss.on(&x, &labels).weight(&w).forward_backward().unwrap();
    close(value, each.sum() / divisor);
    all_close(&gradient, &(&slope / divisor));
    close(loss.on(&x, &labels).weight(&w).forward().unwrap(), value);
    let gradient = loss.on(&x, &labels).weight(&w).backward(3.0).unwrap();
    all_close(&gradient, &(&slope * (3.0 / divisor)));

    let ones = w.mapv(|_| 1.0);
    let (plain, plain_slope) = reference(&x, &labels, &ones);
    let (value, gradient) = loss.forward_backward(&x, &labels).unwrap();
    close(value, plain.sum() / 4.0);
    all_close(&gradient, &(&plain_slope / 4.0));
    close(loss.reduction(Sum).forward(&x, &labels).unwrap(), plain.sum());
    close(loss.reduction(BatchMean).forward(&x, &labels).unwrap(), plain.sum() / 5.0);
    close(loss.reduction(MeanOver(8.0)).forward(&x, &labels).unwrap(), plain.sum() / 8.0);

    let loss = loss.reduction(Unreduced);
    let (values, gradient): (Array1<f64>, Array2<f64>) =
        loss.on(&x, &labels).weight(&w).forward_backward().unwrap();
    all_close(&values, &each);
    all_close(&gradient, &slope);
    assert_eq!(values[2], 0.0);
    let upstream = noise(5, 2);
    let gradient = loss.on(&x, &labels).weight(&w).backward(&upstream).unwrap();
    all_close(&gradient, &(&slope * &upstream.view().insert_axis(Axis(1))));
    let (mut values, mut gradient) = (Array1::zeros(5), x.clone());
    loss.on(&x, &labels).weight(&w).values_and_gradients_into(&mut values, &mut gradient).unwrap();
    all_close(&values, &each);
    all_close(&gradient, &slope);
}

#[test]
fn single_precision_dimensions_and_layouts() {
    let (x, labels) = (noise((4, 6), 3), array![5i64, 0, 1, 3]);
    let (value, gradient) = CrossEntropy::new().forward_backward(&x, &labels).unwrap();
    let single: (f32, Array2<f32>) =
        CrossEntropy::new().forward_backward(&x.mapv(|x| x as f32), &labels).unwrap();
    assert!((f64::from(single.0) - value).abs() < 1e-6);

    let dynamic: (f64, ArrayD<f64>) =
        CrossEntropy::new().forward_backward(&x.clone().into_dyn(), &labels.clone().into_dyn()).unwrap();
    close(dynamic.0, value);
    all_close(&dynamic.1, &gradient.clone().into_dyn());

    let mut fortran = Array::zeros(x.raw_dim().f());
    fortran.assign(&x);
    let (other, other_gradient) = CrossEntropy::new().forward_backward(&fortran, &labels).unwrap();
    close(other, value);
    all_close(&other_gradient, &gradient);
    assert_eq!(other_gradient.strides(), fortran.strides(), "a new gradient is laid out as its input");

    // Every second element, backwards, of something larger.
    let mut wide = Array2::from_elem((4, 12), f64::NAN);
    wide.slice_mut(s![.., ..;-2]).assign(&x);
    let mut into = Array2::from_elem((8, 6), 9.0);
    let mut target = into.slice_mut(s![..;2, ..;-1]);
    let view = wide.slice(s![.., ..;-2]);
    close(CrossEntropy::new().on(&view, &labels).forward_backward_into(&mut target).unwrap(), value);
    all_close(&target.to_owned(), &gradient);
    assert!(into.slice(s![1..;2, ..]).iter().all(|&untouched| untouched == 9.0));

    // One sample without sample axes, and two sample axes.
    let one = CrossEntropy::new().reduction(Unreduced).forward(&x.row(1), &arr0(0i64)).unwrap();
    close(one[()], reference(&x, &labels, &Array1::ones(6)).0[1]);
    let cube = x.to_shape((2, 2, 6)).unwrap();
    let square = labels.to_shape((2, 2)).unwrap();
    let each = CrossEntropy::new().reduction(Unreduced).forward(&cube, &square).unwrap();
    assert_eq!(each.shape(), [2, 2]);
    close(each.mean().unwrap(), value);
}

#[test]
fn named_samples_and_what_broadcasts() {
    let (a, b) = (noise((4, 3), 11), noise((4, 3), 12));
    let squares = (&a - &b).mapv(|d| d * d);
    let slope = (&a - &b) * 2.0;
    let each: Array1<f64> = Distance::new().reduction(Unreduced).forward(&a, &b).unwrap();
    all_close(&each, &squares.sum_axis(Axis(1)));
    let (value, gradient) = Distance::new().forward_backward(&a, &b).unwrap();
    close(value, squares.sum() / 4.0);
    all_close(&gradient, &(&slope / 4.0));
    close(Distance::new().reduction(BatchMean).forward(&a, &b).unwrap(), squares.sum() / 4.0);

    let sum = Distance::new().reduction(Sum);
    let (column, row) = (noise((4, 1), 13), noise(3, 14));
    let (mut ga, mut gb) = (a.clone(), b.clone());
    let (mut gc, mut gr, mut g0) = (column.clone(), row.clone(), arr0(5.0));
    let grads = DistanceGrads::new().a(&mut ga).b(&mut gb).scale(&mut gc);
    close(sum.on(&a, &b).scale(&column).forward_backward_into(grads).unwrap(), (&squares * &column).sum());
    all_close(&ga, &(&slope * &column));
    all_close(&gb, &(&slope * &column * -1.0));
    all_close(&gc, &squares.sum_axis(Axis(1)).insert_axis(Axis(1)));
    let grads = DistanceGrads::new().scale(&mut gr);
    close(sum.on(&a, &b).scale(&row).forward_backward_into(grads).unwrap(), (&squares * &row).sum());
    all_close(&gr, &squares.sum_axis(Axis(0)));
    sum.on(&a, &b).backward_into(1.0, DistanceGrads::new().scale(&mut g0)).unwrap();
    close(g0[()], squares.sum());
}

#[test]
fn quotient_rule_and_partial_results() {
    let (x, labels, w) = (noise((6, 3), 15), array![2i64, 0, -100, 1, 2, 0], noise(3, 16) + 1.5);
    let mean = |w: &Array1<f64>| CrossEntropy::new().on(&x, &labels).weight(w).forward().unwrap();
    let (mut gx, mut gw) = (x.clone(), w.clone());
    let grads = CrossEntropyGrads::new().input(&mut gx).weight(&mut gw);
    let value = CrossEntropy::new().on(&x, &labels).weight(&w).forward_backward_into(grads).unwrap();
    close(value, mean(&w));
    let h = 1e-5;
    for c in 0..3 {
        let (mut up, mut down) = (w.clone(), w.clone());
        up[c] += h;
        down[c] -= h;
        assert!((gw[c] - (mean(&up) - mean(&down)) / (2.0 * h)).abs() < 1e-7);
    }

    let (mut dn, mut dd) = (Array1::zeros(3), Array1::zeros(3));
    let mut merged: Option<Partial> = None;
    for rows in [0..1, 1..4, 4..6] {
        let (mut n, mut d) = (Array1::from_elem(3, 7.0), Array1::from_elem(3, 7.0));
        let partial = CrossEntropy::new()
            .on(&x.slice(s![rows.clone(), ..]), &labels.slice(s![rows]))
            .weight(&w)
            .partials_into(CrossEntropyGrads::new().weight(&mut n), CrossEntropyGrads::new().weight(&mut d))
            .unwrap();
        dn += &n;
        dd += &d;
        merged = Some(merged.map_or(Ok(partial), |sum| sum.merge(partial)).unwrap());
    }
    let total = merged.unwrap();
    close(total.mean(), value);
    let (n, d) = (total.numerator, total.denominator);
    all_close(&(&dn / d - &dd * (n / (d * d))), &gw);
}

#[test]
fn nothing_to_average() {
    let (x, labels) = (noise((2, 3), 17), array![-100i64, -100]);
    let (value, gradient) = CrossEntropy::new().forward_backward(&x, &labels).unwrap();
    assert!(value.is_nan());
    assert_eq!(gradient, Array2::<f64>::zeros((2, 3)));
    let (empty, none) = (Array2::<f64>::zeros((0, 3)), Array1::<i64>::zeros(0));
    let (value, gradient) = CrossEntropy::new().forward_backward(&empty, &none).unwrap();
    assert!(value.is_nan());
    assert_eq!(gradient.shape(), [0, 3]);
    assert_eq!(CrossEntropy::new().reduction(Sum).forward(&empty, &none).unwrap(), 0.0);
    assert_eq!(
        text(CrossEntropy::new().forward(&Array2::<f64>::zeros((2, 0)), &array![0i64, 0])),
        "cross_entropy: `target` is 0 at [0], but axis `c` has no positions"
    );
}

#[test]
fn calls_by_name() {
    let x = noise((2, 3, 4), 18);
    let labels = array![[0i64, 2, 2, 1], [1, -100, 0, 2]];
    let w = array![1.0, 2.0, 0.5];
    let loss = CrossEntropy::new().axis("c", 1);
    let (mut gx, mut gw) = (x.clone(), w.clone());
    let grads = CrossEntropyGrads::new().input(&mut gx).weight(&mut gw);
    let value = loss.on(&x, &labels).weight(&w).forward_backward_into(grads).unwrap();
    let call = || {
        let call = CrossEntropy::dynamic().call().axis("c", 1);
        call.input("input", &x).input("weight", &w).gradient("input").gradient("weight")
    };
    let check = |call: DynamicCall<'_>| {
        let result = call.evaluate().unwrap();
        assert_eq!(result.value.scalar(), Some(value));
        assert_eq!(result.gradient("input").unwrap().to_f64(), gx.clone().into_dyn());
        assert_eq!(result.gradient("weight").unwrap().to_f64(), gw.clone().into_dyn());
    };
    check(call().input("target", &labels));
    check(call().input("target", &labels.mapv(|label| label as i32)));
    let kept = labels.mapv(|label| if label < 0 { 9 } else { label });
    check(call().input("target", &kept.mapv(|label| label as u8)).parameter("ignore_index", 9));
    check(call().input("target", &kept.mapv(|label| label as u32)).parameter("ignore_index", 9));
    check(call().input("target", &kept.mapv(|label| label as usize)).parameter("ignore_index", 9));

    let each = call().input("target", &labels).reduction(ReductionKind::None).evaluate().unwrap();
    assert_eq!(each.value.shape(), [2, 4]);
    let typed = loss.reduction(Unreduced).on(&x, &labels).weight(&w).forward().unwrap();
    assert_eq!(each.value, typed.into_dyn().into());
    let partial = call().input("target", &labels).denominator_gradient("weight").partial().unwrap();
    assert_eq!(partial.partial, loss.on(&x, &labels).weight(&w).partial().unwrap());
    assert_eq!(
        partial.denominator_gradient("weight").unwrap().to_f64(),
        ArrayD::from_shape_vec(IxDyn(&[3]), vec![2.0, 2.0, 3.0]).unwrap()
    );
    assert_eq!(
        text(CrossEntropy::dynamic().call().axis("n", 0).evaluate()),
        "cross_entropy: no axis `n` stands beside sample axes; those that do are `c`"
    );
    assert_eq!(
        text(call().input("target", &x).evaluate()),
        "cross_entropy: `target` has elements of type f64 but must have whole numbers \
         (i64, i32, i16, i8, u64, u32, u16, u8 or usize)"
    );
}
