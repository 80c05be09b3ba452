//! Products in an order in which nothing leaves the numbers on the way where the result does not: `w d^2` is
//! `(w d) d`, `d^2 / b` is `d (d / b)`, and what divides by a number below 1 comes last.
//!
//! A power can overflow where a factor beside it makes an ordinary number of it again, or 0 where the factor is: then
//! its base is multiplied one by one, each step within the result or what stands before it. Nothing else is touched.
//! Of three factors that are all unbounded, no order is safe: they stay in the order in which they are.

use crate::ir::{AxisSet, ExprId, Function, Graph, Node};
use crate::magnitude::{Factors, least, most};
use crate::ranges::Ranges;
use crate::rewrite::map;

/// What is larger overflows in `f32`.
const TOO_LARGE: f64 = 1e38;

/// Puts the factors of products in that order.
pub(super) fn order(graph: &mut Graph, ranges: &mut Ranges, roots: &[ExprId]) -> Vec<ExprId> {
    map(graph, roots, |graph, _, id| product(graph, ranges, id).unwrap_or(id))
}

fn product(graph: &mut Graph, ranges: &mut Ranges, id: ExprId) -> Option<ExprId> {
    if graph.pair(id, Function::Mul).is_none() && graph.pair(id, Function::Div).is_none() {
        return None;
    }
    let factors = Factors::of(graph, id)?;
    let negative = factors.negative;
    let ordered = power(graph, ranges, &factors)
        .or_else(|| branch(graph, ranges, &factors))
        .or_else(|| quotient(graph, ranges, id, &factors))
        .or_else(|| doubled(graph, ranges, &factors))?;
    Some(if negative { graph.negate(ordered) } else { ordered })
}

/// The bases of the powers that can overflow, as one product, with their common exponent.
fn base(graph: &mut Graph, ranges: &mut Ranges, above: &[ExprId]) -> Option<(ExprId, usize, Vec<ExprId>)> {
    let mut bases: Vec<(ExprId, usize)> = Vec::new();
    for factor in above {
        match bases.iter_mut().find(|(known, _)| known == factor) {
            Some((_, count)) => *count += 1,
            None => bases.push((*factor, 1)),
        }
    }
    bases.retain(|(x, count)| {
        *count > 1 && !is_fixed(graph, *x) && most(ranges.of(graph, *x)).powi(*count as i32) > TOO_LARGE
    });
    let count = bases.first()?.1;
    let others = above.iter().copied().filter(|factor| bases.iter().all(|(x, _)| x != factor)).collect();
    let same = bases.iter().all(|(_, other)| *other == count);
    let bases = bases.into_iter().map(|(x, _)| x);
    let joined = bases.reduce(|a, b| graph.times(a, b)).filter(|_| same)?;
    Some((joined, count, others))
}

/// A product with a power that can overflow: the other factors, the base, constants, the base again; as many bases as
/// there are divisors are divided by one each.
fn power(graph: &mut Graph, ranges: &mut Ranges, factors: &Factors) -> Option<ExprId> {
    let (x, count, others) = base(graph, ranges, &factors.above)?;
    let shrinks = others.iter().any(|factor| least(ranges.of(graph, *factor)) < 1.0)
        || factors.below.iter().any(|divisor| most(ranges.of(graph, *divisor)) > 1.0);
    if !shrinks || !is_level(graph, factors.below.iter().chain([&x])) {
        return None;
    }
    // The length of an axis divides without harm, wherever it stands.
    let (last, divisors): (Vec<ExprId>, Vec<ExprId>) =
        factors.below.iter().partition(|id| matches!(graph.node(**id), Node::Size(_)));
    let mut steps = vec![x; count.saturating_sub(divisors.len())];
    steps.extend(divisors.iter().take(count).map(|divisor| graph.divide(x, *divisor)));
    let (fixed, varying): (Vec<_>, Vec<_>) = others.into_iter().partition(|factor| is_fixed(graph, *factor));
    let mut all = varying;
    let place = if all.is_empty() { 0 } else { all.len() + 1 };
    all.extend(steps);
    all.splice(place..place, fixed);
    let product = all.into_iter().reduce(|a, b| graph.times(a, b))?;
    let left = divisors.into_iter().skip(count).chain(last);
    Some(left.fold(product, |product, divisor| graph.divide(product, divisor)))
}

/// A branch with such a power: the factors beside it go into both branches.
fn branch(graph: &mut Graph, ranges: &mut Ranges, factors: &Factors) -> Option<ExprId> {
    let choices = |graph: &Graph, id: &ExprId| matches!(graph.node(*id), Node::If(..));
    let at = factors.above.iter().position(|id| choices(graph, id)).filter(|_| factors.below.is_empty())?;
    let Node::If(condition, a, b) = *graph.node(factors.above[at]) else { return None };
    let mut others = factors.above.clone();
    others.remove(at);
    if others.is_empty() || others.iter().any(|id| choices(graph, id)) {
        return None;
    }
    let mut within = [a, b].map(|side| Factors::of(graph, side).unwrap_or_default());
    if !within.iter().any(|side| base(graph, ranges, &side.above).is_some()) {
        return None;
    }
    let sides = [a, b].into_iter().zip(&mut within).map(|(side, own)| {
        if own.above.is_empty() {
            return others.iter().copied().fold(side, |product, factor| graph.times(factor, product));
        }
        own.above.splice(0..0, others.iter().copied());
        let ordered = power(graph, ranges, own).or_else(|| {
            // What is the same for all elements comes last.
            own.above.sort_by_key(|factor| is_fixed(graph, *factor));
            let product = own.above.iter().copied().reduce(|a, b| graph.times(a, b))?;
            Some(own.below.iter().fold(product, |product, divisor| graph.divide(product, *divisor)))
        });
        let ordered = ordered.unwrap_or(side);
        if own.negative { graph.negate(ordered) } else { ordered }
    });
    let sides: Vec<ExprId> = sides.collect();
    Some(graph.choose(condition, sides[0], sides[1]))
}

/// A factor times a quotient whose divisor is at most 1: the quotient can overflow where the product need not.
fn quotient(graph: &mut Graph, ranges: &mut Ranges, id: ExprId, factors: &Factors) -> Option<ExprId> {
    let [divisor] = factors.below[..] else { return None };
    let within = ranges.of(graph, divisor);
    let unbounded = |id: &ExprId| most(ranges.of(graph, *id)) > TOO_LARGE;
    let varying = factors.above.iter().filter(|factor| !is_fixed(graph, **factor)).count();
    if graph.pair(id, Function::Mul).is_none()
        || varying < 2
        || within.low < 0.0
        || within.high > 1.0
        || !factors.above.iter().any(unbounded)
        || !is_level(graph, factors.above.iter().chain([&divisor]))
    {
        return None;
    }
    let product = factors.above.iter().copied().reduce(|a, b| graph.times(a, b))?;
    Some(graph.divide(product, divisor))
}

/// A power of two before a product of two unbounded factors: it comes last, where it changes no digit.
fn doubled(graph: &mut Graph, ranges: &mut Ranges, factors: &Factors) -> Option<ExprId> {
    let [first, ref others @ ..] = factors.above[..] else { return None };
    let power = |x: f64| x > 1.0 && x.is_finite() && x.to_bits() << 12 == 0;
    let large = |id: &ExprId| !is_fixed(graph, *id) && most(ranges.of(graph, *id)) > TOO_LARGE;
    if !graph.constant(first).is_some_and(power) || others.len() < 2 || !factors.below.is_empty() {
        return None;
    }
    if !others.iter().all(large) || !is_level(graph, others) {
        return None;
    }
    let product = others.iter().copied().reduce(|a, b| graph.times(a, b))?;
    Some(graph.times(product, first))
}

/// Whether factors vary over the same axes, but for those that are the same for a whole call. Others are multiplied
/// once for a whole row, and stay so.
fn is_level<'f>(graph: &Graph, factors: impl IntoIterator<Item = &'f ExprId>) -> bool {
    let axes = factors.into_iter().map(|id| graph.type_of(*id).axes);
    let mut varying = axes.filter(|axes| *axes != AxisSet::EMPTY);
    varying.next().is_none_or(|first| varying.all(|other| other == first))
}

/// Whether it is the same for all elements of a call.
fn is_fixed(graph: &Graph, id: ExprId) -> bool {
    graph.type_of(id).axes == AxisSet::EMPTY
}
