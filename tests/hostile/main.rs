//! No call panics: random shapes, strides, lengths and numbers, right ones and wrong ones. Each is answered, with the
//! numbers that the same arrays give row by row, or refused; and nothing is written beside a buffer.

mod call;
mod check;
mod draw;
mod memory;
#[path = "../oracle/mod.rs"]
mod oracle;

use std::collections::BTreeMap;

use lossdef::Loss;
use lossdef::losses::CATALOGUE;

#[test]
fn any_call_is_answered_or_refused() {
    let losses: Vec<&'static dyn Loss> = CATALOGUE.iter().collect();
    let mut answered: BTreeMap<&str, usize> = BTreeMap::new();
    let cases = 4000;
    let counts = check::try_calls(&losses, cases, |case, found| {
        *answered.entry(case.loss.spec().name).or_default() += usize::from(found.is_ok());
    });
    println!("{counts:?}");
    if counts.answered + counts.refused >= cases as usize {
        assert!(counts.compared * 4 > cases as usize && counts.refused * 10 > cases as usize, "{counts:?}");
        assert!(losses.iter().all(|loss| answered[loss.spec().name] > 10), "{answered:?}");
    }
}
