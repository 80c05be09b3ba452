//! One pass of a kernel over all samples of a call: blocks, lanes, instruction sets, threads.

//!
//! [`run`] is the whole interface. `layout` collapses the shape, `operand` and `sink` decide how each array
//! reaches the lane loop, `span` walks chunks and blocks, `body` is the lane loop, `isa` its copies, `shards`
//! the threads.

mod body;
pub(crate) mod isa;
mod layout;
mod operand;
mod shards;
mod sink;
mod span;
#[cfg(feature = "tape")]
mod taped;
#[cfg(test)]
pub(crate) mod tests;
pub mod view;
mod walk;

#[cfg(feature = "tape")]
pub(crate) use self::taped::Taped;

use std::array::from_fn;

use self::isa::{Bound, Isa, Lanes};
use self::layout::Form;
use self::operand::Feed;
use self::sink::Drain;
use self::span::Job;
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
    /// Whole numbers, converted to `T`; one that `T` cannot hold exactly becomes NaN.
    Int(Strided<'a, i64>),
}

/// A read-only view: a pointer to the first element and a stride per axis.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a, T> {
    pub(crate) pointer: *const T,
    pub(crate) strides: &'a [isize],
}

impl<'a, T> Strided<'a, T> {
    /// A view of what lies behind `pointer`.
    ///
    /// # Safety
    ///
    /// For as long as it is used, the view must be readable at every sample of the sweep it is used in.
    pub const unsafe fn new(pointer: *const T, strides: &'a [isize]) -> Self {
        Strided { pointer, strides }
    }
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

impl<'a, T> StridedMut<'a, T> {
    /// A view of what lies behind `pointer`.
    ///
    /// # Safety
    ///
    /// For as long as it is used, the view must be writable at every sample of the sweep it is used in, and
    /// overlap no other array of that sweep; in [`Sink::Store`], no two samples share an element of it.
    pub const unsafe fn new(pointer: *mut T, strides: &'a [isize]) -> Self {
        StridedMut { pointer, strides }
    }
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
/// the first sample whose inputs are invalid. Sinks may have been written by then.
///
/// A sweep over no samples writes 0 to sinks that are added up (or leaves them, when it accumulates) and
/// gives 0. There, an axis of such a sink is shared if its stride is 0, as always.
pub fn run<T, K, const I: usize, const O: usize>(kernel: K, sweep: Sweep<'_, T, I, O>) -> Result<f64, usize>
where
    T: Float,
    K: Kernel<T, I, O>,
{
    let bound = Bound { kernel, demand: sweep.demand, isa: Isa::chosen() };
    run_lanes(&bound, worthwhile(K::TRANSCENDENTAL), &sweep)
}

/// From how many samples on threads are worth it.
#[doc(hidden)]
#[inline(always)]
pub const fn worthwhile(transcendental: bool) -> usize {
    if transcendental { 1 << 18 } else { 1 << 20 }
}

/// [`run`] without the kernel's type, so that kernels share one copy of it. Uses threads from `worthwhile`
/// samples on.
fn run_lanes<T: Float, const I: usize, const O: usize>(
    lanes: &dyn Lanes<T, I, O>,
    worthwhile: usize,
    sweep: &Sweep<'_, T, I, O>,
) -> Result<f64, usize> {
    let samples = sweep.shape.iter().product();
    if samples == 0 {
        for (sink, add) in sweep.sinks() {
            // SAFETY: who built the sweep vouches for its sinks.
            unsafe { sink::clear(sweep.shape, sink, add) };
        }
        return Ok(0.0);
    }
    let outcome = sweep.collapsed(|shape, inputs, upstream, values, gradients| {
        // SAFETY: who built the sweep vouches for its arrays, and every array goes through the same
        // collapse, so that the samples, and the elements of each, are those of the sweep.
        unsafe {
            let job = Job {
                lanes,
                shape,
                samples,
                inputs: inputs.map(|input| Feed::new(shape, input)),
                upstream: Feed::new(shape, upstream),
                values: Drain::new(shape, &values, false),
                outputs: gradients.map(|gradient| Drain::new(shape, &gradient, sweep.accumulate)),
            };
            shards::run(&job, worthwhile)
        }
    });
    if sweep.check && !outcome.valid {
        // SAFETY: who built the sweep vouches for its arrays.
        return Err(unsafe { span::first_invalid(lanes, sweep.shape, samples, &sweep.inputs) });
    }
    Ok(outcome.total)
}

impl<'a, T: Float, const I: usize, const O: usize> Sweep<'a, T, I, O> {
    /// How many derivatives are asked for.
    fn demanded(&self) -> usize {
        match self.demand {
            Demand::Value => 0,
            Demand::Gradient => O.min(1),
            Demand::Gradients => O,
        }
    }

    /// Every sink that is written, and whether it is added to.
    fn sinks(&self) -> impl Iterator<Item = (&Sink<'a, T>, bool)> {
        let gradients = self.gradients[..self.demanded()].iter().map(|sink| (sink, self.accumulate));
        std::iter::once((&self.values, false)).chain(gradients)
    }

    /// What multiplies the derivatives, as an operand.
    fn factor(&self) -> Operand<'a, T> {
        match self.upstream {
            Upstream::Scale(scale) => Operand::Splat(T::from_f64(scale)),
            Upstream::Each(operand) => operand,
        }
    }

    /// Hands the same samples over under as few axes as possible.
    fn collapsed<R>(
        &self,
        then: impl FnOnce(&[usize], [Operand<'_, T>; I], Operand<'_, T>, Sink<'_, T>, [Sink<'_, T>; O]) -> R,
    ) -> R {
        let demanded = self.demanded();
        let wanted = |o: usize| if o < demanded { &self.gradients[o] } else { &Sink::Discard };
        // The arrays in a fixed order, those that are written first: their memory order wins.
        let arrays = || {
            std::iter::once(self.values.strides())
                .chain((0..O).map(|o| wanted(o).strides()))
                .chain(self.inputs.iter().map(Operand::strides))
                .chain(std::iter::once(self.factor().strides()))
        };
        let simple = |strides: &[isize]| match layout::form(self.shape, strides) {
            Form::Flat => Some(&[1isize]),
            Form::Constant => Some(&[0isize]),
            Form::Mixed => None,
        };
        if arrays().flatten().all(|strides| simple(strides).is_some()) {
            let renew = |strides: &[isize]| (0, &simple(strides).unwrap_or(&[0])[..]);
            return then(
                &[self.shape.iter().product()],
                self.inputs.map(|input| input.renewed(renew)),
                self.factor().renewed(renew),
                self.values.renewed(renew),
                from_fn(|o| wanted(o).renewed(renew)),
            );
        }
        let constant = vec![0; self.shape.len()];
        let strides: Vec<&[isize]> = arrays().map(|strides| strides.unwrap_or(&constant)).collect();
        let collapsed = layout::collapse(self.shape, &strides);
        let renew = |array: usize| (collapsed.shift(array), collapsed.strides(array));
        then(
            &collapsed.shape,
            from_fn(|i| self.inputs[i].renewed(|_| renew(1 + O + i))),
            self.factor().renewed(|_| renew(1 + O + I)),
            self.values.renewed(|_| renew(0)),
            from_fn(|o| wanted(o).renewed(|_| renew(1 + o))),
        )
    }
}

impl<'a, T: Float> Operand<'a, T> {
    fn strides(&self) -> Option<&'a [isize]> {
        match self {
            Operand::Splat(_) => None,
            Operand::Float(array) => Some(array.strides),
            Operand::Bool(array) => Some(array.strides),
            Operand::Int(array) => Some(array.strides),
        }
    }

    /// The same elements with another first one (so many elements further) and other strides.
    fn renewed<'b>(self, renew: impl FnOnce(&'a [isize]) -> (isize, &'b [isize])) -> Operand<'b, T> {
        fn moved<'b, U>(pointer: *const U, (shift, strides): (isize, &'b [isize])) -> Strided<'b, U> {
            Strided { pointer: pointer.wrapping_offset(shift), strides }
        }
        match self {
            Operand::Splat(value) => Operand::Splat(value),
            Operand::Float(array) => Operand::Float(moved(array.pointer, renew(array.strides))),
            Operand::Bool(array) => Operand::Bool(moved(array.pointer, renew(array.strides))),
            Operand::Int(array) => Operand::Int(moved(array.pointer, renew(array.strides))),
        }
    }
}

impl<'a, T: Float> Sink<'a, T> {
    fn strides(&self) -> Option<&'a [isize]> {
        match self {
            Sink::Discard => None,
            Sink::Store(array) | Sink::Fold(array) => Some(array.strides),
        }
    }

    /// The same elements with another first one (so many elements further) and other strides.
    fn renewed<'b>(&self, renew: impl FnOnce(&'a [isize]) -> (isize, &'b [isize])) -> Sink<'b, T> {
        let moved = |array: &StridedMut<'a, T>| {
            let (shift, strides) = renew(array.strides);
            StridedMut { pointer: array.pointer.wrapping_offset(shift), strides }
        };
        match self {
            Sink::Discard => Sink::Discard,
            Sink::Store(array) => Sink::Store(moved(array)),
            Sink::Fold(array) => Sink::Fold(moved(array)),
        }
    }
}
