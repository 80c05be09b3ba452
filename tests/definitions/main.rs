//! The losses that torch does not have, against their definitions: each is computed a second time in plain Rust
//! from the text of the paper that defines it, value by value, and its gradients are held against central
//! differences of that.
//!
//! The generated loss answers, and the oracle, that is, the formula of `losses.def` as it is written; both have to
//! say the same.

mod classification;
mod distances;
#[path = "../given/mod.rs"]
mod given;
#[path = "../oracle/mod.rs"]
mod oracle;
mod probabilities;

use std::collections::BTreeMap;

use given::{Given, How};
use lossdef::ReductionKind;
use ndarray::{ArrayD, IxDyn};
use oracle::Oracle;
use oracle::arrays::Array;
use oracle::wide::Wide;

/// Inputs by name.
type Inputs = BTreeMap<&'static str, Array>;

/// Parameters by name.
type Parameters = BTreeMap<&'static str, f64>;

/// Samples, and the gradient of their sum in each real input.
struct Answer {
    values: Vec<f64>,
    gradients: BTreeMap<String, Vec<f64>>,
}

/// What the generated loss says, which the oracle has to confirm.
fn evaluate(loss: &str, inputs: &Inputs, parameters: &Parameters) -> Answer {
    let (ours, oracle) = (generated(loss, inputs, parameters), as_written(loss, inputs, parameters));
    let confirm = |what: &str, got: &[f64], want: &[f64]| {
        assert_eq!(got.len(), want.len(), "{loss}: {what}");
        for (got, want) in got.iter().zip(want) {
            let close = got == want || (got - want).abs() <= 1e-12 * want.abs().max(1.0);
            assert!(close, "{loss}: {what} is {got} as generated, {want} to the oracle");
        }
    };
    confirm("the value", &ours.values, &oracle.values);
    for (name, gradient) in &oracle.gradients {
        confirm(name, &ours.gradients[name], gradient);
    }
    ours
}

fn generated(loss: &str, inputs: &Inputs, parameters: &Parameters) -> Answer {
    let array = |of: &Array| {
        ArrayD::from_shape_vec(IxDyn(&of.shape), of.data.clone()).expect("as many numbers as the shape says")
    };
    let call = Given {
        loss: lossdef::losses::CATALOGUE.get(loss).unwrap_or_else(|| panic!("there is no loss `{loss}`")),
        inputs: inputs.iter().map(|(name, of)| (*name, array(of))).collect(),
        parameters: parameters.clone(),
    };
    let ones = vec![1.0; call.samples().iter().product()];
    let found = call.evaluate(&How::plain(ReductionKind::None, ones));
    let found = found.unwrap_or_else(|error| panic!("{loss}: {error}"));
    let flat = |array: &ArrayD<f64>| array.iter().copied().collect::<Vec<f64>>();
    Answer {
        values: flat(&found.value),
        gradients: found.gradients.iter().map(|(name, of)| ((*name).to_owned(), flat(of))).collect(),
    }
}

fn as_written(loss: &str, inputs: &Inputs, parameters: &Parameters) -> Answer {
    let oracle = Oracle::of_losses_def();
    let run = oracle.evaluate(loss, inputs, parameters).unwrap_or_else(|error| panic!("{loss}: {error}"));
    let gradients = run.gradients(|_| (Wide::ONE, Wide::ZERO));
    let numbers =
        gradients.into_iter().map(|(name, of)| (name.to_owned(), of.iter().map(|x| x.sum.round()).collect()));
    Answer {
        values: run.points.iter().map(|point| point.value.value.round()).collect(),
        gradients: numbers.collect(),
    }
}

/// Holds a loss against its definition, in value and in gradient.
#[track_caller]
fn check(
    loss: &str,
    inputs: &Inputs,
    parameters: &Parameters,
    definition: impl Fn(&Inputs, &Parameters) -> Vec<f64>,
) {
    let ours = evaluate(loss, inputs, parameters);
    let want = definition(inputs, parameters);
    assert_eq!(ours.values.len(), want.len(), "{loss}: the number of values");
    for (got, want) in ours.values.iter().zip(&want) {
        let close = (got - want).abs() <= 1e-11 * want.abs().max(1.0);
        assert!(close, "{loss} at {inputs:?} with {parameters:?}: {got}, by definition {want}");
    }
    let total = |inputs: &Inputs| definition(inputs, parameters).iter().sum::<f64>();
    for (name, gradient) in &ours.gradients {
        for (at, got) in gradient.iter().enumerate() {
            let moved = |by: f64| {
                let mut inputs = inputs.clone();
                inputs.get_mut(name.as_str()).expect("an input").data[at] += by;
                total(&inputs)
            };
            // Of fourth order, so that the step may be long enough for rounding to stay small.
            let step = 1e-3;
            let quotient = |h: f64| (moved(h) - moved(-h)) / (2.0 * h);
            let want = (4.0 * quotient(step) - quotient(2.0 * step)) / 3.0;
            let close = (got - want).abs() <= 1e-8 * want.abs().max(1.0);
            assert!(
                close,
                "{loss}, {name}[{at}] at {inputs:?} with {parameters:?}: {got}, difference {want}"
            );
        }
    }
}

fn rows(array: &Array) -> impl Iterator<Item = &[f64]> {
    array.data.chunks(array.shape.last().copied().unwrap_or(1))
}
