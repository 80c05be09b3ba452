//! Where the values of an expression can lie, as an interval of real numbers.
//!
//! The interval holds every value that the expression takes for finite inputs in their domains, in exact
//! arithmetic. It is what guards a rewrite: `a / a` is 1 only where `a` cannot be 0.

/// An interval; an end that is infinite is never attained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lower end.
    pub low: f64,
    /// Whether the lower end itself is left out.
    pub above: bool,
    /// Upper end.
    pub high: f64,
    /// Whether the upper end itself is left out.
    pub below: bool,
}

impl Range {
    /// Every real number.
    pub const ALL: Range = Range::open(f64::NEG_INFINITY, f64::INFINITY);
    /// Zero and above.
    pub const NONNEGATIVE: Range = Range { low: 0.0, above: false, high: f64::INFINITY, below: true };
    /// Above zero.
    pub const POSITIVE: Range = Range::open(0.0, f64::INFINITY);

    /// All numbers between two ends, with both ends.
    pub const fn closed(low: f64, high: f64) -> Range {
        Range { low, above: false, high, below: false }
    }

    /// All numbers between two ends, without the ends.
    pub const fn open(low: f64, high: f64) -> Range {
        Range { low, above: true, high, below: true }
    }

    /// One number; anything where it is NaN.
    pub fn point(x: f64) -> Range {
        if x.is_nan() { Range::ALL } else { Range::closed(x, x) }
    }

    /// Whether every value is above zero.
    pub fn is_positive(self) -> bool {
        self.low > 0.0 || (self.low == 0.0 && self.above)
    }

    /// Whether every value is zero or above.
    pub fn is_nonnegative(self) -> bool {
        self.low >= 0.0
    }

    /// Whether every value is below zero.
    pub fn is_negative(self) -> bool {
        self.negate().is_positive()
    }

    /// Whether no value is zero.
    pub fn is_nonzero(self) -> bool {
        self.is_positive() || self.is_negative()
    }

    /// Whether values stay between two finite bounds.
    pub fn is_bounded(self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    /// The values of both.
    pub fn union(self, other: Range) -> Range {
        let (low, above) = if self.low == other.low {
            (self.low, self.above && other.above)
        } else if self.low < other.low {
            (self.low, self.above)
        } else {
            (other.low, other.above)
        };
        let (high, below) = if self.high == other.high {
            (self.high, self.below && other.below)
        } else if self.high > other.high {
            (self.high, self.below)
        } else {
            (other.high, other.below)
        };
        Range { low, above, high, below }
    }

    /// The range of `-x`.
    pub fn negate(self) -> Range {
        Range { low: -self.high, above: self.below, high: -self.low, below: self.above }
    }

    /// The range of `x + y`.
    pub fn plus(self, other: Range) -> Range {
        Range {
            low: self.low + other.low,
            above: self.above || other.above,
            high: self.high + other.high,
            below: self.below || other.below,
        }
        .sane()
    }

    /// The range of `x * y`.
    pub fn times(self, other: Range) -> Range {
        let ends = |r: Range| [(r.low, r.above), (r.high, r.below)];
        let mut result: Option<Range> = None;
        for (a, a_open) in ends(self) {
            for (b, b_open) in ends(other) {
                // An end of 0 that is attained makes the product 0 whatever the other factor is.
                let zero = (a == 0.0 && !a_open) || (b == 0.0 && !b_open);
                let product = if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
                let open = !zero && (a_open || b_open);
                let corner = Range { low: product, above: open, high: product, below: open };
                result = Some(result.map_or(corner, |r| r.union(corner)));
            }
        }
        result.unwrap_or(Range::ALL).sane()
    }

    /// The range of `1 / x`.
    pub fn invert(self) -> Range {
        if self.is_positive() {
            let low = if self.high.is_infinite() { (0.0, true) } else { (1.0 / self.high, self.below) };
            let high = if self.low == 0.0 { (f64::INFINITY, true) } else { (1.0 / self.low, self.above) };
            Range { low: low.0, above: low.1, high: high.0, below: high.1 }
        } else if self.is_negative() {
            self.negate().invert().negate()
        } else {
            Range::ALL
        }
    }

    /// The range of a function that grows everywhere.
    pub fn map(self, f: impl Fn(f64) -> f64) -> Range {
        Range { low: f(self.low), above: self.above, high: f(self.high), below: self.below }.sane()
    }

    /// The range of `abs(x)`.
    pub fn abs(self) -> Range {
        if self.is_nonnegative() {
            self
        } else if self.negate().is_nonnegative() {
            self.negate()
        } else {
            let flipped = self.negate();
            let widest = self.union(flipped);
            Range { low: 0.0, above: false, ..widest }
        }
    }

    /// The part of it that lies in `other`; `other` itself where they do not meet.
    pub fn intersect(self, other: Range) -> Range {
        let (low, above) = if self.low > other.low || (self.low == other.low && self.above) {
            (self.low, self.above)
        } else {
            (other.low, other.above)
        };
        let (high, below) = if self.high < other.high || (self.high == other.high && self.below) {
            (self.high, self.below)
        } else {
            (other.high, other.below)
        };
        if low > high { other } else { Range { low, above, high, below } }
    }

    /// Ends that could not be computed give way to infinities.
    fn sane(self) -> Range {
        let low = if self.low.is_nan() { f64::NEG_INFINITY } else { self.low };
        let high = if self.high.is_nan() { f64::INFINITY } else { self.high };
        Range { low, above: self.above || low.is_infinite(), high, below: self.below || high.is_infinite() }
    }
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn products_keep_open_ends() {
        let unit = Range::open(0.0, 1.0);
        assert!(unit.times(unit).is_positive());
        assert_eq!(unit.times(Range::closed(0.0, 2.0)), Range { below: true, ..Range::closed(0.0, 2.0) });
        assert!(!Range::ALL.times(unit).is_nonzero());
    }

    #[test]
    fn inverses_change_ends() {
        assert_eq!(Range::POSITIVE.invert(), Range::POSITIVE);
        assert_eq!(Range::closed(2.0, 4.0).invert(), Range::closed(0.25, 0.5));
        assert_eq!(Range::closed(-1.0, 1.0).invert(), Range::ALL);
    }

    #[test]
    fn sums_of_infinite_ends_stay_open() {
        assert_eq!(Range::POSITIVE.plus(Range::ALL), Range::ALL);
        assert!(Range::POSITIVE.plus(Range::point(1.0)).is_positive());
    }
}
