//! The logistic family, recognised in naive text and in its derivatives.

use super::product::Product;
use super::{Context, Rule};
use crate::ir::{ExprId, Function, Graph};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "complement-of-sigmoid",
        why: "1 - sigmoid(x) = sigmoid(-x), exact where sigmoid(x) rounds to 1",
        apply: complement,
    },
    Rule {
        name: "log-of-sigmoid",
        why: "log(sigmoid(x)) = log_sigmoid(x), finite where sigmoid(x) is 0 in floating point",
        apply: |cx, id| {
            let argument = cx.graph.argument(id, Function::Log)?;
            let x = cx.graph.argument(argument, Function::Sigmoid)?;
            Some(cx.graph.apply(Function::LogSigmoid, &[x]))
        },
    },
    Rule {
        name: "softplus",
        why: "log1p(exp(x)) = softplus(x), which does not overflow",
        apply: |cx, id| {
            let argument = cx.graph.argument(id, Function::Log1p)?;
            let x = cx.graph.argument(argument, Function::Exp)?;
            Some(cx.graph.apply(Function::Softplus, &[x]))
        },
    },
    Rule {
        name: "log-odds",
        why: "log(x) - log(1 - x) = log(x / (1 - x)) = logit(x), without cancellation near 1/2",
        apply: log_odds,
    },
    Rule {
        name: "log-of-cosh",
        why: "log(cosh(x)) = log_cosh(x), which does not overflow",
        apply: |cx, id| {
            let argument = cx.graph.argument(id, Function::Log)?;
            let x = cx.graph.argument(argument, Function::Cosh)?;
            Some(cx.graph.apply(Function::LogCosh, &[x]))
        },
    },
    Rule {
        name: "xlogy-of-stable-log",
        why: "x log(y) with the stable form of the logarithm, under the guard of xlogy",
        apply: xlogy,
    },
    Rule {
        name: "log-sigmoid-of-softplus",
        why: "-softplus(-x) = log_sigmoid(x)",
        apply: |cx, id| {
            let inner = cx.graph.argument(id, Function::Neg)?;
            let negated = cx.graph.argument(inner, Function::Softplus)?;
            let x = cx.graph.argument(negated, Function::Neg)?;
            Some(cx.graph.apply(Function::LogSigmoid, &[x]))
        },
    },
    Rule {
        name: "shared-complement",
        why: "a - a sigmoid(x) = a sigmoid(-x) and a / sigmoid(x) - a = a exp(-x), without cancellation",
        apply: shared_complement,
    },
    Rule {
        name: "sigmoids-of-opposites",
        why: "sigmoid(x) + sigmoid(-x) = 1",
        apply: |cx, id| {
            let (a, b) = cx.graph.pair(id, Function::Add)?;
            let (x, y) = (cx.graph.argument(a, Function::Sigmoid)?, cx.graph.argument(b, Function::Sigmoid)?);
            is_negation(cx.graph, x, y).then(|| cx.graph.real(1.0))
        },
    },
    Rule {
        name: "logistic-quotient",
        why: "1 / (1 + exp(x)) = sigmoid(-x), which does not overflow",
        apply: quotient,
    },
    Rule {
        name: "exp-times-sigmoid",
        why: "exp(x) sigmoid(-x) = sigmoid(x), which does not overflow",
        apply: exp_times_sigmoid,
    },
    Rule {
        name: "opposite-exponentials",
        why: "exp(x) exp(-x) = 1; in floating point one may be 0 and the other infinite",
        apply: opposite_exponentials,
    },
    Rule {
        name: "log-of-product",
        why: "log(c sigmoid(x) / sigmoid(y)) = log(c) + log_sigmoid(x) - log_sigmoid(y) for a positive constant c; \
              exponentials and cosh likewise",
        apply: log_of_product,
    },
    Rule {
        name: "hyperbolic-quotient",
        why: "sinh(x) / cosh(x) = tanh(x), which does not overflow",
        apply: tanh,
    },
];

fn log_odds(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let g = &mut *cx.graph;
    let complement_of = |g: &Graph, log: ExprId| {
        let shift = g.argument(log, Function::Log1p)?;
        g.argument(shift, Function::Neg)
    };
    if let Some((a, b)) = g.pair(id, Function::Sub) {
        if let Some(x) = g.argument(a, Function::Log).filter(|x| complement_of(g, b) == Some(*x)) {
            return Some(g.apply(Function::Logit, &[x]));
        }
        let x = g.argument(b, Function::Log).filter(|x| complement_of(g, a) == Some(*x))?;
        let logit = g.apply(Function::Logit, &[x]);
        return Some(g.negate(logit));
    }
    let argument = g.argument(id, Function::Log)?;
    let (x, rest) = g.pair(argument, Function::Div)?;
    let (one, y) = g.pair(rest, Function::Sub)?;
    (g.is(one, 1.0) && x == y).then(|| g.apply(Function::Logit, &[x]))
}

fn complement(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (one, b) = cx.graph.pair(id, Function::Sub)?;
    let x = cx.graph.argument(b, Function::Sigmoid).filter(|_| cx.graph.is(one, 1.0))?;
    Some(sigmoid_of_negated(cx.graph, x))
}

fn sigmoid_of_negated(graph: &mut Graph, x: ExprId) -> ExprId {
    let negated = graph.negate(x);
    graph.apply(Function::Sigmoid, &[negated])
}

/// Whatever rule has a better form for the logarithm, under the guard.
fn xlogy(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (a, b) = cx.graph.pair(id, Function::Xlogy)?;
    let plain = cx.graph.apply(Function::Log, &[b]);
    let log = super::rules().find_map(|rule| (rule.apply)(cx, plain).filter(|better| *better != plain))?;
    let g = &mut *cx.graph;
    let (zero, bottom) = (g.real(0.0), g.real(f64::NEG_INFINITY));
    let (something, finite) = (g.apply(Function::Ne, &[a, zero]), g.apply(Function::Ne, &[log, bottom]));
    let flows = g.apply(Function::Or, &[something, finite]);
    let product = g.times(a, log);
    Some(g.choose(flows, product, zero))
}

/// `1 + exp(x)`: its `x`.
fn one_plus_exp(graph: &Graph, id: ExprId) -> Option<ExprId> {
    let (a, b) = graph.pair(id, Function::Add)?;
    let (one, e) = if graph.is(a, 1.0) { (a, b) } else { (b, a) };
    graph.argument(e, Function::Exp).filter(|_| graph.is(one, 1.0))
}

fn quotient(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut product = Product::of_quotient(cx.graph, id)?;
    let (sum, exponent, x) = product.factors.iter().find_map(|(factor, exponent)| {
        one_plus_exp(cx.graph, *factor).filter(|_| *exponent < 0).map(|x| (*factor, *exponent, x))
    })?;
    product.take(sum, exponent);
    let sigmoid = sigmoid_of_negated(cx.graph, x);
    product.multiply(sigmoid, -exponent);
    Some(product.build(cx.graph))
}

/// `a - a s` and `a - a / s` for a sigmoid `s`, and the same the other way round.
fn shared_complement(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (a, b) = cx.graph.pair(id, Function::Sub)?;
    let (left, right) = (Product::of(cx.graph, a), Product::of(cx.graph, b));
    match extra_sigmoid(cx.graph, &right, &left) {
        Some((x, 1)) => {
            let opposite = sigmoid_of_negated(cx.graph, x);
            return Some(times(cx.graph, left, opposite));
        }
        Some((x, -1)) => {
            let exp = exp_of_negated(cx.graph, x);
            let product = times(cx.graph, left, exp);
            return Some(cx.graph.negate(product));
        }
        _ => {}
    }
    match extra_sigmoid(cx.graph, &left, &right)? {
        (x, 1) => {
            let opposite = sigmoid_of_negated(cx.graph, x);
            let product = times(cx.graph, right, opposite);
            Some(cx.graph.negate(product))
        }
        // 1 / sigmoid(x) - 1 = exp(-x)
        (x, -1) => {
            let exp = exp_of_negated(cx.graph, x);
            Some(times(cx.graph, right, exp))
        }
        _ => None,
    }
}

fn exp_of_negated(graph: &mut Graph, x: ExprId) -> ExprId {
    let negated = graph.negate(x);
    graph.apply(Function::Exp, &[negated])
}

fn times(graph: &mut Graph, mut product: Product, factor: ExprId) -> ExprId {
    product.multiply(factor, 1);
    product.build(graph)
}

/// The sigmoid, by its argument and exponent, that one product has beside all that another has.
fn extra_sigmoid(graph: &Graph, whole: &Product, part: &Product) -> Option<(ExprId, i32)> {
    let mut rest = whole.clone();
    for (factor, exponent) in &part.factors {
        rest.take(*factor, *exponent).then_some(())?;
    }
    let alike = (whole.coefficient, whole.divisor) == (part.coefficient, part.divisor);
    match rest.factors.as_slice() {
        [(factor, exponent)] if alike => graph.argument(*factor, Function::Sigmoid).map(|x| (x, *exponent)),
        _ => None,
    }
}

/// `exp(x) exp(-x)`
fn opposite_exponentials(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut product = Product::of_quotient(cx.graph, id)?;
    let exps: Vec<(ExprId, ExprId)> = product
        .factors
        .iter()
        .filter(|(_, exponent)| *exponent > 0)
        .filter_map(|(factor, _)| cx.graph.argument(*factor, Function::Exp).map(|x| (*factor, x)))
        .collect();
    for (i, (first, x)) in exps.iter().enumerate() {
        for (second, y) in &exps[i + 1..] {
            if is_negation(cx.graph, *x, *y) {
                product.take(*first, 1);
                product.take(*second, 1);
                return Some(product.build(cx.graph));
            }
        }
    }
    None
}

/// The logarithm of a product of functions that have a stable one.
fn log_of_product(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let argument = cx.graph.argument(id, Function::Log)?;
    let product = Product::of_quotient(cx.graph, argument)?;
    let scale = product.coefficient / product.divisor;
    if product.factors.is_empty() || scale <= 0.0 {
        return None;
    }
    let mut logs = Vec::new();
    for (factor, power) in &product.factors {
        let known = [(Function::Sigmoid, Function::LogSigmoid), (Function::Cosh, Function::LogCosh)];
        let found = known.iter().find_map(|(of, log)| Some((*log, cx.graph.argument(*factor, *of)?)));
        let log = match found {
            Some((log, x)) => cx.graph.apply(log, &[x]),
            None => cx.graph.argument(*factor, Function::Exp)?,
        };
        let times = cx.graph.real(f64::from(power.abs()));
        let log = if power.abs() == 1 { log } else { cx.graph.times(times, log) };
        logs.push((log, *power < 0));
    }
    logs.sort_by_key(|(_, negated)| *negated);
    if scale != 1.0 {
        logs.insert(0, (cx.graph.real(scale.ln()), false));
    }
    super::terms::sum(cx.graph, &logs)
}

fn exp_times_sigmoid(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut product = Product::of_quotient(cx.graph, id)?;
    let above = |function| {
        let argument = |(factor, exponent): &(ExprId, i32)| {
            cx.graph.argument(*factor, function).filter(|_| *exponent > 0).map(|x| (*factor, x))
        };
        product.factors.iter().filter_map(argument).collect::<Vec<_>>()
    };
    let (sigmoids, exps) = (above(Function::Sigmoid), above(Function::Exp));
    for (sigmoid, x) in sigmoids {
        for (exp, y) in &exps {
            if is_negation(cx.graph, x, *y) {
                product.take(sigmoid, 1);
                product.take(*exp, 1);
                let other = cx.graph.apply(Function::Sigmoid, &[*y]);
                product.multiply(other, 1);
                return Some(product.build(cx.graph));
            }
        }
    }
    None
}

/// Whether `y` is `-x`, however that is written.
pub(super) fn is_negation(graph: &mut Graph, x: ExprId, y: ExprId) -> bool {
    let ((plain, negated), (other, other_negated)) = (graph.without_sign(x), graph.without_sign(y));
    if plain == other {
        return negated != other_negated;
    }
    let (mut x, y) = (Product::of(graph, x), Product::of(graph, y));
    x.coefficient = -x.coefficient;
    x.factors.sort_unstable();
    let mut factors = y.factors.clone();
    factors.sort_unstable();
    (x.coefficient, x.divisor, x.factors) == (y.coefficient, y.divisor, factors)
}

fn tanh(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut product = Product::of_quotient(cx.graph, id)?;
    let x = product.factors.iter().find_map(|(factor, exponent)| {
        cx.graph.argument(*factor, Function::Cosh).filter(|_| *exponent == -1)
    })?;
    let (sinh, cosh) = (cx.graph.apply(Function::Sinh, &[x]), cx.graph.apply(Function::Cosh, &[x]));
    if !product.take(sinh, 1) {
        return None;
    }
    product.take(cosh, -1);
    let tanh = cx.graph.apply(Function::Tanh, &[x]);
    product.multiply(tanh, 1);
    Some(product.build(cx.graph))
}
