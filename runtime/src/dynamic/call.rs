//! A call by names: what is given, what is asked for, what comes back.

use super::Loss;
use crate::any::{AnyArray, AnyView, AnyViewMut};
use crate::bind::movable;
use crate::domain::ParameterValue;
use crate::error::Error;
use crate::partial::Partial;
use crate::reduction::ReductionKind;
use crate::task::Mode;

/// Where a derivative is to go.
#[derive(Debug)]
pub(super) enum Request<'a> {
    Owned,
    Buffer(AnyViewMut<'a>),
}

/// A call of a loss by names. A wrong name is reported when the call is evaluated.
#[derive(Debug)]
#[must_use]
pub struct DynamicCall<'a> {
    pub(super) loss: &'a dyn Loss,
    pub(super) inputs: Vec<Option<AnyView<'a>>>,
    pub(super) parameters: Vec<Option<f64>>,
    pub(super) places: Vec<Option<usize>>,
    pub(super) reduction: ReductionKind,
    pub(super) upstream: f64,
    pub(super) upstream_each: Option<AnyView<'a>>,
    pub(super) values: Option<AnyViewMut<'a>>,
    pub(super) gradients: Vec<Option<Request<'a>>>,
    pub(super) denominators: Vec<Option<Request<'a>>>,
    pub(super) check: bool,
    pub(super) error: Option<Error>,
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The reduced value, of shape `[]`; with [`ReductionKind::None`] one value per sample.
    pub value: AnyArray,
    /// The sum of the values over the samples that are kept, before any reduction.
    pub numerator: f64,
    /// The derivatives that were asked for without a buffer, by the name of the input.
    pub gradients: Vec<(&'static str, AnyArray)>,
}

impl Evaluation {
    /// The derivative with respect to an input, where it was asked for without a buffer.
    pub fn gradient(&self, input: &str) -> Option<&AnyArray> {
        find(&self.gradients, input)
    }
}

/// The partial result of a call, ready to be merged with those of other samples.
#[derive(Clone, Debug, PartialEq)]
pub struct PartialEvaluation {
    /// The numerator and the denominator.
    pub partial: Partial,
    /// The derivatives of the numerator that were asked for without a buffer, by the name of the input.
    pub numerator_gradients: Vec<(&'static str, AnyArray)>,
    /// The derivatives of the denominator that were asked for without a buffer, by the name of the input.
    pub denominator_gradients: Vec<(&'static str, AnyArray)>,
}

impl PartialEvaluation {
    /// The derivative of the numerator with respect to an input, where it was asked for without a buffer.
    pub fn numerator_gradient(&self, input: &str) -> Option<&AnyArray> {
        find(&self.numerator_gradients, input)
    }

    /// The derivative of the denominator with respect to an input, where it was asked for without a buffer.
    pub fn denominator_gradient(&self, input: &str) -> Option<&AnyArray> {
        find(&self.denominator_gradients, input)
    }
}

fn find<'r>(gradients: &'r [(&'static str, AnyArray)], input: &str) -> Option<&'r AnyArray> {
    gradients.iter().find(|(name, _)| *name == input).map(|(_, gradient)| gradient)
}

impl<'a> DynamicCall<'a> {
    /// A call of this loss without inputs yet.
    pub fn new(loss: &'a dyn Loss) -> Self {
        let inputs = loss.spec().inputs.len();
        DynamicCall {
            loss,
            inputs: vec![None; inputs],
            parameters: loss.spec().parameters.iter().map(|parameter| parameter.default).collect(),
            places: vec![None; loss.spec().axes.len()],
            reduction: ReductionKind::Mean,
            upstream: 1.0,
            upstream_each: None,
            values: None,
            gradients: (0..inputs).map(|_| None).collect(),
            denominators: (0..inputs).map(|_| None).collect(),
            check: true,
            error: None,
        }
    }

    /// Gives an input. All float arrays of a call have the same element type.
    pub fn input(mut self, name: &str, array: impl Into<AnyView<'a>>) -> Self {
        if let Some(index) = self.input_index(name) {
            self.inputs[index] = Some(array.into());
        }
        self
    }

    /// Sets a parameter: a number, or a truth value.
    pub fn parameter(mut self, name: &str, value: impl ParameterValue) -> Self {
        let spec = self.loss.spec();
        match spec.parameters.iter().position(|parameter| parameter.name == name) {
            Some(index) => self.parameters[index] = Some(value.number()),
            None => {
                let known = spec.parameters.iter().map(|parameter| parameter.name).collect();
                self.fail(Error::UnknownParameter { loss: spec.name, name: name.to_owned(), known });
            }
        }
        self
    }

    /// Says that a named axis is axis `place` (from 0) of every array that has it beside sample axes, as the
    /// class axis of an array of shape `[N, C, d1, ...]` is axis 1; the other axes follow in the order of the
    /// declaration.
    pub fn axis(mut self, name: &str, place: usize) -> Self {
        match movable(self.loss.spec(), name) {
            Ok(axis) => self.places[axis] = Some(place),
            Err(error) => self.fail(error),
        }
        self
    }

    /// Sets how the values of the samples become the result; the mean otherwise.
    pub fn reduction(mut self, reduction: ReductionKind) -> Self {
        self.reduction = reduction;
        self
    }

    /// Multiplies every derivative by a derivative with respect to the result.
    pub fn upstream(mut self, factor: f64) -> Self {
        self.upstream = factor;
        self.upstream_each = None;
        self
    }

    /// As [`upstream`](Self::upstream), with an array of the shape of the result.
    pub fn upstream_each(mut self, factors: impl Into<AnyView<'a>>) -> Self {
        self.upstream_each = Some(factors.into());
        self
    }

    /// Asks for the derivative with respect to an input, as a new array of its shape.
    pub fn gradient(mut self, name: &str) -> Self {
        if let Some(index) = self.input_index(name) {
            self.gradients[index] = Some(Request::Owned);
        }
        self
    }

    /// Asks for the derivative with respect to an input, written over what a buffer of its shape holds.
    pub fn gradient_into(mut self, name: &str, buffer: impl Into<AnyViewMut<'a>>) -> Self {
        if let Some(index) = self.input_index(name) {
            self.gradients[index] = Some(Request::Buffer(buffer.into()));
        }
        self
    }

    /// Asks [`partial`](Self::partial) for the derivative of the denominator, too, as a new array.
    pub fn denominator_gradient(mut self, name: &str) -> Self {
        if let Some(index) = self.input_index(name) {
            self.denominators[index] = Some(Request::Owned);
        }
        self
    }

    /// As [`denominator_gradient`](Self::denominator_gradient), written into a buffer.
    pub fn denominator_gradient_into(mut self, name: &str, buffer: impl Into<AnyViewMut<'a>>) -> Self {
        if let Some(index) = self.input_index(name) {
            self.denominators[index] = Some(Request::Buffer(buffer.into()));
        }
        self
    }

    /// Writes the value of every sample into a buffer of the sample shape, whatever the reduction. With
    /// [`ReductionKind::None`] the result's `value` is then their sum.
    pub fn values_into(mut self, buffer: impl Into<AnyViewMut<'a>>) -> Self {
        self.values = Some(buffer.into());
        self
    }

    /// Lets elements outside of their declared domains pass.
    pub fn unchecked(mut self) -> Self {
        self.check = false;
        self
    }

    /// Computes the result and the derivatives.
    ///
    /// # Errors
    ///
    /// An unknown name, a missing input or parameter, an array of the wrong element type or shape, or an
    /// element or a parameter outside of its domain.
    pub fn evaluate(self) -> Result<Evaluation, Error> {
        let mode = Mode::Reduce(self.reduction);
        let spec = self.loss.spec();
        if let Some(index) = self.denominators.iter().position(Option::is_some) {
            return Err(Error::OnlyPartial { loss: spec.name, input: spec.inputs[index].name });
        }
        let finished = self.run(mode)?;
        Ok(Evaluation {
            value: finished.value,
            numerator: finished.outcome.numerator,
            gradients: finished.numerators,
        })
    }

    /// Computes the numerator and the denominator; derivatives are those of the numerator, unscaled. The
    /// reduction and the upstream derivative play no part.
    ///
    /// # Errors
    ///
    /// As [`evaluate`](Self::evaluate).
    pub fn partial(mut self) -> Result<PartialEvaluation, Error> {
        self = self.upstream(1.0);
        let spec = self.loss.spec();
        let finished = self.run(Mode::Partial)?;
        Ok(PartialEvaluation {
            partial: Partial::new(spec, finished.outcome.numerator, finished.outcome.denominator),
            numerator_gradients: finished.numerators,
            denominator_gradients: finished.denominators,
        })
    }

    fn input_index(&mut self, name: &str) -> Option<usize> {
        let spec = self.loss.spec();
        let index = spec.inputs.iter().position(|input| input.name == name);
        if index.is_none() {
            let known = spec.inputs.iter().map(|input| input.name).collect();
            self.fail(Error::UnknownInput { loss: spec.name, name: name.to_owned(), known });
        }
        index
    }

    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }
}
