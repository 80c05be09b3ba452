//! The plan of a loss over named axes: programs of steps over loops.
//!
//! A program runs in four phases: `before` once per call, for what is the same for all samples; `keep` and then
//! `rows` for each sample; `after` once, when the sums over the samples are complete.

use super::values::{ValueId, Values};
use crate::ir::{AxisId, Reduction};

/// One way to compute a loss over named axes.
#[derive(Clone, Debug)]
pub struct RowPlan {
    /// Every value of both programs.
    pub values: Values,
    /// The value and its derivatives.
    pub numerator: Program,
    /// The summand of the divisor and its derivatives; `None` where every sample counts one.
    pub divisor: Option<Program>,
}

/// Steps over loops. Loops and slots are numbered by their places in the lists.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The axes and indices that loops run over.
    pub loops: Vec<AxisId>,
    /// For each loop, the input whose labels it visits: nothing depends on what lies behind the last of them.
    pub lists: Vec<Option<usize>>,
    /// Where one step leaves a value to others.
    pub slots: Vec<Slot>,
    /// Once per call, before the samples.
    pub before: Vec<Step>,
    /// First for every sample: what decides whether it is kept.
    pub keep: Vec<Step>,
    /// For every sample that is kept.
    pub rows: Vec<Step>,
    /// Once per call, after the samples.
    pub after: Vec<Step>,
    /// The slot of the value of a sample.
    pub value: usize,
    /// The slot of whether it is kept.
    pub kept: Option<usize>,
    /// The slot of whether its inputs lie in their domains.
    pub valid: Option<usize>,
}

/// Room for one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What it holds.
    pub value: ValueId,
    /// The loops that it varies over, outermost first.
    pub loops: Vec<usize>,
    /// For how long it is kept.
    pub life: Life,
}

/// For how long a slot keeps its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// The whole call.
    Call,
    /// One sample.
    Row,
    /// Added up over the samples.
    Total,
    /// What follows the samples.
    After,
}

/// The least that must be asked for so that a step has to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The value.
    Value,
    /// The derivative with respect to the first differentiable input.
    Gradient,
    /// The other derivatives.
    Gradients,
}

/// Something that runs over loops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it must run.
    pub need: Need,
    /// What it does.
    pub action: Action,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Computes values at every position of some loops.
    Pass(Pass),
    /// Copies elements at positions that slots hold into a slot, over the loops of that slot.
    Gather {
        /// What is read.
        from: Access,
        /// Where it goes.
        into: usize,
    },
    /// `into[m] = sum over k of left[k] * right[m, k]`, where `right` is the same for all samples.
    Product {
        /// Varies over the samples and the loop `over`.
        left: Read,
        /// Varies over `over` and the loop of `into`.
        right: Read,
        /// The loop that is summed over.
        over: usize,
        /// Where it goes.
        into: usize,
    },
    /// `into[k, m] = sum over samples of left[k] * right[m]`.
    Total {
        /// Varies over the samples and the first loop of `into`.
        left: Read,
        /// Varies over the samples and the second loop of `into`.
        right: Read,
        /// Where it goes.
        into: usize,
    },
}

/// Straight-line code at every position of some loops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// The loops, outermost first.
    pub loops: Vec<usize>,
    /// The values that it reads, and from where.
    pub reads: Vec<(ValueId, Read)>,
    /// The value that is the position on the innermost loop, where one is read.
    pub position: Option<ValueId>,
    /// The values that it computes, and what is done with them.
    pub outputs: Vec<Output>,
}

/// Where a value is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// In a slot.
    Slot(usize),
    /// In an input.
    Input(Access),
    /// The position of a loop that is not the innermost.
    Index(usize),
    /// The position of the sample on a sample axis.
    Sample(AxisId),
    /// The length of an axis.
    Size(AxisId),
    /// The derivative of the result with respect to the value of the sample.
    Upstream,
}

/// An element of an input: a position for each of its axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Which input.
    pub input: usize,
    /// Whether it is the membership in a set that is read, at the last position.
    pub member: bool,
    /// The positions.
    pub at: Vec<Place>,
}

/// A position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// That of the sample.
    Sample,
    /// That of a loop.
    Loop(usize),
    /// What a slot holds.
    Slot(usize),
}

/// A value that a pass computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The value.
    pub value: ValueId,
    /// How it is folded over the innermost loop; `None` where it is not.
    pub fold: Option<Reduction>,
    /// What is done with it.
    pub write: Write,
}

/// What is done with an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Stored in a slot.
    Store(usize),
    /// Folded into a slot over the loops that the slot lacks.
    Fold(usize),
    /// Added to a slot over the samples and over the loops that the slot lacks.
    Total(usize),
    /// Stored as the derivative with respect to an input.
    Gradient {
        /// Which input.
        input: usize,
        /// Where.
        at: Vec<Place>,
    },
}
