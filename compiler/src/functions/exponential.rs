//! Exponentials and logarithms, and the forms of them that stay exact where the plain text would not.

use super::{Form, Row, Spelling, unary};
use crate::ir::range::Range;
use crate::ir::{ExprId, Function, Graph};

const SAMPLES: &[&[f64]] = &[&[-3.0], &[-0.5], &[0.25], &[2.0]];

pub(super) const ROWS: &[Row] = &[
    Row {
        derivative: Some(|_, _, value, _| value),
        evaluate: |x| x[0].exp(),
        range: |r| r[0].map(f64::exp).intersect(Range::POSITIVE),
        ..unary(Function::Exp, "exp", 20, SAMPLES)
    },
    Row {
        derivative: Some(|g, x, _, _| g.apply(Function::Exp, x)),
        evaluate: |x| x[0].exp_m1(),
        range: |r| r[0].map(f64::exp_m1).intersect(Range::open(-1.0, f64::INFINITY)),
        ..unary(Function::Expm1, "expm1", 20, SAMPLES)
    },
    Row {
        domain: "above 0; at 0 it is -inf",
        derivative: Some(|g, x, _, _| {
            let one = g.real(1.0);
            g.divide(one, x[0])
        }),
        evaluate: |x| x[0].ln(),
        range: |r| r[0].intersect(Range::POSITIVE).map(f64::ln),
        samples: &[&[0.125], &[1.0], &[2.5]],
        ..unary(Function::Log, "log", 20, SAMPLES)
    },
    Row {
        domain: "above -1; at -1 it is -inf",
        derivative: Some(|g, x, _, _| {
            let one = g.real(1.0);
            let shifted = g.plus(one, x[0]);
            g.divide(one, shifted)
        }),
        evaluate: |x| x[0].ln_1p(),
        range: |r| r[0].intersect(Range::open(-1.0, f64::INFINITY)).map(f64::ln_1p),
        samples: &[&[-0.5], &[1e-9], &[2.5]],
        ..unary(Function::Log1p, "log1p", 20, SAMPLES)
    },
    Row {
        domain: "below 0; at 0 it is -inf",
        derivative: Some(|g, x, _, _| {
            let negated = g.negate(x[0]);
            let rise = g.apply(Function::Expm1, &[negated]);
            let one = g.real(1.0);
            let inverse = g.divide(one, rise);
            g.negate(inverse)
        }),
        evaluate: |x| {
            if x[0] > -std::f64::consts::LN_2 { (-x[0].exp_m1()).ln() } else { (-x[0].exp()).ln_1p() }
        },
        range: |_| Range::open(f64::NEG_INFINITY, 0.0),
        samples: &[&[-3.0], &[-0.5], &[-0.05], &[-40.0]],
        ..unary(Function::Log1mexp, "log1mexp", 20, SAMPLES)
    },
    Row {
        arity: 2,
        domain: "second arguments above 0; x log 0 is 0 where x is 0",
        derivative: Some(xlogy),
        evaluate: |x| if x[0] == 0.0 && x[1] == 0.0 { 0.0 } else { x[0] * x[1].ln() },
        range: |_| Range::ALL,
        samples: &[&[0.5, 0.25], &[-2.0, 3.0], &[0.0, 2.0]],
        ..unary(Function::Xlogy, "xlogy", 20, SAMPLES)
    },
    Row {
        form: Form::Internal,
        domain: "0 and below",
        evaluate: |x| x[0].exp(),
        range: |_| Range { above: true, ..Range::closed(0.0, 1.0) },
        samples: &[&[-3.0], &[-0.5], &[0.0]],
        spelling: Spelling::Method("exp_nonpos"),
        ..unary(Function::ExpNonpos, "exp", 20, SAMPLES)
    },
    Row {
        form: Form::Internal,
        arity: 2,
        evaluate: |x| exp_times(x[0], x[1]),
        range: |r| r[0].map(f64::exp).intersect(Range::POSITIVE).times(r[1]),
        samples: &[&[-3.0, 2.0], &[0.25, -0.5], &[1.0, 0.0], &[1000.0, 0.0]],
        spelling: Spelling::Method("exp_times"),
        ..unary(Function::ExpTimes, "exp", 24, SAMPLES)
    },
    Row {
        form: Form::Internal,
        domain: "0 to 1",
        evaluate: |x| x[0].ln_1p(),
        range: |_| Range::closed(0.0, std::f64::consts::LN_2),
        samples: &[&[0.0], &[0.5], &[1.0]],
        spelling: Spelling::Method("log1p_unit"),
        ..unary(Function::Log1pUnit, "log1p", 20, SAMPLES)
    },
];

/// `y exp(x)`, a number even where the exponential as a whole is none.
fn exp_times(x: f64, y: f64) -> f64 {
    if x.exp().is_normal() {
        return x.exp() * y;
    }
    let third = (x.clamp(-1460.0, 1460.0) / 3.0).exp();
    third * y * third * third
}

/// `x log(y)`: `log(y)` and `x / y`, neither of which flows where it is `0 log 0`.
fn xlogy(g: &mut Graph, x: &[ExprId], _: ExprId, which: usize) -> ExprId {
    let log = g.apply(Function::Log, &[x[1]]);
    let slope = if which == 0 { log } else { g.divide(x[0], x[1]) };
    let (zero, bottom) = (g.real(0.0), g.real(f64::NEG_INFINITY));
    let nothing = g.apply(Function::Ne, &[x[0], zero]);
    let above = g.apply(Function::Ne, &[log, bottom]);
    let flows = g.apply(Function::Or, &[nothing, above]);
    g.choose(flows, slope, zero)
}
