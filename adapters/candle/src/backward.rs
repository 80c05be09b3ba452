//! The loss as an operation in candle's graph.

use std::sync::{Mutex, OnceLock, PoisonError};

use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, CustomOp3, DType, Device, Error, Layout, Result, Shape, Tensor,
};
use lossdef::ReductionKind;
use lossdef::any::AnyArray;
use ndarray::ArrayD;

use crate::bound::Bound;

/// Computes a loss, as part of the graph that the inputs of these names belong to.
pub(crate) fn forward(bound: Bound, tracked: Vec<&'static str>) -> Result<Tensor> {
    let name = bound.formula.spec().name;
    let unreduced = bound.settings.reduction == ReductionKind::None;
    let evaluation = bound.evaluate(if unreduced { &[] } else { &tracked }, None)?;
    if tracked.is_empty() {
        return tensor(evaluation.value);
    }
    let arguments: Vec<Tensor> = tracked.iter().filter_map(|name| bound.tensor(name)).cloned().collect();
    let gradients = if unreduced {
        Gradients::Later(bound, tracked)
    } else {
        Gradients::Now(tensors(evaluation.gradients)?)
    };
    let operation = Operation { name, value: Mutex::new(Some(evaluation.value)), gradients };
    match &*arguments {
        [a] => a.apply_op1(operation),
        [a, b] => a.apply_op2(b, operation),
        [a, b, c] => a.apply_op3(b, c, operation),
        // As one argument, from which candle's own graph leads back to each.
        many => joined(many)?.apply_op1(operation),
    }
}

/// A loss whose value is known when it enters the graph.
struct Operation {
    name: &'static str,
    /// Until the graph has it.
    value: Mutex<Option<AnyArray>>,
    gradients: Gradients,
}

/// The gradients of the inputs that have one.
enum Gradients {
    /// Of a loss that is one number, to be multiplied by the derivative in it.
    Now(Vec<Tensor>),
    /// Of one value per sample. What each contributes is known in the backward pass only, and is not undone
    /// where an input broadcasts over samples; so the kernel does the multiplication.
    Later(Bound, Vec<&'static str>),
}

impl Operation {
    fn take(&self) -> Result<(CpuStorage, Shape)> {
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner).take();
        let taken = || Error::Msg(format!("{}: the value is in the graph already", self.name)).bt();
        value.map(storage).ok_or_else(taken)
    }

    /// The gradients in the arguments, given that in the result. They can be asked for any number of times.
    fn backward(&self, arguments: &[&Tensor], upstream: &Tensor) -> Result<Vec<Tensor>> {
        let mut gradients = self.gradients(upstream)?;
        if arguments.len() < gradients.len() {
            gradients = vec![joined(&gradients)?];
        }
        if is_attached() {
            let of = |(gradient, argument): (Tensor, &&Tensor)| {
                gradient.apply_op2(argument, Derivative(self.name))
            };
            gradients = gradients.into_iter().zip(arguments).map(of).collect::<Result<_>>()?;
        }
        Ok(gradients)
    }

    fn gradients(&self, upstream: &Tensor) -> Result<Vec<Tensor>> {
        match &self.gradients {
            Gradients::Now(gradients) => {
                let factor = upstream.to_dtype(DType::F64)?.to_scalar::<f64>()?;
                let scaled = |gradient: &Tensor| match factor {
                    1.0 => Ok(gradient.clone()),
                    _ => gradient.affine(factor, 0.0),
                };
                gradients.iter().map(scaled).collect()
            }
            Gradients::Later(bound, tracked) => tensors(bound.evaluate(tracked, Some(upstream))?.gradients),
        }
    }
}

impl CustomOp1 for Operation {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.take()
    }

    fn bwd(&self, a: &Tensor, _: &Tensor, upstream: &Tensor) -> Result<Option<Tensor>> {
        Ok(self.backward(&[a], upstream)?.pop())
    }
}

impl CustomOp2 for Operation {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.take()
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        _: &Tensor,
        upstream: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut gradients = self.backward(&[a, b], upstream)?.into_iter();
        Ok((gradients.next(), gradients.next()))
    }
}

impl CustomOp3 for Operation {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.take()
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        c: &Tensor,
        _: &Tensor,
        upstream: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut gradients = self.backward(&[a, b, c], upstream)?.into_iter();
        Ok((gradients.next(), gradients.next(), gradients.next()))
    }
}

/// The gradient of a loss in its argument, which cannot be differentiated in turn: that is an error of `backward`.
struct Derivative(&'static str);

impl CustomOp2 for Derivative {
    fn name(&self) -> &'static str {
        "the gradient of a loss of lossdef"
    }

    fn cpu_fwd(
        &self,
        gradient: &CpuStorage,
        layout: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        match layout.contiguous_offsets() {
            Some((0, _)) => Ok((gradient.clone(), layout.shape().clone())),
            _ => Err(Error::Msg(format!("{}: a gradient of an unknown layout", self.0)).bt()),
        }
    }
}

/// Whether candle is told to keep gradients in the graph that they are computed from, as it does not by itself.
fn is_attached() -> bool {
    static ATTACHED: OnceLock<bool> = OnceLock::new();
    let read =
        || std::env::var("CANDLE_GRAD_DO_NOT_DETACH").is_ok_and(|value| !value.is_empty() && value != "0");
    *ATTACHED.get_or_init(read)
}

/// All elements of several tensors, one after the other.
fn joined(tensors: &[Tensor]) -> Result<Tensor> {
    let flat = tensors.iter().map(Tensor::flatten_all).collect::<Result<Vec<_>>>()?;
    Tensor::cat(&flat, 0)
}

fn tensors(gradients: Vec<(&'static str, AnyArray)>) -> Result<Vec<Tensor>> {
    gradients.into_iter().map(|(_, gradient)| tensor(gradient)).collect()
}

fn tensor(array: AnyArray) -> Result<Tensor> {
    let shape = Shape::from(array.shape());
    match array {
        AnyArray::F32(array) => Tensor::from_vec(elements(array), shape, &Device::Cpu),
        AnyArray::F64(array) => Tensor::from_vec(elements(array), shape, &Device::Cpu),
    }
}

fn storage(array: AnyArray) -> (CpuStorage, Shape) {
    let shape = Shape::from(array.shape());
    let storage = match array {
        AnyArray::F32(array) => CpuStorage::F32(elements(array)),
        AnyArray::F64(array) => CpuStorage::F64(elements(array)),
    };
    (storage, shape)
}

/// The elements of an array, without a copy where they fill their memory in the order of a tensor's, as those do
/// that lossdef makes.
fn elements<T: Copy>(array: ArrayD<T>) -> Vec<T> {
    if array.is_standard_layout() {
        let count = array.len();
        let (data, offset) = array.into_raw_vec_and_offset();
        let first = offset.unwrap_or(0);
        return if first == 0 && data.len() == count { data } else { data[first..first + count].to_vec() };
    }
    array.iter().copied().collect()
}
