//! Random points that are the same in every run.

use super::arrays::Array;

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }

    pub fn array(&mut self, shape: &[usize], low: f64, high: f64) -> Array {
        let count = shape.iter().product();
        Array::new(shape, (0..count).map(|_| low + (high - low) * self.unit()).collect())
    }

    /// Whole numbers below `end`.
    pub fn labels(&mut self, shape: &[usize], end: usize) -> Array {
        let mut array = self.array(shape, 0.0, end as f64);
        array.data.iter_mut().for_each(|x| *x = x.floor());
        array
    }

    /// Numbers at least a tenth away from those of another array, on either side: differences must not cross a
    /// kink.
    pub fn beside(&mut self, other: &Array) -> Array {
        let apart = |x: &f64| {
            let by = 0.1 + 1.5 * self.unit();
            if self.unit() < 0.5 { x - by } else { x + by }
        };
        Array::new(&other.shape, other.data.iter().map(apart).collect())
    }
}
