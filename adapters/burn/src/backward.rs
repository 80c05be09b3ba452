//! The loss in burn's graph: what the forward pass keeps, and what the backward pass makes of it.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Shape, TensorMetadata};
use burn::tensor::TensorData;
use lossdef::any::AnyArray;
use ndarray::ArrayD;

use crate::bound::Bound;
use crate::error::Error;
use crate::held::Memory;

/// An input that leads to a leaf.
pub struct Tracked<B: Backend> {
    /// Its name in the formula.
    pub name: &'static str,
    pub tensor: FloatTensor<Autodiff<B>>,
}

/// Computes a loss as a node of the graph. Its gradients are computed in the same pass over memory, but for a loss of
/// one value per sample: there, what each value is multiplied by is known in the backward pass only.
pub fn record<B: Memory, C: CheckpointStrategy>(
    tracked: Vec<Tracked<B>>,
    bound: Bound,
    device: &B::Device,
) -> Result<FloatTensor<Autodiff<B, C>>, Error> {
    let names: Vec<_> = tracked.iter().map(|tracked| tracked.name).collect();
    let mut guards: Vec<_> = tracked.iter().map(|tracked| tracked.tensor.node()).collect();
    let joined = guards.len() > 3;
    if joined {
        // A node of burn has a fixed number of parents. Of many inputs one is made, from which burn's own graph leads
        // back to each.
        let flat = tracked.into_iter().map(|tracked| {
            let count = tracked.tensor.shape().num_elements();
            <Autodiff<B, C>>::float_reshape(tracked.tensor, Shape::from([count]))
        });
        guards = vec![<Autodiff<B, C>>::float_cat(flat.collect(), 0).node()];
    }
    let call = Pending { bound, names, joined, device };
    let mut guards = guards.into_iter();
    match (guards.next(), guards.next(), guards.next()) {
        (Some(a), Some(b), Some(c)) => call.finish::<C, 3>([a, b, c]),
        (Some(a), Some(b), None) => call.finish::<C, 2>([a, b]),
        (Some(a), ..) => call.finish::<C, 1>([a]),
        (None, ..) => Err(Error::NoTensor { loss: "" }),
    }
}

/// A call whose parents are known.
struct Pending<'d, B: Backend> {
    bound: Bound,
    names: Vec<&'static str>,
    joined: bool,
    device: &'d B::Device,
}

impl<B: Memory> Pending<'_, B> {
    fn finish<C: CheckpointStrategy, const N: usize>(
        self,
        guards: [NodeGuard; N],
    ) -> Result<FloatTensor<Autodiff<B, C>>, Error> {
        let Pending { bound, names, joined, device } = self;
        let prepared = <LossBackward as Backward<B, N>>::prepare::<C>(LossBackward, guards);
        match prepared.compute_bound().stateful() {
            OpsKind::UnTracked(prepared) => {
                let value = bound.evaluate(&[], None)?.value;
                Ok(prepared.finish(tensor::<B>(value, device)))
            }
            OpsKind::Tracked(prepared) => {
                let unreduced = bound.is_unreduced();
                let evaluation = bound.evaluate(if unreduced { &[] } else { &names }, None)?;
                let gradients = if unreduced {
                    Kept::Inputs {
                        bound,
                        names,
                        shape: evaluation.value.shape().to_vec(),
                        device: device.clone(),
                    }
                } else {
                    Kept::Gradients(tensors::<B>(evaluation.gradients, device))
                };
                Ok(prepared.finish(State { kept: gradients, joined }, tensor::<B>(evaluation.value, device)))
            }
        }
    }
}

/// The derivative of a loss.
#[derive(Debug)]
struct LossBackward;

/// What the backward pass needs.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    kept: Kept<B>,
    /// Whether all inputs are one parent.
    joined: bool,
}

#[derive(Clone, Debug)]
enum Kept<B: Backend> {
    /// The gradients of a loss that is one number.
    Gradients(Vec<FloatTensor<B>>),
    /// The inputs of a loss of one value per sample.
    Inputs { bound: Bound, names: Vec<&'static str>, shape: Vec<usize>, device: B::Device },
}

impl<B: Memory, const N: usize> Backward<B, N> for LossBackward {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let upstream = gradients.consume::<B>(&ops.node);
        let mut computed = ops.state.kept.times(upstream);
        if ops.state.joined {
            let flat = computed.into_iter().map(|gradient| {
                let count = gradient.shape().num_elements();
                B::float_reshape(gradient, Shape::from([count]))
            });
            computed = vec![B::float_cat(flat.collect(), 0)];
        }
        for (parent, gradient) in ops.parents.into_iter().zip(computed) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: Memory> Kept<B> {
    /// The gradients, given that of the result.
    fn times(self, upstream: FloatTensor<B>) -> Vec<FloatTensor<B>> {
        match self {
            Kept::Gradients(gradients) if B::is_one(&upstream) => gradients,
            Kept::Gradients(gradients) => {
                let scaled = |gradient: FloatTensor<B>| {
                    let ones = vec![1; gradient.rank()];
                    let factor = B::float_reshape(upstream.clone(), Shape::from(ones));
                    B::float_mul(gradient, factor)
                };
                gradients.into_iter().map(scaled).collect()
            }
            Kept::Inputs { bound, names, shape, device } => {
                let again = B::float(upstream).map_err(|reason| bound.unreadable("upstream", reason));
                match again.and_then(|upstream| bound.evaluate(&names, Some((&upstream, &shape)))) {
                    Ok(evaluation) => tensors::<B>(evaluation.gradients, &device),
                    // The same call has been computed in the forward pass; burn's backward pass has no results.
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}

/// Gradients as tensors of the shapes of their inputs.
fn tensors<B: Backend>(gradients: Vec<(&'static str, AnyArray)>, device: &B::Device) -> Vec<FloatTensor<B>> {
    gradients.into_iter().map(|(_, gradient)| tensor::<B>(gradient, device)).collect()
}

/// An array as a tensor of its shape. One number is a tensor of shape `[1]`, as the input was whose gradient it may be.
pub fn tensor<B: Backend>(array: AnyArray, device: &B::Device) -> FloatTensor<B> {
    let shape = if array.shape().is_empty() { vec![1] } else { array.shape().to_vec() };
    let data = match array {
        AnyArray::F32(array) => TensorData::new(elements(array), shape),
        AnyArray::F64(array) => TensorData::new(elements(array), shape),
    };
    B::float_from_data(data, device)
}

/// The elements of an array, without a copy where they fill their memory in the order of a tensor's, as those do that
/// lossdef makes.
fn elements<T: Copy>(array: ArrayD<T>) -> Vec<T> {
    if array.is_standard_layout() {
        let count = array.len();
        let (data, offset) = array.into_raw_vec_and_offset();
        let first = offset.unwrap_or(0);
        return if first == 0 && data.len() == count { data } else { data[first..first + count].to_vec() };
    }
    array.iter().copied().collect()
}
