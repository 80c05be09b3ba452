//! The lengths of axes, found from the arrays of a call over named axes.
//!
//! Input: the arrays and the places where axes stand. Output: [`Bound`], or what does not fit. Required inputs come
//! first; optional ones tell only the lengths of axes that no required one has, and are checked against the rest.

use std::borrow::Cow;

use super::{Bound, broadcasts, fits_memory, order};
use crate::error::Error;
use crate::real::Float;
use crate::spec::{AxisSpec, InputSpec, Spec};
use crate::task::Input;

/// How many axes each axis of the loss stands for. What only optional inputs declare is found from those that
/// are given; without any it stands for none.
fn ranks<T>(spec: &'static Spec, inputs: &[Input<'_, T>]) -> Result<Vec<usize>, Error> {
    let mut ranks: Vec<Option<usize>> = spec.axes.iter().map(|axis| (!axis.is_open()).then_some(1)).collect();
    let given = || spec.inputs.iter().zip(inputs).filter_map(|(input, given)| Some((input, given.shape()?)));
    for required in [true, false] {
        // Each round finds the one open axis of some input whose others are known.
        for _ in 0..spec.axes.len() {
            for (input, shape) in given().filter(|(input, _)| input.default.is_none() == required) {
                let axes = || input.axes.iter().filter_map(|axis| spec.axis(*axis));
                let mut unknown = axes().filter(|axis| ranks[*axis].is_none());
                if let (Some(axis), None) = (unknown.next(), unknown.next()) {
                    let known: usize = axes().filter_map(|axis| ranks[axis]).sum();
                    ranks[axis] =
                        Some(shape.len().checked_sub(known).ok_or_else(|| rank(spec, input, shape))?);
                }
            }
        }
        if required {
            ranks[0] = ranks[0].or(Some(0));
        }
    }
    Ok(ranks.into_iter().map(|rank| rank.unwrap_or(0)).collect())
}

fn rank(spec: &'static Spec, input: &'static InputSpec, shape: &[usize]) -> Error {
    let (loss, input, declared, shape) = (spec.name, input.name, input.axes, shape.to_vec());
    if declared.is_empty() {
        return Error::NotScalar { loss, input, shape };
    }
    Error::Rank { loss, input, shape, declared, expected: None }
}

/// The lengths of axes as they become known.
pub(super) struct Binder<'a, 'b, T> {
    spec: &'static Spec,
    inputs: &'b [Input<'a, T>],
    places: &'b [Option<usize>],
    ranks: Vec<usize>,
    /// For each axis its lengths, and the input that has them first.
    lengths: Vec<Option<(Vec<usize>, usize)>>,
}

impl<'a, 'b, T: Float> Binder<'a, 'b, T> {
    pub(super) fn new(
        spec: &'static Spec,
        inputs: &'b [Input<'a, T>],
        places: &'b [Option<usize>],
    ) -> Result<Self, Error> {
        let ranks = ranks(spec, inputs)?;
        Ok(Binder { spec, inputs, places, ranks, lengths: vec![None; spec.axes.len()] })
    }

    pub(super) fn bind(mut self) -> Result<Bound<'a>, Error> {
        let spec = self.spec;
        for required in [true, false] {
            for (index, input) in spec.inputs.iter().enumerate() {
                if let Some(shape) = self.inputs[index].shape()
                    && input.default.is_none() == required
                {
                    self.measure(index, input, shape, required)?;
                }
            }
        }
        let mut lengths = Vec::with_capacity(spec.axes.len());
        for (axis, known) in spec.axes.iter().zip(self.lengths) {
            lengths.push(match known {
                Some((known, _)) => known,
                None if *axis == AxisSpec::Samples => Vec::new(),
                None => return Err(Error::UnknownSize { loss: spec.name, axis: axis.name() }),
            });
        }
        let samples: Vec<usize> = spec.samples.iter().flat_map(|axis| lengths[*axis].clone()).collect();
        fits_memory::<T>(spec, &samples)?;
        for given in self.inputs {
            if let Input::Float(view) = given {
                fits_memory::<T>(spec, view.shape())?;
            }
        }
        let bound = Bound { samples: Cow::Owned(samples), lengths };
        for (input, given) in spec.inputs.iter().zip(self.inputs) {
            if let (Some(shape), Some(_)) = (given.shape(), input.default) {
                let expected = bound.shape(spec, input, self.places);
                if !broadcasts(shape, &expected) {
                    let (loss, declared) = (spec.name, input.axes);
                    let (input, shape) = (input.name, shape.to_vec());
                    return Err(if declared == [AxisSpec::Samples] {
                        Error::NotBroadcastable { loss, input, shape, samples: expected }
                    } else {
                        Error::NotBroadcastableTo { loss, input, shape, expected, declared }
                    });
                }
            }
        }
        Ok(bound)
    }

    /// Learns the lengths of axes from an array, or compares them. An optional input tells only what no other
    /// one does, and only where it has all of its axes.
    fn measure(
        &mut self,
        index: usize,
        input: &'static InputSpec,
        shape: &[usize],
        required: bool,
    ) -> Result<(), Error> {
        let spec = self.spec;
        let order = order(spec, input, &self.ranks, self.places)?;
        if order.len() != shape.len() {
            return if required { Err(self.miscounted(input, shape, &order)) } else { Ok(()) };
        }
        for axis in input.axes.iter().filter_map(|axis| spec.axis(*axis)) {
            let own = order.iter().zip(shape).filter(|(part, _)| part.0 == axis).map(|(_, length)| *length);
            let own: Vec<usize> = own.collect();
            match &self.lengths[axis] {
                None => self.lengths[axis] = Some((own, index)),
                Some((known, first)) if *known != own && required => {
                    return Err(self.differs(axis, *first, input, shape));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Says that an array has too many or too few axes, and what shape it must have as far as it is known.
    fn miscounted(&self, input: &'static InputSpec, shape: &[usize], order: &[(usize, usize)]) -> Error {
        let length = |(axis, part): &(usize, usize)| Some(self.lengths[*axis].as_ref()?.0[*part]);
        let expected = order.iter().any(|part| length(part).is_some()).then(|| {
            let name = |part: &(usize, usize)| self.spec.axes[part.0].name().to_owned();
            let words = order.iter().map(|part| length(part).map_or_else(|| name(part), |l| l.to_string()));
            format!("[{}]", words.collect::<Vec<_>>().join(", "))
        });
        match rank(self.spec, input, shape) {
            Error::Rank { loss, input, shape, declared, .. } => {
                Error::Rank { loss, input, shape, declared, expected }
            }
            other => other,
        }
    }

    /// Says that an array and that of input `first` differ in an axis.
    fn differs(&self, axis: usize, first: usize, input: &'static InputSpec, shape: &[usize]) -> Error {
        Error::AxisSize {
            loss: self.spec.name,
            axis: self.spec.axes[axis].name(),
            input: self.spec.inputs[first].name,
            shape: self.inputs[first].shape().unwrap_or(&[]).to_vec(),
            other: input.name,
            other_shape: shape.to_vec(),
        }
    }
}
