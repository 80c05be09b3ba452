//! A loss with its settings, and a call of it.

use candle_core::{Device, Error, Result, Tensor};
use lossdef::{Catalogue, ReductionKind};
use lossdef_runtime::domain::ParameterValue;

use crate::backward;
use crate::bound::{Bound, Settings};

/// A loss with its parameters, its reduction and where its axes stand. One value serves any number of calls.
///
/// ```
/// use candle_core::{Device, Result, Tensor};
/// use lossdef::losses::CrossEntropy;
/// use lossdef_candle::{Loss, Reduction};
///
/// # fn main() -> Result<()> {
/// let logits = Tensor::new(&[[2f32, 0.5, -1.0], [0.0, 1.0, 3.0]], &Device::Cpu)?;
/// let target = Tensor::new(&[0i64, -100], &Device::Cpu)?; // the second sample does not count
///
/// let loss = Loss::new(CrossEntropy::dynamic()).parameter("label_smoothing", 0.1);
/// let mean = loss.forward(&logits, &target)?;
/// let weight = Tensor::new(&[1f32, 2.0, 0.5], &Device::Cpu)?;
/// let weighted = loss.on(&[&logits, &target]).input("weight", &weight).forward()?;
/// let each = loss.reduction(Reduction::None).forward(&logits, &target)?;
/// assert_eq!((mean.dims(), weighted.dims(), each.dims()), (&[][..], &[][..], &[2][..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Loss {
    formula: &'static dyn lossdef::Loss,
    settings: Settings,
}

impl Loss {
    /// A loss with its defaults and the mean: `Loss::new(CrossEntropy::dynamic())` for one of [lossdef's](mod@lossdef::losses)
    /// or of a `.def` file of your own, `Loss::new(formula.dynamic())` for one that `lossdef-engine` has read.
    pub fn new(formula: &'static dyn lossdef::Loss) -> Self {
        Loss { formula, settings: Settings::default() }
    }

    /// The loss of this name that comes with lossdef.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub fn named(name: &str) -> Result<Self> {
        Loss::of(lossdef::losses::CATALOGUE, name)
    }

    /// The loss of this name of a `.def` file, whose `CATALOGUE` is given.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub fn of(catalogue: Catalogue, name: &str) -> Result<Self> {
        let unknown = || {
            let names: Vec<_> = catalogue.names().collect();
            Error::Msg(format!("there is no loss `{name}`; losses are {}", names.join(", "))).bt()
        };
        catalogue.get(name).map(Loss::new).ok_or_else(unknown)
    }

    /// Sets a parameter: a number, or a truth value. A wrong name or value is an error of the call.
    pub fn parameter(mut self, name: &str, value: impl ParameterValue) -> Self {
        self.settings.parameters.push((name.to_owned(), value.number()));
        self
    }

    /// Sets how the values of the samples become the result; the mean otherwise.
    pub fn reduction(mut self, reduction: ReductionKind) -> Self {
        self.settings.reduction = reduction;
        self
    }

    /// Says that a named axis of the formula is axis `place` (from 0) of every tensor that has it beside sample
    /// axes, as the class axis of logits of shape `[N, C, H, W]` is axis 1. Otherwise named axes are the last ones.
    pub fn axis(mut self, name: &str, place: usize) -> Self {
        self.settings.axes.push((name.to_owned(), place));
        self
    }

    /// Lets elements outside of their declared domains pass, as a probability of 1.0000001.
    pub fn unchecked(mut self) -> Self {
        self.settings.check = false;
        self
    }

    /// The loss of two tensors, for losses with two required inputs. For others, see [`on`](Self::on).
    ///
    /// # Errors
    ///
    /// As [`Call::forward`].
    pub fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        self.on(&[input, target]).forward()
    }

    /// A call on the required inputs, in the order of the formula. Optional ones follow with [`Call::input`].
    pub fn on<'t>(&self, required: &[&'t Tensor]) -> Call<'_, 't> {
        let spec = self.formula.spec();
        let names: Vec<_> = spec.inputs.iter().filter(|i| i.default.is_none()).map(|i| i.name).collect();
        let mut call = Call { loss: self, inputs: Vec::new(), error: None };
        if required.len() > names.len() {
            let (loss, count, list) = (spec.name, required.len(), names.join("`, `"));
            call.error = Some(format!("{loss}: {count} tensors for the required inputs, which are `{list}`"));
        }
        for (name, tensor) in names.into_iter().zip(required) {
            call = call.input(name, tensor);
        }
        call
    }
}

/// A loss and the tensors that it is to be computed of.
#[derive(Clone, Debug)]
#[must_use]
pub struct Call<'l, 't> {
    loss: &'l Loss,
    inputs: Vec<(&'static str, &'t Tensor)>,
    error: Option<String>,
}

impl<'t> Call<'_, 't> {
    /// Gives an input by its name, say optional weights, which broadcast. The last one given under a name counts.
    pub fn input(mut self, name: &str, tensor: &'t Tensor) -> Self {
        let spec = self.loss.formula.spec();
        match spec.inputs.iter().find(|input| input.name == name) {
            Some(input) => {
                self.inputs.retain(|(known, _)| *known != input.name);
                self.inputs.push((input.name, tensor));
            }
            None => {
                let known = spec.inputs.iter().map(|input| input.name).collect();
                let error = lossdef::Error::UnknownInput { loss: spec.name, name: name.to_owned(), known };
                self.error.get_or_insert(error.to_string());
            }
        }
        self
    }

    /// Computes the loss: a tensor of shape `[]`, or one of the shape of the samples for [`ReductionKind::None`],
    /// of the float type of the inputs and on the device of the first.
    ///
    /// Where an input is part of a graph that leads to a variable, its gradient is computed in the same pass over
    /// memory, and `backward` multiplies it in; without such an input there is no gradient. For
    /// [`ReductionKind::None`] it is `backward` that computes it, because only there it is known what each value
    /// is multiplied by.
    ///
    /// # Errors
    ///
    /// A wrong name, a missing input, a wrong shape or element type, a label or an element out of range: the message
    /// names the loss and the input.
    pub fn forward(self) -> Result<Tensor> {
        let spec = self.loss.formula.spec();
        if let Some(error) = self.error {
            return Err(Error::Msg(error).bt());
        }
        let device = self.inputs.first().map_or(&Device::Cpu, |(_, tensor)| tensor.device());
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for input in spec.inputs {
            if let Some((_, tensor)) = self.inputs.iter().find(|(name, _)| *name == input.name) {
                // A copy where the tensor is not there yet, through which gradients find their way back.
                inputs.push((input, tensor.to_device(&Device::Cpu)?));
            }
        }
        // Every float input of a formula can be differentiated; one that is given for labels is an error.
        let tracked =
            inputs.iter().filter(|(_, tensor)| is_tracked(tensor)).map(|(input, _)| input.name).collect();
        let bound = Bound { formula: self.loss.formula, settings: self.loss.settings.clone(), inputs };
        backward::forward(bound, tracked)?.to_device(device)
    }
}

/// Whether candle asks for a gradient: it stops at whole numbers, whatever they were computed from.
fn is_tracked(tensor: &Tensor) -> bool {
    tensor.track_op() && tensor.dtype().is_float()
}
