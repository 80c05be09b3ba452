//! The gradients of every loss of `losses.def` without named axes, as generated: against the oracle's forward mode
//! over 32 digits, at random points and at the points where formulas break (kinks, ties, 0 and 1, saturation), and against
//! central differences of the generated value itself.

mod oracle;

use std::collections::BTreeMap;

use lossdef::dynamic::Loss;
use lossdef_runtime::any::AnyArray;
use lossdef_runtime::reduction::ReductionKind;
use lossdef_runtime::spec::{Domain, InputSpec, ParameterKind};
use ndarray::Array1;
use oracle::wide::Wide;
use oracle::{Oracle, Sample};

/// How many points of each kind are tried per loss and choice of parameters.
const POINTS: usize = 400;

/// A choice of parameters, by name.
type Parameters = BTreeMap<&'static str, f64>;

/// Points as columns: one array per input, in the order of the formula.
type Columns = Vec<Array1<f64>>;

/// Values and gradients of many points at once, each on its own.
struct Batch {
    values: Array1<f64>,
    /// One column per input.
    gradients: Columns,
}

/// Losses with the exponential of a difference of inputs, which overflows where each alone does not: the oracle
/// knows no largest number.
const SMALLER: [(&str, f64); 1] = [("ppo_clip", 300.0)];

/// The losses without named axes; `gradients_over_axes.rs` has the others.
fn losses() -> impl Iterator<Item = &'static dyn Loss> {
    lossdef::losses::CATALOGUE.iter().filter(|loss| loss.spec().is_elementwise())
}

#[test]
fn agree_with_the_oracle() {
    let oracle = Oracle::of_losses_def();
    let mut wrong = Vec::new();
    for loss in losses() {
        let name = loss.spec().name;
        let (mut counts, before) = (Counts::default(), wrong.len());
        for parameters in choices(loss) {
            let mut random = Random(1);
            for columns in [scattered(loss, &mut random), singular(loss, &parameters, &mut random)] {
                let ours = evaluate(loss, &parameters, &columns);
                for at in 0..columns[0].len() {
                    let here = point(loss, &parameters, &columns, at);
                    let sample = oracle.sample(name, &here);
                    let mut check = |what: &str, got: f64, want: Wide| {
                        if !counts.agree(got, want.round(), slack(&here)) {
                            wrong.push(format!(
                                "{name}: {what} at {here:?} is {got:e}, not {:e}",
                                want.round()
                            ));
                        }
                    };
                    check("the value", ours.values[at], sample.value);
                    for ((input, gradient), slope) in
                        loss.spec().inputs.iter().zip(&ours.gradients).zip(sample.slopes)
                    {
                        check(input.name, gradient[at], slope);
                    }
                }
            }
        }
        if wrong.len() > before + 5 {
            let more = wrong.split_off(before + 5).len();
            wrong.push(format!("{name}: {more} more"));
        }
        let Counts { finite, infinite, undefined } = counts;
        println!(
            "{name}: {finite} numbers compared, {infinite} infinite ones, {undefined} undefined as written"
        );
        assert!(finite > 10 * (infinite + undefined), "{name}: too few points mean anything");
    }
    assert!(wrong.is_empty(), "these numbers are wrong:\n{}", wrong.join("\n"));
}

/// What was compared.
#[derive(Default)]
struct Counts {
    finite: usize,
    infinite: usize,
    undefined: usize,
}

impl Counts {
    /// Counts a number, and says whether it is right.
    fn agree(&mut self, got: f64, want: f64, slack: f64) -> bool {
        if want.is_nan() {
            // Where the formula as written is 0/0 or the like, only conventions speak.
            self.undefined += 1;
            true
        } else if want.is_infinite() {
            self.infinite += 1;
            got == want
        } else {
            self.finite += 1;
            (got - want).abs() <= 1e-12 * want.abs() + slack
        }
    }
}

#[test]
fn agree_with_central_differences() {
    let oracle = Oracle::of_losses_def();
    let blunt = Oracle::of_losses_def().blunt();
    for loss in losses() {
        let (mut compared, mut aside) = (0, 0);
        for parameters in choices(loss) {
            let columns = scattered(loss, &mut Random(2));
            let ours = evaluate(loss, &parameters, &columns);
            for input in 0..columns.len() {
                let [wide, narrow] =
                    [1e-5, 5e-6].map(|step| differences(loss, &parameters, &columns, input, step));
                for at in 0..columns[0].len() {
                    let (got, want) = (ours.gradients[input][at], narrow[at]);
                    let here = point(loss, &parameters, &columns, at);
                    // Where the formula says that its gradient is not its value's, or a kink is in between,
                    // there is nothing to compare.
                    let name = loss.spec().name;
                    let slopes = |of: Sample| of.slopes[input].round();
                    let by_design = slopes(oracle.sample(name, &here)) != slopes(blunt.sample(name, &here));
                    let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
                    if by_design || !want.is_finite() || !close(wide[at], want) {
                        aside += 1;
                        continue;
                    }
                    assert!(
                        close(got, want),
                        "{name}, input {input} at {here:?}: {got}, difference quotient {want}"
                    );
                    compared += 1;
                }
            }
        }
        println!("{}: {compared} slopes agree with differences, {aside} set aside", loss.spec().name);
        assert!(compared > aside, "{}: too few points mean anything", loss.spec().name);
    }
}

/// What rounding may leave where terms of this size cancel.
fn slack(point: &BTreeMap<&str, f64>) -> f64 {
    let largest = point.values().fold(0.0, |a: f64, x| a.max(x.abs()));
    4.0 * f64::EPSILON * largest
}

/// Difference quotients of the value in one input.
fn differences(
    loss: &dyn Loss,
    parameters: &Parameters,
    columns: &Columns,
    input: usize,
    step: f64,
) -> Array1<f64> {
    let moved = |by: f64| {
        let mut columns = columns.clone();
        columns[input] += by;
        evaluate(loss, parameters, &columns).values
    };
    (moved(step) - moved(-step)) / (2.0 * step)
}

/// Evaluates a loss at every point, through the object-safe trait.
fn evaluate(loss: &dyn Loss, parameters: &Parameters, columns: &Columns) -> Batch {
    let spec = loss.spec();
    let mut call = loss.call().reduction(ReductionKind::None);
    for (name, value) in parameters {
        call = call.parameter(name, *value);
    }
    for (input, column) in spec.inputs.iter().zip(columns) {
        call = call.input(input.name, column).gradient(input.name);
    }
    let result = call.evaluate().unwrap_or_else(|error| panic!("{error}"));
    let column = |array: &AnyArray| Array1::from_iter(array.to_f64());
    let gradient =
        |input: &InputSpec| column(result.gradient(input.name).expect("a gradient that was asked for"));
    Batch { values: column(&result.value), gradients: spec.inputs.iter().map(gradient).collect() }
}

/// One point by name, with the parameters.
fn point<'a>(
    loss: &dyn Loss,
    parameters: &Parameters,
    columns: &Columns,
    at: usize,
) -> BTreeMap<&'a str, f64> {
    let inputs = loss.spec().inputs.iter().zip(columns).map(|(input, column)| (input.name, column[at]));
    inputs.chain(parameters.iter().map(|(name, value)| (*name, *value))).collect()
}

/// Every combination of the flags, each with the defaults of the other parameters and with each of these
/// changed by itself.
fn choices(loss: &dyn Loss) -> Vec<Parameters> {
    let parameters = loss.spec().parameters;
    let mut choices = vec![Parameters::new()];
    for flag in parameters.iter().filter(|p| p.kind == ParameterKind::Bool) {
        let with =
            |value: f64| choices.iter().cloned().map(move |mut it| (it.insert(flag.name, value), it).1);
        choices = with(0.0).chain(with(1.0)).collect();
    }
    let mut changed = Vec::new();
    for parameter in parameters.iter().filter(|p| p.kind != ParameterKind::Bool) {
        for value in [0.0, 2f64.powi(-10), 0.25, 1.0, 2.0] {
            if contains(parameter.domain, value) {
                changed
                    .extend(choices.iter().cloned().map(|mut it| (it.insert(parameter.name, value), it).1));
            }
        }
    }
    choices.extend(changed);
    for choice in &mut choices {
        for parameter in parameters {
            let default = parameter.default.expect("every parameter in losses.def has a default");
            choice.entry(parameter.name).or_insert(default);
        }
    }
    choices
}

/// Random points well inside of the domains.
fn scattered(loss: &dyn Loss, random: &mut Random) -> Columns {
    let column = |input: &InputSpec| {
        let (low, high) = match input.domain {
            Some(Domain::Interval { low, high, .. }) => (low.max(-3.0) + 0.02, high.min(3.0) - 0.02),
            // Formulas that take a logarithm of an input without a domain need enough positive ones.
            _ => (-0.5, 3.0),
        };
        Array1::from_iter((0..POINTS).map(|_| low + (high - low) * random.unit()))
    };
    loss.spec().inputs.iter().map(column).collect()
}

/// Points out of the numbers at which formulas break, and those at a parameter's distance from them.
fn singular(loss: &dyn Loss, parameters: &Parameters, random: &mut Random) -> Columns {
    // All of them are short binary fractions: rounding must not carry a point onto a kink, or off it. None is
    // -0, which is the other side of a pole.
    let tiny = 2f64.powi(-20);
    // The exponential of a difference of two has to be a number.
    let large = SMALLER.iter().find(|(name, _)| *name == loss.spec().name).map_or(700.0, |(_, large)| *large);
    let mut numbers = vec![0.0, 1.0, -1.0, 0.5, 2.0, tiny, -tiny, 1.0 - tiny, 30.0, -30.0, large, -large];
    for value in parameters.values() {
        numbers.extend([*value, 0.0 - value, 1.0 + value, 1.0 - value]);
    }
    let column = |input: &InputSpec| {
        let inside: Vec<f64> = numbers.iter().copied().filter(|x| contains(input.domain, *x)).collect();
        Array1::from_iter((0..POINTS).map(|_| inside[random.below(inside.len())]))
    };
    loss.spec().inputs.iter().map(column).collect()
}

fn contains(domain: Option<Domain>, x: f64) -> bool {
    match domain {
        None => true,
        Some(Domain::Set(members)) => members.contains(&x),
        Some(Domain::Interval { low, low_closed, high, high_closed }) => {
            (low < x || (low_closed && low == x)) && (x < high || (high_closed && x == high))
        }
    }
}

/// SplitMix64, so that every run tries the same points.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number in [0, 1).
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
