//! Tensors of any rank and kind as inputs of a loss.

use burn::Tensor;
use burn::backend::{
    DType, Dispatch, DispatchAutodiffContext, DispatchDevice, DispatchTensorKind, TensorMetadata,
};
use burn::tensor::{Bool, Int};

use crate::ops::Slot;

/// A tensor of any rank that holds numbers, whole numbers or truth values. Made with `into` from a [`Tensor`].
#[derive(Clone, Debug)]
pub struct Input(pub(crate) Slot<Dispatch>);

impl<const D: usize> From<Tensor<D>> for Input {
    fn from(tensor: Tensor<D>) -> Self {
        Input(Slot::Float(tensor.into_dispatch()))
    }
}

impl<const D: usize> From<Tensor<D, Int>> for Input {
    fn from(tensor: Tensor<D, Int>) -> Self {
        Input(Slot::Int(tensor.into_dispatch()))
    }
}

impl<const D: usize> From<Tensor<D, Bool>> for Input {
    fn from(tensor: Tensor<D, Bool>) -> Self {
        Input(Slot::Bool(tensor.into_dispatch()))
    }
}

impl Input {
    pub(crate) fn dtype(&self) -> DType {
        self.0.dispatch().dtype()
    }

    /// Where the tensor lies, whether or not it belongs to a graph.
    pub(crate) fn device(&self) -> DispatchDevice {
        match &self.0.dispatch().kind {
            DispatchTensorKind::Autodiff(inner) => inner.device(),
            kind => kind.device(),
        }
    }

    pub(crate) fn autodiff(&self) -> DispatchAutodiffContext {
        self.0.dispatch().autodiff
    }
}
