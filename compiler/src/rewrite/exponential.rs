//! Exponentials and logarithms that undo each other, or lose their digits to a 1.

use super::product::Product;
use super::terms::{beside, is_multiple, join, times};
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
        why: "exp(log(x)) = x where x is positive, and exp(log1p(x)) = 1 + x",
        apply: |cx, id| {
            let argument = cx.graph.argument(id, Function::Exp)?;
            if let Some(x) = cx.graph.argument(argument, Function::Log1p) {
                let one = cx.graph.real(1.0);
                let sum = cx.graph.plus(one, x);
                return cx.range(sum).is_positive().then_some(sum);
            }
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
        why: "a exp(x) - a = a expm1(x), wherever both stand in a sum; it keeps the digits of a small x",
        apply: |cx, id| join(cx, id, &[Function::Exp], expm1),
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

/// `a exp(x)` and `-a` among the terms of a sum.
fn expm1(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    let (rest, x) = beside(cx.graph, one, Function::Exp, 1)
        .into_iter()
        .find(|(rest, _)| is_multiple(other, -1.0, rest))?;
    Some(times(cx.graph, rest, 1.0, Function::Expm1, x))
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
