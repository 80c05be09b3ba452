//! No call panics: random shapes, strides, lengths and numbers, right ones and wrong ones. Each is answered, with the
//! numbers that the same arrays give row by row, or refused; and nothing is written beside a buffer.

mod call;
mod check;
mod draw;
mod memory;
#[path = "../oracle/mod.rs"]
mod oracle;

use std::collections::BTreeMap;

use lossdef::losses::CATALOGUE;
use lossdef::spec::{AxisSpec, Role};
use lossdef::{Error, Loss};
use ndarray::{IxDyn, arr0};

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

mod own {
    lossdef::losses! { inline = r#"
        /// Sums over `e` are left for a second look, in an array over both other axes.
        loss pairs(x[.., c, e], y[.., d, e]) = logsumexp[c, d](sum[e](x * y))
    "# }
}

/// Two long axes, each of which an array could have, though not both.
#[test]
fn axes_that_are_too_long_together_are_refused() {
    let number = arr0(0.5f32).into_dyn();
    for length in [1usize << 23, 1 << 31, 1 << 32, 1 << 33, 1 << 59] {
        let long = number.broadcast(IxDyn(&[1, length, 1])).expect("a view");
        let error = own::Pairs::dynamic().call().input("x", long.view()).input("y", long.view()).evaluate();
        let error = error.expect_err("more than there can be");
        assert!(matches!(error, Error::TooMuchMemory { .. }), "{error}");
        assert!(error.to_string().contains(&format!("`c` {length}, `e` 1, `d` {length}")), "{error}");
    }
}

/// One element, repeated along an axis: more elements than any array can have.
#[test]
fn views_of_enormous_length_are_refused() {
    let (number, label) = (arr0(0.5f32).into_dyn(), arr0(0i64).into_dyn());
    for loss in CATALOGUE {
        let spec = loss.spec();
        let required = || spec.inputs.iter().filter(|input| input.default.is_none());
        for long in required().flat_map(|input| input.axes) {
            for length in [1 << 61, (1 << 62) - 1] {
                let lengths = |axis: &AxisSpec| if axis == long { length } else { 1 };
                let call = required().fold(loss.call(), |call, input| {
                    let shape: Vec<usize> = input.axes.iter().map(lengths).collect();
                    match input.role {
                        Role::Real => {
                            call.input(input.name, number.broadcast(IxDyn(&shape)).expect("a view"))
                        }
                        _ => call.input(input.name, label.broadcast(IxDyn(&shape)).expect("a view")),
                    }
                });
                let error = call.evaluate().expect_err("too many elements");
                assert!(matches!(error, Error::TooLarge { .. }), "{error}");
            }
        }
    }
}
