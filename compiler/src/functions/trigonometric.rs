//! Sine, cosine, tangent and the inverse tangent.

use super::{Form, Row, Spelling};
use crate::ir::Function;
use crate::ir::range::Range;

const fn unary(function: Function, name: &'static str) -> Row {
    Row {
        function,
        name,
        form: Form::Call,
        arity: 1,
        domain: "all numbers",
        derivative: None,
        evaluate: |x| x[0],
        range: |_| Range::ALL,
        spelling: Spelling::Method(name),
        cost: 40,
        samples: &[&[-3.0], &[-0.5], &[0.25], &[2.0], &[11.0]],
    }
}

pub(super) const ROWS: &[Row] = &[
    Row {
        derivative: Some(|g, x, _, _| g.apply(Function::Cos, x)),
        evaluate: |x| x[0].sin(),
        range: |_| Range::closed(-1.0, 1.0),
        ..unary(Function::Sin, "sin")
    },
    Row {
        derivative: Some(|g, x, _, _| {
            let sine = g.apply(Function::Sin, x);
            g.negate(sine)
        }),
        evaluate: |x| x[0].cos(),
        range: |_| Range::closed(-1.0, 1.0),
        ..unary(Function::Cos, "cos")
    },
    Row {
        // 1 + tan(x)^2
        derivative: Some(|g, _, value, _| {
            let (one, square) = (g.real(1.0), g.times(value, value));
            g.plus(one, square)
        }),
        evaluate: |x| x[0].tan(),
        samples: &[&[-3.0], &[-0.5], &[0.25], &[2.0]],
        ..unary(Function::Tan, "tan")
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
        ..unary(Function::Atan, "atan")
    },
];
