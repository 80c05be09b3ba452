//! The plan of a call: its program resolved against shapes, strides and memory.
//!
//! Input: [`Rows`]. Output: a [`Plan`] that names the layout, the size of a tile, all memory, and every step with
//! places instead of names. It depends on the program, the sizes and the strides, never on threads.

use super::arena::Rooms;
use super::data::Data;
use super::labels::Check;
use super::lanes::LANES;
use super::layout::{Base, By, Layout, Room, dense};
use super::live::Live;
use super::offsets::Samples;
use super::pass::Pass;
use super::product::{Product, Total};
use super::program::{Action, Life, Place, Read, Write};
use super::steps::Steps;
use super::table::{Phase, Table};
use super::target::{Goal, Shared};
use super::{Fault, RowAxis, RowInput, Rows, gather::Gather};
use crate::real::Float;
use crate::sweep::{Operand, Upstream};

/// Bytes of a tile that stay close to a core.
const NEAR: usize = 192 << 10;
/// Bytes of a tile where products of matrices need many samples.
const LARGE: usize = 8 << 20;
/// The most samples of a tile where there are products of matrices.
const MANY: usize = 256;
/// Rows up to this length have lanes across samples.
const SHORT: usize = 64;
/// Elements that a chunk has at least.
const CHUNK: usize = 1 << 15;

/// A step, resolved.
#[derive(Debug)]
pub(super) enum Step<'r, T> {
    Pass(Pass<'r, T>),
    Gather(Gather),
    Product(Product),
    Total(Total),
}

/// Everything that a call needs to know before it runs.
pub(super) struct Plan<'r, T> {
    pub(super) inputs: Vec<RowInput<'r, T>>,
    pub(super) samples: Samples,
    /// How many samples a tile has at most, and for how many there is room.
    pub(super) tile: usize,
    pub(super) lanes: usize,
    /// Samples of a chunk: whole tiles.
    pub(super) chunk: usize,
    /// About how many elements the longest pass visits for each sample.
    pub(super) work: usize,
    pub(super) tile_rooms: Rooms,
    pub(super) call_rooms: Rooms,
    pub(super) scratch_rooms: Rooms,
    pub(super) wide_rooms: Rooms,
    pub(super) total_rooms: Rooms,
    pub(super) matrix_rooms: Rooms,
    pub(super) before: Vec<Step<'r, T>>,
    pub(super) keep: Vec<Step<'r, T>>,
    pub(super) rows: Vec<Step<'r, T>>,
    pub(super) after: Vec<Step<'r, T>>,
    pub(super) tables: Vec<Table>,
    pub(super) checks: Vec<Check>,
    pub(super) goals: Vec<Goal<'r, T>>,
    pub(super) sums: Vec<Sum>,
    pub(super) value: Base,
    pub(super) kept: Option<Base>,
    pub(super) valid: Option<Base>,
    /// The number of the offsets of samples in the values.
    pub(super) values: Option<usize>,
    /// The most inputs, outputs and loops that a step has.
    pub(super) widest: [usize; 3],
}

/// A slot of `Life::Total`: where its sums are and where they go.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    /// The first accumulator, among those of matrices or among the others.
    pub(super) start: usize,
    pub(super) matrix: bool,
    pub(super) lengths: Vec<usize>,
    pub(super) room: Room,
}

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
}

impl<'r, T: Float> Plan<'r, T> {
    /// Plans a call, with lanes the way that is given or else the way that looks faster.
    pub(super) fn new(call: &'r Rows<'r, T>, layout: Option<Layout>) -> Result<Self, Fault> {
        let live = Live::new(call);
        check_lengths(call, &live)?;
        let mut inputs = call.inputs.to_vec();
        let zeros = vec![0; call.shape.len()];
        let mut samples = Samples::new(call.shape);
        samples.register(zeros.clone());
        inputs.push(RowInput { data: upstream(&call.upstream), axes: &[] });
        let values = call.values.map(|values| samples.register(values.strides.to_vec()));

        let shape = Shape::new(call, &live, layout);
        let plan = Plan {
            inputs,
            samples,
            tile: shape.tile,
            lanes: shape.tile.next_multiple_of(LANES),
            chunk: CHUNK.div_ceil(shape.work * shape.tile).max(1) * shape.tile,
            work: shape.work,
            tile_rooms: Rooms::default(),
            call_rooms: Rooms::default(),
            scratch_rooms: Rooms::default(),
            wide_rooms: Rooms::default(),
            total_rooms: Rooms::default(),
            matrix_rooms: Rooms::default(),
            before: Vec::new(),
            keep: Vec::new(),
            rows: Vec::new(),
            after: Vec::new(),
            tables: Vec::new(),
            checks: Vec::new(),
            goals: Vec::new(),
            sums: Vec::new(),
            value: Base::Tile(0),
            kept: None,
            valid: None,
            values,
            widest: [0; 3],
        };
        let mut planner = Planner {
            call,
            plan,
            layout: shape.layout,
            slots: vec![None; live.slots.len()],
            live: live.slots.clone(),
            phase: Phase::Rows,
            scratch: Rooms::default(),
            wide: Rooms::default(),
            written: Vec::new(),
        };
        planner.slots(&live);
        planner.goals(&live);
        planner.checks();
        planner.plan.before = planner.steps(Phase::Before, &live.before);
        planner.plan.keep = planner.steps(Phase::Keep, &live.keep);
        planner.plan.rows = planner.steps(Phase::Rows, &live.rows);
        planner.plan.after = planner.steps(Phase::After, &live.after);
        let mut plan = planner.plan;
        plan.samples.join();
        Ok(plan)
    }
}

/// What multiplies the derivatives, as an input.
fn upstream<'r, T: Float>(upstream: &Upstream<'r, T>) -> Data<'r, T> {
    use super::data::Elements;
    match upstream {
        Upstream::Scale(scale) => Data::Splat(T::from_f64(*scale)),
        Upstream::Each(Operand::Splat(value)) => Data::Splat(*value),
        Upstream::Each(Operand::Float(array)) => Data::Float(Elements::new(array.pointer)),
        Upstream::Each(Operand::Bool(array)) => Data::Bool(Elements::new(array.pointer)),
        Upstream::Each(Operand::Int(array)) => Data::I64(Elements::new(array.pointer)),
    }
}

/// The number of positions on an axis of an input.
pub(super) fn length(axis: Option<&RowAxis<'_>>) -> usize {
    axis.map_or(1, |axis| axis.steps.iter().map(|(length, _)| length).product())
}

/// Refuses axes with positions that `T` cannot tell apart, if anybody looks at them.
fn check_lengths<T: Float>(call: &Rows<'_, T>, live: &Live<'_>) -> Result<(), Fault> {
    let limit = 1usize << if size_of::<T>() == size_of::<f32>() { 24 } else { 53 };
    let program = call.program;
    let check = |axis: usize| {
        if call.sizes.get(axis).is_some_and(|length| *length > limit) {
            return Err(Fault::Long { axis });
        }
        Ok(())
    };
    call.labels.iter().try_for_each(|labels| check(labels.axis))?;
    for action in live.all() {
        if let Action::Pass { stage, loops, reads, .. } = action {
            if call.stages[*stage].positioned() {
                loops.last().map_or(Ok(()), |inner| check(program.loops[*inner]))?;
            }
            for read in *reads {
                match read {
                    Read::Index(index) => check(program.loops[*index])?,
                    Read::Sample(axis) => check(*axis)?,
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

/// The layout of a call and the size of its tiles.
struct Shape {
    layout: Layout,
    tile: usize,
    work: usize,
}

impl Shape {
    fn new<T: Float>(call: &Rows<'_, T>, live: &Live<'_>, given: Option<Layout>) -> Self {
        let program = call.program;
        let length = |index: &usize| call.sizes[program.loops[*index]];
        let (mut longest, mut work, mut multiplies) = (0, 1, false);
        let (mut columns, mut rows) = (false, false);
        let mut elements = 0;
        for action in live.keep.iter().chain(&live.rows) {
            match action {
                Action::Pass { loops, reads, .. } => {
                    let Some(inner) = loops.last() else { continue };
                    longest = longest.max(length(inner));
                    work = work.max(loops.iter().map(length).product::<usize>());
                    for read in *reads {
                        let Read::Input(access) = read else { continue };
                        let input = &call.inputs[access.input];
                        let sampled = access.at.contains(&Place::Sample);
                        let along = access.at.iter().position(|place| *place == Place::Loop(*inner));
                        let (Data::Float(_), true, Some(along)) = (input.data, sampled, along) else {
                            continue;
                        };
                        elements = elements.max(length(inner));
                        let unit = Steps::new(input.axes[along].steps) == Steps::Even(1);
                        rows |= unit;
                        let beside = |axis: &RowAxis<'_>| {
                            axis.samples.iter().zip(call.shape).any(|(s, length)| *s == 1 && *length >= LANES)
                        };
                        let places = input.axes.iter().zip(access.at);
                        columns |= !unit
                            && places.filter(|(_, at)| **at == Place::Sample).any(|(axis, _)| beside(axis));
                    }
                }
                Action::Product { over, into, .. } => {
                    multiplies = true;
                    work = work.max(length(over) * program.slots[*into].loops.iter().map(length).product::<usize>());
                }
                Action::Total { into, .. } => {
                    multiplies = true;
                    work = work.max(program.slots[*into].loops.iter().map(length).product());
                }
                Action::Gather { .. } => {}
            }
        }
        for (slot, live) in program.slots.iter().zip(&live.slots) {
            if *live && slot.life == Life::Row && !slot.loops.is_empty() {
                elements += slot.loops.iter().map(length).product::<usize>();
            }
        }
        let bytes = (elements * size_of::<T>()).max(1);
        let across = !multiplies
            && (longest <= SHORT && bytes * LANES <= LARGE / 8
                || columns && !rows && bytes * LANES <= LARGE
                || longest == 0);
        let across = given.map_or(across, |layout| layout == Layout::Across && !multiplies);
        let count = call.shape.iter().product::<usize>().max(1);
        let (layout, tile) = if across {
            (Layout::Across, LANES)
        } else if multiplies {
            let fitting = (LARGE / bytes).clamp(1, MANY);
            let whole = if fitting > LANES { fitting / LANES * LANES } else { fitting };
            (Layout::Along, whole.min(count))
        } else {
            (Layout::Along, (NEAR / bytes).clamp(1, LANES).min(count))
        };
        Shape { layout, tile, work: work.max(1) }
    }
}

impl<'r, T: Float> Planner<'r, T> {
    pub(super) fn size(&self, index: usize) -> usize {
        self.call.sizes[self.call.program.loops[index]]
    }

    pub(super) fn lengths(&self, loops: &[usize]) -> Vec<usize> {
        loops.iter().map(|index| self.size(*index)).collect()
    }

    /// Makes room for the slots.
    fn slots(&mut self, live: &Live<'_>) {
        let program = self.call.program;
        for (number, slot) in program.slots.iter().enumerate() {
            if !self.live[number] {
                continue;
            }
            let lengths = self.lengths(slot.loops);
            let room = match slot.life {
                Life::Row => {
                    let start = self.plan.tile_rooms.taken();
                    let room = Room::tile(self.layout, &lengths, self.plan.tile, start);
                    self.plan.tile_rooms.take(room.taken);
                    room
                }
                Life::Call | Life::Total | Life::After => {
                    let room = Room::call(&lengths, self.plan.call_rooms.taken());
                    self.plan.call_rooms.take(room.taken);
                    room
                }
            };
            if slot.life == Life::Total {
                let matrix = |action: &&Action<'_>| {
                    matches!(action, Action::Total { into, .. } if *into == number)
                };
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
    fn goals(&mut self, live: &Live<'r>) {
        for input in 0..self.call.gradients.len() {
            let Some(target) = self.call.gradients[input].filter(|_| self.call.wants(input)) else { continue };
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
                    elements: (0..elements.len())
                        .map(|e| (lengths[e], elements[e].1, places[e]))
                        .collect(),
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
    fn checks(&mut self) {
        for labels in self.call.labels {
            let input = &self.call.inputs[labels.input];
            if let Data::Splat(_) = input.data {
                continue;
            }
            let sampled = |axis: &&RowAxis<'_>| !axis.samples.is_empty();
            let at: Vec<Place> = input
                .axes
                .iter()
                .map(|axis| if sampled(&axis) { Place::Sample } else { Place::Loop(0) })
                .collect();
            let strides = self.strides(input.axes, &at);
            let offsets = at.contains(&Place::Sample).then(|| self.plan.samples.register(strides));
            let others = input.axes.iter().filter(|axis| !sampled(axis));
            self.plan.checks.push(Check {
                input: labels.input,
                size: self.call.sizes[labels.axis],
                set: labels.set,
                offsets,
                axes: others.map(|axis| (length(Some(axis)), Steps::new(axis.steps))).collect(),
            });
        }
    }

    fn steps(&mut self, phase: Phase, actions: &[&'r Action<'r>]) -> Vec<Step<'r, T>> {
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
