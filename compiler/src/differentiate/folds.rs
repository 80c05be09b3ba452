//! How adjoints pass through folds and gathers: sums become broadcasts, maxima share ties, filters filter,
//! and a gather becomes a sum over everything that picks the element.

use super::{Pass, Picked, Term, sum, times, under};
use crate::ir::{AxisId, AxisSet, ExprId, Function, Graph, Node, Reduction};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// A `Node::Reduce`, taken apart.
#[derive(Clone, Copy)]
pub(super) struct Fold {
    pub(super) reduction: Reduction,
    pub(super) axis: AxisId,
    pub(super) body: ExprId,
    pub(super) filter: Option<ExprId>,
}

impl Pass<'_> {
    /// Passes the terms at a fold on to its body. `None` where there are too many indices.
    pub(super) fn fold(&mut self, id: ExprId, fold: Fold, terms: &[Term]) -> Option<()> {
        let partial = partial(self.graph, id, fold)?;
        let taken = terms.iter().filter_map(|term| match fold.filter {
            Some(filter) => under(term, filter, true),
            None => Some(term.clone()),
        });
        let given: Vec<Term> = taken.filter_map(|term| times(self.graph, &term, partial)).collect();
        let axes = self.graph.type_of(id).axes.union(AxisSet::of(fold.axis));
        self.give(fold.body, axes, given);
        Some(())
    }

    /// Passes the terms at a gather on to its leaf: an element gets what every reader of it gives.
    pub(super) fn gather(
        &mut self,
        id: ExprId,
        leaf: ExprId,
        picks: &[(AxisId, ExprId)],
        terms: &[Term],
    ) -> Option<()> {
        if !self.active.contains(&leaf) {
            return Some(());
        }
        let axes = self.graph.type_of(id).axes;
        let own = self.graph.type_of(leaf).axes;
        let picked = picks.iter().fold(AxisSet::EMPTY, |set, (axis, _)| set.union(AxisSet::of(*axis)));
        let among_samples = picked.intersection(self.graph.samples);

        // The index that stands for each picked axis in the result: among samples another one than the axis,
        // which is that of the reader; elsewhere the axis, and the reader's is renamed where it has it too.
        let mut targets: BTreeMap<AxisId, AxisId> = BTreeMap::new();
        if !among_samples.is_empty() {
            let known =
                self.shared.entry(leaf).or_insert_with(|| Picked { at: BTreeMap::new(), terms: Vec::new() });
            targets.clone_from(&known.at);
            for axis in own.intersection(self.graph.samples).iter() {
                if let Entry::Vacant(place) = targets.entry(axis) {
                    // An index that picks the element stands for it already.
                    let index =
                        picks.iter().find(|(picked, _)| *picked == axis).map(|(_, at)| self.graph.node(*at));
                    let target = match index {
                        Some(Node::Index(index)) if !self.graph.samples.contains(*index) => *index,
                        _ => {
                            let name = format!("{}'", self.graph.axis_name(axis));
                            self.graph.fresh(&name, axis)?
                        }
                    };
                    place.insert(target);
                }
            }
        }
        let free = targets.values().fold(AxisSet::EMPTY, |set, axis| set.union(AxisSet::of(*axis)));
        let mut renamed: HashMap<AxisId, ExprId> = HashMap::new();
        let mut summed = axes.difference(own.difference(picked)).difference(free);
        let named = |target: AxisId| {
            picks.iter().any(|(axis, at)| {
                targets.get(axis) == Some(&target) && *self.graph.node(*at) == Node::Index(target)
            })
        };
        let taken = axes.intersection(free).iter().filter(|target| !named(*target));
        let taken = taken.fold(AxisSet::EMPTY, |set, axis| set.union(AxisSet::of(axis)));
        for axis in axes.intersection(picked).difference(self.graph.samples).union(taken).iter() {
            let name = self.graph.axis_name(axis).to_owned();
            let other = self.graph.fresh(&format!("{name}'"), axis)?;
            renamed.insert(axis, self.graph.add(Node::Index(other)));
            summed = summed.without(axis).union(AxisSet::of(other));
        }
        // An unpicked sample axis of the leaf is that of the reader, too.
        if !among_samples.is_empty() {
            summed = summed.union(axes.intersection(self.graph.samples));
        }

        let mut conditions = Vec::new();
        for (axis, position) in picks {
            let position = self.graph.substitute(*position, &renamed)?;
            let target = self.graph.add(Node::Index(targets.get(axis).copied().unwrap_or(*axis)));
            if target != position {
                conditions.push(self.graph.apply(Function::Eq, &[target, position]));
            }
        }
        for (axis, target) in targets.iter().filter(|(axis, _)| !picked.contains(**axis)) {
            let (target, here) = (self.graph.add(Node::Index(*target)), self.graph.add(Node::Index(*axis)));
            conditions.push(self.graph.apply(Function::Eq, &[target, here]));
        }
        let mut given = Vec::new();
        for term in terms {
            let mut moved =
                Some(Term { guard: Vec::new(), value: self.graph.substitute(term.value, &renamed)? });
            for (condition, holds) in &term.guard {
                let condition = self.graph.substitute(*condition, &renamed)?;
                moved = moved.and_then(|term| under(&term, condition, *holds));
            }
            for condition in &conditions {
                moved = moved.and_then(|term| under(&term, *condition, true));
            }
            given.extend(moved.map(|term| sum(self.graph, term, summed)));
        }
        match self.shared.get_mut(&leaf).filter(|_| !among_samples.is_empty()) {
            Some(shared) => {
                shared.at = targets;
                shared.terms.extend(given);
            }
            None => self.adjoints.entry(leaf).or_default().extend(given),
        }
        Some(())
    }
}

/// The derivative of a fold with respect to its body at one position.
fn partial(graph: &mut Graph, id: ExprId, fold: Fold) -> Option<ExprId> {
    let Fold { reduction, axis, body, filter } = fold;
    Some(match reduction {
        Reduction::Sum | Reduction::Excess => graph.real(1.0),
        Reduction::Mean => {
            let one = graph.real(1.0);
            let count = match filter {
                Some(filter) => graph.add(Node::Reduce(Reduction::Count, axis, filter, None)),
                None => {
                    let base = graph.base(axis);
                    graph.add(Node::Size(base))
                }
            };
            graph.divide(one, count)
        }
        Reduction::Max | Reduction::Min => {
            let (one, zero) = (graph.real(1.0), graph.real(0.0));
            let attains = graph.apply(Function::Eq, &[body, id]);
            let ties = graph.add(Node::Reduce(Reduction::Count, axis, attains, filter));
            let share = graph.divide(one, ties);
            graph.choose(attains, share, zero)
        }
        Reduction::Prod => {
            // The product of all others, which is right where some factors are 0.
            let name = graph.axis_name(axis).to_owned();
            let other = graph.fresh(&format!("{name}'"), axis)?;
            let (here, there) = (graph.add(Node::Index(axis)), graph.add(Node::Index(other)));
            let moved = HashMap::from([(axis, there)]);
            let body = graph.substitute(body, &moved)?;
            let mut others = graph.apply(Function::Ne, &[there, here]);
            if let Some(filter) = filter {
                let filter = graph.substitute(filter, &moved)?;
                others = graph.apply(Function::And, &[others, filter]);
            }
            graph.add(Node::Reduce(Reduction::Prod, other, body, Some(others)))
        }
        Reduction::LogSumExp => {
            let distance = graph.minus(body, id);
            graph.apply(Function::Exp, &[distance])
        }
        Reduction::Norm => {
            let zero = graph.real(0.0);
            let away = graph.apply(Function::Ne, &[id, zero]);
            let direction = graph.divide(body, id);
            graph.choose(away, direction, zero)
        }
        Reduction::Any | Reduction::All | Reduction::Count => graph.real(0.0),
    })
}
