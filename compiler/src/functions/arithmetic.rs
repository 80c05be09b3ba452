//! `+ - * / ^` and the square root.

use super::{Form, Row, Spelling};
use crate::ir::range::Range;
use crate::ir::{ExprId, Function, Graph};

pub(super) const ROWS: &[Row] = &[
    Row {
        function: Function::Add,
        name: "+",
        form: Form::Infix(5),
        arity: 2,
        domain: "all numbers",
        derivative: Some(|g, _, _, _| g.real(1.0)),
        evaluate: |x| x[0] + x[1],
        range: |r| r[0].plus(r[1]),
        spelling: Spelling::Infix("+"),
        cost: 1,
        samples: &[&[1.5, -2.0], &[0.0, 0.25]],
    },
    Row {
        function: Function::Sub,
        name: "-",
        form: Form::Infix(5),
        arity: 2,
        domain: "all numbers",
        derivative: Some(|g, _, _, which| g.real(if which == 0 { 1.0 } else { -1.0 })),
        evaluate: |x| x[0] - x[1],
        range: |r| r[0].plus(r[1].negate()),
        spelling: Spelling::Infix("-"),
        cost: 1,
        samples: &[&[1.5, -2.0], &[0.0, 0.25]],
    },
    Row {
        function: Function::Mul,
        name: "*",
        form: Form::Infix(6),
        arity: 2,
        domain: "all numbers",
        derivative: Some(|_, x, _, which| x[1 - which]),
        evaluate: |x| x[0] * x[1],
        range: |r| r[0].times(r[1]),
        spelling: Spelling::Infix("*"),
        cost: 1,
        samples: &[&[1.5, -2.0], &[0.0, 0.25]],
    },
    Row {
        function: Function::Div,
        name: "/",
        form: Form::Infix(6),
        arity: 2,
        domain: "divisors other than 0",
        derivative: Some(divided),
        evaluate: |x| x[0] / x[1],
        range: |r| r[0].times(r[1].invert()),
        spelling: Spelling::Infix("/"),
        cost: 8,
        samples: &[&[1.5, -2.0], &[0.0, 0.25], &[-3.0, 7.0]],
    },
    Row {
        function: Function::Neg,
        name: "-",
        form: Form::Prefix(7),
        arity: 1,
        domain: "all numbers",
        derivative: Some(|g, _, _, _| g.real(-1.0)),
        evaluate: |x| -x[0],
        range: |r| r[0].negate(),
        spelling: Spelling::Prefix("-"),
        cost: 1,
        samples: &[&[1.5], &[-0.25]],
    },
    Row {
        function: Function::Pow,
        name: "^",
        form: Form::Infix(8),
        arity: 2,
        domain: "positive bases; any base where the exponent is whole",
        derivative: Some(raised),
        evaluate: |x| x[0].powf(x[1]),
        range: power_range,
        spelling: Spelling::Method("pow"),
        cost: 60,
        samples: &[&[1.5, -2.0], &[0.25, 0.5], &[3.0, 1.25], &[2.0, 3.0]],
    },
    Row {
        function: Function::Sqrt,
        name: "sqrt",
        form: Form::Call,
        arity: 1,
        domain: "0 and above",
        derivative: Some(|g, _, value, _| {
            let half = g.real(0.5);
            g.divide(half, value)
        }),
        evaluate: |x| x[0].sqrt(),
        range: |r| r[0].intersect(Range::NONNEGATIVE).map(f64::sqrt),
        spelling: Spelling::Method("sqrt"),
        cost: 8,
        samples: &[&[0.25], &[2.0], &[1e6]],
    },
];

/// `x / y`: `1 / y`, and `-(x / y / y)`, where no square overflows.
fn divided(g: &mut Graph, x: &[ExprId], value: ExprId, which: usize) -> ExprId {
    if which == 0 {
        let one = g.real(1.0);
        g.divide(one, x[1])
    } else {
        let ratio = g.divide(value, x[1]);
        g.negate(ratio)
    }
}

/// `x^y`: `y x^(y-1)`, 0 where y is 0; and `x^y log(x)`, 0 where that is `0 log 0`.
fn raised(g: &mut Graph, x: &[ExprId], value: ExprId, which: usize) -> ExprId {
    if which == 1 {
        return g.apply(Function::Xlogy, &[value, x[0]]);
    }
    let (one, zero) = (g.real(1.0), g.real(0.0));
    let less = match g.constant(x[1]) {
        Some(exponent) => g.real(exponent - 1.0),
        None => g.minus(x[1], one),
    };
    let power = g.apply(Function::Pow, &[x[0], less]);
    let slope = g.times(x[1], power);
    match g.constant(x[1]) {
        Some(exponent) if exponent != 0.0 => slope,
        _ => {
            let flat = g.apply(Function::Ne, &[x[1], zero]);
            g.choose(flat, slope, zero)
        }
    }
}

fn power_range(r: &[Range]) -> Range {
    let even = r[1].low == r[1].high && r[1].low % 2.0 == 0.0;
    if r[0].is_positive() {
        Range::POSITIVE
    } else if even && r[1].low > 0.0 {
        r[0].abs()
            .times(r[0].abs())
            .union(Range::point(0.0))
            .intersect(Range::NONNEGATIVE)
            .union(if r[1].low == 2.0 { Range::point(0.0) } else { Range::NONNEGATIVE })
    } else if even || r[0].is_nonnegative() {
        Range::NONNEGATIVE
    } else {
        Range::ALL
    }
}
