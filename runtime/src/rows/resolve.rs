//! Steps of a program with places instead of names.

mod picks;
mod reads;
mod writes;

use super::arena::Rooms;
use super::data::Data;
use super::lanes::{LANES, Span};
use super::layout::{Base, Layout};
use super::pass::Pass;
use super::plan::Step;
use super::planner::Planner;
use super::program::{Action, Place, Read, Write};
use super::read::Reader;
use super::steps::Steps;
use super::write::Writer;
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
        let code = self.call.stages[stage].code();
        self.scratch = Rooms::default();
        self.wide = Rooms::default();
        let readers: Vec<Reader<T>> = reads.iter().map(|read| self.reader(read, scope)).collect();
        let stored = reads.iter().filter_map(|read| match read {
            Read::Slot(slot) => Some(*slot),
            _ => None,
        });
        let stored: Vec<usize> = stored.collect();
        let kinds = code.kinds.iter();
        let writers: Vec<Writer> =
            writes.iter().zip(kinds).map(|(write, kind)| self.writer(write, *kind, scope, &stored)).collect();
        assert_eq!((readers.len(), writers.len()), (code.inputs, code.kinds.len()), "a stage of this pass");
        assert!(!code.once || loops.is_empty(), "a stage without loops");
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
        let lists: Vec<Option<usize>> = outer.iter().map(|index| self.list(*index)).collect();
        let list = inner.and_then(|index| self.list(index));
        let floats = |base: Base| match base {
            Base::Input(input) => matches!(self.plan.inputs[input].data, Data::Float(_)),
            _ => true,
        };
        let regular = outer.is_empty()
            && list.is_none()
            && readers.iter().all(|reader| reader.regular(floats))
            && writers.iter().all(Writer::regular);
        Pass {
            code,
            layout,
            outer: self.lengths(outer),
            lists,
            length: scope.length,
            list,
            span,
            readers,
            writers,
            regular,
        }
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

    /// The steps of an access over each outer loop and over the inner one, given those over axes.
    fn spread(&self, at: &[Place], scope: Scope<'_>, steps: impl Fn(usize) -> Steps) -> (Vec<Steps>, Steps) {
        let over = |index: usize| {
            let places = at.iter().enumerate().filter(|(_, place)| **place == Place::Loop(index));
            places.map(|(axis, _)| steps(axis)).reduce(|a, b| a.plus(&b)).unwrap_or(Steps::NONE)
        };
        (scope.outer.iter().map(|index| over(*index)).collect(), scope.inner.map_or(Steps::NONE, over))
    }
}
