//! Steps of a program with places instead of names.

use super::data::Data;
use super::gather::{Gather, Pick, Place as Where};
use super::lanes::{LANES, Span};
use super::layout::{Base, By, Layout, Room, Spot};
use super::pass::Pass;
use super::plan::{Planner, Step, length};
use super::product::{Matrix, Product, Total};
use super::program::{Access, Action, Place, Read, Write};
use super::read::{From, Reader, Route};
use super::stage::Kind;
use super::steps::Steps;
use super::table::{Content, Key, Phase, Table};
use super::write::{Into, Writer};
use crate::real::Float;

/// The loops of a pass, and how its lanes run.
#[derive(Clone, Copy)]
struct Scope<'p> {
    outer: &'p [usize],
    inner: Option<usize>,
    layout: Layout,
    /// The length of the innermost loop, or 1.
    length: usize,
}

impl<'r, T: Float> Planner<'r, T> {
    pub(super) fn step(&mut self, action: &'r Action<'r>) -> Step<'r, T> {
        match action {
            Action::Pass { stage, loops, reads, writes } => {
                Step::Pass(self.pass(*stage, loops, reads, writes))
            }
            Action::Gather { from, into } => Step::Gather(self.gather(from, *into)),
            Action::Product { left, right, over, into } => {
                Step::Product(self.product(left, right, *over, *into))
            }
            Action::Total { left, right, into } => Step::Total(self.total(left, right, *into)),
        }
    }

    fn pass(
        &mut self,
        stage: usize,
        loops: &'r [usize],
        reads: &[Read<'r>],
        writes: &[Write<'r>],
    ) -> Pass<'r, T> {
        let (outer, inner) = match loops.split_last() {
            Some((inner, outer)) => (outer, Some(*inner)),
            None => (loops, None),
        };
        let layout = match inner {
            None => Layout::Across,
            Some(_) if self.once() => Layout::Along,
            Some(_) => self.layout,
        };
        let scope = Scope { outer, inner, layout, length: inner.map_or(1, |index| self.size(index)) };
        let lanes = self.call.stages[stage];
        self.scratch = super::arena::Rooms::default();
        self.wide = super::arena::Rooms::default();
        let readers: Vec<Reader<T>> = reads.iter().map(|read| self.reader(read, scope)).collect();
        let stored = reads.iter().filter_map(|read| match read {
            Read::Slot(slot) => Some(*slot),
            _ => None,
        });
        let stored: Vec<usize> = stored.collect();
        let kinds = lanes.kinds().iter();
        let writers: Vec<Writer> =
            writes.iter().zip(kinds).map(|(write, kind)| self.writer(write, *kind, scope, &stored)).collect();
        assert_eq!((readers.len(), writers.len()), (lanes.inputs(), lanes.kinds().len()), "a stage of this pass");
        self.plan.scratch_rooms.share(self.scratch);
        self.plan.wide_rooms.share(self.wide);
        let widest = [readers.len(), writers.len(), outer.len()];
        for (most, own) in self.plan.widest.iter_mut().zip(widest) {
            *most = own.max(*most);
        }
        let span = match (inner, layout) {
            (None, _) => Span::across(if self.once() { 1 } else { self.plan.lanes / LANES }),
            (_, Layout::Across) => Span::across(scope.length),
            (_, Layout::Along) => Span::along(scope.length),
        };
        Pass { lanes, layout, outer: self.lengths(outer), length: scope.length, span, readers, writers }
    }

    /// Scratch memory for a row.
    fn row(&mut self, scope: Scope<'_>) -> usize {
        let elements = match (scope.inner, scope.layout) {
            (None, _) => self.plan.lanes,
            (_, Layout::Across) => scope.length * LANES,
            (_, Layout::Along) => scope.length,
        };
        self.scratch.take(elements)
    }

    fn reader(&mut self, read: &Read<'r>, scope: Scope<'_>) -> Reader<T> {
        let group = |planner: &mut Self, from| Reader { from, room: planner.scratch.take(LANES) };
        match read {
            Read::Size(axis) => {
                let size = self.call.sizes[*axis] as f64;
                group(self, From::Constant(T::from_f64(size)))
            }
            Read::Index(index) => match scope.outer.iter().position(|outer| outer == index) {
                Some(outer) => group(self, From::Index(outer)),
                None => unreachable!("the position of an outer loop"),
            },
            Read::Sample(axis) => {
                let strides = self.positions(*axis);
                let offsets = self.plan.samples.register(strides);
                Reader { from: From::Position(offsets), room: self.scratch.take(self.plan.lanes) }
            }
            Read::Upstream => {
                let input = self.plan.inputs.len() - 1;
                match self.plan.inputs[input].data {
                    Data::Splat(value) => group(self, From::Constant(value)),
                    _ => self.upstream(input, scope),
                }
            }
            Read::Slot(slot) => {
                let spot = Spot {
                    by: self.by(*slot),
                    outer: scope.outer.iter().map(|index| self.over(*slot, *index)).collect(),
                    inner: scope.inner.map_or(Steps::NONE, |inner| self.over(*slot, inner)),
                };
                let room = self.room(*slot).clone();
                self.dense(&room, self.call.program.slots[*slot].loops.is_empty(), spot, scope)
            }
            Read::Input(access) => self.input(access, scope),
        }
    }

    /// Strides with which the offset of a sample is its position on a sample axis.
    fn positions(&self, axis: usize) -> Vec<isize> {
        let mut strides = vec![0; self.call.shape.len()];
        if let Some((_, own)) = self.call.positions.iter().find(|(own, _)| *own == axis) {
            let (dense, _) = super::layout::dense(&self.call.shape[own.clone()], 1, 1);
            strides[own.clone()].copy_from_slice(&dense);
        }
        strides
    }

    /// The factor of each sample: an input without axes of its own.
    fn upstream(&mut self, input: usize, scope: Scope<'_>) -> Reader<T> {
        let strides = match &self.call.upstream {
            crate::sweep::Upstream::Each(crate::sweep::Operand::Float(array)) => array.strides.to_vec(),
            crate::sweep::Upstream::Each(crate::sweep::Operand::Bool(array)) => array.strides.to_vec(),
            crate::sweep::Upstream::Each(crate::sweep::Operand::Int(array)) => array.strides.to_vec(),
            _ => vec![0; self.call.shape.len()],
        };
        let offsets = self.plan.samples.register(strides);
        let outer = vec![Steps::NONE; scope.outer.len()];
        if scope.layout == Layout::Along {
            let spot = Spot { by: By::Offsets(offsets), outer, inner: Steps::NONE };
            let from = From::Elements(Base::Input(input), spot, Route::Splat);
            return Reader { from, room: self.scratch.take(LANES) };
        }
        let key = Key { input, content: Content::Plain, sampled: vec![true], phase: self.phase };
        let table = self.table(key, offsets, Vec::new(), Vec::new(), false);
        let room = self.plan.tables[table].room.clone();
        self.dense(&room, true, Spot { by: room.by, outer, inner: Steps::NONE }, scope)
    }

    /// Elements in the memory of a tile or of the call: a slot or a table.
    fn dense(&mut self, room: &Room, single: bool, spot: Spot, scope: Scope<'_>) -> Reader<T> {
        let stride = spot.inner.even().unwrap_or(0);
        let group = LANES as isize;
        let (route, large) = match (scope.inner, scope.layout, spot.by) {
            // One number for the whole call fills a group.
            (_, _, By::Same) if single => (Route::Direct(0), false),
            (None, _, By::Lane) => (Route::Direct(group), false),
            (Some(_), Layout::Across, By::Lane) => (Route::Direct(stride), false),
            (Some(_), Layout::Along, By::Array(_) | By::Same) if stride == 1 => (Route::Direct(group), false),
            _ if stride == 0 => (Route::Splat, false),
            _ => (Route::Copy, true),
        };
        let room_of = if large { self.row(scope) } else { self.scratch.take(LANES) };
        Reader { from: From::Elements(room.base, spot, route), room: room_of }
    }

    /// The steps of an access over each outer loop and over the inner one, given those over axes.
    fn spread(&self, at: &[Place], scope: Scope<'_>, steps: impl Fn(usize) -> Steps) -> (Vec<Steps>, Steps) {
        let over = |index: usize| {
            let places = at.iter().enumerate().filter(|(_, place)| **place == Place::Loop(index));
            places.map(|(axis, _)| steps(axis)).reduce(|a, b| a.plus(&b)).unwrap_or(Steps::NONE)
        };
        (scope.outer.iter().map(|index| over(*index)).collect(), scope.inner.map_or(Steps::NONE, over))
    }

    fn input(&mut self, access: &Access<'r>, scope: Scope<'_>) -> Reader<T> {
        let input = self.plan.inputs[access.input];
        if let (Data::Splat(value), false) = (input.data, access.member) {
            return Reader { from: From::Constant(value), room: self.scratch.take(LANES) };
        }
        let set = self.call.labels.iter().any(|labels| labels.input == access.input && labels.set);
        let sampled = access.at.contains(&Place::Sample);
        let (outer, inner) =
            self.spread(access.at, scope, |axis| Steps::new(input.axes[axis].steps));
        let offsets = if sampled { self.plan.samples.register(self.strides(input.axes, access.at)) } else { 0 };
        let across = scope.layout == Layout::Across;
        if access.member || set || (across && sampled) {
            let raw = matches!(input.data, Data::Float(_)) && !access.member && !set;
            let beside = across && scope.inner.is_some() && raw && inner.even().is_some();
            let (base, own, single) = self.tabled(access, beside);
            let (table_outer, table_inner) = self.spread(access.at, scope, |axis| own.steps(axis));
            let spot = Spot { by: own.by, outer: table_outer, inner: table_inner };
            if beside {
                let raw = Spot { by: By::Offsets(offsets), outer, inner };
                let from = From::Beside(Base::Input(access.input), offsets, raw, base, spot);
                return Reader { from, room: self.scratch.take(LANES) };
            }
            let room = Room { base, by: own.by, size: 0, strides: Vec::new(), taken: 0 };
            return self.dense(&room, single, spot, scope);
        }
        let by = if sampled { By::Offsets(offsets) } else { By::Same };
        let direct = scope.layout == Layout::Along
            && matches!(input.data, Data::Float(_))
            && inner == Steps::Even(1)
            && scope.length >= LANES;
        let route = match (direct, &inner) {
            (true, _) => Route::Direct(LANES as isize),
            (_, Steps::Even(0)) => Route::Splat,
            _ => Route::Copy,
        };
        let room = if route == Route::Copy { self.row(scope) } else { self.scratch.take(LANES) };
        Reader { from: From::Elements(Base::Input(access.input), Spot { by, outer, inner }, route), room }
    }

    /// The table for an access.
    fn tabled(&mut self, access: &Access<'_>, spare: bool) -> (Base, Axes, bool) {
        let input = self.plan.inputs[access.input];
        let set = self.call.labels.iter().find(|labels| labels.input == access.input && labels.set);
        let content = match (access.member, set) {
            (true, _) => Content::Member,
            (_, Some(_)) => Content::Set,
            _ => Content::Plain,
        };
        let sampled: Vec<bool> = access.at.iter().map(|place| *place == Place::Sample).collect();
        let axes: Vec<usize> = (0..sampled.len()).filter(|axis| !sampled[*axis]).collect();
        let strides = self.strides(input.axes, access.at);
        let offsets = self.plan.samples.register(strides);
        let ways: Vec<(usize, Steps)> =
            axes.iter().map(|axis| (length(input.axes.get(*axis)), Steps::new(input.axes[*axis].steps))).collect();
        let mut lengths: Vec<usize> = ways.iter().map(|(length, _)| *length).collect();
        if let (Content::Member, Some(last)) = (content, lengths.last_mut()) {
            *last = set.map_or(0, |labels| self.call.sizes[labels.axis]);
        }
        let key = Key { input: access.input, content, sampled, phase: self.phase };
        let table = self.table(key, offsets, ways, lengths, spare);
        let room = &self.plan.tables[table].room;
        let strides = axes.iter().copied().zip(room.strides.iter().copied()).collect();
        (room.base, Axes { by: room.by, strides }, axes.is_empty())
    }

    fn table(
        &mut self,
        key: Key,
        offsets: usize,
        axes: Vec<(usize, Steps)>,
        lengths: Vec<usize>,
        spare: bool,
    ) -> usize {
        // What was made for all samples serves those that are kept.
        let serves = |table: &Table| {
            table.key == key
                || key.phase == Phase::Rows && table.key == Key { phase: Phase::Keep, ..key.clone() }
        };
        if let Some(known) = self.plan.tables.iter().position(serves) {
            self.plan.tables[known].spare &= spare;
            return known;
        }
        let start = self.plan.tile_rooms.taken();
        let constant = !key.sampled.contains(&true);
        let room = if self.once() || (constant && self.layout == Layout::Along) {
            Room { base: Base::Tile(start), ..Room::call(&lengths, 0) }
        } else {
            Room::tile(self.layout, &lengths, self.plan.tile, start)
        };
        self.plan.tile_rooms.take(room.taken);
        self.plan.tables.push(Table { key, offsets, axes, lengths, room, spare });
        self.plan.tables.len() - 1
    }

    fn writer(&mut self, write: &Write<'r>, kind: Kind, scope: Scope<'_>, read: &[usize]) -> Writer {
        let across = scope.layout == Layout::Across;
        let each = kind == Kind::Each;
        let spot = |planner: &Self, slot: usize, by: By| Spot {
            by,
            outer: scope.outer.iter().map(|index| planner.over(slot, *index)).collect(),
            inner: scope.inner.filter(|_| each).map_or(Steps::NONE, |inner| planner.over(slot, inner)),
        };
        let into = match write {
            Write::Store(slot) | Write::Fold(slot) | Write::Total(slot) if !self.live[*slot] => Into::Nothing,
            Write::Store(slot) => {
                let spot = spot(self, *slot, self.by(*slot));
                let stride = spot.inner.even().unwrap_or(0);
                let step = match (scope.inner, across) {
                    _ if !each => None,
                    (None, _) => Some(LANES as isize),
                    (_, true) => Some(stride),
                    // Near its end, a row runs twice.
                    (_, false) => (stride == 1 && !read.contains(slot)).then_some(LANES as isize),
                };
                Into::Slot(self.room(*slot).base, spot, step)
            }
            Write::Fold(slot) => {
                let room = self.room(*slot).clone();
                let loops = self.call.program.slots[*slot].loops;
                let by = if across { By::Lane } else { By::Same };
                let size = match (across, scope.inner) {
                    (true, None) => self.plan.lanes,
                    (true, _) => room.size * LANES,
                    (false, _) => room.size,
                };
                let join = if each { Kind::Sum } else { kind };
                let lone = room.by == By::Same && loops.is_empty();
                let start = self.wide.take(size);
                Into::Fold {
                    start,
                    size,
                    spot: spot(self, *slot, by),
                    join,
                    slot: room.base,
                    by: room.by,
                    lone,
                }
            }
            Write::Total(slot) => {
                let loops = self.call.program.slots[*slot].loops;
                let base = self.room(*slot).base;
                let sum = self.plan.sums.iter().find(|sum| sum.room.base == base);
                let (start, lengths) = sum.map_or((0, Vec::new()), |sum| (sum.start, sum.lengths.clone()));
                let (strides, _) = super::layout::dense(&lengths, 1, 1);
                let over = |index: usize| {
                    loops.iter().position(|own| *own == index).map_or(Steps::NONE, |at| Steps::Even(strides[at]))
                };
                let outer = scope.outer.iter().map(|index| over(*index)).collect();
                let inner = scope.inner.filter(|_| each).map_or(Steps::NONE, over);
                Into::Total(start, Spot { by: By::Same, outer, inner })
            }
            Write::Gradient { input, at } => self.gradient(*input, at, scope, each),
        };
        let room = self.row(scope);
        Writer { into, kind, room }
    }

    fn gradient(&mut self, input: usize, at: &[Place], scope: Scope<'_>, each: bool) -> Into {
        let once = self.once();
        let Some(number) = self.plan.goals.iter().position(|goal| goal.input == input) else {
            return Into::Nothing;
        };
        let goal = &self.plan.goals[number];
        let inner = |steps: Steps| if each { steps } else { Steps::NONE };
        if let (Some(shared), false) = (&goal.shared, once) {
            let (outer, along) = self.spread(at, scope, |axis| shared.axes[axis].clone());
            let spot = Spot { by: By::Offsets(shared.offsets), outer, inner: inner(along) };
            return Into::Shared { start: shared.start, spot };
        }
        let (outer, along) = self.spread(at, scope, |axis| Steps::new(goal.target.axes[axis].steps));
        let by = if at.contains(&Place::Sample) { By::Offsets(goal.offsets) } else { By::Same };
        let spot = Spot { by, outer, inner: inner(along) };
        // The first write of a sample replaces what is there, later ones add.
        let add = goal.add || once || self.written.contains(&number);
        let step = match (scope.inner, scope.layout, &spot.inner) {
            (Some(_), Layout::Along, Steps::Even(1)) if scope.length >= LANES => Some(LANES as isize),
            (Some(_), Layout::Across, Steps::Even(stride)) if *stride != 0 => Some(*stride),
            _ => None,
        };
        self.written.push(number);
        Into::Gradient { goal: number, spot, add, step }
    }

    fn gather(&mut self, from: &Access<'r>, into: usize) -> Gather {
        let input = self.plan.inputs[from.input];
        let loops = self.call.program.slots[into].loops;
        let scope = Scope { outer: loops, inner: None, layout: self.layout, length: 1 };
        let set = self.call.labels.iter().any(|labels| labels.input == from.input && labels.set);
        let tabled = (from.member || set).then(|| self.tabled(from, false));
        let raw = |axis: usize| match input.data {
            Data::Splat(_) => Steps::NONE,
            _ => Steps::new(input.axes[axis].steps),
        };
        let axis = |axis: usize| tabled.as_ref().map_or_else(|| raw(axis), |(_, own, _)| own.steps(axis));
        let (outer, _) = self.spread(from.at, scope, axis);
        let sampled = from.at.contains(&Place::Sample);
        let (base, by) = match &tabled {
            Some((base, own, _)) => (*base, own.by),
            None if sampled => {
                let strides = self.strides(input.axes, from.at);
                (Base::Input(from.input), By::Offsets(self.plan.samples.register(strides)))
            }
            None => (Base::Input(from.input), By::Same),
        };
        let member = self.call.labels.iter().find(|labels| labels.input == from.input);
        let picks = from.at.iter().enumerate().filter_map(|(number, place)| {
            let Place::Slot(slot) = place else { return None };
            let own = match input.data {
                Data::Splat(_) => 1,
                _ if from.member && number + 1 == from.at.len() => {
                    member.map_or(0, |labels| self.call.sizes[labels.axis])
                }
                _ => length(input.axes.get(number)),
            };
            let steps = loops.iter().map(|index| self.over(*slot, *index)).collect();
            let slot = Where { base: self.room(*slot).base, by: self.by(*slot), steps };
            Some(Pick { slot, length: own, axis: axis(number) })
        });
        let picks = picks.collect();
        self.plan.widest[2] = self.plan.widest[2].max(loops.len());
        let room = self.room(into);
        let steps = loops.iter().map(|index| self.over(into, *index)).collect();
        Gather {
            lengths: self.lengths(loops),
            from: Where { base, by, steps: outer },
            picks,
            into: Where { base: room.base, by: room.by, steps },
            lone: room.by == By::Same && loops.is_empty(),
        }
    }

    fn product(&mut self, left: &Read<'r>, right: &Read<'r>, over: usize, into: usize) -> Product {
        let to = self.call.program.slots[into].loops[0];
        let left = self.matrix(left, over);
        let (right, right_strides) = match right {
            Read::Slot(slot) => {
                let stride = |index| self.over(*slot, index).even().unwrap_or(0);
                (self.room(*slot).base, [stride(over), stride(to)])
            }
            Read::Input(access) => {
                let input = self.plan.inputs[access.input];
                let scope = Scope { outer: &[over, to], inner: None, layout: Layout::Along, length: 1 };
                let raw = match input.data {
                    Data::Float(_) => {
                        let (steps, _) = self.spread(access.at, scope, |axis| Steps::new(input.axes[axis].steps));
                        steps[0].even().zip(steps[1].even())
                    }
                    _ => None,
                };
                match raw {
                    Some((over, to)) => (Base::Input(access.input), [over, to]),
                    None => {
                        let (base, own, _) = self.tabled(access, false);
                        let (steps, _) = self.spread(access.at, scope, |axis| own.steps(axis));
                        (base, [steps[0].even().unwrap_or(0), steps[1].even().unwrap_or(0)])
                    }
                }
            }
            _ => unreachable!("a matrix is a slot or an input"),
        };
        Product { left, right, right_strides, into: self.matrix(&Read::Slot(into), to) }
    }

    fn total(&mut self, left: &Read<'r>, right: &Read<'r>, into: usize) -> Total {
        let loops = self.call.program.slots[into].loops;
        let base = self.room(into).base;
        let start = self.plan.sums.iter().find(|sum| sum.room.base == base).map_or(0, |sum| sum.start);
        Total { left: self.matrix(left, loops[0]), right: self.matrix(right, loops[1]), start }
    }

    /// What has a row over one loop for each sample.
    fn matrix(&mut self, read: &Read<'r>, over: usize) -> Matrix {
        let length = self.size(over);
        let (base, by) = match read {
            Read::Slot(slot) => (self.room(*slot).base, self.by(*slot)),
            Read::Input(access) => {
                let (base, own, _) = self.tabled(access, false);
                (base, own.by)
            }
            _ => unreachable!("a matrix is a slot or an input"),
        };
        let row = match by {
            By::Array(size) => size,
            _ => 0,
        };
        Matrix { base, row, length }
    }
}

/// The axes of an input that a table varies over, each with its stride in it.
struct Axes {
    by: By,
    strides: Vec<(usize, isize)>,
}

impl Axes {
    fn steps(&self, axis: usize) -> Steps {
        let own = self.strides.iter().find(|(own, _)| *own == axis);
        own.map_or(Steps::NONE, |(_, stride)| Steps::Even(*stride))
    }
}
