//! What folds make of the numbers that pass their filters.
//!
//! An axis has at least one position, and one more where a filter leaves out a single one (`j != target`). Where a
//! branch has found one that passes, something passes.

use super::analysis::Analysis;
use super::cause::{Cause, Kind};
use super::number::{Causes, Number};
use crate::ir::range::Range;
use crate::ir::{ExprId, Function, Node, Reduction};

impl Analysis<'_> {
    /// A fold at a node, of numbers that passed its filter; `sure` where one is known to pass.
    pub(super) fn fold(&mut self, id: ExprId, x: Number, sure: bool) -> Number {
        let Node::Reduce(reduction, _, body, filter) = *self.graph.node(id) else { return x };
        let empty = !sure && filter.is_some_and(|filter| !self.leaves_one_out(filter));
        let nothing = |analysis: &mut Self, kind: Kind| match filter.filter(|_| empty) {
            None => Causes::NONE,
            Some(filter) => {
                let (operand, direction, from) = (filter, None, Causes::NONE);
                analysis.table.add(Cause { node: id, kind, operand, direction, from })
            }
        };
        let passed = Number { nonzero: false, ..x };
        match reduction {
            Reduction::Sum | Reduction::Excess => {
                let clash = self.table.clash(id, x.above, x.below);
                let mut range = one_or_more(x.range);
                if empty {
                    range = range.union(Range::point(0.0));
                }
                if reduction == Reduction::Excess {
                    range = range.plus(Range::point(-1.0));
                }
                Number { range, nan: x.nan.and(clash), ..passed }
            }
            Reduction::Mean => {
                let clash = self.table.clash(id, x.above, x.below);
                let of_nothing = nothing(self, Kind::Undefined);
                Number { nan: x.nan.and(clash).and(of_nothing), ..passed }
            }
            Reduction::Max => Number { below: x.below.and(nothing(self, Kind::Pole)), ..passed },
            Reduction::Min => Number { above: x.above.and(nothing(self, Kind::Pole)), ..passed },
            Reduction::LogSumExp => {
                let range = Range { low: x.range.low, above: x.range.above, ..Range::ALL };
                let below = x.below.and(nothing(self, Kind::Pole));
                Number { range, below, high_by: Causes::NONE, ..passed }
            }
            Reduction::Prod => {
                let lost =
                    if x.may_be(0.0) { self.table.nothing_from(id, x.infinite()) } else { Causes::NONE };
                let range = if x.range.is_positive() {
                    Range::POSITIVE
                } else if x.range.is_nonnegative() {
                    Range::NONNEGATIVE
                } else {
                    Range::ALL
                };
                Number { range, nonzero: x.never_zero(), nan: x.nan.and(lost), high_by: Causes::NONE, ..x }
            }
            Reduction::Norm => Number {
                nonzero: x.never_zero() && !empty,
                above: x.infinite(),
                nan: x.nan,
                ..Number::finite(Range::NONNEGATIVE)
            },
            Reduction::Any | Reduction::All => Number::finite(Range::closed(0.0, 1.0)),
            Reduction::Count => {
                let low = if sure || self.is_attained(body) { 1.0 } else { 0.0 };
                Number::finite(Range { low, ..Range::NONNEGATIVE })
            }
        }
    }

    /// Whether a condition compares with the largest or smallest, which one of them is.
    fn is_attained(&self, condition: ExprId) -> bool {
        let Some((a, b)) = self.graph.pair(condition, Function::Eq) else { return false };
        let extreme = |side: ExprId, x: ExprId| match self.graph.node(side) {
            Node::Reduce(Reduction::Max | Reduction::Min, _, body, _) => *body == x,
            _ => false,
        };
        extreme(a, b) || extreme(b, a)
    }

    fn leaves_one_out(&self, filter: ExprId) -> bool {
        let (function, inner) = match self.graph.argument(filter, Function::Not) {
            Some(inner) => (Function::Eq, inner),
            None => (Function::Ne, filter),
        };
        let Some((a, b)) = self.graph.pair(inner, function) else { return false };
        [a, b].iter().any(|side| matches!(self.graph.node(*side), Node::Index(_)))
    }
}

/// The range of a sum of one or more numbers of a range.
fn one_or_more(x: Range) -> Range {
    let low = if x.low >= 0.0 { (x.low, x.above) } else { (f64::NEG_INFINITY, true) };
    let high = if x.high <= 0.0 { (x.high, x.below) } else { (f64::INFINITY, true) };
    Range { low: low.0, above: low.1, high: high.0, below: high.1 }
}
