//! The passes of a loss over named axes: runs of its programs.
//!
//! Input: a task and the programs of numerator and divisor. Output: the outcome. This is where arrays become
//! pointers with strides for every axis that the inputs declare.

use std::ops::Range;

use ndarray::ArrayD;

use super::{Passes, reduce};
use crate::bind::{Bound, Layout};
use crate::error::Error;
use crate::explain::explain;
use crate::formula::Parts;
use crate::label::Labels;
use crate::real::Float;
use crate::rows::{self, Data, Elements, Fault, RowAxis, RowInput, RowTarget, Rows};
use crate::spec::{AxisSpec, Role, Spec};
use crate::sweep::view::{Strides, View, ViewMut};
use crate::sweep::{Demand, Operand, Sink, StridedMut, Upstream};
use crate::task::{Factor, Input, Outcome, Task};

/// Runs a task over at least one sample.
pub(super) fn run<T: Float>(
    spec: &'static Spec,
    numerator: Parts<'_, T>,
    divisor: Option<Parts<'_, T>>,
    bound: &Bound<'_>,
    task: Task<'_, '_, T>,
) -> Result<Outcome, Error> {
    let Task { inputs, places, check, .. } = task;
    let copies: Vec<Option<ArrayD<i64>>> = inputs.iter().map(copied).collect();
    let read: Vec<Input<'_, T>> = inputs
        .iter()
        .zip(&copies)
        .map(|(given, copy)| copy.as_ref().map_or(*given, |copy| Input::Int(Labels::I64(View::of(copy)))))
        .collect();
    let layouts: Vec<Layout> = spec
        .inputs
        .iter()
        .zip(&read)
        .map(|(input, given)| {
            let array = given.shape().zip(given.strides());
            array.map_or_else(Layout::default, |(shape, strides)| {
                bound.layout(spec, input, places, shape, strides)
            })
        })
        .collect();
    let axes: Vec<Vec<RowAxis<'_>>> = layouts.iter().map(Layout::axes).collect();
    let slots = spec.inputs.iter().zip(&read).zip(&axes);
    let row_inputs: Vec<RowInput<'_, T>> =
        slots.map(|((input, given), axes)| RowInput { data: data(given, input.default), axes }).collect();
    let positions: Vec<(usize, Range<usize>)> =
        spec.samples.iter().map(|axis| (*axis, bound.sample_range(spec, *axis))).collect();
    let mut programs = Programs {
        spec,
        numerator,
        divisor,
        bound,
        inputs,
        places,
        row_inputs: &row_inputs,
        sizes: &bound.sizes(),
        labels: &labels(spec),
        positions: &positions,
        check,
    };
    reduce(spec, &bound.samples, task, &mut programs)
}

/// A copy of labels of a type that programs do not read; each of those that they read has code of its own.
fn copied<T>(given: &Input<'_, T>) -> Option<ArrayD<i64>> {
    match given {
        Input::Int(labels @ (Labels::I16(_) | Labels::I8(_) | Labels::U64(_) | Labels::U16(_))) => {
            labels.converted()
        }
        _ => None,
    }
}

/// Where the elements of an input are. Labels that were to be copied have been.
fn data<'a, T: Float>(given: &Input<'a, T>, default: Option<f64>) -> Data<'a, T> {
    match given {
        Input::Missing | Input::Int(Labels::I16(_) | Labels::I8(_) | Labels::U64(_) | Labels::U16(_)) => {
            Data::Splat(T::from_f64(default.unwrap_or(0.0)))
        }
        Input::Float(view) => Data::Float(Elements::new(view.pointer())),
        Input::Bool(view) => Data::Bool(Elements::new(view.pointer())),
        Input::Int(Labels::I64(view)) => Data::I64(Elements::new(view.pointer())),
        Input::Int(Labels::I32(view)) => Data::I32(Elements::new(view.pointer())),
        Input::Int(Labels::U32(view)) => Data::U32(Elements::new(view.pointer())),
        Input::Int(Labels::U8(view)) => Data::U8(Elements::new(view.pointer())),
        Input::Int(Labels::Usize(view)) => Data::Usize(Elements::new(view.pointer())),
    }
}

/// The inputs that hold positions.
fn labels(spec: &'static Spec) -> Vec<rows::Labels> {
    let inputs = spec.inputs.iter().enumerate();
    inputs
        .filter_map(|(input, known)| {
            let (Role::Index(name) | Role::Set(name)) = known.role else { return None };
            let axis = spec.axes.iter().position(|axis| axis.name() == name)?;
            Some(rows::Labels { input, axis, set: matches!(known.role, Role::Set(_)) })
        })
        .collect()
}

/// The programs of a loss and what they read.
struct Programs<'s, T> {
    spec: &'static Spec,
    numerator: Parts<'s, T>,
    divisor: Option<Parts<'s, T>>,
    bound: &'s Bound<'s>,
    inputs: &'s [Input<'s, T>],
    places: &'s [Option<usize>],
    row_inputs: &'s [RowInput<'s, T>],
    sizes: &'s [usize],
    labels: &'s [rows::Labels],
    positions: &'s [(usize, Range<usize>)],
    check: bool,
}

/// What a run is asked for beside the sum of the values.
struct Pass<'p, 'g, T> {
    demand: Demand,
    upstream: Factor<'p, T>,
    values: Option<&'p mut ViewMut<'g, T>>,
    accumulate: bool,
    check: bool,
}

impl<T: Float> Programs<'_, T> {
    fn run(
        &self,
        parts: Parts<'_, T>,
        pass: Pass<'_, '_, T>,
        gradients: &mut [Option<ViewMut<'_, T>>],
    ) -> Result<f64, Error> {
        let (spec, shape) = (self.spec, &*self.bound.samples);
        let (mut value_strides, mut factor_strides) = (Strides::new(), Strides::new());
        let values: Option<StridedMut<'_, T>> =
            pass.values.and_then(|values| match values.sink(shape, &mut value_strides) {
                Some(Sink::Store(goal) | Sink::Fold(goal)) => Some(goal),
                _ => None,
            });
        let upstream = match pass.upstream {
            Factor::Same(scale) => Upstream::Scale(scale),
            Factor::Each(view) => view
                .strided(shape, &mut factor_strides)
                .map_or(Upstream::Scale(0.0), |factors| Upstream::Each(Operand::Float(factors))),
        };
        let layouts: Vec<Option<Layout>> = gradients
            .iter()
            .zip(spec.inputs)
            .map(|(buffer, input)| {
                // An array without elements has no strides to speak of, and nothing to write.
                let buffer = buffer.as_ref().filter(|buffer| !buffer.shape().contains(&0))?;
                Some(self.bound.layout(spec, input, self.places, buffer.shape(), buffer.strides()))
            })
            .collect();
        let axes: Vec<Option<Vec<RowAxis<'_>>>> =
            layouts.iter().map(|layout| layout.as_ref().map(Layout::axes)).collect();
        let mut targets: Vec<Option<RowTarget<'_, T>>> = vec![None; spec.inputs.len()];
        for ((target, buffer), axes) in targets.iter_mut().zip(gradients).zip(&axes) {
            if let (Some(buffer), Some(axes)) = (buffer, axes) {
                *target = Some(RowTarget { pointer: buffer.pointer(), axes });
            }
        }
        let rows = Rows {
            program: parts.program,
            stages: parts.stages,
            shape,
            sizes: self.sizes,
            inputs: self.row_inputs,
            labels: self.labels,
            positions: self.positions,
            demand: pass.demand,
            first: spec.gradients.first().map(|gradient| gradient.input),
            upstream,
            values: values.as_ref(),
            gradients: &targets,
            accumulate: pass.accumulate,
            check: pass.check,
        };
        // SAFETY: every array is borrowed for the call, those that are written exclusively, and layouts keep to
        // the shapes of the arrays, which have been checked. Generated code hands over what the compiler made.
        unsafe { rows::run(&rows) }.map_err(|fault| self.fault(fault))
    }

    #[cold]
    fn fault(&self, fault: Fault) -> Error {
        let explain = |only, sample| explain(self.spec, self.inputs, self.places, self.bound, only, sample);
        match fault {
            Fault::Invalid { sample } => explain(None, sample),
            Fault::Label { input, sample, .. } => explain(Some(input), sample),
            Fault::Large => {
                let axes =
                    self.spec.axes.iter().zip(self.sizes).filter(|(axis, _)| **axis != AxisSpec::Samples);
                let axes = axes.map(|(axis, size)| (axis.name(), *size)).collect();
                Error::TooMuchMemory { loss: self.spec.name, axes }
            }
            Fault::Long { axis } => Error::AxisTooLong {
                loss: self.spec.name,
                axis: self.spec.axes[axis].name(),
                size: self.sizes[axis],
            },
        }
    }
}

impl<T: Float> Passes<T> for Programs<'_, T> {
    fn denominator(&mut self) -> Result<f64, Error> {
        let Some(divisor) = self.divisor else { return Ok(self.bound.count() as f64) };
        let pass = Pass {
            demand: Demand::Value,
            upstream: Factor::Same(0.0),
            values: None,
            accumulate: false,
            check: false,
        };
        self.run(divisor, pass, &mut [])
    }

    fn numerator(
        &mut self,
        demand: Demand,
        upstream: Factor<'_, T>,
        values: Option<&mut ViewMut<'_, T>>,
        gradients: &mut [Option<ViewMut<'_, T>>],
    ) -> Result<f64, Error> {
        let pass = Pass { demand, upstream, values, accumulate: false, check: self.check };
        self.run(self.numerator, pass, gradients)
    }

    fn denominator_gradients(
        &mut self,
        scale: f64,
        gradients: &mut [Option<ViewMut<'_, T>>],
        accumulate: bool,
    ) -> Result<(), Error> {
        let Some(divisor) = self.divisor else { return Ok(()) };
        let pass = Pass {
            demand: Demand::Gradients,
            upstream: Factor::Same(scale),
            values: None,
            accumulate,
            check: false,
        };
        self.run(divisor, pass, gradients).map(drop)
    }
}
