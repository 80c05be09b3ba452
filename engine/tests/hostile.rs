//! Losses that are read at run time give what generated ones give, or refuse what these refuse, for random calls: right
//! ones and wrong ones, in any layout.

#[path = "../../tests/hostile/call.rs"]
mod call;
#[path = "../../tests/hostile/check.rs"]
mod check;
#[path = "../../tests/hostile/draw.rs"]
mod draw;
#[path = "../../tests/hostile/memory.rs"]
mod memory;
#[path = "../../tests/oracle/mod.rs"]
mod oracle;

use lossdef::Loss;
use lossdef::losses::CATALOGUE;
use lossdef_engine::load;

#[test]
fn any_call_is_answered_or_refused_as_generated_code_does() {
    let module =
        load("losses.def", include_str!("../../losses.def")).unwrap_or_else(|report| panic!("{report}"));
    let losses: Vec<&'static dyn Loss> = module.iter().map(|loss| loss.dynamic()).collect();
    check::try_calls(&losses, 1000, |case, found| {
        let generated = CATALOGUE.get(case.loss.spec().name).expect("the same losses");
        let expected = call::Case { loss: generated, ..case.clone() }.run();
        let (expected, _) = expected.unwrap_or_else(|panic| panic!("{}: {panic}", case.describe()));
        match (found, &expected) {
            (Ok(found), Ok(expected)) => {
                for ((name, a), (_, b)) in found.iter().zip(expected) {
                    let same = |(x, y): (&f64, &f64)| x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan();
                    assert!(a.iter().zip(b).all(same), "{name} has other bits: {}", case.describe());
                }
            }
            (Err(found), Err(expected)) => assert_eq!(*found, expected.to_string(), "{}", case.describe()),
            _ => panic!("{found:?}, but {expected:?} from generated code: {}", case.describe()),
        }
    });
}
