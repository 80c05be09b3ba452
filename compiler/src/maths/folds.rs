//! Folds as large operators, words and bars, with what they run over below.

use super::build::{Builder, fold, relation, subscript};
use super::{Fence, FoldSign, Maths};
use crate::display::binders::{Binder, Entry};
use crate::ir::{ExprId, Reduction};

impl Builder<'_> {
    /// A fold; folds of one kind inside each other are one.
    pub(super) fn fold(&self, id: ExprId) -> Maths {
        let Some(Binder { kind, entries, body }) = Binder::read(self.graph, self.inputs, &self.known, id)
        else {
            return Maths::Sign("…");
        };
        let mut below: Vec<Maths> = entries.iter().map(|entry| self.entry(entry)).collect();
        if let Some(filter) = entries.last().and_then(|last| last.filter) {
            below.push(self.visit(filter));
        }
        let body = self.visit(body);
        match kind {
            Reduction::Norm => subscript(Maths::Fence(Fence::DoubleBars, Box::new(body)), below),
            Reduction::Sum => fold(FoldSign::Large("∑"), below, body),
            Reduction::Prod => fold(FoldSign::Large("∏"), below, body),
            Reduction::Any => fold(FoldSign::Large("⋁"), below, body),
            Reduction::All => fold(FoldSign::Large("⋀"), below, body),
            // How many hold is the sum of their indicators.
            Reduction::Count => {
                fold(FoldSign::Large("∑"), below, Maths::Fence(Fence::Square, Box::new(body)))
            }
            Reduction::Mean => fold(FoldSign::Word("mean"), below, body),
            Reduction::Max => fold(FoldSign::Word("max"), below, body),
            Reduction::Min => fold(FoldSign::Word("min"), below, body),
            Reduction::LogSumExp => fold(FoldSign::Word("logsumexp"), below, body),
            Reduction::Excess => fold(FoldSign::Word("excess"), below, body),
        }
    }

    /// `c`, `j ∈ n`, `j ∈ Y`
    fn entry(&self, entry: &Entry) -> Maths {
        let index = self.axis(entry.index);
        let over = self.graph.axes[entry.index.0 as usize].over;
        let set = entry.set.map(|set| Maths::Name(self.inputs[set].name.clone()));
        match set.or(over.map(|over| self.axis(over))) {
            Some(set) => relation("∈", index, set),
            None => index,
        }
    }
}
