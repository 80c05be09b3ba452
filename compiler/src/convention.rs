//! `0 log 0 = 0`: a product with a factor `log(b)` becomes `xlogy(rest, b)`.
//!
//! The rule belongs to the meaning of the formula (value and both derivatives are 0 where the rest is 0 and
//! the logarithm -inf), so it is applied to the graph as checked, before anything is differentiated. A rest
//! that cannot be 0 needs no guard and is left alone.

use crate::ir::{ExprId, Function, Graph, Loss};
use crate::ranges::Ranges;
use std::collections::{HashMap, HashSet};

/// Applies the convention to every expression of a loss.
pub fn guard_zero_times_log(loss: &mut Loss) {
    let mut ranges = Ranges::new(loss);
    let mut roots = vec![loss.value];
    roots.extend(loss.keep);
    roots.extend(loss.mean_by);
    let mut done = HashMap::new();
    let mut plain = HashSet::new();
    for id in loss.graph.reachable(&roots) {
        let operands: Vec<_> = loss.graph.node(id).operands().iter().map(|operand| done[operand]).collect();
        let node = loss.graph.node(id).with_operands(&operands);
        let rebuilt = loss.graph.add(node);
        let guarded = guard(&mut loss.graph, &mut ranges, &mut plain, rebuilt);
        if let Some(name) = loss.graph.name(id).map(str::to_owned) {
            loss.graph.call(guarded, &name);
        }
        if let Some(span) = loss.graph.span(id) {
            loss.graph.blame(guarded, span);
        }
        done.insert(id, guarded);
    }
    loss.value = done[&loss.value];
    loss.keep = loss.keep.map(|id| done[&id]);
    loss.mean_by = loss.mean_by.map(|id| done[&id]);
}

fn guard(graph: &mut Graph, ranges: &mut Ranges, plain: &mut HashSet<ExprId>, id: ExprId) -> ExprId {
    match split(graph, plain, id) {
        Some((rest, argument)) if !ranges.never_zero(graph, rest) => {
            graph.apply(Function::Xlogy, &[rest, argument])
        }
        _ => id,
    }
}

/// Takes one factor `log(b)` out of a product: the rest and `b`. `plain` are nodes known to have none.
fn split(graph: &mut Graph, plain: &mut HashSet<ExprId>, id: ExprId) -> Option<(ExprId, ExprId)> {
    if plain.contains(&id) {
        return None;
    }
    let found = split_new(graph, plain, id);
    if found.is_none() {
        plain.insert(id);
    }
    found
}

fn split_new(graph: &mut Graph, plain: &mut HashSet<ExprId>, id: ExprId) -> Option<(ExprId, ExprId)> {
    if let Some((a, b)) = graph.pair(id, Function::Mul) {
        if let Some((rest, argument)) = factor(graph, plain, b) {
            return Some((times(graph, a, rest), argument));
        }
        let (rest, argument) = factor(graph, plain, a)?;
        return Some((times(graph, rest, b), argument));
    }
    if let Some((a, b)) = graph.pair(id, Function::Div) {
        let (rest, argument) = factor(graph, plain, a)?;
        return Some((graph.divide(rest, b), argument));
    }
    let inner = graph.argument(id, Function::Neg)?;
    let (rest, argument) = factor(graph, plain, inner)?;
    Some((graph.negate(rest), argument))
}

/// A factor that is a logarithm, or a product with one, guarded already or not.
fn factor(graph: &mut Graph, plain: &mut HashSet<ExprId>, id: ExprId) -> Option<(ExprId, ExprId)> {
    if let Some(argument) = graph.argument(id, Function::Log) {
        return Some((graph.real(1.0), argument));
    }
    graph.pair(id, Function::Xlogy).or_else(|| split(graph, plain, id))
}

fn times(graph: &mut Graph, a: ExprId, b: ExprId) -> ExprId {
    if graph.is(a, 1.0) {
        b
    } else if graph.is(b, 1.0) {
        a
    } else {
        graph.times(a, b)
    }
}
