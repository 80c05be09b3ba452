//! What the arguments say about a call beside its arrays.

use super::{Arguments, Reduction, pairs};
use lossdef_runtime::dynamic::{DynamicCall, Loss};
use lossdef_runtime::reduction::ReductionKind;

/// Parameters, places of axes, the reduction and the gradients that are wanted.
pub struct Settings<'a> {
    /// The loss.
    pub loss: &'static dyn Loss,
    /// How the values of the samples become the result.
    pub reduction: Reduction,
    gradients: &'a [String],
    parameters: Vec<(&'a str, f64)>,
    places: Vec<(&'a str, usize)>,
}

impl<'a> Settings<'a> {
    /// Reads the arguments.
    pub fn new(loss: &'static dyn Loss, arguments: &'a Arguments) -> Result<Self, String> {
        let mut parameters = Vec::new();
        for (name, text) in pairs(&arguments.set)? {
            let value = match (text, text.parse::<f64>()) {
                ("true", _) => 1.0,
                ("false", _) => 0.0,
                (_, Ok(number)) => number,
                _ => return Err(format!("--set {name}={text}: neither a number nor `true` or `false`")),
            };
            parameters.push((name, value));
        }
        let mut places = Vec::new();
        for (name, text) in pairs(&arguments.axis)? {
            let place = text.parse();
            let place = place.map_err(|_| format!("--axis {name}={text}: not a place, counted from 0"))?;
            places.push((name, place));
        }
        let (reduction, gradients) = (arguments.reduction, &arguments.grad[..]);
        Ok(Settings { loss, reduction, gradients, parameters, places })
    }

    /// A call with parameters and places of axes, without arrays.
    pub fn call<'c>(&self) -> DynamicCall<'c> {
        let mut call = DynamicCall::new(self.loss);
        for (name, value) in &self.parameters {
            call = call.parameter(name, *value);
        }
        for (name, place) in &self.places {
            call = call.axis(name, *place);
        }
        call
    }

    /// The same that asks for the result and the gradients.
    pub fn full_call<'c>(&self) -> DynamicCall<'c> {
        let call = self.call().reduction(match self.reduction {
            Reduction::None => ReductionKind::None,
            Reduction::Mean => ReductionKind::Mean,
            Reduction::Sum => ReductionKind::Sum,
        });
        self.gradients.iter().fold(call, |call, name| call.gradient(name))
    }

    /// Whether axes were said to stand elsewhere than the formula says.
    pub fn moves_axes(&self) -> bool {
        !self.places.is_empty()
    }

    /// The inputs whose gradients are wanted, in the order of the formula.
    pub fn wanted(&self) -> impl Iterator<Item = usize> {
        let inputs = self.loss.spec().inputs.iter().enumerate();
        inputs
            .filter(|(_, input)| self.gradients.iter().any(|name| name == input.name))
            .map(|(index, _)| index)
    }
}
