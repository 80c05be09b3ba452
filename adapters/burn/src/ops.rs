//! The loss as an operation of burn's backends.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::{BoolTensor, FloatTensor, IntTensor};
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, BackendTensor, BackendTypes, DispatchAutodiffContext, DispatchTensor,
    DispatchTensorKind, ExtensionType, TensorMetadata, backend_extension,
};

use crate::backward::{self, Tracked};
use crate::bound::{Bound, Request};
use crate::error::Error;
use crate::held::{Held, Memory};

/// A tensor of a backend.
#[derive(Clone, Debug)]
pub enum Slot<B: BackendTypes> {
    Float(FloatTensor<B>),
    Int(IntTensor<B>),
    Bool(BoolTensor<B>),
}

/// The tensors of a call, each with the place of its input in the formula.
#[derive(Clone, Debug)]
pub struct Inputs<B: BackendTypes>(pub Vec<(usize, Slot<B>)>);

/// The value, or why there is none.
#[derive(Debug, ExtensionType)]
pub enum Outcome<B: Backend> {
    Value(FloatTensor<B>),
    Failed(Error),
}

/// What every backend has to offer.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(feature = "cube"),
    Autodiff
)]
pub trait LossOps: Backend {
    /// Computes a loss.
    fn lossdef(#[extension_type] inputs: Inputs<Self>, request: Request) -> Outcome<Self>;
}

macro_rules! on_backends {
    ($($feature:literal $backend:ident),*) => {$(
        #[cfg(feature = $feature)]
        #[allow(deprecated, reason = "burn still has this backend")]
        impl LossOps for burn::backend::$backend {
            fn lossdef(inputs: Inputs<Self>, request: Request) -> Outcome<Self> {
                outcome(untracked::<Self>(inputs, request))
            }
        }
    )*};
}

on_backends!("flex" Flex, "ndarray" NdArray, "tch" LibTorch, "cube" Cube);

impl<B: Memory + LossOps, C: CheckpointStrategy> LossOps for Autodiff<B, C> {
    fn lossdef(inputs: Inputs<Self>, request: Request) -> Outcome<Self> {
        let inputs_of_loss = request.formula.spec().inputs;
        // Only inputs that lead to a leaf become parents; the others are constants.
        let mut tracked = Vec::new();
        let floats = |(place, slot): (usize, Slot<Self>)| {
            let slot = match slot {
                Slot::Float(tensor) => {
                    if tensor.is_tracked() {
                        tracked.push(Tracked { name: inputs_of_loss[place].name, tensor: tensor.clone() });
                    }
                    Slot::Float(tensor.into_primitive())
                }
                Slot::Int(tensor) => Slot::Int(tensor),
                Slot::Bool(tensor) => Slot::Bool(tensor),
            };
            (place, slot)
        };
        let inputs = Inputs(inputs.0.into_iter().map(floats).collect());
        if tracked.is_empty() {
            return outcome(untracked::<B>(inputs, request).map(<Self as AutodiffBackend>::from_inner));
        }
        outcome(device::<B>(&inputs, &request).and_then(|device| {
            let bound = Bound::new(request.clone(), held::<B>(inputs, &request)?)?;
            backward::record::<B, C>(&tracked, bound, &device)
        }))
    }
}

/// The value alone.
fn untracked<B: Memory>(inputs: Inputs<B>, request: Request) -> Result<FloatTensor<B>, Error> {
    let device = device::<B>(&inputs, &request)?;
    let bound = Bound::new(request.clone(), held::<B>(inputs, &request)?)?;
    Ok(backward::tensor::<B>(bound.evaluate(&[], None)?.value, &device))
}

fn outcome<B: Backend>(result: Result<FloatTensor<B>, Error>) -> Outcome<B> {
    result.map_or_else(Outcome::Failed, Outcome::Value)
}

fn device<B: Backend>(inputs: &Inputs<B>, request: &Request) -> Result<B::Device, Error> {
    let first = inputs.0.first().map(|(_, slot)| match slot {
        Slot::Float(tensor) => tensor.device(),
        Slot::Int(tensor) => tensor.device(),
        Slot::Bool(tensor) => tensor.device(),
    });
    first.ok_or(Error::NoTensor { loss: request.formula.spec().name })
}

/// The memory of the tensors.
fn held<B: Memory>(inputs: Inputs<B>, request: &Request) -> Result<Vec<(usize, Held)>, Error> {
    let spec = request.formula.spec();
    let read = |(place, slot): (usize, Slot<B>)| {
        let held = match slot {
            Slot::Float(tensor) => B::float(tensor),
            Slot::Int(tensor) => B::int(tensor),
            Slot::Bool(tensor) => B::bool(tensor),
        };
        let error = |reason| Error::Read { loss: spec.name, input: spec.inputs[place].name, reason };
        held.map(|held| (place, held)).map_err(error)
    };
    inputs.0.into_iter().map(read).collect()
}

/// Written out, because burn's derive macro knows no lists.
impl<B: Backend> ExtensionType<B> for Inputs<B> {
    type Target = Inputs<burn::backend::Dispatch>;

    fn map_to_dispatch<F>(self, map_kind: F, autodiff: DispatchAutodiffContext) -> Self::Target
    where
        F: Fn(BackendTensor<B>) -> DispatchTensorKind,
    {
        let wrap = |tensor| DispatchTensor { kind: map_kind(tensor), autodiff };
        let wrapped = self.0.into_iter().map(|(place, slot)| {
            let slot = match slot {
                Slot::Float(tensor) => Slot::Float(wrap(BackendTensor::Float(tensor))),
                Slot::Int(tensor) => Slot::Int(wrap(BackendTensor::Int(tensor))),
                Slot::Bool(tensor) => Slot::Bool(wrap(BackendTensor::Bool(tensor))),
            };
            (place, slot)
        });
        Inputs(wrapped.collect())
    }

    fn map_from_dispatch<F>(target: Self::Target, unwrap_kind: F) -> Self
    where
        F: Fn(DispatchTensor) -> BackendTensor<B>,
    {
        let unwrapped = target.0.into_iter().map(|(place, slot)| {
            let slot = match slot {
                Slot::Float(tensor) => Slot::Float(unwrap_kind(tensor).float()),
                Slot::Int(tensor) => Slot::Int(unwrap_kind(tensor).int()),
                Slot::Bool(tensor) => Slot::Bool(unwrap_kind(tensor).bool()),
            };
            (place, slot)
        });
        Inputs(unwrapped.collect())
    }

    fn routing_tensor(target: &Self::Target) -> Option<&DispatchTensor> {
        target.0.first().map(|(_, slot)| slot.dispatch())
    }

    fn routing_float_tensor(target: &Self::Target) -> Option<&DispatchTensor> {
        target.0.iter().find_map(|(_, slot)| if let Slot::Float(tensor) = slot { Some(tensor) } else { None })
    }

    fn autodiff_context(target: &Self::Target) -> DispatchAutodiffContext {
        let contexts = target.0.iter().map(|(_, slot)| slot.dispatch().autodiff);
        contexts.fold(DispatchAutodiffContext::Disabled, DispatchAutodiffContext::merge)
    }
}

impl Slot<burn::backend::Dispatch> {
    /// The tensor, whatever its kind.
    pub fn dispatch(&self) -> &DispatchTensor {
        match self {
            Slot::Float(tensor) | Slot::Int(tensor) | Slot::Bool(tensor) => tensor,
        }
    }
}

/// Whether this crate computes losses on the backend of a tensor.
pub fn is_supported(kind: &DispatchTensorKind) -> bool {
    match kind {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(_) => true,
        #[cfg(feature = "ndarray")]
        DispatchTensorKind::NdArray(_) => true,
        #[cfg(feature = "tch")]
        DispatchTensorKind::LibTorch(_) => true,
        #[cfg(feature = "cube")]
        DispatchTensorKind::Cube(_) => true,
        DispatchTensorKind::Autodiff(inner) => is_supported(inner),
        #[allow(unreachable_patterns, reason = "which backends there are is known to burn only")]
        _ => false,
    }
}
