//! Laws that hold for every formula, tried on random ones: printing and reading back, rewriting, lowering,
//! linearity of the derivative, and agreement with the independent oracle.

mod oracle;

use lossdef_compiler::compile;
use lossdef_compiler::display::Printer;
use lossdef_compiler::evaluate::Evaluator;
use lossdef_compiler::ir::{ExprId, Graph};
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{CompiledLoss, render};
use oracle::Oracle;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What a formula may read.
const NAMES: [&str; 3] = ["x", "y", "p"];

/// A formula over `x`, `y` and the parameter `p`, without the poles that would make comparing pointless.
fn formula() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        1 => prop::sample::select(&["0", "1", "2", "0.5", "-1.5", "pi"][..]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let three = (inner.clone(), inner.clone(), inner.clone());
        prop_oneof![
            (two.clone(), prop::sample::select(&["+", "-", "*"][..]))
                .prop_map(|((a, b), op)| format!("({a}) {op} ({b})")),
            two.clone().prop_map(|(a, b)| format!("({a}) / (1 + ({b})^2)")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (inner.clone(), prop::sample::select(&["2", "3", "1", "0"][..]))
                .prop_map(|(a, n)| format!("({a})^{n}")),
            (inner.clone(), prop::sample::select(FUNCTIONS)).prop_map(|(a, f)| f.replace('#', &a)),
            two.clone().prop_map(|(a, b)| format!("max({a}, {b}) - min({b}, {a})")),
            three.clone().prop_map(|(c, a, b)| format!("(if ({c}) < 0.3 then {a} else {b})")),
            two.prop_map(|(a, b)| format!("[({a}) > ({b})] * ({a})")),
            three.prop_map(|(a, b, c)| format!("clamp({a}, -1, 1) * ({b}) + stop({c})")),
        ]
    })
}

/// Functions, some of them as the naive text that the compiler must recognise.
const FUNCTIONS: &[&str] = &[
    "sigmoid(#)",
    "tanh(#)",
    "abs(#)",
    "relu(#)",
    "softplus(#)",
    "log_sigmoid(#)",
    "sin(#)",
    "cos(#)",
    "atan(#)",
    "log(1 + exp(#))",
    "log(sigmoid(#))",
    "log(1 - sigmoid(#))",
    "exp(-abs(#))",
    "(1 - exp(-abs(#)))",
    "sqrt(1 + (#)^2)",
    "log(1 + (#)^2)",
    "1 / (1 + exp(-(#)))",
    "exp(sin(#)) / (1 + exp(sin(#)))",
    "erf(#)",
    "log(cosh(#))",
    "xlogy(abs(#), 1 + abs(#))",
    "sign(#)",
    "sigmoid(#) * (1 - sigmoid(#))",
    "(1 - tanh(#))",
    "(1 - cos(#))",
    "(sqrt(1 + (#)^2) - 1)",
    "(2 * sigmoid(#) - 1)",
    "(sigmoid(#) - sigmoid(y))",
    "(exp(sin(#)) - exp(-sin(#)))",
    "log(exp(sin(#)) + exp(cos(#)))",
    "(softplus(#) - sigmoid(p) * (#))",
    "(relu(#) + softplus(-abs(#)))",
];

fn compiled(formula: &str) -> CompiledLoss {
    let source = SourceFile::new("random.def", declaration(formula));
    let mut compiled = compile(&source);
    assert!(
        compiled.diagnostics.iter().all(|diagnostic| !diagnostic.is_error()),
        "{}",
        compiled
            .diagnostics
            .iter()
            .map(|d| render::render(&source, d, render::Style::Plain))
            .collect::<String>()
    );
    compiled.losses.remove(0)
}

fn declaration(formula: &str) -> String {
    format!("loss f(x, y; p = 1.0) = {formula}")
}

fn evaluate(graph: &Graph, root: ExprId, point: [f64; 3]) -> f64 {
    Evaluator::new(graph, &point[..2], &point[2..]).value(root)
}

/// Equal up to the rounding of an ordinary evaluation.
fn close(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-7 * (1.0 + a.abs().max(b.abs()))
}

/// Value and derivatives in high precision.
fn exact(oracle: &Oracle, point: [f64; 3]) -> Vec<f64> {
    let sample = oracle.sample("f", &BTreeMap::from([("x", point[0]), ("y", point[1]), ("p", point[2])]));
    std::iter::once(sample.value).chain(sample.slopes).map(|number| number.round()).collect()
}

/// Points next to one, a few roundings away in each direction.
fn moved(point: [f64; 3]) -> impl Iterator<Item = [f64; 3]> {
    (0..3).flat_map(move |i| {
        [-1e-14, 1e-14].map(|step| {
            let mut beside = point;
            beside[i] += step * (1.0 + point[i].abs());
            beside
        })
    })
}

fn point() -> impl Strategy<Value = [f64; 3]> {
    let coordinate = || prop_oneof![4 => -3.0..3.0f64, 1 => prop::sample::select(&[0.0, 1.0, -1.0, 0.3][..])];
    [coordinate(), coordinate(), coordinate()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rewriting_and_lowering_keep_values_and_derivatives(formula in formula(), point in point()) {
        let loss = compiled(&formula);
        let graph = &loss.derived.loss.graph;
        let forms = std::iter::once(loss.derived.value).chain(loss.derived.gradients.iter().map(|gradient| gradient.own));
        let variant = &loss.variants[0].0;
        let lowered = std::iter::once(variant.value).chain(variant.gradients.iter().map(|gradient| gradient.own));
        for (form, lowered) in forms.zip(lowered) {
            let raw = evaluate(graph, form.raw, point);
            if raw.is_finite() && raw.abs() < 1e6 {
                let stable = evaluate(graph, form.stable, point);
                prop_assert!(close(raw, stable), "{raw} as written, {stable} rewritten: {}", loss.audit.value);
                let low = evaluate(&variant.graph, lowered, point);
                prop_assert!(close(stable, low), "{stable} rewritten, {low} lowered");
            }
        }
    }

    #[test]
    fn values_and_derivatives_agree_with_the_oracle(formula in formula(), point in point()) {
        let loss = compiled(&formula);
        let oracle = Oracle::new("random.def", &declaration(&formula));
        let variant = &loss.variants[0].0;
        let ours = std::iter::once(variant.value).chain(variant.gradients.iter().map(|gradient| gradient.own));
        for (i, (ours, want)) in ours.zip(exact(&oracle, point)).enumerate() {
            let got = evaluate(&variant.graph, ours, point);
            if want.abs() < 1e6 && !close(got, want) {
                // Where the exact function jumps, rounding may decide a condition the other way.
                let jumps = moved(point).any(|beside| !close(exact(&oracle, beside)[i], want));
                prop_assert!(jumps, "{got}, oracle {want}");
            }
        }
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same_function(formula in formula(), point in point()) {
        let loss = compiled(&formula);
        let graph = &loss.derived.loss.graph;
        let printer = Printer::new(&loss.derived.loss, graph);
        for form in [loss.derived.value, loss.derived.gradients[0].own] {
            let text = printer.text(form.stable);
            if text.ends_with("...") {
                continue;
            }
            let again = compiled(&text);
            let (a, b) = (evaluate(graph, form.stable, point), evaluate(&again.derived.loss.graph, again.derived.value.raw, point));
            prop_assert!(close(a, b), "{a}, read back {b}: {text}");
        }
    }

    #[test]
    fn the_derivative_is_linear(a in formula(), b in formula(), point in point()) {
        let sum = compiled(&format!("2 * ({a}) - 3 * ({b})"));
        let (a, b) = (compiled(&a), compiled(&b));
        let slope = |loss: &CompiledLoss| evaluate(&loss.derived.loss.graph, loss.derived.gradients[0].own.raw, point);
        let (left, right) = (slope(&sum), 2.0 * slope(&a) - 3.0 * slope(&b));
        if left.abs() < 1e6 {
            prop_assert!(close(left, right), "{left}, {right}");
        }
    }
}
