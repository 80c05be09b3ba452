//! A plan in the making: room for slots, targets of derivatives, labels to check.

use super::arena::Rooms;
use super::data::Data;
use super::direct::Direct;
use super::labels::Check;
use super::layout::{Base, By, Layout, Room, dense};
use super::lists::List;
use super::live::Live;
use super::plan::{Plan, Step, Sum, length};
use super::program::{Action, Life, Place, Read, Write};
use super::share::share;
use super::steps::Steps;
use super::table::Phase;
use super::target::{Goal, Shared};
use super::{RowAxis, Rows};
use crate::real::Float;

/// A plan in the making.
pub(super) struct Planner<'r, T> {
    pub(super) call: &'r Rows<'r, T>,
    pub(super) plan: Plan<'r, T>,
    pub(super) layout: Layout,
    pub(super) slots: Vec<Option<Room>>,
    pub(super) live: Vec<bool>,
    pub(super) phase: Phase,
    /// Scratch memory of the pass at hand.
    pub(super) scratch: Rooms,
    pub(super) wide: Rooms,
    /// The derivatives that some step writes already.
    pub(super) written: Vec<usize>,
    /// Sums that are added up in the targets of derivatives.
    pub(super) direct: Vec<Direct>,
}

impl<'r, T: Float> Planner<'r, T> {
    pub(super) fn size(&self, index: usize) -> usize {
        self.call.sizes[self.call.program.loops[index]]
    }

    pub(super) fn lengths(&self, loops: &[usize]) -> Vec<usize> {
        loops.iter().map(|index| self.size(*index)).collect()
    }

    /// Makes room for the slots.
    pub(super) fn slots(&mut self, live: &Live<'_>) {
        let program = self.call.program;
        let homes = share(program, live, |loops| self.lengths(loops).iter().product());
        // Homes come first.
        let roomy = |slot: &usize| self.live[*slot] && !self.direct.iter().any(|direct| direct.slot == *slot);
        let mut order: Vec<usize> = (0..homes.len()).filter(roomy).collect();
        order.sort_by_key(|slot| homes[*slot] != *slot);
        for number in order {
            let slot = &program.slots[number];
            let lengths = self.lengths(slot.loops);
            let room = match slot.life {
                Life::Row => {
                    let start = self.plan.tile_rooms.taken();
                    let room = Room::tile(self.layout, &lengths, self.plan.tile, start);
                    match &self.slots[homes[number]] {
                        Some(home) if home.taken >= room.taken => Room { base: home.base, ..room },
                        _ => {
                            self.plan.tile_rooms.take(room.taken);
                            room
                        }
                    }
                }
                Life::Call | Life::Total | Life::After => {
                    let room = Room::call(&lengths, self.plan.call_rooms.taken());
                    self.plan.call_rooms.take(room.taken);
                    room
                }
            };
            if slot.life == Life::Total {
                let matrix =
                    |action: &&Action<'_>| matches!(action, Action::Total { into, .. } if *into == number);
                let matrix = live.rows.iter().any(matrix);
                let rooms = if matrix { &mut self.plan.matrix_rooms } else { &mut self.plan.total_rooms };
                let start = rooms.take(lengths.iter().product());
                self.plan.sums.push(Sum { start, matrix, lengths, room: room.clone() });
            }
            self.slots[number] = Some(room);
        }
        let base = |slot: usize| self.slots[slot].as_ref().map(|room| room.base);
        self.plan.value = base(program.value).unwrap_or(Base::Tile(0));
        self.plan.kept = program.kept.and_then(base);
        self.plan.valid = program.valid.filter(|_| self.call.check).and_then(base);
    }

    /// Whether a step does no more than copy a sum that is in its place already.
    pub(super) fn replaced(&self, action: &Action<'_>) -> bool {
        let Action::Pass { reads: [Read::Slot(slot)], .. } = action else { return false };
        self.direct.iter().any(|direct| direct.slot == *slot)
    }

    /// Strides over the sample shape of the axes that are accessed at the sample.
    pub(super) fn strides(&self, axes: &[RowAxis<'_>], at: &[Place]) -> Vec<isize> {
        let mut strides = vec![0; self.call.shape.len()];
        for (axis, place) in axes.iter().zip(at) {
            if *place == Place::Sample {
                for (stride, own) in strides.iter_mut().zip(axis.samples) {
                    *stride += own;
                }
            }
        }
        strides
    }

    /// Finds out where derivatives go and which steps write them.
    pub(super) fn goals(&mut self, live: &Live<'r>) {
        for input in 0..self.call.gradients.len() {
            let Some(target) = self.call.gradients[input].filter(|_| self.call.wants(input)) else {
                continue;
            };
            let write = live.rows.iter().find_map(|action| match action {
                Action::Pass { writes, .. } => writes.iter().find_map(|write| match write {
                    Write::Gradient { input: own, at } if *own == input => Some(*at),
                    _ => None,
                }),
                _ => None,
            });
            let at = write.unwrap_or(&[]);
            let place = |axis: usize| at.get(axis).copied();
            let strides = self.strides(target.axes, at);
            let mut elements = Vec::new();
            let mut axes = Vec::new();
            let mut repeats = false;
            // Axes of the sample shape first, then the others, each with its stride.
            if write.is_some() {
                for (&length, &stride) in self.call.shape.iter().zip(&strides) {
                    repeats |= stride == 0 && length > 1;
                    elements.push((length, stride));
                }
            }
            let mut own = Vec::new();
            for (number, axis) in target.axes.iter().enumerate() {
                if place(number) == Some(Place::Sample) {
                    own.push(0..0);
                    continue;
                }
                let steps: Vec<(usize, isize)> = if axis.steps.is_empty() {
                    self.call.shape.iter().copied().zip(axis.samples.iter().copied()).collect()
                } else {
                    axis.steps.to_vec()
                };
                repeats |= steps.iter().any(|(length, stride)| *stride == 0 && *length > 1);
                axes.push((steps.iter().map(|(length, _)| length).product(), Steps::new(&steps)));
                own.push(elements.len()..elements.len() + steps.len());
                elements.extend(steps);
            }
            let shared = (repeats && write.is_some()).then(|| {
                let varies = |&(length, stride): &(usize, isize)| stride != 0 && length != 1;
                let lengths: Vec<usize> =
                    elements.iter().map(|each| if varies(each) { each.0 } else { 1 }).collect();
                let (mut places, size) = dense(&lengths, 1, 1);
                for (place, element) in places.iter_mut().zip(&elements) {
                    if !varies(element) {
                        *place = 0;
                    }
                }
                let samples = places[..self.call.shape.len()].to_vec();
                let steps = |range: &std::ops::Range<usize>| {
                    let axes: Vec<_> = range.clone().map(|e| (elements[e].0, places[e])).collect();
                    Steps::new(&axes)
                };
                Shared {
                    start: self.plan.total_rooms.take(size),
                    size,
                    offsets: self.plan.samples.register(samples),
                    axes: own.iter().map(steps).collect(),
                    elements: (0..elements.len()).map(|e| (lengths[e], elements[e].1, places[e])).collect(),
                }
            });
            self.plan.goals.push(Goal {
                input,
                target,
                offsets: self.plan.samples.register(strides),
                axes,
                shared,
                idle: write.is_none(),
                add: self.call.accumulate,
            });
        }
    }

    /// Finds out which labels are to be checked, and where they are.
    pub(super) fn checks(&mut self) {
        for labels in self.call.labels {
            let input = &self.call.inputs[labels.input];
            if let Data::Splat(_) = input.data {
                continue;
            }
            let (at, axes) = sampled(input.axes);
            let strides = self.strides(input.axes, &at);
            let offsets = at.contains(&Place::Sample).then(|| self.plan.samples.register(strides));
            self.plan.checks.push(Check {
                input: labels.input,
                size: self.call.sizes[labels.axis],
                set: labels.set,
                offsets,
                axes,
            });
        }
    }

    /// The list that a loop visits for each sample.
    pub(super) fn list(&mut self, index: usize) -> Option<usize> {
        let set = self.call.program.lists.get(index).copied().flatten()?;
        let input = &self.call.inputs[set];
        if self.once() || matches!(input.data, Data::Splat(_)) {
            return None;
        }
        if let Some(known) = self.plan.lists.iter().position(|list| list.input == set) {
            return Some(known);
        }
        let (at, axes) = sampled(input.axes);
        let strides = self.strides(input.axes, &at);
        self.plan.lists.push(List { input: set, offsets: self.plan.samples.register(strides), axes });
        Some(self.plan.lists.len() - 1)
    }

    pub(super) fn steps(&mut self, phase: Phase, actions: &[&'r Action<'r>]) -> Vec<Step<'r, T>> {
        self.phase = phase;
        actions.iter().map(|action| self.step(action)).collect()
    }

    /// Whether the phase at hand runs once for the call.
    pub(super) fn once(&self) -> bool {
        matches!(self.phase, Phase::Before | Phase::After)
    }

    /// Way and room of a slot.
    pub(super) fn room(&self, slot: usize) -> &Room {
        match &self.slots[slot] {
            Some(room) => room,
            None => unreachable!("a slot that is read is live"),
        }
    }

    /// The step over one loop of a slot that varies over `loops`.
    pub(super) fn over(&self, slot: usize, index: usize) -> Steps {
        let loops = self.call.program.slots[slot].loops;
        let strides = &self.room(slot).strides;
        loops.iter().position(|own| *own == index).map_or(Steps::NONE, |at| Steps::Even(strides[at]))
    }

    /// How samples lead to a slot in the phase at hand.
    pub(super) fn by(&self, slot: usize) -> By {
        self.room(slot).by
    }
}

/// Places of an input where every axis that can be is accessed at the sample, and lengths of and steps over the
/// other axes.
fn sampled(axes: &[RowAxis<'_>]) -> (Vec<Place>, Vec<(usize, Steps)>) {
    let sampled = |axis: &&RowAxis<'_>| !axis.samples.is_empty();
    let place = |axis| if sampled(&axis) { Place::Sample } else { Place::Loop(0) };
    let others = axes.iter().filter(|axis| !sampled(axis));
    let others = others.map(|axis| (length(Some(axis)), Steps::new(axis.steps))).collect();
    (axes.iter().map(place).collect(), others)
}
