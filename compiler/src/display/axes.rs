//! Picks, memberships and binders as the language writes them.

use super::{IF, Printer, SUM};
use crate::ir::{AxisId, ExprId, Function, Graph, Loss, Node, Reduction, Role};
use std::collections::HashSet;

/// A name for every axis and index; what is not taken apart by its own name gets a longer one.
pub(super) fn names(loss: &Loss, graph: &Graph) -> Vec<String> {
    let inputs = loss.inputs.iter().map(|input| input.name.clone());
    let mut taken: HashSet<String> = inputs.chain(loss.parameters.iter().map(|p| p.name.clone())).collect();
    taken.extend(graph.local_names().map(str::to_owned));
    let mut names = Vec::with_capacity(graph.axes.len());
    for axis in &graph.axes {
        let mut name = axis.name.replace('\'', "_");
        while axis.over.is_some() && !taken.insert(name.clone()) {
            name.push('_');
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// One entry of a binder's bracket.
struct Entry {
    index: AxisId,
    /// The set that is visited, where it is one.
    set: Option<usize>,
    /// What is left of the filter.
    filter: Option<ExprId>,
}

impl Printer<'_> {
    pub(super) fn axis(&self, axis: AxisId) -> &str {
        &self.axes[axis.0 as usize]
    }

    /// Whether a node is a membership.
    pub(super) fn is_member(&self, id: ExprId) -> bool {
        match self.graph.node(id) {
            Node::Member(_) => true,
            Node::Gather(leaf, _) => matches!(self.graph.node(*leaf), Node::Member(_)),
            _ => false,
        }
    }

    /// An input at positions, or a membership.
    pub(super) fn leaf(&self, out: &mut String, leaf: ExprId, picks: &[(AxisId, ExprId)]) {
        let Node::Input(input) = *self.graph.node(leaf) else {
            return self.member(out, leaf, picks, false);
        };
        if let Some(index) = self.label(leaf, picks) {
            return out.push_str(self.axis(index));
        }
        out.push_str(&self.inputs[input].name);
        self.brackets(out, &self.inputs[input].axes, picks);
    }

    /// `i in Y`, `i not in Y`
    pub(super) fn membership(&self, out: &mut String, id: ExprId, negated: bool) {
        match self.graph.node(id) {
            Node::Gather(leaf, picks) => self.member(out, *leaf, picks, negated),
            _ => self.member(out, id, &[], negated),
        }
    }

    fn member(&self, out: &mut String, leaf: ExprId, picks: &[(AxisId, ExprId)], negated: bool) {
        let Node::Member(input) = *self.graph.node(leaf) else { return };
        let set = &self.inputs[input];
        let Role::Set(into) = set.role else { return };
        match picks.iter().find(|(axis, _)| *axis == into) {
            Some((_, position)) => self.write(out, *position, SUM, false),
            None => out.push_str(self.axis(into)),
        }
        out.push_str(if negated { " not in " } else { " in " });
        out.push_str(&set.name);
        let others = &set.axes[..set.axes.len().saturating_sub(1)];
        let picks: Vec<_> = picks.iter().copied().filter(|(axis, _)| *axis != into).collect();
        self.brackets(out, others, &picks);
    }

    /// Positions in the order of the axes; nothing where all stand where they are.
    fn brackets(&self, out: &mut String, axes: &[AxisId], picks: &[(AxisId, ExprId)]) {
        if picks.is_empty() {
            return;
        }
        let mut open = '[';
        for axis in axes {
            let pick = picks.iter().find(|(picked, _)| picked == axis);
            if *axis == AxisId::SAMPLES && pick.is_none() {
                continue;
            }
            out.push(open);
            if open == ',' {
                out.push(' ');
            }
            open = ',';
            match pick {
                Some((_, position)) => self.write(out, *position, IF, false),
                None => out.push_str(self.axis(*axis)),
            }
        }
        out.push(']');
    }

    /// The index that visits the labels of a set, where this is the label at its place.
    fn label(&self, leaf: ExprId, picks: &[(AxisId, ExprId)]) -> Option<AxisId> {
        let Node::Input(input) = *self.graph.node(leaf) else { return None };
        let set = &self.inputs[input];
        if !matches!(set.role, Role::Set(_)) {
            return None;
        }
        match *picks {
            [(axis, position)] if Some(&axis) == set.axes.last() => match *self.graph.node(position) {
                Node::Index(index) => Some(index),
                _ => None,
            },
            _ => None,
        }
    }

    /// A fold; folds of one kind inside each other are one binder.
    pub(super) fn fold(&self, out: &mut String, id: ExprId) {
        let mut entries: Vec<Entry> = Vec::new();
        let mut kind = None;
        let mut body = id;
        while let Node::Reduce(reduction, axis, inner, filter) = *self.graph.node(body) {
            let entry = self.entry(axis, inner, filter);
            let together = match kind {
                None => true,
                Some(_) if self.known.contains(&body) => false,
                Some(outer) => {
                    let open = entries.last().is_some_and(|last| last.filter.is_none());
                    let fits = match outer {
                        Reduction::Mean => {
                            entry.filter.is_none() && !entries.iter().chain([&entry]).any(|e| e.set.is_some())
                        }
                        Reduction::Count => false,
                        _ => true,
                    };
                    let counts = outer == Reduction::Sum && reduction == Reduction::Count;
                    open && fits && (outer == reduction || counts)
                }
            };
            if !together || entries.iter().any(|known| known.index == entry.index) {
                break;
            }
            kind = Some(reduction);
            entries.push(entry);
            body = inner;
        }
        let Some(kind) = kind else { return };
        out.push_str(word(kind));
        for (i, entry) in entries.iter().enumerate() {
            out.push_str(if i == 0 { "[" } else { ", " });
            out.push_str(self.axis(entry.index));
            let over = self.graph.axes[entry.index.0 as usize].over;
            let domain = entry.set.map(|set| self.inputs[set].name.as_str());
            if let Some(domain) = domain.or(over.map(|over| self.axis(over))) {
                out.push_str(" in ");
                out.push_str(domain);
            }
        }
        if let Some(filter) = entries.last().and_then(|last| last.filter) {
            out.push_str(" | ");
            self.write(out, filter, IF, false);
        }
        self.list(out, "](", &[body], ")");
    }

    /// What a fold binds; it visits a set if its filter says so and nothing else asks for the place.
    fn entry(&self, index: AxisId, body: ExprId, filter: Option<ExprId>) -> Entry {
        let plain = Entry { index, set: None, filter };
        let Some(filter) = filter else { return plain };
        let (valid, rest) = match self.graph.pair(filter, Function::And) {
            Some((valid, rest)) => (valid, Some(rest)),
            None => (filter, None),
        };
        let Some((label, zero)) = self.graph.pair(valid, Function::Ge) else { return plain };
        let Node::Gather(leaf, picks) = self.graph.node(label) else { return plain };
        if !self.graph.is(zero, 0.0) || self.label(*leaf, picks) != Some(index) {
            return plain;
        }
        let Node::Input(set) = *self.graph.node(*leaf) else { return plain };
        let place = picks[0].1;
        let alone = |root: ExprId| {
            let read = self.graph.reachable_unless(&[root], |id| id == label);
            !read.contains(&place)
        };
        if !alone(body) || !rest.is_none_or(alone) {
            return plain;
        }
        Entry { index, set: Some(set), filter: rest }
    }
}

/// The name of a binder.
fn word(reduction: Reduction) -> &'static str {
    match reduction {
        Reduction::Sum => "sum",
        Reduction::Excess => "excess",
        Reduction::Mean => "mean",
        Reduction::Max => "max",
        Reduction::Min => "min",
        Reduction::Prod => "prod",
        Reduction::LogSumExp => "logsumexp",
        Reduction::Norm => "norm",
        Reduction::Any => "any",
        Reduction::All => "all",
        Reduction::Count => "count",
    }
}
