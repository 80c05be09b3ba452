//! Writes of a pass.

use super::super::lanes::LANES;
use super::super::layout::{By, Layout, Spot, dense};
use super::super::planner::Planner;
use super::super::program::{Place, Write};
use super::super::stage::Kind;
use super::super::steps::Steps;
use super::super::write::{Into, Writer};
use super::Scope;
use crate::real::Float;

impl<'r, T: Float> Planner<'r, T> {
    pub(super) fn writer(
        &mut self,
        write: &Write<'r>,
        kind: Kind,
        scope: Scope<'_>,
        read: &[usize],
    ) -> Writer {
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
                let (strides, _) = dense(&lengths, 1, 1);
                let over = |index: usize| {
                    loops
                        .iter()
                        .position(|own| *own == index)
                        .map_or(Steps::NONE, |at| Steps::Even(strides[at]))
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
}
