//! One evaluation of a loss before it runs: what it reads and writes, and the check that all of it fits.

use crate::domain::check_parameters;
use crate::error::Error;
use crate::real::Float;
use crate::reduction::ReductionKind;
use crate::spec::{InputSpec, Role, Spec};
use crate::sweep::Operand;
use crate::sweep::view::{Strides, View, ViewMut};

/// What a call gives for one input of the formula.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a, T> {
    /// Nothing: its default stands for it.
    Missing,
    /// Numbers.
    Float(View<'a, T>),
    /// Truth values.
    Bool(View<'a, bool>),
    /// Whole numbers.
    Int(View<'a, i64>),
}

impl<'a, T> Input<'a, T> {
    /// The shape of the array; `None` where there is none.
    pub(crate) fn shape(&self) -> Option<&'a [usize]> {
        match self {
            Input::Missing => None,
            Input::Float(view) => Some(view.shape()),
            Input::Bool(view) => Some(view.shape()),
            Input::Int(view) => Some(view.shape()),
        }
    }

    fn element_type(&self) -> &'static str {
        match self {
            Input::Missing => "nothing",
            Input::Float(_) => "float",
            Input::Bool(_) => "bool",
            Input::Int(_) => "int",
        }
    }
}

/// A derivative with respect to the result.
#[derive(Clone, Copy, Debug)]
pub enum Factor<'a, T> {
    /// One number.
    Same(f64),
    /// One number per sample.
    Each(View<'a, T>),
}

/// How derivatives are scaled, and what the result is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// A reduction.
    Reduce(ReductionKind),
    /// The numerator and the denominator, unscaled.
    Partial,
}

/// One evaluation: a loss's inputs, its parameters and where results go. One slot per input everywhere.
#[derive(Debug)]
pub struct Task<'s, 'g, T> {
    pub(crate) inputs: &'s [Input<'s, T>],
    pub(crate) parameters: &'s [f64],
    pub(crate) mode: Mode,
    pub(crate) upstream: Factor<'s, T>,
    pub(crate) values: Option<ViewMut<'s, T>>,
    pub(crate) gradients: &'s mut [Option<ViewMut<'g, T>>],
    pub(crate) denominators: &'s mut [Option<ViewMut<'g, T>>],
    pub(crate) check: bool,
}

/// What an evaluation gives beside what it wrote.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The reduced value.
    pub(crate) value: f64,
    /// The sum of the values.
    pub(crate) numerator: f64,
    /// What it was divided by.
    pub(crate) denominator: f64,
}

impl<'s, T: Float> Task<'s, '_, T> {
    /// Checks everything but the elements, and gives the sample shape.
    pub(crate) fn check(&self, spec: &'static Spec) -> Result<&'s [usize], Error> {
        check_parameters(spec, self.parameters)?;
        let shape = sample_shape(spec, self.inputs)?;
        for (index, input) in spec.inputs.iter().enumerate() {
            let expected = self.inputs.get(index).and_then(Input::shape).unwrap_or(&[]);
            let buffers = [self.gradients.get(index), self.denominators.get(index)];
            for buffer in buffers.into_iter().flatten().flatten() {
                if !spec.gradients.iter().any(|gradient| gradient.input == index) {
                    return Err(Error::NotDifferentiable { loss: spec.name, input: input.name });
                }
                if buffer.shape() != expected {
                    return Err(Error::GradientBuffer {
                        loss: spec.name,
                        input: input.name,
                        shape: buffer.shape().to_vec(),
                        expected: expected.to_vec(),
                    });
                }
            }
        }
        let loss = spec.name;
        if let Some(values) = &self.values
            && values.shape() != shape
        {
            return Err(Error::ValueBuffer {
                loss,
                shape: values.shape().to_vec(),
                expected: shape.to_vec(),
            });
        }
        if let Factor::Each(upstream) = &self.upstream {
            let expected = if self.mode == Mode::Reduce(ReductionKind::None) { shape } else { &[] };
            if upstream.shape() != expected {
                return Err(Error::Upstream {
                    loss,
                    shape: upstream.shape().to_vec(),
                    expected: expected.to_vec(),
                });
            }
        }
        Ok(shape)
    }
}

/// The shape that all required inputs share, after checking every input against it.
pub(crate) fn sample_shape<'a, T>(
    spec: &'static Spec,
    inputs: &[Input<'a, T>],
) -> Result<&'a [usize], Error> {
    let loss = spec.name;
    let mut samples: Option<(&'static str, &'a [usize])> = None;
    for (input, given) in spec.inputs.iter().zip(inputs) {
        let Some(shape) = given.shape() else {
            if input.default.is_none() {
                return Err(Error::MissingInput { loss, input: input.name });
            }
            continue;
        };
        check_type(spec, input, given)?;
        if input.axes.is_empty() {
            if !shape.is_empty() {
                return Err(Error::NotScalar { loss, input: input.name, shape: shape.to_vec() });
            }
        } else if input.default.is_none() {
            match samples {
                Some((first, expected)) if expected != shape => {
                    return Err(Error::Shape {
                        loss,
                        input: first,
                        shape: expected.to_vec(),
                        other: input.name,
                        other_shape: shape.to_vec(),
                    });
                }
                Some(_) => {}
                None => samples = Some((input.name, shape)),
            }
        }
    }
    if let Some(input) = spec.inputs.get(inputs.len()) {
        return Err(Error::MissingInput { loss, input: input.name });
    }
    let samples = samples.map_or(&[][..], |(_, shape)| shape);
    // What a broadcast view pretends need not fit an array.
    let bytes =
        samples.iter().filter(|length| **length > 0).try_fold(size_of::<T>(), |n, l| n.checked_mul(*l));
    if bytes.is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(Error::TooLarge { loss, shape: samples.to_vec() });
    }
    for (input, given) in spec.inputs.iter().zip(inputs) {
        if let (Some(shape), Some(_)) = (given.shape(), input.default)
            && !broadcasts(shape, samples)
        {
            return Err(Error::NotBroadcastable {
                loss,
                input: input.name,
                shape: shape.to_vec(),
                samples: samples.to_vec(),
            });
        }
    }
    Ok(samples)
}

fn check_type<T>(spec: &'static Spec, input: &'static InputSpec, given: &Input<'_, T>) -> Result<(), Error> {
    let expected = match (input.role, given) {
        (_, Input::Missing) | (Role::Real, Input::Float(_)) | (Role::Bool, Input::Bool(_)) => return Ok(()),
        (Role::Int | Role::Index(_) | Role::Set(_), Input::Int(_)) => return Ok(()),
        (role, _) => expected_type(role),
    };
    Err(Error::ElementType { loss: spec.name, input: input.name, found: given.element_type(), expected })
}

/// The element type of a role in words.
pub(crate) fn expected_type(role: Role) -> &'static str {
    match role {
        Role::Real => "float elements (f32 or f64)",
        Role::Bool => "bool elements",
        Role::Int | Role::Index(_) | Role::Set(_) => "whole numbers (i64)",
    }
}

/// NumPy's rule, in one direction.
fn broadcasts(from: &[usize], to: &[usize]) -> bool {
    from.len() <= to.len()
        && from.iter().rev().zip(to.iter().rev()).all(|(&from, &to)| from == to || from == 1)
}

/// The inputs as operands of a sweep over `shape`, which [`Task::check`] has given.
pub(crate) fn operands<'o, T: Float>(
    spec: &'static Spec,
    inputs: &[Input<'o, T>],
    shape: &[usize],
    strides: &'o mut [Strides],
    operands: &mut [Operand<'o, T>],
) {
    let slots = operands.iter_mut().zip(strides);
    for ((input, given), (operand, strides)) in spec.inputs.iter().zip(inputs).zip(slots) {
        let strided = match given {
            Input::Missing => None,
            Input::Float(view) => view.strided(shape, strides).map(Operand::Float),
            Input::Bool(view) => view.strided(shape, strides).map(Operand::Bool),
            Input::Int(view) => view.strided(shape, strides).map(Operand::Int),
        };
        *operand = strided.unwrap_or(Operand::Splat(T::from_f64(input.default.unwrap_or(0.0))));
    }
}

/// Finds what is wrong with the sample that a sweep refused: `flat` is its row-major number.
pub(crate) fn explain<T: Float>(
    spec: &'static Spec,
    inputs: &[Input<'_, T>],
    shape: &[usize],
    mut flat: usize,
) -> Error {
    let loss = spec.name;
    let mut sample = vec![0; shape.len()];
    for (index, &length) in sample.iter_mut().zip(shape).rev() {
        let length = length.max(1);
        *index = flat % length;
        flat /= length;
    }
    for (input, given) in spec.inputs.iter().zip(inputs) {
        let name = input.name;
        let element = match given {
            Input::Missing => input.default.map(|value| (T::from_f64(value), value, Vec::new())),
            Input::Float(view) => view.at(&sample).map(|(value, position)| (value, value.to_f64(), position)),
            Input::Bool(view) => view.at(&sample).map(|(value, position)| {
                let value = f64::from(u8::from(value));
                (T::from_f64(value), value, position)
            }),
            Input::Int(view) => match view.at(&sample) {
                Some((value, position)) => {
                    let rounded = T::from_f64(value as f64);
                    if rounded.to_f64() as i128 != i128::from(value) {
                        return Error::Inexact { loss, input: name, position, value };
                    }
                    Some((rounded, value as f64, position))
                }
                None => None,
            },
        };
        if let (Some((element, value, position)), Some(domain)) = (element, input.domain)
            && !domain.contains(element)
        {
            return Error::Domain { loss, input: name, position, value, domain };
        }
    }
    Error::Invalid { loss, position: sample }
}
