//! Whether an expression is one of those that a fold goes over: the largest of them is not smaller, and an
//! exponential of the difference does not overflow.

use super::analysis::Analysis;
use crate::ir::{AxisId, ExprId, Function, Graph, Node, Reduction};
use std::collections::{HashMap, HashSet};

/// Longer sums are not looked through.
const MOST_TERMS: usize = 8;
/// Larger expressions are not compared.
const LARGEST: usize = 100;

impl Analysis<'_> {
    /// Whether a sum is never above 0, because it takes away, for each of its terms, the largest of the numbers that
    /// the term is one of, or the logarithm of the sum of their exponentials: `x[i] + x[j] - 2 logsumexp[c](x)`.
    pub(super) fn is_outweighed(&self, sum: ExprId) -> bool {
        if let Some((x, fold)) = self.graph.pair(sum, Function::Sub)
            && let Some((axis, body)) = self.largest(fold)
            && self.instance(axis).matches_all(x, body)
        {
            return true;
        }
        let mut terms = Vec::new();
        if !self.collect(sum, 1.0, &mut terms, 0) {
            return false;
        }
        let (folds, mut others): (Vec<_>, Vec<_>) =
            terms.into_iter().partition(|(term, factor)| *factor < 0.0 && self.largest(*term).is_some());
        for (fold, factor) in &folds {
            let Some((axis, body)) = self.largest(*fold) else { return false };
            let (body, sign) = match self.graph.argument(body, Function::Neg) {
                Some(inner) => (inner, -1.0),
                None => (body, 1.0),
            };
            let mut left = -factor;
            for (term, weight) in &mut others {
                if *weight * sign > 0.0 && self.instance(axis).matches_all(*term, body) {
                    let taken = left.min(*weight * sign);
                    (*weight, left) = (*weight - taken * sign, left - taken);
                }
            }
            if left > 0.0 {
                return false;
            }
        }
        !folds.is_empty() && others.iter().all(|(_, weight)| *weight == 0.0)
    }

    fn instance(&self, axis: AxisId) -> Instance<'_> {
        Instance { graph: self.graph, positions: HashMap::from([(axis, None)]), seen: HashSet::new() }
    }

    /// The axis and element of a fold that none of its elements exceeds.
    fn largest(&self, id: ExprId) -> Option<(AxisId, ExprId)> {
        match *self.graph.node(id) {
            Node::Reduce(Reduction::LogSumExp | Reduction::Max, axis, body, None) => Some((axis, body)),
            _ => None,
        }
    }

    /// The terms of a sum with their factors; `false` where there are too many.
    fn collect(&self, id: ExprId, factor: f64, terms: &mut Vec<(ExprId, f64)>, depth: usize) -> bool {
        if depth > 2 * MOST_TERMS {
            return false;
        }
        let depth = depth + 1;
        let graph = self.graph;
        if let Some((a, b)) = graph.pair(id, Function::Add) {
            return self.collect(a, factor, terms, depth) && self.collect(b, factor, terms, depth);
        }
        if let Some((a, b)) = graph.pair(id, Function::Sub) {
            return self.collect(a, factor, terms, depth) && self.collect(b, -factor, terms, depth);
        }
        if let Some(inner) = graph.argument(id, Function::Neg) {
            return self.collect(inner, -factor, terms, depth);
        }
        if let Some((a, b)) = graph.pair(id, Function::Mul) {
            for (constant, rest) in [(a, b), (b, a)] {
                if let Some(x) = graph.constant(constant) {
                    return self.collect(rest, factor * x, terms, depth);
                }
            }
        }
        terms.push((id, factor));
        terms.len() <= MOST_TERMS
    }
}

/// An attempt to read one expression as another one at some position of each of these axes.
struct Instance<'a> {
    graph: &'a Graph,
    positions: HashMap<AxisId, Option<ExprId>>,
    seen: HashSet<(ExprId, ExprId)>,
}

impl Instance<'_> {
    fn matches_all(mut self, x: ExprId, body: ExprId) -> bool {
        self.matches(x, body)
    }

    fn matches(&mut self, x: ExprId, body: ExprId) -> bool {
        if self.seen.len() > LARGEST {
            return false;
        }
        let free = |axis: &AxisId| self.graph.type_of(body).axes.contains(*axis);
        if x == body && !self.positions.keys().any(free) || !self.seen.insert((x, body)) {
            return true;
        }
        match (self.graph.node(x), self.graph.node(body)) {
            (_, Node::Index(axis)) if self.positions.contains_key(axis) => self.stands(*axis, Some(x)),
            (Node::Gather(one, at), Node::Gather(other, positions)) if one == other => {
                at.len() == positions.len()
                    && at.iter().zip(positions).all(|(a, b)| a.0 == b.0 && self.matches(a.1, b.1))
            }
            (Node::Gather(leaf, at), _) if *leaf == body => {
                at.iter().all(|(axis, position)| self.stands(*axis, Some(*position)))
            }
            (_, Node::Gather(leaf, positions)) if *leaf == x => positions.iter().all(|(axis, position)| {
                let Node::Index(bound) = *self.graph.node(*position) else { return false };
                self.stands(bound, self.graph.find(&Node::Index(*axis)))
            }),
            (_, Node::Reduce(Reduction::LogSumExp | Reduction::Max, axis, inner, None)) if x != body => {
                self.positions.insert(*axis, None);
                self.matches(x, *inner)
            }
            (one, other) if x == body || one.operands().len() != other.operands().len() => {
                let axes: Vec<AxisId> = self.positions.keys().copied().collect();
                x == body
                    && axes.into_iter().all(|axis| self.stands(axis, self.graph.find(&Node::Index(axis))))
            }
            (one, other) => {
                let operands = one.operands();
                other.with_operands(&operands) == *one
                    && !operands.is_empty()
                    && !matches!(other, Node::Reduce(_, axis, ..) if self.positions.contains_key(axis))
                    && operands.iter().zip(other.operands()).all(|(a, b)| self.matches(*a, b))
            }
        }
    }

    /// All of it has to stand at one position of an axis; `None` is a position that nothing else reads.
    fn stands(&mut self, axis: AxisId, at: Option<ExprId>) -> bool {
        match self.positions.get_mut(&axis) {
            None => false,
            Some(known @ None) => {
                *known = at;
                true
            }
            Some(known) => *known == at,
        }
    }
}
