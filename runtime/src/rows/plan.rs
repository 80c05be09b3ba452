//! The plan of a call: its program resolved against shapes, strides and memory.
//!
//! Input: [`Rows`]. Output: a [`Plan`] that names the layout, the size of a tile, all memory, and every step
//! with places instead of names. It depends on the program, the sizes and the strides, never on threads.

use super::arena::Rooms;
use super::data::{Data, Elements};
use super::direct::direct;
use super::gather::Gather;
use super::labels::Check;
use super::lanes::LANES;
use super::layout::{Base, Layout, Room};
use super::lists::List;
use super::live::Live;
use super::offsets::Samples;
use super::pass::Pass;
use super::planner::Planner;
use super::product::{Product, Total};
use super::program::{Action, Read};
use super::shape::Shape;
use super::table::{Phase, Table};
use super::target::Goal;
use super::{Fault, RowAxis, RowInput, Rows};
use crate::real::Float;
use crate::sweep::{Operand, Upstream};

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
    /// How many samples ahead memory is asked for; 0 where that is not worth it.
    pub(super) ahead: usize,
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
    pub(super) lists: Vec<List>,
    pub(super) goals: Vec<Goal<'r, T>>,
    pub(super) sums: Vec<Sum>,
    /// Whether sums are added up in the targets of derivatives: then samples are taken in order, and threads share
    /// the products of matrices.
    pub(super) direct: bool,
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

impl<'r, T: Float> Plan<'r, T> {
    /// Plans a call, with lanes the way that is given or else the way that looks faster.
    pub(super) fn new(call: &'r Rows<'r, T>, layout: Option<Layout>) -> Result<Self, Fault> {
        let live = Live::new(call);
        check_lengths(call, &live)?;
        check_memory(call, &live)?;
        let mut inputs = call.inputs.to_vec();
        let zeros = vec![0; call.shape.len()];
        let mut samples = Samples::new(call.shape);
        samples.register(zeros.clone());
        inputs.push(RowInput { data: upstream(&call.upstream), axes: &[] });
        let values = call.values.map(|values| samples.register(values.strides.to_vec()));

        let direct = direct(call, &live);
        let shape = Shape::new(call, &live, layout, !direct.is_empty());
        let plan = Plan {
            inputs,
            samples,
            tile: shape.tile,
            lanes: shape.tile.next_multiple_of(LANES),
            ahead: if shape.far { shape.tile } else { 0 },
            chunk: shape.chunk,
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
            lists: Vec::new(),
            goals: Vec::new(),
            sums: Vec::new(),
            direct: !direct.is_empty(),
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
            direct,
        };
        planner.slots(&live);
        planner.goals(&live);
        planner.checks();
        planner.plan.before = planner.steps(Phase::Before, &live.before);
        planner.plan.keep = planner.steps(Phase::Keep, &live.keep);
        planner.plan.rows = planner.steps(Phase::Rows, &live.rows);
        let mut after = live.after.clone();
        after.retain(|action| !planner.replaced(action));
        planner.plan.after = planner.steps(Phase::After, &after);
        let mut plan = planner.plan;
        plan.samples.join();
        Ok(plan)
    }
}

/// What multiplies the derivatives, as an input.
fn upstream<'r, T: Float>(upstream: &Upstream<'r, T>) -> Data<'r, T> {
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
    axis.map_or(1, RowAxis::length)
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
            if call.stages[*stage].code().positioned {
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

/// Refuses a call that needs an array, for one sample or for all, which no memory could hold. Below this, sizes can be
/// added up without a look at overflow.
fn check_memory<T>(call: &Rows<'_, T>, live: &Live<'_>) -> Result<(), Fault> {
    /// Elements of an array.
    const MOST: usize = 1 << 44;
    let product = |lengths: &mut dyn Iterator<Item = usize>| lengths.fold(1, usize::saturating_mul);
    let slots = call.program.slots.iter().zip(&live.slots).filter(|(_, live)| **live);
    let slots = slots
        .map(|(slot, _)| product(&mut slot.loops.iter().map(|index| call.sizes[call.program.loops[*index]])));
    let inputs = call.inputs.iter().map(|input| {
        let axes = input.axes.iter().filter(|axis| axis.samples.is_empty());
        product(&mut axes.flat_map(|axis| axis.steps).map(|(length, _)| *length))
    });
    if slots.chain(inputs).any(|elements| elements > MOST) { Err(Fault::Large) } else { Ok(()) }
}
