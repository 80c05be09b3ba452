//! Derivatives over named axes, as graphs: raw, stable and lowered forms evaluated by plain loops, against
//! central differences of the value.

use lossdef_compiler::evaluate::axes::{Arrays, Evaluator, Positions};
use lossdef_compiler::ir::{AxisId, Domain, ExprId, Graph, Loss, ParameterKind, Role};
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{CompiledLoss, compile};

const FORMULAS: &str = r"
loss cross_entropy(input[.., c], target[..]: index c, weight[c] in (0, inf) = 1;
                   ignore_index: int = -100, label_smoothing in [0, 1] = 0.0) =
    -sum[c](weight * q * log(softmax[c](input)))
    where q[c] = (1 - label_smoothing) * [c == target] + label_smoothing / size(c)
    keep target != ignore_index
    mean by weight[target]

loss multilabel_margin(input[.., c], target[.., c]: set c) =
    sum[j in target, i in c | i not in target](relu(1 - input[j] + input[i])) / size(c)

loss cosine_embedding(input1[.., d], input2[.., d], target[..]; margin = 0.0) =
    if target > 0 then 1 - cos else relu(cos - margin)
    where cos = sum[d](input1 * input2) / sqrt((sum[d](input1^2) + 1e-12) * (sum[d](input2^2) + 1e-12))

loss info_nce(query[n, d], key[n, d]; temperature in (0, inf) = 0.7) =
    logsumexp[j in n](s[n, j]) - s[n, n]
    where s[i, j] = sum[d](query[i, d] * key[j, d]) / temperature

loss unit_contrast(query[n, d], key[n, d]) = log(sum[j in n | j != n](exp(s[n, j]))) - s[n, n]
    where q[i] = unit[d](query[i, d]), k[j] = unit[d](key[j, d]), s[i, j] = sum[d](q[i] * k[j])

loss linear_cross_entropy(input[.., d], target[..]: index c, linear_weight[c, d], bias[c] = 0) =
    -p[target]
    where z[c] = sum[d](input * linear_weight) + bias,
          p[c] = log(softmax[c](z))

loss naive(x[.., c], t[.., c] in [0, 1]) = -sum[c](t * log(exp(x) / sum[c](exp(x))))

loss folds(x[.., c], y[.., c] in (0.1, 2)) =
    max[c](x) + min[c](x * y) + prod[c](y) + norm[c](x - y) + mean[c | x > -1.9](y^2) + logsumexp[c | x < 1.9](x)

loss pairs(x[.., c]) = sum[i in c, j in c | i < j](log(1 + exp(x[j] - x[i])) * i)

loss dice(input[n, s..], target[n, s..]) = 1 - (2 * sum[s](p * target) + 1) / (sum[s](p) + sum[s](target) + 1)
    where p = sigmoid(input)

loss centred(x[n], y[n]) = (x - mean[n](x)) * (y - mean[n](y))^2

loss two_axes(x[.., c, s], w[c], v[s] = 1) = logsumexp[c](mean[s](x^2 * v) * w)

loss weighted(x[.., c], scale[], w[..] in (0, inf) = 1) = w * sum[c](exp(scale * x)) mean by w * scale
";

/// Random numbers in [0, 1).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn within(&mut self, domain: Option<&Domain>) -> f64 {
        let x = 4.0 * self.next() - 2.0;
        match domain {
            None => x,
            Some(Domain::Interval { low, high, .. }) => {
                let low = if low.is_finite() { *low } else { -2.0 };
                let high = if high.is_finite() { *high } else { low + 2.0 };
                low + (high - low) * (0.1 + 0.8 * self.next())
            }
            Some(Domain::Set(values)) => values[(self.next() * values.len() as f64) as usize],
        }
    }
}

fn arrays(loss: &Loss, random: &mut Random) -> Arrays {
    // Axes that a formula transposes have one length.
    let sizes: Vec<usize> = loss.axes().map(|_| 3).collect();
    let size = |axis: &AxisId| sizes[axis.0 as usize];
    let inputs = loss.inputs.iter().map(|input| {
        let count: usize = input.axes.iter().map(size).product();
        let element = |at: usize| match input.role {
            Role::Index(axis) => (random.next() * size(&axis) as f64).floor(),
            Role::Set(axis) if at % 3 < 2 => (random.next() * size(&axis) as f64).floor(),
            Role::Set(_) => -1.0,
            Role::Bool => f64::from(u8::from(random.next() < 0.5)),
            _ => random.within(input.domain.as_ref()),
        };
        (0..count).map(element).collect()
    });
    let inputs = inputs.collect();
    let samples = loss.graph.samples.iter().map(|axis| size(&axis)).product();
    let upstream = (0..samples).map(|_| random.next() + 0.5).collect();
    let parameters = loss.parameters.iter().map(|parameter| match parameter.kind {
        ParameterKind::Real => parameter.default.unwrap_or(0.5),
        _ => parameter.default.unwrap_or(1.0),
    });
    Arrays { parameters: parameters.collect(), sizes: sizes.clone(), inputs, upstream }
}

/// The sum over the samples of the derivative of the result times an output.
fn objective(loss: &Loss, graph: &Graph, output: ExprId, arrays: &Arrays) -> f64 {
    let axes: Vec<AxisId> = loss.graph.samples.iter().collect();
    let values = Evaluator::new(graph, &loss.inputs, arrays).array(output, &axes, &Positions::new());
    values.iter().zip(&arrays.upstream).map(|(value, weight)| value * weight).sum()
}

fn differences(loss: &Loss, output: ExprId, input: usize, arrays: &Arrays) -> Vec<f64> {
    let step = 1e-5;
    let slope = |at: usize| {
        let mut moved = arrays.clone();
        moved.inputs[input][at] += step;
        let above = objective(loss, &loss.graph, output, &moved);
        moved.inputs[input][at] -= 2.0 * step;
        (above - objective(loss, &loss.graph, output, &moved)) / (2.0 * step)
    };
    (0..arrays.inputs[input].len()).map(slope).collect()
}

type SharedPart = Option<(ExprId, Vec<(AxisId, AxisId)>)>;

fn gradient(
    loss: &Loss,
    graph: &Graph,
    input: usize,
    own: ExprId,
    shared: &SharedPart,
    arrays: &Arrays,
) -> Vec<f64> {
    let axes = &loss.inputs[input].axes;
    let mut evaluator = Evaluator::new(graph, &loss.inputs, arrays);
    let mut sum = evaluator.array(own, axes, &Positions::new());
    if let Some((value, at)) = shared {
        let moved = |axis: &AxisId| at.iter().find(|(from, _)| from == axis).map_or(*axis, |(_, to)| *to);
        let axes: Vec<AxisId> = axes.iter().map(moved).collect();
        let others = evaluator.array(*value, &axes, &Positions::new());
        sum.iter_mut().zip(others).for_each(|(a, b)| *a += b);
    }
    sum
}

fn assert_close(got: &[f64], want: &[f64], what: &str) {
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= 1e-6 * (1.0 + want.abs()), "{what}: {got} is not {want}");
    }
    assert_eq!(got.len(), want.len(), "{what}");
}

fn check(compiled: &CompiledLoss, random: &mut Random) {
    let derived = &compiled.derived;
    let loss = &derived.loss;
    let arrays = arrays(loss, random);
    let value = objective(loss, &loss.graph, loss.value, &arrays);
    let stable = objective(loss, &loss.graph, derived.value.stable, &arrays);
    assert_close(&[stable], &[value], &loss.name);
    for gradient_of in &derived.gradients {
        let input = gradient_of.input;
        let name = format!("{}: d/d{}", loss.name, loss.inputs[input].name);
        let want = differences(loss, loss.value, input, &arrays);
        let shared = gradient_of.weighed.shared.as_ref().map(|shared| (shared.value, shared.at.clone()));
        let stable = gradient(loss, &loss.graph, input, gradient_of.weighed.own, &shared, &arrays);
        assert_close(&stable, &want, &format!("{name}, stable"));
        for (variant, _) in &compiled.variants {
            let fits = |(parameter, value): &(usize, f64)| arrays.parameters[*parameter] == *value;
            if variant.fixed.iter().all(fits) {
                let Some(lowered) = variant.gradients.iter().find(|gradient| gradient.input == input) else {
                    continue;
                };
                let lowered = gradient(loss, &variant.graph, input, lowered.own, &lowered.shared, &arrays);
                assert_close(&lowered, &want, &format!("{name}, lowered, {:?}", variant.fixed));
            }
        }
    }
    for gradient_of in &derived.divisor_gradients {
        let by = loss.mean_by.expect("a divisor");
        let want = differences(loss, by, gradient_of.input, &arrays);
        let shared = gradient_of.weighed.shared.as_ref().map(|shared| (shared.value, shared.at.clone()));
        let stable =
            gradient(loss, &loss.graph, gradient_of.input, gradient_of.weighed.own, &shared, &arrays);
        assert_close(&stable, &want, &format!("{}: divisor", loss.name));
    }
}

#[test]
fn derivatives_agree_with_central_differences() {
    let compiled = compile(&SourceFile::new("test.def", FORMULAS));
    let errors = compiled.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let errors: Vec<_> = errors.map(|diagnostic| format!("{diagnostic:?}")).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    assert_eq!(compiled.losses.len(), 13);
    let mut random = Random(7);
    for loss in &compiled.losses {
        for _ in 0..5 {
            check(loss, &mut random);
        }
    }
}
