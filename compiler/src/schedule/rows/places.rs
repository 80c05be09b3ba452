//! Places: where in an input an element is read, and along which loop most elements lie side by side.

use super::Refused;
use super::facts::leaf_axes;
use super::passes::Planner;
use crate::ir::{AxisId, AxisSet};
use crate::plan::rows::{Access, Need, Place};
use crate::plan::{Operation, ValueId};

impl Planner<'_> {
    /// The element of a leaf, with positions for some of its axes.
    pub(super) fn access(
        &mut self,
        leaf: ValueId,
        picks: &[(AxisId, ValueId)],
        need: Need,
    ) -> Result<Access, Refused> {
        let operation = self.values.get(leaf).operation.clone();
        let (input, member, axes) = leaf_axes(self.loss, &operation).ok_or(Refused)?;
        let mut at = Vec::with_capacity(axes.len());
        for axis in axes {
            let position = picks.iter().find(|(picked, _)| *picked == axis).map(|(_, at)| *at);
            at.push(match position.map(|at| (at, self.values.get(at).operation.clone())) {
                None => self.place(axis),
                Some((_, Operation::Index(index))) if !self.graph.samples.contains(index) => {
                    self.place(index)
                }
                Some((at, _)) => Place::Slot(self.slot(at, need)?),
            });
        }
        Ok(Access { input, member, at })
    }

    pub(super) fn place(&mut self, axis: AxisId) -> Place {
        if self.graph.samples.contains(axis) { Place::Sample } else { Place::Loop(self.loop_of(axis)) }
    }

    /// The axis along which most elements lie next to each other.
    pub(super) fn innermost(&self, outputs: &[ValueId], loops: AxisSet) -> Option<AxisId> {
        let needed = self.values.needed_beyond(outputs, |id| {
            matches!(self.values.get(id).operation, Operation::Fold(..)) && !outputs.contains(&id)
        });
        let last = |id: &ValueId| -> Option<AxisId> {
            let (leaf, picks) = match &self.values.get(*id).operation {
                Operation::Gather(leaf, picks) => (*leaf, picks.as_slice()),
                _ => (*id, &[][..]),
            };
            let axis = *leaf_axes(self.loss, &self.values.get(leaf).operation)?.2.last()?;
            match picks.iter().find(|(picked, _)| *picked == axis) {
                None => Some(axis),
                Some((_, at)) => match self.values.get(*at).operation {
                    Operation::Index(index) => Some(index),
                    _ => None,
                },
            }
        };
        let votes: Vec<AxisId> = needed.iter().filter_map(last).collect();
        loops.iter().max_by_key(|axis| votes.iter().filter(|vote| *vote == axis).count())
    }
}
