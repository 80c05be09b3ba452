//! A typed call: inputs bound, reduction chosen, ready to be evaluated.

use std::marker::PhantomData;

use ndarray::{Array, ArrayBase, ArrayRef, DataMut, Dimension, ShapeBuilder};

use crate::dynamic::Element;
use crate::error::Error;
use crate::evaluate::missing;
use crate::formula::Formula;
use crate::partial::Partial;

use crate::reduction::{Reduction, Unreduced};
use crate::spec::Spec;
use crate::sweep::view::{View, ViewMut};
use crate::task::{Factor, Input, Mode, Outcome, Task, sample_shape};

/// What is set on a loss beside its parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Settings<R> {
    /// The reduction.
    pub reduction: R,
    /// Whether elements outside of their declared domain go unnoticed.
    pub unchecked: bool,
}

/// A loss with its inputs bound. `T` is the element type, `D` the dimension of the samples, `R` the reduction.
///
/// *The gradient* of a call is the derivative with respect to the first differentiable required input; any
/// other is asked for through the loss's buffers (`…Grads`). Methods ending in `_into` make no arrays, and
/// allocate nothing at all where the arrays of the call are laid out alike.
///
/// Every evaluation fails with an [`Error`] that names the input at fault, where required inputs differ in
/// shape, an optional input does not broadcast to their shape, an element or a parameter lies outside of its
/// domain, or a buffer has the wrong shape.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a, F, T, D, R, const I: usize, const P: usize> {
    inputs: [Input<'a, T>; I],
    parameters: [f64; P],
    settings: Settings<R>,
    formula: PhantomData<fn() -> (F, D)>,
}

impl<'a, F: Formula, T: Element, D: Dimension, R: Reduction, const I: usize, const P: usize>
    Call<'a, F, T, D, R, I, P>
{
    #[doc(hidden)]
    pub fn new(parameters: [f64; P], settings: Settings<R>) -> Self {
        Call { inputs: missing(), parameters, settings, formula: PhantomData }
    }

    #[doc(hidden)]
    #[must_use]
    pub fn real<E: Dimension>(mut self, index: usize, array: &'a ArrayRef<T, E>) -> Self {
        self.inputs[index] = Input::Float(View::of(array));
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn bool<E: Dimension>(mut self, index: usize, array: &'a ArrayRef<bool, E>) -> Self {
        self.inputs[index] = Input::Bool(View::of(array));
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn int<E: Dimension>(mut self, index: usize, array: &'a ArrayRef<i64, E>) -> Self {
        self.inputs[index] = Input::Int(View::of(array));
        self
    }

    /// The result: a number, or for [`Unreduced`] a new array of the sample shape.
    pub fn forward(&self) -> Result<R::Output<T, D>, Error> {
        let shape = self.samples()?;
        let mut values = R::reserve(|| self.allocate(shape));
        let outcome = self.run(R::view(&mut values), Factor::Same(1.0), &mut [const { None }; I])?;
        Ok(R::finish::<T, D>(values, outcome.value))
    }

    /// The result and the gradient, in one pass; the gradient is a new array of the sample shape.
    #[expect(clippy::type_complexity, reason = "a pair, and both parts say what they are")]
    pub fn forward_backward(&self) -> Result<(R::Output<T, D>, Array<T, D>), Error> {
        let shape = self.samples()?;
        let mut gradient = self.allocate(shape);
        let output = self.forward_backward_into(&mut gradient)?;
        Ok((output, gradient))
    }

    /// The gradient, multiplied by a derivative `upstream` with respect to the result: a number, or for
    /// [`Unreduced`] an array of the sample shape.
    pub fn backward(&self, upstream: R::Upstream<'_, T, D>) -> Result<Array<T, D>, Error> {
        let shape = self.samples()?;
        let mut gradient = self.allocate(shape);
        self.backward_into(upstream, &mut gradient)?;
        Ok(gradient)
    }

    /// The result, and gradients in the caller's buffers: `&mut array` for the gradient, or any choice of
    /// inputs as the loss's `…Grads`. What the buffers held is overwritten.
    pub fn forward_backward_into<'g>(
        &self,
        gradients: impl Into<Buffers<'g, F, T, D, I>>,
    ) -> Result<R::Output<T, D>, Error> {
        let shape = self.samples()?;
        let mut values = R::reserve(|| self.allocate(shape));
        let outcome = self.run(R::view(&mut values), Factor::Same(1.0), &mut gradients.into().buffers)?;
        Ok(R::finish::<T, D>(values, outcome.value))
    }

    /// Gradients in the caller's buffers, multiplied by a derivative `upstream` with respect to the result.
    pub fn backward_into<'g>(
        &self,
        upstream: R::Upstream<'_, T, D>,
        gradients: impl Into<Buffers<'g, F, T, D, I>>,
    ) -> Result<(), Error> {
        self.run(None, R::factor::<T, D>(upstream), &mut gradients.into().buffers)?;
        Ok(())
    }

    /// The numerator and the denominator, to be merged with those of other samples.
    pub fn partial(&self) -> Result<Partial, Error> {
        self.partials_into(Buffers::new(), Buffers::new())
    }

    /// The numerator and the denominator, and the gradient of the numerator in the caller's buffers.
    pub fn partial_into<'g>(&self, numerator: impl Into<Buffers<'g, F, T, D, I>>) -> Result<Partial, Error> {
        self.partials_into(numerator, Buffers::new())
    }

    /// The numerator and the denominator, and the gradients of both in the caller's buffers. That of the
    /// denominator is 0 for an input that `mean by` does not read.
    pub fn partials_into<'n, 'd>(
        &self,
        numerator: impl Into<Buffers<'n, F, T, D, I>>,
        denominator: impl Into<Buffers<'d, F, T, D, I>>,
    ) -> Result<Partial, Error> {
        let outcome = T::run(
            F::loss(),
            Task {
                inputs: &self.inputs,
                parameters: &self.parameters,
                mode: Mode::Partial,
                upstream: Factor::Same(1.0),
                values: None,
                gradients: &mut numerator.into().buffers,
                denominators: &mut denominator.into().buffers,
                check: !self.settings.unchecked,
            },
        )?;
        Ok(Partial::new(F::SPEC, outcome.numerator, outcome.denominator))
    }

    fn samples(&self) -> Result<&'a [usize], Error> {
        sample_shape(F::SPEC, &self.inputs)
    }

    fn run(
        &self,
        values: Option<ViewMut<'_, T>>,
        upstream: Factor<'_, T>,
        gradients: &mut [Option<ViewMut<'_, T>>],
    ) -> Result<Outcome, Error> {
        T::run(
            F::loss(),
            Task {
                inputs: &self.inputs,
                parameters: &self.parameters,
                mode: Mode::Reduce(self.settings.reduction.kind()),
                upstream,
                values,
                gradients,
                denominators: &mut [],
                check: !self.settings.unchecked,
            },
        )
    }

    /// A new array of the sample shape, laid out in memory as the first float input of that shape is.
    fn allocate(&self, shape: &[usize]) -> Array<T, D> {
        let column_major = self.inputs.iter().find_map(|input| match input {
            Input::Float(view) if view.shape() == shape => Some(view.is_column_major()),
            _ => None,
        });
        let mut dimension = D::zeros(shape.len());
        dimension.slice_mut().copy_from_slice(shape);
        Array::from_elem(dimension.set_f(column_major == Some(true)), T::default())
    }
}

impl<F: Formula, T: Element, D: Dimension, const I: usize, const P: usize>
    Call<'_, F, T, D, Unreduced, I, P>
{
    /// The value of every sample, in the caller's buffer of the sample shape.
    pub fn forward_into(&self, values: &mut ArrayRef<T, D>) -> Result<(), Error> {
        self.run(Some(ViewMut::of(values)), Factor::Same(1.0), &mut [const { None }; I])?;
        Ok(())
    }

    /// The value of every sample and gradients, all in the caller's buffers.
    pub fn values_and_gradients_into<'g>(
        &self,
        values: &mut ArrayRef<T, D>,
        gradients: impl Into<Buffers<'g, F, T, D, I>>,
    ) -> Result<(), Error> {
        self.run(Some(ViewMut::of(values)), Factor::Same(1.0), &mut gradients.into().buffers)?;
        Ok(())
    }
}

/// The buffers for gradients, one slot per input. Every loss has its own `…Grads` that fills them by name;
/// `&mut array` converts to the buffer of the first differentiable required input.
#[derive(Debug)]
pub struct Buffers<'g, F, T, D, const I: usize> {
    buffers: [Option<ViewMut<'g, T>>; I],
    formula: PhantomData<fn() -> (F, D)>,
}

impl<'g, F, T, D, const I: usize> Buffers<'g, F, T, D, I> {
    #[doc(hidden)]
    pub fn new() -> Self {
        Buffers { buffers: [const { None }; I], formula: PhantomData }
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with<E: Dimension>(mut self, index: usize, buffer: &'g mut ArrayRef<T, E>) -> Self {
        self.buffers[index] = Some(ViewMut::of(buffer));
        self
    }
}

impl<F, T, D, const I: usize> Default for Buffers<'_, F, T, D, I> {
    fn default() -> Self {
        Buffers::new()
    }
}

impl<'g, F: Formula, T, D: Dimension, const I: usize> From<&'g mut ArrayRef<T, D>>
    for Buffers<'g, F, T, D, I>
{
    fn from(buffer: &'g mut ArrayRef<T, D>) -> Self {
        Buffers::new().with(const { first_gradient(F::SPEC) }, buffer)
    }
}

impl<'g, F, S, T, D, const I: usize> From<&'g mut ArrayBase<S, D, T>> for Buffers<'g, F, T, D, I>
where
    F: Formula,
    S: DataMut<Elem = T>,
    D: Dimension,
{
    fn from(buffer: &'g mut ArrayBase<S, D, T>) -> Self {
        let buffer: &'g mut ArrayRef<T, D> = buffer;
        buffer.into()
    }
}

/// The first differentiable input that is required and has the sample axes; 0 where there is none.
pub(crate) const fn first_gradient(spec: &Spec) -> usize {
    let mut index = 0;
    while index < spec.gradients.len() {
        let input = spec.gradients[index].input;
        if spec.inputs[input].default.is_none() && !spec.inputs[input].axes.is_empty() {
            return input;
        }
        index += 1;
    }
    0
}

/// Parameters in the order of the loss, from the order in which they were declared.
#[doc(hidden)]
pub fn arrange<const P: usize>(positions: [usize; P], listed: [f64; P]) -> [f64; P] {
    let mut parameters = [0.0; P];
    for (position, value) in positions.into_iter().zip(listed) {
        parameters[position] = value;
    }
    parameters
}
