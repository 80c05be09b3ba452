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

/// Computes a loss as a node of the graph, of which at least one input is a part. Its gradients are computed in the same
/// pass over memory, but for a loss of one value per sample: there, what each value is multiplied by is known in the
/// backward pass only.
pub fn record<B: Memory, C: CheckpointStrategy>(
    tracked: &[Tracked<B>],
    bound: Bound,
    device: &B::Device,
) -> Result<FloatTensor<Autodiff<B, C>>, Error> {
    let names: Vec<_> = tracked.iter().map(|tracked| tracked.name).collect();
    let unreduced = bound.is_unreduced();
    let evaluation = bound.evaluate(if unreduced { &[] } else { &names }, None)?;
    let shape = evaluation.value.shape().to_vec();
    let kept = if unreduced {
        Kept::Inputs { bound, names, shape, device: device.clone() }
    } else {
        Kept::Gradients(tensors::<B>(evaluation.gradients, device))
    };
    let (state, value) = (State { kept, joined: false }, tensor::<B>(evaluation.value, device));
    Ok(match tracked {
        [a] => finish::<B, C, 1>([a.tensor.node()], state, value),
        [a, b] => finish::<B, C, 2>([a.tensor.node(), b.tensor.node()], state, value),
        [a, b, c] => finish::<B, C, 3>([a.tensor.node(), b.tensor.node(), c.tensor.node()], state, value),
        many => {
            // A node of burn has a fixed number of parents. Of many inputs one is made, from which burn's own graph leads
            // back to each.
            let flat = many.iter().map(|tracked| {
                let count = tracked.tensor.shape().num_elements();
                <Autodiff<B, C>>::float_reshape(tracked.tensor.clone(), Shape::from([count]))
            });
            let joined = <Autodiff<B, C>>::float_cat(flat.collect(), 0);
            finish::<B, C, 1>([joined.node()], State { joined: true, ..state }, value)
        }
    })
}

fn finish<B: Memory, C: CheckpointStrategy, const N: usize>(
    parents: [NodeGuard; N],
    state: State<B>,
    value: FloatTensor<B>,
) -> FloatTensor<Autodiff<B, C>> {
    match LossBackward.prepare::<C>(parents).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(state, value),
        OpsKind::UnTracked(prepared) => prepared.finish(value),
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
