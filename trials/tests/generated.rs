//! Random losses, from text to Rust: all of them compile without a warning, give the bits that the engine gives, and,
//! where they are tame, the values and derivatives that the oracle finds in the formula as written.
//!
//! The losses are those of `build.rs`: `LOSSDEF_SEED=7 LOSSDEF_LOSSES=200 cargo test -p lossdef-trials --test generated`.

#![deny(warnings)]

#[path = "../../tests/oracle/mod.rs"]
mod oracle;

#[allow(deprecated, reason = "warnings of formulas, as of an input without a gradient")]
mod batch {
    include!(concat!(env!("OUT_DIR"), "/batch.rs"));
}

use std::collections::BTreeMap;

use lossdef_trials::generated::{agree, tame_calls};
use oracle::Oracle;
use oracle::arrays::Array;
use oracle::evaluation::Run;
use oracle::wide::Wide;

const TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/batch.def"));

#[test]
fn generated_code_has_the_bits_of_the_engine() {
    println!("{} calls agree", agree(&batch::CATALOGUE, TEXT));
}

/// Inputs are moved by this part of themselves to see what their last bits are worth.
const MOVED: f64 = 1e-12;

#[test]
fn tame_losses_have_the_values_and_derivatives_of_the_oracle() {
    let oracle = Oracle::new("batch.def", TEXT);
    let (mut compared, mut aside) = (0, 0);
    let mut wrong = Vec::new();
    for loss in batch::CATALOGUE.iter().filter(|loss| loss.spec().name.starts_with("tame")) {
        for call in tame_calls(loss) {
            let evaluate = |part: f64| -> Run {
                let mut sign = 1.0;
                let array = |(name, shape, data, real): &(&'static str, Vec<usize>, Vec<f64>, bool)| {
                    let mut move_by = |x: &f64| {
                        sign = -sign;
                        if *real { x * (1.0 + sign * part) } else { *x }
                    };
                    (*name, Array::new(shape, data.iter().map(&mut move_by).collect()))
                };
                let inputs: BTreeMap<&str, Array> = call.inputs.iter().map(array).collect();
                let parameters = call.parameters.iter().copied().collect();
                oracle
                    .evaluate_unchecked(loss.spec().name, &inputs, &parameters)
                    .unwrap_or_else(|error| panic!("{}: {error}", loss.spec().name))
            };
            let numbers = |run: &Run| -> Vec<Vec<f64>> {
                let values = run.points.iter().map(|point| point.value.value.round()).collect();
                let gradients = run.gradients(|_| (Wide::ONE, Wide::ZERO));
                let own =
                    |name: &&'static str| gradients[name].iter().map(|total| total.sum.round()).collect();
                std::iter::once(values).chain(call.gradients.iter().map(|(name, _)| name).map(own)).collect()
            };
            let (want, moved) = (numbers(&evaluate(0.0)), [MOVED, -MOVED].map(|by| numbers(&evaluate(by))));
            if want[0].iter().any(|value| !value.is_finite()) {
                // What flows through a number that is none is nobody's business.
                aside += 1;
                continue;
            }
            let got = std::iter::once(&call.values).chain(call.gradients.iter().map(|(_, numbers)| numbers));
            for (of, got) in got.enumerate() {
                for (at, got) in got.iter().enumerate() {
                    let want = want[of][at];
                    let spread = moved.iter().map(|moved| (moved[of][at] - want).abs()).fold(0.0, f64::max);
                    if !want.is_finite()
                        || want.abs() > 1e6
                        || !spread.is_finite()
                        || spread > 1e-6 * (1.0 + want.abs())
                    {
                        aside += 1;
                    } else if (got - want).abs() <= 1e-9 * (1.0 + want.abs()) + 4.0 * spread {
                        compared += 1;
                    } else {
                        let what = if of == 0 { "value" } else { call.gradients[of - 1].0 };
                        let name = loss.spec().name;
                        wrong.push(format!(
                            "{name}: {what}[{at}] is {got:e}, not {want:e}, {call:?}\n{}",
                            loss.spec().formula
                        ));
                    }
                }
            }
        }
    }
    println!("{compared} numbers agree with the oracle, {aside} set aside");
    assert!(
        wrong.is_empty(),
        "{} numbers are wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(4)].join("\n")
    );
    assert!(compared > 9 * aside, "too few numbers mean anything: {compared}, {aside} set aside");
}
