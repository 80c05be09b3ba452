//! Tiles: a few samples at a time through all steps of a program.

use super::arena::Arena;
use super::ground::Ground;
use super::labels::Check;
use super::lanes::{Block, LANES, Source, Target};
use super::layout::Base;
use super::pass::Desk;
use super::plan::{Plan, Step};
use super::table::Phase;
use super::{Fault, Rows};
use crate::real::Float;

/// One thread's memory for a plan.
pub(super) struct Worker<'p, 'r, T> {
    rows: &'p Rows<'r, T>,
    plan: &'p Plan<'p, T>,
    tile: Arena<T>,
    scratch: Arena<T>,
    wide: Arena<f64>,
    folds: Vec<Block<f64>>,
    call: *mut T,
    offsets: Vec<isize>,
    labels: Vec<usize>,
    active: Vec<usize>,
    desk: Desk<T>,
}

/// Accumulators of the call: those in f64, and those of products of matrices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals<T> {
    pub(super) sums: *mut f64,
    pub(super) matrices: *mut T,
}

impl<'p, 'r, T: Float> Worker<'p, 'r, T> {
    /// Memory for a plan made of these rows, whose memory of the call begins at `call`.
    pub(super) fn new(rows: &'p Rows<'r, T>, plan: &'p Plan<'p, T>, call: *mut T) -> Self {
        let [inputs, outputs, loops] = plan.widest;
        let source = Source::new(std::ptr::null(), 0);
        let target = Target::new(std::ptr::null_mut(), 0);
        Worker {
            rows,
            plan,
            tile: Arena::new(plan.tile_rooms),
            scratch: Arena::new(plan.scratch_rooms),
            wide: Arena::new(plan.wide_rooms),
            folds: vec![Block([0.0; LANES]); 2 * outputs],
            call,
            offsets: vec![0; plan.samples.registered() * plan.lanes],
            labels: vec![0; plan.lists.len() * plan.lanes],
            active: Vec::with_capacity(plan.lanes),
            desk: Desk {
                sources: vec![source; inputs],
                targets: vec![target; outputs],
                positions: vec![0; loops],
                lengths: vec![0; loops],
            },
        }
    }

    /// Runs what is the same for all samples: `Phase::Before` or `Phase::After`.
    ///
    /// # Safety
    ///
    /// The arrays must be as [`super::run`] asks; the memory of the call must be as large as the plan says,
    /// and no other thread use it.
    pub(super) unsafe fn once(&mut self, phase: Phase, totals: Totals<T>) {
        let steps = if phase == Phase::Before { &self.plan.before } else { &self.plan.after };
        if steps.is_empty() {
            return;
        }
        self.offsets.fill(0);
        self.active.clear();
        self.active.push(0);
        // SAFETY: passed on to the caller.
        unsafe {
            self.tables(|own| own == phase, totals, 0, 1);
            self.steps(steps, totals, 0, 1);
        }
    }

    /// Makes the tables that are the same for all samples.
    ///
    /// # Safety
    ///
    /// As [`Self::once`].
    pub(super) unsafe fn begin(&mut self, totals: Totals<T>) {
        self.offsets.fill(0);
        self.active.clear();
        self.active.push(0);
        let plan = self.plan;
        let ground = self.ground(totals, 0, 1);
        for table in &plan.tables {
            if table.constant() && matches!(table.key.phase, Phase::Keep | Phase::Rows) {
                // SAFETY: passed on to the caller; the room is in the memory of the tile.
                unsafe {
                    let data = ground.data(Base::Input(table.key.input));
                    let memory = ground.pointer(table.room.base);
                    table.fill(data, ground.offsets(table.offsets), ground.active, memory);
                }
            }
        }
    }

    /// Runs the samples of a chunk and gives the sum of their values.
    ///
    /// # Safety
    ///
    /// As [`Self::once`], but that others may read the memory of the call; no other thread may run the same
    /// chunk or use the same totals.
    pub(super) unsafe fn chunk(&mut self, chunk: usize, totals: Totals<T>) -> Result<f64, Fault> {
        let mut start = chunk * self.plan.chunk;
        let end = self.plan.samples.count.min(start + self.plan.chunk);
        let mut sum = 0.0;
        while start < end {
            let count = self.plan.tile.min(end - start);
            // SAFETY: passed on to the caller.
            sum += unsafe { self.run(start, count, totals)? };
            start += count;
        }
        Ok(sum)
    }

    /// Runs one tile.
    ///
    /// # Safety
    ///
    /// As [`Self::chunk`].
    unsafe fn run(&mut self, start: usize, count: usize, totals: Totals<T>) -> Result<f64, Fault> {
        let plan = self.plan;
        plan.samples.fill(start, count, plan.lanes, &mut self.offsets);
        self.active.clear();
        self.active.extend(0..count);
        for (list, labels) in plan.lists.iter().zip(self.labels.chunks_exact_mut(plan.lanes)) {
            let offsets = &self.offsets[list.offsets * plan.lanes..];
            for (labels, offset) in labels.iter_mut().zip(offsets).take(count) {
                // SAFETY: passed on to the caller.
                *labels = unsafe { list.labels(plan.inputs[list.input].data, *offset) };
            }
        }
        // SAFETY: passed on to the caller: samples and lanes are those of the tile.
        unsafe {
            self.tables(|phase| phase == Phase::Keep, totals, start, count);
            self.steps(&plan.keep, totals, start, count);
            if let Some(kept) = plan.kept {
                self.leave_out(kept, totals, start, count);
                if self.active.is_empty() {
                    return Ok(0.0);
                }
            }
            self.labels(totals, start, count)?;
            self.tables(|phase| phase == Phase::Rows, totals, start, count);
            self.steps(&plan.rows, totals, start, count);
            self.results(totals, start, count)
        }
    }

    fn ground(&mut self, totals: Totals<T>, start: usize, count: usize) -> Ground<'_, T> {
        Ground {
            inputs: &self.plan.inputs,
            goals: &self.plan.goals,
            samples: &self.plan.samples,
            tile: self.tile.pointer(),
            call: self.call,
            scratch: self.scratch.pointer(),
            wide: self.wide.pointer(),
            folds: self.folds.as_mut_ptr(),
            totals: totals.sums,
            matrices: totals.matrices,
            offsets: &self.offsets,
            labels: &self.labels,
            lanes: self.plan.lanes,
            active: &self.active,
            start,
            count,
            ahead: self.plan.ahead,
            split: self.plan.direct,
            straight: self.plan.samples.straight(start, count),
        }
    }

    /// Makes the tables of some phases.
    ///
    /// # Safety
    ///
    /// As [`Self::chunk`].
    unsafe fn tables(
        &mut self,
        phases: impl Fn(Phase) -> bool,
        totals: Totals<T>,
        start: usize,
        count: usize,
    ) {
        let rows = phases(Phase::Rows);
        let plan = self.plan;
        let ground = self.ground(totals, start, count);
        for table in &plan.tables {
            let phase = table.key.phase;
            let once = matches!(phase, Phase::Before | Phase::After);
            // Samples that lay side by side do so no longer where some are left out.
            let again = rows && phase == Phase::Keep && table.spare && ground.active.len() < count;
            let due = phases(phase) && (once || !table.constant()) || again;
            if !due || (table.spare && ground.beside(table.offsets)) {
                continue;
            }
            // SAFETY: passed on to the caller; the room is in the memory of the tile.
            unsafe {
                let data = ground.data(Base::Input(table.key.input));
                let memory = ground.pointer(table.room.base);
                table.fill(data, ground.offsets(table.offsets), ground.active, memory);
            }
        }
    }

    /// Runs some steps.
    ///
    /// # Safety
    ///
    /// As [`Self::chunk`].
    unsafe fn steps(&mut self, steps: &[Step<'_, T>], totals: Totals<T>, start: usize, count: usize) {
        let mut desk = std::mem::take(&mut self.desk);
        let ground = self.ground(totals, start, count);
        for step in steps {
            // SAFETY: passed on to the caller.
            unsafe {
                match step {
                    Step::Pass(pass) => pass.run(&ground, &mut desk),
                    Step::Gather(gather) => gather.run(&ground, &mut desk),
                    Step::Product(product) => product.run(&ground),
                    Step::Total(total) => total.run(&ground),
                }
            }
        }
        self.desk = desk;
    }

    /// Finds out which samples are kept, and writes 0 for the others.
    ///
    /// # Safety
    ///
    /// As [`Self::chunk`].
    unsafe fn leave_out(&mut self, kept: Base, totals: Totals<T>, start: usize, count: usize) {
        let pointer = self.ground(totals, start, count).pointer(kept);
        let (zero, step) = (T::from_f64(0.0), per_sample(kept));
        // SAFETY: a number per sample has room for all samples of a tile.
        let left_out = |lane: &usize| unsafe { pointer.add(lane * step).read() == zero };
        if !(0..count).any(|lane| left_out(&lane)) {
            return;
        }
        self.active.clear();
        self.active.extend((0..count).filter(|lane| !left_out(lane)));
        let lanes = self.plan.lanes;
        for lane in (0..count).filter(left_out) {
            for goal in self.plan.goals.iter().filter(|goal| !goal.idle) {
                // SAFETY: the caller of `run` vouches for the target at every sample.
                unsafe { goal.clear(self.offsets[goal.offsets * lanes + lane]) };
            }
            if let (Some(number), Some(values)) = (self.plan.values, self.rows.values) {
                let offset = self.offsets[number * lanes + lane];
                // SAFETY: the caller of `run` vouches for the values at every sample.
                unsafe { values.pointer.offset(offset).write(zero) };
            }
        }
        // From here on, lanes without a sample that is kept stand for one that is.
        if let Some(&first) = self.active.first() {
            for offsets in self.offsets.chunks_exact_mut(lanes) {
                let stand_in = offsets[first];
                let mut active = self.active.iter().peekable();
                for (lane, offset) in offsets.iter_mut().enumerate() {
                    if active.next_if(|next| **next == lane).is_none() {
                        *offset = stand_in;
                    }
                }
            }
        }
    }

    /// Checks the labels of the samples that are kept.
    ///
    /// # Safety
    ///
    /// As [`Self::chunk`].
    unsafe fn labels(&mut self, totals: Totals<T>, start: usize, count: usize) -> Result<(), Fault> {
        let plan = self.plan;
        let ground = self.ground(totals, start, count);
        let simple = |check: &&Check| match check.offsets {
            Some(number) if check.axes.is_empty() && !check.set => {
                let data = ground.data(Base::Input(check.input));
                // SAFETY: passed on to the caller.
                unsafe { data.any_beyond(check.size, ground.offsets(number), ground.active) }
            }
            _ => true,
        };
        if !plan.checks.iter().any(|check| simple(&check)) {
            return Ok(());
        }
        for &lane in ground.active {
            for check in &plan.checks {
                let data = ground.data(Base::Input(check.input));
                let offset = match check.offsets {
                    Some(number) => ground.offsets(number)[lane],
                    // The same for all samples: once is enough.
                    None if lane == ground.active[0] => 0,
                    None => continue,
                };
                // SAFETY: passed on to the caller.
                unsafe { check.sample(data, offset, start + lane)? };
            }
        }
        Ok(())
    }

    /// Looks at validity, stores values and adds them up.
    ///
    /// # Safety
    ///
    /// As [`Self::chunk`].
    unsafe fn results(&mut self, totals: Totals<T>, start: usize, count: usize) -> Result<f64, Fault> {
        let plan = self.plan;
        let values = self.rows.values;
        let ground = self.ground(totals, start, count);
        let zero = T::from_f64(0.0);
        let numbers = |base: Base| {
            let (pointer, step) = (ground.pointer(base), per_sample(base));
            // SAFETY: a number per sample has room for all samples of a tile.
            move |lane: usize| unsafe { pointer.add(lane * step).read() }
        };
        if let Some(valid) = plan.valid {
            let valid = numbers(valid);
            if let Some(lane) = ground.active.iter().find(|lane| valid(**lane) == zero) {
                return Err(Fault::Invalid { sample: start + lane });
            }
        }
        let value = numbers(plan.value);
        if let (Some(number), Some(values)) = (plan.values, values) {
            for &lane in ground.active {
                let offset = ground.offsets(number)[lane];
                // SAFETY: the caller of `run` vouches for the values at every sample.
                unsafe { values.pointer.offset(offset).write(value(lane)) };
            }
        }
        Ok(ground.active.iter().map(|lane| value(*lane).to_f64()).sum())
    }
}

/// How many elements the number of a sample lies behind that of the one before: none for a number of the
/// call.
fn per_sample(base: Base) -> usize {
    usize::from(matches!(base, Base::Tile(_)))
}
