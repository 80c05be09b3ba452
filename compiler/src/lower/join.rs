//! Sums over the samples, joined: `sum(x a) - sum(x b)` is `sum(x (a - b))`, one product of matrices instead of
//! two.

use crate::ir::{AxisId, ExprId, Function, Graph, Node, Reduction};
use crate::rewrite::map;

/// Joins sums over sample axes that are added or subtracted.
pub(super) fn join_sums(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    map(graph, roots, |graph, _, id| join(graph, id).unwrap_or(id))
}

fn join(graph: &mut Graph, id: ExprId) -> Option<ExprId> {
    let (function, a, b) = [Function::Add, Function::Sub]
        .into_iter()
        .find_map(|function| graph.pair(id, function).map(|(a, b)| (function, a, b)))?;
    let (axis, a) = total(graph, a)?;
    let (other, b) = total(graph, b)?;
    if axis != other {
        return None;
    }
    let body = combine(graph, function, a, b);
    Some(graph.add(Node::Reduce(Reduction::Sum, axis, body, None)))
}

/// The axis and the body of a sum over samples; a sign or a factor outside of it goes inside.
fn total(graph: &mut Graph, id: ExprId) -> Option<(AxisId, ExprId)> {
    if let Some(inner) = graph.argument(id, Function::Neg) {
        let (axis, body) = total(graph, inner)?;
        return Some((axis, graph.negate(body)));
    }
    if let Some((a, b)) = graph.pair(id, Function::Mul) {
        let (factor, (axis, body)) = match (total(graph, a), total(graph, b)) {
            (Some(sum), None) => (b, sum),
            (None, Some(sum)) => (a, sum),
            _ => return None,
        };
        return Some((axis, graph.times(factor, body)));
    }
    match *graph.node(id) {
        Node::Reduce(Reduction::Sum, axis, body, None) if graph.samples.contains(axis) => Some((axis, body)),
        _ => None,
    }
}

/// A product, perhaps masked by conditions outside of which it is 0.
#[derive(Default)]
struct Product {
    negative: bool,
    masks: Vec<ExprId>,
    factors: Vec<ExprId>,
}

impl Product {
    fn of(graph: &Graph, id: ExprId) -> Product {
        let mut product = Product::default();
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            if let Some((a, b)) = graph.pair(id, Function::Mul) {
                stack.extend([b, a]);
            } else if let Some(inner) = graph.argument(id, Function::Neg) {
                product.negative = !product.negative;
                stack.push(inner);
            } else if let Node::If(condition, inner, zero) = *graph.node(id)
                && graph.is(zero, 0.0)
            {
                product.masks.push(condition);
                stack.push(inner);
            } else {
                product.factors.push(id);
            }
        }
        product
    }

    fn build(self, graph: &mut Graph) -> ExprId {
        let product = self.factors.into_iter().reduce(|a, b| graph.times(a, b));
        let mut product = product.unwrap_or_else(|| graph.real(1.0));
        if self.negative {
            product = graph.negate(product);
        }
        let zero = graph.real(0.0);
        self.masks.into_iter().fold(product, |product, mask| graph.choose(mask, product, zero))
    }
}

/// `a + b` or `a - b`, with the factors and the masks that both have outside. A mask that only one of them has may
/// be what keeps a factor from being no number; the other one has that factor anyway, unless it has a mask too.
fn combine(graph: &mut Graph, function: Function, a: ExprId, b: ExprId) -> ExprId {
    let (mut left, mut right) = (Product::of(graph, a), Product::of(graph, b));
    let mut shared = Product::default();
    left.factors.retain(|factor| match right.factors.iter().position(|other| other == factor) {
        Some(at) => {
            shared.factors.push(right.factors.remove(at));
            false
        }
        None => true,
    });
    left.masks.retain(|mask| match right.masks.iter().position(|other| other == mask) {
        Some(at) => {
            shared.masks.push(right.masks.remove(at));
            false
        }
        None => true,
    });
    if shared.factors.is_empty() || !(left.masks.is_empty() || right.masks.is_empty()) {
        return graph.apply(function, &[a, b]);
    }
    let parts = [left.build(graph), right.build(graph)];
    let sum = graph.apply(function, &parts);
    shared.factors.push(sum);
    shared.build(graph)
}
