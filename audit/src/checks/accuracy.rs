//! Errors in the last place over the whole range of an input, in f32 and f64, value and gradient, with the naive
//! evaluation beside.
//!
//! One element of an input goes through every exponent of the format, with both signs; the others stand at plain
//! numbers. An error above a few units has a cause: a change of the inputs by their last bits moves the exact result
//! as far; or the stable form cancels or overflows there, which a reader should know; or nothing, and then the
//! result is wrong.

use rayon::prelude::*;

use crate::findings::{Check, Verdict, Worst};
use crate::ours::ours;
use crate::scene::{Element, Scene, parameter_sets};
use crate::subject::Subject;
use crate::theirs::{self, exact, naive};
use crate::ulp::Format;
use crate::wide::Wide;

/// Errors up to this many units are those of an honest rounding of every step.
pub const FINE: f64 = 16.0;

/// Unexplained errors are looked into at this many points of a sweep.
const EXPLAINED: usize = 24;

/// Errors at one point.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The element that moves.
    pub x: f64,
    /// The error of the loss, in units in the last place.
    pub ours: f64,
    /// The error of the naive evaluation.
    pub naive: f64,
}

/// One input through all exponents.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The input.
    pub input: String,
    /// The format.
    pub format: Format,
    /// Whether of the gradient, else of the value.
    pub gradient: bool,
    /// What the others are.
    pub given: String,
    /// Errors from the smallest to the largest element.
    pub samples: Vec<Sample>,
}

/// What was found at one point.
struct Found {
    x: f64,
    /// Value and derivative: what the loss gave, what is right, and both errors.
    both: [(f64, Wide, f64, f64); 2],
}

/// Checks, and the sweeps with plain parameters, for the report.
pub fn check(subject: &Subject<'_>, density: usize) -> (Vec<Check>, Vec<Sweep>) {
    let loss = subject.loss();
    let moving: Vec<usize> = (0..loss.inputs.len())
        .filter(|i| loss.inputs[*i].is_differentiable() && loss.inputs[*i].default.is_none())
        .collect();
    let mut tallies: Vec<Tally> = [Format::F32, Format::F64]
        .into_iter()
        .flat_map(|format| [false, true].map(|gradient| Tally::new(format, gradient)))
        .collect();
    let mut sweeps = Vec::new();
    // Over axes, a point costs more.
    let elementwise = loss.is_elementwise();
    let (main_density, density) = (density, if elementwise { density } else { 4 * density });
    for (set, parameters) in parameter_sets(loss).into_iter().enumerate() {
        for input in &moving {
            let turns = if set > 0 {
                1
            } else if elementwise {
                3
            } else {
                2
            };
            for turn in 0..turns {
                let scene = Scene::plain(loss, parameters.clone(), turn);
                let element = Element { input: *input, flat: 0 };
                let main = set == 0 && turn == 0;
                for format in [Format::F32, Format::F64] {
                    let stride = match (main && *input == moving[0], format) {
                        (true, Format::F64) if !elementwise => main_density.div_ceil(4),
                        (true, _) => main_density.div_ceil(32),
                        _ => density,
                    };
                    let significands = if elementwise { 4 } else { 1 };
                    let xs = grid(format, stride, significands, loss.inputs[*input].domain.as_ref());
                    let base = if format == Format::F32 { scene.single() } else { scene.clone() };
                    let found = sweep(subject, &base, element, format, &xs);
                    for (at, tally) in tallies.iter_mut().filter(|tally| tally.format == format).enumerate() {
                        tally.add(subject, &base, element, &found, at);
                    }
                    if set == 0 {
                        let given = describe(subject, &base, element);
                        sweeps.extend([0, 1].map(|at| Sweep {
                            input: loss.inputs[*input].name.clone(),
                            format,
                            gradient: at == 1,
                            given: given.clone(),
                            samples: found.iter().map(|found| sample(found, at)).collect(),
                        }));
                    }
                }
            }
        }
    }
    (tallies.into_iter().map(Tally::check).collect(), sweeps)
}

fn sample(found: &Found, at: usize) -> Sample {
    Sample { x: found.x, ours: found.both[at].2, naive: found.both[at].3 }
}

fn describe(subject: &Subject<'_>, scene: &Scene, element: Element) -> String {
    let loss = subject.loss();
    let moving = &loss.inputs[element.input].name;
    let many = scene.inputs[element.input].as_ref().is_some_and(|elements| elements.len() > 1);
    let others = scene.describe(loss).into_iter().filter(|(name, _)| many || name != moving);
    others.map(|(name, text)| format!("{name} = {text}")).collect::<Vec<_>>().join(", ")
}

/// Every exponent of the format with both signs, inside of the domain; beyond the middle, one of `stride`.
pub fn grid(
    format: Format,
    stride: usize,
    significands: usize,
    domain: Option<&lossdef_compiler::ir::Domain>,
) -> Vec<f64> {
    let (least, most) = format.exponents();
    let least = least - format.bits() + 1;
    let mut xs = vec![0.0];
    for e in least..=most {
        let middle = (-30..=10).contains(&e);
        if !middle && (e - least) % stride as i64 != 0 {
            continue;
        }
        let middle_ones = &[1.0, 1.171_875, 1.4375, 1.734_375][..significands];
        for m in if middle { middle_ones } else { &[1.281_25] } {
            // Two factors, because the power alone may not be a number.
            let x = m * 2f64.powi((e / 2) as i32) * 2f64.powi((e - e / 2) as i32);
            let x = if format == Format::F32 { f64::from(x as f32) } else { x };
            xs.extend([x, -x]);
        }
    }
    // Close to 1, where probabilities saturate.
    xs.extend((2..format.bits()).map(|n| 1.0 - 2f64.powi(-n as i32)));
    xs.retain(|x| domain.is_none_or(|domain| domain.contains(*x)));
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    xs
}

fn sweep(subject: &Subject<'_>, base: &Scene, element: Element, format: Format, xs: &[f64]) -> Vec<Found> {
    let single = format == Format::F32;
    let found = xs.par_iter().map(|x| {
        let scene = base.with(element, *x);
        let answer = ours(subject.loss(), subject.callable, &scene, single).ok()?;
        let exact = exact(subject.derived, &scene, &[element], None);
        let (value, slope) = if single {
            naive::<true>(subject.derived, &scene, element)
        } else {
            naive::<false>(subject.derived, &scene, element)
        };
        let gradient = answer.gradients[element.input].as_ref().map_or(f64::NAN, |all| all[element.flat]);
        let both =
            [(answer.values[0], exact.values[0].clone(), value), (gradient, exact.slopes[0].clone(), slope)];
        let both = both.map(|(got, right, naive)| {
            let errors = (format.error(got, &right), format.error(naive, &right));
            (got, right, errors.0, errors.1)
        });
        Some(Found { x: *x, both })
    });
    found.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// What all sweeps of one kind come to.
struct Tally {
    format: Format,
    gradient: bool,
    points: usize,
    ours: f64,
    naive: f64,
    /// Points that a naive evaluation gets wrong by more than `FINE` and the loss does not.
    saved: usize,
    /// Points where the naive result has no digit right, or is no number where there is one.
    lost: usize,
    /// What stands behind the errors above `FINE`; the gravest.
    cause: Cause,
    worst: Option<Worst>,
}

impl Tally {
    fn new(format: Format, gradient: bool) -> Tally {
        let (points, saved, lost) = (0, 0, 0);
        Tally {
            format,
            gradient,
            points,
            ours: 0.0,
            naive: 0.0,
            saved,
            lost,
            cause: Cause::Inputs,
            worst: None,
        }
    }

    fn add(&mut self, subject: &Subject<'_>, base: &Scene, element: Element, found: &[Found], at: usize) {
        self.points += found.len();
        let mut bad: Vec<&Found> = Vec::new();
        for point in found {
            let (_, _, ours, naive) = &point.both[at];
            self.naive = self.naive.max(*naive);
            self.saved += usize::from(*naive > FINE && *ours <= FINE);
            self.lost += usize::from(*naive >= 2f64.powi(self.format.bits() as i32 - 1));
            if *ours > FINE {
                bad.push(point);
            }
            if *ours > self.ours {
                self.ours = *ours;
                if self.cause == Cause::Inputs {
                    self.worst = Some(self.case(subject, base, element, point, at, *ours));
                }
            }
        }
        bad.sort_by(|a, b| b.both[at].2.total_cmp(&a.both[at].2));
        for point in bad.into_iter().take(EXPLAINED) {
            let scene = base.with(element, point.x);
            let cause = cause(subject, &scene, element, self.format, at, &point.both[at]);
            if cause > self.cause {
                self.cause = cause;
                self.worst = Some(self.case(subject, base, element, point, at, point.both[at].2));
            }
        }
    }

    fn case(
        &self,
        subject: &Subject<'_>,
        base: &Scene,
        element: Element,
        point: &Found,
        at: usize,
        error: f64,
    ) -> Worst {
        let many = base.inputs[element.input].as_ref().is_some_and(|all| all.len() > 1);
        Worst {
            given: base.with(element, point.x).describe(subject.loss()),
            what: if at == 0 { "the value".to_owned() } else { subject.derivative(element, many) },
            format: self.format,
            got: point.both[at].0,
            expected: self.format.round(&point.both[at].1),
            error,
            unit: "ULP",
        }
    }

    fn check(self) -> Check {
        let what = if self.gradient { "Gradient" } else { "Value" };
        let verdict = match self.cause {
            Cause::Inputs => Verdict::Pass,
            Cause::Form => Verdict::Note,
            Cause::Nothing => Verdict::Fail,
        };
        let mut says = match self.cause {
            _ if self.ours <= FINE => format!("at most {} ULP off", count(self.ours)),
            Cause::Inputs => {
                format!("up to {} ULP off, as far as the last bits of the inputs move it", count(self.ours))
            }
            Cause::Form => format!(
                "loses digits at some points, where its stable form cancels or overflows: up to {} ULP",
                count(self.ours)
            ),
            Cause::Nothing => format!("up to {} ULP off, and nothing explains it", count(self.ours)),
        };
        says.push_str(&match (self.lost, self.saved) {
            (0, 0) => format!("; naively {} ULP", count(self.naive)),
            (0, saved) => format!(
                "; naively {} ULP, over {FINE:.0} at {saved} points where ours is not",
                count(self.naive)
            ),
            (lost, _) => format!("; naively no digit is right at {lost} points"),
        });
        Check {
            name: format!("{what} in {} over the whole range", self.format.name()),
            verdict,
            points: self.points,
            says,
            worst: self.worst,
        }
    }
}

/// A number of units, in words.
fn count(units: f64) -> String {
    if units.is_infinite() {
        "infinitely many".to_owned()
    } else if units < 1e4 {
        format!("{units:.1}")
    } else {
        format!("{units:.0e}")
    }
}

/// What stands behind an error.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// A change of the inputs by their last bits moves the exact result as far.
    Inputs,
    /// The stable form, with every operation rounded, may be as far off, or leaves the numbers of the format.
    Form,
    /// Nothing does: it is computed wrongly.
    Nothing,
}

fn cause(
    subject: &Subject<'_>,
    scene: &Scene,
    element: Element,
    format: Format,
    at: usize,
    point: &(f64, Wide, f64, f64),
) -> Cause {
    let (got, right) = (point.0, &point.1);
    if within(got, right, &reach(subject, scene, element, format, at)) {
        return Cause::Inputs;
    }
    let (error, peak) = if format == Format::F32 {
        let bound = &theirs::bounds::<true, false>(subject.derived, scene, element)[at];
        (bound.error.clone(), bound.peak.clone())
    } else {
        let bound = &theirs::bounds::<false, false>(subject.derived, scene, element)[at];
        (bound.error.clone(), bound.peak.clone())
    };
    let largest = Wide::one().scaled(format.exponents().1);
    let off = (&Wide::new(got) - right).abs();
    if !error.is_finite() || peak > largest || off <= &error * &Wide::new(FINE) {
        Cause::Form
    } else {
        Cause::Nothing
    }
}

fn within(got: f64, right: &Wide, (low, high): &(Wide, Wide)) -> bool {
    let got = Wide::new(got);
    if got.is_finite() && right.is_finite() { *low <= got && got <= *high } else { false }
}

/// Between which numbers the exact result lies if each input and parameter moves by a few units in the last place.
fn reach(subject: &Subject<'_>, scene: &Scene, element: Element, format: Format, at: usize) -> (Wide, Wide) {
    let of = |moved: Option<(Element, &Wide)>| {
        let exact = exact(subject.derived, scene, &[element], moved);
        if at == 0 { exact.values[0].clone() } else { exact.slopes[0].clone() }
    };
    let right = of(None);
    let margin = &format.unit(&right) * &Wide::new(FINE);
    let (mut below, mut above) = (margin.clone(), margin);
    for each in scene.everything(subject.loss()) {
        let x = scene.at(subject.loss(), each);
        let step = &format.unit(&Wide::new(x)) * &Wide::new(2.0);
        for x in [&Wide::new(x) - &step, &Wide::new(x) + &step] {
            let change = &of(Some((each, &x))) - &right;
            if change.is_negative() && change.is_finite() {
                below = &below - &change;
            } else if change.is_finite() {
                above = &above + &change;
            }
        }
    }
    (&right - &below, &right + &above)
}
