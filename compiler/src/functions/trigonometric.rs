//! Sine, cosine, tangent and the inverse tangent.

use super::{Row, unary};
use crate::ir::Function;
use crate::ir::range::Range;

const SAMPLES: &[&[f64]] = &[&[-3.0], &[-0.5], &[0.25], &[2.0], &[11.0]];

pub(super) const ROWS: &[Row] = &[
    Row {
        derivative: Some(|g, x, _, _| g.apply(Function::Cos, x)),
        evaluate: |x| x[0].sin(),
        range: |_| Range::closed(-1.0, 1.0),
        ..unary(Function::Sin, "sin", 40, SAMPLES)
    },
    Row {
        derivative: Some(|g, x, _, _| {
            let sine = g.apply(Function::Sin, x);
            g.negate(sine)
        }),
        evaluate: |x| x[0].cos(),
        range: |_| Range::closed(-1.0, 1.0),
        ..unary(Function::Cos, "cos", 40, SAMPLES)
    },
    Row {
        // 1 + tan(x)^2
        derivative: Some(|g, _, value, _| {
            let (one, square) = (g.real(1.0), g.times(value, value));
            g.plus(one, square)
        }),
        evaluate: |x| x[0].tan(),
        samples: &[&[-3.0], &[-0.5], &[0.25], &[2.0]],
        ..unary(Function::Tan, "tan", 40, SAMPLES)
    },
    Row {
        // 1 / (1 + x^2)
        derivative: Some(|g, x, _, _| {
            let (one, square) = (g.real(1.0), g.times(x[0], x[0]));
            let sum = g.plus(one, square);
            g.divide(one, sum)
        }),
        evaluate: |x| x[0].atan(),
        range: |r| r[0].map(f64::atan),
        ..unary(Function::Atan, "atan", 40, SAMPLES)
    },
];
