//! The element at fault, once a pass over the samples has refused one of them.

use crate::bind::{Bound, Layout};
use crate::error::Error;
use crate::real::Float;
use crate::spec::{InputSpec, Role, Spec};
use crate::task::Input;

/// Finds what is wrong with a sample, in one input or in all: `flat` is its row-major number.
#[cold]
pub(crate) fn explain<T: Float>(
    spec: &'static Spec,
    inputs: &[Input<'_, T>],
    places: &[Option<usize>],
    bound: &Bound<'_>,
    only: Option<usize>,
    flat: usize,
) -> Error {
    let sample = unravel(flat, &bound.samples);
    for (index, (input, given)) in spec.inputs.iter().zip(inputs).enumerate() {
        if only.is_some_and(|only| only != index) {
            continue;
        }
        let fault = match given.shape() {
            // What has no array stands for all samples.
            None => check(spec, input, bound, given, &[]).err(),
            Some(_) if spec.is_elementwise() => check(spec, input, bound, given, &sample).err(),
            Some(shape) => {
                let layout = bound.layout(spec, input, places, shape, &vec![1; shape.len()]);
                search(spec, input, bound, given, &layout, &sample)
            }
        };
        if let Some(fault) = fault {
            return fault;
        }
    }
    Error::Invalid { loss: spec.name, position: sample }
}

/// The index of a sample from its row-major number.
fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut sample = vec![0; shape.len()];
    for (index, &length) in sample.iter_mut().zip(shape).rev() {
        let length = length.max(1);
        *index = flat % length;
        flat /= length;
    }
    sample
}

/// Looks at every element that a sample reads of an input, in row-major order of the declaration.
fn search<T: Float>(
    spec: &'static Spec,
    input: &'static InputSpec,
    bound: &Bound<'_>,
    given: &Input<'_, T>,
    layout: &Layout,
    sample: &[usize],
) -> Option<Error> {
    // Where the sample stands on each axis; nothing on those that it has all positions of.
    let mut fixed = vec![None; layout.steps.len()];
    for (axis, range) in input.axes.iter().zip(layout.ranges()) {
        if let Some(axis) = spec.axis(*axis).filter(|axis| spec.samples.contains(axis)) {
            let own = sample[bound.sample_range(spec, axis)].iter().map(|index| Some(*index));
            fixed.splice(range, own);
        }
    }
    let free = layout.steps.iter().zip(&fixed).filter(|(_, at)| at.is_none());
    let rows: usize = free.map(|((length, _), _)| length).product();
    // A set ends at its first negative element.
    let (mut ended, last) = (false, layout.steps.len().saturating_sub(1));
    for number in 0..rows {
        let mut number = number;
        let mut position = vec![0; layout.own.iter().flatten().count()];
        for (axis, &(length, stride)) in layout.steps.iter().enumerate().rev() {
            let index = fixed[axis].unwrap_or_else(|| {
                let index = number % length;
                number /= length;
                index
            });
            if axis == last && index == 0 {
                ended = false;
            }
            if let Some(own) = layout.own[axis] {
                position[own] = if stride == 0 { 0 } else { index };
            }
        }
        if ended {
            continue;
        }
        match check(spec, input, bound, given, &position) {
            Ok(goes_on) => ended = !goes_on,
            Err(fault) => return Some(fault),
        }
    }
    None
}

/// Checks the element that belongs to a sample, and tells whether a set goes on behind it.
fn check<T: Float>(
    spec: &'static Spec,
    input: &'static InputSpec,
    bound: &Bound<'_>,
    given: &Input<'_, T>,
    sample: &[usize],
) -> Result<bool, Error> {
    let (loss, name) = (spec.name, input.name);
    let element = match given {
        Input::Missing => input.default.map(|value| (T::from_f64(value), value, Vec::new())),
        Input::Float(view) => view.at(sample).map(|(value, position)| (value, value.to_f64(), position)),
        Input::Bool(view) => view.at(sample).map(|(value, position)| {
            let value = f64::from(u8::from(value));
            (T::from_f64(value), value, position)
        }),
        Input::Int(labels) => match labels.at(sample) {
            Some((value, position)) => {
                if let Role::Index(axis) | Role::Set(axis) = input.role {
                    let size = bound.size(spec, axis);
                    if value < 0 && matches!(input.role, Role::Set(_)) {
                        return Ok(false);
                    }
                    if value < 0 || value >= size as i128 {
                        return Err(Error::Label { loss, input: name, position, value, axis, size });
                    }
                }
                let rounded = T::from_f64(value as f64);
                if rounded.to_f64() as i128 != value {
                    return Err(Error::Inexact { loss, input: name, position, value });
                }
                Some((rounded, value as f64, position))
            }
            None => None,
        },
    };
    match (element, input.domain) {
        (Some((element, value, position)), Some(domain)) if !domain.contains(element) => {
            Err(Error::Domain { loss, input: name, position, value, domain })
        }
        _ => Ok(true),
    }
}
