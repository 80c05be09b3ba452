//! When each value can be computed: the phase of the call, and after how many folds.

use super::Refused;
use crate::ir::{AxisId, AxisSet, Graph, Loss, Role};
use crate::plan::{Operation, ValueId, Values};

/// A phase of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Before the samples: the same for all of them.
    Before,
    /// For each sample, before it is known to be kept.
    Keep,
    /// For each sample.
    Row,
    /// After the samples.
    After,
}

/// When a value can be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    /// In which phase.
    pub(super) phase: Phase,
    /// How many folds and gathers come before it in that phase.
    pub(super) rank: usize,
    /// What it varies over within a sample.
    pub(super) inner: AxisSet,
}

/// Finds the facts of all values; refuses a value that mixes what is known of a sample with what is known only after
/// all of them.
pub(super) fn facts(graph: &Graph, values: &Values) -> Result<Vec<Fact>, Refused> {
    let samples = graph.samples;
    let mut facts: Vec<Fact> = Vec::with_capacity(values.0.len());
    for (_, value) in values.iter() {
        let operands = match &value.operation {
            // A leaf that is picked from is not read where its axes stand.
            Operation::Gather(_, picks) => picks.iter().map(|(_, at)| *at).collect(),
            other => other.operands(),
        };
        let of = |operand: &ValueId| facts[operand.0];
        let over_samples = !value.axes.intersection(samples).is_empty();
        let mut phase = operands.iter().map(|operand| of(operand).phase).max().unwrap_or(Phase::Before);
        if over_samples || value.operation == Operation::Upstream {
            if phase == Phase::After {
                return Err(Refused);
            }
            phase = Phase::Row;
        }
        // Ranks count within a phase.
        let here = operands.iter().map(of).filter(|fact| fact.phase == phase);
        let rank = here.map(|fact| fact.rank).max().unwrap_or(0);
        let rank = match &value.operation {
            Operation::Fold(_, axis, _) if samples.contains(*axis) => {
                phase = Phase::After;
                0
            }
            Operation::Fold(..) => rank + 1,
            Operation::Gather(_, picks) if picks.iter().any(|(_, at)| !is_loop(graph, values, *at)) => {
                rank + 1
            }
            _ => rank,
        };
        facts.push(Fact { phase, rank, inner: value.axes.difference(samples) });
    }
    Ok(facts)
}

/// Whether a position is that of a loop within a sample.
pub(super) fn is_loop(graph: &Graph, values: &Values, position: ValueId) -> bool {
    matches!(values.get(position).operation, Operation::Index(axis) if !graph.samples.contains(axis))
}

/// The axes of a leaf: those of an input, or of the membership in it, and which input it is.
pub(super) fn leaf_axes(loss: &Loss, operation: &Operation) -> Option<(usize, bool, Vec<AxisId>)> {
    match operation {
        Operation::Input(input) => Some((*input, false, loss.inputs[*input].axes.clone())),
        Operation::Member(input) => {
            let declared = &loss.inputs[*input];
            let Role::Set(into) = declared.role else { return None };
            let mut axes = declared.axes.clone();
            *axes.last_mut()? = into;
            Some((*input, true, axes))
        }
        _ => None,
    }
}
