//! Axes and sets of axes.

/// An axis, or an index that runs over one: an index into `Graph::axes`. [`AxisId::SAMPLES`] is `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisId(pub u8);

impl AxisId {
    /// The axes that `..` stands for, taken together.
    pub const SAMPLES: AxisId = AxisId(0);
}

/// A set of axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisSet(u64);

impl AxisSet {
    /// No axis.
    pub const EMPTY: AxisSet = AxisSet(0);

    /// The most axes that one loss may name.
    pub const CAPACITY: usize = 64;

    /// One axis.
    pub fn of(axis: AxisId) -> Self {
        AxisSet(1 << axis.0)
    }

    /// Both sets together.
    pub fn union(self, other: AxisSet) -> AxisSet {
        AxisSet(self.0 | other.0)
    }

    /// What both have.
    pub fn intersection(self, other: AxisSet) -> AxisSet {
        AxisSet(self.0 & other.0)
    }

    /// What only this set has.
    pub fn difference(self, other: AxisSet) -> AxisSet {
        AxisSet(self.0 & !other.0)
    }

    /// How many axes are in it.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// This set without one axis.
    pub fn without(self, axis: AxisId) -> AxisSet {
        AxisSet(self.0 & !(1 << axis.0))
    }

    /// Whether an axis is in it.
    pub fn contains(self, axis: AxisId) -> bool {
        self.0 & (1 << axis.0) != 0
    }

    /// Whether no axis is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its axes in order.
    pub fn iter(self) -> impl Iterator<Item = AxisId> {
        (0..Self::CAPACITY as u8).map(AxisId).filter(move |axis| self.contains(*axis))
    }
}
