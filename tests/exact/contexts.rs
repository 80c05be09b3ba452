//! Where calls are made from: pools of any number of threads, many callers at once, the midst of a caller's own work.

use std::sync::OnceLock;

use lossdef_runtime::partial::Partial;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Bits, Exact, WAYS, Way};

/// Numbers of threads beside one: all, and those of a quick run.
const THREADS: [usize; 6] = [2, 3, 4, 7, 8, 16];
const FEW: [usize; 2] = [3, 16];

pub fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

/// Calls with what they give on one thread.
pub struct Expected<'e> {
    pub calls: &'e [Exact],
    bits: Vec<[OnceLock<Bits>; 4]>,
    one: ThreadPool,
}

impl<'e> Expected<'e> {
    pub fn new(calls: &'e [Exact]) -> Self {
        Expected { calls, bits: calls.iter().map(|_| Default::default()).collect(), one: pool(1) }
    }

    /// Makes one call, and compares all bits.
    pub fn check(&self, number: usize, way: Way, place: &str) {
        let call = &self.calls[number];
        let expected = self.bits[number][way as usize].get_or_init(|| self.one.install(|| call.bits(way)));
        let found = call.bits(way);
        let other = found.iter().zip(expected).find(|(a, b)| a != b).map(|(a, _)| &a.0);
        let shapes: Vec<_> = call.arrays.iter().map(|(name, array)| (name, array.shape())).collect();
        let name = call.loss.spec().name;
        assert!(found == *expected, "{name}: other bits of {other:?}, {way:?}, {place}, {shapes:?}");
    }

    /// Makes all calls, in every way, in pools of every size. Where that takes too long, in some sizes, and in each
    /// of them the mean and one other way.
    pub fn in_pools(&self, every: bool) {
        for (place, threads) in if every { &THREADS[..] } else { &FEW }.iter().enumerate() {
            let pool = pool(*threads);
            for number in 0..self.calls.len() {
                for way in WAYS {
                    if every || way == Way::Mean || way as usize == 1 + number % 3 && place == 0 {
                        pool.install(|| self.check(number, way, &format!("{threads} threads")));
                    }
                }
            }
        }
    }

    /// From eight threads at once, each of which begins with another call; all share the global pool.
    pub fn with_many_callers(&self) {
        std::thread::scope(|scope| {
            for caller in 0..8 {
                scope.spawn(move || {
                    for step in 0..self.calls.len() {
                        let number = (step + caller * self.calls.len() / 8) % self.calls.len();
                        self.check(number, WAYS[(caller + step) % 4], "eight callers at once");
                    }
                });
            }
        });
    }

    /// In the midst of work of a pool: from inside of `join`, of `scope` and of a parallel loop, one in the other.
    pub fn in_the_midst_of_a_pool(&self, threads: usize) {
        let pool = pool(threads);
        let all = 0..self.calls.len();
        let place = format!("in the midst of a pool of {threads}");
        pool.install(|| all.clone().into_par_iter().for_each(|number| self.nested(number, &place)));
        // The same from a thread that is none of the pool's, while the global pool is at work.
        all.into_par_iter().for_each(|number| {
            self.check(number, Way::Sum, "in a parallel loop of the global pool");
            pool.install(|| self.check(number, Way::Mean, &place));
        });
    }

    fn nested(&self, number: usize, place: &str) {
        let check = |way| self.check(number, way, place);
        rayon::join(|| check(Way::Mean), || rayon::join(|| check(Way::Sum), || check(Way::Each)));
        rayon::scope(|scope| {
            scope.spawn(|scope| {
                scope.spawn(|_| check(Way::Partial));
                check(Way::Mean);
            });
        });
    }
}

/// Parts of one call, evaluated in any order, and merged in theirs: the same bits whoever evaluates them.
pub fn merged(parts: &[Exact]) -> Bits {
    let all: Vec<Bits> = parts.par_iter().map(|part| part.bits(Way::Partial)).collect();
    let numbers: Vec<Partial> = parts.par_iter().map(Exact::numbers).collect();
    let whole = numbers.into_iter().reduce(|a, b| a.merge(b).expect("parts of one loss")).expect("a part");
    let mut bits: Bits = all.into_iter().flatten().collect();
    bits.push((String::from("merged mean"), whole.mean().to_bits()));
    bits
}
