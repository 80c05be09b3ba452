//! Losses over named axes: where axes stand, groups, labels, and what is wrong with shapes and elements.

mod formulas;

use formulas::numbers::{all_close, close, noise, text};
use formulas::rows::cross_entropy::CrossEntropy;
use formulas::rows::distance::Distance;
use formulas::rows::overlap::Overlap;
use formulas::rows::picked::{Picked, PickedGrads};
use lossdef_runtime::error::Error;
use lossdef_runtime::label::Label;
use lossdef_runtime::reduction::{ReductionKind, Sum, Unreduced};
use ndarray::{Array1, Array2, Array3, Axis, arr0, array, s};

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

#[test]
fn which_axis_of_an_array_runs_along_the_samples() {
    let (x, labels) = (noise((2, 3, 4), 4), array![[0i64, 2, 2, 1], [1, -100, 0, 2]]);
    let w = array![1.0, 2.0, 0.5];
    let call = CrossEntropy::dynamic().call().input("input", &x).input("target", &labels).input("weight", &w);
    let shapes = call.axis("c", 1).shapes().unwrap();
    assert_eq!(shapes.samples, [2, 4]);
    assert_eq!(shapes.along, [vec![Some(0), Some(2)], vec![Some(0), Some(1)], vec![None, None]]);
    // The samples of an array that lies the other way round.
    let (a, b) = (noise((5, 3), 5), noise((5, 3), 6));
    let shapes = Distance::dynamic().call().axis("d", 0).input("a", &a).input("b", &b).shapes().unwrap();
    assert_eq!((shapes.samples, &shapes.along[0]), (vec![3], &vec![Some(1)]));
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
    assert_eq!(labelled(|label| label as i16), expected);
    assert_eq!(labelled(|label| label as i8), expected);
    assert_eq!(labelled(|label| label as u64), expected);
    assert_eq!(labelled(|label| label as u16), expected);
}

#[test]
fn labels_that_are_copied_keep_their_layout_and_their_errors() {
    let (x, loss) = (noise((2, 4, 3), 4), CrossEntropy::new().reduction(Unreduced));
    let labels = array![[0i64, 2, 2, 1], [1, -100, 0, 2]];
    let expected: Array2<f64> = loss.forward(&x, &labels).unwrap();
    // Column by column, backwards, and every other element of a longer array.
    let turned = labels.mapv(|label| label as i16).reversed_axes().as_standard_layout().to_owned();
    assert_eq!(loss.forward(&x, &turned.t()).unwrap(), expected);
    let mut wide = Array2::from_elem((2, 8), 77i8);
    wide.slice_mut(s![.., ..;-2]).assign(&labels.mapv(|label| label as i8));
    assert_eq!(loss.forward(&x, &wide.slice(s![.., ..;-2])).unwrap(), expected);
    let by_name = CrossEntropy::dynamic().call().input("input", &x).input("target", turned.t());
    let by_name = by_name.reduction(ReductionKind::None).evaluate().unwrap();
    assert_eq!(by_name.value, expected.into_dyn().into());
    let huge = labels.mapv(|label| if label == 2 { u64::MAX } else { 0 });
    assert_eq!(
        text(loss.forward(&x, &huge)),
        "cross_entropy: `target` is 18446744073709551615 at [0, 1], but axis `c` has positions 0 to 2"
    );
    let below = labels.mapv(|label| label as i16 - 1);
    assert_eq!(
        text(loss.forward(&x, &below)),
        "cross_entropy: `target` is -1 at [0, 0], but axis `c` has positions 0 to 2"
    );
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
        "overlap: `mask` is declared over [n, s..], so it must have shape [2, 3, 4]; it has [2, 12]"
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
        "cross_entropy: `target` is declared over [..], so it must have shape [4]; it has [4, 1]"
    );
    // Labels that are one-hot.
    assert_eq!(
        text(loss.forward(&x, &Array2::<i64>::zeros((4, 3)))),
        "cross_entropy: `target` is declared over [..], so it must have shape [4]; it has [4, 3]"
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
        "distance: `b` is declared over [n, d], so it must have shape [4, 3]; it has [3]"
    );
    let one = arr0(1.0f64);
    let huge = one.broadcast((1 << 61, 1)).unwrap();
    let error = text(CrossEntropy::new().forward_backward(&huge, &arr0(0i64).broadcast(1 << 61).unwrap()));
    assert!(error.contains("[2305843009213693952]"), "{error}");
}
