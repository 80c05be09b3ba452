//! A loss with the numbers of one call, and its evaluation without further copies.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::backend::DType;
use burn::tensor::TensorData;
use lossdef::ReductionKind;
use lossdef::any::AnyView;
use lossdef::dynamic::{DynamicCall, Evaluation};
use lossdef::spec::{InputSpec, Role};
use ndarray::{ArrayView, IxDyn};

use crate::error::Error;
use crate::held::Held;

/// What a loss is set to, whatever tensors it is called with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub parameters: BTreeMap<String, f64>,
    pub inputs: BTreeMap<String, Vec<f64>>,
    pub axes: BTreeMap<String, usize>,
    pub check: bool,
}

/// Which loss is to be computed, and how.
#[derive(Clone, Debug)]
pub struct Request {
    pub formula: &'static dyn lossdef::Loss,
    pub settings: Arc<Settings>,
    pub reduction: ReductionKind,
}

/// One call: the memory of every input that was given.
#[derive(Clone, Debug)]
pub struct Bound {
    request: Request,
    inputs: Vec<(&'static InputSpec, Held)>,
}

impl Bound {
    /// A call on these inputs, which are given by their places in the formula.
    pub fn new(request: Request, given: Vec<(usize, Held)>) -> Result<Self, Error> {
        let spec = request.formula.spec();
        let float = given.iter().map(|(_, held)| held.dtype()).find(|dtype| dtype.is_float());
        let float = if float == Some(DType::F64) { DType::F64 } else { DType::F32 };
        let mut inputs = Vec::with_capacity(given.len() + request.settings.inputs.len());
        for (place, held) in given {
            let input = &spec.inputs[place];
            inputs.push((
                input,
                if input.role == Role::Real { as_float(held, float, spec.name, input)? } else { held },
            ));
        }
        for (name, numbers) in &request.settings.inputs {
            let input = spec.inputs.iter().find(|input| input.name == name);
            if let Some(input) =
                input.filter(|input| inputs.iter().all(|(given, _)| given.name != input.name))
            {
                inputs.push((input, constant(numbers, input.role, float)));
            }
        }
        Ok(Bound { request, inputs })
    }

    /// The error of a tensor that cannot be read.
    pub fn unreadable(&self, input: &'static str, reason: String) -> Error {
        Error::Read { loss: self.request.formula.spec().name, input, reason }
    }

    /// Whether the result is one value per sample.
    pub fn is_unreduced(&self) -> bool {
        self.request.reduction == ReductionKind::None
    }

    /// The result, and the gradients of these inputs times the derivative in each value of an unreduced result, which is
    /// given with the shape of that result.
    pub fn evaluate(
        &self,
        gradients: &[&'static str],
        upstream: Option<(&Held, &[usize])>,
    ) -> Result<Evaluation, Error> {
        let Request { formula, settings, reduction } = &self.request;
        let loss = formula.spec().name;
        let truths: Vec<_> = self.inputs.iter().map(|(_, held)| held.truths()).collect();
        let mut call = DynamicCall::new(*formula).reduction(*reduction);
        for ((input, held), truths) in self.inputs.iter().zip(&truths) {
            call = call
                .input(input.name, view(loss, input.name, held, truths.as_deref(), input.axes.is_empty())?);
        }
        for (name, value) in &settings.parameters {
            call = call.parameter(name, *value);
        }
        for (name, place) in &settings.axes {
            call = call.axis(name, *place);
        }
        for name in gradients {
            call = call.gradient(name);
        }
        if let Some((upstream, shape)) = upstream {
            call = call.upstream_each(view(loss, "upstream", upstream, None, shape.is_empty())?);
        }
        if !settings.check {
            call = call.unchecked();
        }
        Ok(call.evaluate()?)
    }
}

/// The elements of a tensor. One of burn has at least one axis; where the formula has none, `[1]` is one number.
fn view<'a>(
    loss: &'static str,
    input: &'static str,
    held: &'a Held,
    truths: Option<&'a [bool]>,
    number: bool,
) -> Result<AnyView<'a>, Error> {
    let mut shape = held.shape();
    if number && shape == [1] {
        shape.clear();
    }
    let view = match truths {
        Some(truths) => ArrayView::from_shape(IxDyn(&shape), truths).ok().map(AnyView::from),
        None => held.view(&shape),
    };
    let found = held.dtype().name();
    let expected = "elements of type f32 or f64, which `cast` gives; gradients pass through it";
    view.ok_or_else(|| lossdef::Error::ElementType { loss, input, found, expected }.into())
}

/// Whole numbers and truth values as numbers, where an input takes these: burn's own losses have such targets.
fn as_float(held: Held, float: DType, loss: &'static str, input: &'static InputSpec) -> Result<Held, Error> {
    let shape = held.shape();
    if let Some(truths) = held.truths() {
        return Ok(Held::Data(numbers(truths.into_iter().map(f64::from).collect(), shape, float)));
    }
    let convert = if float == DType::F64 { wide } else { single };
    let Some((data, inexact)) = held.view(&shape).and_then(|view| convert(view, &shape)) else {
        return Ok(held);
    };
    if let Some((place, value)) = inexact {
        let error =
            lossdef::Error::Inexact { loss, input: input.name, position: position(place, &shape), value };
        return Err(error.into());
    }
    Ok(Held::Data(data))
}

/// Elements of a float type, and the first of the whole numbers that it cannot hold, with its place.
type Floats = (TensorData, Option<(usize, i128)>);

macro_rules! converted {
    ($name:ident $float:ident: $($variant:ident $whole:ident),*) => {
        /// Whole numbers as numbers, in row-major order; nothing where they are such already.
        fn $name(view: AnyView<'_>, shape: &[usize]) -> Option<Floats> {
            let (floats, inexact) = match view {
                $(AnyView::$variant(array) => {
                    let floats: Vec<$float> = match array.as_slice() {
                        Some(wholes) => wholes.iter().map(|whole| *whole as $float).collect(),
                        None => array.iter().map(|whole| *whole as $float).collect(),
                    };
                    // The conversion back ends at the largest whole number, which may have been rounded up.
                    let lost = |(float, whole): (&$float, &$whole)| {
                        *float as $whole != *whole || (*whole == $whole::MAX && *float as i128 != *whole as i128)
                    };
                    // Below 2 to the bits of the significand, none is lost.
                    let limit = 2f64.powi($float::MANTISSA_DIGITS as i32) as $float;
                    let small = |some: &[$float]| !some.iter().fold(false, |any, float| any | (float.abs() >= limit));
                    let place = match floats.chunks(64).all(small) {
                        true => None,
                        false => floats.iter().zip(&array).position(lost),
                    };
                    let inexact = place.and_then(|place| Some((place, i128::from(*array.iter().nth(place)?))));
                    (floats, inexact)
                })*
                _ => return None,
            };
            Some((TensorData::new(floats, shape.to_vec()), inexact))
        }
    };
}

converted!(single f32: I64 i64, I32 i32, I16 i16, I8 i8, U64 u64, U32 u32, U16 u16, U8 u8);
converted!(wide f64: I64 i64, I32 i32, I16 i16, I8 i8, U64 u64, U32 u32, U16 u16, U8 u8);

/// Where the element of this number stands.
fn position(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut position: Vec<usize> = shape
        .iter()
        .rev()
        .map(|length| {
            let along = place % length;
            place /= length;
            along
        })
        .collect();
    position.reverse();
    position
}

fn numbers(numbers: Vec<f64>, shape: Vec<usize>, float: DType) -> TensorData {
    match float {
        DType::F64 => TensorData::new(numbers, shape),
        _ => TensorData::new(numbers.into_iter().map(|number| number as f32).collect(), shape),
    }
}

/// Numbers of the configuration, as elements of the type that the input takes.
fn constant(values: &[f64], role: Role, float: DType) -> Held {
    let shape = [values.len()];
    Held::Data(match role {
        Role::Real => numbers(values.to_vec(), shape.to_vec(), float),
        Role::Bool => TensorData::new(values.iter().map(|value| *value != 0.0).collect(), shape),
        Role::Int | Role::Index(_) | Role::Set(_) => {
            TensorData::new(values.iter().map(|value| *value as i64).collect(), shape)
        }
    })
}
