//! What a fold makes of the values that passed its filter, with slopes.

use lossdef_compiler::ir::Reduction;

use super::Number;
use super::dual::Dual;
use crate::wide::Wide;

/// Folds values. Over nothing, each has the value that the language lays down.
pub fn fold(reduction: Reduction, terms: &[Dual]) -> Dual {
    let truth = |x: bool| Dual::constant(f64::from(u8::from(x)));
    let holds = |term: &&Dual| !term.value.is_zero();
    match reduction {
        Reduction::Sum => Dual::sum(terms),
        Reduction::Excess => {
            let sum = Dual::sum(terms);
            Dual { value: &sum.value - &Wide::one(), slopes: sum.slopes }
        }
        Reduction::Mean => {
            let (sum, share) = (Dual::sum(terms), &Wide::one() / &Wide::new(terms.len() as f64));
            Dual::chain(&sum.value * &share, [(Some(share), &sum)])
        }
        Reduction::Prod => product(terms),
        Reduction::Max => extreme(terms, false),
        Reduction::Min => extreme(terms, true),
        Reduction::LogSumExp => log_sum_exp(terms),
        Reduction::Norm => norm(terms),
        Reduction::Any => truth(terms.iter().any(|term| holds(&term))),
        Reduction::All => truth(terms.iter().all(|term| holds(&term))),
        Reduction::Count => Dual::constant(terms.iter().filter(holds).count() as f64),
    }
}

/// The product; each factor has the product of the others as its slope, so that zeros do not matter.
fn product(terms: &[Dual]) -> Dual {
    let of = |skipped: Option<usize>| {
        let others = terms.iter().enumerate().filter(|(at, _)| Some(*at) != skipped);
        others.fold(Wide::one(), |product, (_, term)| &product * &term.value)
    };
    Dual::chain(
        of(None),
        terms.iter().enumerate().map(|(at, term)| (Some(of(Some(at))), term)).collect::<Vec<_>>(),
    )
}

/// The largest or the smallest; those that attain it share the slope, the others have none.
fn extreme(terms: &[Dual], smallest: bool) -> Dual {
    let mut best = Wide::Infinite(!smallest);
    for Dual { value, .. } in terms {
        if value.is_nan() {
            return Dual::fixed(Wide::Nan);
        }
        if if smallest { *value < best } else { *value > best } {
            best = value.clone();
        }
    }
    let winners: Vec<&Dual> = terms.iter().filter(|term| term.value == best).collect();
    let share = &Wide::one() / &Wide::new(winners.len() as f64);
    Dual::chain(best, winners.into_iter().map(|term| (Some(share.clone()), term)))
}

/// The largest term is taken out, so that what the others add to it is kept, however little it is.
fn log_sum_exp(terms: &[Dual]) -> Dual {
    let top = extreme(terms, false).value;
    let top = if top.is_finite() { top } else { Wide::zero() };
    let sum = terms.iter().fold(Wide::zero(), |sum, term| &sum + &(&term.value - &top).exp());
    let value = &top + &sum.ln();
    let shares = terms.iter().map(|term| (Some((&term.value - &value).exp()), term));
    Dual::chain(value.clone(), shares.collect::<Vec<_>>())
}

/// The Euclidean length; at 0, which is a kink, it has no slope.
fn norm(terms: &[Dual]) -> Dual {
    let length = terms.iter().fold(Wide::zero(), |sum, term| &sum + &(&term.value * &term.value)).sqrt();
    if length.is_zero() {
        return Dual::fixed(length);
    }
    let shares = terms.iter().map(|term| (Some(&term.value / &length), term));
    Dual::chain(length.clone(), shares.collect::<Vec<_>>())
}
