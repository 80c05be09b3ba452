//! The logistic family, hyperbolic functions and the error function.

use super::{Row, unary};
use crate::ir::range::Range;
use crate::ir::{ExprId, Function, Graph};

const SAMPLES: &[&[f64]] = &[&[-40.0], &[-3.0], &[-0.5], &[0.25], &[2.0], &[35.0]];

/// `1 / (1 + exp(-x))`
fn sigmoid(x: f64) -> f64 {
    if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
}

/// `log(1 + exp(x))`
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// `sigmoid(-x)`, that is `1 - sigmoid(x)`
fn opposite(g: &mut Graph, x: ExprId) -> ExprId {
    let negated = g.negate(x);
    g.apply(Function::Sigmoid, &[negated])
}

pub(super) const ROWS: &[Row] = &[
    Row {
        derivative: Some(|g, _, value, _| {
            let rest = g.complement(value);
            g.times(value, rest)
        }),
        evaluate: |x| sigmoid(x[0]),
        range: |_| Range::open(0.0, 1.0),
        ..unary(Function::Sigmoid, "sigmoid", 30, SAMPLES)
    },
    Row {
        derivative: Some(|g, x, _, _| opposite(g, x[0])),
        evaluate: |x| -softplus(-x[0]),
        range: |_| Range::open(f64::NEG_INFINITY, 0.0),
        ..unary(Function::LogSigmoid, "log_sigmoid", 30, SAMPLES)
    },
    Row {
        derivative: Some(|g, x, _, _| g.apply(Function::Sigmoid, x)),
        evaluate: |x| softplus(x[0]),
        range: |_| Range::POSITIVE,
        ..unary(Function::Softplus, "softplus", 30, SAMPLES)
    },
    Row {
        // 1 / (x (1 - x))
        domain: "0 to 1; at the ends it is infinite",
        derivative: Some(|g, x, _, _| {
            let (one, rest) = (g.real(1.0), g.complement(x[0]));
            let variance = g.times(x[0], rest);
            g.divide(one, variance)
        }),
        evaluate: |x| {
            if (0.25..0.75).contains(&x[0]) {
                ((2.0 * x[0] - 1.0) / (1.0 - x[0])).ln_1p()
            } else {
                x[0].ln() - (-x[0]).ln_1p()
            }
        },
        samples: &[&[0.01], &[0.3], &[0.5], &[0.9]],
        ..unary(Function::Logit, "logit", 30, SAMPLES)
    },
    Row {
        // 1 - tanh(x)^2, in the form that keeps its digits: 4 sigmoid(2x) sigmoid(-2x)
        derivative: Some(|g, x, _, _| {
            let (two, four) = (g.real(2.0), g.real(4.0));
            let twice = g.times(two, x[0]);
            let left = g.apply(Function::Sigmoid, &[twice]);
            let right = opposite(g, twice);
            let product = g.times(left, right);
            g.times(four, product)
        }),
        evaluate: |x| x[0].tanh(),
        range: |r| r[0].map(f64::tanh).intersect(Range::open(-1.0, 1.0)),
        ..unary(Function::Tanh, "tanh", 30, SAMPLES)
    },
    Row {
        derivative: Some(|g, x, _, _| g.apply(Function::Cosh, x)),
        evaluate: |x| x[0].sinh(),
        range: |r| r[0].map(f64::sinh),
        ..unary(Function::Sinh, "sinh", 30, SAMPLES)
    },
    Row {
        derivative: Some(|g, x, _, _| g.apply(Function::Sinh, x)),
        evaluate: |x| x[0].cosh(),
        range: |_| Range { above: false, ..Range::open(1.0, f64::INFINITY) },
        ..unary(Function::Cosh, "cosh", 30, SAMPLES)
    },
    Row {
        derivative: Some(|g, x, _, _| g.apply(Function::Tanh, x)),
        evaluate: |x| {
            let a = x[0].abs();
            if a < 1.0 {
                (2.0 * (a / 2.0).sinh().powi(2)).ln_1p()
            } else {
                softplus(-2.0 * a) + a - std::f64::consts::LN_2
            }
        },
        range: |_| Range::NONNEGATIVE,
        ..unary(Function::LogCosh, "log_cosh", 30, SAMPLES)
    },
    Row {
        // 2 / sqrt(pi) exp(-x^2)
        derivative: Some(|g, x, _, _| {
            let square = g.times(x[0], x[0]);
            let negated = g.negate(square);
            let bell = g.apply(Function::Exp, &[negated]);
            let scale = g.real(std::f64::consts::FRAC_2_SQRT_PI);
            g.times(scale, bell)
        }),
        evaluate: |x| erf(x[0]),
        range: |_| Range::open(-1.0, 1.0),
        ..unary(Function::Erf, "erf", 30, SAMPLES)
    },
];

/// The error function by its series, or by a continued fraction of its complement: slow and accurate to a
/// few units in the last place, for constant folding and tests.
fn erf(x: f64) -> f64 {
    let a = x.abs();
    let value = if a < 2.5 {
        let mut term = a;
        let mut sum = a;
        for n in 1..200 {
            term *= -a * a / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        std::f64::consts::FRAC_2_SQRT_PI * sum
    } else {
        let tail = (1..60).rev().fold(0.0, |below, n| f64::from(n) / 2.0 / (a + below));
        1.0 - (-a * a).exp() / std::f64::consts::PI.sqrt() / (a + tail)
    };
    if x.is_nan() { x } else { value.copysign(x) }
}
