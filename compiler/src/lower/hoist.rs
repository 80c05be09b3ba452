//! Products over named axes, so that factors which vary over fewer axes are multiplied first: what is the same
//! for a whole row then costs one operation per row, or stands outside of a sum. Only the order of the factors
//! changes, and a division by a number that is never tiny may become a multiplication by its inverse.

use crate::ir::{AxisSet, ExprId, Function, Graph, Node, Reduction};
use crate::ranges::Ranges;
use crate::rewrite::map;

/// The inverse of what is larger does not overflow in any element type.
const SMALLEST: f64 = 1e-30;

/// Longer products stay as they are.
const MOST: usize = 40;

/// Puts every product in that order.
pub(super) fn hoist(graph: &mut Graph, ranges: &mut Ranges, roots: &[ExprId]) -> Vec<ExprId> {
    map(graph, roots, |graph, _, id| {
        let id = outside(graph, id).unwrap_or(id);
        regroup(graph, ranges, id).unwrap_or(id)
    })
}

/// Factors of a product, above and below the line.
#[derive(Default)]
struct Factors {
    negative: bool,
    above: Vec<ExprId>,
    below: Vec<ExprId>,
}

impl Factors {
    fn collect(&mut self, graph: &Graph, id: ExprId) {
        if self.above.len() + self.below.len() > MOST {
            self.above.push(id);
        } else if let Some((a, b)) = graph.pair(id, Function::Mul) {
            self.collect(graph, a);
            self.collect(graph, b);
        } else if let Some(a) = graph.argument(id, Function::Neg) {
            self.negative = !self.negative;
            self.collect(graph, a);
        } else if let Some((a, b)) = graph.pair(id, Function::Div) {
            if !graph.is(a, 1.0) {
                self.collect(graph, a);
            }
            self.below.push(b);
        } else {
            self.above.push(id);
        }
    }
}

/// Takes the factors that do not vary over the axis of a sum out of it; a softmax leaves one there.
fn outside(graph: &mut Graph, id: ExprId) -> Option<ExprId> {
    let Node::Reduce(Reduction::Sum, axis, body, None) = *graph.node(id) else { return None };
    let (a, b) = graph.pair(body, Function::Mul)?;
    let varies = |id: ExprId| graph.type_of(id).axes.contains(axis);
    let (fixed, rest) = match (varies(a), varies(b)) {
        (false, true) => (a, b),
        (true, false) => (b, a),
        _ => {
            let (inner, last) = (graph.pair(a, Function::Mul)?, b);
            let (fixed, rest) = match (varies(inner.0), varies(inner.1)) {
                (false, true) => inner,
                (true, false) => (inner.1, inner.0),
                _ => return None,
            };
            (fixed, graph.times(rest, last))
        }
    };
    let sum = graph.add(Node::Reduce(Reduction::Sum, axis, rest, None));
    let sum = outside(graph, sum).unwrap_or(sum);
    Some(graph.times(fixed, sum))
}

fn regroup(graph: &mut Graph, ranges: &mut Ranges, id: ExprId) -> Option<ExprId> {
    let is_product = graph.pair(id, Function::Mul).is_some() || graph.pair(id, Function::Div).is_some();
    if !is_product {
        return None;
    }
    let mut factors = Factors::default();
    factors.collect(graph, id);
    let all = factors.above.iter().chain(&factors.below).map(|factor| graph.type_of(*factor).axes);
    let all: Vec<AxisSet> = all.collect();
    let tiny = factors.below.iter().filter(|divisor| !large(graph, ranges, **divisor)).count();
    if all.len() < 2 || all.len() > MOST || all.iter().all(|axes| *axes == all[0]) || tiny > 1 {
        return None;
    }
    let mut parts: Vec<(bool, ExprId)> = factors.above.into_iter().map(|factor| (false, factor)).collect();
    let mut rest = None;
    for divisor in factors.below {
        if large(graph, ranges, divisor) {
            parts.push((true, divisor));
        } else {
            rest = Some(divisor);
        }
    }
    // What is the same for all samples comes last, so that a product with it is one of matrices.
    let place = |graph: &Graph, id: ExprId| {
        let axes = graph.type_of(id).axes;
        (!axes.is_empty() && axes.intersection(graph.samples).is_empty(), axes.len(), axes)
    };
    parts.sort_by_key(|(below, factor)| (place(graph, *factor), *below));
    let mut product: Option<ExprId> = None;
    for (below, factor) in parts {
        product = Some(match (product, below) {
            (None, false) => factor,
            (None, true) => {
                let one = graph.real(1.0);
                graph.divide(one, factor)
            }
            (Some(product), false) => graph.times(product, factor),
            (Some(product), true) => graph.divide(product, factor),
        });
    }
    let product = match (product, rest) {
        (Some(product), Some(divisor)) => graph.divide(product, divisor),
        (Some(product), None) => product,
        (None, _) => return None,
    };
    Some(if factors.negative { graph.negate(product) } else { product })
}

/// A sum of exponentials whose largest is 1, or a number that its range keeps away from 0.
fn large(graph: &Graph, ranges: &mut Ranges, id: ExprId) -> bool {
    if ranges.of(graph, id).low > SMALLEST {
        return true;
    }
    let sum = graph.pair(id, Function::Add).filter(|(one, _)| graph.is(*one, 1.0));
    sum.is_some_and(|(_, excess)| matches!(graph.node(excess), Node::Reduce(Reduction::Excess, ..)))
}
