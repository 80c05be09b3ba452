//! Exponentials and logarithms that undo each other, or lose their digits to a 1.

use super::product::Product;
use super::{Context, Rule};
use crate::ir::{ExprId, Function};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "log-of-exp",
        why: "log(exp(x)) = x",
        apply: |cx, id| {
            let argument = cx.graph.argument(id, Function::Log)?;
            cx.graph.argument(argument, Function::Exp)
        },
    },
    Rule {
        name: "exp-of-log",
        why: "exp(log(x)) = x where x is positive",
        apply: |cx, id| {
            let argument = cx.graph.argument(id, Function::Exp)?;
            let x = cx.graph.argument(argument, Function::Log)?;
            cx.range(x).is_positive().then_some(x)
        },
    },
    Rule {
        name: "exp-of-difference",
        why: "exp(a - log(b)) = exp(a) / b where b is positive and exp(a) neither overflows nor vanishes",
        apply: exp_of_difference,
    },
    Rule {
        name: "exp-of-log-sigmoid",
        why: "exp(log_sigmoid(x)) = sigmoid(x)",
        apply: |cx, id| {
            let argument = cx.graph.argument(id, Function::Exp)?;
            let x = cx.graph.argument(argument, Function::LogSigmoid)?;
            Some(cx.graph.apply(Function::Sigmoid, &[x]))
        },
    },
    Rule {
        name: "expm1",
        why: "exp(x) - 1 = expm1(x) and 1 - exp(x) = -expm1(x), which keep the digits of a small x",
        apply: expm1,
    },
    Rule {
        name: "log1mexp",
        why: "log(1 - exp(x)) = log1mexp(x), which keeps its digits at both ends",
        apply: log1mexp,
    },
    Rule {
        name: "expm1-quotient",
        why: "exp(x) / expm1(x) = -1 / expm1(-x), which does not overflow",
        apply: quotient,
    },
];

fn exp_of_difference(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let argument = cx.graph.argument(id, Function::Exp)?;
    let (a, log) = cx.graph.pair(argument, Function::Sub)?;
    let b = cx.graph.argument(log, Function::Log)?;
    let within = cx.range(a);
    if !cx.range(b).is_positive() || within.low < -80.0 || within.high > 80.0 {
        return None;
    }
    let exp = cx.graph.apply(Function::Exp, &[a]);
    Some(cx.graph.divide(exp, b))
}

fn expm1(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let g = &mut *cx.graph;
    if let Some((a, b)) = g.pair(id, Function::Add) {
        let (minus, e) = if g.is(a, -1.0) { (a, b) } else { (b, a) };
        let x = g.argument(e, Function::Exp).filter(|_| g.is(minus, -1.0))?;
        return Some(g.apply(Function::Expm1, &[x]));
    }
    let (a, b) = g.pair(id, Function::Sub)?;
    if let Some(x) = g.argument(a, Function::Exp).filter(|_| g.is(b, 1.0)) {
        return Some(g.apply(Function::Expm1, &[x]));
    }
    let x = g.argument(b, Function::Exp).filter(|_| g.is(a, 1.0))?;
    let difference = g.apply(Function::Expm1, &[x]);
    Some(g.negate(difference))
}

fn log1mexp(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let g = &mut *cx.graph;
    let x = if let Some(argument) = g.argument(id, Function::Log) {
        let inner = g.argument(argument, Function::Neg)?;
        g.argument(inner, Function::Expm1)?
    } else {
        let argument = g.argument(id, Function::Log1p)?;
        let inner = g.argument(argument, Function::Neg)?;
        g.argument(inner, Function::Exp)?
    };
    Some(g.apply(Function::Log1mexp, &[x]))
}

fn quotient(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut product = Product::of_quotient(cx.graph, id)?;
    let x = product.factors.iter().find_map(|(factor, exponent)| {
        cx.graph.argument(*factor, Function::Expm1).filter(|_| *exponent == -1)
    })?;
    let (exp, difference) = (cx.graph.apply(Function::Exp, &[x]), cx.graph.apply(Function::Expm1, &[x]));
    if !product.take(exp, 1) {
        return None;
    }
    product.take(difference, -1);
    let negated = cx.graph.negate(x);
    let other = cx.graph.apply(Function::Expm1, &[negated]);
    product.coefficient = -product.coefficient;
    product.multiply(other, -1);
    Some(product.build(cx.graph))
}
