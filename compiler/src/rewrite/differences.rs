//! Differences of nearly equal numbers, and roots and exponentials of two terms.

use super::product::Product;
use super::softmax::Linear;
use super::terms::{beside, is_multiple, join, scaled, signed, sum, terms};
use super::{Context, Rule};
use crate::ir::{ExprId, Function, Graph};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "complement-of-cosine",
        why: "1 - cos(x) = 2 sin(x / 2)^2 and 1 - cos(x)^2 = sin(x)^2, which keep the digits of a small x",
        apply: |cx, id| join(cx, id, &[Function::Cos], cosine),
    },
    Rule {
        name: "root-less-constant",
        why: "sqrt(a^2 + u) - a = u / (sqrt(a^2 + u) + a) for a positive a, which keeps the digits of a small u; \
              where u is infinite, so are both",
        apply: |cx, id| join(cx, id, &[Function::Sqrt], root),
    },
    Rule {
        name: "root-of-square",
        why: "sqrt(x^2) = abs(x), which neither overflows nor vanishes",
        apply: |cx, id| {
            let square = cx.graph.argument(id, Function::Sqrt)?;
            let x = squared(cx.graph, square)?;
            Some(cx.graph.apply(Function::Abs, &[x]))
        },
    },
    Rule {
        name: "logsumexp-of-two",
        why: "log(exp(x) + exp(y)) = max(x, y) + softplus(-abs(x - y)), which does not overflow",
        apply: |cx, id| {
            let sum = cx.graph.argument(id, Function::Log)?;
            let (x, y) = two_exponentials(cx.graph, sum)?;
            Some(of_two(cx.graph, x, y))
        },
    },
    Rule {
        name: "logsumexp-of-two-by-hand",
        why: "x + softplus(y - x) = max(x, y) + softplus(-abs(x - y)), in which nothing cancels",
        apply: |cx, id| join(cx, id, &[Function::Softplus], by_hand),
    },
    Rule {
        name: "softmax-of-two",
        why: "exp(x) / (exp(x) + exp(y)) = sigmoid(x - y), which does not overflow",
        apply: softmax_of_two,
    },
];

/// `x` of `x^2`.
fn squared(graph: &Graph, id: ExprId) -> Option<ExprId> {
    if let Some((a, b)) = graph.pair(id, Function::Mul) {
        return (a == b).then_some(a);
    }
    graph.pair(id, Function::Pow).filter(|(_, two)| graph.is(*two, 2.0)).map(|(base, _)| base)
}

fn cosine(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    let alike = |(rest, _): &(Product, ExprId)| is_multiple(other, -1.0, rest);
    if let Some((mut rest, x)) = beside(cx.graph, one, Function::Cos, 1).into_iter().find(alike) {
        let half = scaled(cx.graph, 0.5, x);
        rest.multiply(cx.graph.apply(Function::Sin, &[half]), 2);
        rest.coefficient *= -2.0;
        return Some(rest);
    }
    let (mut rest, x) = beside(cx.graph, one, Function::Cos, 2).into_iter().find(alike)?;
    rest.multiply(cx.graph.apply(Function::Sin, &[x]), 2);
    rest.coefficient = -rest.coefficient;
    Some(rest)
}

/// `r sqrt(a^2 + u)` and `-r a`.
fn root(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    for (rest, square) in beside(cx.graph, one, Function::Sqrt, 1) {
        let Some(taken) = quotient(other, &rest) else { continue };
        let constant = taken.factors.is_empty() && taken.coefficient < 0.0;
        let positive = match taken.factors.as_slice() {
            [(factor, 1)] => taken.coefficient == -1.0 && cx.range(*factor).is_positive(),
            _ => constant,
        };
        if !positive {
            continue;
        }
        let mut own = taken.clone();
        own.coefficient *= own.coefficient;
        own.factors.iter_mut().for_each(|(_, power)| *power *= 2);
        let Some(mut inside) = terms(cx.graph, square) else { continue };
        let Some(place) = inside.iter().position(|term| is_multiple(&signed(cx.graph, *term), 1.0, &own))
        else {
            continue;
        };
        inside.remove(place);
        let Some(u) = sum(cx.graph, &inside) else { continue };
        let mut a = taken;
        a.coefficient = -a.coefficient;
        let a = a.build(cx.graph);
        let bounded = cx.range(u).is_bounded();
        let g = &mut *cx.graph;
        let root = g.apply(Function::Sqrt, &[square]);
        let below = g.plus(root, a);
        let mut stable = g.divide(u, below);
        if !bounded {
            let infinity = g.real(f64::INFINITY);
            let finite = g.apply(Function::Lt, &[u, infinity]);
            stable = g.choose(finite, stable, u);
        }
        let mut joined = rest;
        joined.multiply(stable, 1);
        return Some(joined);
    }
    None
}

/// What one product has beside another.
fn quotient(whole: &Product, part: &Product) -> Option<Product> {
    let mut rest = whole.clone();
    for (factor, power) in &part.factors {
        rest.take(*factor, *power).then_some(())?;
    }
    rest.coefficient /= part.coefficient;
    let exact = rest.coefficient * part.coefficient == whole.coefficient && whole.divisor == part.divisor;
    rest.divisor = 1.0;
    exact.then_some(rest)
}

/// `x` and `y` of `exp(x) + exp(y)`.
fn two_exponentials(graph: &Graph, id: ExprId) -> Option<(ExprId, ExprId)> {
    let (a, b) = graph.pair(id, Function::Add)?;
    Some((graph.argument(a, Function::Exp)?, graph.argument(b, Function::Exp)?))
}

/// A product of exponentials that are together one of the two.
fn softmax_of_two(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut product = Product::of_quotient(cx.graph, id)?;
    let (sum, (a, b)) = product.factors.iter().find_map(|(factor, power)| {
        Some((*factor, two_exponentials(cx.graph, *factor).filter(|_| *power < 0)?))
    })?;
    product.take(sum, -1);
    let mut exponent = Linear::default();
    let mut found = Vec::new();
    for (factor, power) in product.factors.iter().filter(|(_, power)| *power > 0) {
        if let Some(x) = cx.graph.argument(*factor, Function::Exp) {
            let whole = cx.graph.apply(Function::Exp, &[x]);
            // One of the two by itself, or all together.
            if x == a || x == b {
                (exponent, found) = (Linear::default(), vec![(whole, 1)]);
                exponent.add(cx.graph, x, 1);
                break;
            }
            exponent.add(cx.graph, x, *power);
            found.push((whole, *power));
        }
    }
    let together = exponent.build(cx.graph)?;
    let (x, y) = if together == a { (a, b) } else { (b, a) };
    if together != x || !found.into_iter().all(|(exp, power)| product.take(exp, power)) {
        return None;
    }
    let apart = cx.graph.minus(x, y);
    product.multiply(cx.graph.apply(Function::Sigmoid, &[apart]), 1);
    Some(product.build(cx.graph))
}

/// `r x + r softplus(y - x)`.
fn by_hand(cx: &mut Context<'_>, one: &Product, other: &Product) -> Option<Product> {
    beside(cx.graph, one, Function::Softplus, 1).into_iter().find_map(|(rest, apart)| {
        let (y, x) = cx.graph.pair(apart, Function::Sub)?;
        let whole = rest.clone().build(cx.graph);
        let product = cx.graph.times(whole, x);
        let same = is_multiple(other, 1.0, &Product::of(cx.graph, product));
        same.then(|| {
            let mut joined = rest;
            joined.multiply(of_two(cx.graph, x, y), 1);
            joined
        })
    })
}

/// `log(exp(x) + exp(y))`
fn of_two(g: &mut Graph, x: ExprId, y: ExprId) -> ExprId {
    let (most, apart) = (g.apply(Function::Max, &[x, y]), g.minus(x, y));
    let magnitude = g.apply(Function::Abs, &[apart]);
    let opposite = g.negate(magnitude);
    let rest = g.apply(Function::Softplus, &[opposite]);
    g.plus(most, rest)
}
