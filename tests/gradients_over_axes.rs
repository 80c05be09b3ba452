//! Values and gradients of every loss of `losses.def` over named axes, as generated: against the oracle's forward
//! mode over 32 digits, at random shapes around the widths of the runtime's vectors, with labels that repeat or are
//! left out, ties, rows of zeros, and nothing at all. What the caller may vary without varying the result (memory,
//! the place of an axis, threads, precision, shards) is in `calls_over_axes.rs`.

mod given;
mod oracle;

use std::collections::BTreeMap;

use given::points::{Points, Sizes, given, losses};
use given::{Given, How};
use lossdef::ReductionKind;
use lossdef::dynamic::Loss;
use lossdef::spec::AxisSpec;
use oracle::Oracle;
use oracle::evaluation::{Run, Total};
use oracle::random::Random;
use oracle::wide::Wide;

/// Shapes of the samples, and the length of the first named axis, which is the only one or goes with a shorter one.
const SHAPES: [(&[usize], usize); 15] = [
    (&[], 5),
    (&[3], 1),
    (&[3], 2),
    (&[2], 31),
    (&[2], 32),
    (&[2], 33),
    (&[1], 64),
    (&[2], 65),
    (&[33], 3),
    (&[2, 3], 4),
    (&[32], 5),
    (&[65], 2),
    (&[3, 1, 2], 3),
    (&[0], 3),
    (&[31], 1),
];

fn sizes(loss: &dyn Loss, (samples, length): (&[usize], usize), random: &mut Random) -> Sizes {
    let mut sizes = Sizes::new();
    let mut lengths = [length, [1, 2, 3][random.below(3)]];
    let named = loss.spec().axes.iter().skip(1).count();
    if named > 1 && random.unit() < 0.5 {
        lengths.reverse();
    }
    let mut lengths = lengths.into_iter();
    for axis in loss.spec().axes {
        let length = match axis {
            AxisSpec::Samples => samples.to_vec(),
            AxisSpec::Named(_) => vec![lengths.next().expect("two axes at most")],
            AxisSpec::Group(_) => {
                let length = lengths.next().expect("two axes at most");
                [vec![length], vec![length, 2], vec![2, 1, length], vec![]][random.below(4)].clone()
            }
        };
        sizes.insert(axis.name(), length);
    }
    sizes
}

/// Several calls of one loss.
fn calls(loss: &'static dyn Loss, random: &mut Random) -> Vec<Given> {
    let name = loss.spec().name;
    let mut calls = Vec::new();
    for shape in SHAPES {
        for points in [Points::Scattered, Points::Grid, Points::Rows, Points::Saturated] {
            // Whether two cosines are equal is a matter of rounding.
            if matches!(points, Points::Grid | Points::Saturated) && name.contains("cosine") {
                continue;
            }
            calls.push(given(loss, &sizes(loss, shape, random), points, random));
        }
    }
    calls
}

/// What was compared.
#[derive(Default)]
struct Counts {
    finite: usize,
    infinite: usize,
    undefined: usize,
}

impl Counts {
    /// Counts a number, and says whether it is right.
    fn agree(&mut self, got: f64, want: Total, slack: f64) -> bool {
        let (want, magnitude) = (want.sum.round(), want.magnitude.round());
        if want.is_nan() {
            // Where the formula as written is 0/0 or the like, only conventions speak.
            self.undefined += 1;
            true
        } else if want.is_infinite() {
            self.infinite += 1;
            got == want
        } else {
            self.finite += 1;
            (got - want).abs() <= 1e-13 * want.abs().max(magnitude) + slack
        }
    }
}

/// What rounding may leave where the terms of a row cancel.
fn slack(call: &Given) -> f64 {
    let largest = call.real().flat_map(|name| &call.inputs[name]).fold(3.0, |a: f64, x| a.max(x.abs()));
    let terms = match call.loss.spec().name {
        // Scalar products over the temperature.
        "info_nce" => {
            largest * largest * call.inputs["key"].shape()[1] as f64 / call.parameters["temperature"]
        }
        // Masks that mark nothing are divided by `smooth` alone.
        "dice" | "tversky" if call.parameters["smooth"] > 0.0 => largest / call.parameters["smooth"].min(1.0),
        "linear_cross_entropy" | "linear_cross_entropy_prob" => largest * largest,
        _ => largest,
    };
    16.0 * f64::EPSILON * terms
}

#[test]
fn every_sample_and_every_gradient_agrees_with_the_oracle() {
    let oracle = Oracle::of_losses_def();
    let mut wrong = Vec::new();
    for loss in losses() {
        let name = loss.spec().name;
        let (mut counts, before) = (Counts::default(), wrong.len());
        let mut random = Random(11);
        for call in calls(loss, &mut random) {
            let run = expected(&oracle, &call);
            let upstream: Vec<f64> = run.points.iter().map(|_| 2.0 * random.unit() - 1.0).collect();
            let ours = call.evaluate(&How::plain(ReductionKind::None, upstream.clone()));
            let ours = ours.unwrap_or_else(|error| panic!("{call:?}: {error}"));
            assert_eq!(ours.value.shape(), run.shape, "{call:?}");
            let mut check = |what: &str, at: usize, got: f64, want: Total| {
                if !counts.agree(got, want, slack(&call)) {
                    let want = want.sum.round();
                    wrong.push(format!("{name}: {what}[{at}] is {got:e}, not {want:e}: {}", told(&call)));
                }
            };
            for (at, (got, point)) in ours.value.iter().zip(&run.points).enumerate() {
                check("value", at, *got, single(point.value.value));
            }
            for (input, totals) in run.gradients(|at| (Wide::new(upstream[at]), Wide::ZERO)) {
                for (at, (got, want)) in ours.gradients[input].iter().zip(totals).enumerate() {
                    check(input, at, *got, want);
                }
            }
        }
        if wrong.len() > before + 5 {
            let more = wrong.split_off(before + 5).len();
            wrong.push(format!("{name}: {more} more"));
        }
        let Counts { finite, infinite, undefined } = counts;
        println!("{name}: {finite} numbers compared, {infinite} infinite, {undefined} undefined as written");
        assert!(finite > 10 * (infinite + undefined), "{name}: too few points mean anything");
    }
    assert!(wrong.is_empty(), "these numbers are wrong:\n{}", wrong.join("\n"));
}

#[test]
fn every_reduction_agrees_with_the_oracle() {
    let oracle = Oracle::of_losses_def();
    for loss in losses() {
        let name = loss.spec().name;
        let mut random = Random(12);
        let mut counts = Counts::default();
        for call in calls(loss, &mut random).iter().step_by(4) {
            let run = expected(&oracle, call);
            let batch = run.shape.first().copied().unwrap_or(1) as f64;
            let factor = 1.5;
            for (reduction, divisor) in [
                (ReductionKind::Sum, Wide::ONE),
                (ReductionKind::Mean, run.divisor().sum),
                (ReductionKind::BatchMean, Wide::new(batch)),
                (ReductionKind::MeanOver(7.5), Wide::new(7.5)),
            ] {
                let ours = call.evaluate(&How::plain(reduction, vec![factor]));
                let ours = ours.unwrap_or_else(|error| panic!("{call:?}: {error}"));
                if divisor.is_zero() || divisor.is_nan() {
                    continue;
                }
                let total = run.numerator();
                let value = over(total, divisor);
                let got = ours.value.iter().next().copied().expect("a number");
                let slack = slack(call) / divisor.round().abs().min(1.0);
                let told = || format!("{name}, {reduction:?}: {}", told(call));
                assert!(counts.agree(got, value, slack), "{got}, not {}: {}", value.sum.round(), told());
                let quotient = if reduction == ReductionKind::Mean {
                    -total.sum / divisor / divisor
                } else {
                    Wide::ZERO
                };
                let factor = Wide::new(factor);
                for (input, totals) in run.gradients(|_| (factor / divisor, factor * quotient)) {
                    for (at, (got, want)) in ours.gradients[input].iter().zip(totals).enumerate() {
                        let agree = counts.agree(*got, want, slack * (1.0 + factor.round()));
                        let want = want.sum.round();
                        assert!(agree, "{input}[{at}] is {got:e}, not {want:e}: {}", told());
                    }
                }
            }
        }
    }
}

fn expected(oracle: &Oracle, call: &Given) -> Run {
    let parameters: BTreeMap<&str, f64> = call.parameters.iter().map(|(name, x)| (*name, *x)).collect();
    let run = oracle.evaluate(call.loss.spec().name, &call.for_the_oracle(), &parameters);
    run.unwrap_or_else(|error| panic!("{call:?}: {error}"))
}

fn single(sum: Wide) -> Total {
    Total { sum, magnitude: sum.abs() }
}

fn over(total: Total, divisor: Wide) -> Total {
    Total { sum: total.sum / divisor, magnitude: (total.magnitude / divisor).abs() }
}

/// A call in few words.
fn told(call: &Given) -> String {
    let shapes: Vec<String> =
        call.inputs.iter().map(|(name, array)| format!("{name} {:?}", array.shape())).collect();
    format!("{}, {:?}", shapes.join(", "), call.parameters)
}
