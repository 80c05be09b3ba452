//! Losses over named axes: the checked graph, evaluated by the reference, against loops written by hand.

use lossdef_compiler::check::check;
use lossdef_compiler::diagnostic::Diagnostics;
use lossdef_compiler::display::Printer;
use lossdef_compiler::evaluate::axes::{Arrays, Evaluator, Positions};
use lossdef_compiler::ir::{AxisId, ExprId, Loss, Node};
use lossdef_compiler::parser::parse;
use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;

/// The losses of a text, and everything said about it.
fn read(text: &str) -> (Vec<Loss>, String) {
    let source = SourceFile::new("axes.def", text);
    let mut diagnostics = Diagnostics::new();
    let module = parse(&source, &mut diagnostics);
    let losses = check(&source, &module, &mut diagnostics);
    let found = diagnostics.finish();
    let reports: Vec<_> = found.iter().map(|diagnostic| render(&source, diagnostic, Style::Plain)).collect();
    (losses, reports.join("\n"))
}

/// The last loss of a text without mistakes.
fn checked(text: &str) -> Loss {
    let (mut losses, reports) = read(text);
    assert_eq!(reports, "", "{text}");
    losses.pop().expect("a loss")
}

/// A call: sizes of axes by name, inputs by name, parameters at their defaults.
struct Call<'a> {
    loss: &'a Loss,
    arrays: Arrays,
}

impl<'a> Call<'a> {
    fn new(loss: &'a Loss, sizes: &[(&str, usize)]) -> Self {
        let size = |name: &str| sizes.iter().find(|(known, _)| *known == name).map_or(1, |(_, size)| *size);
        let axes = loss.axes().map(|(_, axis)| size(&axis.name)).collect();
        let inputs = loss.inputs.iter().map(|input| vec![input.default.unwrap_or(f64::NAN)]).collect();
        let parameters = loss.parameters.iter().map(|p| p.default.unwrap_or(f64::NAN)).collect();
        let mut arrays = Arrays { sizes: axes, inputs, parameters, upstream: Vec::new() };
        for (i, input) in loss.inputs.iter().enumerate() {
            let count = input.axes.iter().map(|axis| arrays.sizes[axis.0 as usize]).product();
            arrays.inputs[i] = vec![input.default.unwrap_or(f64::NAN); count];
        }
        Call { loss, arrays }
    }

    fn with(mut self, name: &str, values: &[f64]) -> Self {
        let input = self.loss.inputs.iter().position(|input| input.name == name).expect("an input");
        assert_eq!(self.arrays.inputs[input].len(), values.len(), "{name}");
        self.arrays.inputs[input] = values.to_vec();
        self
    }

    fn set(mut self, name: &str, value: f64) -> Self {
        let place = self.loss.parameters.iter().position(|parameter| parameter.name == name);
        self.arrays.parameters[place.expect("a parameter")] = value;
        self
    }

    fn of(&self, root: ExprId) -> Vec<f64> {
        let samples: Vec<AxisId> = self.loss.samples().iter().collect();
        let mut evaluator = Evaluator::new(&self.loss.graph, &self.loss.inputs, &self.arrays);
        evaluator.array(root, &samples, &Positions::new())
    }

    fn values(&self) -> Vec<f64> {
        self.of(self.loss.value)
    }
}

/// Numbers that look random.
fn noise(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f64 / f64::from(1u32 << 31)) * 4.0 - 2.0
    };
    (0..count).map(|_| next()).collect()
}

fn close(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (a, b) in found.iter().zip(wanted) {
        assert!(
            (a - b).abs() <= 1e-12 * (1.0 + b.abs()) || a.is_nan() && b.is_nan(),
            "{found:?}\n{wanted:?}"
        );
    }
}

fn logsumexp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let top = values.clone().fold(f64::NEG_INFINITY, f64::max);
    top + values.map(|x| (x - top).exp()).sum::<f64>().ln()
}

const CROSS_ENTROPY: &str = "
loss cross_entropy(input[.., c], target[..]: index c, weight[c] = 1;
                   ignore_index: int = -100, label_smoothing in [0, 1] = 0.0) =
    -sum[c](weight * q * log(softmax[c](input)))
    where q[c] = (1 - label_smoothing) * [c == target] + label_smoothing / size(c)
    keep target != ignore_index
    mean by weight[target]
";

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

#[test]
fn binders_over_nothing_and_over_what_passes() {
    let forms = [
        ("sum[c | x > t](x)", 0.0),
        ("prod[c | x > t](x)", 1.0),
        ("mean[c | x > t](x)", f64::NAN),
        ("max[c | x > t](x)", f64::NEG_INFINITY),
        ("min[c | x > t](x)", f64::INFINITY),
        ("logsumexp[c | x > t](x)", f64::NEG_INFINITY),
        ("norm[c | x > t](x)", 0.0),
        ("[any[c | x > t](x > 0)]", 0.0),
        ("[all[c | x > t](x > 0)]", 1.0),
        ("count[c | x > t](x == x)", 0.0),
        ("mean[c, e | x > t](x * y)", f64::NAN),
    ];
    let (n, c, e) = (2, 4, 2);
    let (x, y) = (noise(n * c, 23), noise(n * e, 24));
    for (form, nothing) in forms {
        let loss = checked(&format!("loss a(x[.., c], y[.., e], t[..]) = {form} + 0 * sum[e](y)"));
        let call = Call::new(&loss, &[("..", n), ("c", c), ("e", e)]);
        let call = call.with("x", &x).with("y", &y).with("t", &[100.0, -0.5]);
        let values = call.values();
        assert!(values[0] == nothing || values[0].is_nan() && nothing.is_nan(), "{form}: {values:?}");
        let row: Vec<f64> = x[c..].iter().copied().filter(|x| *x > -0.5).collect();
        let count = row.len() as f64;
        let wanted = match form.split_once('[').map(|(name, _)| name) {
            Some("sum") => row.iter().sum(),
            Some("prod") => row.iter().product(),
            Some("mean") if form.contains('e') && form.contains("c, e") => {
                row.iter().sum::<f64>() * y[e..].iter().sum::<f64>() / (count * e as f64)
            }
            Some("mean") => row.iter().sum::<f64>() / count,
            Some("max") => row.iter().copied().fold(f64::MIN, f64::max),
            Some("min") => row.iter().copied().fold(f64::MAX, f64::min),
            Some("logsumexp") => logsumexp(row.iter().copied()),
            Some("norm") => row.iter().map(|x| x * x).sum::<f64>().sqrt(),
            Some("count") => count,
            _ if form.contains("any") => f64::from(row.iter().any(|x| *x > 0.0)),
            _ => f64::from(row.iter().all(|x| *x > 0.0)),
        };
        close(&values[1..], &[wanted]);
    }
}

#[test]
fn normalisers_keep_their_axis() {
    let loss = checked(
        "loss a(x[.., c, h], y[.., c, h]) = sum[c, h](y * (softmax[c](x) + log_softmax[h](x) + unit[c, h](x)))",
    );
    let (c, h) = (3, 2);
    let (x, y) = (noise(c * h, 25), noise(c * h, 26));
    let call = Call::new(&loss, &[("c", c), ("h", h)]).with("x", &x).with("y", &y);
    let at = |i: usize, j: usize| x[i * h + j];
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut wanted = 0.0;
    for i in 0..c {
        for j in 0..h {
            let soft = at(i, j).exp() / (0..c).map(|k| at(k, j).exp()).sum::<f64>();
            let log = at(i, j) - logsumexp((0..h).map(|k| at(i, k)));
            wanted += y[i * h + j] * (soft + log + at(i, j) / norm);
        }
    }
    close(&call.values(), &[wanted]);
}

#[test]
fn labels_pick_from_inputs_locals_and_leading_axes() {
    let loss = checked(
        "loss picks(x[.., c, h], t[..]: index c, u[.., c]: index h, Y[.., k]: set c) =
             sum[h](x[t]) + q[t] + sum[c](x[c, u]) + mean[j in Y](q[j]) + r[t]
             where q[c] = sum[h](x), r = max[h](x)",
    );
    let (c, h, k) = (3, 2, 2);
    let x = noise(c * h, 27);
    let call = Call::new(&loss, &[("c", c), ("h", h), ("k", k)]);
    let call = call.with("x", &x).with("t", &[2.0]).with("u", &[1.0, 0.0, 1.0]).with("Y", &[1.0, 2.0]);
    let q = |i: usize| (0..h).map(|j| x[i * h + j]).sum::<f64>();
    let r = x[2 * h].max(x[2 * h + 1]);
    let wanted = q(2) + q(2) + x[1] + x[h] + x[2 * h + 1] + (q(1) + q(2)) / 2.0 + r;
    close(&call.values(), &[wanted]);
}

/// What is printed is read as the same formula.
#[test]
fn printed_formulas_are_read_again() {
    let formulas = [
        ("x[.., c], t[..]: index c", "x[t]", "x[t]"),
        ("x[.., c, h], t[..]: index c", "sum[h](x[t])", "sum[h](x[t, h])"),
        (
            "x[.., c]",
            "sum[c](sum[j in c](x[j] * x[c]) * x) + max[c](x)",
            "sum[c](sum[j in c](x[j] * x) * x) + max[c](x)",
        ),
        ("x[.., c], t[..]: index c", "-sum[c | c != t](log(softmax[c](x)))", ""),
        (
            "x[.., c], Y[.., k]: set c",
            "sum[j in Y, i in c | i not in Y](relu(1 - x[j] + x[i])) / size(c)",
            "sum[j in Y, i in c | i not in Y](relu(1 - x[j] + x[i])) / size(c)",
        ),
        ("x[.., c], Y[.., c]: set c", "mean[c | c in Y and x > 0](x)", "mean[c | c in Y and x > 0](x)"),
        ("x[.., c], Y[.., k]: set c", "max[j in Y | x[j] > 0](x[j])", "max[j in Y | x[j] > 0](x[j])"),
        ("x[.., c], Y[.., k]: set c", "count[j in Y, i in c | i != j](x[i] > x[j])", ""),
        (
            "x[.., c, h]",
            "sum[c, h](x) + norm[c](max[h | x > 0](x))",
            "sum[c, h](x) + norm[c](max[h | x > 0](x))",
        ),
        (
            "q[n, d], k[n, d]",
            "logsumexp[j in n](s[n, j]) - s[n, n] where s[i, j] = sum[d](q[i, d] * k[j, d])",
            "logsumexp[j in n](sum[d](q * k[j, d])) - sum[d](q * k)",
        ),
        ("x[n, d]", "sum[d]((x - mean[n](x))^2)", "sum[d]((x - mean[n_ in n](x[n_, d]))^2)"),
        ("x[.., c]", "max[c](f[c]) where f[i] = sum[c](x[c] * x[i])", ""),
        ("x[n, s..]", "mean[s](x^2) + [any[s](x > 0)]", "mean[s](x^2) + [any[s](x > 0)]"),
    ];
    for (inputs, formula, wanted) in formulas {
        let print = |formula: &str| {
            let (losses, reports) = read(&format!("loss a({inputs}) = {formula}"));
            let Some(loss) = losses.last() else { return reports };
            Printer::new(loss, &loss.graph).text(loss.value)
        };
        let once = print(formula);
        assert_eq!(print(&once), once, "{formula}");
        if !wanted.is_empty() {
            assert_eq!(once, wanted);
        }
    }
}

/// Definitions in a long row share what they can, and are refused where there is no room for their indices.
#[test]
fn towers_of_indices() {
    let mut doubled = "loss a(x[.., c]) = sum[c](f18[c])\n where f0[i] = x[i]".to_owned();
    let mut long = "loss a(x[.., c]) = sum[c](f70[c])\n where f0[i] = x[i]".to_owned();
    for k in 1..=18 {
        doubled.push_str(&format!(", f{k}[i] = sum[j in c](f{0}[j] * f{0}[i])", k - 1));
    }
    for k in 1..=70 {
        long.push_str(&format!(", f{k}[i] = f{}[i] * x[i]", k - 1));
    }
    let binders: String = (0..70).map(|k| format!("sum[j{k} in c](x[j{k}] * ")).collect();
    let deep = format!("loss a(x[.., c]) = {binders}1{}", ")".repeat(70));
    let calls: String = (0..40).map(|k| format!(" + h[c](x * {k})")).collect();
    let helpers = format!(
        "fn h[c](x) = sum[c](s[c, c])\n where s[i, j] = x[i] * x[j] + t[j, i], t[k, l] = max[m in c](x[m] - x[k] - x[l])
         loss a(x[.., c]) = 0{calls}"
    );
    let codes = |text: &str| {
        let (losses, reports) = read(text);
        let codes = ["L0102", "L0308"].into_iter().filter(|code| reports.contains(code));
        (losses.len(), codes.collect::<Vec<_>>().join(" "))
    };
    assert_eq!(codes(&doubled), (1, String::new()));
    assert_eq!(codes(&long), (0, "L0308".to_owned()));
    assert_eq!(codes(&deep), (0, "L0308".to_owned()));
    assert_eq!(codes(&helpers), (1, String::new()));
}
