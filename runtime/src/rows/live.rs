//! What of a program has to run for what a call asks for.
//!
//! Steps that need more than is asked for are left out, and so are those whose results nobody reads.

use super::Rows;
use super::program::{Access, Action, Need, Place, Read, Step, Write};
use crate::sweep::Demand;

/// The steps that run in each phase, and the slots that somebody reads.
#[derive(Debug)]
pub(super) struct Live<'p> {
    pub(super) before: Vec<&'p Action<'p>>,
    pub(super) keep: Vec<&'p Action<'p>>,
    pub(super) rows: Vec<&'p Action<'p>>,
    pub(super) after: Vec<&'p Action<'p>>,
    pub(super) slots: Vec<bool>,
}

impl<'p> Live<'p> {
    pub(super) fn new<T>(rows: &Rows<'p, T>) -> Self {
        let program = rows.program;
        let mut slots = vec![false; program.slots.len()];
        slots[program.value] = true;
        program
            .kept
            .into_iter()
            .chain(program.valid.filter(|_| rows.check))
            .for_each(|slot| slots[slot] = true);
        let mut phase = |steps: &'p [Step<'p>]| {
            let mut live: Vec<&'p Action<'p>> = Vec::new();
            for step in steps.iter().rev() {
                if needed(step.need, rows.demand) && writes(rows, &step.action, &slots) {
                    read(&step.action, &mut slots);
                    live.push(&step.action);
                }
            }
            live.reverse();
            live
        };
        let after = phase(program.after);
        let rows = phase(program.rows);
        let keep = phase(program.keep);
        let before = phase(program.before);
        Live { before, keep, rows, after, slots }
    }

    /// Every step, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = &'p Action<'p>> {
        [&self.before, &self.keep, &self.rows, &self.after].into_iter().flatten().copied()
    }
}

impl<T> Rows<'_, T> {
    /// Whether the derivative with respect to an input is asked for.
    pub(super) fn wants(&self, input: usize) -> bool {
        let given = self.gradients.get(input).is_some_and(Option::is_some);
        given
            && match self.demand {
                Demand::Value => false,
                Demand::Gradient => self.first == Some(input),
                Demand::Gradients => true,
            }
    }
}

fn needed(need: Need, demand: Demand) -> bool {
    match demand {
        Demand::Value => need == Need::Value,
        Demand::Gradient => need <= Need::Gradient,
        Demand::Gradients => true,
    }
}

/// Whether somebody needs what an action writes.
fn writes<T>(rows: &Rows<'_, T>, action: &Action<'_>, slots: &[bool]) -> bool {
    match action {
        Action::Pass { writes, .. } => writes.iter().any(|write| match *write {
            Write::Store(slot) | Write::Fold(slot) | Write::Total(slot) => slots[slot],
            Write::Gradient { input, .. } => rows.wants(input),
        }),
        Action::Gather { into, .. } | Action::Product { into, .. } | Action::Total { into, .. } => {
            slots[*into]
        }
    }
}

/// Marks the slots that an action reads.
fn read(action: &Action<'_>, slots: &mut [bool]) {
    let mut mark = |read: &Read<'_>| {
        if let Read::Slot(slot) = read {
            slots[*slot] = true;
        }
    };
    match action {
        Action::Pass { reads, .. } => reads.iter().for_each(mark),
        Action::Product { left, right, .. } | Action::Total { left, right, .. } => {
            mark(left);
            mark(right);
        }
        Action::Gather { from: Access { at, .. }, .. } => {
            for place in *at {
                if let Place::Slot(slot) = place {
                    slots[*slot] = true;
                }
            }
        }
    }
}

/// Calls `visit` with every slot that an action reads or writes.
pub(super) fn touch(action: &Action<'_>, visit: &mut dyn FnMut(usize)) {
    let mut seen = |read: &Read<'_>| {
        if let Read::Slot(slot) = read {
            visit(*slot);
        }
    };
    match action {
        Action::Pass { reads, writes, .. } => {
            reads.iter().for_each(seen);
            for write in *writes {
                if let Write::Store(slot) | Write::Fold(slot) | Write::Total(slot) = write {
                    visit(*slot);
                }
            }
        }
        Action::Product { left, right, into, .. } | Action::Total { left, right, into } => {
            seen(left);
            seen(right);
            visit(*into);
        }
        Action::Gather { from: Access { at, .. }, into } => {
            for place in *at {
                if let Place::Slot(slot) = place {
                    visit(*slot);
                }
            }
            visit(*into);
        }
    }
}
