//! Sums of outer products that are added up where the derivative goes, without memory of their own.
//!
//! That is possible where `after` does nothing with such a sum but copy it to a derivative that nothing else
//! writes for the samples. Then the samples are taken one tile after the other, and threads share the products of
//! matrices. Where the accumulators are small beside the samples, each shard had better have its own.

use super::Rows;
use super::live::{Live, touch};
use super::program::{Action, Place, Read, Write};
use super::shards::SHARDS;
use super::steps::Steps;
use crate::real::Float;

/// A sum that is added up in a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Direct {
    pub(super) slot: usize,
    pub(super) input: usize,
    /// Strides of the target over the loops of the slot.
    pub(super) strides: [isize; 2],
}

/// All such sums of a call.
pub(super) fn direct<T: Float>(call: &Rows<'_, T>, live: &Live<'_>) -> Vec<Direct> {
    let totals = live.rows.iter().filter_map(|action| match action {
        Action::Total { into, .. } => Some(*into),
        _ => None,
    });
    totals.filter_map(|slot| one(call, live, slot)).collect()
}

/// The step that copies a sum, as what takes its place.
fn one<T: Float>(call: &Rows<'_, T>, live: &Live<'_>, slot: usize) -> Option<Direct> {
    let mut readers = live.after.iter().filter(|action| {
        let mut reads = false;
        touch(action, &mut |touched| reads |= touched == slot);
        reads
    });
    let (Some(Action::Pass { stage, reads: [Read::Slot(_)], writes, .. }), None) =
        (readers.next(), readers.next())
    else {
        return None;
    };
    let [Write::Gradient { input, at: [first, second] }] = *writes else { return None };
    let target =
        call.gradients[*input].filter(|_| call.wants(*input) && call.stages[*stage].code().copies)?;
    let writes = |action: &&Action<'_>| match action {
        Action::Pass { writes, .. } => {
            writes.iter().any(|write| matches!(write, Write::Gradient { input: own, .. } if own == input))
        }
        _ => false,
    };
    if live.rows.iter().any(writes) {
        return None;
    }
    let lengths = |index: usize| call.sizes[call.program.loops[index]];
    let &[outer, inner] = call.program.slots[slot].loops else { return None };
    let stride = |axis: usize| Steps::new(target.axes[axis].steps).even().filter(|stride| *stride != 0);
    let strides = match (*first, *second) {
        (Place::Loop(a), Place::Loop(b)) if [a, b] == [outer, inner] => [stride(0)?, stride(1)?],
        (Place::Loop(a), Place::Loop(b)) if [b, a] == [outer, inner] => [stride(1)?, stride(0)?],
        _ => return None,
    };
    let accumulators = lengths(outer).saturating_mul(lengths(inner));
    let samples = call.shape.iter().product::<usize>().saturating_mul(lengths(outer).max(lengths(inner)));
    let large = accumulators.saturating_mul(SHARDS) > samples / 10;
    large.then_some(Direct { slot, input: *input, strides })
}
