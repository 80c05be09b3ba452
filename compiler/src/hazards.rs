//! What an author would want to know before training: inputs that the formula never reads, and inputs whose
//! gradient is zero everywhere.

use crate::codes;
use crate::derive::Derived;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{ExprId, Node};

/// Reports the warnings of one loss.
pub fn find_hazards(derived: &Derived, diagnostics: &mut Diagnostics) {
    let loss = &derived.loss;
    diagnostics.enter(&loss.name);
    let roots: Vec<ExprId> = [Some(loss.value), loss.keep, loss.mean_by].into_iter().flatten().collect();
    let read: Vec<&Node> = loss.graph.reachable(&roots).into_iter().map(|id| loss.graph.node(id)).collect();
    for (i, input) in loss.inputs.iter().enumerate() {
        if !read.contains(&&Node::Input(i)) {
            diagnostics.push(
                Diagnostic::new(&codes::UNUSED, format!("input `{}` is never used", input.name), input.span)
                    .note("it still has to have the shape of the other inputs at every call"),
            );
        }
    }
    for (i, parameter) in loss.parameters.iter().enumerate() {
        if !read.contains(&&Node::Parameter(i)) {
            let message = format!("parameter `{}` is never used", parameter.name);
            diagnostics.push(Diagnostic::new(&codes::UNUSED, message, parameter.span));
        }
    }
    for (i, form) in &derived.gradients {
        if loss.graph.is(form.stable, 0.0) && read.contains(&&Node::Input(*i)) {
            let input = &loss.inputs[*i];
            diagnostics.push(
                Diagnostic::new(
                    &codes::VANISHING_GRADIENT,
                    format!("the gradient of `{}` is zero everywhere", input.name),
                    input.span,
                )
                .note("comparisons, `sign` and `stop` pass no gradient on"),
            );
        }
    }
}
