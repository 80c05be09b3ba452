//! Functions with kinks. The derivative at a kink is a convention of the language, stated in each row.

use super::{Form, Row, Spelling};
use crate::ir::range::Range;
use crate::ir::{ExprId, Function, Graph};

const fn piecewise(function: Function, name: &'static str, arity: usize) -> Row {
    Row {
        function,
        name,
        form: Form::Call,
        arity,
        domain: "all numbers",
        derivative: None,
        evaluate: |x| x[0],
        range: |_| Range::ALL,
        spelling: Spelling::Method(name),
        cost: 1,
        samples: &[&[-3.0], &[-0.5], &[0.25], &[2.0]],
    }
}

pub(super) const ROWS: &[Row] = &[
    Row {
        // 0 at 0
        derivative: Some(|g, x, _, _| g.apply(Function::Sign, x)),
        evaluate: |x| x[0].abs(),
        range: |r| r[0].abs(),
        ..piecewise(Function::Abs, "abs", 1)
    },
    Row {
        // 0 everywhere
        derivative: Some(|g, _, _, _| g.real(0.0)),
        evaluate: |x| if x[0].is_nan() || x[0] == 0.0 { x[0] } else { x[0].signum() },
        range: |r| {
            if r[0].is_positive() {
                Range::point(1.0)
            } else if r[0].is_negative() {
                Range::point(-1.0)
            } else {
                Range::closed(-1.0, 1.0)
            }
        },
        cost: 2,
        ..piecewise(Function::Sign, "sign", 1)
    },
    Row {
        // 0 at 0
        derivative: Some(|g, x, _, _| {
            let zero = g.real(0.0);
            let above = g.apply(Function::Gt, &[x[0], zero]);
            g.indicator(above)
        }),
        evaluate: |x| if x[0] < 0.0 { 0.0 } else { x[0] },
        range: |r| {
            if r[0].is_nonnegative() {
                r[0]
            } else {
                r[0].union(Range::point(0.0)).intersect(Range::NONNEGATIVE)
            }
        },
        ..piecewise(Function::Relu, "relu", 1)
    },
    Row {
        // In its first argument 1 strictly inside, 0 at both ends; what flows into an end is what it stops.
        derivative: Some(clamped),
        evaluate: |x| {
            let above = if x[0] < x[1] { x[1] } else { x[0] };
            if above > x[2] { x[2] } else { above }
        },
        range: |r| {
            Range::closed(r[0].low.max(r[1].low).min(r[2].low), r[0].high.max(r[1].high).min(r[2].high))
        },
        cost: 2,
        samples: &[&[0.25, 0.0, 1.0], &[-2.0, 0.0, 1.0], &[3.0, 0.0, 1.0]],
        ..piecewise(Function::Clamp, "clamp", 3)
    },
    Row {
        // shared equally where both are equal
        derivative: Some(|g, x, _, which| shared(g, x, Function::Gt, which)),
        evaluate: |x| if x[0].is_nan() || x[0] > x[1] { x[0] } else { x[1] },
        range: |r| Range {
            low: r[0].low.max(r[1].low),
            above: (r[0].above && r[0].low >= r[1].low) || (r[1].above && r[1].low >= r[0].low),
            ..r[0].union(r[1])
        },
        samples: &[&[1.0, 2.0], &[2.0, -1.0]],
        ..piecewise(Function::Max, "max", 2)
    },
    Row {
        // shared equally where both are equal
        derivative: Some(|g, x, _, which| shared(g, x, Function::Lt, which)),
        evaluate: |x| if x[0].is_nan() || x[0] < x[1] { x[0] } else { x[1] },
        range: |r| {
            let negated = [r[0].negate(), r[1].negate()];
            Range {
                low: negated[0].low.max(negated[1].low),
                above: (negated[0].above && negated[0].low >= negated[1].low)
                    || (negated[1].above && negated[1].low >= negated[0].low),
                ..negated[0].union(negated[1])
            }
            .negate()
        },
        samples: &[&[1.0, 2.0], &[2.0, -1.0]],
        ..piecewise(Function::Min, "min", 2)
    },
];

fn clamped(g: &mut Graph, x: &[ExprId], _: ExprId, which: usize) -> ExprId {
    let condition = match which {
        0 => {
            let above = g.apply(Function::Gt, &[x[0], x[1]]);
            let below = g.apply(Function::Lt, &[x[0], x[2]]);
            g.apply(Function::And, &[above, below])
        }
        1 => g.apply(Function::Lt, &[x[0], x[1]]),
        _ => g.apply(Function::Gt, &[x[0], x[2]]),
    };
    g.indicator(condition)
}

/// 1 where this argument wins, 1/2 where both are equal.
fn shared(g: &mut Graph, x: &[ExprId], wins: Function, which: usize) -> ExprId {
    let (mine, other) = (x[which], x[1 - which]);
    let (half, one, zero) = (g.real(0.5), g.real(1.0), g.real(0.0));
    let win = g.apply(wins, &[mine, other]);
    let tie = g.apply(Function::Eq, &[mine, other]);
    let either = g.apply(Function::Or, &[win, tie]);
    let share = g.choose(tie, half, one);
    g.choose(either, share, zero)
}
