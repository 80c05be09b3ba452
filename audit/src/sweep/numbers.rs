//! The numbers that a sweep puts in: the whole range of a format, its edges, and the neighbours of what matters.

use lossdef_compiler::ir::{Domain, Loss, Parameter, ParameterKind};

use crate::scene::{Element, candidates, parameter_sets};
use crate::ulp::Format;
use crate::wide::Wide;

/// Zeros, the smallest and the largest numbers, what is next to 1, and where squares and exponentials leave the
/// format; of both signs.
pub fn extremes(format: Format) -> Vec<f64> {
    let (least, most) = format.exponents();
    let bits = format.bits();
    let normal = format.power(least);
    let sizes = [
        0.0,
        format.smallest(),
        format.power(least - bits / 2),
        format.step(normal, -1),
        normal,
        format.power(least / 2),
        format.power(-bits),
        format.step(1.0, -1),
        1.0,
        format.step(1.0, 1),
        format.power(bits),
        format.power(most / 2),
        format.power(most / 2 + 1),
        format.power(most),
        format.largest(),
    ];
    both_signs(&sizes)
}

/// A few of them: what is largest and smallest, and between.
pub fn corners(format: Format) -> Vec<f64> {
    let (least, most) = format.exponents();
    let (tiny, large) = (format.power(least / 2 - 3), format.power(most / 2 + 3));
    both_signs(&[0.0, format.smallest(), format.power(least), tiny, 1.0, large, format.largest()])
}

fn both_signs(sizes: &[f64]) -> Vec<f64> {
    sizes.iter().flat_map(|x| [*x, -*x]).collect()
}

/// Whether an element may be this number.
pub fn allowed(loss: &Loss, element: Element, x: f64) -> bool {
    let domain = match element.input.checked_sub(loss.inputs.len()) {
        Some(parameter) => loss.parameters[parameter].domain.as_ref(),
        None => loss.inputs[element.input].domain.as_ref(),
    };
    x.is_finite() && domain.is_none_or(|domain| domain.contains(x))
}

/// The parameters of a sweep, as numbers of the format: those of the other checks, and each at the ends of its
/// domain.
pub fn parameters(loss: &Loss, format: Format) -> Vec<Vec<f64>> {
    let mut sets = parameter_sets(loss);
    let defaults = sets[0].clone();
    for (at, parameter) in loss.parameters.iter().enumerate() {
        for x in ends(parameter, format) {
            let mut set = defaults.clone();
            set[at] = x;
            sets.push(set);
        }
    }
    let round = |x: &f64| format.round(&Wide::new(*x));
    let mut rounded: Vec<Vec<f64>> = Vec::new();
    for set in sets {
        let set: Vec<f64> = set.iter().map(round).collect();
        let inside = loss.parameters.iter().zip(&set).all(|(parameter, x)| {
            parameter.domain.as_ref().is_none_or(|domain| domain.contains(*x)) && !x.is_nan()
        });
        if inside && !rounded.contains(&set) {
            rounded.push(set);
        }
    }
    rounded
}

fn ends(parameter: &Parameter, format: Format) -> Vec<f64> {
    match (&parameter.domain, parameter.kind) {
        (_, ParameterKind::Bool | ParameterKind::Int) => vec![],
        (None, _) => vec![-format.largest(), format.largest()],
        (Some(Domain::Set(members)), _) => members.clone(),
        (Some(Domain::Interval { low, low_closed, high, high_closed }), _) => {
            let inner = |end: f64, closed: bool, inwards: i64| match end {
                end if closed && end.is_infinite() => vec![end, format.largest().copysign(end)],
                end if closed => vec![end, format.step(end, inwards)],
                0.0 => vec![format.power(format.exponents().0).copysign(inwards as f64)],
                end if end.is_infinite() => vec![format.largest().copysign(end)],
                end => vec![format.step(end, inwards)],
            };
            [inner(*low, *low_closed, 1), inner(*high, *high_closed, -1)].concat()
        }
    }
}

/// The numbers that a formula mentions or is given: constants, parameters, ends of domains.
pub fn mentioned(loss: &Loss, constants: &[f64], parameters: &[f64]) -> Vec<f64> {
    let ends = loss.inputs.iter().flat_map(|input| candidates(input.domain.as_ref()));
    let mut all: Vec<f64> = constants.iter().copied().chain(parameters.iter().copied()).chain(ends).collect();
    all.retain(|x| x.is_finite());
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}
