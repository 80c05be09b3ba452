//! The formulas of `losses.def` are torch's, whatever the compiler makes of them: the oracle evaluates them as
//! they are written, and its answers are compared with the conformance corpus.

mod corpus;
mod oracle;

use std::collections::BTreeMap;

use corpus::judge::Precision;
use corpus::report::{Outcome, run};
use corpus::tensor::{Sums, sum_back};
use corpus::{Answer, Call, OPTIONAL, Reduction};
use oracle::wide::Wide;
use oracle::{Oracle, Sample};

/// Where the oracle cannot vouch for our answer, because it knows no largest number and rounds nothing.
const APART: [(&str, &str); 6] = [
    ("poisson_nll_loss-ff7d01596101", "exp(10000) is a number to the oracle, and infinite in float64"),
    (
        "margin_ranking_loss-9e19c0bad046",
        "float64 rounds 1e-30 away beside 1, onto the kink; the oracle does not",
    ),
    (
        "binary_cross_entropy_with_logits-32824d81cda2",
        "the formula as written has no limit of its own at infinity",
    ),
    (
        "binary_cross_entropy_with_logits-48d7fe9ba1f1",
        "the formula as written has no limit of its own at infinity",
    ),
    (
        "binary_cross_entropy_with_logits-7a94c974f2eb",
        "the formula as written has no limit of its own at infinity",
    ),
    (
        "binary_cross_entropy_with_logits-b62d755d2416",
        "the formula as written has no limit of its own at infinity",
    ),
];

#[test]
fn formulas_as_written() {
    let oracle = Oracle::of_losses_def();
    run("formulas as written, evaluated exactly", Precision::Double, |case, call, _| {
        match APART.iter().find(|(id, _)| *id == case.id) {
            Some((_, reason)) => Outcome::Aside(reason),
            None => Outcome::Done(answer(&oracle, call)),
        }
    });
}

/// Evaluates a call sample by sample; an error where something lies outside of its domain.
fn answer(oracle: &Oracle, call: &Call) -> Result<Answer, String> {
    let aligned = call.aligned();
    let columns: BTreeMap<&str, Vec<f64>> = aligned
        .inputs
        .iter()
        .map(|(name, view)| (name.as_str(), view.broadcast(&aligned.shape).elements()))
        .collect();
    let count = aligned.shape.iter().product();
    let samples: Result<Vec<Sample>, String> = (0..count)
        .map(|at| {
            let mut values: BTreeMap<&str, f64> =
                columns.iter().map(|(name, data)| (*name, data[at])).collect();
            values.extend(call.parameters.iter().map(|(name, value)| (name.as_str(), *value)));
            match oracle.outside(call.loss, &values) {
                Some(name) => Err(format!("`{name}` is outside of its domain")),
                None => Ok(oracle.sample(call.loss, &values)),
            }
        })
        .collect();
    let samples = samples?;
    let total = |part: fn(&Sample) -> Wide| samples.iter().map(part).fold(Wide::ZERO, |a, b| a + b);
    let numerator = total(|s| s.value);
    let divisor = match call.reduction {
        Reduction::None | Reduction::Sum => Wide::ONE,
        Reduction::BatchMean => Wide::new(aligned.shape.first().map_or(1.0, |n| *n as f64)),
        Reduction::Mean => total(|s| s.divisor),
    };
    let output = match call.reduction {
        Reduction::None => Sums::plain(samples.iter().map(|s| s.value.round()).collect()),
        _ => Sums {
            values: vec![(numerator / divisor).round()],
            magnitudes: vec![(total(|s| s.value.abs()) / divisor).round().abs()],
        },
    };
    let upstream = |at: usize| Wide::new(call.upstream[at.min(call.upstream.len() - 1)]);
    let mut gradients = BTreeMap::new();
    for (place, decl) in oracle.loss(call.loss).inputs.iter().enumerate() {
        let name = decl.name.name.as_str();
        let Some(tensor) = call.inputs.get(name) else { continue };
        let gradient = |at: usize| {
            let sample = &samples[at];
            let mut slope = sample.slopes[place] / divisor;
            let also = sample.divisor_slopes[place];
            if call.reduction == Reduction::Mean && !also.is_zero() {
                slope = slope - numerator * also / (divisor * divisor);
            }
            (upstream(at) * slope).round()
        };
        let full: Vec<f64> = (0..count).map(gradient).collect();
        let own = if OPTIONAL.contains(&name) { &tensor.shape } else { &aligned.own_shapes[name] };
        gradients.insert(name.to_owned(), sum_back(&full, &aligned.shape, own));
    }
    Ok(Answer { output, gradients })
}
