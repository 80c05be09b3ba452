//! Value and gradient over one input, for several others and several parameters, with the kinks and with central
//! differences of the formula as written.

use lossdef_compiler::ir::{Domain, Loss};
use rayon::prelude::*;

use crate::ours::ours;
use crate::scene::{Element, Scene, parameter_sets};
use crate::subject::Subject;
use crate::theirs::exact;
use crate::ulp::Format;
use crate::wide::Wide;

/// Points of a curve.
const POINTS: usize = 161;

/// One in so many has a difference.
const SPARSE: usize = 10;

/// One picture: an input that moves, and curves that differ in something else.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The input that moves.
    pub input: String,
    /// What the curves differ in.
    pub over: String,
    /// The curves.
    pub curves: Vec<Curve>,
}

/// One curve.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What tells it from the others.
    pub label: String,
    /// Input, value and derivative.
    pub points: Vec<[f64; 3]>,
    /// Input and central difference.
    pub differences: Vec<[f64; 2]>,
    /// Where the derivative jumps.
    pub kinks: Vec<f64>,
}

/// The figures of a loss.
pub fn figures(subject: &Subject<'_>) -> Vec<Figure> {
    let loss = subject.loss();
    let sets = parameter_sets(loss);
    let moving: Vec<usize> = (0..loss.inputs.len())
        .filter(|i| loss.inputs[*i].is_differentiable() && loss.inputs[*i].default.is_none())
        .collect();
    let mut figures = Vec::new();
    for (place, input) in moving.iter().enumerate() {
        let turned: Vec<(String, Scene)> = (0..3)
            .map(|turn| Scene::plain(loss, sets[0].clone(), turn))
            .map(|scene| (others(loss, &scene, *input), scene))
            .collect();
        let over = if loss.is_elementwise() { "other inputs" } else { "other inputs, one element moves" };
        figures.push(figure(subject, *input, over, turned));
        if place > 0 {
            continue;
        }
        for (at, parameter) in loss.parameters.iter().enumerate() {
            let moved = sets
                .iter()
                .filter(|set| set.iter().zip(&sets[0]).enumerate().all(|(i, (a, b))| i == at || a == b));
            let scenes: Vec<(String, Scene)> = moved
                .map(|set| {
                    let label = format!("{} = {}", parameter.name, Format::F64.text(set[at]));
                    (label, Scene::plain(loss, set.clone(), 1))
                })
                .collect();
            if scenes.len() > 1 {
                figures.push(figure(subject, *input, "a parameter", scenes));
            }
        }
    }
    figures
}

/// What the inputs other than the moving one are.
fn others(loss: &Loss, scene: &Scene, input: usize) -> String {
    let given = scene.describe(loss);
    let own = &loss.inputs[input].name;
    let inputs =
        given.iter().filter(|(name, _)| name != own && loss.inputs.iter().any(|input| input.name == *name));
    let text: Vec<String> = inputs.map(|(name, text)| format!("{name} = {text}")).collect();
    if text.is_empty() { "alone".to_owned() } else { text.join(", ") }
}

fn figure(subject: &Subject<'_>, input: usize, over: &str, mut scenes: Vec<(String, Scene)>) -> Figure {
    scenes.dedup_by(|a, b| a.0 == b.0);
    let curves = scenes.into_iter().map(|(label, scene)| curve(subject, input, label, &scene)).collect();
    Figure { input: subject.loss().inputs[input].name.clone(), over: over.to_owned(), curves }
}

fn curve(subject: &Subject<'_>, input: usize, label: String, scene: &Scene) -> Curve {
    let loss = subject.loss();
    let element = Element { input, flat: 0 };
    let xs = range(loss.inputs[input].domain.as_ref());
    let at = |x: f64| -> Option<[f64; 3]> {
        let answer = ours(loss, subject.callable, &scene.with(element, x), false).ok()?;
        let slope = answer.gradients[input].as_ref()?[0];
        Some([x, answer.values.iter().sum(), slope])
    };
    let points: Vec<[f64; 3]> = xs.iter().filter_map(|x| at(*x)).collect();
    let sparse: Vec<f64> = points.iter().skip(SPARSE / 2).step_by(SPARSE).map(|point| point[0]).collect();
    let differences = sparse.par_iter().map(|x| [*x, difference(subject, scene, element, *x)]).collect();
    let kinks = kinks(&points, |x| at(x).map(|point| point[2]));
    Curve { label, points, differences, kinks }
}

fn difference(subject: &Subject<'_>, scene: &Scene, element: Element, x: f64) -> f64 {
    let step = Wide::one().scaled(-60);
    let total = |x: Wide| {
        let values = exact(subject.derived, scene, &[], Some((element, &x))).values;
        values.iter().fold(Wide::zero(), |sum, value| &sum + value)
    };
    let x = Wide::new(x);
    (&(&total(&x + &step) - &total(&x - &step)) / &step.scaled(1)).to_f64()
}

/// Four to both sides, or the domain.
fn range(domain: Option<&Domain>) -> Vec<f64> {
    let (mut low, mut high) = (-4.0, 4.0);
    match domain {
        Some(Domain::Set(members)) => return members.clone(),
        Some(Domain::Interval { low: from, high: to, .. }) => (low, high) = (from.max(low), to.min(high)),
        None => {}
    }
    let step = (high - low) / (POINTS - 1) as f64;
    let all = (0..POINTS).map(|at| low + step * at as f64);
    all.filter(|x| domain.is_none_or(|domain| domain.contains(*x))).collect()
}

/// Where the derivative jumps: intervals that keep their jump however often they are halved.
fn kinks(points: &[[f64; 3]], slope: impl Fn(f64) -> Option<f64>) -> Vec<f64> {
    let finite: Vec<f64> = points.iter().map(|point| point[2]).filter(|slope| slope.is_finite()).collect();
    let (low, high) = finite.iter().fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(*x), high.max(*x)));
    let mut found: Vec<f64> = Vec::new();
    for pair in points.windows(2) {
        let ([mut a, _, mut left], [mut b, _, mut right]) = (pair[0], pair[1]);
        let jump = (right - left).abs();
        if jump.is_nan() || jump <= 0.01 * (high - low) {
            continue;
        }
        for _ in 0..48 {
            let middle = a / 2.0 + b / 2.0;
            let Some(here) = slope(middle) else { break };
            if (here - left).abs() > (right - here).abs() {
                (b, right) = (middle, here);
            } else {
                (a, left) = (middle, here);
            }
        }
        if (right - left).abs() > 0.4 * jump && found.last().is_none_or(|known| (a - known).abs() > 1e-6) {
            found.push((a / 2.0 + b / 2.0 + 1e-13).mul_add(1e9, 0.0).round() / 1e9);
        }
    }
    found
}
