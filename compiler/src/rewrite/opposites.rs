//! Sums of logistic functions of opposite arguments, and texts by hand that keep these from overflowing: both
//! lose the digits of what is small.

use super::logistic::is_negation;
use super::product::Product;
use super::terms::{Term, beside, is_multiple, join, signed, sum, terms, times, unsigned};
use super::{Context, Rule};
use crate::ir::{ExprId, Function, Graph, Node};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "opposite-logarithms",
        why: "softplus(x) - softplus(-x) = x and softplus(x) - x = softplus(-x), as log_sigmoid(x) = -softplus(-x)",
        apply: |cx, id| join(cx, id, &[Function::Softplus, Function::LogSigmoid], logarithms),
    },
    Rule {
        name: "guarded-opposites",
        why: "log_sigmoid(-x) - log_sigmoid(x) = -x, under the guards of both",
        apply: guarded,
    },
    Rule {
        name: "opposite-logarithms-in-factors",
        why: "a (log_sigmoid(x) + b) - a (log_sigmoid(-x) + c) = a (x + b - c)",
        apply: |cx, id| join(cx, id, &[Function::Sigmoid], in_factors),
    },
    Rule {
        name: "softplus-by-hand",
        why: "max(x, 0) + softplus(-abs(x)) = softplus(x)",
        apply: |cx, id| join(cx, id, &[Function::Softplus, Function::LogSigmoid], softplus),
    },
    Rule {
        name: "sigmoid-by-hand",
        why: "[x > 0] - sign(x) sigmoid(-abs(x)) = sigmoid(x), and at 0 what the text has there",
        apply: |cx, id| join(cx, id, &[Function::Sigmoid], sigmoid),
    },
    Rule {
        name: "logits",
        why: "for t from 0 to 1, softplus(x) - t x = t softplus(-x) + (1 - t) softplus(x) and \
              sigmoid(x) - t = (1 - t) sigmoid(x) - t sigmoid(-x), which keep the digits of a small loss",
        apply: |cx, id| join(cx, id, &[Function::Softplus, Function::LogSigmoid, Function::Sigmoid], logits),
    },
];

/// A term as `softplus` of something, with what stands beside it: `log_sigmoid(x)` is `-softplus(-x)`.
fn as_softplus(graph: &mut Graph, product: &Product) -> Option<(Product, ExprId)> {
    if let Some(found) = beside(graph, product, Function::Softplus, 1).into_iter().next() {
        return Some(found);
    }
    let (mut rest, x) = beside(graph, product, Function::LogSigmoid, 1).into_iter().next()?;
    rest.coefficient = -rest.coefficient;
    Some((rest, graph.negate(x)))
}

/// A product with one more factor, which may be a product.
fn with(graph: &mut Graph, rest: &Product, factor: ExprId) -> Product {
    let whole = rest.clone().build(graph);
    let product = graph.times(whole, factor);
    Product::of(graph, product)
}

fn logarithms(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    let (rest, x) = as_softplus(cx.graph, one)?;
    if let Some((second, y)) = as_softplus(cx.graph, other) {
        let opposite = is_multiple(&second, -1.0, &rest) && is_negation(cx.graph, x, y);
        return opposite.then(|| with(cx.graph, &rest, x));
    }
    let linear = with(cx.graph, &rest, x);
    let negated = cx.graph.negate(x);
    is_multiple(other, -1.0, &linear).then(|| times(cx.graph, rest, 1.0, Function::Softplus, negated))
}

/// `if c then a else 0` and the like of the other term, of which `a` and `b` together are simpler. Both conditions are
/// guards of `0 log 0`: where one fails, its logarithm is infinite and the other term is 0.
fn guarded(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (a, b) = cx.graph.pair(id, Function::Sub)?;
    let branch = |graph: &Graph, id: ExprId| match *graph.node(id) {
        Node::If(c, a, zero) if graph.is(zero, 0.0) => Some((c, a)),
        _ => None,
    };
    let ((c, a), (d, b)) = (branch(cx.graph, a)?, branch(cx.graph, b)?);
    if !is_guard(cx.graph, c, a) || !is_guard(cx.graph, d, b) {
        return None;
    }
    let (one, mut other) = (Product::of(cx.graph, a), Product::of(cx.graph, b));
    other.coefficient = -other.coefficient;
    let plain = as_softplus(cx.graph, &one).is_some() && as_softplus(cx.graph, &other).is_some();
    let joined = if plain { logarithms(cx, &one, &other)? } else { in_factors(cx, &one, &other)? };
    let joined = joined.build(cx.graph);
    let (both, zero) = (cx.graph.apply(Function::And, &[c, d]), cx.graph.real(0.0));
    Some(cx.graph.choose(both, joined, zero))
}

/// Whether a condition is `a != 0 or l != -inf`, with `l` a logarithm that a product has as a factor, or as terms of one.
fn is_guard(graph: &Graph, condition: ExprId, product: ExprId) -> bool {
    let limits = |id: ExprId, limit: f64| {
        graph.pair(id, Function::Ne).filter(|(_, other)| graph.is(*other, limit)).map(|(x, _)| x)
    };
    let parts = graph.pair(condition, Function::Or);
    let log = parts.filter(|(first, _)| limits(*first, 0.0).is_some());
    let Some(log) = log.and_then(|(_, second)| limits(second, f64::NEG_INFINITY)) else { return false };
    let Some(own) = terms(graph, log) else { return false };
    Product::of(graph, product).factors.iter().any(|(factor, _)| {
        *factor == log || terms(graph, *factor).is_some_and(|all| own.iter().all(|term| all.contains(term)))
    })
}

/// `a (u + v)` and `-a (w + z)`, where the terms of `u + v - w - z` cancel but for what the logarithms leave.
fn in_factors(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    let sums = |graph: &Graph, product: &Product| -> Vec<(Product, Vec<Term>)> {
        let found = product.factors.iter().filter_map(|(factor, _)| {
            let terms = terms(graph, *factor).filter(|terms| terms.len() > 1)?;
            let mut rest = product.clone();
            rest.take(*factor, 1).then_some((rest, terms))
        });
        found.collect()
    };
    let (left, right) = (sums(cx.graph, one), sums(cx.graph, other));
    for (rest, own) in &left {
        let Some((_, theirs)) = right.iter().find(|(second, _)| is_multiple(second, -1.0, rest)) else {
            continue;
        };
        let mut all = own.clone();
        all.extend(theirs.iter().map(|(term, negated)| (*term, !negated)));
        let before = all.len();
        let constant =
            |graph: &Graph, term: &Term| graph.constant(term.0).map(|x| if term.1 { -x } else { x });
        let total: f64 = all.iter().filter_map(|term| constant(cx.graph, term)).sum();
        all.retain(|term| constant(cx.graph, term).is_none());
        let mut joins = 0;
        while let Some((place, beside, joined)) = pair_of_logarithms(cx, &all) {
            all[place] = joined;
            all.remove(beside);
            joins += 1;
        }
        let logarithm = |term: &Term| {
            [Function::Softplus, Function::LogSigmoid].iter().any(|f| cx.graph.argument(term.0, *f).is_some())
        };
        if joins == 0 || total != 0.0 || all.len() >= before || all.iter().any(logarithm) {
            continue;
        }
        let sum = sum(cx.graph, &all)?;
        let mut joined = rest.clone();
        joined.multiply(sum, 1);
        return Some(joined);
    }
    None
}

/// Two logarithms that are one term, their places, and that term.
fn pair_of_logarithms(cx: &mut Context<'_>, all: &[Term]) -> Option<(usize, usize, Term)> {
    let products: Vec<Product> = all.iter().map(|term| signed(cx.graph, *term)).collect();
    for (place, one) in products.iter().enumerate() {
        for (beside, other) in products.iter().enumerate().skip(place + 1) {
            if as_softplus(cx.graph, one).is_some()
                && as_softplus(cx.graph, other).is_some()
                && let Some(joined) = logarithms(cx, one, other)
            {
                return Some((place, beside, unsigned(cx.graph, joined)));
            }
        }
    }
    None
}

/// The argument of `abs` in `softplus(-abs(x))`.
fn less_magnitude(graph: &Graph, x: ExprId) -> Option<ExprId> {
    graph.argument(graph.argument(x, Function::Neg)?, Function::Abs)
}

fn softplus(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    let (rest, y) = as_softplus(cx.graph, one)?;
    let x = less_magnitude(cx.graph, y)?;
    let up = other.factors.iter().find_map(|(factor, _)| {
        let max = cx.graph.pair(*factor, Function::Max).and_then(|(a, b)| {
            [(a, b), (b, a)].into_iter().find(|(_, zero)| cx.graph.is(*zero, 0.0)).map(|(x, _)| x)
        });
        max.or_else(|| cx.graph.argument(*factor, Function::Relu)).map(|x| (*factor, x))
    });
    let (factor, z) = up?;
    let mut second = other.clone();
    let whole = second.take(factor, 1) && is_multiple(&second, 1.0, &rest);
    let same = cx.graph.without_sign(x).0 == cx.graph.without_sign(z).0;
    (whole && same).then(|| times(cx.graph, rest, 1.0, Function::Softplus, z))
}

/// The derivative of `r relu(x)` or `r max(x, 0)`: `r`, `x`, and whether it is 0 at 0, as that of `relu`.
fn step(graph: &Graph, id: ExprId) -> Option<(Product, ExprId, bool)> {
    let Node::If(condition, value, zero) = *graph.node(id) else { return None };
    if !graph.is(zero, 0.0) {
        return None;
    }
    let above =
        |id: ExprId| graph.pair(id, Function::Gt).filter(|(_, zero)| graph.is(*zero, 0.0)).map(|(x, _)| x);
    let mut rest = Product::of(graph, value);
    if let Some(x) = above(condition) {
        return Some((rest, x, true));
    }
    let (first, second) = graph.pair(condition, Function::Or)?;
    let x = above(first)?;
    let half = |id: ExprId| match *graph.node(id) {
        Node::If(at, half, one) => at == second && graph.is(half, 0.5) && graph.is(one, 1.0),
        _ => false,
    };
    let shared = rest.factors.iter().find(|(factor, _)| half(*factor)).map(|(factor, _)| *factor)?;
    let at_zero = graph.pair(second, Function::Eq).is_some_and(|(a, zero)| a == x && graph.is(zero, 0.0));
    (rest.take(shared, 1) && at_zero).then_some((rest, x, false))
}

fn sigmoid(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    for (rest, y) in beside(cx.graph, one, Function::Sigmoid, 1) {
        let Some(x) = less_magnitude(cx.graph, y) else { continue };
        for (rest, signed) in beside(cx.graph, &rest, Function::Sign, 1) {
            if signed != x {
                continue;
            }
            for (factor, _) in &other.factors {
                let Some((within, z, none_at_zero)) = step(cx.graph, *factor) else { continue };
                let mut second = other.clone();
                second.take(*factor, 1);
                second.coefficient *= within.coefficient;
                second.divisor *= within.divisor;
                for (factor, power) in within.factors {
                    second.multiply(factor, power);
                }
                let scale = match z == x {
                    true => 1.0,
                    false if is_negation(cx.graph, x, z) => -1.0,
                    false => continue,
                };
                if !is_multiple(&second, -scale, &rest) {
                    continue;
                }
                let mut joined = second;
                let mut sigmoid = cx.graph.apply(Function::Sigmoid, &[z]);
                if none_at_zero {
                    let zero = cx.graph.real(0.0);
                    let at_zero = cx.graph.apply(Function::Eq, &[z, zero]);
                    sigmoid = cx.graph.choose(at_zero, zero, sigmoid);
                }
                joined.multiply(sigmoid, 1);
                return Some(joined);
            }
        }
    }
    None
}

/// A factor from 0 to 1 of a product, such that the product is `scale` times `whole` with that factor.
fn share(cx: &mut Context<'_>, product: &Product, whole: &Product) -> Option<ExprId> {
    product.factors.clone().into_iter().find_map(|(t, _)| {
        let range = cx.range(t);
        let mut rest = product.clone();
        let inside = range.low >= 0.0 && range.high <= 1.0 && rest.take(t, 1);
        (inside && is_multiple(&rest, -1.0, whole)).then_some(t)
    })
}

fn logits(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    let (rest, function, x, t) = match as_softplus(cx.graph, one) {
        Some((rest, x)) => {
            let linear = with(cx.graph, &rest, x);
            let t = share(cx, other, &linear)?;
            (rest, Function::Softplus, x, t)
        }
        None => beside(cx.graph, one, Function::Sigmoid, 1).into_iter().find_map(|(rest, x)| {
            let t = share(cx, other, &rest)?;
            Some((rest, Function::Sigmoid, x, t))
        })?,
    };
    let g = &mut *cx.graph;
    let opposite = g.negate(x);
    let (up, down, less) = (g.apply(function, &[x]), g.apply(function, &[opposite]), g.complement(t));
    let (mostly, partly) = (g.times(less, up), g.times(t, down));
    let sum = if function == Function::Softplus { g.plus(partly, mostly) } else { g.minus(mostly, partly) };
    let mut joined = rest;
    joined.multiply(sum, 1);
    Some(joined)
}
