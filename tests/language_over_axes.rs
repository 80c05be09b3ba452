//! The language over named axes as it runs: folds, filters, positions, sets, locals, helpers, several axes, groups,
//! samples that see each other; each with numbers worked out by hand. And what a call answers to bad labels, shapes
//! and places of axes.

use lossdef::{Error, Mean, Sum, Unreduced};
use ndarray::{Array1, Array2, Array3, arr0, arr1, array};

lossdef::losses! { inline = r#"
    fn far[d](x, y; eps = 0) = sum[d]((x - y + eps)^2)

    loss folds(x[.., c]) =
        sum[c](x) + 10 * mean[c](x) + 100 * max[c](x) + 1000 * min[c](x) + 10000 * prod[c](x)
    loss lengths(x[.., c]) = norm[c](x) + exp(logsumexp[c](log(1 + x^2)))
    loss truths(x[.., c]) = [any[c](x > 3)] + 2 * [all[c](x > 0)] + 4 * count[c](x > 1) + sum[c](x)
    loss over_nothing(x[.., c]) = sum[c | x > 9](x) + prod[c | x > 9](x) + [all[c | x > 9](x < 0)]
    loss largest(x[.., c]) = max[c | x < 9](x)
        allow(L0703, "to be taken over nothing")
    loss filters(x[.., c], y: index c) = sum[j in c | j != y](x[j]) - mean[c | x < 3](x)
        allow(L0703, "to be taken over nothing")
    loss pairs(x[.., c]) = sum[i in c, j in c | i < j](x[i] * x[j]^2)
    loss positions(x[.., c], y: index c) = x[y] + sum[c](c * x) + size(c) * sum[c]([c == y] * x)
    loss normalised(x[.., c], y: index c) = p[y] + u[y]
        where p[c] = softmax[c](log(x)), u[c] = unit[c](x)
        allow(L0703, "the numbers here are positive")
    loss sets(x[.., c], labels[.., k]: set c) =
        sum[j in labels, i in c | i not in labels](x[j] * x[i])
    loss counted(x[.., c], labels[.., k]: set c) = count[j in labels](x[j] > 0) + sum[c](x)
    loss functions(x[.., c], y: index c) = s[y, y] + sum[i in c](r[i, y])
        where s[i, j] = x[i] * x[j], r[i in c, j in c] = i * x[j]
    loss helped(a[.., c], b[.., c]) = far[c](a, b) + 100 * far[c](2 * a, b, eps = 1)
    loss composed(a[.., c], b[.., c], y: index c) = helped(a, b) + positions(a, y)
    loss two_axes(x[.., a, b], v[b]) = max[a](sum[b](x * v))
    loss groups(x[n, s..], w[s..] = 1) = sum[s](w * x) / size(s)
    loss one_number(x[n]) = sum[n](x^2)
    loss see_each_other(x[n]) = (x - mean[n](x))^2
    loss contrast(x[n, d]) = sum[j in n | j != n](s[n, j]) where s[i, j] = sum[d](x[i, d] * x[j, d])
    loss kept(x[.., c], y: index c, w[c] = 1) = w[y] * x[y]
        keep y != -1
        mean by w[y]
    loss branches(x[.., c], flag: bool) = if flag then sum[c](log(x)) else 0
        allow(L0703, "to be taken where the other branch is no number")
    loss domains(x[.., c] in [0, 1], y: index c) = x[y]
"# }

/// A value that is the same for all samples, whose number `x` gives: the compiler warns that it reads nothing else.
mod same {
    lossdef::losses! { inline = r#"
        loss same_for_all(x[.., c], w[c], scale[]) = sum[c](w) * scale
            mean by scale
            allow(L0701, "it tells how many samples there are")
    "# }
}

use same::{SameForAll, SameForAllGrads};

/// One row of the numbers 1, 2, 4.
fn row() -> Array2<f64> {
    array![[1.0, 2.0, 4.0]]
}

/// Asserts that numbers are equal up to a few roundings.
#[track_caller]
fn close<'a>(got: impl IntoIterator<Item = &'a f64>, want: &[f64]) {
    let got: Vec<f64> = got.into_iter().copied().collect();
    assert_eq!(got.len(), want.len(), "{got:?}, not {want:?}");
    for (a, b) in got.iter().zip(want) {
        assert!(a == b || (a - b).abs() <= 1e-14 * b.abs().max(1.0), "{got:?}, not {want:?}");
    }
}

#[test]
fn folds() {
    let (value, slopes) = Folds::new().forward_backward(&row()).unwrap();
    close(&[value], &[7.0 + 70.0 / 3.0 + 400.0 + 1000.0 + 80000.0]);
    let third = 10.0 / 3.0;
    close(&slopes, &[1.0 + third + 1000.0 + 80000.0, 1.0 + third + 40000.0, 1.0 + third + 100.0 + 20000.0]);
    // 3, 4 and 0: the length is 5, and the sum of 1 + x^2 is 28.
    let (value, slopes) = Lengths::new().forward_backward(&array![[3.0, 4.0, 0.0]]).unwrap();
    close(&[value], &[5.0 + 28.0]);
    close(&slopes, &[0.6 + 6.0, 0.8 + 8.0, 0.0]);
    let (value, slopes) = Truths::new().forward_backward(&row()).unwrap();
    close(&[value], &[1.0 + 2.0 + 8.0 + 7.0]);
    close(&slopes, &[1.0; 3]);
}

#[test]
fn folds_over_nothing_and_ties() {
    close(&[OverNothing::new().forward(&row()).unwrap()], &[0.0 + 1.0 + 1.0]);
    let (value, slopes) = Largest::new().forward_backward(&array![[9.0, 10.0]]).unwrap();
    assert_eq!((value, slopes), (f64::NEG_INFINITY, array![[0.0, 0.0]]));
    let (value, slopes) = Largest::new().forward_backward(&array![[4.0, 1.0, 4.0, 10.0]]).unwrap();
    assert_eq!((value, slopes), (4.0, array![[0.5, 0.0, 0.5, 0.0]]));
}

#[test]
fn filters_and_pairs() {
    let (value, slopes) = Filters::new().forward_backward(&row(), &array![1i64]).unwrap();
    close(&[value], &[5.0 - 1.5]);
    close(&slopes, &[0.5, -0.5, 1.0]);
    // 1 * 4 + 1 * 16 + 2 * 16
    let (value, slopes) = Pairs::new().forward_backward(&row()).unwrap();
    close(&[value], &[52.0]);
    close(&slopes, &[20.0, 4.0 + 16.0, 8.0 + 16.0]);
}

#[test]
fn positions_and_labels_of_any_type() {
    // x[1] + (0 * 1 + 1 * 2 + 2 * 4) + 3 * x[1]
    let (value, slopes) = Positions::new().forward_backward(&row(), &array![1i64]).unwrap();
    close(&[value], &[2.0 + 10.0 + 6.0]);
    close(&slopes, &[0.0, 1.0 + 1.0 + 3.0, 2.0]);
    close(&[Positions::new().forward(&row(), &array![1i32]).unwrap()], &[18.0]);
    close(&[Positions::new().forward(&row(), &array![1u32]).unwrap()], &[18.0]);
    close(&[Positions::new().forward(&row(), &array![1u8]).unwrap()], &[18.0]);
    close(&[Positions::new().forward(&row(), &array![1usize]).unwrap()], &[18.0]);
    let (value, slopes) = Normalised::new().forward_backward(&array![[1.0, 2.0, 2.0]], &array![2]).unwrap();
    close(&[value], &[2.0 / 5.0 + 2.0 / 3.0]);
    let (sum, cube) = (25.0, 27.0);
    close(&slopes, &[-2.0 / sum - 2.0 / cube, -2.0 / sum - 4.0 / cube, 3.0 / sum + 5.0 / cube]);
}

#[test]
fn sets_end_at_the_first_negative_label() {
    // The second list has 2 twice; what follows a negative number is never read.
    let x = array![[1.0, 2.0, 4.0], [1.0, 2.0, 4.0], [1.0, 2.0, 4.0]];
    let labels = array![[1i64, -1], [2, 2], [-5, 1_000_000]];
    let (values, slopes) = Sets::new().reduction(Unreduced).forward_backward(&x, &labels).unwrap();
    close(&values, &[10.0, 24.0, 0.0]);
    close(&slopes, &[2.0, 5.0, 2.0, 8.0, 8.0, 6.0, 0.0, 0.0, 0.0]);
    close(&Counted::new().reduction(Unreduced).forward(&x, &labels).unwrap(), &[8.0, 9.0, 7.0]);
}

#[test]
fn locals_and_helpers_over_axes() {
    // x[1]^2 + (0 + 1 + 2) * x[1]
    let (value, slopes) = Functions::new().forward_backward(&row(), &array![1i64]).unwrap();
    close(&[value], &[4.0 + 6.0]);
    close(&slopes, &[0.0, 4.0 + 3.0, 0.0]);
    let (a, b) = (array![[1.0, 2.0]], array![[3.0, 5.0]]);
    // (4 + 9) + 100 ((2 - 3 + 1)^2 + (4 - 5 + 1)^2)
    let (mut da, mut db) = (array![[0.0, 0.0]], array![[0.0, 0.0]]);
    let value =
        Helped::new().on(&a, &b).forward_backward_into(HelpedGrads::new().a(&mut da).b(&mut db)).unwrap();
    close(&[value], &[13.0]);
    close(&da, &[-4.0, -6.0]);
    close(&db, &[4.0, 6.0]);
    // a[0] + (0 * 1 + 1 * 2) + 2 * a[0]
    close(&[Composed::new().forward(&a, &b, &array![0i64]).unwrap()], &[13.0 + 1.0 + 2.0 + 2.0]);
}

#[test]
fn several_axes_and_groups() {
    let x = array![[[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]]];
    let v = array![1.0, 2.0];
    let mut dv = array![0.0, 0.0];
    // The rows give 5, 3 and 2.
    let value = TwoAxes::new().on(&x, &v).forward_backward_into(TwoAxesGrads::new().v(&mut dv)).unwrap();
    close(&[value], &[5.0]);
    close(&dv, &[1.0, 2.0]);
    let image = Array3::from_shape_fn((2, 2, 3), |(n, i, j)| (100 * n + 10 * i + j) as f64);
    // (0 + 1 + 2 + 10 + 11 + 12) / 6, and 100 more
    close(&Groups::new().reduction(Unreduced).forward(&image).unwrap(), &[6.0, 106.0]);
    let w = array![[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
    close(&Groups::new().reduction(Unreduced).on(&image).w(&w).forward().unwrap(), &[2.0, 212.0 / 6.0]);
}

#[test]
fn samples_that_see_each_other() {
    let (value, slopes) = OneNumber::new().forward_backward(&array![1.0, 2.0]).unwrap();
    close(&[value], &[5.0]);
    close(&slopes, &[2.0, 4.0]);
    // The mean of 1, 2 and 6 is 3; the slopes of the sum of squares are twice the differences.
    let spread = SeeEachOther::new();
    let values = spread.reduction(Unreduced).forward(&array![1.0, 2.0, 6.0]).unwrap();
    close(&values, &[4.0, 1.0, 9.0]);
    let (total, slopes) = spread.reduction(Sum).forward_backward(&array![1.0, 2.0, 6.0]).unwrap();
    close(&[total], &[14.0]);
    close(&slopes, &[-4.0, -2.0, 6.0]);
    // With rows 1, 2, 4 of one feature: 1 * 6, 2 * 5, 4 * 3.
    let (values, slopes) =
        Contrast::new().reduction(Unreduced).forward_backward(&array![[1.0], [2.0], [4.0]]).unwrap();
    close(&values, &[6.0, 10.0, 12.0]);
    close(&slopes, &[12.0, 10.0, 6.0]);
}

#[test]
fn what_is_not_kept_is_not_looked_at() {
    let nan = f64::NAN;
    let (x, y, w) = (array![[1.0, 2.0], [nan, nan], [3.0, 5.0]], array![1i64, -1, 0], array![3.0, 7.0]);
    let (mut dx, mut dw) = (Array2::zeros((3, 2)), arr1(&[0.0, 0.0]));
    let grads = KeptGrads::new().x(&mut dx).w(&mut dw);
    let value = Kept::new().on(&x, &y).w(&w).forward_backward_into(grads).unwrap();
    close(&[value], &[(14.0 + 9.0) / 10.0]);
    close(&dx, &[0.0, 0.7, 0.0, 0.0, 0.3, 0.0]);
    // d/dw (w1 x01 + w0 x20) / (w1 + w0)
    close(&dw, &[(3.0 - 2.3) / 10.0, (2.0 - 2.3) / 10.0]);
    let each = Kept::new().reduction(Unreduced).forward(&x, &y).unwrap();
    close(&each, &[2.0, 0.0, 3.0]);
    let (values, slopes) = Branches::new()
        .reduction(Unreduced)
        .forward_backward(&array![[1.0, 1.0], [-1.0, 0.0]], &array![true, false])
        .unwrap();
    close(&values, &[0.0, 0.0]);
    close(&slopes, &[1.0, 1.0, 0.0, 0.0]);
}

/// A value that is the same for all samples counts once for each, and so does its derivative, in the divisor too.
#[test]
fn values_that_are_the_same_for_all_samples() {
    let (x, w, scale) = (Array2::zeros((4, 2)), array![2.0, 3.0], arr0(0.5));
    let (mut dw, mut ds) = (array![0.0, 0.0], arr0(0.0));
    let loss = SameForAll::new();
    let grads = SameForAllGrads::new().w(&mut dw).scale(&mut ds);
    // Four times 5 / 2.
    close(&[loss.reduction(Sum).on(&x, &w, &scale).forward_backward_into(grads).unwrap()], &[10.0]);
    close(&dw, &[2.0, 2.0]);
    close(&ds, &[20.0]);
    // Over a divisor of four times 1 / 2, which takes all that `scale` does.
    let grads = SameForAllGrads::new().w(&mut dw).scale(&mut ds);
    close(&[loss.reduction(Mean).on(&x, &w, &scale).forward_backward_into(grads).unwrap()], &[5.0]);
    close(&dw, &[1.0, 1.0]);
    close(&ds, &[0.0]);
}

#[test]
fn labels_out_of_range_are_errors() {
    for label in [-1, 3, 4, i64::MAX, i64::MIN] {
        let error = Positions::new().forward(&row(), &array![label]).unwrap_err();
        let Error::Label { input, position, value, axis, size, .. } = &error else { panic!("{error}") };
        assert_eq!(
            (*input, position.as_slice(), *value, *axis, *size),
            ("y", &[0][..], i128::from(label), "c", 3)
        );
        assert!(error.to_string().starts_with("positions: `y` is "), "{error}");
    }
    let error = Positions::new().forward(&row(), &array![u8::MAX]).unwrap_err();
    assert!(matches!(error, Error::Label { value: 255, .. }), "{error}");
    let error = Positions::new().forward(&row(), &array![usize::MAX]).unwrap_err();
    assert!(matches!(error, Error::Label { .. }), "{error}");
    let error = Sets::new().forward(&row(), &array![[0i64, 3]]).unwrap_err();
    assert!(matches!(error, Error::Label { value: 3, size: 3, .. }), "{error}");
    let error = Kept::new().forward(&array![[1.0]], &array![1i64]).unwrap_err();
    assert!(matches!(error, Error::Label { value: 1, size: 1, .. }), "{error}");
    let error = Domains::new().forward(&array![[0.5, 1.5]], &array![0i64]).unwrap_err();
    assert!(matches!(&error, Error::Domain { position, .. } if position == &[0, 1]), "{error}");
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let short: Array1<i64> = array![0, 1];
    let error = Positions::new().forward(&row(), &short).unwrap_err();
    assert!(matches!(error, Error::AxisSize { axis: "..", .. }), "{error}");
    let error = Helped::new().forward(&row(), &array![[1.0, 2.0]]).unwrap_err();
    assert!(matches!(error, Error::AxisSize { axis: "c", .. }), "{error}");
    let error = Folds::new().forward(&arr0(1.0)).unwrap_err();
    assert!(matches!(error, Error::Rank { .. }), "{error}");
    let (x, y) = (row(), array![0i64]);
    let error = Kept::new().on(&x, &y).w(&array![1.0, 2.0]).forward().unwrap_err();
    assert!(matches!(error, Error::NotBroadcastableTo { .. }), "{error}");
    let mut wrong = Array2::zeros((1, 2));
    let error = Positions::new().on(&x, &y).forward_backward_into(&mut wrong).unwrap_err();
    assert!(matches!(error, Error::GradientBuffer { .. }), "{error}");
}

#[test]
fn an_axis_at_another_place() {
    let x = array![[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]];
    let loss = Positions::new().axis("c", 0);
    let (values, slopes) = loss.reduction(Unreduced).forward_backward(&x, &array![1i64, 0]).unwrap();
    close(&values, &[18.0, 10.0 + 100.0 + 30.0]);
    close(&slopes, &[0.0, 4.0, 5.0, 1.0, 2.0, 2.0]);
    let error = Positions::new().axis("c", 2).forward(&x, &array![1i64, 0]).unwrap_err();
    assert!(matches!(error, Error::AxisPlace { axis: "c", place: 2, .. }), "{error}");
    let error = Positions::new().axis("d", 0).forward(&x, &array![1i64, 0]).unwrap_err();
    assert!(matches!(error, Error::UnknownAxis { .. }), "{error}");
}
