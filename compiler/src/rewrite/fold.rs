//! Constants are computed, in f64.

use super::{Context, Rule};
use crate::functions::row;
use crate::ir::{ExprId, Function, Node, Scalar};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "fold-constants", why: "a function of constants is a constant", apply: fold },
    Rule { name: "fold-logic", why: "`true` and `false` decide `and`, `or` and `not`", apply: fold_logic },
    Rule {
        name: "drop-stop",
        why: "after differentiation, `stop` and `with_grad` are their values",
        apply: |cx, id| match *cx.graph.node(id) {
            Node::Stop(e) => Some(e),
            Node::WithGrad(v, _) => Some(v),
            _ => None,
        },
    },
];

fn fold(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let Node::Apply(function, arguments) = cx.graph.node(id) else { return None };
    let function = *function;
    let values: Vec<f64> = arguments
        .iter()
        .map(|argument| match cx.graph.node(*argument) {
            Node::Real(bits) => Some(f64::from_bits(*bits)),
            Node::Bool(truth) => Some(f64::from(u8::from(*truth))),
            _ => None,
        })
        .collect::<Option<_>>()?;
    // A quotient such as 1/3 is kept: folded to f64 it would be rounded once more than division does.
    if function == Function::Div && values[0] / values[1] * values[1] != values[0] {
        return None;
    }
    let value = (row(function).evaluate)(&values);
    Some(match function.result() {
        Scalar::Real => cx.graph.real(value),
        Scalar::Bool => cx.graph.add(Node::Bool(value != 0.0)),
    })
}

fn fold_logic(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    for (function, neutral) in [(Function::And, true), (Function::Or, false)] {
        let Some((a, b)) = cx.graph.pair(id, function) else { continue };
        for (known, other) in [(a, b), (b, a)] {
            if let Node::Bool(truth) = *cx.graph.node(known) {
                return Some(if truth == neutral { other } else { known });
            }
        }
        if a == b {
            return Some(a);
        }
    }
    let inner = cx.graph.argument(id, Function::Not)?;
    cx.graph.argument(inner, Function::Not)
}
