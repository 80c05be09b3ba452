//! Running a call by names: the element type is found, arrays are made, and the loss is handed its task.

use ndarray::{ArrayD, IxDyn};

use super::call::{DynamicCall, Request};
use crate::any::{AnyArray, AnyView, AnyViewMut};
use crate::bind::bind;
use crate::error::Error;
use crate::label::{Label, Labels};
use crate::real::Float;
use crate::reduction::ReductionKind;
use crate::spec::{Role, Spec};
use crate::sweep::view::{View, ViewMut};
use crate::task::{Factor, Input, Mode, Outcome, Task, expected_type};

impl DynamicCall<'_> {
    pub(super) fn run(mut self, mode: Mode) -> Result<Finished, Error> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.is_single() { self.run_as::<f32>(mode) } else { self.run_as::<f64>(mode) }
    }

    /// Whether the first float array of the call is one of `f32`.
    pub(super) fn is_single(&self) -> bool {
        let single = self.inputs.iter().flatten().find_map(|view| match view {
            AnyView::F32(_) => Some(true),
            AnyView::F64(_) => Some(false),
            _ => None,
        });
        single == Some(true)
    }

    fn run_as<T: Wrapped>(mut self, mode: Mode) -> Result<Finished, Error> {
        let spec = self.loss.spec();
        let (parameters, inputs) = read::<T>(spec, &self.parameters, &self.inputs)?;
        let bound = bind(spec, &inputs, &self.places)?;
        let upstream = match &self.upstream_each {
            None => Factor::Same(self.upstream),
            Some(view) => Factor::Each(float_view(view, spec, "upstream")?),
        };

        let shapes: Vec<_> = inputs.iter().map(|input| input.shape().unwrap_or(&[])).collect();
        let mut numerators: Vec<_> = owned::<T>(&self.gradients, &shapes);
        let mut denominators: Vec<_> = owned::<T>(&self.denominators, &shapes);
        let mut values = match (&self.values, mode) {
            (None, Mode::Reduce(ReductionKind::None)) => Some(zeros::<T>(&bound.samples)),
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
                places: &self.places,
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

/// The parameters and the arrays of a call, where they are complete and of the types that the loss takes.
pub(super) fn read<'v, T: Wrapped>(
    spec: &'static Spec,
    given: &[Option<f64>],
    views: &'v [Option<AnyView<'_>>],
) -> Result<(Vec<f64>, Vec<Input<'v, T>>), Error> {
    let mut parameters = Vec::with_capacity(spec.parameters.len());
    for (parameter, value) in spec.parameters.iter().zip(given) {
        let missing = Error::MissingParameter { loss: spec.name, parameter: parameter.name };
        parameters.push(value.ok_or(missing)?);
    }
    let mut inputs = Vec::with_capacity(spec.inputs.len());
    for (input, view) in spec.inputs.iter().zip(views) {
        if let Some(view) = view
            && !fits(view, input.role)
        {
            let (found, expected) = (view.element_type(), expected_type(input.role));
            return Err(Error::ElementType { loss: spec.name, input: input.name, found, expected });
        }
        inputs.push(match view {
            None => Input::Missing,
            Some(AnyView::Bool(array)) => Input::Bool(View::of(array)),
            Some(view) => match labels(view) {
                Some(labels) => Input::Int(labels),
                None => Input::Float(float_view(view, spec, input.name)?),
            },
        });
    }
    Ok((parameters, inputs))
}

/// What a call gives.
pub(super) struct Finished {
    pub(super) outcome: Outcome,
    pub(super) value: AnyArray,
    pub(super) numerators: Vec<(&'static str, AnyArray)>,
    pub(super) denominators: Vec<(&'static str, AnyArray)>,
}

/// A float type with its place in the enums of arrays.
pub(super) trait Wrapped: super::Element {
    const EXPECTED: &'static str;
    fn view<'v>(view: &'v AnyView<'_>) -> Option<View<'v, Self>>;
    fn view_mut<'v>(view: &'v mut AnyViewMut<'_>) -> Option<ViewMut<'v, Self>>;
    fn wrap(array: ArrayD<Self>) -> AnyArray;
}

macro_rules! wrapped {
    ($type:ident $variant:ident $expected:literal) => {
        impl Wrapped for $type {
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
        }
    };
}

wrapped!(f32 F32 "f32 elements, as the first float input of the call has");
wrapped!(f64 F64 "f64 elements, as the first float input of the call has");

fn float_view<'v, T: Wrapped>(
    view: &'v AnyView<'_>,
    spec: &'static Spec,
    input: &'static str,
) -> Result<View<'v, T>, Error> {
    let (found, expected) = (view.element_type(), T::EXPECTED);
    T::view(view).ok_or(Error::ElementType { loss: spec.name, input, found, expected })
}

fn float_view_mut<'v, T: Wrapped>(
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
        Role::Int | Role::Index(_) | Role::Set(_) => labels(view).is_some(),
    }
}

fn labels<'v>(view: &'v AnyView<'_>) -> Option<Labels<'v>> {
    Some(match view {
        AnyView::I64(array) => Label::labels(View::of(array)),
        AnyView::I32(array) => Label::labels(View::of(array)),
        AnyView::I16(array) => Label::labels(View::of(array)),
        AnyView::I8(array) => Label::labels(View::of(array)),
        AnyView::U64(array) => Label::labels(View::of(array)),
        AnyView::U32(array) => Label::labels(View::of(array)),
        AnyView::U16(array) => Label::labels(View::of(array)),
        AnyView::U8(array) => Label::labels(View::of(array)),
        AnyView::Usize(array) => Label::labels(View::of(array)),
        _ => return None,
    })
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
fn targets<'v, T: Wrapped>(
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
