//! Losses over named axes: the checked graph, evaluated by the reference, against loops written by hand.

mod calls;
mod forms;
mod losses;

use lossdef_compiler::check::check;
use lossdef_compiler::diagnostic::Diagnostics;
use lossdef_compiler::evaluate::axes::{Arrays, Evaluator, Positions};
use lossdef_compiler::ir::{AxisId, ExprId, Loss};
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
