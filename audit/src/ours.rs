//! What the loss under audit gives for a call: values and gradients through the interface by names.

use lossdef_compiler::ir::{Loss, Role};
use lossdef_runtime::any::AnyArray;
use lossdef_runtime::dynamic::Loss as Callable;
use lossdef_runtime::error::Error;
use lossdef_runtime::reduction::ReductionKind;
use ndarray::{ArrayD, IxDyn};

use crate::scene::Scene;

/// What a call gives; numbers of f32 are carried as f64.
#[derive(Clone, Debug)]
pub struct Answer {
    /// One value for each sample.
    pub values: Vec<f64>,
    /// The gradient of their sum, for each input that is given and differentiated.
    pub gradients: Vec<Option<Vec<f64>>>,
}

/// One input as it lies in memory.
enum Stored {
    Single(ArrayD<f32>),
    Double(ArrayD<f64>),
    Whole(ArrayD<i64>),
    Truth(ArrayD<bool>),
}

/// Calls the loss, in f32 where `single`.
///
/// # Errors
///
/// What the call says is wrong with it.
pub fn ours(loss: &Loss, callable: &dyn Callable, scene: &Scene, single: bool) -> Result<Answer, Error> {
    let stored: Vec<Option<Stored>> = loss
        .inputs
        .iter()
        .zip(&scene.inputs)
        .map(|(input, elements)| {
            let shape: Vec<usize> = input.axes.iter().map(|axis| scene.sizes[usize::from(axis.0)]).collect();
            let elements = elements.clone()?;
            let array =
                ArrayD::from_shape_vec(IxDyn(&shape), elements).expect("an element for each position");
            Some(match input.role {
                Role::Real if single => Stored::Single(array.mapv(|x| x as f32)),
                Role::Real => Stored::Double(array),
                Role::Bool => Stored::Truth(array.mapv(|x| x != 0.0)),
                _ => Stored::Whole(array.mapv(|x| x as i64)),
            })
        })
        .collect();
    let mut call = callable.call().reduction(ReductionKind::Sum);
    for (parameter, value) in loss.parameters.iter().zip(&scene.parameters) {
        call = call.parameter(&parameter.name, *value);
    }
    for (input, stored) in loss.inputs.iter().zip(&stored) {
        let Some(stored) = stored else { continue };
        call = match stored {
            Stored::Single(array) => call.input(&input.name, array),
            Stored::Double(array) => call.input(&input.name, array),
            Stored::Whole(array) => call.input(&input.name, array),
            Stored::Truth(array) => call.input(&input.name, array),
        };
        if input.is_differentiable() {
            call = call.gradient(&input.name);
        }
    }
    let shape: Vec<usize> = loss.samples().iter().map(|axis| scene.sizes[usize::from(axis.0)]).collect();
    let (mut singles, mut doubles) =
        (ArrayD::<f32>::zeros(IxDyn(&shape)), ArrayD::<f64>::zeros(IxDyn(&shape)));
    call = if single { call.values_into(&mut singles) } else { call.values_into(&mut doubles) };
    let evaluation = call.evaluate()?;
    let gradients = loss.inputs.iter().map(|input| match evaluation.gradient(&input.name)? {
        AnyArray::F32(array) => Some(array.iter().map(|x| f64::from(*x)).collect()),
        AnyArray::F64(array) => Some(array.iter().copied().collect()),
    });
    let gradients = gradients.collect();
    let values = if single {
        singles.iter().map(|x| f64::from(*x)).collect()
    } else {
        doubles.iter().copied().collect()
    };
    Ok(Answer { values, gradients })
}
