//! The shape of the work: which way lanes run, and how many samples make a tile and a chunk.

use super::data::Data;
use super::lanes::LANES;
use super::layout::Layout;
use super::live::Live;
use super::program::{Action, Life, Place, Read};
use super::share::share;
use super::steps::Steps;
use super::{RowAxis, Rows};
use crate::real::Float;

/// Bytes of a tile that stay close to a core.
const NEAR: usize = 192 << 10;
/// Bytes of a tile where products of matrices need many samples.
const LARGE: usize = 8 << 20;
/// How large a part of the largest array of all samples a tile may have, where that is more: one in so many.
const PART: usize = 12;
/// Products of matrices have a multiple of so many rows.
const ROWS: usize = 16;
/// The most samples of a tile where there are products of matrices.
const MANY: usize = 256;
/// Rows up to this length have lanes across samples.
const SHORT: usize = 64;
/// From how many bytes on a pass reads ahead: what is not in a cache.
const FAR: usize = 8 << 20;
/// Elements that a chunk has at least.
const CHUNK: usize = 1 << 15;

/// The layout of a call and the size of its tiles.
pub(super) struct Shape {
    pub(super) layout: Layout,
    /// Samples of a tile.
    pub(super) tile: usize,
    /// Samples of a chunk.
    pub(super) chunk: usize,
    /// About how many elements the longest pass visits for each sample.
    pub(super) work: usize,
    /// Whether inputs are too large for caches, but rows are not.
    pub(super) far: bool,
}

/// What decides about the shape.
#[derive(Default)]
struct Survey {
    /// The longest innermost loop.
    longest: usize,
    /// The most positions that a step visits for each sample.
    work: usize,
    /// Whether there are products of matrices.
    multiplies: bool,
    /// Whether there are inputs whose rows lie element by element, and inputs whose samples do so, but not
    /// rows.
    rows: bool,
    columns: bool,
    /// Elements of each input and of all slots for a sample.
    inputs: Vec<usize>,
    slots: usize,
    /// The elements of the largest slot of a sample.
    largest: usize,
}

impl Shape {
    /// The shape of a call, with lanes the way that is given or else the way that looks faster.
    /// Where samples are taken in order (`direct`), a tile may have a part of all samples.
    pub(super) fn new<T: Float>(
        call: &Rows<'_, T>,
        live: &Live<'_>,
        given: Option<Layout>,
        direct: bool,
    ) -> Self {
        let survey = Survey::new(call, live);
        let count = call.shape.iter().product::<usize>().max(1);
        let row = survey.inputs.iter().sum::<usize>() * size_of::<T>();
        let bytes = (row + survey.slots * size_of::<T>()).max(1);
        let short = survey.longest <= SHORT && bytes * LANES <= LARGE / 8;
        let upright = survey.columns && !survey.rows && bytes * LANES <= LARGE;
        let across = given.map_or(short || upright || survey.longest == 0, |layout| layout == Layout::Across);
        let (layout, tile) = if survey.multiplies {
            // Many samples for each product, but some tiles for threads.
            let part = survey.largest.saturating_mul(count).saturating_mul(size_of::<T>()) / PART;
            let room = if direct { LARGE.max(part) } else { LARGE };
            let many = (room / bytes).min(MANY).min(count.div_ceil(4).max(2 * LANES));
            let whole = if many > ROWS { many / ROWS * ROWS } else { many.max(1) };
            (Layout::Along, whole.min(count))
        } else if across {
            (Layout::Across, LANES)
        } else {
            (Layout::Along, (NEAR / bytes).clamp(1, LANES).min(count))
        };
        let work = survey.work.max(1);
        let chunk = CHUNK.div_ceil(work.saturating_mul(tile)).max(1) * tile;
        let far = row.saturating_mul(count) >= FAR && row <= NEAR / LANES * 4;
        Shape { layout, tile, chunk, work, far }
    }
}

impl Survey {
    fn new<T: Float>(call: &Rows<'_, T>, live: &Live<'_>) -> Self {
        let program = call.program;
        let length = |index: &usize| call.sizes[program.loops[*index]];
        // Three loops may have more positions than there are numbers.
        let size = |loops: &[usize]| loops.iter().map(length).fold(1, usize::saturating_mul);
        let mut survey = Survey { inputs: vec![0; call.inputs.len()], ..Survey::default() };
        for action in live.keep.iter().chain(&live.rows) {
            let work = match action {
                Action::Pass { loops, reads, .. } => {
                    if let Some(inner) = loops.last() {
                        survey.longest = survey.longest.max(length(inner));
                        reads.iter().for_each(|read| survey.read(call, read, *inner));
                    }
                    size(loops)
                }
                Action::Product { over, into, .. } => {
                    length(over).saturating_mul(size(program.slots[*into].loops))
                }
                Action::Total { into, .. } => size(program.slots[*into].loops),
                Action::Gather { .. } => 1,
            };
            survey.multiplies |= matches!(action, Action::Product { .. } | Action::Total { .. });
            survey.work = survey.work.max(work);
        }
        let homes = share(program, live, size);
        for (number, slot) in program.slots.iter().enumerate() {
            if live.slots[number]
                && homes[number] == number
                && slot.life == Life::Row
                && !slot.loops.is_empty()
            {
                survey.slots += size(slot.loops);
                survey.largest = survey.largest.max(size(slot.loops));
            }
        }
        survey
    }

    /// Looks at a read of a pass with this innermost loop.
    fn read<T: Float>(&mut self, call: &Rows<'_, T>, read: &Read<'_>, inner: usize) {
        let Read::Input(access) = read else { return };
        let input = &call.inputs[access.input];
        if !access.at.contains(&Place::Sample) || matches!(input.data, Data::Splat(_)) {
            return;
        }
        let places = || input.axes.iter().zip(access.at);
        let loops = places().filter(|(_, place)| matches!(place, Place::Loop(_)));
        let elements = loops.map(|(axis, _)| axis.length()).product::<usize>();
        if elements > 1 {
            self.inputs[access.input] = self.inputs[access.input].max(elements);
        }
        let along = places().find(|(_, place)| **place == Place::Loop(inner));
        if let (Data::Float(_), Some((axis, _))) = (input.data, along) {
            let unit = Steps::new(axis.steps) == Steps::Even(1);
            let beside = |axis: &RowAxis<'_>| {
                axis.samples.iter().zip(call.shape).any(|(stride, length)| *stride == 1 && *length >= LANES)
            };
            let samples = places().any(|(axis, place)| *place == Place::Sample && beside(axis));
            self.rows |= unit;
            self.columns |= !unit && samples;
        }
    }
}
