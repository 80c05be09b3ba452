//! Outputs of a pass: how results get where they belong.
//!
//! A [`Writer`] gives, for a row, a target for the lane loop: where results belong, where that is possible;
//! else scratch memory, from which [`Writer::deliver`] takes them. What a stage folds always takes that way,
//! as a row of one position.

use super::ground::Ground;
use super::lanes::{Block, LANES, Target};
use super::layout::{Base, By, Spot};
use super::stage::Kind;
use super::steps::Steps;
use super::transpose::scatter_rows;
use crate::real::Float;

/// One output of a pass.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pub(super) into: Into,
    /// How the stage folds it.
    pub(super) kind: Kind,
    /// Where its scratch memory begins.
    pub(super) room: usize,
}

/// Where it goes.
#[derive(Clone, Debug)]
pub(super) enum Into {
    /// Nowhere.
    Nothing,
    /// A slot, directly if a step is given.
    Slot(Base, Spot, Option<isize>),
    /// Accumulators that a slot is filled from when all positions are done.
    Fold {
        /// The first accumulator.
        start: usize,
        /// How many there are, lanes included.
        size: usize,
        spot: Spot,
        join: Kind,
        /// The slot, and how samples lead to it.
        slot: Base,
        by: By,
        /// Whether the slot is one number for the whole call, which fills a group.
        lone: bool,
    },
    /// Accumulators of the call.
    Total(usize, Spot),
    /// The target of a derivative, directly if a step is given.
    Gradient { goal: usize, spot: Spot, add: bool, step: Option<isize> },
    /// Accumulators of the target of a derivative.
    Shared { start: usize, spot: Spot },
}

/// The part of a tile that a row belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rank {
    /// One sample; lanes run along the row.
    Sample(usize),
    /// All samples; each position has a lane for each.
    All,
}

impl Writer {
    /// Where the lane loop writes a row.
    ///
    /// # Safety
    ///
    /// The pass must belong to the plan that `ground` was made for.
    #[inline]
    pub(super) unsafe fn target<T: Float>(
        &self,
        ground: &Ground<'_, T>,
        rank: Rank,
        positions: &[usize],
    ) -> Target<T> {
        let scratch = |step| Target::new(ground.scratch.wrapping_add(self.room), step);
        if self.kind != Kind::Each {
            return scratch(0);
        }
        let way = |by: By| match rank {
            Rank::All if by == By::Lane => 0,
            Rank::All => ground.way(by, 0),
            Rank::Sample(sample) => ground.way(by, sample),
        };
        match &self.into {
            Into::Nothing => scratch(0),
            Into::Slot(base, spot, Some(step)) => {
                let offset = way(spot.by) + spot.outside(positions);
                Target::new(ground.pointer(*base).wrapping_offset(offset), *step)
            }
            Into::Gradient { goal, spot, add: false, step: Some(step) } if self.direct(ground, rank) => {
                let offset = way(spot.by) + spot.outside(positions);
                Target::new(ground.goals[*goal].target.pointer.wrapping_offset(offset), *step)
            }
            _ => scratch(LANES as isize),
        }
    }

    /// Whether the rows of neighbouring samples can be written in one go, lanes along them, each where it
    /// belongs.
    pub(super) fn regular(&self) -> bool {
        match &self.into {
            Into::Nothing => true,
            Into::Slot(_, spot, step) if self.kind == Kind::Each => step.is_some() && spot.by != By::Same,
            Into::Slot(_, spot, _) => spot.by == By::Lane,
            Into::Gradient { add: false, step: Some(_), .. } => self.kind == Kind::Each,
            _ => false,
        }
    }

    /// Where the lane loop writes the rows of neighbouring samples, from one on.
    ///
    /// # Safety
    ///
    /// As [`Self::target`]; the writer must be regular, and so must the samples.
    #[inline]
    pub(super) unsafe fn targets<T: Float>(&self, ground: &Ground<'_, T>, sample: usize) -> Target<T> {
        let (pointer, by, step) = match &self.into {
            Into::Slot(base, spot, step) => (ground.pointer(*base), spot.by, *step),
            Into::Gradient { goal, spot, step, .. } => (ground.goals[*goal].target.pointer, spot.by, *step),
            _ => return Target::new(ground.scratch.wrapping_add(self.room), 0),
        };
        let pointer = pointer.wrapping_offset(ground.way(by, sample));
        Target { pointer, step: step.unwrap_or(0), row: ground.row(by) }
    }

    /// Whether the lane loop writes a row of this rank where it belongs.
    #[inline]
    fn direct<T: Float>(&self, ground: &Ground<'_, T>, rank: Rank) -> bool {
        match (&self.into, rank) {
            (Into::Slot(_, _, step), _) => step.is_some(),
            (Into::Gradient { add: false, step: Some(_), .. }, Rank::Sample(_)) => true,
            (Into::Gradient { spot, add: false, step: Some(_), .. }, Rank::All) => match spot.by {
                By::Offsets(number) => ground.beside(number),
                _ => false,
            },
            _ => false,
        }
    }

    /// What has to be done before the first row of this rank.
    ///
    /// # Safety
    ///
    /// As [`Self::target`].
    #[inline]
    pub(super) unsafe fn begin<T: Float>(&self, ground: &Ground<'_, T>) {
        if let Into::Fold { start, size, join, .. } = self.into {
            // SAFETY: the plan has room for the accumulators.
            let sums = unsafe { std::slice::from_raw_parts_mut(ground.wide.add(start), size) };
            sums.fill(join.neutral());
        }
    }

    /// Brings a row where it belongs.
    ///
    /// # Safety
    ///
    /// As [`Self::target`]; the lane loop must have run for the row, with the target and the folds given
    /// here.
    #[inline]
    pub(super) unsafe fn deliver<T: Float>(
        &self,
        ground: &Ground<'_, T>,
        rank: Rank,
        positions: &[usize],
        length: usize,
        folds: *const Block<f64>,
    ) {
        if self.kind == Kind::Each {
            if matches!(self.into, Into::Nothing) || self.direct(ground, rank) {
                return;
            }
            let row = ground.scratch.wrapping_add(self.room).cast_const();
            if let Into::Gradient { goal, spot, add: false, .. } = &self.into {
                let pointer = ground.goals[*goal].target.pointer.wrapping_offset(spot.outside(positions));
                if let (Rank::All, Steps::Even(1), By::Offsets(number)) = (rank, &spot.inner, spot.by) {
                    // SAFETY: the lane loop has filled the row; the target is writable at all samples and
                    // positions.
                    unsafe { scatter_rows(row, ground.active, ground.offsets(number), length, pointer) };
                    return;
                }
                visit(ground, rank, spot, length, |at, offset| {
                    // SAFETY: as above.
                    unsafe { pointer.offset(offset).write(row.add(at).read()) };
                });
                return;
            }
            // SAFETY: the lane loop has filled the row.
            unsafe { self.place(ground, rank, positions, length, |at| row.add(at).read().to_f64()) };
            return;
        }
        // SAFETY: the lane loop has filled the group, or its first lane.
        let folds = unsafe { &(*folds).0 };
        if let (Into::Slot(base, spot, _), Rank::Sample(sample)) = (&self.into, rank)
            && spot.by != By::Same
        {
            let offset = ground.way(spot.by, sample) + spot.outside(positions);
            // SAFETY: the slot has an element there.
            unsafe { ground.pointer(*base).offset(offset).write(T::from_f64(folds[0])) };
            return;
        }
        if let (Into::Slot(base, spot, _), Rank::All) = (&self.into, rank) {
            let group = ground.pointer(*base).wrapping_offset(spot.outside(positions));
            for (lane, fold) in folds.iter().enumerate() {
                // SAFETY: the slot has a group there.
                unsafe { group.add(lane).write(T::from_f64(*fold)) };
            }
            return;
        }
        // SAFETY: as above.
        unsafe { self.place(ground, rank, positions, 1, |at| folds[at]) };
    }

    /// Takes the results of a row one by one: `result` gives that at a place of the row, where each position
    /// has one place or, of all samples, one for each lane.
    ///
    /// # Safety
    ///
    /// As [`Self::target`].
    #[inline(never)]
    unsafe fn place<T: Float>(
        &self,
        ground: &Ground<'_, T>,
        rank: Rank,
        positions: &[usize],
        length: usize,
        result: impl Fn(usize) -> f64,
    ) {
        // SAFETY: in all that follows, offsets are those of positions inside of the loops and of samples that
        // are in the tile; the plan made the memory behind them large enough, and the caller of `run` the
        // targets.
        unsafe {
            match &self.into {
                Into::Nothing => {}
                Into::Slot(base, spot, _) => {
                    let pointer = ground.pointer(*base).offset(spot.outside(positions));
                    visit(ground, rank, spot, length, |at, offset| {
                        pointer.offset(offset).write(T::from_f64(result(at)));
                    });
                    if spot.by == By::Same && matches!(rank, Rank::Sample(_)) && spot.lone() {
                        super::read::splat(pointer.read(), pointer);
                    }
                }
                Into::Fold { start, spot, join, .. } => {
                    let pointer = ground.wide.add(*start).offset(spot.outside(positions));
                    visit(ground, rank, spot, length, |at, offset| {
                        let place = pointer.offset(offset);
                        place.write(join.join(place.read(), result(at)));
                    });
                }
                Into::Total(start, spot) | Into::Shared { start, spot } => {
                    let pointer = ground.totals.add(*start).offset(spot.outside(positions));
                    visit(ground, rank, spot, length, |at, offset| *pointer.offset(offset) += result(at));
                }
                Into::Gradient { goal, spot, add, .. } => {
                    let pointer = ground.goals[*goal].target.pointer.offset(spot.outside(positions));
                    visit(ground, rank, spot, length, |at, offset| {
                        let place = pointer.offset(offset);
                        let held = if *add { place.read().to_f64() } else { 0.0 };
                        place.write(T::from_f64(held + result(at)));
                    });
                }
            }
        }
    }

    /// What has to be done after the last row of this rank.
    ///
    /// # Safety
    ///
    /// As [`Self::target`].
    #[inline]
    pub(super) unsafe fn end<T: Float>(&self, ground: &Ground<'_, T>, rank: Rank) {
        let Into::Fold { start, size, slot, by, lone, .. } = self.into else { return };
        let way = match rank {
            Rank::Sample(sample) => ground.way(by, sample),
            Rank::All => 0,
        };
        // SAFETY: the accumulators are as many as the elements of the slot (of a sample, or with all lanes).
        unsafe {
            let pointer = ground.pointer(slot).offset(way);
            for at in 0..size {
                pointer.add(at).write(T::from_f64(ground.wide.add(start + at).read()));
            }
            if lone {
                super::read::splat(pointer.read(), pointer);
            }
        }
    }
}

impl Spot {
    /// Whether it is one number for the whole call.
    fn lone(&self) -> bool {
        self.by == By::Same && self.outer.is_empty() && self.inner == Steps::NONE
    }
}

/// Calls `visit` with each place of a row and where it belongs.
#[inline(always)]
fn visit<T: Float>(
    ground: &Ground<'_, T>,
    rank: Rank,
    spot: &Spot,
    length: usize,
    mut visit: impl FnMut(usize, isize),
) {
    match rank {
        Rank::Sample(sample) => {
            let way = ground.way(spot.by, sample);
            if spot.inner == Steps::Even(1) {
                for at in 0..length {
                    visit(at, way + at as isize);
                }
            } else {
                spot.inner.walk(length, |at, along| visit(at, way + along));
            }
        }
        Rank::All => {
            // One sample after the other: its elements are more likely to be neighbours.
            for &lane in ground.active {
                let way = ground.way(spot.by, lane);
                spot.inner.walk(length, |at, along| visit(at * LANES + lane, way + along));
            }
        }
    }
}
