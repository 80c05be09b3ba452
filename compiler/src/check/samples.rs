//! The sample axes of a loss: what its value varies over.
//!
//! Where an input has `..`, that is the sample axis and nothing else may remain; else any named axes that the
//! value varies over are. A binder over an axis that turns out to be a sample axis (`mean[n](x)` in a loss over
//! `n`) gets an index of its own, so that no fold binds a sample axis.

use crate::ast::{self, Expr};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{AxisId, AxisSet, ExprId, Graph, Node, Scalar};
use std::collections::HashMap;

/// The formulas of a loss.
#[derive(Clone, Copy)]
pub(super) struct Formulas {
    pub value: ExprId,
    pub keep: Option<ExprId>,
    pub mean_by: Option<ExprId>,
}

/// Finds the sample axes and makes all formulas fit them.
pub(super) fn settle(
    graph: &mut Graph,
    loss: &ast::Loss,
    formulas: Formulas,
    diagnostics: &mut Diagnostics,
) -> Option<Formulas> {
    let dots = AxisSet::of(AxisId::SAMPLES);
    let has_dots = graph.inputs.iter().any(|input| input.axes.contains(AxisId::SAMPLES));
    graph.samples = if has_dots { dots } else { graph.type_of(formulas.value).axes };
    let mut sound = require(graph, formulas.value, &loss.body, has_dots, diagnostics);
    for (root, clause) in [(formulas.keep, &loss.keep), (formulas.mean_by, &loss.mean_by)] {
        if let (Some(root), Some(expr)) = (root, clause) {
            sound &= require(graph, root, expr, has_dots, diagnostics);
        }
    }
    if !sound {
        return None;
    }
    let mut done = HashMap::new();
    let mut run = |root: ExprId| unbind(graph, root, &mut done);
    let value = run(formulas.value);
    let (keep, mean_by) = (formulas.keep.map(&mut run), formulas.mean_by.map(&mut run));
    match (value, super::flip(keep), super::flip(mean_by)) {
        (Some(value), Some(keep), Some(mean_by)) => Some(Formulas { value, keep, mean_by }),
        _ => {
            let message = format!("a loss has at most {} axes and indices", AxisSet::CAPACITY - 1);
            diagnostics.push(Diagnostic::new(&codes::TOO_MANY_AXES, message, loss.name.span));
            None
        }
    }
}

/// Nothing varies over more than samples.
fn require(graph: &Graph, root: ExprId, expr: &Expr, has_dots: bool, diagnostics: &mut Diagnostics) -> bool {
    let rest = graph.type_of(root).axes.difference(graph.samples);
    let Some(axis) = rest.iter().next() else { return true };
    let name = graph.axis_name(axis);
    let fold = if graph.type_of(root).scalar == Scalar::Bool { "any" } else { "sum" };
    let mut diagnostic =
        Diagnostic::new(&codes::OPEN_AXIS, format!("this still varies over `{name}`"), expr.span)
            .note(format!("fold the axis with a binder, for example `{fold}[{name}](...)`"));
    if !has_dots {
        diagnostic = diagnostic.note(match graph.samples.is_empty() {
            true => "the value of the loss varies over no axis, so that there is one sample".to_owned(),
            false => {
                let names: Vec<_> =
                    graph.samples.iter().map(|axis| format!("`{}`", graph.axis_name(axis))).collect();
                format!("the value of the loss varies over {} alone", names.join(", "))
            }
        });
    }
    diagnostics.push(diagnostic);
    false
}

/// The same expression, no fold of which binds a sample axis; `None` where there are too many indices.
fn unbind(graph: &mut Graph, root: ExprId, done: &mut HashMap<ExprId, ExprId>) -> Option<ExprId> {
    for id in graph.reachable(&[root]) {
        if done.contains_key(&id) {
            continue;
        }
        let operands: Vec<_> = graph.node(id).operands().iter().map(|operand| done[operand]).collect();
        let mut node = graph.node(id).with_operands(&operands);
        if let Node::Reduce(reduction, axis, body, filter) = node
            && graph.samples.contains(axis)
        {
            let read = operands.iter().fold(AxisSet::EMPTY, |set, id| set.union(graph.type_of(*id).axes));
            let index = graph.spare(axis, read)?;
            let at = HashMap::from([(axis, graph.add(Node::Index(index)))]);
            let body = graph.substitute(body, &at)?;
            let filter = match filter {
                Some(filter) => Some(graph.substitute(filter, &at)?),
                None => None,
            };
            node = Node::Reduce(reduction, index, body, filter);
        }
        let new = graph.add(node);
        if new != id {
            if let Some(name) = graph.name(id).map(str::to_owned) {
                graph.call(new, &name);
            }
            if let Some(span) = graph.span(id) {
                graph.blame(new, span);
            }
        }
        done.insert(id, new);
    }
    done.get(&root).copied()
}
