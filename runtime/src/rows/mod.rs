//! Losses over named axes: a [`Program`] run over all samples of a call.
//!
//! [`run`] is the whole interface. It takes a program, its compiled stages and the arrays of a call, and
//! gives the sum of the values; derivatives and single values go where the call says. `plan` resolves the
//! program against the call, `tile` takes a few samples at a time through it, `pass` drives the lane loop
//! (`lanes`) over rows, `read` and `write` bring elements to it and away from it, `shards` are the threads.

mod arena;
mod body;
mod data;
mod direct;
mod fold;
mod gather;
mod ground;
mod labels;
mod lanes;
mod layout;
mod lists;
mod live;
mod offsets;
mod pass;
mod plan;
mod planner;
mod product;
pub mod program;
mod read;
mod resolve;
mod shape;
mod shards;
mod share;
mod stage;
mod steps;
mod table;
#[cfg(feature = "tape")]
mod taped;
mod target;
#[cfg(test)]
mod tests;
mod tile;
mod transpose;
mod write;

pub use self::data::{Data, Elements};
pub use self::lanes::{Code, Entry, Lanes, entry};
pub use self::program::Program;
pub use self::shards::WORTHWHILE;
pub use self::stage::{Kind, Same, Stage};
#[cfg(feature = "tape")]
pub(crate) use self::taped::Taped;

use std::ops::Range;

use crate::real::Float;
use crate::sweep::{Demand, StridedMut, Upstream};

/// How an array lies along one of the axes that its input declares.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowAxis<'a> {
    /// Where its positions are: lengths and strides (in elements), outermost first. One entry for a plain
    /// axis, any number for a group, whose positions are numbered row-major. Not read for an axis that is
    /// only accessed at `Place::Sample`.
    pub steps: &'a [(usize, isize)],
    /// What this axis adds to the stride of each axis of the sample shape at `Place::Sample`: one entry per
    /// axis of that shape, 0 for those that it does not run along or repeats over. Empty for an axis that is
    /// never accessed at `Place::Sample`.
    pub samples: &'a [isize],
}

impl RowAxis<'_> {
    /// How many positions it has.
    fn length(&self) -> usize {
        self.steps.iter().map(|(length, _)| length).product()
    }
}

/// One input: its elements, and how they lie along each declared axis, in order.
#[derive(Clone, Copy, Debug)]
pub struct RowInput<'a, T> {
    /// The elements. With [`Data::Splat`] the axes are not read.
    pub data: Data<'a, T>,
    /// The axes.
    pub axes: &'a [RowAxis<'a>],
}

/// Where a derivative goes.
#[derive(Clone, Copy, Debug)]
pub struct RowTarget<'a, T> {
    /// The element at the first position of every axis.
    pub pointer: *mut T,
    /// The axes, as those of the input. Where a stride is 0 on an axis longer than 1, all that arrives at an
    /// element is added up there, in f64.
    pub axes: &'a [RowAxis<'a>],
}

/// An input that holds positions on an axis.
#[derive(Clone, Copy, Debug)]
pub struct Labels {
    /// Which input.
    pub input: usize,
    /// The axis that it points into: an index into the sizes of the call.
    pub axis: usize,
    /// Whether it is a set: positions along its last axis, up to the first negative one.
    pub set: bool,
}

/// One evaluation of a program.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, T> {
    /// What to compute.
    pub program: &'a Program<'a>,
    /// Its code.
    pub stages: &'a [&'a dyn Lanes<T>],
    /// The sample shape.
    pub shape: &'a [usize],
    /// The length of every axis that the loss declares.
    pub sizes: &'a [usize],
    /// The inputs, in the order of the formula.
    pub inputs: &'a [RowInput<'a, T>],
    /// The inputs that hold positions; what they hold is checked for every sample that is kept.
    pub labels: &'a [Labels],
    /// The sample axes whose positions are looked at: each an index into the sizes of the call, and the axes
    /// of the sample shape that it is made of.
    pub positions: &'a [(usize, Range<usize>)],
    /// What is asked for.
    pub demand: Demand,
    /// The input that [`Demand::Gradient`] means.
    pub first: Option<usize>,
    /// What multiplies the derivatives. Strides are those of the sample shape.
    pub upstream: Upstream<'a, T>,
    /// Where the value of each sample goes. Strides are those of the sample shape; no two samples share one.
    pub values: Option<&'a StridedMut<'a, T>>,
    /// Where the derivatives go, one slot per input; only those that the demand names are written.
    pub gradients: &'a [Option<RowTarget<'a, T>>],
    /// Whether derivatives are added to what their targets hold.
    pub accumulate: bool,
    /// Whether an invalid sample is an error.
    pub check: bool,
}

/// Why a call has no result. Targets may have been written by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An input lies outside of its domain.
    Invalid {
        /// The row-major number of a sample that is invalid, the first among those that have no fault of
        /// another kind.
        sample: usize,
    },
    /// A label is no position on the axis that it points into.
    Label {
        /// Which input.
        input: usize,
        /// The row-major number of the sample.
        sample: usize,
        /// Where it stands among the labels of the sample, row-major.
        place: usize,
        /// The label (`i64::MAX` for anything above).
        value: i64,
    },
    /// An array is needed that no memory could hold.
    Large,
    /// An axis has more positions than the element type counts exactly, and they are looked at.
    Long {
        /// Which axis: an index into the sizes of the call.
        axis: usize,
    },
}

/// Runs a program over all samples and gives the sum of the values of those that are kept.
///
/// # Safety
///
/// All inputs, and the factors, must be readable, and the values and all targets writable, at every position
/// that their axes describe, for every sample of the shape; nothing that is written may overlap anything
/// else. The program must be one that the compiler made for these stages, axes and inputs.
#[inline]
pub unsafe fn run<T: Float>(rows: &Rows<'_, T>) -> Result<f64, Fault> {
    // What does not depend on a stage is compiled here, and not again where a loss is.
    // SAFETY: passed on to the caller. `Float` is sealed: `T` is `f32` or `f64`, which differ in size.
    unsafe {
        if size_of::<T>() == size_of::<f32>() {
            single(&*std::ptr::from_ref(rows).cast())
        } else {
            double(&*std::ptr::from_ref(rows).cast())
        }
    }
}

/// [`run`] for `f32`.
///
/// # Safety
///
/// As there.
unsafe fn single(rows: &Rows<'_, f32>) -> Result<f64, Fault> {
    let plan = plan::Plan::new(rows, None)?;
    // SAFETY: the plan was made for these arrays; the rest is passed on to the caller.
    unsafe { shards::run(rows, &plan) }
}

/// [`run`] for `f64`.
///
/// # Safety
///
/// As there.
unsafe fn double(rows: &Rows<'_, f64>) -> Result<f64, Fault> {
    let plan = plan::Plan::new(rows, None)?;
    // SAFETY: the plan was made for these arrays; the rest is passed on to the caller.
    unsafe { shards::run(rows, &plan) }
}
