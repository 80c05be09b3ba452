//! Loops over the labels of a set.
//!
//! An index that `j in Y` binds runs over the places where the set is stored, and what it leads to is filtered by
//! the label there. So nothing depends on what is computed behind the last label.

use crate::ir::{AxisId, Graph, Loss, Role};
use crate::plan::rows::{Action, Slot, Step};
use crate::plan::{Operation, ValueId, Values};

/// For each loop, the set that it visits, up to the last one that visits any. Products of matrices visit all places.
pub(super) fn lists(
    loss: &Loss,
    graph: &Graph,
    values: &Values,
    loops: &[AxisId],
    slots: &[Slot],
    steps: &[Step],
) -> Vec<Option<usize>> {
    let multiplied = |number: usize| {
        steps.iter().any(|step| match &step.action {
            Action::Product { over, .. } => *over == number,
            Action::Total { into, .. } => slots[*into].loops.contains(&number),
            _ => false,
        })
    };
    let list = |(number, axis): (usize, &AxisId)| {
        if multiplied(number) { None } else { list(loss, graph, values, *axis) }
    };
    let mut lists: Vec<Option<usize>> = loops.iter().enumerate().map(list).collect();
    while lists.pop_if(|list| list.is_none()).is_some() {}
    lists
}

/// The set whose labels an index picks, if it is only one.
fn list(loss: &Loss, graph: &Graph, values: &Values, axis: AxisId) -> Option<usize> {
    graph.axes[axis.0 as usize].over?;
    let at = |position: ValueId| values.get(position).operation == Operation::Index(axis);
    let mut found = None;
    for (_, value) in values.iter() {
        let Operation::Gather(leaf, picks) = &value.operation else { continue };
        let Operation::Input(input) = values.get(*leaf).operation else { continue };
        let declared = &loss.inputs[input];
        if !matches!(declared.role, Role::Set(_)) || !picks.iter().any(|(_, position)| at(*position)) {
            continue;
        }
        let alone = matches!(picks[..], [(storage, _)] if declared.axes.last() == Some(&storage));
        if !alone || found.is_some_and(|found| found != input) {
            return None;
        }
        found = Some(input);
    }
    found
}
