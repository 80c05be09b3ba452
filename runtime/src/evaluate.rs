//! Running a task: which sweeps, in which order, with which scale.

use std::marker::PhantomData;

use crate::carrier::Fx;
use crate::error::Error;
use crate::formula::{Formula, Visitor};
use crate::kernel::Kernel;
use crate::real::{Float, Real};
use crate::reduction::ReductionKind;
use crate::spec::{DivisorSpec, Spec};
use crate::sweep::view::{Strides, ViewMut};
use crate::sweep::{self, Demand, Operand, Sink, Sweep, Upstream};
use crate::task::{Factor, Input, Mode, Outcome, Task, explain, operands};

/// Evaluates a loss. Allocates nothing unless it fails or a sample has more than eight axes.
pub(crate) fn evaluate<F: Formula, T: Float>(task: Task<'_, '_, T>) -> Result<Outcome, Error> {
    let shape = task.check(F::SPEC)?;
    let inputs = task.inputs;
    F::visit(task.parameters, Engine::<F, T> { shape, task, formula: PhantomData })
        .map_err(|flat| explain(F::SPEC, inputs, shape, flat))
}

struct Engine<'s, 'g, F, T> {
    shape: &'s [usize],
    task: Task<'s, 'g, T>,
    formula: PhantomData<F>,
}

impl<F: Formula, T: Float> Visitor<T> for Engine<'_, '_, F, T> {
    type Output = Result<Outcome, usize>;

    fn visit<K, D, const I: usize, const O: usize, const M: usize>(
        self,
        kernel: K,
        divisor: D,
    ) -> Self::Output
    where
        K: Kernel<T, I, O>,
        D: Kernel<T, I, M>,
    {
        let Engine { shape, mut task, .. } = self;
        let spec = F::SPEC;
        let count = shape.iter().product::<usize>();
        if count == 0 {
            return Ok(nothing(task, shape));
        }
        let mut strides = [const { Strides::new() }; I];
        let mut inputs = [Operand::Splat(T::default()); I];
        operands(spec, task.inputs, shape, &mut strides, &mut inputs);

        // The divisor first, so that the main sweep writes scaled derivatives.
        let denominator = match task.mode {
            Mode::Reduce(ReductionKind::Mean) | Mode::Partial => match spec.divisor {
                None => count as f64,
                // Said as a constant, so that no sweep of a divisor is compiled where there is none.
                Some(_) if const { F::SPEC.divisor.is_none() } => count as f64,
                Some(summand) => match constants(&summand, &inputs) {
                    Some(constants) => {
                        let each = divisor.value(constants.map(Fx::<T, false>::of)).value;
                        each.get().to_f64() * count as f64
                    }
                    None => sweep::run(
                        divisor,
                        Sweep {
                            shape,
                            inputs,
                            demand: Demand::Value,
                            upstream: Upstream::Scale(0.0),
                            values: Sink::Discard,
                            gradients: [const { Sink::Discard }; M],
                            accumulate: false,
                            check: false,
                        },
                    )?,
                },
            },
            Mode::Reduce(ReductionKind::BatchMean) => shape.first().copied().unwrap_or(1) as f64,
            Mode::Reduce(ReductionKind::MeanOver(denominator)) => denominator,
            Mode::Reduce(ReductionKind::Sum | ReductionKind::None) => 1.0,
        };

        let mut factor_strides = Strides::new();
        let (factor, each) = match task.upstream {
            Factor::Same(factor) => (factor, None),
            Factor::Each(view) if view.shape().is_empty() => {
                (view.at(&[]).map_or(0.0, |(factor, _)| factor.to_f64()), None)
            }
            Factor::Each(view) => (1.0, view.strided(shape, &mut factor_strides).map(Operand::Float)),
        };
        let reduces = !matches!(task.mode, Mode::Partial);
        let over_nothing = reduces && denominator == 0.0;
        let (mut scale, after) = if reduces { quotient::<T>(factor, denominator) } else { (factor, None) };
        if over_nothing {
            scale = 0.0;
        }

        let demand = demand(spec, task.gradients);
        let main =
            |scale: f64, values: Option<&mut ViewMut<'_, T>>, gradients: &mut [Option<ViewMut<'_, T>>]| {
                let mut value_strides = Strides::new();
                let mut sink_strides = [const { Strides::new() }; I];
                let mut sinks = [const { Sink::Discard }; O];
                place(gradients, |input| output_of(spec, input), shape, &mut sink_strides, &mut sinks);
                sweep::run(
                    kernel,
                    Sweep {
                        shape,
                        inputs,
                        demand,
                        upstream: each.map_or(Upstream::Scale(scale), Upstream::Each),
                        values: values
                            .and_then(|values| values.sink(shape, &mut value_strides))
                            .unwrap_or(Sink::Discard),
                        gradients: sinks,
                        accumulate: false,
                        check: task.check,
                    },
                )
            };
        let numerator = main(scale, task.values.as_mut(), task.gradients)?;
        // Values that cancel to a divisor of 0 are not nothing: the quotient rule has its say.
        let over_nothing = over_nothing && numerator == 0.0;
        if over_nothing {
            task.gradients.iter_mut().flatten().for_each(|gradient| gradient.fill(T::default()));
        } else if reduces && denominator == 0.0 {
            scale = factor / denominator;
            if demand != Demand::Value {
                main(scale, None, task.gradients)?;
            }
        }

        // What the divisor contributes to the derivatives.
        let reads = spec.divisor.map_or(&[][..], |summand| summand.reads);
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
        if const { F::SPEC.divisor.is_some() }
            && reads.iter().any(|&input| targets.get(input).is_some_and(Option::is_some))
        {
            let mut sink_strides = [const { Strides::new() }; I];
            let mut sinks = [const { Sink::Discard }; M];
            let output = |input| reads.iter().position(|&read| read == input);
            place(targets, output, shape, &mut sink_strides, &mut sinks);
            sweep::run(
                divisor,
                Sweep {
                    shape,
                    inputs,
                    demand: Demand::Gradients,
                    upstream: Upstream::Scale(scale),
                    values: Sink::Discard,
                    gradients: sinks,
                    accumulate,
                    check: false,
                },
            )?;
        }
        if let Some(powers) = after {
            for gradient in task.gradients.iter_mut().flatten() {
                gradient.for_each(|g| *g = T::from_f64(g.to_f64() * powers[0] * powers[1]));
            }
        }
        let value = if reduces { numerator / denominator } else { numerator };
        Ok(Outcome { value, numerator, denominator })
    }
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

/// Empty slots for the inputs of a loss.
pub(crate) const fn missing<'a, T, const I: usize>() -> [Input<'a, T>; I] {
    [const { Input::Missing }; I]
}
