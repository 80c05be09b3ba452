//! Threads: the chunks of a job spread over the current rayon pool, with results that do not show it.
//!
//! Input: a [`Job`]. Output: its sum, folded sinks written, and whether every sample was valid. Invariant:
//! chunks and shards depend on the job alone and results are merged in order, so any number of threads, one
//! included, gives the same bits.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::sink::Drain;
use super::span::Job;
use crate::real::Float;

/// The most shards of accumulators for sinks that samples share.
const SHARDS: usize = 16;

/// The result of a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    /// The sum of all values.
    pub(super) total: f64,
    /// Whether every sample was valid.
    pub(super) valid: bool,
}

/// Runs a job, on more than one thread where it has at least `worthwhile` samples.
///
/// # Safety
///
/// All arrays of the job must be as its parts ask for.
pub(super) unsafe fn run<T: Float, const I: usize, const O: usize>(
    job: &Job<'_, T, I, O>,
    worthwhile: usize,
) -> Outcome {
    let alone = job.samples < worthwhile || rayon::current_num_threads() == 1;
    let accumulators = job.accumulators();
    if accumulators > 0 {
        // SAFETY: passed on to the caller.
        return unsafe { run_folds(job, accumulators, alone) };
    }
    let chunks = job.chunks();
    let mut total = 0.0;
    if alone {
        // SAFETY: passed on to the caller; all chunks run here.
        let valid = unsafe { job.run(0..chunks, &mut [], &mut |sum| total += sum) };
        return Outcome { total, valid };
    }
    let valid = AtomicBool::new(true);
    let mut partial = vec![0.0; chunks];
    partial.par_iter_mut().enumerate().for_each(|(chunk, partial)| {
        // SAFETY: passed on to the caller; each chunk runs once.
        let all = unsafe { job.run(chunk..chunk + 1, &mut [], &mut |sum| *partial = sum) };
        if !all {
            valid.store(false, Ordering::Relaxed);
        }
    });
    for sum in partial {
        total += sum;
    }
    Outcome { total, valid: valid.into_inner() }
}

/// The part of a job that adds to one set of accumulators.
fn shard(number: usize, shards: usize, chunks: usize) -> Range<usize> {
    number * chunks / shards..(number + 1) * chunks / shards
}

/// Runs a job with sinks that samples share.
///
/// # Safety
///
/// As [`run`].
#[inline(never)]
unsafe fn run_folds<T: Float, const I: usize, const O: usize>(
    job: &Job<'_, T, I, O>,
    accumulators: usize,
    alone: bool,
) -> Outcome {
    let chunks = job.chunks();
    // Accumulators never take more room than the samples themselves.
    let shards = SHARDS.min(chunks).min(job.samples / accumulators).max(1);
    let mut sums = vec![0.0; accumulators];
    let mut outcome = Outcome { total: 0.0, valid: true };
    if alone || shards == 1 {
        let mut own = if shards > 1 { vec![0.0; accumulators] } else { Vec::new() };
        for number in 0..shards {
            let total = &mut outcome.total;
            let target = if number == 0 { &mut sums } else { &mut own };
            // SAFETY: passed on to the caller; all chunks run here.
            outcome.valid &=
                unsafe { job.run(shard(number, shards, chunks), target, &mut |sum| *total += sum) };
            if number > 0 {
                merge(&mut sums, &own);
                own.fill(0.0);
            }
        }
    } else {
        let parts: Vec<(Vec<f64>, Vec<f64>, bool)> = (0..shards)
            .into_par_iter()
            .with_max_len(1)
            .map(|number| {
                let mut own = vec![0.0; accumulators];
                let mut partial = Vec::new();
                // SAFETY: passed on to the caller; each chunk runs once.
                let valid =
                    unsafe { job.run(shard(number, shards, chunks), &mut own, &mut |sum| partial.push(sum)) };
                (own, partial, valid)
            })
            .collect();
        for (number, (own, partial, valid)) in parts.into_iter().enumerate() {
            if number == 0 {
                sums = own;
            } else {
                merge(&mut sums, &own);
            }
            for sum in partial {
                outcome.total += sum;
            }
            outcome.valid &= valid;
        }
    }
    let mut rest = &sums[..];
    for drain in job.drains() {
        let (own, others) = rest.split_at(Drain::accumulators(drain));
        rest = others;
        // SAFETY: passed on to the caller; all chunks are done.
        unsafe { drain.finish(job.shape, own) };
    }
    outcome
}

fn merge(sums: &mut [f64], own: &[f64]) {
    for (sum, own) in sums.iter_mut().zip(own) {
        *sum += own;
    }
}
