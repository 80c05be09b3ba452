//! Gathers, and products of matrices.

use super::super::data::Data;
use super::super::direct::Direct;
use super::super::gather::{Gather, Pick, Place as Where};
use super::super::layout::{Base, By, Layout};
use super::super::plan::length;
use super::super::planner::Planner;
use super::super::product::{Matrix, Product, Sums, Total};
use super::super::program::{Access, Place, Read};
use super::super::steps::Steps;
use super::Scope;
use crate::real::Float;

impl<'r, T: Float> Planner<'r, T> {
    pub(super) fn gather(&mut self, from: &Access<'r>, into: usize) -> Gather {
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
        let lists = loops.iter().map(|index| self.list(*index)).collect();
        let room = self.room(into);
        let steps = loops.iter().map(|index| self.over(into, *index)).collect();
        Gather {
            lengths: self.lengths(loops),
            lists,
            from: Where { base, by, steps: outer },
            picks,
            into: Where { base: room.base, by: room.by, steps },
            lone: room.by == By::Same && loops.is_empty(),
        }
    }

    pub(super) fn product(&mut self, left: &Read<'r>, right: &Read<'r>, over: usize, into: usize) -> Product {
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
                        let (steps, _) =
                            self.spread(access.at, scope, |axis| Steps::new(input.axes[axis].steps));
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

    pub(super) fn total(&mut self, left: &Read<'r>, right: &Read<'r>, into: usize) -> Total {
        let loops = self.call.program.slots[into].loops;
        let columns = self.size(loops[1]);
        let direct = self.direct.iter().find(|direct| direct.slot == into).copied();
        let goal = |direct: Direct| self.plan.goals.iter().position(|goal| goal.input == direct.input);
        let (into, strides) = match direct.and_then(|direct| Some((goal(direct)?, direct.strides))) {
            Some((goal, strides)) => (Sums::Target(goal), strides),
            None => {
                let base = self.room(into).base;
                let sum = self.plan.sums.iter().find(|sum| sum.room.base == base);
                (Sums::Matrices(sum.map_or(0, |sum| sum.start)), [columns as isize, 1])
            }
        };
        Total { left: self.matrix(left, loops[0]), right: self.matrix(right, loops[1]), into, strides }
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
