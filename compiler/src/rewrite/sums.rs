//! Sums over an axis: terms that are constant, vanish but at one position, or share a factor.

use super::{Context, Rule, map};
use crate::ir::{AxisId, ExprId, Function, Graph, Node, Reduction};
use crate::rewrite::product::Product;
use crate::rewrite::softmax::share_and_rest;
use std::collections::HashMap;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "filter-to-branch",
        why: "a sum leaves a term out where it adds 0 for it",
        apply: |cx, id| {
            let (axis, body, filter) = folded(cx.graph, id, Reduction::Sum)?;
            // Which labels a list has stays a filter: it says where the list ends.
            let filter = filter.filter(|filter| !ends_list(cx.graph, *filter))?;
            let zero = cx.graph.real(0.0);
            let chosen = cx.graph.choose(filter, body, zero);
            Some(cx.graph.add(Node::Reduce(Reduction::Sum, axis, chosen, None)))
        },
    },
    Rule {
        name: "constant-term",
        why: "a sum of one and the same term is the term times the length of the axis",
        apply: constant_term,
    },
    Rule {
        name: "one-term",
        why: "a sum whose terms vanish but at one position is the term at that position",
        apply: one_term,
    },
    Rule { name: "split-sum", why: "the sum of a + b is the sum of a plus the sum of b", apply: split },
    Rule {
        name: "common-factor-of-sum",
        why: "what does not vary over the axis of a sum is a factor of it",
        apply: common_factor,
    },
    Rule {
        name: "exponential-out-of-sum",
        why: "an exponential that does not vary over the axis of a sum is a factor of it, though each term has a \
              guard or a share of a softmax",
        apply: exponential_factor,
    },
    Rule {
        name: "at-the-label",
        why: "where an indicator `[x == y]` is 1, the position x is y; elsewhere it masks what it multiplies",
        apply: at_the_label,
    },
    Rule {
        name: "guard-at-the-label",
        why: "a guard around what vanishes but where x == y is needed at y only",
        apply: guard_at_the_label,
    },
    Rule {
        name: "same-position",
        why: "a position equals itself",
        apply: |cx, id| {
            let (a, b) = cx.graph.pair(id, Function::Eq)?;
            let whole = |e: ExprId| {
                matches!(cx.graph.node(e), Node::Index(_)) || cx.ranges.points(cx.graph, e).is_some()
            };
            (a == b && whole(a)).then(|| cx.graph.add(Node::Bool(true)))
        },
    },
    Rule {
        name: "nothing-of-length",
        why: "0 / n = 0 for the length of an axis: where it is 0, there is nothing to divide",
        apply: |cx, id| {
            let (a, b) = cx.graph.pair(id, Function::Div)?;
            (cx.graph.is(a, 0.0) && matches!(cx.graph.node(b), Node::Size(_))).then_some(a)
        },
    },
];

/// The parts of a fold of a certain kind.
pub(super) fn folded(graph: &Graph, id: ExprId, kind: Reduction) -> Option<(AxisId, ExprId, Option<ExprId>)> {
    match *graph.node(id) {
        Node::Reduce(found, axis, body, filter) if found == kind => Some((axis, body, filter)),
        _ => None,
    }
}

/// Whether a filter has the condition that a label of a set is one, `label >= 0`.
fn ends_list(graph: &Graph, filter: ExprId) -> bool {
    if let Some((a, b)) = graph.pair(filter, Function::And) {
        return ends_list(graph, a) || ends_list(graph, b);
    }
    let label = graph.pair(filter, Function::Ge).filter(|(_, zero)| graph.is(*zero, 0.0));
    label.is_some_and(|(label, _)| match graph.node(label) {
        Node::Gather(leaf, _) => matches!(graph.node(*leaf), Node::Input(i) if graph.members.contains_key(i)),
        _ => false,
    })
}

/// The parts of a sum without filter.
fn sum(graph: &Graph, id: ExprId) -> Option<(AxisId, ExprId)> {
    folded(graph, id, Reduction::Sum)
        .filter(|(_, _, filter)| filter.is_none())
        .map(|(axis, body, _)| (axis, body))
}

pub(super) fn varies(graph: &Graph, id: ExprId, axis: AxisId) -> bool {
    graph.type_of(id).axes.contains(axis)
}

fn constant_term(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (axis, body) = sum(cx.graph, id)?;
    if cx.graph.is(body, 0.0) {
        return Some(body);
    }
    if varies(cx.graph, body, axis) || cx.graph.samples.contains(axis) {
        return None;
    }
    let base = cx.graph.base(axis);
    let size = cx.graph.add(Node::Size(base));
    Some(cx.graph.times(size, body))
}

/// A condition `x == e`, with `e` the same for all positions `x` and one of them.
pub(super) fn point(cx: &Context<'_>, axis: AxisId, condition: ExprId) -> Option<ExprId> {
    let (a, b) = cx.graph.pair(condition, Function::Eq)?;
    let (index, position) = if *cx.graph.node(a) == Node::Index(axis) { (a, b) } else { (b, a) };
    if *cx.graph.node(index) != Node::Index(axis) || varies(cx.graph, position, axis) {
        return None;
    }
    let base = cx.graph.base(axis);
    let reaches = match *cx.graph.node(position) {
        Node::Index(other) => cx.graph.base(other) == base,
        _ => cx.ranges.points(cx.graph, position) == Some(base),
    };
    reaches.then_some(position)
}

fn one_term(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (axis, body) = sum(cx.graph, id)?;
    let inside = cx.graph.reachable_unless(&[body], |node| !varies(cx.graph, node, axis));
    if inside.iter().any(|id| attains(cx.graph, *id)) {
        return None;
    }
    let found = inside.into_iter().find_map(|condition| {
        let position = point(cx, axis, condition)?;
        vanishes(cx.graph, body, condition).then_some((condition, position))
    });
    let (condition, position) = found?;
    let body = where_it_holds(cx.graph, &[body], condition)[0];
    cx.graph.substitute(body, &HashMap::from([(axis, position)]))
}

/// Whether this asks if a term is the largest or the smallest one. Both sides have to be computed alike, so that a
/// term stays what it is.
fn attains(graph: &Graph, id: ExprId) -> bool {
    let extreme =
        |side: ExprId| matches!(graph.node(side), Node::Reduce(Reduction::Max | Reduction::Min, ..));
    graph.pair(id, Function::Eq).is_some_and(|(a, b)| extreme(a) || extreme(b))
}

/// Expressions where a condition holds. A fold over an axis that it varies over has positions of its own there.
pub(super) fn where_it_holds(graph: &mut Graph, roots: &[ExprId], condition: ExprId) -> Vec<ExprId> {
    let (holds, axes) = (graph.add(Node::Bool(true)), graph.type_of(condition).axes);
    map(graph, roots, |graph, old, rebuilt| match *graph.node(old) {
        Node::Reduce(_, own, ..) if axes.contains(own) => old,
        _ if old == condition => holds,
        _ => rebuilt,
    })
}

/// Whether a term is exactly 0 where a condition fails. A factor that is 0 there decides, as in `[c] * x`:
/// inside of a sum, an indicator is a mask.
pub(super) fn vanishes(graph: &Graph, id: ExprId, condition: ExprId) -> bool {
    let both = |a, b| vanishes(graph, a, condition) && vanishes(graph, b, condition);
    match graph.node(id) {
        Node::Real(_) => graph.is(id, 0.0),
        Node::If(c, _, b) if needs(graph, *c, condition) => vanishes(graph, *b, condition),
        Node::If(_, a, b) => both(*a, *b),
        Node::Apply(Function::Add | Function::Sub, arguments) => both(arguments[0], arguments[1]),
        Node::Apply(Function::Neg, arguments) => vanishes(graph, arguments[0], condition),
        Node::Apply(Function::Mul, arguments) => {
            arguments.iter().any(|factor| vanishes(graph, *factor, condition))
        }
        Node::Apply(Function::Div, arguments) => vanishes(graph, arguments[0], condition),
        _ => false,
    }
}

/// `if g(x) then p(x) else 0`, where `p(x)` vanishes unless `x == y`.
fn guard_at_the_label(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let Node::If(guard, product, zero) = *cx.graph.node(id) else { return None };
    if !cx.graph.is(zero, 0.0) {
        return None;
    }
    for axis in cx.graph.type_of(guard).axes.difference(cx.graph.samples).iter() {
        let inside = cx.graph.reachable_unless(&[guard, product], |node| !varies(cx.graph, node, axis));
        if inside.iter().any(|id| attains(cx.graph, *id)) {
            continue;
        }
        let found = inside.into_iter().find_map(|condition| {
            let position = point(cx, axis, condition)?;
            vanishes(cx.graph, product, condition).then_some((condition, position))
        });
        let Some((condition, position)) = found else { continue };
        let parts = where_it_holds(cx.graph, &[guard, product], condition);
        let guarded = cx.graph.choose(parts[0], parts[1], zero);
        let guarded = cx.graph.substitute(guarded, &HashMap::from([(axis, position)]))?;
        return Some(cx.graph.choose(condition, guarded, zero)).filter(|new| *new != id);
    }
    None
}

/// `[x == y] * f(x)` is `if x == y then f(y) else 0`.
fn at_the_label(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut product = Product::of_quotient(cx.graph, id).filter(|product| product.divisor == 1.0)?;
    let indicator = product.factors.iter().copied().find_map(|(factor, exponent)| {
        let Node::If(c, one, zero) = *cx.graph.node(factor) else { return None };
        let sound = exponent == 1 && cx.graph.is(one, 1.0) && cx.graph.is(zero, 0.0);
        let axes = cx.graph.type_of(c).axes.iter().find(|axis| point(cx, *axis, c).is_some());
        sound.then_some((factor, c, axes?))
    });
    let (factor, condition, axis) = indicator?;
    product.take(factor, 1);
    let others = product.factors.iter().any(|(other, _)| varies(cx.graph, *other, axis));
    let position = point(cx, axis, condition).filter(|_| others)?;
    let rest = product.build(cx.graph);
    let inside = cx.graph.reachable_unless(&[rest], |node| !varies(cx.graph, node, axis));
    if inside.iter().any(|id| attains(cx.graph, *id)) {
        return None;
    }
    let rest = cx.graph.substitute(rest, &HashMap::from([(axis, position)]))?;
    let zero = cx.graph.real(0.0);
    Some(cx.graph.choose(condition, rest, zero))
}

/// Whether a condition fails where one of its parts does.
fn needs(graph: &Graph, id: ExprId, part: ExprId) -> bool {
    let both = graph.pair(id, Function::And);
    id == part || both.is_some_and(|(a, b)| needs(graph, a, part) || needs(graph, b, part))
}

/// Splits a sum of sums where that makes a part simpler.
fn split(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (axis, body) = sum(cx.graph, id)?;
    let (function, a, b) = [Function::Add, Function::Sub]
        .into_iter()
        .find_map(|function| cx.graph.pair(body, function).map(|(a, b)| (function, a, b)))?;
    let mut parts = [a, b].map(|part| cx.graph.add(Node::Reduce(Reduction::Sum, axis, part, None)));
    let simpler = |cx: &mut Context<'_>, part: ExprId| constant_term(cx, part).or_else(|| one_term(cx, part));
    let done = parts.map(|part| simpler(cx, part));
    if done.iter().all(Option::is_none) {
        return None;
    }
    for (part, simpler) in parts.iter_mut().zip(done) {
        *part = simpler.unwrap_or(*part);
    }
    Some(cx.graph.apply(function, &parts))
}

/// Takes factors and conditions that do not vary over the axis out of a sum.
fn common_factor(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (axis, body) = sum(cx.graph, id)?;
    let add = |graph: &mut Graph, body| graph.add(Node::Reduce(Reduction::Sum, axis, body, None));
    if let Node::If(c, a, b) = *cx.graph.node(body)
        && cx.graph.is(b, 0.0)
        && !varies(cx.graph, c, axis)
    {
        let inner = add(cx.graph, a);
        return Some(cx.graph.choose(c, inner, b));
    }
    if let Some(inner) = cx.graph.argument(body, Function::Neg) {
        let inner = add(cx.graph, inner);
        return Some(cx.graph.negate(inner));
    }
    if let Some((a, b)) = cx.graph.pair(body, Function::Mul) {
        let (fixed, rest) = if varies(cx.graph, a, axis) { (b, a) } else { (a, b) };
        if !varies(cx.graph, fixed, axis) {
            let rest = add(cx.graph, rest);
            return Some(cx.graph.times(fixed, rest));
        }
        // A factor deeper inside comes out once the product is put in one order.
        let product = Product::of_quotient(cx.graph, body)?;
        return outer_part(cx, axis, product);
    }
    let (a, b) = cx.graph.pair(body, Function::Div)?;
    if !varies(cx.graph, b, axis) {
        let rest = add(cx.graph, a);
        return Some(cx.graph.divide(rest, b));
    }
    let product = Product::of_quotient(cx.graph, body)?;
    outer_part(cx, axis, product)
}

/// `exp(e)` times the sum of `if c then rest else 0`: outside, it meets the exponentials that it belongs to.
fn exponential_factor(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (axis, body) = sum(cx.graph, id)?;
    let (guard, inside) = match *cx.graph.node(body) {
        Node::If(c, guarded, zero) if cx.graph.is(zero, 0.0) => (Some((c, zero)), guarded),
        _ => (None, body),
    };
    let mut rest = Product::of(cx.graph, inside);
    let exponentials: Vec<ExprId> = rest
        .factors
        .iter()
        .filter(|(factor, power)| *power == 1 && cx.graph.argument(*factor, Function::Exp).is_some())
        .map(|(factor, _)| *factor)
        .collect();
    let whole = exponentials.iter().copied().find(|factor| !varies(cx.graph, *factor, axis));
    let outside = match whole {
        Some(factor) => {
            rest.take(factor, 1);
            factor
        }
        None => exponentials.into_iter().find_map(|factor| {
            let [share, outside] = share_and_rest(cx.graph, factor, axis)?;
            rest.take(factor, 1);
            rest.multiply(share, 1);
            Some(outside)
        })?,
    };
    let rest = rest.build(cx.graph);
    let term = match guard {
        Some((c, zero)) => cx.graph.choose(c, rest, zero),
        None => rest,
    };
    let sum = cx.graph.add(Node::Reduce(Reduction::Sum, axis, term, None));
    Some(cx.graph.times(outside, sum))
}

/// The factors that do not vary over an axis, times the sum of the product of the others.
fn outer_part(cx: &mut Context<'_>, axis: AxisId, product: Product) -> Option<ExprId> {
    let (inner, outer): (Vec<_>, Vec<_>) =
        product.factors.iter().copied().partition(|(factor, _)| varies(cx.graph, *factor, axis));
    if outer.is_empty() {
        return None;
    }
    let mut one = product.clone();
    (one.factors, one.coefficient, one.divisor) = (inner, 1.0, 1.0);
    let mut rest = product;
    rest.factors = outer;
    let inner = one.build(cx.graph);
    let sum = cx.graph.add(Node::Reduce(Reduction::Sum, axis, inner, None));
    let rest = rest.build(cx.graph);
    Some(cx.graph.times(rest, sum))
}
