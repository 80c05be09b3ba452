//! Sums, signs and powers: what adds nothing goes.

use super::{Context, Rule};
use crate::ir::{ExprId, Function};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "add-zero", why: "x + 0 = x", apply: add_zero },
    Rule {
        name: "negated-term",
        why: "a + (-b) = a - b, a - (-b) = a + b, (-a) + b = b - a",
        apply: negated_term,
    },
    Rule {
        name: "difference-of-equals",
        why: "x - x = 0 where x is bounded, and so finite",
        apply: |cx, id| {
            let (a, _) = cx.graph.pair(id, Function::Sub).filter(|(a, b)| a == b)?;
            cx.range(a).is_bounded().then(|| cx.graph.real(0.0))
        },
    },
    Rule {
        name: "times-one",
        why: "1 x = x, x / 1 = x",
        apply: |cx, id| {
            if let Some((a, b)) = cx.graph.pair(id, Function::Mul) {
                return if cx.graph.is(a, 1.0) { Some(b) } else { cx.graph.is(b, 1.0).then_some(a) };
            }
            let (a, b) = cx.graph.pair(id, Function::Div)?;
            cx.graph.is(b, 1.0).then_some(a)
        },
    },
    Rule { name: "negated-factor", why: "(-a) b = -(a b), (-a) / b = -(a / b)", apply: negated_factor },
    Rule {
        name: "negated-difference",
        why: "-(a - b) = b - a",
        apply: |cx, id| {
            let inner = cx.graph.argument(id, Function::Neg)?;
            let (a, b) = cx.graph.pair(inner, Function::Sub)?;
            Some(cx.graph.minus(b, a))
        },
    },
    Rule { name: "times-zero", why: "x * 0 = 0 where x is bounded, and so finite", apply: times_zero },
    Rule { name: "even-of-negated", why: "abs and cosh do not see a sign; a square neither", apply: even },
    Rule { name: "simple-power", why: "x^0 = 1, x^1 = x, x^(1/2) = sqrt(x), x^(-1) = 1/x", apply: power },
    Rule {
        name: "log-of-shifted",
        why: "log(1 + x) = log1p(x), which keeps the digits of a small x",
        apply: log_of_shifted,
    },
];

fn add_zero(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    if let Some((a, b)) = cx.graph.pair(id, Function::Add) {
        if cx.graph.is(a, 0.0) {
            return Some(b);
        }
        return cx.graph.is(b, 0.0).then_some(a);
    }
    let (a, b) = cx.graph.pair(id, Function::Sub)?;
    if cx.graph.is(b, 0.0) {
        return Some(a);
    }
    cx.graph.is(a, 0.0).then(|| cx.graph.negate(b))
}

fn negated_term(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let g = &mut *cx.graph;
    if let Some((a, b)) = g.pair(id, Function::Add) {
        for (constant, other) in [(a, b), (b, a)] {
            if let Some(x) = g.constant(constant).filter(|x| *x < 0.0 && g.constant(other).is_none()) {
                let magnitude = g.real(-x);
                return Some(g.minus(other, magnitude));
            }
        }
        if let Some(b) = g.argument(b, Function::Neg) {
            return Some(g.minus(a, b));
        }
        let a = g.argument(a, Function::Neg)?;
        return Some(g.minus(b, a));
    }
    let (a, b) = g.pair(id, Function::Sub)?;
    if let Some(b) = g.argument(b, Function::Neg) {
        return Some(g.plus(a, b));
    }
    let a = g.argument(a, Function::Neg)?;
    let sum = g.plus(a, b);
    Some(g.negate(sum))
}

/// `x` for `-x`, and 2 for -2.
fn without_minus(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    match cx.graph.constant(id) {
        Some(x) if x < 0.0 => Some(cx.graph.real(-x)),
        _ => cx.graph.argument(id, Function::Neg),
    }
}

fn negated_factor(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    for function in [Function::Mul, Function::Div] {
        let Some((a, b)) = cx.graph.pair(id, function) else { continue };
        let (inner, rest, first) = match (without_minus(cx, a), without_minus(cx, b)) {
            (Some(inner), _) => (inner, b, true),
            (None, Some(inner)) => (inner, a, false),
            (None, None) => return None,
        };
        let arguments = if first { [inner, rest] } else { [rest, inner] };
        let product = cx.graph.apply(function, &arguments);
        return Some(cx.graph.negate(product));
    }
    None
}

fn times_zero(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (a, b) = cx.graph.pair(id, Function::Mul)?;
    let (zero, other) = if cx.graph.is(a, 0.0) { (a, b) } else { (b, a) };
    (cx.graph.is(zero, 0.0) && cx.range(other).is_bounded()).then_some(zero)
}

fn even(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    for function in [Function::Abs, Function::Cosh, Function::LogCosh] {
        if let Some(argument) = cx.graph.argument(id, function) {
            let opposite = opposite(cx, argument)?;
            return Some(cx.graph.apply(function, &[opposite]));
        }
    }
    let (base, exponent) = cx.graph.pair(id, Function::Pow)?;
    if cx.graph.constant(exponent)? % 2.0 != 0.0 {
        return None;
    }
    let inner = match cx.graph.argument(base, Function::Abs) {
        Some(inner) => inner,
        None => opposite(cx, base)?,
    };
    Some(cx.graph.apply(Function::Pow, &[inner, exponent]))
}

/// The same number up to its sign, where another node says it more plainly.
fn opposite(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (plain, negated) = cx.graph.without_sign(id);
    negated.then_some(plain)
}

fn power(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (base, exponent) = cx.graph.pair(id, Function::Pow)?;
    let exponent = cx.graph.constant(exponent)?;
    if exponent == 0.0 {
        Some(cx.graph.real(1.0))
    } else if exponent == 1.0 {
        Some(base)
    } else if exponent == 0.5 {
        Some(cx.graph.apply(Function::Sqrt, &[base]))
    } else if exponent == -1.0 {
        let one = cx.graph.real(1.0);
        Some(cx.graph.divide(one, base))
    } else {
        None
    }
}

fn log_of_shifted(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let argument = cx.graph.argument(id, Function::Log)?;
    let g = &mut *cx.graph;
    let shift = if let Some((a, b)) = g.pair(argument, Function::Add) {
        if g.is(a, 1.0) {
            b
        } else if g.is(b, 1.0) {
            a
        } else {
            return None;
        }
    } else {
        let (a, b) = g.pair(argument, Function::Sub)?;
        if g.is(a, 1.0) {
            g.negate(b)
        } else {
            return None;
        }
    };
    Some(g.apply(Function::Log1p, &[shift]))
}
