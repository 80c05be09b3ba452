//! Helpers, losses and locals with positions: what a call means at other axes, and that it captures nothing.

use lossdef_compiler::ir::Node;

use crate::{CROSS_ENTROPY, Call, checked, close, logsumexp, noise, read};

#[test]
fn a_helper_over_an_axis_at_other_axes() {
    let loss = checked(
        "fn pairwise[d](x, y; eps = 1e-6) = norm[d](x - y + eps)
         fn twice[e](x, y) = pairwise[e](x, y) + pairwise[e](x, y, eps = 0)
         loss triplet(anchor[.., c], positive[.., c], negative[.., c]; margin = 1.0) =
             relu(margin + twice[c](anchor, positive) - pairwise[c](anchor, negative; eps = 0.5))",
    );
    let (n, c) = (3, 4);
    let (a, p, q) = (noise(n * c, 12), noise(n * c, 13), noise(n * c, 14));
    let call = Call::new(&loss, &[("..", n), ("c", c)]);
    let call = call.with("anchor", &a).with("positive", &p).with("negative", &q);
    let distance = |i: usize, b: &[f64], eps: f64| {
        (0..c).map(|k| (a[i * c + k] - b[i * c + k] + eps).powi(2)).sum::<f64>().sqrt()
    };
    let wanted: Vec<f64> = (0..n)
        .map(|i| (1.0 + distance(i, &p, 1e-6) + distance(i, &p, 0.0) - distance(i, &q, 0.5)).max(0.0))
        .collect();
    close(&call.values(), &wanted);
}

#[test]
fn a_helper_picks_from_its_arguments() {
    let loss = checked(
        "fn total_variation[d](x) = sum[i in d, j in d | j == i + 1](abs(x[j] - x[i]))
         loss tv(x[.., c], y[.., c]) = total_variation[c](x * y)",
    );
    let (n, c) = (2, 4);
    let (x, y) = (noise(n * c, 15), noise(n * c, 16));
    let call = Call::new(&loss, &[("..", n), ("c", c)]).with("x", &x).with("y", &y);
    let at = |i: usize, k: usize| x[i * c + k] * y[i * c + k];
    let wanted: Vec<f64> = (0..n).map(|i| (1..c).map(|k| (at(i, k) - at(i, k - 1)).abs()).sum()).collect();
    close(&call.values(), &wanted);
}

#[test]
fn a_loss_calls_another_per_sample() {
    let text = format!(
        "{CROSS_ENTROPY}
         loss pair(a[.., k], b[.., k], label[..]: index k, w[k] = 1; alpha = 0.5) =
             cross_entropy(a, label, label_smoothing = 0.1)
             + alpha * cross_entropy(a - 2 * b, label, w) + sum[k](mse(a, b))
         loss mse(input, target) = (input - target)^2"
    );
    let (losses, reports) = read(&text);
    assert_eq!(reports, "");
    let loss = &losses[1];
    let (n, c) = (3, 4);
    let (a, b, w) = (noise(n * c, 17), noise(n * c, 18), noise(c, 19));
    let label = [2.0, 0.0, 3.0];
    let call = Call::new(loss, &[("..", n), ("k", c)]);
    let call = call.with("a", &a).with("b", &b).with("label", &label).with("w", &w);
    let entropy = |row: Vec<f64>, t: usize, w: &[f64], smoothing: f64| {
        let total = logsumexp(row.iter().copied());
        let q = |k: usize| (1.0 - smoothing) * f64::from(k == t) + smoothing / c as f64;
        -(0..c).map(|k| w[k] * q(k) * (row[k] - total)).sum::<f64>()
    };
    let wanted: Vec<f64> = (0..n)
        .map(|i| {
            let t = label[i] as usize;
            let row = a[i * c..][..c].to_vec();
            let other = (0..c).map(|k| a[i * c + k] - 2.0 * b[i * c + k]).collect();
            let squares = (0..c).map(|k| (a[i * c + k] - b[i * c + k]).powi(2)).sum::<f64>();
            entropy(row, t, &[1.0; 4], 0.1) + 0.5 * entropy(other, t, &w, 0.0) + squares
        })
        .collect();
    close(&call.values(), &wanted);
}

/// A position is worked out where the local is used, whatever the local binds inside.
#[test]
fn nothing_is_captured() {
    let loss = checked(
        "loss capture(x[.., c], y[.., c]) = sum[c](f[c] * x) + sum[j in c](g[j])
             where f[i] = sum[c](x[c] * y[i]), g[i] = max[j in c | j != i](x[j] - y[i])",
    );
    let (n, c) = (2, 3);
    let (x, y) = (noise(n * c, 20), noise(n * c, 21));
    let call = Call::new(&loss, &[("..", n), ("c", c)]).with("x", &x).with("y", &y);
    let wanted: Vec<f64> = (0..n)
        .map(|s| {
            let (x, y) = (&x[s * c..][..c], &y[s * c..][..c]);
            let f = |i: usize| (0..c).map(|k| x[k] * y[i]).sum::<f64>();
            let g = |i: usize| (0..c).filter(|j| *j != i).map(|j| x[j] - y[i]).fold(f64::MIN, f64::max);
            (0..c).map(|i| f(i) * x[i] + g(i)).sum()
        })
        .collect();
    close(&call.values(), &wanted);
}

#[test]
fn a_fold_over_a_sample_axis_has_an_index_of_its_own() {
    let loss = checked(
        "loss centred(x[n, d]) = sum[d]((x - mean[n](x))^2) / (1 + max[n](norm[d](x)))
             keep sum[d](x) < max[n](sum[d](x))",
    );
    let (n, d) = (4, 3);
    let x = noise(n * d, 22);
    let call = Call::new(&loss, &[("n", n), ("d", d)]).with("x", &x);
    let mean = |k: usize| (0..n).map(|i| x[i * d + k]).sum::<f64>() / n as f64;
    let norm = |i: usize| (0..d).map(|k| x[i * d + k].powi(2)).sum::<f64>().sqrt();
    let top = (0..n).map(norm).fold(0.0, f64::max);
    let wanted: Vec<f64> =
        (0..n).map(|i| (0..d).map(|k| (x[i * d + k] - mean(k)).powi(2)).sum::<f64>() / (1.0 + top)).collect();
    close(&call.values(), &wanted);
    let sums: Vec<f64> = (0..n).map(|i| x[i * d..][..d].iter().sum()).collect();
    let top = sums.iter().copied().fold(f64::MIN, f64::max);
    let kept: Vec<f64> = sums.iter().map(|sum| f64::from(*sum < top)).collect();
    close(&call.of(loss.keep.unwrap()), &kept);
    for id in loss.graph.reachable(&[loss.value]) {
        if let Node::Reduce(_, axis, ..) = loss.graph.node(id) {
            assert!(!loss.samples().contains(*axis), "a fold binds a sample axis");
        }
    }
}
