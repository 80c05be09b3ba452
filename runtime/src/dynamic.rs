//! Losses known at run time only: one object-safe trait, calls by name, and the catalogue of a `.def` file.

use std::fmt::{self, Debug, Formatter};
use std::marker::PhantomData;

use ndarray::{ArrayD, IxDyn};

use crate::any::{AnyArray, AnyView, AnyViewMut};
use crate::domain::ParameterValue;
use crate::error::Error;
use crate::evaluate::evaluate;
use crate::formula::Formula;
use crate::partial::Partial;
use crate::real::Float;
use crate::reduction::ReductionKind;
use crate::spec::{Role, Spec};
use crate::sweep::view::{View, ViewMut};
use crate::task::{Factor, Input, Mode, Outcome, Task, expected_type, sample_shape};

/// Any loss: what it is, as data, and a way to call it by the names of its inputs.
///
/// ```text
/// let loss = catalogue.get("smooth_l1").unwrap();
/// let result = loss.call().input("input", &x).input("target", &y).parameter("beta", 0.5).gradient("input").evaluate()?;
/// ```
pub trait Loss: Debug + Send + Sync {
    /// The loss as data.
    fn spec(&self) -> &'static Spec;
    #[doc(hidden)]
    fn run_f32(&self, task: Task<'_, '_, f32>) -> Result<Outcome, Error>;
    #[doc(hidden)]
    fn run_f64(&self, task: Task<'_, '_, f64>) -> Result<Outcome, Error>;
}

impl<'l> dyn Loss + 'l {
    /// A call without inputs yet.
    pub fn call(&self) -> DynamicCall<'_> {
        DynamicCall::new(self)
    }
}

/// A formula behind the trait [`Loss`].
pub struct Dynamic<F>(PhantomData<fn() -> F>);

impl<F: Formula> Dynamic<F> {
    /// The loss.
    pub const LOSS: &'static dyn Loss = &Dynamic::<F>(PhantomData);
}

impl<F: Formula> Debug for Dynamic<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Dynamic({})", F::SPEC.name)
    }
}

impl<F: Formula> Loss for Dynamic<F> {
    fn spec(&self) -> &'static Spec {
        F::SPEC
    }

    fn run_f32(&self, task: Task<'_, '_, f32>) -> Result<Outcome, Error> {
        evaluate::<F, f32>(task)
    }

    fn run_f64(&self, task: Task<'_, '_, f64>) -> Result<Outcome, Error> {
        evaluate::<F, f64>(task)
    }
}

/// The losses of a `.def` file.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue(&'static [&'static dyn Loss]);

impl Catalogue {
    /// A catalogue of these losses.
    pub const fn new(losses: &'static [&'static dyn Loss]) -> Self {
        Catalogue(losses)
    }

    /// The loss of this name.
    pub fn get(&self, name: &str) -> Option<&'static dyn Loss> {
        self.iter().find(|loss| loss.spec().name == name)
    }

    /// All losses, in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'static dyn Loss> + use<> {
        self.0.iter().copied()
    }

    /// The names of all losses, in the order of the file.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &'static str> + use<> {
        self.iter().map(|loss| loss.spec().name)
    }
}

impl IntoIterator for Catalogue {
    type Item = &'static dyn Loss;
    type IntoIter = std::iter::Copied<std::slice::Iter<'static, &'static dyn Loss>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().copied()
    }
}

/// Where a derivative is to go.
#[derive(Debug)]
enum Request<'a> {
    Owned,
    Buffer(AnyViewMut<'a>),
}

/// A call of a loss by names. A wrong name is reported when the call is evaluated.
#[derive(Debug)]
#[must_use]
pub struct DynamicCall<'a> {
    loss: &'a dyn Loss,
    inputs: Vec<Option<AnyView<'a>>>,
    parameters: Vec<Option<f64>>,
    reduction: ReductionKind,
    upstream: f64,
    upstream_each: Option<AnyView<'a>>,
    values: Option<AnyViewMut<'a>>,
    gradients: Vec<Option<Request<'a>>>,
    denominators: Vec<Option<Request<'a>>>,
    check: bool,
    error: Option<Error>,
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The reduced value, of shape `[]`; with [`ReductionKind::None`] one value per sample.
    pub value: AnyArray,
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
        let finished = self.run(mode)?;
        Ok(Evaluation { value: finished.value, gradients: finished.numerators })
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

    fn run(mut self, mode: Mode) -> Result<Finished, Error> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let single = self.inputs.iter().flatten().find_map(|view| match view {
            AnyView::F32(_) => Some(true),
            AnyView::F64(_) => Some(false),
            _ => None,
        });
        if single == Some(true) { self.run_as::<f32>(mode) } else { self.run_as::<f64>(mode) }
    }

    fn run_as<T: Element>(mut self, mode: Mode) -> Result<Finished, Error> {
        let spec = self.loss.spec();
        let mut parameters = Vec::with_capacity(spec.parameters.len());
        for (parameter, value) in spec.parameters.iter().zip(&self.parameters) {
            let missing = Error::MissingParameter { loss: spec.name, parameter: parameter.name };
            parameters.push(value.ok_or(missing)?);
        }
        let converted: Vec<_> = self.inputs.iter().map(|view| view.as_ref().and_then(to_i64)).collect();
        let mut inputs = Vec::with_capacity(spec.inputs.len());
        for ((input, view), converted) in spec.inputs.iter().zip(&self.inputs).zip(&converted) {
            if let Some(view) = view
                && !fits(view, input.role)
            {
                let (found, expected) = (view.element_type(), expected_type(input.role));
                return Err(Error::ElementType { loss: spec.name, input: input.name, found, expected });
            }
            inputs.push(match (view, converted) {
                (None, _) => Input::Missing,
                (Some(_), Some(array)) => Input::Int(View::of(array)),
                (Some(AnyView::Bool(array)), _) => Input::Bool(View::of(array)),
                (Some(AnyView::I64(array)), _) => Input::Int(View::of(array)),
                (Some(view), _) => Input::Float(float_view(view, spec, input.name)?),
            });
        }
        let shape = sample_shape(spec, &inputs)?;
        let upstream = match &self.upstream_each {
            None => Factor::Same(self.upstream),
            Some(view) => Factor::Each(float_view(view, spec, "upstream")?),
        };

        let shapes: Vec<_> = inputs.iter().map(|input| input.shape().unwrap_or(&[])).collect();
        let mut numerators: Vec<_> = owned::<T>(&self.gradients, &shapes);
        let mut denominators: Vec<_> = owned::<T>(&self.denominators, &shapes);
        let mut values = match (&self.values, mode) {
            (None, Mode::Reduce(ReductionKind::None)) => Some(zeros::<T>(shape)),
            _ => None,
        };
        let values_view = match (&mut self.values, &mut values) {
            (Some(buffer), _) => Some(float_view_mut(buffer, spec, "values")?),
            (None, values) => values.as_mut().map(|values| ViewMut::of(values)),
        };
        let outcome = T::run(
            self.loss,
            Task {
                inputs: &inputs,
                parameters: &parameters,
                mode,
                upstream,
                values: values_view,
                gradients: &mut targets(&mut self.gradients, &mut numerators, spec)?,
                denominators: &mut targets(&mut self.denominators, &mut denominators, spec)?,
                check: self.check,
            },
        )?;
        let value = values.unwrap_or_else(|| ArrayD::from_elem(IxDyn(&[]), T::from_f64(outcome.value)));
        let named = |arrays: Vec<Option<ArrayD<T>>>| {
            let named = spec.inputs.iter().zip(arrays);
            named.filter_map(|(input, array)| Some((input.name, T::wrap(array?)))).collect()
        };
        Ok(Finished {
            outcome,
            value: T::wrap(value),
            numerators: named(numerators),
            denominators: named(denominators),
        })
    }
}

struct Finished {
    outcome: Outcome,
    value: AnyArray,
    numerators: Vec<(&'static str, AnyArray)>,
    denominators: Vec<(&'static str, AnyArray)>,
}

/// A float type with its place in the enums of arrays.
trait Element: Float {
    const EXPECTED: &'static str;
    fn view<'v>(view: &'v AnyView<'_>) -> Option<View<'v, Self>>;
    fn view_mut<'v>(view: &'v mut AnyViewMut<'_>) -> Option<ViewMut<'v, Self>>;
    fn wrap(array: ArrayD<Self>) -> AnyArray;
    fn run(loss: &dyn Loss, task: Task<'_, '_, Self>) -> Result<Outcome, Error>;
}

macro_rules! element {
    ($type:ident $variant:ident $run:ident $expected:literal) => {
        impl Element for $type {
            const EXPECTED: &'static str = $expected;

            fn view<'v>(view: &'v AnyView<'_>) -> Option<View<'v, Self>> {
                if let AnyView::$variant(array) = view { Some(View::of(array)) } else { None }
            }

            fn view_mut<'v>(view: &'v mut AnyViewMut<'_>) -> Option<ViewMut<'v, Self>> {
                if let AnyViewMut::$variant(array) = view { Some(ViewMut::of(array)) } else { None }
            }

            fn wrap(array: ArrayD<Self>) -> AnyArray {
                AnyArray::$variant(array)
            }

            fn run(loss: &dyn Loss, task: Task<'_, '_, Self>) -> Result<Outcome, Error> {
                loss.$run(task)
            }
        }
    };
}

element!(f32 F32 run_f32 "f32 elements, as the first float input of the call has");
element!(f64 F64 run_f64 "f64 elements, as the first float input of the call has");

fn float_view<'v, T: Element>(
    view: &'v AnyView<'_>,
    spec: &'static Spec,
    input: &'static str,
) -> Result<View<'v, T>, Error> {
    let (found, expected) = (view.element_type(), T::EXPECTED);
    T::view(view).ok_or(Error::ElementType { loss: spec.name, input, found, expected })
}

fn float_view_mut<'v, T: Element>(
    view: &'v mut AnyViewMut<'_>,
    spec: &'static Spec,
    input: &'static str,
) -> Result<ViewMut<'v, T>, Error> {
    let found = match view {
        AnyViewMut::F32(_) => "f32",
        AnyViewMut::F64(_) => "f64",
    };
    let expected = T::EXPECTED;
    T::view_mut(view).ok_or(Error::ElementType { loss: spec.name, input, found, expected })
}

fn fits(view: &AnyView<'_>, role: Role) -> bool {
    match role {
        Role::Real => matches!(view, AnyView::F32(_) | AnyView::F64(_)),
        Role::Bool => matches!(view, AnyView::Bool(_)),
        Role::Int | Role::Index(_) | Role::Set(_) => {
            matches!(view, AnyView::I64(_) | AnyView::I32(_) | AnyView::U8(_))
        }
    }
}

fn to_i64(view: &AnyView<'_>) -> Option<ArrayD<i64>> {
    match view {
        AnyView::I32(array) => Some(array.mapv(i64::from)),
        AnyView::U8(array) => Some(array.mapv(i64::from)),
        _ => None,
    }
}

fn zeros<T: Float>(shape: &[usize]) -> ArrayD<T> {
    ArrayD::from_elem(IxDyn(shape), T::default())
}

/// New arrays where they were asked for.
fn owned<T: Float>(requests: &[Option<Request<'_>>], shapes: &[&[usize]]) -> Vec<Option<ArrayD<T>>> {
    let requests = requests.iter().zip(shapes);
    requests.map(|(request, shape)| matches!(request, Some(Request::Owned)).then(|| zeros(shape))).collect()
}

/// The buffers of the caller, and the new arrays where there are none.
fn targets<'v, T: Element>(
    requests: &'v mut [Option<Request<'_>>],
    arrays: &'v mut [Option<ArrayD<T>>],
    spec: &'static Spec,
) -> Result<Vec<Option<ViewMut<'v, T>>>, Error> {
    let slots = requests.iter_mut().zip(arrays).zip(spec.inputs);
    slots
        .map(|((request, array), input)| match (request, array) {
            (Some(Request::Buffer(buffer)), _) => float_view_mut(buffer, spec, input.name).map(Some),
            (_, Some(array)) => Ok(Some(ViewMut::of(array))),
            _ => Ok(None),
        })
        .collect()
}
