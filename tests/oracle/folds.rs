//! What a binder makes of the values that it goes over.

use super::dual::Dual;
use super::wide::Wide;

/// The words of the binders.
pub const BINDERS: [&str; 10] =
    ["sum", "mean", "max", "min", "prod", "logsumexp", "norm", "any", "all", "count"];

/// The words of the normalisers.
pub const NORMALISERS: [&str; 3] = ["softmax", "log_softmax", "unit"];

/// Folds the values that passed the filter. Over nothing, each has the value that the language lays down.
pub fn fold(word: &str, terms: &[Dual]) -> Dual {
    match word {
        "sum" => sum(terms),
        "mean" => sum(terms).div(&Dual::number(terms.len() as f64)),
        "max" => extreme(terms, 1.0),
        "min" => extreme(terms, -1.0),
        "prod" => terms.iter().fold(Dual::number(1.0), |product, term| product.mul(term)).plain(),
        "logsumexp" => {
            let shift = shift(terms);
            call("log", &sum(&exponentials(terms, &shift))).add(&shift)
        }
        "norm" => norm(terms),
        "any" => Dual::truth(terms.iter().any(Dual::is_true)),
        "all" => Dual::truth(terms.iter().all(Dual::is_true)),
        "count" => Dual::number(terms.iter().filter(|term| term.is_true()).count() as f64),
        _ => panic!("`{word}` is no binder"),
    }
}

/// What a normaliser makes of the value at one position, given those at all of them.
pub fn normalise(word: &str, own: &Dual, all: &[Dual]) -> Dual {
    match word {
        "softmax" => {
            let shift = shift(all);
            call("exp", &own.sub(&shift)).div(&sum(&exponentials(all, &shift)))
        }
        "log_softmax" => own.sub(&fold("logsumexp", all)),
        "unit" => own.div(&norm(all)),
        _ => panic!("`{word}` is no normaliser"),
    }
}

fn call(function: &str, x: &Dual) -> Dual {
    Dual::call(function, std::slice::from_ref(x)).expect("a function of the table")
}

/// The largest value as a constant. The digits are wide enough without it, but the exponent of `exp(1e38)` is not
/// known to the last place.
fn shift(terms: &[Dual]) -> Dual {
    let largest = extreme(terms, 1.0).value;
    Dual::constant(if largest.is_finite() { largest } else { Wide::ZERO })
}

fn exponentials(terms: &[Dual], shift: &Dual) -> Vec<Dual> {
    terms.iter().map(|term| call("exp", &term.sub(shift))).collect()
}

fn sum(terms: &[Dual]) -> Dual {
    let value = terms.iter().fold(Wide::ZERO, |sum, term| sum + term.value);
    Dual::chain(value, terms.iter().map(|term| (Wide::ONE, term)))
}

/// The largest (`sign` 1) or the smallest (`sign` -1); equal ones share the slope, the others have none.
fn extreme(terms: &[Dual], sign: f64) -> Dual {
    let sign = Wide::new(sign);
    let mut best = -sign * Wide::new(f64::INFINITY);
    for term in terms {
        if term.value.is_nan() {
            return Dual::constant(term.value);
        }
        if sign * term.value > sign * best {
            best = term.value;
        }
    }
    let winners: Vec<&Dual> = terms.iter().filter(|term| term.value == best).collect();
    let share = Wide::ONE / Wide::new(winners.len() as f64);
    Dual::chain(best, winners.into_iter().map(|term| (share, term)))
}

/// The Euclidean length; at 0, which is a kink, it has no slope.
fn norm(terms: &[Dual]) -> Dual {
    let squares = terms.iter().fold(Wide::ZERO, |sum, term| sum + term.value * term.value);
    let length = squares.sqrt();
    if length.is_zero() {
        return Dual::constant(length);
    }
    Dual::chain(length, terms.iter().map(|term| (term.value / length, term)))
}
