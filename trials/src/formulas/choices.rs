//! Where the decisions of a generator come from: a seed, or the bytes of a fuzzer.

/// A source of decisions.
pub trait Choices {
    /// A whole number below `end`, which is at least 1. A source that has run dry gives 0.
    fn below(&mut self, end: usize) -> usize;

    /// Yes in so many of a hundred cases.
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent.min(100)
    }

    /// A number in [0, 1).
    fn unit(&mut self) -> f64 {
        self.below(1 << 16) as f64 / 65536.0
    }

    /// One of a list.
    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T
    where
        Self: Sized,
    {
        &list[self.below(list.len())]
    }
}

/// Decisions that look random and are the same in every run (SplitMix64).
#[derive(Clone, Debug)]
pub struct Seeded(pub u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Choices for Seeded {
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
