//! Functions in terms of what the runtime computes fastest, so that value and gradient share their parts.
//!
//! The logistic family becomes `exp(-abs(x))`, which neither overflows nor loses digits, and small whole
//! powers become products. Lowering comes after all rewriting and before scheduling: earlier, the rules would
//! not recognise the functions; later, nothing could be shared.

use crate::ir::{ExprId, Function, Graph};
use crate::rewrite::map;

/// Lowers expressions.
pub fn lower(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    map(graph, roots, |graph, _, id| lower_node(graph, id).unwrap_or(id))
}

fn lower_node(graph: &mut Graph, id: ExprId) -> Option<ExprId> {
    if let Some(x) = graph.argument(id, Function::Sigmoid) {
        // e / (1 + e) below 0, else 1 / (1 + e)
        let (zero, one, e) = (graph.real(0.0), graph.real(1.0), exp_neg_abs(graph, x));
        let below = graph.apply(Function::Lt, &[x, zero]);
        let (above, sum) = (graph.choose(below, e, one), graph.plus(one, e));
        return Some(graph.divide(above, sum));
    }
    if let Some(x) = graph.argument(id, Function::Softplus) {
        let (relu, rest) = (graph.apply(Function::Relu, &[x]), log1p_exp_neg_abs(graph, x));
        return Some(graph.plus(relu, rest));
    }
    if let Some(x) = graph.argument(id, Function::LogSigmoid) {
        let (zero, rest) = (graph.real(0.0), log1p_exp_neg_abs(graph, x));
        let below = graph.apply(Function::Lt, &[x, zero]);
        let clipped = graph.choose(below, x, zero);
        return Some(graph.minus(clipped, rest));
    }
    let (base, exponent) = graph.pair(id, Function::Pow)?;
    let exponent = graph.constant(exponent)?;
    let square = |graph: &mut Graph| graph.times(base, base);
    match exponent {
        2.0 => Some(square(graph)),
        3.0 => {
            let squared = square(graph);
            Some(graph.times(squared, base))
        }
        4.0 => {
            let squared = square(graph);
            Some(graph.times(squared, squared))
        }
        -2.0 => {
            let (one, squared) = (graph.real(1.0), square(graph));
            Some(graph.divide(one, squared))
        }
        _ => None,
    }
}

/// `exp(-abs(x))`, the same node for `x` and `-x`.
fn exp_neg_abs(graph: &mut Graph, x: ExprId) -> ExprId {
    let inner = graph.argument(x, Function::Neg).unwrap_or(x);
    let magnitude = graph.apply(Function::Abs, &[inner]);
    let negated = graph.negate(magnitude);
    graph.apply(Function::ExpNonpos, &[negated])
}

fn log1p_exp_neg_abs(graph: &mut Graph, x: ExprId) -> ExprId {
    let e = exp_neg_abs(graph, x);
    graph.apply(Function::Log1pUnit, &[e])
}
