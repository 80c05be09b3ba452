//! Sums of products that are products of matrices: over an axis that a sample shares with what is the same for
//! all samples, and over the samples.

use super::Refused;
use super::facts::Phase;
use super::passes::{Planner, life};
use crate::ir::{AxisId, AxisSet, Function, Reduction};
use crate::plan::rows::{Action, Life, Need};
use crate::plan::{Operation, ValueId};

impl Planner<'_> {
    /// `sum[k](left[k] * right[m, k])` for every sample, where `right` is the same for all samples.
    pub(super) fn product(
        &mut self,
        id: ValueId,
        reduction: Reduction,
        axis: AxisId,
        body: ValueId,
        need: Need,
    ) -> Result<Option<usize>, Refused> {
        let fact = self.facts[id.0];
        if reduction != Reduction::Sum || fact.phase != Phase::Row || fact.inner.len() != 1 {
            return Ok(None);
        }
        let Some((a, b)) = self.factors(body) else { return Ok(None) };
        let over = AxisSet::of(axis);
        let fits = |left: ValueId, right: ValueId| {
            let (left, right) = (self.facts[left.0], self.facts[right.0]);
            let phases = matches!(left.phase, Phase::Row | Phase::Keep) && right.phase == Phase::Before;
            phases && left.inner == over && right.inner == over.union(fact.inner)
        };
        let (left, right) = if fits(a, b) {
            (a, b)
        } else if fits(b, a) {
            (b, a)
        } else {
            return Ok(None);
        };
        let (left, right) = (self.operand(left, need)?, self.operand(right, need)?);
        let over = self.loop_of(axis);
        let loops = fact.inner.iter().map(|axis| self.loop_of(axis)).collect();
        let into = self.push_slot(id, loops, life(Phase::Row));
        self.push_move(Phase::Row, fact.rank, need, Action::Product { left, right, over, into });
        Ok(Some(into))
    }

    /// The sum over samples of `left[k] * right[m]`.
    pub(super) fn outer_product(
        &mut self,
        id: ValueId,
        body: ValueId,
        need: Need,
    ) -> Result<Option<usize>, Refused> {
        let Some((a, b)) = self.factors(body) else { return Ok(None) };
        let (of_a, of_b) = (self.facts[a.0], self.facts[b.0]);
        let varies = |phase: Phase| matches!(phase, Phase::Row | Phase::Keep);
        let apart = of_a.inner.len() == 1 && of_b.inner.len() == 1 && of_a.inner != of_b.inner;
        if !apart || !varies(of_a.phase) || !varies(of_b.phase) {
            return Ok(None);
        }
        let rank = self.facts[body.0].rank + 1;
        let (left, right) = (self.operand(a, need)?, self.operand(b, need)?);
        let axes = of_a.inner.iter().chain(of_b.inner.iter());
        let loops = axes.map(|axis| self.loop_of(axis)).collect();
        let into = self.push_slot(id, loops, Life::Total);
        self.push_move(Phase::Row, rank, need, Action::Total { left, right, into });
        Ok(Some(into))
    }

    fn factors(&self, body: ValueId) -> Option<(ValueId, ValueId)> {
        match &self.values.get(body).operation {
            Operation::Apply(Function::Mul, factors) => Some((factors[0], factors[1])),
            _ => None,
        }
    }
}
