//! What rustc makes of a file, held against the engine that reads the same text.

use lossdef_engine::load;
use lossdef_runtime::any::AnyArray;
use lossdef_runtime::dynamic::{Catalogue, Loss};
use lossdef_runtime::reduction::ReductionKind;
use lossdef_runtime::spec::Role;

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

/// A call of a loss, and what came back.
#[derive(Clone, Debug)]
pub struct TameCall {
    /// Every input that is given: its name, shape and numbers, and whether it is real.
    pub inputs: Vec<(&'static str, Vec<usize>, Vec<f64>, bool)>,
    /// Every parameter.
    pub parameters: Vec<(&'static str, f64)>,
    /// The value of every sample.
    pub values: Vec<f64>,
    /// The derivatives of the sum of the values.
    pub gradients: Vec<(&'static str, Vec<f64>)>,
}

/// Calls with plain numbers in double precision.
pub fn tame_calls(loss: &dyn Loss) -> Vec<TameCall> {
    let spec = loss.spec();
    let mut calls = Vec::new();
    for (seed, (samples, length)) in [(1, 1), (3, 2), (2, 3), (4, 2)].into_iter().enumerate() {
        let scale = Scale { samples, length, single: false, hostile: false };
        let given = given(spec, scale, &mut Seeded(1000 + seed as u64));
        let found = given.call(loss, ReductionKind::None).unchecked().evaluate();
        let found = found.unwrap_or_else(|error| panic!("{error}\n{}", spec.formula));
        let inputs = spec.inputs.iter().zip(&given.inputs).filter_map(|(input, array)| {
            let array = array.as_ref()?;
            Some((input.name, array.shape().to_vec(), array.numbers(), input.role == Role::Real))
        });
        let parameters = spec.parameters.iter().map(|own| own.name).zip(given.parameters.iter().copied());
        let numbers = |array: &AnyArray| array.to_f64().iter().copied().collect();
        calls.push(TameCall {
            inputs: inputs.collect(),
            parameters: parameters.collect(),
            values: numbers(&found.value),
            gradients: found.gradients.iter().map(|(name, array)| (*name, numbers(array))).collect(),
        });
    }
    calls
}
