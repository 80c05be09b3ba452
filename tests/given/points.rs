//! Random inputs for any loss: scattered ones, and those where formulas over axes break.

use std::collections::BTreeMap;

use lossdef::dynamic::Loss;
use lossdef::spec::{AxisSpec, Domain, InputSpec, ParameterKind, ParameterSpec, Role};
use ndarray::{ArrayD, IxDyn};

use super::{Given, Named};
use crate::oracle::random::Random;

/// The lengths of every axis, by name.
pub type Sizes = BTreeMap<&'static str, Vec<usize>>;

/// Where numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Points {
    /// Anywhere.
    Scattered,
    /// Few different ones, so that there are ties and zeros.
    Grid,
    /// As scattered, but with whole rows of zeros and rows that are equal.
    Rows,
    /// So large that exponentials saturate, where the domain allows it.
    Saturated,
}

/// The losses of `losses.def` with named axes.
pub fn losses() -> impl Iterator<Item = &'static dyn Loss> {
    lossdef::losses::CATALOGUE.iter().filter(|loss| !loss.spec().is_elementwise())
}

/// Axes of these lengths: the samples, then the named ones in order.
pub fn sizes(loss: &dyn Loss, samples: &[usize], named: &[usize]) -> Sizes {
    let mut lengths = named.iter().copied();
    let length = |axis: &AxisSpec| match axis {
        AxisSpec::Samples => (axis.name(), samples.to_vec()),
        _ => (axis.name(), vec![lengths.next().expect("two axes at most")]),
    };
    loss.spec().axes.iter().map(length).collect()
}

/// A random call with axes of these lengths.
pub fn scattered(loss: &'static dyn Loss, samples: &[usize], named: &[usize], seed: u64) -> Given {
    given(loss, &sizes(loss, samples, named), Points::Scattered, &mut Random(seed))
}

/// A random call.
pub fn given(loss: &'static dyn Loss, sizes: &Sizes, points: Points, random: &mut Random) -> Given {
    some(loss, sizes, points, random, 0.5)
}

/// A random call with all optional inputs.
pub fn complete(loss: &'static dyn Loss, sizes: &Sizes, random: &mut Random) -> Given {
    some(loss, sizes, Points::Scattered, random, 1.0)
}

/// A random call, in which optional inputs are given with a probability.
fn some(loss: &'static dyn Loss, sizes: &Sizes, points: Points, random: &mut Random, optional: f64) -> Given {
    let spec = loss.spec();
    let parameters: BTreeMap<&'static str, f64> =
        spec.parameters.iter().map(|own| (own.name, parameter(own, random))).collect();
    let mut inputs = Named::new();
    for input in spec.inputs {
        let mut shape: Vec<usize> = input.axes.iter().flat_map(|axis| sizes[axis.name()].clone()).collect();
        if input.default.is_some() {
            if random.unit() >= optional {
                continue;
            }
            broadcastable(&mut shape, random);
        }
        let count: usize = shape.iter().product();
        let data: Vec<f64> = match input.role {
            Role::Index(axis) => {
                let size = sizes[axis][0];
                let ignored = parameters.get("ignore_index");
                (0..count).map(|_| label(size, ignored, random)).collect()
            }
            Role::Set(axis) => {
                let row = shape.last().copied().unwrap_or(1);
                (0..count / row.max(1)).flat_map(|_| labels(row, sizes[axis][0], random)).collect()
            }
            Role::Bool => (0..count).map(|_| f64::from(u8::from(random.unit() < 0.5))).collect(),
            _ => numbers(spec.name, input, &shape, points, random),
        };
        inputs.insert(input.name, ArrayD::from_shape_vec(IxDyn(&shape), data).expect("that many numbers"));
    }
    Given { loss, inputs, parameters }
}

/// The default, or a number of the domain.
fn parameter(own: &ParameterSpec, random: &mut Random) -> f64 {
    let default = own.default.expect("every parameter in losses.def has a default");
    if random.unit() < 0.4 {
        return default;
    }
    let candidates: &[f64] = match own.kind {
        ParameterKind::Bool => &[0.0, 1.0],
        ParameterKind::Int => &[-100.0, -1.0, 0.0, 1.0, 2.0],
        ParameterKind::Real => &[0.0, 0.125, 0.5, 1.0, 2.0, 3.0, f64::INFINITY],
    };
    let unbounded = own.domain.is_none();
    let inside: Vec<f64> = candidates
        .iter()
        .copied()
        .filter(|x| contains(own.domain, *x) && !(unbounded && x.is_infinite()))
        .collect();
    inside[random.below(inside.len())]
}

pub fn contains(domain: Option<Domain>, x: f64) -> bool {
    match domain {
        None => true,
        Some(Domain::Set(members)) => members.contains(&x),
        Some(Domain::Interval { low, low_closed, high, high_closed }) => {
            (low < x || (low_closed && low == x)) && (x < high || (high_closed && x == high))
        }
    }
}

/// A shape that broadcasts to this one.
fn broadcastable(shape: &mut Vec<usize>, random: &mut Random) {
    if random.unit() < 0.5 {
        shape.drain(..random.below(shape.len() + 1));
    }
    for size in shape {
        if random.unit() < 0.2 {
            *size = 1;
        }
    }
}

/// A position, or what marks a sample that is left out.
fn label(size: usize, ignored: Option<&f64>, random: &mut Random) -> f64 {
    match ignored {
        Some(ignored) if random.unit() < 0.25 => *ignored,
        _ => random.below(size) as f64,
    }
}

/// A list of labels with repeated ones, which ends early, with anything behind the end.
fn labels(row: usize, size: usize, random: &mut Random) -> Vec<f64> {
    let length = random.below(row + 1);
    // Few different ones, so that some come twice.
    let different = size.min(1 + random.below(row + 2));
    let mut labels: Vec<f64> = (0..length).map(|_| random.below(different) as f64).collect();
    while labels.len() < row {
        labels.push(if labels.len() == length { -1.0 } else { [-7.0, 0.0, 1e6][random.below(3)] });
    }
    labels
}

fn numbers(loss: &str, input: &InputSpec, shape: &[usize], points: Points, random: &mut Random) -> Vec<f64> {
    let count = shape.iter().product();
    let (low, high) = match (input.domain, loss, input.name) {
        (Some(Domain::Interval { low, high, .. }), ..) => (low.max(-3.0), high.min(3.0)),
        (_, "dice" | "tversky", _) | (_, "cross_entropy_prob" | "linear_cross_entropy_prob", "target") => {
            (0.0, 1.0)
        }
        (_, _, "weight") => (0.0, 2.0),
        _ => (-3.0, 3.0),
    };
    if (loss, input.name) == ("cosine_embedding", "target") {
        return (0..count).map(|_| [1.0, -1.0, 1.0, -1.0, 0.0][random.below(5)]).collect();
    }
    let on_grid = |random: &mut Random| low + (high - low) * random.below(5) as f64 / 4.0;
    if points == Points::Grid {
        return (0..count).map(|_| on_grid(random)).collect();
    }
    if points == Points::Saturated && input.domain.is_none() && (low, high) == (-3.0, 3.0) {
        return (0..count).map(|_| [-700.0, -30.0, 0.0, 30.0, 700.0][random.below(5)]).collect();
    }
    let mut data: Vec<f64> = (0..count).map(|_| low + (high - low) * (0.01 + 0.98 * random.unit())).collect();
    let row = shape.last().copied().unwrap_or(1);
    if points == Points::Rows && row > 0 && input.axes.last() != Some(&AxisSpec::Samples) {
        let rows = count / row;
        for at in 0..rows {
            match random.below(4) {
                0 => data[at * row..(at + 1) * row].fill(low.max(0.0)),
                1 => data.copy_within(..row, at * row),
                _ => {}
            }
        }
    }
    data
}
