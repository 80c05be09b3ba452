//! Values and gradients that can be NaN or infinite, and overflows on the way to a number.
//!
//! A place is told once: with the value where the value has it, else with the first gradient that does. A gradient
//! that is infinite where the value is already is not told again.

use super::analysis::Analysis;
use super::cause::{Cause, Kind};
use super::number::{Causes, Number};
use super::points::{Point, points, zeros};
use super::{witness, words};
use crate::derive::Derived;
use crate::diagnostic::Diagnostic;
use crate::ir::{ExprId, Function, Node};

/// What is not finite.
#[derive(Clone, Copy)]
pub(super) struct Output {
    /// The input whose gradient it is; `None` for the value.
    pub gradient: Option<usize>,
    /// Its stable form.
    pub root: ExprId,
}

/// Finds them, or says why not.
pub(super) fn find(derived: &Derived) -> Result<Vec<Diagnostic>, String> {
    let loss = &derived.loss;
    let mut analysis = Analysis::new(loss);
    let mut told = Vec::new();
    let gradients = derived.gradients.iter().flat_map(|gradient| {
        let shared = gradient.shared.as_ref().map(|shared| shared.form);
        let forms = std::iter::once(gradient.own).chain(shared);
        forms.map(|form| Output { gradient: Some(gradient.input), root: form.stable })
    });
    let value = Output { gradient: None, root: derived.value.stable };
    let mut found = Vec::new();
    for output in std::iter::once(value).chain(gradients) {
        let number = analysis.kept(output.root, derived.keep);
        for cause in causes(&analysis, &number) {
            let points = places(&mut analysis, &cause);
            let overflows = matches!(cause.kind, Kind::Lost | Kind::Hidden);
            if is_new(&mut told, &points, !overflows) {
                found.push((output, cause, points));
            }
        }
    }
    if let Some(too_much) = analysis.too_much() {
        return Err(too_much);
    }
    let mut steps = witness::MOST_STEPS;
    let mut told = |(output, cause, places): (Output, Cause, Vec<Point>)| {
        let example = witness::find(derived, output, &cause, &places, &mut steps);
        words::not_finite(&mut analysis, output, &cause, &places, example)
    };
    Ok(found.into_iter().map(&mut told).collect())
}

/// The causes that make an output something else than it should be.
fn causes(analysis: &Analysis<'_>, number: &Number) -> Vec<Cause> {
    let infinite = number.infinite();
    let large = analysis.table.of_kind(infinite, Kind::Overflow);
    let all: Causes = infinite.without(large).and(number.nan);
    all.iter().map(|place| *analysis.table.get(place)).collect()
}

/// Where it happens: at any of these points. Those that cannot be are left out, if others remain.
fn places(analysis: &mut Analysis<'_>, cause: &Cause) -> Vec<Point> {
    let graph = analysis.graph;
    let all = match (cause.kind, graph.node(cause.node)) {
        (Kind::Pole, Node::Apply(Function::Log1p, _)) => points(graph, cause.operand, -1.0),
        (Kind::Pole, Node::Apply(Function::Logit, _)) => {
            let mut both = zeros(graph, cause.operand);
            both.extend(points(graph, cause.operand, 1.0));
            both
        }
        (Kind::Pole, Node::Apply(..)) => zeros(graph, cause.operand),
        _ => return vec![Point { of: cause.operand, is: f64::NAN }],
    };
    let possible = |point: &Point| analysis.number(point.of, Analysis::NO_FACTS).may_be(point.is);
    let some: Vec<Point> = all.iter().copied().filter(possible).collect();
    if some.is_empty() { all } else { some }
}

/// Notes the points of a cause, and says whether there was a new one among them.
fn is_new(told: &mut Vec<(Point, bool)>, points: &[Point], is_pole: bool) -> bool {
    let known = |point: &Point| {
        told.iter().any(|(known, pole)| {
            *pole == is_pole
                && known.of == point.of
                && (known == point || known.is.is_nan() && point.is.is_nan())
        })
    };
    let new: Vec<Point> = points.iter().copied().filter(|point| !known(point)).collect();
    told.extend(new.iter().map(|point| (*point, is_pole)));
    !new.is_empty()
}
