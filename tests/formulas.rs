//! The formulas of `losses.def` are torch's, whatever the compiler makes of them: the oracle evaluates them as
//! they are written, and its answers are compared with the conformance corpus.

mod corpus;
mod oracle;

use std::collections::BTreeMap;

use corpus::Answer;
use corpus::call::{Call, Reduction};
use corpus::judge::Precision;
use corpus::pieces::pieces;
use corpus::report::{Outcome, run};
use corpus::tensor::Sums;
use oracle::Oracle;
use oracle::arrays::Array;
use oracle::evaluation::{Run, Total};
use oracle::wide::Wide;

/// Where the oracle cannot vouch for our answer, because it knows no largest number and rounds nothing.
const APART: [(&str, &str); 12] = [
    ("poisson_nll_loss-ff7d01596101", "exp(10000) is a number to the oracle, and infinite in float64"),
    (
        "margin_ranking_loss-9e19c0bad046",
        "float64 rounds 1e-30 away beside 1, onto the kink; the oracle does not",
    ),
    ("binary_cross_entropy_with_logits-32824d81cda2", NO_LIMIT),
    ("binary_cross_entropy_with_logits-48d7fe9ba1f1", NO_LIMIT),
    ("binary_cross_entropy_with_logits-7a94c974f2eb", NO_LIMIT),
    ("binary_cross_entropy_with_logits-b62d755d2416", NO_LIMIT),
    ("cross_entropy-6bf95c73d726", NO_LIMIT),
    ("multilabel_soft_margin_loss-7c601e74bd7f", NO_LIMIT),
    (
        "cross_entropy-5b2a9f0b1a8f",
        "its gradient is a slope over 0, and infinite; ours, as torch's, is a sum of infinities of both signs",
    ),
    ("cross_entropy-1fb7c79beb43", EXPONENT),
    ("cross_entropy-4051de940087", EXPONENT),
    ("cross_entropy-ed5588359ee2", EXPONENT),
];

const NO_LIMIT: &str = "the formula as written has no limit of its own at infinity";
const EXPONENT: &str = "exp(-6e38) is a number to the oracle, but not all digits of its exponent are known";

#[test]
fn formulas_as_written() {
    let oracle = Oracle::of_losses_def();
    run("formulas as written, evaluated exactly", Precision::Double, |case, call| {
        match APART.iter().find(|(id, _)| *id == case.id) {
            Some((_, reason)) => Outcome::Aside(reason),
            None => Outcome::Done(answer(&oracle, call)),
        }
    });
}

/// Evaluates a call; an error where something lies outside of its domain.
fn answer(oracle: &Oracle, call: &Call) -> Result<Answer, String> {
    let pieces = pieces(call);
    let aligned: Vec<_> = pieces.iter().map(|piece| piece.call.aligned()).collect();
    let runs: Result<Vec<Run>, String> = pieces
        .iter()
        .zip(&aligned)
        .map(|(piece, aligned)| {
            let inputs: BTreeMap<&str, Array> = aligned
                .inputs
                .keys()
                .map(|name| {
                    let view = aligned.declared(name);
                    (name.as_str(), Array::new(&view.shape, view.elements()))
                })
                .collect();
            let parameters =
                piece.call.parameters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            oracle.evaluate(call.loss, &inputs, &parameters)
        })
        .collect();
    let runs = runs?;
    let total = |part: fn(&Run) -> Total| {
        runs.iter().map(part).fold(Total::ZERO, |mut total, own| {
            total.sum = total.sum + own.sum;
            total.magnitude = total.magnitude + own.magnitude;
            total
        })
    };
    let numerator = total(Run::numerator);
    let divisor = match call.reduction {
        Reduction::None | Reduction::Sum => Wide::ONE,
        Reduction::BatchMean => Wide::new(aligned[0].shape.first().map_or(1.0, |n| *n as f64)),
        Reduction::Mean => total(Run::divisor).sum,
    };
    let output = match call.reduction {
        Reduction::None => {
            let mut values = vec![0.0; runs.iter().map(|run| run.points.len()).sum()];
            for (piece, run) in pieces.iter().zip(&runs) {
                for (at, point) in run.points.iter().enumerate() {
                    values[piece.sample(at)] = point.value.value.round();
                }
            }
            Sums::plain(values)
        }
        _ => Sums {
            values: vec![(numerator.sum / divisor).round()],
            magnitudes: vec![(numerator.magnitude / divisor).round().abs()],
        },
    };
    let upstream = |at: usize| Wide::new(call.upstream[at.min(call.upstream.len() - 1)]);
    let mut gradients: BTreeMap<String, Sums> = BTreeMap::new();
    for ((piece, aligned), run) in pieces.iter().zip(&aligned).zip(&runs) {
        let by_value = |at: usize| upstream(piece.sample(at)) / divisor;
        let by_divisor = |at: usize| match call.reduction {
            Reduction::Mean => -(upstream(piece.sample(at)) * numerator.sum) / (divisor * divisor),
            _ => Wide::ZERO,
        };
        for (name, totals) in run.gradients(|at| (by_value(at), by_divisor(at))) {
            let totals = aligned.as_torch(name, &totals);
            let own = Sums {
                values: totals.iter().map(|total| total.sum.round()).collect(),
                magnitudes: totals.iter().map(|total| total.magnitude.round()).collect(),
            };
            let own = aligned.sum_back(name, own);
            let size = call.inputs[name].data.len().max(own.values.len() / pieces.len());
            let whole = gradients
                .entry(name.to_owned())
                .or_insert_with(|| Sums { values: vec![0.0; size], magnitudes: vec![0.0; size] });
            for (at, value) in own.values.iter().enumerate() {
                whole.values[piece.element(name, at)] += value;
                whole.magnitudes[piece.element(name, at)] += own.magnitude(at).max(value.abs());
            }
        }
    }
    Ok(Answer { output, gradients })
}
