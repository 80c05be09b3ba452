//! Branches that are decided, equal, or nested under their own condition; guards that guard nothing.

use super::product::Product;
use super::{Context, Rule};
use crate::ir::{ExprId, Function, Node};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "decided-branch",
        why: "`if true` is its first branch, `if false` its second",
        apply: decided,
    },
    Rule {
        name: "never-zero",
        why: "a domain or a bound keeps the number from being 0",
        apply: |cx, id| {
            let (a, zero) = cx.graph.pair(id, Function::Ne)?;
            let never =
                cx.graph.is(zero, 0.0) && cx.graph.constant(a).is_none() && cx.ranges.never_zero(cx.graph, a);
            never.then(|| cx.graph.add(Node::Bool(true)))
        },
    },
    Rule {
        name: "never-minus-infinity",
        why: "a number that is bounded below is not -inf",
        apply: |cx, id| {
            let (a, bottom) = cx.graph.pair(id, Function::Ne)?;
            let bounded =
                cx.graph.is(bottom, f64::NEG_INFINITY) && cx.ranges.never_minus_infinity(cx.graph, a);
            bounded.then(|| cx.graph.add(Node::Bool(true)))
        },
    },
    Rule {
        name: "equal-branches",
        why: "both branches are the same",
        apply: |cx, id| match *cx.graph.node(id) {
            Node::If(_, a, b) if a == b => Some(a),
            _ => None,
        },
    },
    Rule {
        name: "negated-condition",
        why: "`if not c then a else b` is `if c then b else a`",
        apply: |cx, id| {
            let Node::If(c, a, b) = *cx.graph.node(id) else { return None };
            let inner = cx.graph.argument(c, Function::Not)?;
            Some(cx.graph.choose(inner, b, a))
        },
    },
    Rule {
        name: "negated-branch",
        why: "`if c then -a else 0` is `-(if c then a else 0)`",
        apply: |cx, id| {
            let Node::If(c, a, zero) = *cx.graph.node(id) else { return None };
            if !cx.graph.is(zero, 0.0) {
                return None;
            }
            let inner = match cx.graph.constant(a) {
                Some(x) if x < 0.0 => cx.graph.real(-x),
                _ => cx.graph.argument(a, Function::Neg)?,
            };
            let chosen = cx.graph.choose(c, inner, zero);
            Some(cx.graph.negate(chosen))
        },
    },
    Rule { name: "repeated-condition", why: "inside a branch its own condition is decided", apply: repeated },
    Rule {
        name: "needless-guard",
        why: "where the guard fails a factor is 0 and the others are finite: the product is 0",
        apply: needless_guard,
    },
];

fn decided(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let Node::If(c, a, b) = *cx.graph.node(id) else { return None };
    match *cx.graph.node(c) {
        Node::Bool(truth) => Some(if truth { a } else { b }),
        _ => None,
    }
}

fn repeated(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let Node::If(c, a, b) = *cx.graph.node(id) else { return None };
    let inside = |branch: ExprId, first: bool| match *cx.graph.node(branch) {
        Node::If(inner, yes, no) if inner == c => Some(if first { yes } else { no }),
        _ => None,
    };
    let (yes, no) = (inside(a, true), inside(b, false));
    (yes.is_some() || no.is_some()).then(|| cx.graph.choose(c, yes.unwrap_or(a), no.unwrap_or(b)))
}

/// `if a != 0 or l != -inf then p else 0`, where `p` is `a` times factors that are finite for every input.
fn needless_guard(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let Node::If(c, product, zero) = *cx.graph.node(id) else { return None };
    let (first, second) = cx.graph.pair(c, Function::Or).filter(|_| cx.graph.is(zero, 0.0))?;
    let (log, _) = cx.graph.pair(second, Function::Ne)?;
    let (guarded, nothing) = cx.graph.pair(first, Function::Ne)?;
    if !cx.graph.is(nothing, 0.0) {
        return None;
    }
    let mut rest = Product::of(cx.graph, product);
    for (factor, exponent) in Product::of(cx.graph, guarded).factors {
        rest.factors
            .iter()
            .position(|known| *known == (factor, exponent))
            .map(|at| rest.factors.remove(at))?;
    }
    for (factor, exponent) in rest.factors {
        // The guard fails at infinite inputs of the logarithm only; any other is finite there.
        let leaf = matches!(cx.graph.node(factor), Node::Input(_) | Node::Parameter(_) | Node::Upstream);
        let leaf = leaf && !cx.graph.reads(log, factor);
        if exponent < 0 || !(leaf || cx.range(factor).is_bounded()) {
            return None;
        }
    }
    Some(product)
}
