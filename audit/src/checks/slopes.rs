//! Values and derivatives at ordinary points, kinks among them: against forward mode and central differences in
//! wide numbers, in f64.
//!
//! Points are random numbers and telling ones (0, 1, halves, ends of domains), for the defaults of the parameters
//! and with each parameter moved; optional inputs are given.

use rayon::prelude::*;

use super::keep_worst;
use crate::findings::{Check, Verdict, Worst};
use crate::ours::{Answer, ours};
use crate::scene::{Element, Random, Scene, parameter_sets};
use crate::subject::Subject;
use crate::theirs::{Exact, bounds, exact};
use crate::ulp::Format;
use crate::wide::Wide;

/// What is lost to rounding at ordinary points is far below this, what a wrong formula does is far above.
const TOLERANCE: f64 = 1e-9;

/// Differences are taken over this power of 2.
const STEP: i64 = -90;

/// One-sided differences that disagree by more than this power of 2 mean a kink.
const SMOOTH: i64 = -40;

/// At ordinary points, a number below this is nothing: differences over a step know no better.
const NOTHING: f64 = 1e-30;

/// Elements per call, at most.
const ELEMENTS: usize = 6;

/// A call, what the loss gives, and what is right.
struct Point {
    scene: Scene,
    elements: Vec<Element>,
    answer: Answer,
    exact: Exact,
    /// The central difference in each element; `None` at a kink or an edge.
    differences: Vec<Option<Wide>>,
    /// The size of the terms that the value, and the derivative in each element, are made of.
    bounds: Vec<[f64; 2]>,
}

/// The checks, on so many calls for each set of parameters.
pub fn check(subject: &Subject<'_>, calls: usize) -> Vec<Check> {
    let loss = subject.loss();
    let mut random = Random::new(1);
    let sets = parameter_sets(loss);
    let scenes: Vec<Scene> = sets
        .iter()
        .flat_map(|set| (0..calls).map(|_| set.clone()).collect::<Vec<_>>())
        .map(|set| Scene::random(loss, set, true, &mut random))
        .collect();
    let points: Vec<Result<Point, String>> =
        scenes.into_par_iter().map(|scene| point(subject, scene)).collect();
    let (points, errors): (Vec<_>, Vec<_>) = points.into_iter().partition(Result::is_ok);
    let points: Vec<Point> = points.into_iter().flatten().collect();
    let mut checks = vec![values(subject, &points), forward(subject, &points), differences(subject, &points)];
    if let Some(error) = errors.into_iter().find_map(Result::err) {
        checks.push(Check {
            name: "Calls are accepted".to_owned(),
            verdict: Verdict::Fail,
            points: points.len(),
            says: error,
            worst: None,
        });
    }
    checks
}

fn point(subject: &Subject<'_>, scene: Scene) -> Result<Point, String> {
    let loss = subject.loss();
    let answer = ours(loss, subject.callable, &scene, false).map_err(|error| error.to_string())?;
    let all = scene.elements(loss);
    let stride = all.len().div_ceil(ELEMENTS).max(1);
    let elements: Vec<Element> = all.into_iter().step_by(stride).collect();
    let exact = exact(subject.derived, &scene, &elements, None);
    let differences = elements.iter().map(|element| difference(subject, &scene, *element, &exact)).collect();
    let bounds = elements.iter().map(|element| {
        bounds::<false, false>(subject.derived, &scene, *element).map(|bound| {
            let size = (&bound.error * &Wide::one().scaled(Format::F64.bits() - 1)).to_f64();
            if size.is_finite() { size } else { 0.0 }
        })
    });
    let bounds = bounds.collect();
    Ok(Point { bounds, scene, elements, answer, exact, differences })
}

/// The central difference of the sum of the values; `None` where the sides disagree.
fn difference(subject: &Subject<'_>, scene: &Scene, element: Element, here: &Exact) -> Option<Wide> {
    let x = Wide::new(scene.at(subject.loss(), element));
    let step = Wide::one().scaled(STEP + x.exponent().unwrap_or(0).max(0));
    let total = |exact: &Exact| exact.values.iter().fold(Wide::zero(), |sum, value| &sum + value);
    let at = |x: &Wide| total(&exact(subject.derived, scene, &[], Some((element, x))));
    let (below, middle, above) = (at(&(&x - &step)), total(here), at(&(&x + &step)));
    let (left, right) = (&(&middle - &below) / &step, &(&above - &middle) / &step);
    let size = left.abs().exponent().max(right.abs().exponent()).unwrap_or(0).max(0);
    let apart = (&left - &right).abs();
    (apart < Wide::one().scaled(size + SMOOTH)).then(|| (&left + &right).scaled(-1))
}

/// How far a number is off, in parts of the right one, or of the terms that it is made of where these are larger.
fn relative(got: f64, right: &Wide, scale: f64) -> f64 {
    let want = right.to_f64();
    if got == want || (got.is_nan() && want.is_nan()) {
        return 0.0;
    }
    let error = (&Wide::new(got) - right).abs().to_f64();
    if error.is_nan() { f64::INFINITY } else { error / want.abs().max(scale).max(NOTHING) }
}

fn verdict(worst: &Option<Worst>) -> Verdict {
    if worst.as_ref().is_some_and(|worst| worst.error > TOLERANCE) { Verdict::Fail } else { Verdict::Pass }
}

fn outcome(worst: &Option<Worst>, what: &str) -> String {
    match worst {
        None => format!("{what} agree in every bit"),
        Some(worst) if worst.error.is_infinite() => format!("{what} disagree: one is no finite number"),
        Some(worst) => format!("{what} agree to {:.1e} of their size", worst.error),
    }
}

fn worst_of(subject: &Subject<'_>, point: &Point, what: String, got: f64, right: &Wide, error: f64) -> Worst {
    Worst {
        given: point.scene.describe(subject.loss()),
        what,
        format: Format::F64,
        got,
        expected: right.to_f64(),
        error,
        unit: "of their size",
    }
}

fn values(subject: &Subject<'_>, points: &[Point]) -> Check {
    let (mut worst, mut count) = (None, 0);
    for point in points {
        let scale = point.bounds.first().map_or(0.0, |[value, _]| *value);
        for (got, right) in point.answer.values.iter().zip(&point.exact.values) {
            count += 1;
            let error = relative(*got, right, scale);
            keep_worst(&mut worst, error, || {
                worst_of(subject, point, "the value".to_owned(), *got, right, error)
            });
        }
    }
    Check {
        name: "Value against 512-bit arithmetic".to_owned(),
        verdict: verdict(&worst),
        points: count,
        says: outcome(&worst, "value and formula"),
        worst,
    }
}

fn forward(subject: &Subject<'_>, points: &[Point]) -> Check {
    let (mut worst, mut count) = (None, 0);
    compare(subject, points, &mut worst, &mut count, |point, at| Some(&point.exact.slopes[at]));
    Check {
        name: "Gradient against forward mode".to_owned(),
        verdict: verdict(&worst),
        points: count,
        says: outcome(&worst, "gradient and dual numbers"),
        worst,
    }
}

fn differences(subject: &Subject<'_>, points: &[Point]) -> Check {
    let (mut worst, mut count) = (None, 0);
    compare(subject, points, &mut worst, &mut count, |point, at| point.differences[at].as_ref());
    let all: usize = points.iter().map(|point| point.elements.len()).sum();
    let mut verdict = verdict(&worst);
    let mut says = outcome(&worst, "gradient and differences");
    if verdict == Verdict::Fail && subject.parts_ways() {
        verdict = Verdict::Note;
        says = "the author parts gradient and value from each other (`stop`, `with_grad`)".to_owned();
    }
    if all > count {
        says.push_str(&format!("; {} points at a kink or an edge left out", all - count));
    }
    Check { name: "Gradient against central differences".to_owned(), verdict, points: count, says, worst }
}

fn compare<'p>(
    subject: &Subject<'_>,
    points: &'p [Point],
    worst: &mut Option<Worst>,
    count: &mut usize,
    right: impl Fn(&'p Point, usize) -> Option<&'p Wide>,
) {
    for point in points {
        for (at, element) in point.elements.iter().enumerate() {
            let Some(right) = right(point, at) else { continue };
            let got =
                point.answer.gradients[element.input].as_ref().map_or(f64::NAN, |all| all[element.flat]);
            *count += 1;
            let error = relative(got, right, point.bounds[at][1]);
            let many = point.scene.inputs[element.input].as_ref().is_some_and(|all| all.len() > 1);
            let what = subject.derivative(*element, many);
            keep_worst(worst, error, || worst_of(subject, point, what, got, right, error));
        }
    }
}
