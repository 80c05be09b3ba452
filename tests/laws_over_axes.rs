//! Laws that hold for every formula over named axes, tried on random ones: it compiles; its raw, stable and lowered
//! forms have the value and the derivatives that the oracle finds, and these are those of central differences.

mod formula;
mod oracle;

use std::collections::BTreeMap;

use formula::Samples;
use lossdef_compiler::derive::Form;
use lossdef_compiler::evaluate::axes::{Arrays, Evaluator, Positions};
use lossdef_compiler::ir::{AxisId, ExprId, Graph, Loss, Role};
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{CompiledLoss, compile, render};
use oracle::Oracle;
use oracle::arrays::Array;
use oracle::evaluation::Run;
use oracle::random::Random;
use oracle::wide::Wide;

/// How many formulas are tried.
const FORMULAS: u64 = 400;

fn compiled(text: &str) -> CompiledLoss {
    let source = SourceFile::new("random.def", text);
    let mut compiled = compile(&source);
    let errors = compiled.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let errors: String = errors.map(|d| render::render(&source, d, render::Style::Plain)).collect();
    assert!(errors.is_empty(), "{errors}\n{text}");
    compiled.losses.remove(0)
}

/// The length of an axis in these tests.
fn length(name: &str) -> usize {
    match name {
        "c" => 3,
        "n" => 3,
        _ => 2,
    }
}

/// Numbers for every input, and a derivative with respect to every sample.
fn arrays(loss: &Loss, random: &mut Random) -> Arrays {
    let sizes: Vec<usize> = loss.axes().map(|(_, axis)| length(&axis.name)).collect();
    let size = |axis: &AxisId| sizes[axis.0 as usize];
    let inputs = loss.inputs.iter().map(|input| {
        let count: usize = input.axes.iter().map(size).product();
        let element = |at: usize| match input.role {
            Role::Index(axis) => random.below(size(&axis)) as f64,
            // One label at least.
            Role::Set(axis) if at.is_multiple_of(2) || random.unit() < 0.6 => {
                random.below(size(&axis)) as f64
            }
            Role::Set(_) => -1.0,
            _ => 3.0 * random.unit() - 1.5,
        };
        (0..count).map(element).collect()
    });
    let inputs = inputs.collect();
    let samples: usize = loss.graph.samples.iter().map(|axis| size(&axis)).product();
    let upstream = (0..samples).map(|_| 2.0 * random.unit() - 0.5).collect();
    let parameters = loss.parameters.iter().map(|parameter| parameter.default.expect("a default")).collect();
    Arrays { parameters, sizes, inputs, upstream }
}

fn expected(oracle: &Oracle, loss: &Loss, arrays: &Arrays) -> Run {
    let input = |(input, data): (&lossdef_compiler::ir::Input, &Vec<f64>)| {
        let shape: Vec<usize> = input.axes.iter().map(|axis| arrays.sizes[axis.0 as usize]).collect();
        (input.name.clone(), Array::new(&shape, data.clone()))
    };
    let inputs: Vec<(String, Array)> = loss.inputs.iter().zip(&arrays.inputs).map(input).collect();
    let inputs = inputs.iter().map(|(name, array)| (name.as_str(), array.clone())).collect();
    oracle.evaluate(&loss.name, &inputs, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"))
}

fn values(loss: &Loss, graph: &Graph, root: ExprId, arrays: &Arrays) -> Vec<f64> {
    let axes: Vec<AxisId> = loss.graph.samples.iter().collect();
    Evaluator::new(graph, &loss.inputs, arrays).array(root, &axes, &Positions::new())
}

type Shared<'a> = Option<(ExprId, &'a [(AxisId, AxisId)])>;

/// A gradient from its parts: where samples read their own elements, and where they read those of others.
fn gradient(
    loss: &Loss,
    graph: &Graph,
    input: usize,
    own: ExprId,
    shared: Shared<'_>,
    arrays: &Arrays,
) -> Vec<f64> {
    let axes = &loss.inputs[input].axes;
    let mut evaluator = Evaluator::new(graph, &loss.inputs, arrays);
    let mut sum = evaluator.array(own, axes, &Positions::new());
    if let Some((value, at)) = shared {
        let moved = |axis: &AxisId| at.iter().find(|(from, _)| from == axis).map_or(*axis, |(_, to)| *to);
        let axes: Vec<AxisId> = axes.iter().map(moved).collect();
        let others = evaluator.array(value, &axes, &Positions::new());
        sum.iter_mut().zip(others).for_each(|(a, b)| *a += b);
    }
    sum
}

/// Whether two lists agree up to the rounding of an ordinary evaluation.
fn close(got: &[f64], want: &[f64], by: f64) -> bool {
    let near = |(got, want): (&f64, &f64)| {
        !want.is_finite() || want.abs() > 1e6 || (got - want).abs() <= by * (1.0 + want.abs())
    };
    got.len() == want.len() && got.iter().zip(want).all(near)
}

type Pick = fn(Form) -> ExprId;

/// The forms of an expression.
const FORMS: [(&str, Pick); 2] = [("raw", |form| form.raw), ("stable", |form| form.stable)];

#[test]
fn every_form_agrees_with_the_oracle() {
    let mut wrong = Vec::new();
    for seed in 0..FORMULAS {
        let mut random = Random(seed);
        let samples = if seed % 3 == 0 { Samples::Named } else { Samples::Dots };
        let text = formula::loss("f", samples, &mut random);
        let compiled = compiled(&text);
        let oracle = Oracle::new("random.def", &text);
        let derived = &compiled.derived;
        let loss = &derived.loss;
        let arrays = arrays(loss, &mut random);
        let run = expected(&oracle, loss, &arrays);
        let mut check = |what: String, got: &[f64], want: &[f64]| {
            if !close(got, want, 1e-9) {
                wrong.push(format!("formula {seed}, {what}: {got:?}, not {want:?}\n{text}"));
            }
        };
        let want: Vec<f64> = run.points.iter().map(|point| point.value.value.round()).collect();
        if want.iter().any(|value| !value.is_finite()) {
            // As `unit` of a vector of zeros. What flows through a number that is none is nobody's business.
            continue;
        }
        check("value".into(), &values(loss, &loss.graph, derived.value.raw, &arrays), &want);
        check("stable value".into(), &values(loss, &loss.graph, derived.value.stable, &arrays), &want);
        for (variant, _) in &compiled.variants {
            let holds =
                variant.fixed.iter().all(|(parameter, value)| arrays.parameters[*parameter] == *value);
            if holds {
                check("lowered value".into(), &values(loss, &variant.graph, variant.value, &arrays), &want);
            }
        }
        let plain = run.gradients(|_| (Wide::ONE, Wide::ZERO));
        for of in &derived.gradients {
            let name = &loss.inputs[of.input].name;
            let want: Vec<f64> = plain[name.as_str()].iter().map(|total| total.sum.round()).collect();
            for (what, form) in FORMS {
                let shared = of.shared.as_ref().map(|shared| (form(shared.form), shared.at.as_slice()));
                let got = gradient(loss, &loss.graph, of.input, form(of.own), shared, &arrays);
                check(format!("{what} d/d{name}"), &got, &want);
            }
        }
        let want = run.gradients(|at| (Wide::new(arrays.upstream[at]), Wide::ZERO));
        for of in &derived.gradients {
            let name = &loss.inputs[of.input].name;
            let want: Vec<f64> = want[name.as_str()].iter().map(|total| total.sum.round()).collect();
            let shared = of.weighed.shared.as_ref().map(|shared| (shared.value, shared.at.as_slice()));
            let got = gradient(loss, &loss.graph, of.input, of.weighed.own, shared, &arrays);
            check(format!("weighed d/d{name}"), &got, &want);
            for (variant, _) in &compiled.variants {
                let Some(own) = variant.gradients.iter().find(|own| own.input == of.input) else { continue };
                let shared = own.shared.as_ref().map(|(value, at)| (*value, at.as_slice()));
                let got = gradient(loss, &variant.graph, of.input, own.own, shared, &arrays);
                let holds =
                    variant.fixed.iter().all(|(parameter, value)| arrays.parameters[*parameter] == *value);
                if holds {
                    check(format!("lowered d/d{name}"), &got, &want);
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} numbers are wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(4)].join("\n")
    );
}

#[test]
fn the_oracle_agrees_with_central_differences() {
    let (mut compared, mut aside) = (0, 0);
    for seed in 0..FORMULAS / 8 {
        let mut random = Random(seed);
        let samples = if seed % 3 == 0 { Samples::Named } else { Samples::Dots };
        let text = formula::loss("f", samples, &mut random);
        let oracle = Oracle::new("random.def", &text).blunt();
        let compiled = compiled(&text);
        let loss = &compiled.derived.loss;
        let arrays = arrays(loss, &mut random);
        let objective = |arrays: &Arrays| -> f64 {
            let run = expected(&oracle, loss, arrays);
            run.points.iter().zip(&arrays.upstream).map(|(point, up)| point.value.value.round() * up).sum()
        };
        let run = expected(&oracle, loss, &arrays);
        let slopes = run.gradients(|at| (Wide::new(arrays.upstream[at]), Wide::ZERO));
        for (input, declared) in loss.inputs.iter().enumerate().filter(|(_, own)| own.role == Role::Real) {
            for (at, slope) in slopes[declared.name.as_str()].iter().enumerate() {
                let quotient = |step: f64| {
                    let moved = |by: f64| {
                        let mut arrays = arrays.clone();
                        arrays.inputs[input][at] += by;
                        objective(&arrays)
                    };
                    (moved(step) - moved(-step)) / (2.0 * step)
                };
                let (wide, narrow) = (quotient(2e-5), quotient(1e-5));
                let near = |a: f64, b: f64| (a - b).abs() <= 1e-5 * (1.0 + b.abs());
                if !narrow.is_finite() || narrow.abs() > 1e6 || !near(wide, narrow) {
                    aside += 1;
                    continue;
                }
                compared += 1;
                let got = slope.sum.round();
                assert!(near(got, narrow), "{}[{at}]: {got}, difference {narrow}\n{text}", declared.name);
            }
        }
    }
    println!("{compared} slopes agree with differences, {aside} set aside");
    assert!(compared > 10 * aside, "too few points mean anything");
}
