//! Shapes: which axes the arrays of a call have, how long they are, and where they stand.
//!
//! Input: the declared axes of every input, the arrays of a call, and the axes that were said to stand
//! elsewhere. Output: [`Bound`], the sample shape and the lengths of every axis, or what does not fit.
//! Invariant: after that, [`Bound::layout`] finds for every array the strides of all axes that its input declares.

mod measure;

use std::borrow::Cow;
use std::ops::Range;

use self::measure::Binder;
use crate::error::Error;
use crate::real::Float;
use crate::rows::RowAxis;
use crate::spec::{AxisSpec, InputSpec, Spec};
use crate::task::{Input, check_type};

/// The axes of a call.
#[derive(Debug)]
pub(crate) struct Bound<'a> {
    /// The sample shape.
    pub(crate) samples: Cow<'a, [usize]>,
    /// For each axis of the loss its lengths: one for a named axis, any number for `..` and groups. Nothing
    /// where the loss is elementwise.
    lengths: Vec<Vec<usize>>,
}

/// How an array lies over the axes that its input declares, in the order of the declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The length and the stride of every axis, those that `..` and groups stand for one by one. The stride is 0
    /// where the array repeats.
    pub(crate) steps: Vec<(usize, isize)>,
    /// For each of them, which axis of the array it is; `None` where the array lacks it.
    pub(crate) own: Vec<Option<usize>>,
    /// Where the axes that each declared axis stands for end.
    ends: Vec<usize>,
    /// For each declared axis that is a sample axis, the stride of each axis of the sample shape; 0 where it
    /// does not run along that one.
    samples: Vec<Vec<isize>>,
}

impl Layout {
    /// The range of `steps` that each declared axis stands for.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| start..*end)
    }

    /// The same as a program reads it.
    pub(crate) fn axes(&self) -> Vec<RowAxis<'_>> {
        let axes = self.ranges().zip(&self.samples);
        axes.map(|(range, samples)| RowAxis { steps: &self.steps[range], samples }).collect()
    }
}

/// Checks the shapes of all arrays.
pub(crate) fn bind<'a, T: Float>(
    spec: &'static Spec,
    inputs: &[Input<'a, T>],
    places: &[Option<usize>],
) -> Result<Bound<'a>, Error> {
    for (index, input) in spec.inputs.iter().enumerate() {
        match inputs.get(index) {
            Some(Input::Missing) if input.default.is_some() => {}
            None | Some(Input::Missing) => {
                return Err(Error::MissingInput { loss: spec.name, input: input.name });
            }
            Some(given) => check_type(spec, input, given)?,
        }
    }
    if spec.is_elementwise() {
        let samples = Cow::Borrowed(elementwise(spec, inputs)?);
        return Ok(Bound { samples, lengths: Vec::new() });
    }
    Binder::new(spec, inputs, places)?.bind()
}

/// The shape that all required inputs of an elementwise loss share.
fn elementwise<'a, T>(spec: &'static Spec, inputs: &[Input<'a, T>]) -> Result<&'a [usize], Error> {
    let loss = spec.name;
    let mut samples: Option<(&'static str, &'a [usize])> = None;
    let given = || spec.inputs.iter().zip(inputs).filter_map(|(input, given)| Some((input, given.shape()?)));
    for (input, shape) in given().filter(|(input, _)| input.default.is_none()) {
        if input.axes.is_empty() {
            if !shape.is_empty() {
                return Err(Error::NotScalar { loss, input: input.name, shape: shape.to_vec() });
            }
            continue;
        }
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
    let samples = samples.map_or(&[][..], |(_, shape)| shape);
    fits_memory::<T>(spec, samples)?;
    for (input, shape) in given().filter(|(input, _)| input.default.is_some()) {
        if input.axes.is_empty() && !shape.is_empty() {
            return Err(Error::NotScalar { loss, input: input.name, shape: shape.to_vec() });
        }
        if !broadcasts(shape, samples) {
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

/// Refuses a shape that no array of results could have, as a broadcast view may pretend.
fn fits_memory<T>(spec: &'static Spec, shape: &[usize]) -> Result<(), Error> {
    let bytes = shape.iter().filter(|length| **length > 0).try_fold(size_of::<T>(), |n, l| n.checked_mul(*l));
    if bytes.is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(Error::TooLarge { loss: spec.name, shape: shape.to_vec() });
    }
    Ok(())
}

/// NumPy's rule, in one direction.
fn broadcasts(from: &[usize], to: &[usize]) -> bool {
    from.len() <= to.len()
        && from.iter().rev().zip(to.iter().rev()).all(|(&from, &to)| from == to || from == 1)
}

/// What each axis of an array of an input is: an axis of the loss, and which of the axes that it stands for.
fn order(
    spec: &'static Spec,
    input: &'static InputSpec,
    ranks: &[usize],
    places: &[Option<usize>],
) -> Result<Vec<(usize, usize)>, Error> {
    let axes = || input.axes.iter().filter_map(|axis| spec.axis(*axis));
    let parts = |axis: usize| (0..ranks[axis]).map(move |part| (axis, part));
    let moves = has_samples(spec, input);
    let place = |axis: usize| if moves { places.get(axis).copied().flatten() } else { None };
    let mut order = vec![None; axes().map(|axis| ranks[axis]).sum()];
    for axis in axes() {
        let Some(first) = place(axis) else { continue };
        for (part, place) in parts(axis).zip(first..) {
            let rank = order.len();
            match order.get_mut(place) {
                Some(slot @ None) => *slot = Some(part),
                _ => {
                    let (loss, axis, declared) = (spec.name, spec.axes[axis].name(), input.axes);
                    return Err(Error::AxisPlace { loss, axis, place, input: input.name, rank, declared });
                }
            }
        }
    }
    let mut rest = axes().filter(|axis| place(*axis).is_none()).flat_map(parts);
    Ok(order.into_iter().filter_map(|slot| slot.or_else(|| rest.next())).collect())
}

/// Whether an input has sample axes and others, so that those with a name may stand elsewhere.
fn has_samples(spec: &'static Spec, input: &'static InputSpec) -> bool {
    input.axes.len() > 1 && spec.samples.iter().any(|sample| input.axes.contains(&spec.axes[*sample]))
}

/// The number of an axis that may stand elsewhere.
pub(crate) fn movable(spec: &'static Spec, name: &str) -> Result<usize, Error> {
    let axes = spec.axes.iter().enumerate().skip(1);
    let axes = axes.filter(|(_, axis)| {
        spec.inputs.iter().any(|input| has_samples(spec, input) && input.axes.contains(axis))
    });
    let found = axes.clone().find(|(_, axis)| axis.name() == name);
    found.map(|(index, _)| index).ok_or_else(|| Error::UnknownAxis {
        loss: spec.name,
        name: name.to_owned(),
        known: axes.map(|(_, axis)| axis.name()).collect(),
    })
}

impl Bound<'_> {
    /// The number of samples.
    pub(crate) fn count(&self) -> usize {
        self.samples.iter().product()
    }

    /// The number of positions of every axis of the loss.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.lengths.iter().map(|lengths| lengths.iter().product()).collect()
    }

    /// The number of positions of an axis that labels point into.
    pub(crate) fn size(&self, spec: &'static Spec, name: &str) -> usize {
        let axis = spec.axes.iter().position(|axis| axis.name() == name);
        axis.map_or(0, |axis| self.lengths[axis].iter().product())
    }

    /// The lengths that each declared axis of an input stands for.
    pub(crate) fn lengths(&self, spec: &'static Spec, axis: AxisSpec) -> &[usize] {
        spec.axis(axis).map_or(&[], |axis| &self.lengths[axis])
    }

    /// How an array of these lengths and strides lies over the declared axes of an input; of no axes where the
    /// input is not given.
    pub(crate) fn layout(
        &self,
        spec: &'static Spec,
        input: &'static InputSpec,
        places: &[Option<usize>],
        shape: &[usize],
        strides: &[isize],
    ) -> Layout {
        let order = self.order(spec, input, places);
        let missing = order.len().saturating_sub(shape.len());
        let mut layout = Layout::default();
        for axis in input.axes {
            let number = spec.axis(*axis).unwrap_or(0);
            let start = layout.steps.len();
            for (part, &length) in self.lengths(spec, *axis).iter().enumerate() {
                let place = order.iter().position(|known| *known == (number, part));
                let own = place.and_then(|place| place.checked_sub(missing)).filter(|own| *own < shape.len());
                let stride = own.filter(|own| shape[*own] == length).map_or(0, |own| strides[own]);
                layout.steps.push((length, stride));
                layout.own.push(own);
            }
            layout.ends.push(layout.steps.len());
            let mut samples = Vec::new();
            if spec.samples.contains(&number) {
                samples.resize(self.samples.len(), 0);
                let own = layout.steps[start..].iter().map(|(_, stride)| *stride);
                samples.splice(self.sample_range(spec, number), own);
            }
            layout.samples.push(samples);
        }
        layout
    }

    /// Which axes of the sample shape a sample axis of the loss stands for.
    pub(crate) fn sample_range(&self, spec: &'static Spec, axis: usize) -> Range<usize> {
        let before = spec.samples.iter().take_while(|known| **known != axis);
        let start: usize = before.map(|known| self.lengths[*known].len()).sum();
        start..start + self.lengths[axis].len()
    }

    /// The shape that an array with all axes of an input has.
    pub(crate) fn shape(
        &self,
        spec: &'static Spec,
        input: &'static InputSpec,
        places: &[Option<usize>],
    ) -> Vec<usize> {
        self.order(spec, input, places).into_iter().map(|(axis, part)| self.lengths[axis][part]).collect()
    }

    fn order(
        &self,
        spec: &'static Spec,
        input: &'static InputSpec,
        places: &[Option<usize>],
    ) -> Vec<(usize, usize)> {
        let ranks: Vec<usize> = self.lengths.iter().map(Vec::len).collect();
        order(spec, input, &ranks, places).unwrap_or_default()
    }
}
