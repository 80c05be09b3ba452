//! Calls of any loss at random points: arrays by name, in any memory layout, for the loss as generated and for the
//! oracle.

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(unreachable_pub, reason = "what is public here is public to the test program")]

pub mod layout;
pub mod points;

use std::collections::BTreeMap;

use layout::Layout;
use lossdef::dynamic::{DynamicCall, Loss};
use lossdef::spec::{AxisSpec, InputSpec, Role};
use lossdef::{Error, ReductionKind};
use lossdef_runtime::any::AnyArray;
use ndarray::{ArrayD, Axis, IxDyn};

use crate::oracle::arrays::Array;

/// Numbers by the name of the input.
pub type Named = BTreeMap<&'static str, ArrayD<f64>>;

/// Inputs and parameters of a call. Optional inputs may be missing.
#[derive(Clone, Debug)]
pub struct Given {
    pub loss: &'static dyn Loss,
    /// Every input as numbers, labels too, with its axes in the order of the declaration.
    pub inputs: Named,
    pub parameters: BTreeMap<&'static str, f64>,
}

/// What a call gives.
#[derive(Clone, Debug)]
pub struct Numbers {
    pub value: ArrayD<f64>,
    /// With axes in the order of the declaration.
    pub gradients: Named,
}

/// How a call is made.
#[derive(Clone, Debug)]
pub struct How {
    pub single: bool,
    pub layout: Layout,
    /// Where an axis stands in every array that has it beside sample axes.
    pub axis: Option<(&'static str, usize)>,
    pub reduction: ReductionKind,
    /// The derivative with respect to the result: one number, or one for each sample.
    pub upstream: Vec<f64>,
}

impl How {
    /// A plain call in double precision.
    pub fn plain(reduction: ReductionKind, upstream: Vec<f64>) -> How {
        How { single: false, layout: Layout::RowMajor, axis: None, reduction, upstream }
    }
}

/// An input as it lies in memory.
enum Stored {
    Single(ArrayD<f32>),
    Double(ArrayD<f64>),
    Labels(ArrayD<i64>),
}

impl Given {
    pub fn spec(&self, input: &str) -> &'static InputSpec {
        let found = self.loss.spec().inputs.iter().find(|spec| spec.name == input);
        found.unwrap_or_else(|| panic!("{} has no input `{input}`", self.loss.spec().name))
    }

    /// The inputs that are differentiated.
    pub fn real(&self) -> impl Iterator<Item = &'static str> {
        self.inputs.keys().copied().filter(|name| self.spec(name).role == Role::Real)
    }

    /// The inputs as the oracle takes them.
    pub fn for_the_oracle(&self) -> BTreeMap<&str, Array> {
        let array = |of: &ArrayD<f64>| Array::new(of.shape(), of.iter().copied().collect());
        self.inputs.iter().map(|(name, of)| (*name, array(of))).collect()
    }

    /// The same with numbers that float32 has.
    pub fn rounded(&self) -> Given {
        let mut rounded = self.clone();
        for array in rounded.inputs.values_mut() {
            array.mapv_inplace(|x| f64::from(x as f32));
        }
        rounded
    }

    /// Evaluates the loss, with every gradient.
    pub fn evaluate(&self, how: &How) -> Result<Numbers, Error> {
        let stored: Vec<(&str, Stored)> =
            self.inputs.iter().map(|(name, array)| (*name, self.store(name, array, how))).collect();
        let shape = self.samples();
        let mut call = self.with_inputs(&stored, how).reduction(how.reduction);
        for name in self.real() {
            call = call.gradient(name);
        }
        let each = |convert: fn(&f64) -> f64| {
            let numbers = how.upstream.iter().map(convert).collect();
            ArrayD::from_shape_vec(IxDyn(&shape), numbers).expect("one number for each sample")
        };
        let (double, single);
        if how.reduction != ReductionKind::None {
            call = call.upstream(how.upstream[0]);
        } else if how.single {
            single = each(|x| *x).mapv(|x| x as f32);
            call = call.upstream_each(&single);
        } else {
            double = each(|x| *x);
            call = call.upstream_each(&double);
        }
        let found = call.evaluate()?;
        let gradient = |name: &'static str| {
            let array = found.gradient(name).expect("a gradient that was asked for").to_f64();
            (name, self.placed(name, &array, how, true))
        };
        let gradients = self.real().map(gradient).collect();
        Ok(Numbers { value: found.value.to_f64(), gradients })
    }

    /// The numerator, the denominator, and the gradients of both, in double precision.
    pub fn partial(&self) -> Result<(f64, f64, Named, Named), Error> {
        let how = How::plain(ReductionKind::Mean, vec![1.0]);
        let stored: Vec<(&str, Stored)> =
            self.inputs.iter().map(|(name, array)| (*name, self.store(name, array, &how))).collect();
        let mut call = self.with_inputs(&stored, &how);
        for name in self.real() {
            call = call.gradient(name).denominator_gradient(name);
        }
        let found = call.partial()?;
        let numbers = |array: Option<&AnyArray>| array.expect("it was asked for").to_f64();
        let numerators = self.real().map(|name| (name, numbers(found.numerator_gradient(name)))).collect();
        let denominators =
            self.real().map(|name| (name, numbers(found.denominator_gradient(name)))).collect();
        Ok((found.partial.numerator, found.partial.denominator, numerators, denominators))
    }

    /// The shape of the samples, from the first required input that has their axes.
    pub fn samples(&self) -> Vec<usize> {
        let spec = self.loss.spec();
        let mut shape = Vec::new();
        for axis in spec.samples {
            shape.extend(self.length(spec.axes[*axis]).expect("the sample axes of a required input"));
        }
        shape
    }

    /// The lengths of an axis.
    fn length(&self, axis: AxisSpec) -> Option<Vec<usize>> {
        self.loss.spec().inputs.iter().find_map(|input| {
            let array = self.inputs.get(input.name).filter(|_| input.default.is_none())?;
            let own = input.axes.iter().position(|other| *other == axis)?;
            let single = |axes: &[AxisSpec]| axes.iter().filter(|axis| !axis.is_open()).count();
            let open = array.ndim() - single(input.axes);
            // At most one axis of an input is open, which takes what the others leave.
            let before = input.axes[..own].iter().map(|axis| if axis.is_open() { open } else { 1 }).sum();
            let many = if axis.is_open() { open } else { 1 };
            Some(array.shape()[before..before + many].to_vec())
        })
    }

    fn with_inputs<'a>(&self, stored: &'a [(&str, Stored)], how: &How) -> DynamicCall<'a> {
        let mut call = self.loss.call();
        for (name, value) in &self.parameters {
            call = call.parameter(name, *value);
        }
        if let Some((axis, place)) = how.axis {
            call = call.axis(axis, place);
        }
        for (name, array) in stored {
            let input = self.inputs[name].shape().to_vec();
            let shape = moved(input, self.move_of(name, how));
            call = match array {
                Stored::Single(array) => call.input(name, how.layout.view(array, &shape)),
                Stored::Double(array) => call.input(name, how.layout.view(array, &shape)),
                Stored::Labels(array) => call.input(name, how.layout.view(array, &shape)),
            };
        }
        call
    }

    fn store(&self, name: &str, array: &ArrayD<f64>, how: &How) -> Stored {
        let array = self.placed(name, array, how, false);
        match self.spec(name).role {
            Role::Real if how.single => Stored::Single(how.layout.store(&array.mapv(|x| x as f32), f32::NAN)),
            Role::Real => Stored::Double(how.layout.store(&array, f64::NAN)),
            _ => Stored::Labels(how.layout.store(&array.mapv(|x| x as i64), i64::MIN)),
        }
    }

    /// An array with the moved axis at its place, or back from it.
    fn placed(&self, name: &str, array: &ArrayD<f64>, how: &How, back: bool) -> ArrayD<f64> {
        let Some((from, to)) = self.move_of(name, how) else { return array.clone() };
        let (from, to) = if back { (to, from) } else { (from, to) };
        let mut order: Vec<usize> = (0..array.ndim()).collect();
        let axis = order.remove(from);
        order.insert(to, axis);
        array.view().permuted_axes(IxDyn(&order)).as_standard_layout().into_owned()
    }

    /// From where to where an axis of an input moves.
    fn move_of(&self, name: &str, how: &How) -> Option<(usize, usize)> {
        let (axis, place) = how.axis?;
        let (spec, loss) = (self.spec(name), self.loss.spec());
        let beside = spec.axes.len() > 1 && loss.samples.iter().any(|at| spec.axes.contains(&loss.axes[*at]));
        let behind = spec.axes.iter().rev().position(|own| own.name() == axis).filter(|_| beside)?;
        let last = self.inputs[name].ndim() - 1;
        // Beyond the array, the call has to say so.
        (place <= last).then_some((last - behind, place))
    }
}

fn moved(mut shape: Vec<usize>, from_to: Option<(usize, usize)>) -> Vec<usize> {
    if let Some((from, to)) = from_to {
        let size = shape.remove(from);
        shape.insert(to, size);
    }
    shape
}

/// The part of every array that belongs to some samples of the first sample axis.
pub fn part(given: &Given, from: usize, to: usize) -> Given {
    let mut part = given.clone();
    let samples = given.loss.spec().axes[given.loss.spec().samples[0]];
    for (name, array) in &mut part.inputs {
        if given.spec(name).axes.first() == Some(&samples)
            && array.ndim() > 0
            && given.spec(name).default.is_none()
        {
            *array = array.slice_axis(Axis(0), (from..to).into()).to_owned();
        }
    }
    part
}
