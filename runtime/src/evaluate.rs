//! Running a task: which passes over the samples, in which order, with which scale.
//!
//! How a pass runs is behind [`Passes`]: as a sweep for elementwise losses, as a program for those over named
//! axes. What reductions mean is here, once for both.

mod elementwise;
mod rows;
#[cfg(feature = "tape")]
mod taped;

use std::marker::PhantomData;

use self::elementwise::{Compiled, Known, Sweeps};
#[cfg(feature = "tape")]
pub(crate) use self::taped::evaluate_tape;
use crate::bind::Bound;
use crate::error::Error;
use crate::formula::{Formula, Parts, Visitor};
use crate::kernel::Kernel;
use crate::real::Float;
use crate::reduction::ReductionKind;
use crate::spec::Spec;
use crate::sweep::Demand;
use crate::sweep::view::ViewMut;
use crate::task::{Factor, Input, Mode, Outcome, Task};

/// Evaluates a loss. An elementwise one allocates nothing unless it fails or a sample has more than eight axes.
pub(crate) fn evaluate<F: Formula, T: Float>(task: Task<'_, '_, T>) -> Result<Outcome, Error> {
    let bound = task.check(F::SPEC)?;
    if bound.count() == 0 {
        return Ok(nothing(task, &bound.samples));
    }
    F::visit(task.parameters, Engine::<F, T> { bound: &bound, task, formula: PhantomData })
}

struct Engine<'s, 'g, F, T> {
    bound: &'s Bound<'s>,
    task: Task<'s, 'g, T>,
    formula: PhantomData<F>,
}

impl<F: Formula, T: Float> Visitor<T> for Engine<'_, '_, F, T> {
    type Output = Result<Outcome, Error>;

    fn visit<K, D, const I: usize, const O: usize, const M: usize>(
        self,
        kernel: K,
        divisor: D,
    ) -> Self::Output
    where
        K: Kernel<T, I, O>,
        D: Kernel<T, I, M>,
    {
        Sweeps::run(Known::<F>::NEW, Compiled(kernel), Compiled(divisor), self.bound, self.task)
    }

    fn rows(self, numerator: Parts<'_, T>, divisor: Option<Parts<'_, T>>) -> Self::Output {
        rows::run(F::SPEC, numerator, divisor, self.bound, self.task)
    }
}

/// The passes over the samples of a call, of which there is at least one.
trait Passes<T> {
    /// What the samples that are kept add to the divisor of the mean.
    fn denominator(&mut self) -> Result<f64, Error>;

    /// The sum of the values. Writes the values, and the derivatives times `upstream`.
    fn numerator(
        &mut self,
        demand: Demand,
        upstream: Factor<'_, T>,
        values: Option<&mut ViewMut<'_, T>>,
        gradients: &mut [Option<ViewMut<'_, T>>],
    ) -> Result<f64, Error>;

    /// Writes the derivatives of the divisor times `scale`, or adds them. Of what the divisor does not read,
    /// nothing is written.
    fn denominator_gradients(
        &mut self,
        scale: f64,
        gradients: &mut [Option<ViewMut<'_, T>>],
        accumulate: bool,
    ) -> Result<(), Error>;
}

/// Reduces the values of at least one sample.
fn reduce<T: Float>(
    spec: &'static Spec,
    shape: &[usize],
    mut task: Task<'_, '_, T>,
    passes: &mut dyn Passes<T>,
) -> Result<Outcome, Error> {
    // The divisor first, so that the main pass writes scaled derivatives.
    let denominator = match task.mode {
        Mode::Reduce(ReductionKind::Mean) | Mode::Partial => match spec.divisor {
            None => shape.iter().product::<usize>() as f64,
            Some(_) => passes.denominator()?,
        },
        Mode::Reduce(ReductionKind::BatchMean) => shape.first().copied().unwrap_or(1) as f64,
        Mode::Reduce(ReductionKind::MeanOver(denominator)) => denominator,
        Mode::Reduce(ReductionKind::Sum | ReductionKind::None) => 1.0,
    };

    let (factor, each) = match task.upstream {
        Factor::Same(factor) => (factor, None),
        Factor::Each(view) if view.shape().is_empty() => {
            (view.at(&[]).map_or(0.0, |(factor, _)| factor.to_f64()), None)
        }
        Factor::Each(_) => (1.0, Some(task.upstream)),
    };
    let upstream = |scale: f64| each.unwrap_or(Factor::Same(scale));
    let reduces = !matches!(task.mode, Mode::Partial);
    let over_nothing = reduces && denominator == 0.0;
    let (mut scale, after) = if reduces { quotient::<T>(factor, denominator) } else { (factor, None) };
    if over_nothing {
        scale = 0.0;
    }

    let demand = demand(spec, task.gradients);
    let numerator = passes.numerator(demand, upstream(scale), task.values.as_mut(), task.gradients)?;
    // Values that cancel to a divisor of 0 are not nothing: the quotient rule has its say.
    let over_nothing = over_nothing && numerator == 0.0;
    if over_nothing {
        task.gradients.iter_mut().flatten().for_each(|gradient| gradient.fill(T::default()));
    } else if reduces && denominator == 0.0 {
        scale = factor / denominator;
        if demand != Demand::Value {
            passes.numerator(demand, upstream(scale), None, task.gradients)?;
        }
    }

    // What the divisor contributes to the derivatives.
    let (targets, scale, accumulate) = match task.mode {
        Mode::Reduce(ReductionKind::Mean) if !over_nothing => {
            (&mut *task.gradients, -scale * (numerator / denominator), true)
        }
        Mode::Reduce(_) => (&mut [][..], 0.0, false),
        Mode::Partial => {
            task.denominators.iter_mut().flatten().for_each(|gradient| gradient.fill(T::default()));
            (task.denominators, 1.0, false)
        }
    };
    let reads = spec.divisor.map_or(&[][..], |summand| summand.reads);
    if reads.iter().any(|&input| targets.get(input).is_some_and(Option::is_some)) {
        passes.denominator_gradients(scale, targets, accumulate)?;
    }
    if let Some(powers) = after {
        for gradient in task.gradients.iter_mut().flatten() {
            gradient.for_each(|g| *g = T::from_f64(g.to_f64() * powers[0] * powers[1]));
        }
    }
    let value = if reduces { numerator / denominator } else { numerator };
    Ok(Outcome { value, numerator, denominator })
}

/// What derivatives are multiplied by so that they become those of a quotient. Where `T` does not hold that
/// number, as 1e39 in an f32, its mantissa, and the power of two, in two factors, that is still missing.
fn quotient<T: Float>(factor: f64, denominator: f64) -> (f64, Option<[f64; 2]>) {
    let scale = factor / denominator;
    let held = T::from_f64(scale).to_f64();
    let strange = factor == 0.0 || !factor.is_finite() || denominator == 0.0 || !denominator.is_finite();
    if strange || (held.is_finite() && (held - scale).abs() <= scale.abs() * 1e-6 && scale.is_normal()) {
        return (scale, None);
    }
    let exponent = |x: f64| x.abs().log2().floor() as i32;
    let power = |e: i32| [2f64.powi(e / 2), 2f64.powi(e - e / 2)];
    let mantissa = |x: f64, [a, b]: [f64; 2]| x / a / b;
    let (above, below) = (exponent(factor), exponent(denominator));
    (mantissa(factor, power(above)) / mantissa(denominator, power(below)), Some(power(above - below)))
}

/// The result over no samples.
fn nothing<T: Float>(task: Task<'_, '_, T>, shape: &[usize]) -> Outcome {
    let gradients = task.gradients.iter_mut().chain(task.denominators).flatten();
    gradients.for_each(|gradient| gradient.fill(T::default()));
    let (value, denominator) = match task.mode {
        Mode::Reduce(ReductionKind::Sum | ReductionKind::None) => (0.0, 1.0),
        Mode::Reduce(ReductionKind::MeanOver(divisor)) => (0.0 / divisor, divisor),
        Mode::Reduce(ReductionKind::BatchMean) => {
            let divisor = shape.first().copied().unwrap_or(1) as f64;
            (0.0 / divisor, divisor)
        }
        Mode::Reduce(ReductionKind::Mean) | Mode::Partial => (f64::NAN, 0.0),
    };
    Outcome { value, numerator: 0.0, denominator }
}

/// Which of a kernel's outputs is the derivative with respect to an input.
fn output_of(spec: &'static Spec, input: usize) -> Option<usize> {
    spec.gradients.iter().position(|gradient| gradient.input == input)
}

fn demand<T>(spec: &'static Spec, gradients: &[Option<ViewMut<'_, T>>]) -> Demand {
    let wanted = gradients.iter().enumerate().filter(|(_, gradient)| gradient.is_some());
    wanted.fold(Demand::Value, |demand, (input, _)| match (demand, output_of(spec, input)) {
        (Demand::Value, Some(0)) => Demand::Gradient,
        _ => Demand::Gradients,
    })
}

/// Empty slots for the inputs of a loss.
pub(crate) const fn missing<'a, T, const I: usize>() -> [Input<'a, T>; I] {
    [const { Input::Missing }; I]
}
