//! Inputs at which a warning comes true, found by trying: an example says more than an interval.

use super::cause::{Cause, Kind};
use super::points::Point;
use super::undefined::Output;
use crate::derive::Derived;
use crate::display::number;
use crate::evaluate::axes::{Arrays, Evaluator, Positions};
use crate::ir::{Domain, ExprId, Graph, Input, Loss, Node, Parameter, ParameterKind, Role};

/// How many points are tried, at most.
const MOST_POINTS: usize = 3000;
/// How many expressions are worked out for all examples of a loss, at most.
pub(super) const MOST_STEPS: usize = 1 << 17;
/// The length of every axis.
const LENGTH: usize = 2;
/// What is tried for a number, in the order of how much it says.
const NUMBERS: [f64; 9] = [0.0, 1.0, -1.0, 0.5, 2.0, 100.0, -100.0, 1000.0, -1000.0];

/// An example of an output that is not finite, in words; takes what it costs from `steps`.
pub(super) fn find(
    derived: &Derived,
    output: Output,
    cause: &Cause,
    places: &[Point],
    steps: &mut usize,
) -> Option<String> {
    let loss = &derived.loss;
    let roots: Vec<ExprId> = std::iter::once(output.root).chain(derived.keep).collect();
    let needed = loss.graph.reachable(&roots);
    let reads = |leaf: Node| loss.graph.find(&leaf).is_some_and(|id| needed.binary_search(&id).is_ok());
    // What changes slowest comes first: parameters keep their defaults as long as possible.
    let mut choices: Vec<Vec<f64>> = Vec::new();
    for (i, parameter) in loss.parameters.iter().enumerate() {
        choices.push(first_unless(reads(Node::Parameter(i)), of_parameter(parameter)));
    }
    for (i, input) in loss.inputs.iter().enumerate() {
        choices.push(first_unless(reads(Node::Input(i)) || reads(Node::Member(i)), of_input(input)));
    }
    let points = choices.iter().try_fold(1, |all: usize, some| all.checked_mul(some.len()));
    let most = MOST_POINTS.min(*steps / needed.len().max(1));
    for point in 0..points.unwrap_or(most).min(most) {
        *steps = steps.saturating_sub(needed.len());
        let chosen = nth(&choices, point);
        let (parameters, inputs) = chosen.split_at(loss.parameters.len());
        if let Some(result) = wrong(derived, output, (cause, places), inputs, parameters) {
            let read: Vec<bool> = (0..loss.inputs.len()).map(|i| reads(Node::Input(i))).collect();
            return Some(sentence(loss, output, result, (inputs, &read), parameters));
        }
    }
    None
}

fn first_unless(read: bool, mut all: Vec<f64>) -> Vec<f64> {
    if !read {
        all.truncate(1);
    }
    all
}

/// A point by its number; the last choice changes fastest.
fn nth(choices: &[Vec<f64>], mut point: usize) -> Vec<f64> {
    let mut chosen = vec![0.0; choices.len()];
    for (slot, some) in chosen.iter_mut().zip(choices).rev() {
        *slot = some[point % some.len()];
        point /= some.len();
    }
    chosen
}

fn of_parameter(parameter: &Parameter) -> Vec<f64> {
    match parameter.kind {
        ParameterKind::Bool => vec![parameter.default.unwrap_or(0.0), 1.0 - parameter.default.unwrap_or(0.0)],
        ParameterKind::Real | ParameterKind::Int => {
            let whole = parameter.kind == ParameterKind::Int;
            let mut all: Vec<f64> = parameter.default.into_iter().collect();
            if parameter.domain.is_some() || parameter.default.is_none() {
                all.extend(
                    within(parameter.domain.as_ref()).into_iter().filter(|x| !whole || x.fract() == 0.0),
                );
            }
            all
        }
    }
}

fn of_input(input: &Input) -> Vec<f64> {
    match input.role {
        Role::Real => within(input.domain.as_ref()),
        Role::Int => within(input.domain.as_ref()).into_iter().filter(|x| x.fract() == 0.0).collect(),
        Role::Bool => vec![1.0, 0.0],
        Role::Index(_) | Role::Set(_) => vec![0.0],
    }
}

/// Numbers of a domain, its ends first.
fn within(domain: Option<&Domain>) -> Vec<f64> {
    let mut all = match domain {
        None => Vec::new(),
        Some(Domain::Interval { low, high, .. }) => vec![*low, *high, (low + high) / 2.0],
        Some(Domain::Set(values)) => values.clone(),
    };
    all.extend(NUMBERS);
    all.retain(|x| x.is_finite() && domain.is_none_or(|domain| domain.contains(*x)));
    if all.is_empty() {
        all.push(match domain {
            Some(Domain::Interval { low, high, .. }) if low.is_finite() && high.is_finite() => {
                (low + high) / 2.0
            }
            Some(Domain::Interval { low, .. }) if low.is_finite() => low + 1.0,
            _ => 0.0,
        });
    }
    all
}

/// The output at a point, if it is not finite and the cause has to do with it.
fn wrong(
    derived: &Derived,
    output: Output,
    (cause, places): (&Cause, &[Point]),
    inputs: &[f64],
    parameters: &[f64],
) -> Option<f64> {
    let loss = &derived.loss;
    let arrays = Arrays {
        sizes: vec![LENGTH; loss.graph.axes.len()],
        inputs: loss.inputs.iter().zip(inputs).map(|(input, x)| filled(input, *x)).collect(),
        parameters: parameters.to_vec(),
        upstream: vec![1.0; LENGTH.pow(loss.samples().len() as u32)],
    };
    let mut evaluator = Evaluator::new(&loss.graph, &loss.inputs, &arrays);
    let mut at = |id: ExprId| evaluator.value(id, &first(&loss.graph, id));
    if derived.keep.is_some_and(|keep| at(keep) == 0.0) {
        return None;
    }
    let result = at(output.root);
    let comes_true = match cause.kind {
        Kind::Lost | Kind::Undefined => result.is_nan(),
        _ => !result.is_finite(),
    };
    // Elements of a fold are not looked at one by one.
    let outside = |id: ExprId| {
        let axes = loss.graph.type_of(id).axes.difference(loss.graph.type_of(output.root).axes);
        axes.is_empty()
    };
    let there = |point: &Point| point.is.is_nan() || !outside(point.of) || at(point.of) == point.is;
    (comes_true && places.iter().any(there) && (!outside(cause.node) || !at(cause.node).is_finite()))
        .then_some(result)
}

fn filled(input: &Input, x: f64) -> Vec<f64> {
    let mut elements = vec![x; LENGTH.pow(input.axes.len() as u32)];
    if matches!(input.role, Role::Set(_)) {
        elements.chunks_mut(LENGTH).for_each(|list| list[1..].fill(-1.0));
    }
    elements
}

/// The first position of every axis that an expression varies over.
fn first(graph: &Graph, id: ExprId) -> Positions {
    graph.type_of(id).axes.iter().map(|axis| (axis, 0)).collect()
}

fn sentence(
    loss: &Loss,
    output: Output,
    result: f64,
    (inputs, read): (&[f64], &[bool]),
    parameters: &[f64],
) -> String {
    let changed =
        loss.parameters.iter().zip(parameters).filter(|(declared, x)| declared.default != Some(**x));
    let mut parts: Vec<String> =
        changed.map(|(declared, x)| format!("`{}` is {}", declared.name, number(*x))).collect();
    for ((input, x), read) in loss.inputs.iter().zip(inputs).zip(read) {
        if *read && matches!(input.role, Role::Real | Role::Int) && input.default != Some(*x) {
            parts.push(format!("`{}` is {}", input.name, number(*x)));
        }
    }
    let what = match output.gradient {
        None => "the value".to_owned(),
        Some(input) => format!("the gradient of `{}`", loss.inputs[input].name),
    };
    let result = if result.is_nan() { "NaN".to_owned() } else { number(result) };
    match parts.pop() {
        None => format!("for example, {what} is {result} at the defaults"),
        Some(last) if parts.is_empty() => format!("for example, where {last}, {what} is {result}"),
        Some(last) => format!("for example, where {} and {last}, {what} is {result}", parts.join(", ")),
    }
}
