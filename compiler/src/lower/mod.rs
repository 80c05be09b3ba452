//! Functions in terms of what the runtime computes fastest, so that value and gradient share their parts.
//!
//! The logistic family becomes `exp(-abs(x))`, which neither overflows nor loses digits, and small whole
//! powers become products. Differences of logarithms that would cancel are joined first. Lowering comes after all rewriting and before scheduling: earlier, the rules would
//! not recognise the functions; later, nothing could be shared.

mod exponential;
mod folds;
mod hoist;
mod join;
mod opposite;
mod order;
mod roots;

use crate::functions::row;
use crate::ir::{ExprId, Function, Graph, Node};
use crate::ranges::Ranges;
use crate::rewrite::map;

/// Lowers expressions over named axes, folds included.
pub fn lower_over_axes(graph: &mut Graph, ranges: &mut Ranges, roots: &[ExprId]) -> Vec<ExprId> {
    let roots = folds::lower_folds(graph, roots);
    let roots = lower_functions(graph, &roots);
    let roots = join::join_sums(graph, &roots);
    let roots = hoist::hoist(graph, ranges, &roots);
    within_numbers(graph, ranges, &roots)
}

/// Lowers expressions.
pub fn lower(graph: &mut Graph, ranges: &mut Ranges, roots: &[ExprId]) -> Vec<ExprId> {
    let roots = lower_functions(graph, roots);
    within_numbers(graph, ranges, &roots)
}

/// Products in a form in which nothing overflows on the way to a result that does not.
fn within_numbers(graph: &mut Graph, ranges: &mut Ranges, roots: &[ExprId]) -> Vec<ExprId> {
    let roots = roots::part(graph, ranges, roots);
    let roots = order::order(graph, ranges, &roots);
    exponential::join(graph, ranges, &roots)
}

/// Lowers functions. What stands for one of the logistic family is called after it.
fn lower_functions(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let roots = map(graph, roots, |graph, _, id| opposite::join(graph, id).unwrap_or(id));
    map(graph, &roots, |graph, _, id| {
        let Some(lowered) = lower_node(graph, id) else { return id };
        if let Node::Apply(function, arguments) = graph.node(id).clone()
            && let [argument] = arguments.as_slice()
        {
            let name = format!("{}_{}", row(function).name, describe(graph, *argument));
            graph.call(lowered, &name);
        }
        lowered
    })
}

/// A word for an argument: `margin`, `neg_input`, or `x`.
fn describe(graph: &Graph, id: ExprId) -> String {
    match (graph.name(id), graph.argument(id, Function::Neg)) {
        (Some(name), _) => name.to_owned(),
        (None, Some(inner)) => format!("neg_{}", describe(graph, inner)),
        (None, None) => "x".to_owned(),
    }
}

fn lower_node(graph: &mut Graph, id: ExprId) -> Option<ExprId> {
    if let Some(x) = graph.argument(id, Function::Sigmoid) {
        // q = 1 / (1 + e) is sigmoid(abs(x)), and e q is sigmoid(-abs(x)): one division for both signs.
        let (zero, one, e) = (graph.real(0.0), graph.real(1.0), exp_neg_abs(graph, x));
        let sum = graph.plus(one, e);
        let q = graph.divide(one, sum);
        let (plain, negated) = graph.without_sign(x);
        let below = graph.apply(if negated { Function::Gt } else { Function::Lt }, &[plain, zero]);
        let rest = graph.times(e, q);
        return Some(graph.choose(below, rest, q));
    }
    if let Some(x) = graph.argument(id, Function::Softplus) {
        let (relu, rest) = (graph.apply(Function::Relu, &[x]), log1p_exp_neg_abs(graph, x));
        return Some(graph.plus(relu, rest));
    }
    if let Some(x) = graph.argument(id, Function::LogSigmoid) {
        // -softplus(-x)
        let (plain, negated) = graph.without_sign(x);
        let opposite = if negated { plain } else { graph.negate(x) };
        let (relu, rest) = (graph.apply(Function::Relu, &[opposite]), log1p_exp_neg_abs(graph, x));
        let sum = graph.plus(relu, rest);
        return Some(graph.negate(sum));
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
    let (plain, _) = graph.without_sign(x);
    let magnitude = graph.apply(Function::Abs, &[plain]);
    let negated = graph.negate(magnitude);
    graph.apply(Function::ExpNonpos, &[negated])
}

fn log1p_exp_neg_abs(graph: &mut Graph, x: ExprId) -> ExprId {
    let e = exp_neg_abs(graph, x);
    graph.apply(Function::Log1pUnit, &[e])
}
