//! What the analysis knows of an expression: where its finite values lie, and what can make it something else.

use crate::ir::range::Range;

/// A set of causes, by their places in the table of causes; what is beyond the last place shares it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Causes(u64);

impl Causes {
    /// No cause.
    pub const NONE: Causes = Causes(0);
    /// How many places there are.
    pub const PLACES: usize = 64;

    /// The cause at one place.
    pub fn of(place: usize) -> Causes {
        Causes(1 << place.min(Self::PLACES - 1))
    }

    /// Both sets together.
    pub fn and(self, other: Causes) -> Causes {
        Causes(self.0 | other.0)
    }

    /// What only this set has.
    pub fn without(self, other: Causes) -> Causes {
        Causes(self.0 & !other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The places, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::PLACES).filter(move |place| self.0 & (1 << place) != 0)
    }
}

/// What an expression can be for finite inputs in their domains, in floating point.
///
/// The range is that of exact arithmetic. An open end that rounding reaches at ordinary inputs all the same is
/// known beside it: `exp(x)` is 0 at -200, and `tanh(x)` is 1 at 40.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    /// Where the finite values lie.
    pub range: Range,
    /// Whether 0 is left out of the range.
    pub nonzero: bool,
    /// Why rounding reaches the lower end, where that is open.
    pub low_by: Causes,
    /// Why rounding reaches the upper end, where that is open.
    pub high_by: Causes,
    /// Why it can be inf.
    pub above: Causes,
    /// Why it can be -inf.
    pub below: Causes,
    /// Why it can be NaN.
    pub nan: Causes,
}

impl Number {
    /// A number that is always finite.
    pub fn finite(range: Range) -> Number {
        let none = Causes::NONE;
        Number { range, nonzero: false, low_by: none, high_by: none, above: none, below: none, nan: none }
    }

    /// Where its values lie, infinite ones included.
    pub fn reach(&self) -> Range {
        let mut reach = self.range;
        if !self.below.is_empty() {
            (reach.low, reach.above) = (f64::NEG_INFINITY, true);
        }
        if !self.above.is_empty() {
            (reach.high, reach.below) = (f64::INFINITY, true);
        }
        reach
    }

    /// Whether it can be exactly this number.
    pub fn may_be(&self, x: f64) -> bool {
        let Range { low, above, high, below } = self.range;
        let inside = low < x && x < high || x == low && !above || x == high && !below;
        inside && !(x == 0.0 && self.nonzero)
    }

    /// Why rounding makes it 0 where it is not.
    pub fn zero_by(&self) -> Causes {
        let low = if self.range.low == 0.0 { self.low_by } else { Causes::NONE };
        let high = if self.range.high == 0.0 { self.high_by } else { Causes::NONE };
        low.and(high)
    }

    /// Whether it is never 0 in exact arithmetic.
    pub fn never_zero(&self) -> bool {
        self.nonzero || self.range.is_nonzero()
    }

    /// Whether it can lie above 0.
    pub fn may_be_positive(&self) -> bool {
        self.reach().high > 0.0
    }

    /// Whether it can lie below 0.
    pub fn may_be_negative(&self) -> bool {
        self.reach().low < 0.0
    }

    /// Why it can be infinite.
    pub fn infinite(&self) -> Causes {
        self.above.and(self.below)
    }

    /// What is one or the other.
    pub fn union(self, other: Number) -> Number {
        Number {
            range: self.range.union(other.range),
            nonzero: self.never_zero() && other.never_zero(),
            low_by: self.low_by.and(other.low_by),
            high_by: self.high_by.and(other.high_by),
            above: self.above.and(other.above),
            below: self.below.and(other.below),
            nan: self.nan.and(other.nan),
        }
    }

    /// Its negative.
    pub fn negate(self) -> Number {
        Number {
            range: self.range.negate(),
            low_by: self.high_by,
            high_by: self.low_by,
            above: self.below,
            below: self.above,
            ..self
        }
    }
}
