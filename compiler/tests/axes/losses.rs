//! Whole losses, against the loops that a person would write.

use crate::{CROSS_ENTROPY, Call, checked, close, logsumexp, noise};

#[test]
fn cross_entropy_with_label_smoothing() {
    let loss = checked(CROSS_ENTROPY);
    let (n, c, smoothing) = (4, 5, 0.3);
    let (x, w) = (noise(n * c, 1), noise(c, 2));
    let target = [1.0, 4.0, 0.0, 1.0];
    let call = Call::new(&loss, &[("..", n), ("c", c)]);
    let call = call.with("input", &x).with("target", &target).with("weight", &w);
    let call = call.set("label_smoothing", smoothing);
    let wanted: Vec<f64> = (0..n)
        .map(|i| {
            let row = &x[i * c..][..c];
            let total = logsumexp(row.iter().copied());
            let q = |k: usize| (1.0 - smoothing) * f64::from(k as f64 == target[i]) + smoothing / c as f64;
            -(0..c).map(|k| w[k] * q(k) * (row[k] - total)).sum::<f64>()
        })
        .collect();
    close(&call.values(), &wanted);
    let by: Vec<f64> = target.iter().map(|t| w[*t as usize]).collect();
    close(&call.of(loss.mean_by.unwrap()), &by);
    let call = call.set("ignore_index", 1.0);
    close(&call.of(loss.keep.unwrap()), &[0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn multilabel_margin_over_a_set() {
    let loss = checked(
        "loss multilabel_margin(input[.., c], target[.., k]: set c) =
             sum[j in target, i in c | i not in target](relu(1 - input[j] + input[i])) / size(c)
         loss same(input[.., c], target[.., c]: set c) =
             sum[j in target, i in c | i not in target](relu(1 - input[j] + input[i])) / size(c)",
    );
    let (n, c) = (4, 4);
    let x = noise(n * c, 3);
    // Ends at the first negative one, holds a label twice, is empty, is full.
    let target = [3.0, 0.0, -1.0, 1.0, 2.0, 2.0, -1.0, -1.0, -1.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 3.0];
    let wanted: Vec<f64> = (0..n)
        .map(|s| {
            let row = &x[s * c..][..c];
            let labels = target[s * c..][..c].iter().take_while(|label| **label >= 0.0);
            let labels: Vec<usize> = labels.map(|label| *label as usize).collect();
            let mut sum = 0.0;
            for j in &labels {
                for i in (0..c).filter(|i| !labels.contains(i)) {
                    sum += f64::max(0.0, 1.0 - row[*j] + row[i]);
                }
            }
            sum / c as f64
        })
        .collect();
    let call = Call::new(&loss, &[("..", n), ("c", c)]).with("input", &x).with("target", &target);
    close(&call.values(), &wanted);
}

#[test]
fn cosine_embedding_with_locals() {
    let loss = checked(
        "loss cosine_embedding(input1[.., d], input2[.., d], target[..]; margin = 0.0) =
             if target == 1 then 1 - cos else if target == -1 then relu(cos - margin) else 0
             where cos = sum[d](input1 * input2) / sqrt((sum[d](input1^2) + eps) * (sum[d](input2^2) + eps)),
                   eps = 1e-12",
    );
    let (n, d) = (3, 4);
    let (a, b) = (noise(n * d, 4), noise(n * d, 5));
    let target = [1.0, -1.0, 0.0];
    let call = Call::new(&loss, &[("..", n), ("d", d)]);
    let call = call.with("input1", &a).with("input2", &b).with("target", &target);
    let cosine = |i: usize| {
        let dot = |a: &[f64], b: &[f64]| (0..d).map(|k| a[i * d + k] * b[i * d + k]).sum::<f64>();
        dot(&a, &b) / ((dot(&a, &a) + 1e-12) * (dot(&b, &b) + 1e-12)).sqrt()
    };
    close(&call.values(), &[1.0 - cosine(0), cosine(1).max(0.0), 0.0]);
}

#[test]
fn info_nce_over_the_batch() {
    let loss = checked(
        "loss info_nce(query[n, d], key[n, d]; temperature in (0, inf) = 0.07) =
             logsumexp[j in n](s[n, j]) - s[n, n]
             where s[i, j] = sum[d](query[i, d] * key[j, d]) / temperature",
    );
    let (n, d) = (5, 3);
    let (q, k) = (noise(n * d, 6), noise(n * d, 7));
    let call = Call::new(&loss, &[("n", n), ("d", d)]).with("query", &q).with("key", &k);
    let s = |i: usize, j: usize| (0..d).map(|e| q[i * d + e] * k[j * d + e]).sum::<f64>() / 0.07;
    let wanted: Vec<f64> = (0..n)
        .map(|i| logsumexp((0..n).map(|j| s(i, j)).collect::<Vec<_>>().into_iter()) - s(i, i))
        .collect();
    close(&call.values(), &wanted);
    assert_eq!(loss.samples().len(), 1);
}

#[test]
fn transposed_picks_and_both_directions() {
    let loss = checked(
        "loss clip(a[n, d], b[n, d]) = (logsumexp[j in n](s[n, j]) + logsumexp[j in n](s[j, n])) / 2 - s[n, n]
             where s[i, j] = sum[d](a[i] * b[j])",
    );
    let (n, d) = (4, 3);
    let (a, b) = (noise(n * d, 8), noise(n * d, 9));
    let call = Call::new(&loss, &[("n", n), ("d", d)]).with("a", &a).with("b", &b);
    let s = |i: usize, j: usize| (0..d).map(|e| a[i * d + e] * b[j * d + e]).sum::<f64>();
    let rows = |f: &dyn Fn(usize) -> f64| logsumexp((0..n).map(f).collect::<Vec<_>>().into_iter());
    let wanted: Vec<f64> =
        (0..n).map(|i| (rows(&|j| s(i, j)) + rows(&|j| s(j, i))) / 2.0 - s(i, i)).collect();
    close(&call.values(), &wanted);
}

#[test]
fn dice_over_a_group() {
    let loss = checked(
        "loss dice(input[n, s..], target[n, s..]; smooth = 1.0) =
             1 - (2 * sum[s](p * target) + smooth) / (sum[s..](p) + sum[s](target) + smooth)
             where p = sigmoid(input)",
    );
    let (n, s) = (2, 6);
    let (x, t) = (noise(n * s, 10), noise(n * s, 11));
    let call = Call::new(&loss, &[("n", n), ("s", s)]).with("input", &x).with("target", &t);
    let wanted: Vec<f64> = (0..n)
        .map(|i| {
            let p = |k: usize| 1.0 / (1.0 + (-x[i * s + k]).exp());
            let (mut both, mut sum) = (0.0, 0.0);
            for k in 0..s {
                both += p(k) * t[i * s + k];
                sum += p(k) + t[i * s + k];
            }
            1.0 - (2.0 * both + 1.0) / (sum + 1.0)
        })
        .collect();
    close(&call.values(), &wanted);
}
