//! Comparisons, which are false where an operand is NaN (and `!=` true), and connectives.

use super::{Form, Row, Spelling, of_truth};
use crate::ir::Function;
use crate::ir::range::Range;

const fn comparison(function: Function, name: &'static str, evaluate: fn(&[f64]) -> f64) -> Row {
    Row {
        function,
        name,
        form: Form::Infix(4),
        arity: 2,
        domain: "all numbers",
        derivative: None,
        evaluate,
        range: |_| Range::closed(0.0, 1.0),
        spelling: Spelling::Infix(name),
        cost: 1,
        samples: &[&[1.0, 2.0], &[2.0, 2.0], &[3.0, 2.0]],
    }
}

pub(super) const ROWS: &[Row] = &[
    comparison(Function::Lt, "<", |x| of_truth(x[0] < x[1])),
    comparison(Function::Le, "<=", |x| of_truth(x[0] <= x[1])),
    comparison(Function::Gt, ">", |x| of_truth(x[0] > x[1])),
    comparison(Function::Ge, ">=", |x| of_truth(x[0] >= x[1])),
    comparison(Function::Eq, "==", |x| of_truth(x[0] == x[1])),
    comparison(Function::Ne, "!=", |x| of_truth(x[0] != x[1])),
    Row {
        function: Function::And,
        name: "and",
        form: Form::Infix(2),
        arity: 2,
        domain: "truth values",
        derivative: None,
        evaluate: |x| of_truth(x[0] != 0.0 && x[1] != 0.0),
        range: |_| Range::closed(0.0, 1.0),
        spelling: Spelling::Infix("&"),
        cost: 1,
        samples: &[&[0.0, 1.0], &[1.0, 1.0]],
    },
    Row {
        function: Function::Or,
        name: "or",
        form: Form::Infix(1),
        arity: 2,
        domain: "truth values",
        derivative: None,
        evaluate: |x| of_truth(x[0] != 0.0 || x[1] != 0.0),
        range: |_| Range::closed(0.0, 1.0),
        spelling: Spelling::Infix("|"),
        cost: 1,
        samples: &[&[0.0, 1.0], &[0.0, 0.0]],
    },
    Row {
        function: Function::Not,
        name: "not",
        form: Form::Prefix(3),
        arity: 1,
        domain: "truth values",
        derivative: None,
        evaluate: |x| of_truth(x[0] == 0.0),
        range: |_| Range::closed(0.0, 1.0),
        spelling: Spelling::Prefix("!"),
        cost: 1,
        samples: &[&[0.0], &[1.0]],
    },
];
