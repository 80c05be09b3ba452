//! Losses over named axes: shapes, labels, reductions, gradients, calls by name.

mod formulas;

use formulas::rows::{
    CrossEntropy, CrossEntropyGrads, Distance, DistanceGrads, Overlap, Picked, PickedGrads,
};
use lossdef_runtime::error::Error;
use lossdef_runtime::label::Label;
use lossdef_runtime::partial::Partial;
use lossdef_runtime::reduction::{BatchMean, MeanOver, ReductionKind, Sum, Unreduced};
use ndarray::{
    Array, Array1, Array2, Array3, ArrayD, Axis, Dimension, IxDyn, ShapeBuilder, Zip, arr0, array, s,
};

/// Numbers without a pattern, in [-1, 1).
fn noise<D: Dimension>(shape: impl ShapeBuilder<Dim = D>, seed: u64) -> Array<f64, D> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    Array::from_shape_simple_fn(shape, || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    })
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs())), "{a} is not {b}");
}

fn all_close<D: Dimension>(a: &Array<f64, D>, b: &Array<f64, D>) {
    assert_eq!(a.shape(), b.shape());
    Zip::from(a).and(b).for_each(|&a, &b| close(a, b));
}

fn text<X>(result: Result<X, Error>) -> String {
    match result {
        Ok(_) => String::from("no error"),
        Err(error) => error.to_string(),
    }
}

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
fn an_axis_elsewhere() {
    let (x, labels) = (noise((2, 4, 3), 4), array![[0i64, 2, 2, 1], [1, -100, 0, 2]]);
    let w = array![1.0, 2.0, 0.5];
    let loss = CrossEntropy::new();
    let (value, gradient) = loss.on(&x, &labels).weight(&w).forward_backward().unwrap();
    // [N, d1, C] to [N, C, d1].
    let moved: Array3<f64> = x.view().permuted_axes([0, 2, 1]).as_standard_layout().to_owned();
    let loss = loss.axis("c", 1);
    let (other, other_gradient) = loss.on(&moved, &labels).weight(&w).forward_backward().unwrap();
    close(other, value);
    all_close(&other_gradient, &gradient.view().permuted_axes([0, 2, 1]).to_owned());
    let each = loss.reduction(Unreduced).forward(&moved, &labels).unwrap();
    assert_eq!(each.shape(), [2, 4]);
    assert_ne!(loss, CrossEntropy::new());

    let flipped = Distance::new().axis("d", 0);
    let (a, b) = (noise((3, 5), 5), noise((3, 5), 6));
    let scale = noise((5, 1), 7);
    close(
        flipped.on(&a.t(), &b.t()).scale(&scale.t().to_owned().t()).forward().unwrap(),
        flipped.on(&a.t(), &b.t()).scale(&scale).forward().unwrap(),
    );
    close(flipped.forward(&a.t(), &b.t()).unwrap(), Distance::new().forward(&a, &b).unwrap());

    assert_eq!(
        text(CrossEntropy::new().axis("d", 1).forward(&x, &labels)),
        "cross_entropy: no axis `d` stands beside sample axes; those that do are `c`"
    );
    assert_eq!(
        text(CrossEntropy::new().axis("c", 3).forward(&x, &labels)),
        "cross_entropy: `c` cannot be axis 3 of `input`, whose 3 axes are [.., c]"
    );
    assert_eq!(
        text(Distance::new().axis("d", 1).axis("n", 1).forward(&a, &b)),
        "distance: `d` cannot be axis 1 of `a`, whose 2 axes are [n, d]"
    );
}

fn labelled<L: Label>(convert: impl Fn(i64) -> L) -> f64 {
    let (x, labels) = (noise((4, 3), 8), array![2i64, 0, 1, 2]);
    let labels = labels.mapv(convert);
    let sets = array![[0i64, 2, 0], [1, 1, 1], [2, 0, 1], [0, 0, 0]].mapv(|label| labels[label as usize]);
    let once = CrossEntropy::new().forward(&x, &labels).unwrap();
    once + 10.0 * Picked::new().forward(&sets, &x).unwrap()
}

#[test]
fn every_type_of_labels() {
    let expected = labelled(|label| label);
    assert_eq!(labelled(|label| label as i32), expected);
    assert_eq!(labelled(|label| label as u32), expected);
    assert_eq!(labelled(|label| label as u8), expected);
    assert_eq!(labelled(|label| label as usize), expected);
}

#[test]
fn labels_out_of_range() {
    let x = noise((2, 2, 3), 9);
    let mut labels = array![[0i64, 1], [2, 3]];
    let loss = CrossEntropy::new();
    assert_eq!(
        text(loss.forward(&x, &labels)),
        "cross_entropy: `target` is 3 at [1, 1], but axis `c` has positions 0 to 2"
    );
    assert_eq!(
        text(loss.unchecked().reduction(Sum).forward(&x, &labels)),
        "cross_entropy: `target` is 3 at [1, 1], but axis `c` has positions 0 to 2"
    );
    labels[[0, 0]] = -1;
    assert_eq!(
        text(loss.forward(&x, &labels)),
        "cross_entropy: `target` is -1 at [0, 0], but axis `c` has positions 0 to 2"
    );
    labels[[0, 0]] = 1 << 40;
    assert_eq!(
        text(loss.ignore_index(3).forward(&x, &labels)),
        "cross_entropy: `target` is 1099511627776 at [0, 0], but axis `c` has positions 0 to 2"
    );
    let huge = labels.mapv(|label| if label == 3 { usize::MAX } else { 0 });
    assert_eq!(
        text(loss.forward(&x, &huge)),
        "cross_entropy: `target` is 18446744073709551615 at [1, 1], but axis `c` has positions 0 to 2"
    );
    // What is not kept is never read.
    labels[[0, 0]] = 3;
    let mut holed = x.clone();
    holed.slice_mut(s![0, 0, ..]).fill(f64::NAN);
    let (value, gradient) = loss.ignore_index(3).forward_backward(&holed, &labels).unwrap();
    assert!(value.is_finite());
    assert!(gradient.iter().all(|g| g.is_finite()));
    assert!(gradient.slice(s![0, 0, ..]).iter().all(|g| *g == 0.0));
    assert!(size_of::<Error>() <= 128);
}

#[test]
fn sets_end_at_the_first_negative_element() {
    let x = array![[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]];
    let sets = array![[1i64, 1, -1], [2, -7, 99]];
    let (value, gradient) = Picked::new().reduction(Sum).forward_backward(&sets, &x).unwrap();
    assert_eq!(value, 2.0 + 2.0 + 32.0);
    assert_eq!(gradient, array![[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]]);
    let mut buffer = x.clone();
    let call = Picked::new().reduction(Sum);
    call.on(&sets, &x).forward_backward_into(PickedGrads::new().input(&mut buffer)).unwrap();
    assert_eq!(buffer, gradient);
    // The class axis first, in both.
    let (value, gradient) =
        Picked::new().axis("c", 0).reduction(Sum).forward_backward(&sets.t(), &x.t()).unwrap();
    assert_eq!(value, 36.0);
    assert_eq!(gradient.t(), array![[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]]);
    let wrong = array![[1i64, 1, -1], [2, 3, 0]];
    assert_eq!(
        text(Picked::new().forward(&wrong, &x)),
        "picked: `target` is 3 at [1, 1], but axis `c` has positions 0 to 2"
    );
}

#[test]
fn groups_of_axes_and_domains() {
    let mut a = noise((2, 3, 4), 19).mapv(f64::abs);
    let mask = a.mapv(|a| a > 0.3);
    let (level, w) = (array![2i64, -1], noise((3, 4), 20));
    let ones = mask.mapv(|mask| f64::from(u8::from(mask)));
    let sums = |part: &Array3<f64>| (part * &w).sum_axis(Axis(2)).sum_axis(Axis(1));
    let levels = level.mapv(|level| level as f64);
    let loss = Overlap::new().reduction(Unreduced);
    let each: Array1<f64> = loss.on(&a, &mask, &level).w(&w).forward().unwrap();
    all_close(&each, &(sums(&(&a * &ones)) * &levels));
    let (_, gradient) = loss.on(&a, &mask, &level).w(&w).forward_backward().unwrap();
    all_close(&gradient, &(&ones * &w * levels.view().insert_axis(Axis(1)).insert_axis(Axis(2))));
    // A group may stand elsewhere, be empty, and be something else in another call.
    let moved = loss.axis("s", 0);
    let other = |array: &Array3<f64>| array.view().permuted_axes([1, 2, 0]).to_owned();
    let (flipped, turned) = (other(&a), mask.view().permuted_axes([1, 2, 0]));
    let (values, gradient_elsewhere) = moved.on(&flipped, &turned, &level).w(&w).forward_backward().unwrap();
    all_close(&values, &each);
    all_close(&gradient_elsewhere, &other(&gradient));
    let flat = |array: &Array3<f64>| array.to_shape((2, 12)).unwrap().to_owned();
    let flat_mask = mask.to_shape((2, 12)).unwrap().to_owned();
    let w_flat = w.to_shape(12).unwrap().to_owned();
    all_close(&loss.on(&flat(&a), &flat_mask, &level).w(&w_flat).forward().unwrap(), &each);
    let none = Overlap::new().reduction(Sum).forward(&array![0.5, 0.25], &array![true, true], &level);
    assert_eq!(none.unwrap(), 2.0 * 0.5 - 0.25);
    assert_eq!(
        text(loss.forward(&a, &flat_mask, &level)),
        "overlap: `a` of shape [2, 3, 4] and `mask` of shape [2, 12] differ in the size of axis `s`"
    );
    assert_eq!(
        text(loss.on(&a, &mask, &level).w(&Array2::ones((4, 3))).forward()),
        "overlap: `w` of shape [4, 3] does not broadcast to [3, 4], the shape of [s..]"
    );

    a[[1, 2, 0]] = 1.5;
    assert_eq!(text(loss.forward(&a, &mask, &level)), "overlap: `a` is 1.5 at [1, 2, 0], outside of [0, 1]");
    assert_eq!(
        text(moved.forward(&other(&a), &turned, &level)),
        "overlap: `a` is 1.5 at [2, 0, 1], outside of [0, 1]"
    );
    assert!(loss.unchecked().forward(&a, &mask, &level).is_ok());
    let single = a.mapv(|a| a.min(1.0) as f32);
    assert_eq!(
        text(loss.forward(&single, &mask, &array![0i64, (1 << 24) + 1])),
        "overlap: `level` is 16777217 at [1], which the float type of the call cannot hold exactly"
    );
}

#[test]
fn errors_of_shape() {
    let (x, labels) = (noise((4, 3), 10), array![0i64, 1, 2, 0]);
    let loss = CrossEntropy::new();
    assert_eq!(
        text(loss.forward(&x, &array![0i64, 1])),
        "cross_entropy: `input` of shape [4, 3] and `target` of shape [2] differ in their sample axes"
    );
    assert_eq!(
        text(loss.forward(&x, &Array2::<i64>::zeros((4, 1)))),
        "cross_entropy: `input` of shape [4, 3] and `target` of shape [4, 1] differ in their sample axes"
    );
    assert_eq!(
        text(loss.forward(&arr0(1.0), &arr0(0i64))),
        "cross_entropy: `input` has shape [] but is declared over [.., c]"
    );
    assert_eq!(
        text(loss.on(&x, &labels).weight(&array![1.0, 2.0]).forward()),
        "cross_entropy: `weight` of shape [2] does not broadcast to [3], the shape of [c]"
    );
    assert_eq!(text(loss.on(&x, &labels).weight(&array![2.0]).forward()), "no error");
    assert_eq!(text(loss.on(&x, &labels).weight(&arr0(2.0)).forward()), "no error");
    assert_eq!(
        text(loss.on(&x, &labels).weight(&Array2::ones((1, 3))).forward()),
        "cross_entropy: `weight` of shape [1, 3] does not broadcast to [3], the shape of [c]"
    );
    assert_eq!(
        text(loss.on(&x, &labels).forward_backward_into(&mut Array2::zeros((3, 4)))),
        "cross_entropy: the buffer for the gradient of `input` has shape [3, 4] but must have [4, 3]"
    );
    let each = loss.reduction(Unreduced);
    assert_eq!(
        text(each.on(&x, &labels).forward_into(&mut Array1::zeros(3))),
        "cross_entropy: the buffer for the values has shape [3] but must have [4]"
    );
    assert_eq!(
        text(each.backward(&x, &labels, &Array1::zeros(3))),
        "cross_entropy: the upstream derivative has shape [3] but the result has shape [4]"
    );
    assert_eq!(
        text(Distance::new().forward(&x, &noise((4, 2), 1))),
        "distance: `a` of shape [4, 3] and `b` of shape [4, 2] differ in the size of axis `d`"
    );
    assert_eq!(
        text(Distance::new().forward(&x, &noise(3, 1))),
        "distance: `b` has shape [3] but is declared over [n, d]"
    );
    let one = arr0(1.0f64);
    let huge = one.broadcast((1 << 61, 1)).unwrap();
    let error = text(CrossEntropy::new().forward_backward(&huge, &arr0(0i64).broadcast(1 << 61).unwrap()));
    assert!(error.contains("[2305843009213693952]"), "{error}");
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
    let check = |call: lossdef_runtime::dynamic::DynamicCall<'_>| {
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
        "cross_entropy: `target` has elements of type f64 but must have whole numbers (i64, i32, u32, u8 or usize)"
    );
}
