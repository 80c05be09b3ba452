//! What must hold for every call, whatever it is given.

use lossdef_runtime::dynamic::Loss;
use lossdef_runtime::reduction::ReductionKind;

use super::call::{Case, Numbers};
use super::draw::case;
use crate::oracle::random::Random;

/// How often what happened.
#[derive(Debug, Default)]
pub struct Counts {
    pub answered: usize,
    pub refused: usize,
    pub compared: usize,
}

/// A number from the environment.
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`, no whole number")))
}

/// Tries so many calls, or as many as `LOSSDEF_CASES` says, with numbers from `LOSSDEF_SEED`; or call number
/// `LOSSDEF_CASE` of those alone.
pub fn try_calls(
    losses: &[&'static dyn Loss],
    cases: u64,
    mut also: impl FnMut(&Case, &Result<Numbers, String>),
) -> Counts {
    let seed = setting("LOSSDEF_SEED").unwrap_or(0);
    let numbers = match setting("LOSSDEF_CASE") {
        Some(number) => number..number + 1,
        None => 0..setting("LOSSDEF_CASES").unwrap_or(cases),
    };
    let mut counts = Counts::default();
    for number in numbers {
        let mut case =
            case(losses, &mut Random(seed.wrapping_add(number).wrapping_mul(0x2545_f491_4f6c_dd1d)));
        if std::env::var_os("LOSSDEF_CASE").is_some() {
            println!("{}", case.describe());
        }
        let found = check(&mut case, &mut counts).unwrap_or_else(|wrong| {
            panic!("{wrong}\n{}\nLOSSDEF_SEED={seed} LOSSDEF_CASE={number} shows it again", case.describe())
        });
        also(&case, &found);
    }
    counts
}

/// Makes a call as it is and with all arrays row by row. Gives what the first one gave.
fn check(case: &mut Case, counts: &mut Counts) -> Result<Result<Numbers, String>, String> {
    let mut tame = case.tame();
    let (found, intact) = case.run().map_err(|panic| format!("a panic: {panic}"))?;
    if !intact {
        return Err(String::from("written beside a buffer"));
    }
    let (expected, _) = tame.run().map_err(|panic| format!("a panic, with arrays row by row: {panic}"))?;
    match (&found, &expected) {
        (Ok(found), Ok(expected)) => {
            counts.answered += 1;
            if case.sane {
                counts.compared += 1;
                compare(case, found, expected)?;
            }
        }
        (Err(a), Err(b)) => {
            counts.refused += 1;
            // Which of several faults is found first may depend on the tiles of a layout.
            if case.loss.spec().is_elementwise() && format!("{a:?}") != format!("{b:?}") {
                return Err(format!("`{a}`, but row by row `{b}`"));
            }
        }
        (Ok(_), Err(error)) => return Err(format!("answered, but refused row by row: {error}")),
        (Err(error), Ok(_)) => return Err(format!("answered row by row, but refused: {error}")),
    }
    Ok(found.map_err(|error| error.to_string()))
}

/// The same numbers in another layout: the same bits where nothing is added up, else the same up to rounding.
fn compare(case: &Case, found: &Numbers, expected: &Numbers) -> Result<(), String> {
    let spec = case.loss.spec();
    let unscaled = case.partial || matches!(case.reduction, ReductionKind::None | ReductionKind::Sum);
    for ((name, a), (other, b)) in found.iter().zip(expected) {
        if name != other || a.shape() != b.shape() {
            return Err(format!(
                "`{name}` of shape {:?}, but row by row `{other}` of {:?}",
                a.shape(),
                b.shape()
            ));
        }
        let single = case.inputs.iter().any(|(_, memory)| matches!(memory, super::memory::Memory::F32(_)));
        let samples = case
            .inputs
            .iter()
            .filter(|(name, _)| spec.inputs.iter().any(|own| own.name == *name && own.default.is_none()));
        let shape = samples.map(|(_, memory)| memory.shape()).next().unwrap_or(&[]);
        let each = spec.is_elementwise() && a.shape() == shape && a.ndim() > 0;
        let exact =
            each && (name == "values" || name == "value" || unscaled && !name.contains("denominator"));
        let largest = b.iter().filter(|x| x.is_finite()).fold(0f64, |most, x| most.max(x.abs()));
        let room = if exact { 0.0 } else { largest * if single { 1e-4 } else { 1e-11 } };
        for (at, (x, y)) in a.iter().zip(b).enumerate() {
            let equal = x == y || x.is_nan() && y.is_nan();
            if !equal && (exact || (x - y).abs() > room || !x.is_finite() || !y.is_finite()) {
                return Err(format!("{name}[{at}] is {x:e}, but row by row {y:e}"));
            }
        }
    }
    Ok(())
}
