//! The module that computes a loss, its configuration, and a call by the names of the inputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::Tensor;
use burn::backend::{DType, Dispatch, DispatchAutodiffContext, TensorMetadata};
use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay};
use lossdef::ReductionKind;
use lossdef::spec::Spec;
use lossdef_runtime::domain::ParameterValue;

use crate::bound::{Request, Settings};
use crate::error::Error;
use crate::input::Input;
use crate::ops::{Inputs, LossOps, Outcome, is_supported};
use crate::reduction::Reduce;

/// What a loss is set to: parameters, constant inputs and the places of axes, all by their names in the formula. It is
/// saved and loaded with the configuration of an experiment; the formula is given to [`init`](Self::init).
///
/// ```
/// use lossdef::losses::CrossEntropy;
/// use lossdef_burn::LossConfig;
///
/// let loss = LossConfig::new()
///     .with_parameter("label_smoothing", 0.1)
///     .with_input("weight", [1.0, 2.0, 0.5])
///     .init(CrossEntropy::dynamic());
/// assert_eq!(loss.name(), "cross_entropy");
/// ```
#[derive(Config, Debug)]
pub struct LossConfig {
    /// Parameters; truth values are 0 and 1.
    #[config(default = "BTreeMap::new()")]
    pub parameters: BTreeMap<String, f64>,
    /// Inputs along one axis that are the same in every call, as the weights of classes.
    #[config(default = "BTreeMap::new()")]
    pub inputs: BTreeMap<String, Vec<f64>>,
    /// Axes that do not stand last, as the class axis of images, which is axis 1.
    #[config(default = "BTreeMap::new()")]
    pub axes: BTreeMap<String, usize>,
    /// Whether elements outside of their declared domains are errors.
    #[config(default = true)]
    pub checked: bool,
}

impl LossConfig {
    /// Sets a parameter: a number, or a truth value.
    pub fn with_parameter(mut self, name: &str, value: impl ParameterValue) -> Self {
        self.parameters.insert(name.to_owned(), value.number());
        self
    }

    /// Gives an input along one axis that is the same in every call. A tensor that a call gives comes first.
    pub fn with_input(mut self, name: &str, values: impl Into<Vec<f64>>) -> Self {
        self.inputs.insert(name.to_owned(), values.into());
        self
    }

    /// Says that a named axis of the formula is axis `place` (from 0) of every tensor that has it beside sample axes,
    /// as the class axis of logits of shape `[N, C, H, W]` is axis 1. Otherwise named axes are the last ones.
    pub fn with_axis(mut self, name: &str, place: usize) -> Self {
        self.axes.insert(name.to_owned(), place);
        self
    }

    /// The module for a loss: `CrossEntropy::dynamic()` for one of [lossdef's](mod@lossdef::losses) or of a `.def` file
    /// of your own, `formula.dynamic()` for one that `lossdef-engine` has read.
    ///
    /// # Panics
    ///
    /// Where the loss has no parameter or input of a name. See [`try_init`](Self::try_init).
    pub fn init(&self, formula: &'static dyn lossdef::Loss) -> Loss {
        self.try_init(formula).unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`init`](Self::init).
    ///
    /// # Errors
    ///
    /// Where the loss has no parameter or input of a name.
    pub fn try_init(&self, formula: &'static dyn lossdef::Loss) -> Result<Loss, Error> {
        let spec = formula.spec();
        for name in self.parameters.keys() {
            if spec.parameters.iter().all(|parameter| parameter.name != name) {
                let known = spec.parameters.iter().map(|parameter| parameter.name).collect();
                return Err(
                    lossdef::Error::UnknownParameter { loss: spec.name, name: name.clone(), known }.into()
                );
            }
        }
        for name in self.inputs.keys() {
            place(spec, name)?;
        }
        let settings = Settings {
            parameters: self.parameters.clone(),
            inputs: self.inputs.clone(),
            axes: self.axes.clone(),
            check: self.checked,
        };
        Ok(Loss { formula, settings: Arc::new(settings) })
    }
}

/// A loss with its settings. Made by [`LossConfig::init`], or by [`Loss::new`] with all defaults.
///
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn::nn::loss::Reduction;
/// use lossdef::losses::CrossEntropy;
/// use lossdef_burn::Loss;
///
/// let device = Device::flex().autodiff();
/// let logits = Tensor::<2>::from_data([[2f32, 0.5, -1.0], [0.0, 1.0, 3.0]], &device).require_grad();
/// let target = Tensor::<1, Int>::from_data([0, -100], &device); // the second sample does not count
///
/// let loss = Loss::new(CrossEntropy::dynamic());
/// let mean: Tensor<1> = loss.forward(logits.clone(), target.clone(), Reduction::Mean);
/// let gradients = mean.backward();
/// assert_eq!(logits.grad(&gradients).unwrap().dims(), [2, 3]);
///
/// let each: Tensor<1> = loss.forward_no_reduction(logits.clone(), target.clone());
/// assert_eq!(each.dims(), [2]);
/// // Further inputs by their names:
/// let weight = Tensor::<1>::from_data([1f32, 2.0, 0.5], &device);
/// let weighted = loss.on(logits, target).input("weight", weight).forward(Reduction::Sum);
/// # let _ = weighted;
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct Loss {
    #[module(skip)]
    formula: &'static dyn lossdef::Loss,
    #[module(skip)]
    settings: Arc<Settings>,
}

impl ModuleDisplay for Loss {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new().with_new_line_after_attribute(false).optional()
    }

    fn custom_content(&self, mut content: Content) -> Option<Content> {
        content = content.add("name", &self.name().to_owned());
        for (name, value) in &self.settings.parameters {
            content = content.add(name, value);
        }
        for name in self.settings.inputs.keys() {
            content = content.add(name, &"constant".to_owned());
        }
        content.optional()
    }
}

impl Loss {
    /// A loss with all defaults.
    pub fn new(formula: &'static dyn lossdef::Loss) -> Self {
        Loss { formula, settings: Arc::new(Settings { check: true, ..Settings::default() }) }
    }

    /// The name of the loss in its `.def` file.
    pub fn name(&self) -> &'static str {
        self.formula.spec().name
    }

    /// The loss of two tensors as one number, for losses with two required inputs. For others, see [`call`](Self::call).
    ///
    /// # Panics
    ///
    /// Where [`try_forward`](Self::try_forward) is an error, with its message.
    pub fn forward(
        &self,
        prediction: impl Into<Input>,
        target: impl Into<Input>,
        reduction: impl Reduce,
    ) -> Tensor<1> {
        self.on(prediction, target).forward(reduction)
    }

    /// As [`forward`](Self::forward).
    ///
    /// # Errors
    ///
    /// As [`Call::try_forward`].
    pub fn try_forward(
        &self,
        prediction: impl Into<Input>,
        target: impl Into<Input>,
        reduction: impl Reduce,
    ) -> Result<Tensor<1>, Error> {
        self.on(prediction, target).try_forward(reduction)
    }

    /// The loss of two tensors, one value per sample. Where the formula has no samples, its only value is of shape `[1]`.
    ///
    /// # Panics
    ///
    /// Where [`try_forward_no_reduction`](Self::try_forward_no_reduction) is an error, with its message.
    pub fn forward_no_reduction<const D: usize>(
        &self,
        prediction: impl Into<Input>,
        target: impl Into<Input>,
    ) -> Tensor<D> {
        self.on(prediction, target).forward_no_reduction()
    }

    /// As [`forward_no_reduction`](Self::forward_no_reduction).
    ///
    /// # Errors
    ///
    /// As [`Call::try_forward_no_reduction`].
    pub fn try_forward_no_reduction<const D: usize>(
        &self,
        prediction: impl Into<Input>,
        target: impl Into<Input>,
    ) -> Result<Tensor<D>, Error> {
        self.on(prediction, target).try_forward_no_reduction()
    }

    /// A call on the first two required inputs. Others follow with [`Call::input`].
    pub fn on(&self, prediction: impl Into<Input>, target: impl Into<Input>) -> Call<'_> {
        self.call().with(prediction).with(target)
    }

    /// A call without inputs yet, for losses with one required input, or more than two.
    pub fn call(&self) -> Call<'_> {
        Call { loss: self, inputs: Vec::new(), required: 0, error: None }
    }
}

/// A loss and the tensors that it is to be computed of.
#[derive(Clone, Debug)]
#[must_use]
pub struct Call<'l> {
    loss: &'l Loss,
    inputs: Vec<(usize, Input)>,
    /// How many required inputs were given without their names.
    required: usize,
    error: Option<Error>,
}

impl Call<'_> {
    /// Gives the next required input, in the order of the formula.
    pub fn with(mut self, tensor: impl Into<Input>) -> Self {
        let spec = self.loss.formula.spec();
        let mut required = spec.inputs.iter().filter(|input| input.default.is_none());
        match required.nth(self.required) {
            Some(input) => self = self.input(input.name, tensor),
            None => {
                let known =
                    spec.inputs.iter().filter(|input| input.default.is_none()).map(|input| input.name);
                let known = known.collect::<Vec<_>>().join(", ");
                let error = Error::TooManyTensors { loss: spec.name, place: self.required + 1, known };
                self.error.get_or_insert(error);
            }
        }
        self.required += 1;
        self
    }

    /// Gives an input by its name, say optional weights, which broadcast. The last one given under a name counts.
    pub fn input(mut self, name: &str, tensor: impl Into<Input>) -> Self {
        match place(self.loss.formula.spec(), name) {
            Ok(place) => {
                self.inputs.retain(|(known, _)| *known != place);
                self.inputs.push((place, tensor.into()));
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
        self
    }

    /// Computes the loss as one number, of shape `[1]`.
    ///
    /// # Panics
    ///
    /// Where [`try_forward`](Self::try_forward) is an error, with its message.
    pub fn forward(self, reduction: impl Reduce) -> Tensor<1> {
        self.try_forward(reduction).unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`forward`](Self::forward). Where an input leads to a leaf that requires a gradient, the gradient is computed
    /// in the same pass over memory, and `backward` multiplies it in; without such an input there is no gradient.
    ///
    /// # Errors
    ///
    /// A wrong name, a missing input, a wrong shape or element type, a label or an element out of range, tensors of
    /// several devices, a backend that was not built in: the message names the loss and the input.
    pub fn try_forward(self, reduction: impl Reduce) -> Result<Tensor<1>, Error> {
        match reduction.kind() {
            ReductionKind::None => Err(Error::Unreduced { loss: self.loss.name() }),
            kind => self.compute(kind),
        }
    }

    /// Computes one value per sample. Where the formula has no samples, its only value is of shape `[1]`.
    ///
    /// # Panics
    ///
    /// Where [`try_forward_no_reduction`](Self::try_forward_no_reduction) is an error, with its message.
    pub fn forward_no_reduction<const D: usize>(self) -> Tensor<D> {
        self.try_forward_no_reduction().unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`forward_no_reduction`](Self::forward_no_reduction). Gradients are computed by `backward`, in a second
    /// evaluation, because only there it is known what each value is multiplied by.
    ///
    /// # Errors
    ///
    /// As [`try_forward`](Self::try_forward), and where the values have not `D` axes.
    pub fn try_forward_no_reduction<const D: usize>(self) -> Result<Tensor<D>, Error> {
        self.compute(ReductionKind::None)
    }

    fn compute<const D: usize>(mut self, reduction: ReductionKind) -> Result<Tensor<D>, Error> {
        let loss = self.loss.name();
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        self.inputs.sort_by_key(|(place, _)| *place);
        self.check()?;
        let Loss { formula, settings } = self.loss.clone();
        let inputs = Inputs(self.inputs.into_iter().map(|(place, input)| (place, input.0)).collect());
        match <Dispatch as LossOps>::lossdef(inputs, Request { formula, settings, reduction }) {
            Outcome::Failed(error) => Err(error),
            Outcome::Value(value) if value.rank() != D => {
                Err(Error::ResultRank { loss, shape: value.shape().to_vec(), rank: D })
            }
            Outcome::Value(value) => Ok(Tensor::from_dispatch(value)),
        }
    }

    /// What burn itself would panic at.
    fn check(&self) -> Result<(), Error> {
        let spec = self.loss.formula.spec();
        let Some((first, tensor)) = self.inputs.first() else {
            return Err(Error::NoTensor { loss: spec.name });
        };
        let (device, other) = (tensor.device(), spec.inputs[*first].name);
        let mut strategy = DispatchAutodiffContext::Disabled;
        for (place, input) in &self.inputs {
            let (loss, name) = (spec.name, spec.inputs[*place].name);
            if !is_supported(&input.0.dispatch().kind) {
                return Err(Error::Backend { loss, device: format!("{:?}", input.device()) });
            }
            if input.device() != device {
                let (device, other_device) = (format!("{:?}", input.device()), format!("{device:?}"));
                return Err(Error::Device { loss, input: name, device, other, other_device });
            }
            if let DType::QFloat(_) = input.dtype() {
                let expected = "elements of type f32 or f64, which `dequantize` gives";
                let found = "quantized";
                return Err(lossdef::Error::ElementType { loss, input: name, found, expected }.into());
            }
            match (strategy, input.autodiff()) {
                (DispatchAutodiffContext::Disabled, context) => strategy = context,
                (_, DispatchAutodiffContext::Disabled) => {}
                (known, context) if known != context => {
                    return Err(Error::Checkpointing { loss, input: name });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The place of an input in the formula.
fn place(spec: &Spec, name: &str) -> Result<usize, Error> {
    let unknown = || {
        let known = spec.inputs.iter().map(|input| input.name).collect();
        lossdef::Error::UnknownInput { loss: spec.name, name: name.to_owned(), known }.into()
    };
    spec.inputs.iter().position(|input| input.name == name).ok_or_else(unknown)
}
