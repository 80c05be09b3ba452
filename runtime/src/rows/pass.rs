//! Passes: rows through the lane loop of a stage.

use super::gather::advance;
use super::ground::Ground;
use super::lanes::{Code, Folded, Source, Span, Target};
use super::layout::Layout;
use super::read::Reader;
use super::write::{Rank, Writer};
use crate::real::Float;

/// A pass, resolved.
#[derive(Debug)]
pub(super) struct Pass<'r, T> {
    pub(super) code: Code<'r, T>,
    pub(super) layout: Layout,
    /// The lengths of the outer loops, and the lists that some of them visit.
    pub(super) outer: Vec<usize>,
    pub(super) lists: Vec<Option<usize>>,
    /// The length of the innermost loop, or 1.
    pub(super) length: usize,
    /// The list that the innermost loop visits.
    pub(super) list: Option<usize>,
    pub(super) span: Span<T>,
    pub(super) readers: Vec<Reader<T>>,
    pub(super) writers: Vec<Writer>,
    /// Whether the rows of neighbouring samples can run in one go.
    pub(super) regular: bool,
}

/// Room for what a row needs of each pass.
#[derive(Debug, Default)]
pub(super) struct Desk<T> {
    pub(super) sources: Vec<Source<T>>,
    pub(super) targets: Vec<Target<T>>,
    pub(super) positions: Vec<usize>,
    pub(super) lengths: Vec<usize>,
}

impl<T: Float> Pass<'_, T> {
    /// Runs for all active samples.
    ///
    /// # Safety
    ///
    /// It must belong to the plan that `ground` and `desk` were made for.
    pub(super) unsafe fn run(&self, ground: &Ground<'_, T>, desk: &mut Desk<T>) {
        // SAFETY: passed on to the caller.
        unsafe {
            for reader in &self.readers {
                reader.prepare(ground);
            }
            match self.layout {
                Layout::Across => self.rows(ground, desk, Rank::All, ground.active[0]),
                Layout::Along if self.regular && ground.straight => {
                    let mut rest = ground.active;
                    while let Some(&first) = rest.first() {
                        let together =
                            rest.iter().zip(first..).take_while(|(lane, next)| *lane == next).count();
                        self.together(ground, desk, first, together);
                        rest = &rest[together..];
                    }
                }
                Layout::Along => {
                    for &sample in ground.active {
                        self.rows(ground, desk, Rank::Sample(sample), sample);
                    }
                }
            }
        }
    }

    /// Runs one row for each of some neighbouring samples, all in one call.
    ///
    /// # Safety
    ///
    /// As [`Self::run`]; the pass must be regular, and the samples active and straight.
    #[inline]
    unsafe fn together(&self, ground: &Ground<'_, T>, desk: &mut Desk<T>, first: usize, count: usize) {
        let sources = &mut desk.sources[..self.readers.len()];
        let targets = &mut desk.targets[..self.writers.len()];
        // SAFETY: passed on to the caller.
        unsafe {
            for (source, reader) in sources.iter_mut().zip(&self.readers) {
                *source = reader.rows(ground, first);
            }
            for (target, writer) in targets.iter_mut().zip(&self.writers) {
                *target = writer.targets(ground, first);
            }
            self.code.run(sources, targets, Folded::Targets(ground.folds, count), &self.span);
        }
    }

    /// Runs the rows of one sample, or of all of them.
    ///
    /// # Safety
    ///
    /// As [`Self::run`].
    #[inline]
    unsafe fn rows(&self, ground: &Ground<'_, T>, desk: &mut Desk<T>, rank: Rank, sample: usize) {
        let Desk { sources, targets, positions, lengths } = desk;
        let sources = &mut sources[..self.readers.len()];
        let targets = &mut targets[..self.writers.len()];
        let positions = &mut positions[..self.outer.len()];
        let outer = &mut lengths[..self.outer.len()];
        let across = matches!(rank, Rank::All);
        let one = (!across).then_some(sample);
        ground.bound(&self.outer, &self.lists, one, outer);
        let bounded;
        let (length, span) = match self.list {
            None => (self.length, &self.span),
            Some(list) => {
                let length = ground.labels(list, one);
                bounded = if across { Span::across(length) } else { Span::along(length) };
                (length, &bounded)
            }
        };
        // Often there are none, for which `fill` would take longer than the rest.
        for position in positions.iter_mut() {
            *position = 0;
        }
        // SAFETY: passed on to the caller: positions are inside of their loops, and sources and targets were
        // made for the lane loop by the plan.
        unsafe {
            for writer in &self.writers {
                writer.begin(ground);
            }
            while !outer.contains(&0) {
                for (source, reader) in sources.iter_mut().zip(&self.readers) {
                    // Over nothing, nothing is read: the array may have no elements at all.
                    *source = match length {
                        0 => Source::new(std::ptr::null(), 0),
                        _ => reader.row(ground, sample, positions, length, across),
                    };
                }
                for (target, writer) in targets.iter_mut().zip(&self.writers) {
                    *target = writer.target(ground, rank, positions);
                }
                self.code.run(sources, targets, Folded::Blocks(ground.folds), span);
                for (number, writer) in self.writers.iter().enumerate() {
                    writer.deliver(ground, rank, positions, length, ground.folds.add(number));
                }
                if !advance(positions, outer) {
                    break;
                }
            }
            for writer in &self.writers {
                writer.end(ground, rank);
            }
        }
    }
}
