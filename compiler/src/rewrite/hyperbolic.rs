//! Hyperbolic functions, recognised in exponentials and sigmoids, and the digits that they lose beside a 1.

use super::logistic::is_negation;
use super::product::Product;
use super::terms::{beside, is_multiple, join, scaled, signed, sum, terms, times, unsigned};
use super::{Context, Rule};
use crate::ir::{ExprId, Function};
use std::f64::consts::LN_2;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "hyperbolic-sum",
        why: "exp(x) + exp(-x) = 2 cosh(x) and exp(x) - exp(-x) = 2 sinh(x), which keeps the digits of a small x",
        apply: |cx, id| join(cx, id, &[Function::Exp], of_exponentials),
    },
    Rule {
        name: "complement-of-tanh",
        why: "1 - tanh(x) = 2 sigmoid(-2x) and 1 - tanh(x)^2 = 4 sigmoid(2x) sigmoid(-2x), exact where tanh(x) \
              rounds to 1",
        apply: |cx, id| join(cx, id, &[Function::Tanh], complement),
    },
    Rule {
        name: "difference-of-sigmoids",
        why: "sigmoid(x) - sigmoid(-x) = 2 sigmoid(x) - 1 = tanh(x / 2), which keeps the digits of a small x",
        apply: |cx, id| join(cx, id, &[Function::Sigmoid], of_sigmoids),
    },
    Rule {
        name: "distance-of-sigmoids",
        why: "sigmoid(x) - sigmoid(y) = sigmoid(x) sigmoid(-y) - sigmoid(y) sigmoid(-x), and that is \
              tanh((x - y) / 2) times the sum of both products: it keeps the digits where both are close",
        apply: |cx, id| join(cx, id, &[Function::Sigmoid], distance),
    },
    Rule {
        name: "cosh-less-one",
        why: "cosh(x) - 1 = 2 sinh(x / 2)^2, which keeps the digits of a small x",
        apply: |cx, id| join(cx, id, &[Function::Cosh], cosh_less_one),
    },
    Rule {
        name: "tanh-of-expm1",
        why: "(exp(x) - 1) / (exp(x) + 1) = tanh(x / 2), which does not overflow",
        apply: tanh_of_expm1,
    },
    Rule {
        name: "exp-over-cosh",
        why: "exp(x) / cosh(x) = 2 sigmoid(2x), which does not overflow",
        apply: exp_over_cosh,
    },
    Rule {
        name: "double-angle",
        why: "sinh(x) cosh(x) = sinh(2x) / 2 and sin(x) cos(x) = sin(2x) / 2",
        apply: double_angle,
    },
    Rule {
        name: "log-cosh-of-softplus",
        why: "x + softplus(-2x) - log(2) = log_cosh(x), which keeps the digits of a small x",
        apply: log_cosh_of_softplus,
    },
];

fn of_exponentials(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    for (rest, x) in beside(cx.graph, one, Function::Exp, 1) {
        for (second, y) in beside(cx.graph, other, Function::Exp, 1) {
            if !is_negation(cx.graph, x, y) {
                continue;
            }
            let (plain, negated) = cx.graph.without_sign(x);
            if is_multiple(&second, 1.0, &rest) {
                return Some(times(cx.graph, rest, 2.0, Function::Cosh, plain));
            }
            if is_multiple(&second, -1.0, &rest) {
                let sign = if negated { -2.0 } else { 2.0 };
                return Some(times(cx.graph, rest, sign, Function::Sinh, plain));
            }
        }
    }
    None
}

fn complement(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    for (rest, x) in beside(cx.graph, one, Function::Tanh, 1) {
        for (sign, twice) in [(1.0, 2.0), (-1.0, -2.0)] {
            if is_multiple(other, sign, &rest) {
                let twice = scaled(cx.graph, twice, x);
                return Some(times(cx.graph, rest, 2.0 * sign, Function::Sigmoid, twice));
            }
        }
    }
    let (rest, x) = beside(cx.graph, one, Function::Tanh, 2)
        .into_iter()
        .find(|(rest, _)| is_multiple(other, -1.0, rest))?;
    let (up, down) = (scaled(cx.graph, 2.0, x), scaled(cx.graph, -2.0, x));
    let half = times(cx.graph, rest, -4.0, Function::Sigmoid, up);
    Some(times(cx.graph, half, 1.0, Function::Sigmoid, down))
}

fn of_sigmoids(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    for (rest, x) in beside(cx.graph, one, Function::Sigmoid, 1) {
        let sigmoids = beside(cx.graph, other, Function::Sigmoid, 1);
        let opposite = sigmoids
            .iter()
            .any(|(second, y)| is_multiple(second, -1.0, &rest) && is_negation(cx.graph, x, *y));
        let scale = match opposite {
            true => 1.0,
            false if is_multiple(other, -0.5, &rest) => 0.5,
            false => continue,
        };
        // One sign for both orders of the terms.
        let (plain, negated) = cx.graph.without_sign(x);
        let half = scaled(cx.graph, 0.5, plain);
        let sign = if negated { -1.0 } else { 1.0 };
        return Some(times(cx.graph, rest, sign * scale, Function::Tanh, half));
    }
    None
}

/// `r sigmoid(x) sigmoid(-y) - r sigmoid(y) sigmoid(-x)`, and `r sigmoid(x) - r sigmoid(y)`, which is the same.
fn distance(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    for (rest, x) in beside(cx.graph, one, Function::Sigmoid, 1) {
        for (second, y) in beside(cx.graph, other, Function::Sigmoid, 1) {
            let [up, down] = [x, y].map(|argument| {
                let opposite = cx.graph.negate(argument);
                cx.graph.apply(Function::Sigmoid, &[opposite])
            });
            let (mut without, mut second) = (rest.clone(), second);
            let both = (without.take(down, 1), second.take(up, 1));
            if both.0 != both.1 || !is_multiple(&second, -1.0, &without) || x == y {
                continue;
            }
            let g = &mut *cx.graph;
            let [own, theirs] = [x, y].map(|argument| g.apply(Function::Sigmoid, &[argument]));
            let (left, right, apart) = (g.times(own, down), g.times(theirs, up), g.minus(x, y));
            let (sum, half) = (g.plus(left, right), scaled(g, 0.5, apart));
            without.multiply(sum, 1);
            return Some(times(g, without, 1.0, Function::Tanh, half));
        }
    }
    None
}

fn cosh_less_one(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    let (mut rest, x) = beside(cx.graph, one, Function::Cosh, 1)
        .into_iter()
        .find(|(rest, _)| is_multiple(other, -1.0, rest))?;
    let half = scaled(cx.graph, 0.5, x);
    rest.multiply(cx.graph.apply(Function::Sinh, &[half]), 2);
    rest.coefficient *= 2.0;
    Some(rest)
}

fn tanh_of_expm1(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let product = Product::of_quotient(cx.graph, id)?;
    for (rest, x) in beside(cx.graph, &product, Function::Expm1, 1) {
        for (rest, y) in beside(cx.graph, &rest, Function::Sigmoid, 1) {
            if is_negation(cx.graph, x, y) {
                let half = scaled(cx.graph, 0.5, x);
                return Some(times(cx.graph, rest, 1.0, Function::Tanh, half).build(cx.graph));
            }
        }
    }
    None
}

fn exp_over_cosh(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let product = Product::of_quotient(cx.graph, id)?;
    for (rest, x) in beside(cx.graph, &product, Function::Exp, 1) {
        for (rest, y) in beside(cx.graph, &rest, Function::Cosh, -1) {
            if cx.graph.without_sign(x).0 == cx.graph.without_sign(y).0 {
                let twice = scaled(cx.graph, 2.0, x);
                return Some(times(cx.graph, rest, 2.0, Function::Sigmoid, twice).build(cx.graph));
            }
        }
    }
    None
}

fn double_angle(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let product = Product::of_quotient(cx.graph, id)?;
    for (sine, cosine) in [(Function::Sinh, Function::Cosh), (Function::Sin, Function::Cos)] {
        for (rest, x) in beside(cx.graph, &product, sine, 1) {
            let same = beside(cx.graph, &rest, cosine, 1).into_iter().find(|(_, y)| x == *y);
            if let Some((rest, _)) = same {
                let twice = scaled(cx.graph, 2.0, x);
                return Some(times(cx.graph, rest, 0.5, sine, twice).build(cx.graph));
            }
        }
    }
    None
}

/// `a x + a softplus(-2x) - a log(2)` and the same of `-x`.
fn log_cosh_of_softplus(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut terms = terms(cx.graph, id).filter(|terms| terms.len() > 2)?;
    let products: Vec<Product> = terms.iter().map(|term| signed(cx.graph, *term)).collect();
    let (place, rest, y) = products.iter().enumerate().find_map(|(place, product)| {
        let found = beside(cx.graph, product, Function::Softplus, 1).into_iter().next();
        found.map(|(rest, y)| (place, rest, y))
    })?;
    let x = scaled(cx.graph, -0.5, y);
    let whole = rest.clone().build(cx.graph);
    let linear = cx.graph.times(whole, x);
    let linear = Product::of(cx.graph, linear);
    let others = [(&linear, 1.0), (&rest, -LN_2)].map(|(other, scale)| {
        products.iter().position(|product| is_multiple(product, scale, other)).map(|at| terms[at])
    });
    let [Some(first), Some(second)] = others else { return None };
    let (plain, _) = cx.graph.without_sign(x);
    let joined = times(cx.graph, rest, 1.0, Function::LogCosh, plain);
    terms[place] = unsigned(cx.graph, joined);
    for other in [first, second] {
        let at = terms.iter().position(|term| *term == other)?;
        terms.remove(at);
    }
    sum(cx.graph, &terms)
}
