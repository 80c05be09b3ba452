//! What rustc makes of a file, held against the engine that reads the same text.

use lossdef_engine::load;
use lossdef_runtime::dynamic::Catalogue;

use crate::calls::{Scale, given};
use crate::formulas::Seeded;

/// Arrays of several sizes in both precisions, tame and hostile numbers: generated code and the engine give the same
/// bits, or the same error. How many calls were compared.
pub fn agree(catalogue: &Catalogue, text: &str) -> usize {
    let module = load("batch.def", text).unwrap_or_else(|report| panic!("{report}"));
    assert!(catalogue.names().eq(module.names()), "the same losses");
    let mut calls = 0;
    for (seed, loss) in catalogue.iter().enumerate() {
        let read = module.get(loss.spec().name).expect("the same losses").dynamic();
        assert_eq!(loss.spec(), read.spec());
        let mut choices = Seeded(seed as u64);
        for (samples, length) in [(1, 1), (2, 3), (3, 2), (33, 2), (4, 34), (0, 2)] {
            for (single, hostile) in [(false, false), (true, false), (false, true), (true, true)] {
                let scale = Scale { samples, length, single, hostile };
                let given = given(loss.spec(), scale, &mut choices);
                let (expected, found) = (given.everything(loss), given.everything(read));
                assert!(
                    expected == found,
                    "{} at {scale:?}: {:?}\n{given:?}\n{}",
                    loss.spec().name,
                    expected.iter().zip(&found).find(|(a, b)| a != b),
                    loss.spec().formula
                );
                calls += found.len();
            }
        }
    }
    calls
}
