//! Derivatives of inputs that have some of the sample axes but not all, as in `x[n, d] - y[m, d]`: the sums over
//! the other sample axes are opened, because they are made where the derivative is written.

use crate::ir::{AxisSet, ExprId, Function, Graph, Loss, Node, Reduction};
use crate::specialize::Weighed;

/// The same derivatives, with such sums opened.
pub(super) fn open_sums(loss: &Loss, graph: &mut Graph, gradients: &[Weighed]) -> Vec<Weighed> {
    let opened = gradients.iter().map(|gradient| {
        let axes = loss.inputs[gradient.input].axes.iter();
        let own = axes.fold(AxisSet::EMPTY, |set, axis| set.union(AxisSet::of(*axis)));
        let others = graph.samples.difference(own);
        let own = if others == graph.samples || others.is_empty() {
            gradient.own
        } else {
            summand(graph, gradient.own, others)
        };
        Weighed { own, ..gradient.clone() }
    });
    opened.collect()
}

/// What is summed over `axes`; factors outside of the sum are taken in. What is no such sum stays as it is.
fn summand(graph: &mut Graph, id: ExprId, axes: AxisSet) -> ExprId {
    match graph.node(id).clone() {
        Node::Reduce(Reduction::Sum, axis, body, None) if axes.contains(axis) => summand(graph, body, axes),
        Node::Apply(function @ (Function::Mul | Function::Add | Function::Sub), arguments) => {
            let (a, b) = (arguments[0], arguments[1]);
            let (sum_a, sum_b) = (sums(graph, a, axes), sums(graph, b, axes));
            let both = function == Function::Mul;
            if sum_a == sum_b && (both || !sum_a) {
                return id;
            }
            let a = if sum_a { summand(graph, a, axes) } else { a };
            let b = if sum_b { summand(graph, b, axes) } else { b };
            if both || (sum_a && sum_b) { graph.apply(function, &[a, b]) } else { id }
        }
        Node::Apply(Function::Neg, arguments) => {
            let inner = summand(graph, arguments[0], axes);
            graph.negate(inner)
        }
        Node::Apply(Function::Div, arguments) => {
            let above = summand(graph, arguments[0], axes);
            graph.divide(above, arguments[1])
        }
        Node::If(c, a, b) if graph.is(b, 0.0) => {
            let inner = summand(graph, a, axes);
            graph.choose(c, inner, b)
        }
        _ => id,
    }
}

/// Whether an expression has a sum over some of these axes inside.
fn sums(graph: &Graph, id: ExprId, axes: AxisSet) -> bool {
    let is_sum = |id: &ExprId| matches!(graph.node(*id), Node::Reduce(_, axis, ..) if axes.contains(*axis));
    graph.reachable(&[id]).iter().any(is_sum)
}
