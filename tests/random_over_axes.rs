//! Random losses over named axes, from text to Rust: what was generated for `fixtures/random.def` against the oracle,
//! in value and in every gradient, over short rows and long ones.

mod given;
mod oracle;

use std::collections::BTreeMap;

use given::How;
use given::points::{Points, Sizes, given};
use lossdef::ReductionKind;
use lossdef::spec::AxisSpec;
use oracle::Oracle;
use oracle::random::Random;
use oracle::wide::Wide;

lossdef::losses! { "tests/fixtures/random.def" }

/// The lengths of the samples, of `c`, of `d`, and of the lists of labels.
const SHAPES: [[usize; 4]; 6] =
    [[1, 1, 1, 1], [2, 3, 2, 2], [3, 4, 1, 3], [5, 2, 3, 1], [2, 33, 2, 2], [34, 2, 2, 2]];

#[test]
fn generated_code_agrees_with_the_oracle() {
    let oracle = Oracle::new("random.def", include_str!("fixtures/random.def"));
    let mut wrong = Vec::new();
    for loss in CATALOGUE {
        let (mut compared, mut aside) = (0, 0);
        for (seed, [samples, c, d, e]) in SHAPES.into_iter().enumerate() {
            let length = |axis: &AxisSpec| match axis.name() {
                "c" => c,
                "d" => d,
                "e" => e,
                _ => samples,
            };
            let sizes: Sizes =
                loss.spec().axes.iter().map(|axis| (axis.name(), vec![length(axis)])).collect();
            let mut random = Random(seed as u64);
            let call = given(loss, &sizes, Points::Scattered, &mut random);
            let parameters: BTreeMap<&str, f64> =
                call.parameters.iter().map(|(name, x)| (*name, *x)).collect();
            let run = oracle.evaluate(loss.spec().name, &call.for_the_oracle(), &parameters);
            let run = run.unwrap_or_else(|error| panic!("{call:?}: {error}"));
            let upstream: Vec<f64> = run.points.iter().map(|_| 2.0 * random.unit() - 1.0).collect();
            let ours = call.evaluate(&How::plain(ReductionKind::None, upstream.clone()));
            let ours = ours.unwrap_or_else(|error| panic!("{call:?}: {error}"));
            let mut check = |what: &str, at: usize, got: f64, want: f64| {
                // A fold over nothing, and a product of many numbers, may be beyond comparing.
                if !want.is_finite() || want.abs() > 1e6 {
                    aside += 1;
                } else if (got - want).abs() <= 1e-8 * (1.0 + want.abs()) {
                    compared += 1;
                } else {
                    let name = loss.spec().name;
                    wrong.push(format!("{name}: {what}[{at}] is {got:e}, not {want:e}, with {sizes:?}"));
                }
            };
            for (at, (got, point)) in ours.value.iter().zip(&run.points).enumerate() {
                check("value", at, *got, point.value.value.round());
            }
            if run.points.iter().any(|point| !point.value.value.is_finite()) {
                continue;
            }
            for (input, totals) in run.gradients(|at| (Wide::new(upstream[at]), Wide::ZERO)) {
                for (at, (got, want)) in ours.gradients[input].iter().zip(totals).enumerate() {
                    check(input, at, *got, want.sum.round());
                }
            }
        }
        println!("{}: {compared} numbers agree, {aside} set aside", loss.spec().name);
        assert!(compared > 50, "{}: too few numbers mean anything", loss.spec().name);
    }
    assert!(wrong.is_empty(), "{} numbers are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
