//! One evaluation of a loss before it runs: what it reads and writes, and the check that all of it fits.

use crate::bind::{Bound, bind};
use crate::domain::check_parameters;
use crate::error::Error;
use crate::label::Labels;
use crate::real::Float;
use crate::reduction::ReductionKind;
use crate::spec::{InputSpec, Role, Spec};
use crate::sweep::view::{View, ViewMut};

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
    Int(Labels<'a>),
}

impl<'a, T> Input<'a, T> {
    /// The shape of the array; `None` where there is none.
    pub(crate) fn shape(&self) -> Option<&'a [usize]> {
        match self {
            Input::Missing => None,
            Input::Float(view) => Some(view.shape()),
            Input::Bool(view) => Some(view.shape()),
            Input::Int(labels) => Some(labels.shape()),
        }
    }

    /// The strides of the array; `None` where there is none.
    pub(crate) fn strides(&self) -> Option<&'a [isize]> {
        match self {
            Input::Missing => None,
            Input::Float(view) => Some(view.strides()),
            Input::Bool(view) => Some(view.strides()),
            Input::Int(labels) => Some(labels.strides()),
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
    /// Where axes stand that stand elsewhere than the declaration says: one slot per axis of the loss.
    pub(crate) places: &'s [Option<usize>],
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
    /// Checks everything but the elements, and gives the axes of the call.
    pub(crate) fn check(&self, spec: &'static Spec) -> Result<Bound<'s>, Error> {
        check_parameters(spec, self.parameters)?;
        let bound = bind(spec, self.inputs, self.places)?;
        let shape = &*bound.samples;
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
        Ok(bound)
    }
}

/// Checks the element type of an array.
pub(crate) fn check_type<T>(
    spec: &'static Spec,
    input: &'static InputSpec,
    given: &Input<'_, T>,
) -> Result<(), Error> {
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
        Role::Int | Role::Index(_) | Role::Set(_) => {
            "whole numbers (i64, i32, i16, i8, u64, u32, u16, u8 or usize)"
        }
    }
}
