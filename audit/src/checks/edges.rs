//! What a call gives at the edges: the ends of domains, zero, the largest numbers, infinities.

use crate::findings::Hazard;
use crate::ours::ours;
use crate::scene::{Element, Scene, parameter_sets};
use crate::subject::Subject;
use crate::theirs::exact;
use lossdef_compiler::ir::{Domain, Input};

/// The places where value or gradient is not a finite number, for plain parameters.
pub fn find(subject: &Subject<'_>) -> Vec<Hazard> {
    let loss = subject.loss();
    let parameters = parameter_sets(loss).swap_remove(0);
    let mut found: Vec<Hazard> = Vec::new();
    for (at, input) in loss.inputs.iter().enumerate() {
        if !input.is_differentiable() || input.default.is_some() {
            continue;
        }
        for x in ends(input) {
            for turn in 0..3 {
                let base = Scene::plain(loss, parameters.clone(), turn);
                let element = Element { input: at, flat: 0 };
                let scene = base.with(element, x);
                let Ok(answer) = ours(loss, subject.callable, &scene, false) else { continue };
                let gradient = answer.gradients[at].as_ref().map_or(f64::NAN, |all| all[0]);
                let value = answer.values[0];
                if value.is_finite() && gradient.is_finite() {
                    continue;
                }
                let right = exact(subject.derived, &scene, &[element], None);
                let says =
                    explain(x, value, gradient, (right.values[0].is_finite(), right.slopes[0].is_finite()));
                let many = scene.inputs[at].as_ref().is_some_and(|all| all.len() > 1);
                let others = scene.describe(loss).into_iter().filter(|(name, _)| many || *name != input.name);
                found.push(Hazard {
                    input: input.name.clone(),
                    at: x,
                    given: others.collect(),
                    value,
                    gradient,
                    says,
                });
            }
        }
    }
    found
}

/// The numbers at which formulas break.
fn ends(input: &Input) -> Vec<f64> {
    let all = [
        f64::NEG_INFINITY,
        -f64::MAX,
        -1.0,
        -0.0,
        0.0,
        f64::MIN_POSITIVE,
        1.0,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
    ];
    let mut ends: Vec<f64> = match &input.domain {
        None => all.to_vec(),
        Some(domain) => all.into_iter().filter(|x| domain.contains(*x)).collect(),
    };
    if let Some(Domain::Interval { low, high, .. }) = &input.domain {
        ends.extend(
            [*low, *high].into_iter().filter(|x| input.domain.as_ref().is_some_and(|d| d.contains(*x))),
        );
    }
    ends.sort_by(f64::total_cmp);
    ends.dedup_by(|a, b| a == b);
    ends
}

fn explain(x: f64, value: f64, gradient: f64, exact: (bool, bool)) -> String {
    if x.is_nan() {
        return "a NaN of an input is not hidden".to_owned();
    }
    let of = |what: &str, got: f64, finite: bool| match (got.is_finite(), got.is_nan(), finite) {
        (true, ..) => None,
        (_, true, _) => Some(format!("the {what} is not defined")),
        (_, _, true) => Some(format!("the {what} is beyond the largest number")),
        _ => Some(format!("the {what} is infinite")),
    };
    let both = [of("value", value, exact.0), of("gradient", gradient, exact.1)];
    both.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
