//! Inputs and parameters that the formula never reads, and inputs whose gradient is zero everywhere.

use crate::codes;
use crate::derive::{Derived, Form};
use crate::diagnostic::Diagnostic;
use crate::ir::{ExprId, Graph, Node, Scalar};
use std::collections::HashSet;

/// What the formula never reads.
pub(super) fn unused(derived: &Derived, report: &mut impl FnMut(Diagnostic)) {
    let loss = &derived.loss;
    let roots: Vec<ExprId> = [Some(loss.value), loss.keep, loss.mean_by].into_iter().flatten().collect();
    let read: HashSet<&Node> =
        loss.graph.reachable(&roots).into_iter().map(|id| loss.graph.node(id)).collect();
    for (i, input) in loss.inputs.iter().enumerate() {
        if ![Node::Input(i), Node::Member(i)].iter().any(|leaf| read.contains(leaf)) {
            report(
                Diagnostic::new(&codes::UNUSED, format!("input `{}` is never used", input.name), input.span)
                    .note("it still has to have the shape of the other inputs at every call"),
            );
        }
    }
    for (i, parameter) in loss.parameters.iter().enumerate() {
        if !read.contains(&Node::Parameter(i)) {
            let message = format!("parameter `{}` is never used", parameter.name);
            report(Diagnostic::new(&codes::UNUSED, message, parameter.span));
        }
    }
}

/// Inputs that enter the value as numbers and get no gradient.
pub(super) fn vanishing(derived: &Derived, report: &mut impl FnMut(Diagnostic)) {
    let loss = &derived.loss;
    for gradient in &derived.gradients {
        let zero = |form: &Form| loss.graph.is(form.stable, 0.0);
        let vanishes =
            zero(&gradient.own) && gradient.shared.as_ref().is_none_or(|shared| zero(&shared.form));
        if vanishes && computes_with(&loss.graph, loss.value, gradient.input) {
            let input = &loss.inputs[gradient.input];
            report(
                Diagnostic::new(
                    &codes::VANISHING_GRADIENT,
                    format!("the gradient of `{}` is zero everywhere", input.name),
                    input.span,
                )
                .note("the value does not change with it, or only in steps"),
            );
        }
    }
}

/// Whether an input enters the value as a number. One that is only compared is a label, and one under `stop`
/// is meant to have no gradient.
fn computes_with(graph: &Graph, value: ExprId, input: usize) -> bool {
    let mut seen = HashSet::new();
    let mut stack = vec![value];
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        match graph.node(id) {
            Node::Input(i) if *i == input => return true,
            Node::Stop(_) => {}
            Node::If(_, a, b) => stack.extend([*a, *b]),
            Node::WithGrad(_, g) => stack.push(*g),
            Node::Apply(function, _) if function.result() == Scalar::Bool => {}
            node => stack.extend(node.operands()),
        }
    }
    false
}
