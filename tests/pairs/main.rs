//! Functions written twice, naively and stably: both texts give the same values and gradients to 2 units in the
//! last place, at numbers of every size and at the special ones, in `f32` and `f64`.
//!
//! A pair that differs lacks a rewrite rule. Where it has to differ, `exceptions` says why.

mod compare;
mod exceptions;
#[path = "../oracle/mod.rs"]
mod oracle;
mod points;

use compare::compare;
use exceptions::{EXCEPTIONS, Exception};
use points::{F32, F64, points};

mod texts {
    lossdef::losses! { "tests/pairs/pairs.def" }
}

/// The names of all pairs.
fn pairs() -> Vec<&'static str> {
    texts::CATALOGUE.names().filter_map(|name| name.strip_suffix("_naive")).collect()
}

fn check(part: usize, parts: usize) {
    let mut wrong = String::new();
    for pair in pairs().into_iter().skip(part).step_by(parts) {
        let [naive, stable] = ["naive", "stable"].map(|text| {
            let name = format!("{pair}_{text}");
            texts::CATALOGUE.get(&name).unwrap_or_else(|| panic!("there is no loss `{name}`"))
        });
        let exceptions: Vec<&Exception> =
            EXCEPTIONS.iter().filter(|exception| exception.pair == pair).collect();
        let mut needed = vec![false; exceptions.len()];
        for format in [F32, F64] {
            let (apart, used) = compare([naive, stable], &points(naive.spec(), format), format, &exceptions);
            for worst in apart {
                wrong += &format!("{pair}, single: {}: {worst}\n", format.single);
            }
            needed.iter_mut().zip(used).for_each(|(needed, used)| *needed |= used);
        }
        for (exception, needed) in exceptions.iter().zip(needed) {
            if !needed {
                wrong += &format!(
                    "{pair}: nothing needs the exception of {:?}: {}\n",
                    exception.of, exception.why
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn naive_and_stable_texts_agree() {
    check(0, 2);
}

#[test]
fn naive_and_stable_texts_agree_in_the_other_half() {
    check(1, 2);
}

#[test]
fn every_text_has_its_pair_and_every_exception_is_of_one() {
    let pairs = pairs();
    assert!(pairs.len() >= 60);
    assert_eq!(2 * pairs.len(), texts::CATALOGUE.names().count());
    assert!(EXCEPTIONS.iter().all(|exception| pairs.contains(&exception.pair)));
}
