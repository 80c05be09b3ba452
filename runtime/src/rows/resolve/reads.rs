//! Reads of a pass, and the tables that some of them need.

use super::super::data::Data;
use super::super::lanes::LANES;
use super::super::layout::{Base, By, Layout, Room, Spot, dense};
use super::super::plan::length;
use super::super::planner::Planner;
use super::super::program::{Access, Place, Read};
use super::super::read::{From, Reader, Route};
use super::super::steps::Steps;
use super::super::table::{Content, Key, Phase, Table};
use super::Scope;
use crate::real::Float;
use crate::sweep::{Operand, Upstream};

impl<'r, T: Float> Planner<'r, T> {
    pub(super) fn reader(&mut self, read: &Read<'r>, scope: Scope<'_>) -> Reader<T> {
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
            let (own_strides, _) = dense(&self.call.shape[own.clone()], 1, 1);
            strides[own.clone()].copy_from_slice(&own_strides);
        }
        strides
    }

    /// The factor of each sample: an input without axes of its own.
    fn upstream(&mut self, input: usize, scope: Scope<'_>) -> Reader<T> {
        let strides = match &self.call.upstream {
            Upstream::Each(Operand::Float(array)) => array.strides.to_vec(),
            Upstream::Each(Operand::Bool(array)) => array.strides.to_vec(),
            Upstream::Each(Operand::Int(array)) => array.strides.to_vec(),
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

    fn input(&mut self, access: &Access<'r>, scope: Scope<'_>) -> Reader<T> {
        let input = self.plan.inputs[access.input];
        if let (Data::Splat(value), false) = (input.data, access.member) {
            return Reader { from: From::Constant(value), room: self.scratch.take(LANES) };
        }
        let set = self.call.labels.iter().any(|labels| labels.input == access.input && labels.set);
        let sampled = access.at.contains(&Place::Sample);
        let (outer, inner) = self.spread(access.at, scope, |axis| Steps::new(input.axes[axis].steps));
        let offsets =
            if sampled { self.plan.samples.register(self.strides(input.axes, access.at)) } else { 0 };
        let across = scope.layout == Layout::Across;
        // A label of a sample is converted once, and not by every pass that looks at it.
        let float = matches!(input.data, Data::Float(_));
        let label = !float && access.at.iter().all(|place| *place == Place::Sample);
        if access.member || set || (sampled && (across || label)) {
            let raw = float && !access.member && !set;
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
        let direct =
            scope.layout == Layout::Along && float && inner == Steps::Even(1) && scope.length >= LANES;
        let route = match (direct, &inner) {
            (true, _) => Route::Direct(LANES as isize),
            (_, Steps::Even(0)) => Route::Splat,
            _ => Route::Copy,
        };
        let room = if route == Route::Copy { self.row(scope) } else { self.scratch.take(LANES) };
        Reader { from: From::Elements(Base::Input(access.input), Spot { by, outer, inner }, route), room }
    }

    /// The table for an access.
    pub(super) fn tabled(&mut self, access: &Access<'_>, spare: bool) -> (Base, Axes, bool) {
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
        let ways: Vec<(usize, Steps)> = axes
            .iter()
            .map(|axis| (length(input.axes.get(*axis)), Steps::new(input.axes[*axis].steps)))
            .collect();
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
}

/// The axes of an input that a table varies over, each with its stride in it.
pub(super) struct Axes {
    pub(super) by: By,
    strides: Vec<(usize, isize)>,
}

impl Axes {
    pub(super) fn steps(&self, axis: usize) -> Steps {
        let own = self.strides.iter().find(|(own, _)| *own == axis);
        own.map_or(Steps::NONE, |(_, stride)| Steps::Even(*stride))
    }
}
