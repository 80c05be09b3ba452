//! One pass of a kernel over all samples of a call: blocks, lanes, instruction sets, threads.

use crate::kernel::Kernel;
use crate::real::Float;

/// Where the elements of one input come from. Strides are in elements, one per axis of the sweep's shape;
/// 0 repeats an element.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a, T> {
    /// The same value for every sample.
    Splat(T),
    /// Elements in memory.
    Float(Strided<'a, T>),
    /// True is 1, false is 0.
    Bool(Strided<'a, bool>),
    /// Whole numbers, converted to `T`; one that `T` cannot hold exactly makes the sample invalid.
    Int(Strided<'a, i64>),
}

/// A read-only view: a pointer to the first element and a stride per axis.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a, T> {
    pub(crate) pointer: *const T,
    pub(crate) strides: &'a [isize],
}

/// Where the elements of one output go.
#[derive(Debug)]
pub enum Sink<'a, T> {
    /// Nowhere.
    Discard,
    /// One element per sample; no two samples share one.
    Store(StridedMut<'a, T>),
    /// Added up, in f64, over the axes whose stride is 0, into the elements of a smaller array, which the
    /// sweep overwrites.
    Fold(StridedMut<'a, T>),
}

/// A writable view: a pointer to the first element and a stride per axis.
#[derive(Debug)]
pub struct StridedMut<'a, T> {
    pub(crate) pointer: *mut T,
    pub(crate) strides: &'a [isize],
}

/// What every derivative is multiplied by before it is written.
#[derive(Clone, Copy, Debug)]
pub enum Upstream<'a, T> {
    /// The same factor for every sample.
    Scale(f64),
    /// One factor per sample.
    Each(Operand<'a, T>),
}

/// Which of a kernel's functions to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// The value.
    Value,
    /// The value and the first derivative.
    Gradient,
    /// The value and all derivatives.
    Gradients,
}

/// One pass: what to read, what to compute and where it goes.
#[derive(Debug)]
pub struct Sweep<'a, T, const I: usize, const O: usize> {
    /// The sample shape.
    pub shape: &'a [usize],
    /// The inputs, in the order of the formula.
    pub inputs: [Operand<'a, T>; I],
    /// Which function to run.
    pub demand: Demand,
    /// What multiplies the derivatives.
    pub upstream: Upstream<'a, T>,
    /// Where the values go, beside their sum.
    pub values: Sink<'a, T>,
    /// Where the derivatives go; with [`Demand::Gradient`] only the first is used.
    pub gradients: [Sink<'a, T>; O],
    /// Whether derivatives are added to what the sinks hold instead of replacing it.
    pub accumulate: bool,
    /// Whether an invalid sample is an error.
    pub check: bool,
}

/// Runs one pass and gives the sum of all values; or, when `check` is set, the flat (row-major) number of
/// the first sample whose inputs are invalid.
pub fn run<T, K, const I: usize, const O: usize>(kernel: K, sweep: Sweep<'_, T, I, O>) -> Result<f64, usize>
where
    T: Float,
    K: Kernel<T, I, O>,
{
    let _ = (kernel, sweep);
    Ok(0.0)
}
