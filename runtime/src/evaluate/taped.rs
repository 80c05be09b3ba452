//! Losses made of tapes: the same passes, with tapes in the place of generated code.

use super::elementwise::{Described, Sweeping, Sweeps};
use super::{nothing, rows};
use crate::bind::Bound;
use crate::error::Error;
use crate::formula::Parts;
use crate::real::Float;
use crate::rows::{Lanes, Taped as TapedStage};
use crate::spec::Spec;
use crate::sweep::{Demand, Sweep, Taped};
use crate::tape::machine::Aligned;
use crate::tape::{Coded, Formula, Kernel, KernelPlan, Kernels, RowKernel};
use crate::task::{Outcome, Task};

/// The most inputs of an elementwise loss that is made of tapes.
const MOST_INPUTS: usize = 64;

/// Evaluates a loss made of tapes.
pub(crate) fn evaluate_tape<T: Float + Coded>(
    formula: &Formula,
    task: Task<'_, '_, T>,
) -> Result<Outcome, Error> {
    let bound = task.check(formula.spec)?;
    if bound.count() == 0 {
        return Ok(nothing(task, &bound.samples));
    }
    match formula.kernels(task.parameters) {
        Kernels::Samples(kernel, divisor) => samples(formula.spec, kernel, divisor.as_deref(), &bound, task),
        Kernels::Rows(numerator, divisor) => {
            let numerator_constants = constants(numerator, task.parameters);
            let divisor_constants = divisor.as_deref().map(|divisor| constants(divisor, task.parameters));
            let own = stages(numerator, &numerator_constants);
            let others = divisor.as_deref().zip(divisor_constants.as_ref()).map(|(d, c)| (d, stages(d, c)));
            let (own, others) = (&own, &others);
            let lanes: Vec<&dyn Lanes<T>> = own.iter().map(|stage| stage as &dyn Lanes<T>).collect();
            let other_lanes: Vec<&dyn Lanes<T>> =
                others.iter().flat_map(|(_, stages)| stages).map(|stage| stage as &dyn Lanes<T>).collect();
            let parts = Parts { program: &numerator.program, stages: &lanes };
            let divisor = others.as_ref().map(|(d, _)| Parts { program: &d.program, stages: &other_lanes });
            rows::run(formula.spec, parts, divisor, &bound, task)
        }
    }
}

fn constants<T: Float>(kernel: &RowKernel, parameters: &[f64]) -> Vec<Vec<Aligned<T>>> {
    kernel.stages.iter().map(|stage| stage.plan.fixed.evaluate(parameters)).collect()
}

fn stages<'t, T: Float + Coded>(
    kernel: &'t RowKernel,
    constants: &'t [Vec<Aligned<T>>],
) -> Vec<TapedStage<'t, T>> {
    let stages = kernel.stages.iter().zip(constants).map(|(stage, constants)| TapedStage {
        code: T::of(&stage.codes),
        constants,
        kinds: &stage.plan.kinds,
        inputs: stage.plan.inputs,
        positioned: stage.plan.positioned,
        once: stage.plan.once,
    });
    stages.collect()
}

impl Described for &'static Spec {
    fn spec(self) -> &'static Spec {
        self
    }
}

/// A kernel with the values of the call; none is the divisor that counts samples.
struct Interpreted<'t, T>(Option<(&'t Kernel, Vec<Aligned<T>>)>);

impl<'t, T: Float> Interpreted<'t, T> {
    fn new(kernel: Option<&'t Kernel>, parameters: &[f64]) -> Self {
        Interpreted(kernel.map(|kernel| (kernel, kernel.plan.fixed.evaluate(parameters))))
    }
}

impl<T: Float + Coded, const I: usize, const O: usize> Sweeping<T, I, O> for Interpreted<'_, T> {
    const COUNTS: bool = false;

    fn counts(&self) -> bool {
        self.0.is_none()
    }

    fn sweep(&self, sweep: Sweep<'_, T, I, O>) -> Result<f64, usize> {
        let Some((kernel, constants)) = &self.0 else {
            return Ok(sweep.shape.iter().product::<usize>() as f64);
        };
        let codes = match sweep.demand {
            Demand::Value => &kernel.codes[0],
            Demand::Gradient => &kernel.codes[1],
            Demand::Gradients => &kernel.codes[2],
        };
        let KernelPlan { checked, transcendental, .. } = kernel.plan;
        Taped { code: T::of(codes), constants, checked, transcendental }.sweep(&sweep)
    }

    fn at(&self, inputs: [T; I]) -> T {
        self.0
            .as_ref()
            .map_or(T::from_f64(1.0), |(kernel, constants)| kernel.plan.value.evaluate(&inputs, constants))
    }
}

/// Runs an elementwise loss, in the smallest sweep that has room for its arrays.
fn samples<T: Float + Coded>(
    spec: &'static Spec,
    kernel: &Kernel,
    divisor: Option<&Kernel>,
    bound: &Bound<'_>,
    task: Task<'_, '_, T>,
) -> Result<Outcome, Error> {
    let own = Interpreted::new(Some(kernel), task.parameters);
    let other = Interpreted::new(divisor, task.parameters);
    macro_rules! sized {
        ($($size:literal)+) => {
            match spec.inputs.len() {
                $(..=$size => Sweeps::<_, T, _, _, $size, $size, $size>::run(spec, own, other, bound, task),)+
                inputs => Err(Error::TooManyInputs { loss: spec.name, inputs, most: MOST_INPUTS }),
            }
        };
    }
    sized!(2 4 8 16 32 64)
}
