//! The passes of an elementwise loss: sweeps of its kernels.

use std::marker::PhantomData;

use ndarray::ArrayD;

use super::{Passes, output_of, reduce};
use crate::bind::Bound;
use crate::carrier::Fx;
use crate::error::Error;
use crate::explain::explain;
use crate::formula::Formula;
use crate::kernel::Kernel;
use crate::label::Labels;
use crate::real::{Float, Real};
use crate::spec::{DivisorSpec, Spec};
use crate::sweep::view::{Strides, View, ViewMut};
use crate::sweep::{self, Demand, Operand, Sink, Sweep, Upstream};
use crate::task::{Factor, Input, Outcome, Task};

/// What knows the description of a loss: a type, or the description itself.
pub(super) trait Described: Copy {
    /// The loss as data.
    fn spec(self) -> &'static Spec;
}

/// The description of a loss that is generated: a constant.
pub(super) struct Known<F>(PhantomData<F>);

impl<F> Known<F> {
    pub(super) const NEW: Self = Known(PhantomData);
}

impl<F> Clone for Known<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Known<F> {}

impl<F: Formula> Described for Known<F> {
    #[inline(always)]
    fn spec(self) -> &'static Spec {
        F::SPEC
    }
}

/// A kernel in either form: what a sweep can be run with.
pub(super) trait Sweeping<T, const I: usize, const O: usize> {
    /// Whether it is the divisor that counts samples, which needs no sweep.
    const COUNTS: bool;

    /// The same, where it is known at run time only.
    fn counts(&self) -> bool {
        Self::COUNTS
    }

    /// Runs a sweep.
    fn sweep(&self, sweep: Sweep<'_, T, I, O>) -> Result<f64, usize>;

    /// The value at one sample.
    fn at(&self, inputs: [T; I]) -> T;
}

/// A kernel of generated code.
pub(super) struct Compiled<K>(pub(super) K);

impl<T: Float, K: Kernel<T, I, O>, const I: usize, const O: usize> Sweeping<T, I, O> for Compiled<K> {
    const COUNTS: bool = K::COUNTS;

    #[inline(always)]
    fn sweep(&self, sweep: Sweep<'_, T, I, O>) -> Result<f64, usize> {
        sweep::run(self.0, sweep)
    }

    #[inline(always)]
    fn at(&self, inputs: [T; I]) -> T {
        self.0.value(inputs.map(Fx::<T, false>::of)).value.get()
    }
}

/// The kernels of a loss and what they read.
pub(super) struct Sweeps<'s, S, T, K, D, const I: usize, const O: usize, const M: usize> {
    kernel: K,
    divisor: D,
    operands: [Operand<'s, T>; I],
    inputs: &'s [Input<'s, T>],
    bound: &'s Bound<'s>,
    check: bool,
    described: S,
}

impl<S, T, K, D, const I: usize, const O: usize, const M: usize> Sweeps<'_, S, T, K, D, I, O, M>
where
    S: Described,
    T: Float,
    K: Sweeping<T, I, O>,
    D: Sweeping<T, I, M>,
{
    /// Runs a task over at least one sample.
    pub(super) fn run(
        described: S,
        kernel: K,
        divisor: D,
        bound: &Bound<'_>,
        task: Task<'_, '_, T>,
    ) -> Result<Outcome, Error> {
        let shape = &*bound.samples;
        let converted = converted(task.inputs);
        let mut strides = [const { Strides::new() }; I];
        let mut operands = [Operand::Splat(T::default()); I];
        place_inputs(described.spec(), task.inputs, &converted, shape, &mut strides, &mut operands);
        let (inputs, check) = (task.inputs, task.check);
        let mut sweeps = Sweeps { kernel, divisor, operands, inputs, bound, check, described };
        reduce(described.spec(), shape, task, &mut sweeps)
    }

    fn fault(&self, flat: usize) -> Error {
        explain(self.described.spec(), self.inputs, &[], self.bound, None, flat)
    }
}

impl<S, T, K, D, const I: usize, const O: usize, const M: usize> Passes<T> for Sweeps<'_, S, T, K, D, I, O, M>
where
    S: Described,
    T: Float,
    K: Sweeping<T, I, O>,
    D: Sweeping<T, I, M>,
{
    fn denominator(&mut self) -> Result<f64, Error> {
        let count = self.bound.count() as f64;
        // Said as a constant, so that no sweep of a divisor is compiled where there is none.
        if const { D::COUNTS } || self.divisor.counts() {
            return Ok(count);
        }
        let constants = self.described.spec().divisor.and_then(|summand| constants(&summand, &self.operands));
        if let Some(constants) = constants {
            return Ok(self.divisor.at(constants).to_f64() * count);
        }
        let sweep = Sweep {
            shape: &self.bound.samples,
            inputs: self.operands,
            demand: Demand::Value,
            upstream: Upstream::Scale(0.0),
            values: Sink::Discard,
            gradients: [const { Sink::Discard }; M],
            accumulate: false,
            check: false,
        };
        self.divisor.sweep(sweep).map_err(|flat| self.fault(flat))
    }

    fn numerator(
        &mut self,
        demand: Demand,
        upstream: Factor<'_, T>,
        values: Option<&mut ViewMut<'_, T>>,
        gradients: &mut [Option<ViewMut<'_, T>>],
    ) -> Result<f64, Error> {
        let shape = &*self.bound.samples;
        let (mut value_strides, mut factor_strides) = (Strides::new(), Strides::new());
        let mut sink_strides = [const { Strides::new() }; I];
        let mut sinks = [const { Sink::Discard }; O];
        let spec = self.described.spec();
        place(gradients, |input| output_of(spec, input), shape, &mut sink_strides, &mut sinks);
        let upstream = match upstream {
            Factor::Same(scale) => Upstream::Scale(scale),
            Factor::Each(view) => view
                .strided(shape, &mut factor_strides)
                .map_or(Upstream::Scale(0.0), |factors| Upstream::Each(Operand::Float(factors))),
        };
        let sweep = Sweep {
            shape,
            inputs: self.operands,
            demand,
            upstream,
            values: values.and_then(|values| values.sink(shape, &mut value_strides)).unwrap_or(Sink::Discard),
            gradients: sinks,
            accumulate: false,
            check: self.check,
        };
        self.kernel.sweep(sweep).map_err(|flat| self.fault(flat))
    }

    fn denominator_gradients(
        &mut self,
        scale: f64,
        gradients: &mut [Option<ViewMut<'_, T>>],
        accumulate: bool,
    ) -> Result<(), Error> {
        if const { D::COUNTS } || self.divisor.counts() {
            return Ok(());
        }
        let reads = self.described.spec().divisor.map_or(&[][..], |summand| summand.reads);
        let mut sink_strides = [const { Strides::new() }; I];
        let mut sinks = [const { Sink::Discard }; M];
        let output = |input| reads.iter().position(|&read| read == input);
        place(gradients, output, &self.bound.samples, &mut sink_strides, &mut sinks);
        let sweep = Sweep {
            shape: &self.bound.samples,
            inputs: self.operands,
            demand: Demand::Gradients,
            upstream: Upstream::Scale(scale),
            values: Sink::Discard,
            gradients: sinks,
            accumulate,
            check: false,
        };
        self.divisor.sweep(sweep).map(drop).map_err(|flat| self.fault(flat))
    }
}

/// Labels in the type that sweeps read, where they have another; no slots at all where none does.
fn converted<T>(inputs: &[Input<'_, T>]) -> Vec<Option<ArrayD<i64>>> {
    let labels =
        |input: &Input<'_, T>| if let Input::Int(labels) = input { labels.converted() } else { None };
    if inputs
        .iter()
        .all(|input| !matches!(input, Input::Int(_)) || matches!(input, Input::Int(Labels::I64(_))))
    {
        return Vec::new();
    }
    inputs.iter().map(labels).collect()
}

/// The inputs as operands of a sweep over `shape`, to which all of them broadcast.
fn place_inputs<'o, T: Float>(
    spec: &'static Spec,
    inputs: &[Input<'o, T>],
    converted: &'o [Option<ArrayD<i64>>],
    shape: &[usize],
    strides: &'o mut [Strides],
    operands: &mut [Operand<'o, T>],
) {
    let slots = operands.iter_mut().zip(strides);
    for (index, ((input, given), (operand, strides))) in spec.inputs.iter().zip(inputs).zip(slots).enumerate()
    {
        let strided = match given {
            Input::Missing => None,
            Input::Float(view) => view.strided(shape, strides).map(Operand::Float),
            Input::Bool(view) => view.strided(shape, strides).map(Operand::Bool),
            Input::Int(Labels::I64(view)) => view.strided(shape, strides).map(Operand::Int),
            Input::Int(_) => match converted.get(index) {
                Some(Some(copy)) => View::of(copy).strided(shape, strides).map(Operand::Int),
                _ => None,
            },
        };
        *operand = strided.unwrap_or(Operand::Splat(T::from_f64(input.default.unwrap_or(0.0))));
    }
}

/// What the divisor reads, where every sample adds the same to it; 1 for what it does not read. (`reads` lists
/// differentiable inputs only, so any array of another type might be read, too.)
fn constants<T: Float, const I: usize>(
    summand: &DivisorSpec,
    inputs: &[Operand<'_, T>; I],
) -> Option<[T; I]> {
    let mut constants = [T::from_f64(1.0); I];
    for (index, (constant, operand)) in constants.iter_mut().zip(inputs).enumerate() {
        match operand {
            Operand::Splat(value) => *constant = *value,
            Operand::Float(_) if !summand.reads.contains(&index) => {}
            _ => return None,
        }
    }
    (!summand.filtered).then_some(constants)
}

/// Puts the buffers of inputs where the kernel's outputs go.
fn place<'x, T>(
    buffers: &'x mut [Option<ViewMut<'_, T>>],
    output: impl Fn(usize) -> Option<usize>,
    shape: &[usize],
    strides: &'x mut [Strides],
    sinks: &mut [Sink<'x, T>],
) {
    for (input, (buffer, strides)) in buffers.iter_mut().zip(strides).enumerate() {
        if let Some(buffer) = buffer
            && let Some(sink) = output(input).and_then(|output| sinks.get_mut(output))
            && let Some(goal) = buffer.sink(shape, strides)
        {
            *sink = goal;
        }
    }
}
