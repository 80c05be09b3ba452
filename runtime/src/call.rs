//! A typed call: inputs bound, reduction chosen, ready to be evaluated.

use std::marker::PhantomData;

use ndarray::{Array, ArrayBase, ArrayRef, DataMut, Dimension, ShapeBuilder};

use crate::bind::{Bound, bind};
use crate::dynamic::Element;
use crate::error::Error;
use crate::evaluate::missing;
use crate::formula::Formula;
use crate::label::Label;
use crate::partial::Partial;
use crate::reduction::{Reduction, Unreduced};
use crate::settings::Settings;
use crate::spec::Spec;
use crate::sweep::view::{View, ViewMut};
use crate::task::{Factor, Input, Mode, Outcome, Task};

/// A loss with its inputs bound. `T` is the element type, `D` the dimension of the gradient, `S` that of the
/// samples (the same where the loss is elementwise), `R` the reduction.
///
/// *The gradient* of a call is the derivative with respect to the first differentiable required input; any
/// other is asked for through the loss's buffers (`…Grads`). Methods ending in `_into` make no arrays, and
/// where the loss is elementwise allocate nothing at all if the arrays of the call are laid out alike.
///
/// Every evaluation fails with an [`Error`] that names the input at fault, where inputs do not fit together in
/// shape, an optional input does not broadcast to the shape of its axes, an element or a parameter lies outside
/// of its domain, a label is no position on its axis, or a buffer has the wrong shape.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a, F, T, D, S, R, const I: usize, const P: usize, const A: usize> {
    inputs: [Input<'a, T>; I],
    parameters: [f64; P],
    settings: Settings<R, A>,
    formula: PhantomData<fn() -> F>,
    dimensions: PhantomData<fn() -> (D, S)>,
}

impl<'a, F, T, D, S, R, const I: usize, const P: usize, const A: usize> Call<'a, F, T, D, S, R, I, P, A>
where
    F: Formula,
    T: Element,
    D: Dimension,
    S: Dimension,
    R: Reduction,
{
    #[doc(hidden)]
    pub fn new(parameters: [f64; P], settings: Settings<R, A>) -> Self {
        Call { inputs: missing(), parameters, settings, formula: PhantomData, dimensions: PhantomData }
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
    pub fn int<L: Label, E: Dimension>(mut self, index: usize, array: &'a ArrayRef<L, E>) -> Self {
        self.inputs[index] = Input::Int(L::labels(View::of(array)));
        self
    }

    /// The result: a number, or for [`Unreduced`] a new array of the sample shape.
    pub fn forward(&self) -> Result<R::Output<T, S>, Error> {
        let mut values = R::reserve(|| Ok(self.array(&self.bind()?.samples)))?;
        let outcome = self.run(R::view(&mut values), Factor::Same(1.0), &mut [const { None }; I])?;
        Ok(R::finish::<T, S>(values, outcome.value))
    }

    /// The result and the gradient, in one pass; the gradient is a new array of the shape of its input.
    #[expect(clippy::type_complexity, reason = "a pair, and both parts say what they are")]
    pub fn forward_backward(&self) -> Result<(R::Output<T, S>, Array<T, D>), Error> {
        let mut gradient = self.gradient()?;
        let output = self.forward_backward_into(&mut gradient)?;
        Ok((output, gradient))
    }

    /// The gradient, multiplied by a derivative `upstream` with respect to the result: a number, or for
    /// [`Unreduced`] an array of the sample shape.
    pub fn backward(&self, upstream: R::Upstream<'_, T, S>) -> Result<Array<T, D>, Error> {
        let mut gradient = self.gradient()?;
        self.backward_into(upstream, &mut gradient)?;
        Ok(gradient)
    }

    /// The result, and gradients in the caller's buffers: `&mut array` for the gradient, or any choice of
    /// inputs as the loss's `…Grads`. What the buffers held is overwritten.
    pub fn forward_backward_into<'g>(
        &self,
        gradients: impl Into<Buffers<'g, F, T, D, I>>,
    ) -> Result<R::Output<T, S>, Error> {
        let mut values = R::reserve(|| Ok(self.array(&self.bind()?.samples)))?;
        let outcome = self.run(R::view(&mut values), Factor::Same(1.0), &mut gradients.into().buffers)?;
        Ok(R::finish::<T, S>(values, outcome.value))
    }

    /// Gradients in the caller's buffers, multiplied by a derivative `upstream` with respect to the result.
    pub fn backward_into<'g>(
        &self,
        upstream: R::Upstream<'_, T, S>,
        gradients: impl Into<Buffers<'g, F, T, D, I>>,
    ) -> Result<(), Error> {
        self.run(None, R::factor::<T, S>(upstream), &mut gradients.into().buffers)?;
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
        let (mut numerator, mut denominator) = (numerator.into(), denominator.into());
        let task = Task {
            mode: Mode::Partial,
            denominators: &mut denominator.buffers,
            ..self.task(None, Factor::Same(1.0), &mut numerator.buffers)?
        };
        let outcome = T::run(F::loss(), task)?;
        Ok(Partial::new(F::SPEC, outcome.numerator, outcome.denominator))
    }

    fn bind(&self) -> Result<Bound<'a>, Error> {
        bind(F::SPEC, &self.inputs, self.settings.places(F::SPEC)?)
    }

    fn run(
        &self,
        values: Option<ViewMut<'_, T>>,
        upstream: Factor<'_, T>,
        gradients: &mut [Option<ViewMut<'_, T>>],
    ) -> Result<Outcome, Error> {
        T::run(F::loss(), self.task(values, upstream, gradients)?)
    }

    fn task<'s, 'g>(
        &'s self,
        values: Option<ViewMut<'s, T>>,
        upstream: Factor<'s, T>,
        gradients: &'s mut [Option<ViewMut<'g, T>>],
    ) -> Result<Task<'s, 'g, T>, Error> {
        Ok(Task {
            inputs: &self.inputs,
            parameters: &self.parameters,
            places: self.settings.places(F::SPEC)?,
            mode: Mode::Reduce(self.settings.reduction.kind()),
            upstream,
            values,
            gradients,
            denominators: &mut [],
            check: !self.settings.unchecked,
        })
    }

    /// A new array for the gradient.
    fn gradient(&self) -> Result<Array<T, D>, Error> {
        self.bind()?;
        Ok(self.array(self.inputs[const { first_gradient(F::SPEC) }].shape().unwrap_or(&[])))
    }

    /// A new array, laid out in memory as the first float input of that shape is.
    fn array<E: Dimension>(&self, shape: &[usize]) -> Array<T, E> {
        let column_major = self.inputs.iter().find_map(|input| match input {
            Input::Float(view) if view.shape() == shape => Some(view.is_column_major()),
            _ => None,
        });
        let mut dimension = E::zeros(shape.len());
        dimension.slice_mut().copy_from_slice(shape);
        Array::from_elem(dimension.set_f(column_major == Some(true)), T::default())
    }
}

impl<F, T, D, S, const I: usize, const P: usize, const A: usize> Call<'_, F, T, D, S, Unreduced, I, P, A>
where
    F: Formula,
    T: Element,
    D: Dimension,
    S: Dimension,
{
    /// The value of every sample, in the caller's buffer of the sample shape.
    pub fn forward_into(&self, values: &mut ArrayRef<T, S>) -> Result<(), Error> {
        self.run(Some(ViewMut::of(values)), Factor::Same(1.0), &mut [const { None }; I])?;
        Ok(())
    }

    /// The value of every sample and gradients, all in the caller's buffers.
    pub fn values_and_gradients_into<'g>(
        &self,
        values: &mut ArrayRef<T, S>,
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

/// The first differentiable input that is required and has axes; 0 where there is none.
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
