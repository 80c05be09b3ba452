//! Differences of nearly equal numbers for which no stable form is known.
//!
//! Three shapes, each of two terms: a constant less a function that approaches it flatly (`1 - cos(x)^4`), the
//! mean of squares less the square of the mean, and a function at two arguments that differ by a constant
//! (`sqrt(x + 1) - sqrt(x)`). A difference of inputs is none: what rounds there is in the inputs already.

use super::analysis::Analysis;
use super::undefined::Output;
use super::words::{name, text};
use crate::codes;
use crate::derive::Derived;
use crate::diagnostic::Diagnostic;
use crate::ir::{ExprId, Function, Graph, Node, Reduction};

/// Finds them, in the value first, or says why not.
pub(super) fn find(derived: &Derived) -> Result<Vec<Diagnostic>, String> {
    let loss = &derived.loss;
    let mut analysis = Analysis::new(loss);
    let own = derived.gradients.iter().map(|gradient| (gradient.own.stable, Some(gradient.input)));
    for (root, gradient) in std::iter::once((derived.value.stable, None)).chain(own) {
        let what = name(loss, Output { gradient, root });
        let mut found = Vec::new();
        for id in loss.graph.reachable(&[root]) {
            let Some((a, b)) = difference(&loss.graph, id) else { continue };
            let Some(why) = cancels(&mut analysis, a, b) else { continue };
            let place = [id, a, b].into_iter().find_map(|id| loss.graph.span(id)).unwrap_or(loss.span);
            let message = format!("{what} loses its digits where {why}");
            found.push(
                Diagnostic::new(&codes::CANCELLATION, message, place)
                    .label(format!("{} is a difference of nearly equal numbers there", text(loss, id)))
                    .note(
                        "no stable form of it is known; write one, or say why it does not matter: \
                         `allow(L0706, \"reason\")`",
                    ),
            );
        }
        if let Some(too_much) = analysis.too_much() {
            return Err(too_much);
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// The two terms of a difference, the second with its sign taken off.
fn difference(graph: &Graph, id: ExprId) -> Option<(ExprId, ExprId)> {
    if let Some(pair) = graph.pair(id, Function::Sub) {
        return Some(pair);
    }
    let (a, b) = graph.pair(id, Function::Add)?;
    if let Some(b) = graph.argument(b, Function::Neg) {
        return Some((a, b));
    }
    graph.argument(a, Function::Neg).map(|a| (b, a)).or(Some((a, b))
        .filter(|(a, b)| [a, b].iter().any(|side| graph.constant(**side).is_some_and(|x| x < 0.0))))
}

/// Where two numbers are nearly equal by more than their inputs are, in words.
fn cancels(analysis: &mut Analysis<'_>, a: ExprId, b: ExprId) -> Option<String> {
    let graph = analysis.graph;
    for (constant, other) in [(a, b), (b, a)] {
        if let Some(limit) = graph.constant(constant).filter(|x| *x != 0.0 && x.is_finite()) {
            return (approaches(analysis, other, limit.abs()))
                .then(|| format!("{} is close to {}", text(analysis.loss, other), limit.abs()));
        }
    }
    if let (Some(one), Some(other)) = (fold_of_square(graph, a), square_of_fold(graph, b))
        && one == other
    {
        return Some("the spread is small beside the mean".to_owned());
    }
    let (f, x) = rooted(graph, a)?;
    let (g, y) = rooted(graph, b).or_else(|| (f == Function::Sqrt).then_some((f, b)))?;
    let apart = if f == g { constant_apart(graph, x, y) } else { None };
    apart.filter(|d| *d != 0.0).map(|_| format!("{} is large", text(analysis.loss, y)))
}

/// Whether an expression comes close to a number more slowly than its inputs come to theirs.
fn approaches(analysis: &mut Analysis<'_>, id: ExprId, limit: f64) -> bool {
    let graph = analysis.graph;
    let Node::Apply(function, x) = graph.node(id) else { return false };
    let reach = analysis.number(x[0], Analysis::NO_FACTS).reach();
    let through_zero = reach.low <= 0.0 && reach.high >= 0.0;
    let endless = reach.low == f64::NEG_INFINITY || reach.high == f64::INFINITY;
    match function {
        Function::Cos | Function::Cosh => limit == 1.0 && through_zero,
        Function::Tanh | Function::Erf | Function::Sigmoid => limit == 1.0 && endless,
        Function::Sqrt => above(analysis, x[0], limit * limit),
        Function::Pow => match graph.constant(x[1]) {
            Some(n) if n > 0.0 && n.fract() == 0.0 => approaches(analysis, x[0], limit.powf(1.0 / n)),
            Some(n) if n != 0.0 => above(analysis, x[0], limit.powf(1.0 / n)),
            _ => false,
        },
        Function::Mul if x[0] == x[1] => approaches(analysis, x[0], limit.sqrt()),
        Function::Mul => [(x[0], x[1]), (x[1], x[0])].into_iter().any(|(factor, rest)| {
            graph.constant(factor).is_some_and(|c| c > 0.0 && approaches(analysis, rest, limit / c))
        }),
        _ => false,
    }
}

/// Whether an expression is a constant plus something that comes down to 0.
fn above(analysis: &mut Analysis<'_>, id: ExprId, limit: f64) -> bool {
    let Some((a, b)) = analysis.graph.pair(id, Function::Add) else { return false };
    [(a, b), (b, a)].into_iter().any(|(constant, rest)| {
        analysis.graph.constant(constant).is_some_and(|c| (c - limit).abs() <= 1e-12 * limit)
            && analysis.number(rest, Analysis::NO_FACTS).range.low == 0.0
    })
}

/// The axis and element of a mean or sum of squares.
fn fold_of_square(graph: &Graph, id: ExprId) -> Option<(crate::ir::AxisId, ExprId)> {
    match *graph.node(id) {
        Node::Reduce(Reduction::Sum | Reduction::Mean, axis, body, None) => {
            Some((axis, square(graph, body)?))
        }
        Node::Apply(Function::Div, ref x) => fold_of_square(graph, x[0]),
        _ => None,
    }
}

/// The axis and element of a mean or sum that is squared.
fn square_of_fold(graph: &Graph, id: ExprId) -> Option<(crate::ir::AxisId, ExprId)> {
    let mut base = match square(graph, id) {
        Some(base) => base,
        None => square(graph, graph.pair(id, Function::Div)?.0)?,
    };
    if let Some((numerator, _)) = graph.pair(base, Function::Div) {
        base = numerator;
    }
    match *graph.node(base) {
        Node::Reduce(Reduction::Sum | Reduction::Mean, axis, body, None) => Some((axis, body)),
        _ => None,
    }
}

fn square(graph: &Graph, id: ExprId) -> Option<ExprId> {
    if let Some((a, b)) = graph.pair(id, Function::Mul) {
        return (a == b).then_some(a);
    }
    graph.pair(id, Function::Pow).filter(|(_, two)| graph.is(*two, 2.0)).map(|(base, _)| base)
}

/// A root or logarithm, and its argument.
fn rooted(graph: &Graph, id: ExprId) -> Option<(Function, ExprId)> {
    [Function::Sqrt, Function::Log].into_iter().find_map(|f| Some((f, graph.argument(id, f)?)))
}

/// The constant by which one expression is more than another: `x + 1` and `x`; for `y` without a root, `y^2` and `y`.
fn constant_apart(graph: &Graph, x: ExprId, y: ExprId) -> Option<f64> {
    let plus = |sum: ExprId| {
        let (a, b) = graph.pair(sum, Function::Add)?;
        [(a, b), (b, a)].into_iter().find_map(|(rest, c)| Some((rest, graph.constant(c)?)))
    };
    let (left, c) = plus(x).unwrap_or((x, 0.0));
    let (right, d) = plus(y).unwrap_or((y, 0.0));
    let squared = square(graph, left)
        .is_some_and(|base| base == right || graph.argument(right, Function::Abs) == Some(base));
    (left == right || squared).then_some(c - d)
}
