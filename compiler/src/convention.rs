//! The conventions that a formula is read by, before anything is differentiated.
//!
//! `0 log 0 = 0`: a product with a factor `log(b)` becomes `xlogy(rest, b)`. That rule belongs to the meaning of the formula (value and both derivatives are 0 where the rest is 0 and
//! the logarithm -inf), so it is applied to the graph as checked, before anything is differentiated. A rest
//! that cannot be 0 needs no guard and is left alone.
//!
//! `sqrt(sum[d](x^2))` is `norm[d](x)`, whose derivative at the zero vector is 0. And an index over an axis is
//! that axis itself where the axis is not in use, so that equal folds are one node.

use crate::ir::{ExprId, Function, Graph, Input, Loss, Node, Reduction, Role};
use crate::ranges::Ranges;
use std::collections::{HashMap, HashSet};

/// Applies the conventions to every expression of a loss.
pub fn apply_conventions(loss: &mut Loss) {
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
        let named = own_axis(&mut loss.graph, &loss.inputs, rebuilt).unwrap_or(rebuilt);
        let read = norm(&mut loss.graph, named).unwrap_or(named);
        let guarded = guard(&mut loss.graph, &mut ranges, &mut plain, read);
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

/// A fold over an index, over the index's axis instead. The index of a set's labels is left: it ends with them.
fn own_axis(graph: &mut Graph, inputs: &[Input], id: ExprId) -> Option<ExprId> {
    let Node::Reduce(reduction, index, body, filter) = *graph.node(id) else { return None };
    let axis = graph.base(index);
    let lists = |id: ExprId| match graph.node(id) {
        Node::Gather(leaf, picks) => {
            let labels =
                matches!(graph.node(*leaf), Node::Input(i) if matches!(inputs[*i].role, Role::Set(_)));
            labels && picks.iter().any(|(_, position)| *graph.node(*position) == Node::Index(index))
        }
        _ => false,
    };
    if filter.is_some_and(|filter| graph.reachable(&[filter]).into_iter().any(lists)) {
        return None;
    }
    let used = |id: ExprId| graph.type_of(id).axes.contains(axis);
    if axis == index || graph.samples.contains(axis) || used(body) || filter.is_some_and(used) {
        return None;
    }
    let position = graph.add(Node::Index(axis));
    let renamed = HashMap::from([(index, position)]);
    let body = graph.substitute(body, &renamed)?;
    let filter = match filter {
        Some(filter) => Some(graph.substitute(filter, &renamed)?),
        None => None,
    };
    Some(graph.add(Node::Reduce(reduction, axis, body, filter)))
}

/// The root of a sum of squares.
fn norm(graph: &mut Graph, id: ExprId) -> Option<ExprId> {
    let sum = match graph.argument(id, Function::Sqrt) {
        Some(sum) => sum,
        None => graph.pair(id, Function::Pow).filter(|(_, half)| graph.is(*half, 0.5))?.0,
    };
    let Node::Reduce(Reduction::Sum, axis, square, filter) = *graph.node(sum) else { return None };
    let body = match (graph.pair(square, Function::Mul), graph.pair(square, Function::Pow)) {
        (Some((a, b)), _) if a == b => a,
        (_, Some((a, two))) if graph.is(two, 2.0) => a,
        _ => return None,
    };
    Some(graph.add(Node::Reduce(Reduction::Norm, axis, body, filter)))
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
