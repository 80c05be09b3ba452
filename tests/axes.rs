//! What the language says of named axes, by small formulas with numbers worked out by hand.
//!
//! The oracle answers here, so that what it is asked for elsewhere stands on something.

mod oracle;

use std::collections::BTreeMap;

use oracle::Oracle;
use oracle::arrays::Array;
use oracle::evaluation::Run;
use oracle::wide::Wide;

/// Evaluates `f` of a text.
fn run(text: &str, inputs: &[(&str, &[usize], &[f64])]) -> Result<Run, String> {
    let inputs = inputs.iter().map(|(name, shape, data)| (*name, Array::new(shape, data.to_vec()))).collect();
    Oracle::new("axes.def", text).evaluate("f", &inputs, &BTreeMap::new())
}

fn values(run: &Run) -> Vec<f64> {
    run.points.iter().map(|point| point.value.value.round()).collect()
}

/// The gradient of the sum over all samples.
fn gradient(run: &Run, input: &str) -> Vec<f64> {
    let of = run.gradients(|_| (Wide::ONE, Wide::ZERO));
    of[input].iter().map(|total| total.sum.round()).collect()
}

/// A loss of one row `x` of the numbers 1, 2, 4 with the label 1: its value and its gradient.
#[track_caller]
fn row(formula: &str, value: f64, slopes: [f64; 3]) {
    let text = format!("loss f(x[.., c], y: index c) = {formula}");
    let found = run(&text, &[("x", &[3], &[1.0, 2.0, 4.0]), ("y", &[], &[1.0])]).expect(formula);
    let close =
        |got: f64, want: f64| got == want || got.is_nan() && want.is_nan() || (got - want).abs() < 1e-15;
    assert!(close(values(&found)[0], value), "{formula}: {:?}, not {value}", values(&found));
    let got = gradient(&found, "x");
    assert!(
        got.iter().zip(slopes).all(|(got, want)| close(*got, want)),
        "{formula}: {got:?}, not {slopes:?}"
    );
}

#[test]
fn binders() {
    row("sum[c](x)", 7.0, [1.0, 1.0, 1.0]);
    row("mean[c](x^2)", 7.0, [2.0 / 3.0, 4.0 / 3.0, 8.0 / 3.0]);
    row("max[c](x)", 4.0, [0.0, 0.0, 1.0]);
    row("min[c](x)", 1.0, [1.0, 0.0, 0.0]);
    row("prod[c](x)", 8.0, [8.0, 4.0, 2.0]);
    row("exp(logsumexp[c](log(x)))", 7.0, [1.0, 1.0, 1.0]);
    row("norm[c](x - 1)", 10f64.sqrt(), [0.0, 1.0 / 10f64.sqrt(), 3.0 / 10f64.sqrt()]);
    row("[any[c](x > 3)] + 2 * [all[c](x > 1)] + 4 * count[c](x > 1)", 9.0, [0.0; 3]);
}

#[test]
fn filters() {
    row("sum[j in c | j != y](x[j])", 5.0, [1.0, 0.0, 1.0]);
    row("mean[c | x < 3](x)", 1.5, [0.5, 0.5, 0.0]);
    row("sum[c | x > 1](1 / (x - 1))", 1.0 + 1.0 / 3.0, [0.0, -1.0, -1.0 / 9.0]);
    row("sum[i in c, j in c | i < j](x[i] * x[j])", 14.0, [6.0, 5.0, 3.0]);
}

#[test]
fn over_nothing() {
    row("sum[c | x > 9](x) + prod[c | x > 9](x)", 1.0, [0.0; 3]);
    row("mean[c | x > 9](x)", f64::NAN, [0.0; 3]);
    row("max[c | x > 9](x)", f64::NEG_INFINITY, [0.0; 3]);
    row("logsumexp[c | x > 9](x)", f64::NEG_INFINITY, [0.0; 3]);
    row("min[c | x > 9](x)", f64::INFINITY, [0.0; 3]);
    row("[any[c | x > 9](x > 0)] + 2 * [all[c | x > 9](x < 0)]", 2.0, [0.0; 3]);
}

#[test]
fn ties_and_kinks() {
    row("max[c](min(x, 2))", 2.0, [0.0, 0.25, 0.0]);
    row("max[c](relu(x - 2) + [c < 2] * 2)", 2.0, [0.0, 0.0, 1.0 / 3.0]);
    row("norm[c](x - x)", 0.0, [0.0; 3]);
    row("sqrt(sum[c](([c == y] * (x - 2))^2))", 0.0, [0.0; 3]);
}

#[test]
fn normalisers() {
    let slopes = [-2.0 / 49.0, 5.0 / 49.0, -2.0 / 49.0];
    row("p[y] where p = softmax[c](log(x))", 2.0 / 7.0, slopes);
    row("exp(l[y]) where l = log_softmax[c](log(x))", 2.0 / 7.0, slopes);
    let cube = 10f64.powf(1.5);
    row("u[y] where u = unit[c](x - 1)", 1.0 / 10f64.sqrt(), [0.0, 9.0 / cube, -3.0 / cube]);
}

#[test]
fn picks_and_positions() {
    row("x[y]", 2.0, [0.0, 1.0, 0.0]);
    row("x[0] + 10 * x[size(c) - 1]", 41.0, [1.0, 0.0, 10.0]);
    row("sum[c](c * x)", 10.0, [0.0, 1.0, 2.0]);
    row("sum[c]([c == y] * x)", 2.0, [0.0, 1.0, 0.0]);
}

#[test]
fn locals_with_indices() {
    row("sum[c](q * x) where q[c] = [c == y] + 10 * [c == 0]", 12.0, [10.0, 1.0, 0.0]);
    row("q[y] where q[c] = c * x^2", 4.0, [0.0, 4.0, 0.0]);
    row("s[0, y] + s[y, 0] where s[i, j] = x[i] * x[j]^2", 6.0, [8.0, 5.0, 0.0]);
    row("sum[i in c](s[i, y]) where s[i in c, j in c] = i * x[j]", 6.0, [0.0, 3.0, 0.0]);
    // What is picked is worked out before an inner binder takes the axis over.
    row("e[y] where e = x * sum[c](x)", 14.0, [2.0, 9.0, 2.0]);
}

#[test]
fn sets() {
    let text =
        "loss f(x[.., c], labels[.., k]: set c) = sum[j in labels, i in c | i not in labels](x[j] * x[i])";
    // The second row's list has 2 twice; what follows a negative number is never read.
    let found = run(
        text,
        &[("x", &[2, 3], &[1.0, 2.0, 4.0, 1.0, 2.0, 4.0]), ("labels", &[2, 2], &[1.0, -1.0, 2.0, 2.0])],
    );
    let found = found.expect("labels in range");
    assert_eq!(values(&found), [10.0, 24.0]);
    assert_eq!(gradient(&found, "x"), [2.0, 5.0, 2.0, 8.0, 8.0, 6.0]);
    let beyond = [("x", &[3][..], &[1.0, 2.0, 4.0][..]), ("labels", &[2], &[-1.0, 7.0])];
    assert_eq!(values(&run(text, &beyond).expect("7 is not read")), [0.0]);
    let beyond = [("x", &[3][..], &[1.0, 2.0, 4.0][..]), ("labels", &[2], &[7.0, -1.0])];
    assert!(run(text, &beyond).is_err());
}

#[test]
fn samples_that_are_kept() {
    let text = "loss f(x[.., c], y: index c, w[c] = 1) = w[y] * x[y]  keep y != -1  mean by w[y]";
    let nan = f64::NAN;
    let found = run(
        text,
        &[
            ("x", &[3, 2], &[1.0, 2.0, nan, nan, 3.0, 5.0]),
            ("y", &[3], &[1.0, -1.0, 0.0]),
            ("w", &[2], &[3.0, 7.0]),
        ],
    );
    let found = found.expect("what is not kept is not looked at");
    assert_eq!(values(&found), [14.0, 0.0, 9.0]);
    assert_eq!(found.divisor().sum.round(), 10.0);
    assert_eq!(gradient(&found, "x"), [0.0, 7.0, 0.0, 0.0, 3.0, 0.0]);
    assert_eq!(gradient(&found, "w"), [3.0, 2.0]);
    let of_divisor = found.gradients(|_| (Wide::ZERO, Wide::ONE));
    assert_eq!(of_divisor["w"].iter().map(|total| total.sum.round()).collect::<Vec<_>>(), [1.0, 1.0]);
    assert!(run(text, &[("x", &[1, 2], &[0.0; 2]), ("y", &[1], &[2.0])]).is_err());
}

#[test]
fn several_axes_and_groups() {
    // x[i, j] counts in tens and ones.
    let x = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0];
    let found = run("loss f(x[a, b]) = max[b](x) - x[a, 0]", &[("x", &[2, 3], &x)]).expect("free a");
    assert_eq!((found.shape.as_slice(), values(&found)), (&[2][..], vec![2.0, 2.0]));
    assert_eq!(gradient(&found, "x"), [-1.0, 0.0, 1.0, -1.0, 0.0, 1.0]);
    let outer = run("loss f(x[a], y[b]) = x * y", &[("x", &[2], &[2.0, 3.0]), ("y", &[2], &[5.0, 7.0])]);
    assert_eq!(values(&outer.expect("an outer product")), [10.0, 14.0, 15.0, 21.0]);
    let text = "loss f(x[n, s..], w[s..]) = sum[s](s * w * x) + size(s)";
    let found = run(text, &[("x", &[1, 2, 3], &x), ("w", &[2, 3], &[1.0, 0.0, 0.0, 0.0, 0.0, 1.0])]);
    assert_eq!(values(&found.expect("a group of two axes")), [66.0]);
    let scalar = run("loss f(x[n]) = sum[n](x)", &[("x", &[2], &[1.0, 2.0])]).expect("no sample axis");
    assert_eq!((scalar.shape.len(), values(&scalar)), (0, vec![3.0]));
}

#[test]
fn helpers_and_other_losses() {
    let text = "
        fn far[d](x, y; eps = 0) = sum[d]((x - y + eps)^2)
        fn first[d](x) = x[0] * size(d)
        loss g(x[.., c], y: index c) = x[y]^2  keep y != 0
        loss f(a[.., c], b[.., c], y: index c) =
            far[c](a, b) + 100 * far[c](2 * a, b, eps = 1) + 1000 * first[c](a * b) + 10000 * g(a, y)";
    let found = run(text, &[("a", &[2], &[1.0, 2.0]), ("b", &[2], &[3.0, 5.0]), ("y", &[], &[0.0])]);
    let found = found.expect("helpers");
    // (4 + 9) + 100 (0 + 0) + 1000 (3 * 2) + 10000 (1)
    assert_eq!(values(&found), [16013.0]);
    assert_eq!(gradient(&found, "a"), [-4.0 + 6000.0 + 20000.0, -6.0]);
}

#[test]
fn shapes_that_do_not_fit() {
    let two = |x: &[usize], w: &[usize]| {
        let count = |shape: &[usize]| vec![1.0; shape.iter().product()];
        let (a, b) = (count(x), count(w));
        run("loss f(x[.., c], w[.., c] = 1) = sum[c](w * x)", &[("x", x, &a), ("w", w, &b)])
    };
    for w in [&[4, 3][..], &[3], &[1, 3], &[4, 1], &[1], &[]] {
        assert_eq!(values(&two(&[4, 3], w).expect("an optional input broadcasts")), [3.0; 4]);
    }
    for w in [&[4][..], &[2, 3], &[1, 4, 3]] {
        assert!(two(&[4, 3], w).is_err(), "{w:?}");
    }
    let text = "loss f(x[.., c], y[..]) = y * sum[c](x)";
    assert!(run(text, &[("x", &[2, 3], &[1.0; 6]), ("y", &[1], &[1.0])]).is_err());
    assert!(run(text, &[("x", &[], &[1.0]), ("y", &[], &[1.0])]).is_err());
}
