//! Threads: the chunks of a call spread over the current rayon pool, with results that do not show it.
//!
//! Chunks and shards depend on the call alone and results are merged in order, so any number of threads, one
//! included, gives the same bits.

use std::ops::Range;

use rayon::prelude::*;

use super::arena::Arena;
use super::lanes::LANES;
use super::layout::Base;
use super::plan::{Plan, Sum};
use super::read::splat;
use super::table::Phase;
use super::tile::{Totals, Worker};
use super::{Fault, Rows};
use crate::real::Float;

/// The most shards of accumulators.
pub(super) const SHARDS: usize = 16;
/// From how many elements on a thread is worth it.
pub const WORTHWHILE: usize = 1 << 18;

/// What threads share.
struct Job<'p, 'r, T> {
    rows: &'p Rows<'r, T>,
    plan: &'p Plan<'p, T>,
    call: *mut T,
}

// SAFETY: inputs are only read, as is the memory of the call while there is more than one thread; targets are
// written at the samples of a chunk, and each chunk has one thread.
unsafe impl<T: Float> Sync for Job<'_, '_, T> {}

/// One set of accumulators.
struct Shard<T> {
    sums: Arena<f64>,
    matrices: Arena<T>,
    values: Vec<f64>,
    fault: Option<Fault>,
}

impl<T: Float> Shard<T> {
    fn new(plan: &Plan<'_, T>) -> Self {
        let (sums, matrices) = (Arena::new(plan.total_rooms), Arena::new(plan.matrix_rooms));
        Shard { sums, matrices, values: Vec::new(), fault: None }
    }

    /// Adds the values to a sum, unless there was a fault.
    fn results(&mut self, total: f64) -> Result<f64, Fault> {
        let total = self.values.drain(..).fold(total, |total, value| total + value);
        self.fault.map_or(Ok(total), Err)
    }

    /// Adds what another one has.
    fn add(&mut self, other: &mut Self) {
        for (sum, own) in self.sums.elements().iter_mut().zip(other.sums.elements()) {
            *sum += *own;
        }
        for (sum, own) in self.matrices.elements().iter_mut().zip(other.matrices.elements()) {
            *sum = *sum + *own;
        }
    }

    fn clear(&mut self) {
        self.sums.elements().fill(0.0);
        self.matrices.elements().fill(T::from_f64(0.0));
    }

    fn totals(&mut self) -> Totals<T> {
        Totals { sums: self.sums.pointer(), matrices: self.matrices.pointer() }
    }
}

impl<'p, 'r, T: Float> Job<'p, 'r, T> {
    /// Runs some chunks, in order, up to the first that fails.
    ///
    /// # Safety
    ///
    /// The arrays must be as [`super::run`] asks, and no other thread may run the same chunks.
    unsafe fn run(&self, worker: &mut Worker<'p, 'r, T>, chunks: Range<usize>, shard: &mut Shard<T>) {
        let totals = shard.totals();
        for chunk in chunks {
            // SAFETY: passed on to the caller; the totals belong to this shard.
            match unsafe { worker.chunk(chunk, totals) } {
                Ok(sum) => shard.values.push(sum),
                Err(fault) => {
                    shard.fault = Some(fault);
                    return;
                }
            }
        }
    }

    fn shard(&self) -> Shard<T> {
        Shard::new(self.plan)
    }

    /// A worker that is ready for samples.
    ///
    /// # Safety
    ///
    /// As [`Self::run`].
    unsafe fn worker(&self) -> Worker<'p, 'r, T> {
        let mut worker = Worker::new(self.rows, self.plan, self.call);
        // SAFETY: passed on to the caller.
        unsafe { worker.begin(Totals { sums: std::ptr::null_mut(), matrices: std::ptr::null_mut() }) };
        worker
    }
}

/// Runs a plan and gives the sum of the values.
///
/// # Safety
///
/// The arrays must be as [`super::run`] asks; the plan must be made of these rows.
pub(super) unsafe fn run<'p, T: Float>(rows: &'p Rows<'_, T>, plan: &'p Plan<'p, T>) -> Result<f64, Fault> {
    let mut call = Arena::new(plan.call_rooms);
    let job = Job { rows, plan, call: call.pointer() };
    let mut first = Shard::new(plan);
    let nothing = Totals { sums: std::ptr::null_mut(), matrices: std::ptr::null_mut() };
    // SAFETY: the memory of the call is only used here until chunks run.
    let mut worker = unsafe {
        for goal in plan.goals.iter().filter(|goal| goal.idle) {
            goal.clear(0);
        }
        let mut worker = Worker::new(rows, plan, job.call);
        worker.once(Phase::Before, nothing);
        worker.begin(nothing);
        worker
    };

    let chunks = plan.samples.count.div_ceil(plan.chunk);
    let elements = plan.samples.count.saturating_mul(plan.work);
    let accumulators = plan.total_rooms.taken() + plan.matrix_rooms.taken();
    let alone = plan.direct || elements < WORTHWHILE || rayon::current_num_threads() == 1;
    let shards = match accumulators {
        0 if alone => 1,
        0 => chunks.max(1),
        // Accumulators never take more room than the samples themselves.
        _ => SHARDS.min(elements / accumulators).min(chunks).max(1),
    };
    let part = |number: usize| number * chunks / shards..(number + 1) * chunks / shards;
    let mut total = 0.0;
    if alone || shards == 1 {
        let mut own = (shards > 1).then(|| Shard::new(plan));
        for number in 0..shards {
            let shard = match &mut own {
                Some(own) if number > 0 => own,
                _ => &mut first,
            };
            // SAFETY: passed on to the caller; all chunks run here.
            unsafe { job.run(&mut worker, part(number), shard) };
            total = shard.results(total)?;
            if let Some(own) = own.as_mut().filter(|_| number > 0) {
                first.add(own);
                own.clear();
            }
        }
    } else {
        let shards: Vec<Shard<T>> = (0..shards)
            .into_par_iter()
            .with_max_len(1)
            .map_init(
                // SAFETY: passed on to the caller.
                || unsafe { job.worker() },
                |worker, number| {
                    let mut shard = job.shard();
                    // SAFETY: passed on to the caller; each chunk runs once.
                    unsafe { job.run(worker, part(number), &mut shard) };
                    shard
                },
            )
            .collect();
        for mut shard in shards {
            total = shard.results(total)?;
            first.add(&mut shard);
        }
    }

    // SAFETY: all chunks are done.
    unsafe {
        for sum in &plan.sums {
            hand_over(sum, &mut first, job.call);
        }
        for goal in &plan.goals {
            goal.finish(first.sums.elements());
        }
        worker.once(Phase::After, nothing);
    }
    Ok(total)
}

/// Brings the sums of a slot to the memory of the call.
///
/// # Safety
///
/// `call` must be the memory of the call, which nobody else uses.
unsafe fn hand_over<T: Float>(sum: &Sum, shard: &mut Shard<T>, call: *mut T) {
    let Base::Call(start) = sum.room.base else { return };
    // SAFETY: the plan has this room.
    let room = unsafe { call.add(start) };
    let columns = sum.lengths.last().copied().unwrap_or(1);
    let rows: usize = sum.lengths.split_last().map_or(1, |(_, outer)| outer.iter().product());
    let whole = columns.next_multiple_of(LANES);
    for row in 0..rows {
        for column in 0..columns {
            let at = sum.start + row * columns + column;
            let value = if sum.matrix {
                shard.matrices.elements()[at]
            } else {
                T::from_f64(shard.sums.elements()[at])
            };
            // SAFETY: rows of a room are rounded up to whole groups.
            unsafe { room.add(row * whole + column).write(value) };
        }
    }
    if sum.lengths.is_empty() {
        // SAFETY: one number has a whole group.
        unsafe { splat(room.read(), room) };
    }
}
