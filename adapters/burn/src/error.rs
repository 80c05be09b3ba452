//! Why a loss was not computed.

/// An error of a call. Every message names the loss.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What lossdef reports: a wrong name, shape, element type, label or number.
    #[error(transparent)]
    Loss(#[from] lossdef::Error),
    /// More tensors were given than there are required inputs.
    #[error("{loss}: there is no required input for tensor {place}; those are {known}")]
    TooManyTensors {
        /// The loss.
        loss: &'static str,
        /// Which tensor, from 1.
        place: usize,
        /// The required inputs.
        known: String,
    },
    /// Two inputs lie on different devices.
    #[error("{loss}: `{input}` is on {device}, but `{other}` is on {other_device}")]
    Device {
        /// The loss.
        loss: &'static str,
        /// The first input.
        input: &'static str,
        /// Its device.
        device: String,
        /// An input on another device.
        other: &'static str,
        /// The device of that input.
        other_device: String,
    },
    /// A tensor belongs to a backend for which this crate was not built.
    #[error(
        "{loss}: lossdef-burn was built without the feature for the backend of {device}; without it \
         neither the value nor a gradient can be computed"
    )]
    Backend {
        /// The loss.
        loss: &'static str,
        /// The device.
        device: String,
    },
    /// Two inputs belong to graphs of different gradient checkpointing.
    #[error("{loss}: `{input}` has another gradient checkpointing strategy than the inputs before it")]
    Checkpointing {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
    },
    /// The values of the samples have another number of axes than the tensor that is to hold them.
    #[error("{loss}: the values have shape {shape:?}, which a tensor of {rank} axes cannot hold")]
    ResultRank {
        /// The loss.
        loss: &'static str,
        /// The shape of the values; `[1]` for a single one.
        shape: Vec<usize>,
        /// The number of axes of the result.
        rank: usize,
    },
    /// One tensor was asked for, but the reduction gives one value per sample.
    #[error("{loss}: the reduction gives one value per sample, which `forward_no_reduction` returns")]
    Unreduced {
        /// The loss.
        loss: &'static str,
    },
    /// No input was given as a tensor, so that there is no device for the result.
    #[error("{loss}: no tensor was given")]
    NoTensor {
        /// The loss.
        loss: &'static str,
    },
    /// A backend could not copy a tensor to the host.
    #[error("{loss}: `{input}` cannot be read: {reason}")]
    Read {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
        /// What the backend says.
        reason: String,
    },
}
