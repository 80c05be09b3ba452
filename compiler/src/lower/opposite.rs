//! `a log_sigmoid(x) - b log_sigmoid(-x)` without cancellation: what both logarithms share is joined.
//!
//! With `l = log1p(exp(-abs(x)))` the logarithms are `-relu(-x) - l` and `-relu(x) - l`. Near `x = 0` both are
//! about `-l`, and where `a = b` their difference is exactly `a x`; computed apart, the `l` of both would have
//! to cancel. Such differences are the derivative of the binary cross entropy in its target.

use super::log1p_exp_neg_abs;
use crate::ir::{ExprId, Function, Graph, Node};
use crate::rewrite::product::Product;

/// A product with a logarithm of a sigmoid, perhaps guarded by `if ... else 0`.
struct Term {
    guard: Option<ExprId>,
    /// The other factors.
    rest: Product,
    /// The argument of the sigmoid without its sign.
    x: ExprId,
    negated: bool,
}

/// The joined form of a sum or difference, where it is one of two such terms of opposite signs.
pub(super) fn join(graph: &mut Graph, id: ExprId) -> Option<ExprId> {
    let (first, second, subtracted) = match (graph.pair(id, Function::Add), graph.pair(id, Function::Sub)) {
        (Some((a, b)), _) => (a, b, false),
        (_, Some((a, b))) => (a, b, true),
        _ => return None,
    };
    let (a, mut b) = (term(graph, first)?, term(graph, second)?);
    if subtracted {
        b.rest.coefficient = -b.rest.coefficient;
    }
    if a.x != b.x || a.negated == b.negated || a.rest.coefficient * b.rest.coefficient >= 0.0 {
        return None;
    }
    let (plus, mut minus) = if a.rest.coefficient > 0.0 { (a, b) } else { (b, a) };
    minus.rest.coefficient = -minus.rest.coefficient;

    // p log_sigmoid(+-x) - q log_sigmoid(-+x) = q relu(+-x) - p relu(-+x) + (q - p) l
    let x = plus.x;
    let (p, q) = (plus.rest.build(graph), minus.rest.build(graph));
    let (of_p, of_q) = (relu(graph, x, !plus.negated), relu(graph, x, !minus.negated));
    let (left, right) = (graph.times(q, of_q), graph.times(p, of_p));
    let linear = graph.minus(left, right);
    let difference = graph.minus(q, p);
    let shared = log1p_exp_neg_abs(graph, x);
    let curved = graph.times(difference, shared);
    let joined = graph.plus(linear, curved);
    Some(match (plus.guard, minus.guard) {
        (None, None) => joined,
        (Some(guard), None) | (None, Some(guard)) => graph.choose(guard, joined, id),
        (Some(one), Some(other)) => {
            let both = graph.apply(Function::And, &[one, other]);
            graph.choose(both, joined, id)
        }
    })
}

fn term(graph: &mut Graph, id: ExprId) -> Option<Term> {
    let (guard, product) = match *graph.node(id) {
        Node::If(guard, product, zero) if graph.is(zero, 0.0) => (Some(guard), product),
        _ => (None, id),
    };
    let mut rest = Product::of(graph, product);
    let at = rest.factors.iter().position(|(factor, exponent)| {
        *exponent == 1 && graph.argument(*factor, Function::LogSigmoid).is_some()
    })?;
    let (factor, _) = rest.factors.remove(at);
    let argument = graph.argument(factor, Function::LogSigmoid)?;
    let (x, negated) = graph.without_sign(argument);
    Some(Term { guard, rest, x, negated })
}

/// `relu(x)` or `relu(-x)`.
fn relu(graph: &mut Graph, x: ExprId, negated: bool) -> ExprId {
    let argument = if negated { graph.negate(x) } else { x };
    graph.apply(Function::Relu, &[argument])
}
