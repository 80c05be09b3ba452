//! Exponentials and logarithms that undo each other, or lose their digits to a 1.

use super::product::Product;
use super::{Context, Rule};
use crate::ir::{ExprId, Function, Graph};

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

/// The most terms of a sum among which a rule looks for two.
const TERMS: usize = 8;

fn expm1(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut terms = terms(cx.graph, id).filter(|terms| terms.len() > 1)?;
    let products: Vec<Product> = terms.iter().map(|term| signed(cx.graph, *term)).collect();
    let (with, without, joined) = products.iter().enumerate().find_map(|(with, product)| {
        let exponential = |(factor, exponent): &(ExprId, i32)| {
            *exponent == 1 && cx.graph.argument(*factor, Function::Exp).is_some()
        };
        let (exp, _) = *product.factors.iter().find(|factor| exponential(factor))?;
        let mut rest = product.clone();
        rest.take(exp, 1);
        let opposite = |other: &Product| {
            other.factors == rest.factors
                && other.divisor == rest.divisor
                && other.coefficient == -rest.coefficient
        };
        let without = products.iter().position(opposite)?;
        Some((with, without, (rest, exp)))
    })?;
    let (mut rest, exp) = joined;
    let x = cx.graph.argument(exp, Function::Exp)?;
    let negative = rest.coefficient < 0.0;
    rest.coefficient = rest.coefficient.abs();
    rest.multiply(cx.graph.apply(Function::Expm1, &[x]), 1);
    let difference = rest.build(cx.graph);
    // The difference stands where the exponential stood.
    let place = with - usize::from(without < with);
    terms.remove(without);
    terms[place] = (difference, negative);
    let (first, negated) = terms[0];
    let first = if negated { cx.graph.negate(first) } else { first };
    let add =
        |sum, (term, negated)| if negated { cx.graph.minus(sum, term) } else { cx.graph.plus(sum, term) };
    Some(terms[1..].iter().copied().fold(first, add))
}

/// The terms of a sum in order, and whether each is subtracted; `None` where there are too many.
fn terms(graph: &Graph, id: ExprId) -> Option<Vec<(ExprId, bool)>> {
    let (mut terms, mut open) = (Vec::new(), vec![(id, false)]);
    while let Some((id, negated)) = open.pop() {
        if let Some((a, b)) = graph.pair(id, Function::Add) {
            open.extend([(b, negated), (a, negated)]);
        } else if let Some((a, b)) = graph.pair(id, Function::Sub) {
            open.extend([(b, !negated), (a, negated)]);
        } else {
            terms.push((id, negated));
        }
        // What is open has at least a term each.
        if terms.len() + open.len() > TERMS {
            return None;
        }
    }
    Some(terms)
}

/// A term of a sum as a product.
fn signed(graph: &Graph, (term, negated): (ExprId, bool)) -> Product {
    let mut product = Product::of(graph, term);
    if negated {
        product.coefficient = -product.coefficient;
    }
    product
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
