//! Indices: other positions in place of axes, without capture.

use super::axis::{AxisId, AxisSet};
use super::graph::Graph;
use super::node::{ExprId, Node};
use super::{Axis, Role};
use std::collections::HashMap;

impl Graph {
    /// The axis whose positions an axis or index runs over.
    pub fn base(&self, axis: AxisId) -> AxisId {
        match self.axes[axis.0 as usize].over {
            Some(over) => self.base(over),
            None => axis,
        }
    }

    /// A new index over an axis; `None` where there are too many.
    pub fn fresh(&mut self, name: &str, over: AxisId) -> Option<AxisId> {
        if self.axes.len() == AxisSet::CAPACITY {
            return None;
        }
        let over = Some(self.base(over));
        self.axes.push(Axis { name: name.to_owned(), group: false, over });
        Some(AxisId((self.axes.len() - 1) as u8))
    }

    /// An index over an axis that is none of `taken`: one that is there already, or a new one; `None` where
    /// there are too many.
    pub fn spare(&mut self, over: AxisId, taken: AxisSet) -> Option<AxisId> {
        let base = self.base(over);
        let indices = (0..self.axes.len() as u8).map(AxisId);
        let mut free = indices.filter(|i| self.axes[i.0 as usize].over == Some(base) && !taken.contains(*i));
        match free.next() {
            Some(index) => Some(index),
            None => self.fresh(&format!("{}'", self.axis_name(base)), base),
        }
    }

    /// The name of an axis or index.
    pub fn axis_name(&self, axis: AxisId) -> &str {
        &self.axes[axis.0 as usize].name
    }

    /// The expression at other positions: wherever it varies over an axis of `at`, it stands at the position
    /// that `at` gives. Bound indices are renamed where a position would be captured; `None` where there are
    /// too many indices then.
    pub fn substitute(&mut self, root: ExprId, at: &HashMap<AxisId, ExprId>) -> Option<ExprId> {
        let given: HashMap<AxisId, ExprId> = at
            .iter()
            .filter(|(axis, to)| *self.node(**to) != Node::Index(**axis))
            .map(|(a, e)| (*a, *e))
            .collect();
        Substitution { graph: self, scopes: Vec::new() }.run(root, given)
    }
}

/// One substitution; inside of a fold, where its axis means something else, another one goes on.
struct Substitution<'a> {
    graph: &'a mut Graph,
    /// What was done under the substitutions that are under way.
    scopes: Vec<HashMap<ExprId, ExprId>>,
}

impl Substitution<'_> {
    fn run(&mut self, root: ExprId, at: HashMap<AxisId, ExprId>) -> Option<ExprId> {
        if at.is_empty() {
            return Some(root);
        }
        self.scopes.push(HashMap::new());
        let result = self.visit(root, &at);
        self.scopes.pop();
        result
    }

    fn visit(&mut self, root: ExprId, at: &HashMap<AxisId, ExprId>) -> Option<ExprId> {
        let touched =
            |graph: &Graph, id: ExprId| at.keys().any(|axis| graph.type_of(id).axes.contains(*axis));
        let mut stack = vec![(root, false)];
        while let Some((id, ready)) = stack.pop() {
            if self.scopes.last()?.contains_key(&id) {
                continue;
            }
            let node = self.graph.node(id).clone();
            let result = match &node {
                _ if !touched(self.graph, id) => id,
                Node::Index(axis) => at[axis],
                Node::Input(_) | Node::Member(_) => self.pick(id, &[], at),
                Node::Reduce(reduction, axis, body, filter) => {
                    let (reduction, axis, body, filter) = (*reduction, *axis, *body, *filter);
                    self.fold(at, axis, body, filter).map(|(axis, body, filter)| {
                        self.graph.add(Node::Reduce(reduction, axis, body, filter))
                    })?
                }
                _ if !ready => {
                    stack.push((id, true));
                    let operands = match &node {
                        Node::Gather(_, picks) => picks.iter().map(|(_, position)| *position).collect(),
                        other => other.operands(),
                    };
                    stack.extend(operands.into_iter().map(|operand| (operand, false)));
                    continue;
                }
                Node::Gather(leaf, picks) => {
                    let done = self.scopes.last()?;
                    let moved: Vec<_> =
                        picks.iter().map(|(axis, position)| (*axis, done[position])).collect();
                    self.pick(*leaf, &moved, at)
                }
                other => {
                    let done = self.scopes.last()?;
                    let operands: Vec<_> = other.operands().iter().map(|operand| done[operand]).collect();
                    self.graph.add(other.with_operands(&operands))
                }
            };
            self.scopes.last_mut()?.insert(id, result);
        }
        self.scopes.last()?.get(&root).copied()
    }

    /// A leaf at other positions, beside those where it stands already.
    fn pick(&mut self, leaf: ExprId, picks: &[(AxisId, ExprId)], at: &HashMap<AxisId, ExprId>) -> ExprId {
        let mut all = picks.to_vec();
        for axis in self.graph.type_of(leaf).axes.iter() {
            if let Some(position) = at.get(&axis).filter(|_| !picks.iter().any(|(known, _)| *known == axis)) {
                all.push((axis, *position));
            }
        }
        all.retain(|(axis, position)| *self.graph.node(*position) != Node::Index(*axis));
        all.sort_unstable();
        if all.is_empty() { leaf } else { self.graph.add(Node::Gather(leaf, all)) }
    }

    /// What a fold binds and reads. Its own axis is not substituted inside; where a position varies over that
    /// axis, the fold gets another one.
    fn fold(
        &mut self,
        at: &HashMap<AxisId, ExprId>,
        axis: AxisId,
        body: ExprId,
        filter: Option<ExprId>,
    ) -> Option<(AxisId, ExprId, Option<ExprId>)> {
        let operands = [Some(body), filter].into_iter().flatten();
        let read = operands.fold(AxisSet::EMPTY, |axes, id| axes.union(self.graph.type_of(id).axes));
        let mut inside = at.clone();
        inside.retain(|from, _| *from != axis && read.contains(*from));
        let mut bound = axis;
        let given = inside.values().map(|position| self.graph.type_of(*position).axes);
        let given = given.fold(AxisSet::EMPTY, AxisSet::union);
        if given.contains(axis) {
            bound = self.graph.spare(axis, given.union(read))?;
            let index = self.graph.add(Node::Index(bound));
            inside.insert(axis, index);
        }
        let body = self.run(body, inside.clone())?;
        let filter = match filter {
            Some(filter) => Some(self.run(filter, inside)?),
            None => None,
        };
        Some((bound, body, filter))
    }
}

/// The axes of an input beside the last, which a set uses up, and the axis that the set points into.
pub fn membership_axes(axes: &[AxisId], role: Role) -> Option<AxisSet> {
    let Role::Set(into) = role else { return None };
    let (_, others) = axes.split_last()?;
    Some(others.iter().fold(AxisSet::of(into), |set, axis| set.union(AxisSet::of(*axis))))
}
