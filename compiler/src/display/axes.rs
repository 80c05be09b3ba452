//! Picks, memberships and binders as the language writes them.

use super::binders::{Binder, label};
use super::{IF, Printer, SUM};
use crate::ir::{AxisId, ExprId, Node, Reduction, Role};

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
        if let Some(index) = label(self.graph, self.inputs, leaf, picks) {
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

    /// A fold; folds of one kind inside each other are one binder.
    pub(super) fn fold(&self, out: &mut String, id: ExprId) {
        let Some(Binder { kind, entries, body }) = Binder::read(self.graph, self.inputs, &self.known, id)
        else {
            return;
        };
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
