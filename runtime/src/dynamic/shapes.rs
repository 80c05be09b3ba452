//! The shapes of a call by names: what fits, and how arrays lie over the samples.

use super::call::DynamicCall;
use super::run::{Wrapped, read};
use crate::bind::bind;
use crate::domain::check_parameters;
use crate::error::Error;

/// How the arrays of a call lie over its samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shapes {
    /// The sample shape.
    pub samples: Vec<usize>,
    /// For every input, in the order of the formula, and every axis of the sample shape: the axis of the array
    /// that runs along it. `None` where the array is the same along all of it, or was not given.
    pub along: Vec<Vec<Option<usize>>>,
}

impl DynamicCall<'_> {
    /// Checks the call without a look at elements, and says how the arrays lie over the samples. A program that
    /// evaluates an additive loss part by part learns from it what to cut, and where.
    ///
    /// # Errors
    ///
    /// As [`evaluate`](Self::evaluate), but for what is wrong with elements or buffers.
    pub fn shapes(mut self) -> Result<Shapes, Error> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.is_single() { self.shapes_as::<f32>() } else { self.shapes_as::<f64>() }
    }

    fn shapes_as<T: Wrapped>(self) -> Result<Shapes, Error> {
        let spec = self.loss.spec();
        let (parameters, inputs) = read::<T>(spec, &self.parameters, &self.inputs)?;
        let bound = bind(spec, &inputs, &self.places)?;
        check_parameters(spec, &parameters)?;
        for (index, input) in spec.inputs.iter().enumerate() {
            let asked = self.gradients[index].is_some() || self.denominators[index].is_some();
            if asked && !spec.gradients.iter().any(|gradient| gradient.input == index) {
                return Err(Error::NotDifferentiable { loss: spec.name, input: input.name });
            }
        }
        let samples = bound.samples.to_vec();
        let along = spec.inputs.iter().zip(&inputs).map(|(input, given)| {
            let Some(shape) = given.shape() else { return vec![None; samples.len()] };
            if spec.is_elementwise() {
                return aligned(shape, &samples);
            }
            // The strides are those of no memory: each axis is told by its own.
            let strides: Vec<isize> = (1..).take(shape.len()).collect();
            let layout = bound.layout(spec, input, &self.places, shape, &strides);
            let axes = layout.axes();
            let along = |sample: usize| {
                let strides = axes.iter().filter_map(|axis| axis.samples.get(sample));
                strides.copied().find(|stride| *stride > 0).map(|stride| stride.unsigned_abs() - 1)
            };
            (0..samples.len()).map(along).collect()
        });
        Ok(Shapes { along: along.collect(), samples })
    }
}

/// The axes of an array that broadcasts to the sample shape.
fn aligned(shape: &[usize], samples: &[usize]) -> Vec<Option<usize>> {
    let missing = samples.len().saturating_sub(shape.len());
    let own = |(sample, length): (usize, &usize)| {
        sample.checked_sub(missing).filter(|own| shape.get(*own) == Some(length))
    };
    samples.iter().enumerate().map(own).collect()
}
