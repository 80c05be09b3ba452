//! Folds in terms of sums, products and extremes without filters, which is what the runtime folds.
//!
//! `logsumexp` becomes `m + log1p(s)` with `m` the largest term and `s` the sum of `exp(x - m)` less 1; what is
//! subtracted from it, or it from that, is taken from `m` first, so that a common offset costs no digits; and
//! a softmax shares the exponentials of the sum.

use crate::ir::{AxisId, ExprId, Function, Graph, Node, Reduction};
use std::collections::HashMap;

/// A `logsumexp` over terms `body`: `shift + log(sum)`.
#[derive(Clone, Copy)]
struct LogSumExp {
    body: ExprId,
    filtered: bool,
    shift: ExprId,
    /// The sum of the exponentials beside the largest, which is 1: its digits are those of a small loss.
    excess: ExprId,
}

impl LogSumExp {
    /// `log(sum)`
    fn logarithm(self, graph: &mut Graph) -> ExprId {
        graph.apply(Function::Log1p, &[self.excess])
    }

    /// `1 / sum`
    fn inverse(self, graph: &mut Graph) -> ExprId {
        let one = graph.real(1.0);
        let sum = graph.plus(one, self.excess);
        graph.divide(one, sum)
    }
}

/// Lowers every fold.
pub(super) fn lower_folds(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut pass = Pass { graph, done: HashMap::new(), logs: HashMap::new() };
    for id in pass.graph.reachable(roots) {
        let lowered = pass.lower(id);
        if let Some(name) = pass.graph.name(id).map(str::to_owned) {
            pass.graph.call(lowered, &name);
        }
        pass.done.insert(id, lowered);
    }
    roots.iter().map(|root| pass.done[root]).collect()
}

struct Pass<'a> {
    graph: &'a mut Graph,
    done: HashMap<ExprId, ExprId>,
    logs: HashMap<ExprId, LogSumExp>,
}

impl Pass<'_> {
    fn lower(&mut self, id: ExprId) -> ExprId {
        if let Node::Reduce(reduction, axis, body, filter) = *self.graph.node(id) {
            let (body, filter) = (self.done[&body], filter.map(|filter| self.done[&filter]));
            if reduction == Reduction::LogSumExp {
                return self.log_sum_exp(id, axis, body, filter);
            }
            return fold(self.graph, reduction, axis, body, filter);
        }
        if let Some((a, b)) = self.graph.pair(id, Function::Sub) {
            if let Some(log) = self.logs.get(&b).copied() {
                let logarithm = log.logarithm(self.graph);
                let distance = self.graph.minus(self.done[&a], log.shift);
                return self.graph.minus(distance, logarithm);
            }
            if let Some(log) = self.logs.get(&a).copied() {
                let logarithm = log.logarithm(self.graph);
                let distance = self.graph.minus(self.done[&b], log.shift);
                return self.graph.minus(logarithm, distance);
            }
        }
        if let Some(exponent) = self.graph.argument(id, Function::Exp)
            && let Some((a, b)) = self.graph.pair(exponent, Function::Sub)
            && let Some(log) = self.logs.get(&b).copied()
        {
            let distance = self.graph.minus(self.done[&a], log.shift);
            // A term of the sum itself is at most its largest one.
            let own = self.done[&a] == log.body && !log.filtered;
            let share = self.graph.apply(if own { Function::ExpNonpos } else { Function::Exp }, &[distance]);
            let inverse = log.inverse(self.graph);
            return self.graph.times(share, inverse);
        }
        let operands: Vec<_> =
            self.graph.node(id).operands().iter().map(|operand| self.done[operand]).collect();
        let node = self.graph.node(id).with_operands(&operands);
        self.graph.add(node)
    }

    fn log_sum_exp(&mut self, id: ExprId, axis: AxisId, body: ExprId, filter: Option<ExprId>) -> ExprId {
        let graph = &mut *self.graph;
        let largest = fold(graph, Reduction::Max, axis, body, filter);
        // Terms that are all -inf, or none at all, have the sum 0.
        let (zero, bottom) = (graph.real(0.0), graph.real(f64::NEG_INFINITY));
        let nothing = graph.apply(Function::Eq, &[largest, bottom]);
        let shift = graph.choose(nothing, zero, largest);
        graph.call(shift, "shift");
        let distance = graph.minus(body, shift);
        let share = graph.apply(Function::ExpNonpos, &[distance]);
        let excess = plain(graph, Reduction::Excess, axis, share, filter, 0.0);
        let log = LogSumExp { body, filtered: filter.is_some(), shift, excess };
        self.logs.insert(id, log);
        let logarithm = log.logarithm(graph);
        graph.plus(shift, logarithm)
    }
}

/// A fold other than `logsumexp`.
fn fold(
    graph: &mut Graph,
    reduction: Reduction,
    axis: AxisId,
    body: ExprId,
    filter: Option<ExprId>,
) -> ExprId {
    let zero = graph.real(0.0);
    match reduction {
        Reduction::Sum => plain(graph, Reduction::Sum, axis, body, filter, 0.0),
        Reduction::Prod => plain(graph, Reduction::Prod, axis, body, filter, 1.0),
        Reduction::Max => plain(graph, Reduction::Max, axis, body, filter, f64::NEG_INFINITY),
        Reduction::Min => plain(graph, Reduction::Min, axis, body, filter, f64::INFINITY),
        Reduction::Mean => {
            let sum = plain(graph, Reduction::Sum, axis, body, filter, 0.0);
            let count = match filter {
                Some(filter) => fold(graph, Reduction::Count, axis, filter, None),
                None => {
                    let base = graph.base(axis);
                    graph.add(Node::Size(base))
                }
            };
            graph.divide(sum, count)
        }
        Reduction::Norm => plain(graph, Reduction::Norm, axis, body, filter, 0.0),
        Reduction::Count => {
            let one = graph.indicator(body);
            plain(graph, Reduction::Sum, axis, one, filter, 0.0)
        }
        Reduction::Any => {
            let one = graph.indicator(body);
            let largest = plain(graph, Reduction::Max, axis, one, filter, f64::NEG_INFINITY);
            graph.apply(Function::Gt, &[largest, zero])
        }
        Reduction::All => {
            let one = graph.indicator(body);
            let smallest = plain(graph, Reduction::Min, axis, one, filter, f64::INFINITY);
            graph.apply(Function::Gt, &[smallest, zero])
        }
        Reduction::LogSumExp | Reduction::Excess => unreachable!("lowered by its own function"),
    }
}

/// A fold in which what the filter leaves out is neutral.
fn plain(
    graph: &mut Graph,
    reduction: Reduction,
    axis: AxisId,
    body: ExprId,
    filter: Option<ExprId>,
    neutral: f64,
) -> ExprId {
    let body = match filter {
        Some(filter) => {
            let neutral = graph.real(neutral);
            graph.choose(filter, body, neutral)
        }
        None => body,
    };
    graph.add(Node::Reduce(reduction, axis, body, None))
}
