//! What can be wrong with a call.

mod words;

use crate::spec::{AxisSpec, Domain};

/// Why a loss was not computed. Every message names the loss and the input or parameter at fault.
///
/// Buffers that were to receive a result hold unspecified numbers after an error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An elementwise loss that is evaluated without generated code has more inputs than that allows.
    #[error("{loss}: {inputs} inputs are more than the {most} that can be evaluated without generated code")]
    TooManyInputs {
        /// The loss.
        loss: &'static str,
        /// How many inputs it has.
        inputs: usize,
        /// The most that are possible.
        most: usize,
    },
    /// Two required inputs differ in shape.
    #[error(
        "{loss}: `{input}` has shape {shape:?} but `{other}` has shape {other_shape:?}; \
         required inputs must have the same shape"
    )]
    Shape {
        /// The loss.
        loss: &'static str,
        /// The first input.
        input: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// The input that differs from it.
        other: &'static str,
        /// The shape of that input.
        other_shape: Vec<usize>,
    },
    /// An input that is one number for all samples has axes.
    #[error("{loss}: `{input}` has shape {shape:?} but must be 0-dimensional")]
    NotScalar {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// An optional input does not broadcast to the sample shape.
    #[error("{loss}: `{input}` of shape {shape:?} does not broadcast to the sample shape {samples:?}")]
    NotBroadcastable {
        /// The loss.
        loss: &'static str,
        /// The optional input.
        input: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// The sample shape.
        samples: Vec<usize>,
    },
    /// An array has another number of axes than its input declares.
    #[error("{loss}: {}", words::rank(input, shape, declared, expected.as_deref()))]
    Rank {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// The axes that it declares.
        declared: &'static [AxisSpec],
        /// The shape that it must have beside the other inputs, `[3, k]` where nothing tells the length of axis
        /// `k`; nothing where no other input tells any.
        expected: Option<String>,
    },
    /// Two inputs differ in the size of an axis that both declare.
    #[error(
        "{loss}: `{input}` of shape {shape:?} and `{other}` of shape {other_shape:?} differ in {}",
        words::axis(axis)
    )]
    AxisSize {
        /// The loss.
        loss: &'static str,
        /// The axis; `..` for the sample axes.
        axis: &'static str,
        /// The first input.
        input: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// The input that differs from it.
        other: &'static str,
        /// The shape of that input.
        other_shape: Vec<usize>,
    },
    /// Only optional inputs have an axis, and none of them was given with all of its axes.
    #[error("{loss}: nothing tells the size of axis `{axis}`; an optional input that has it must be given")]
    UnknownSize {
        /// The loss.
        loss: &'static str,
        /// The axis.
        axis: &'static str,
    },
    /// An optional input with named axes does not broadcast to the shape that these have.
    #[error(
        "{loss}: `{input}` of shape {shape:?} does not broadcast to {expected:?}, the shape of {}",
        words::axes(declared)
    )]
    NotBroadcastableTo {
        /// The loss.
        loss: &'static str,
        /// The optional input.
        input: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// The shape of its axes.
        expected: Vec<usize>,
        /// The axes that it declares.
        declared: &'static [AxisSpec],
    },
    /// The loss has no axis of this name that could stand at another place.
    #[error("{loss}: no axis `{name}` stands beside sample axes; those that do are {}", words::list(known))]
    UnknownAxis {
        /// The loss.
        loss: &'static str,
        /// The name that was given.
        name: String,
        /// The names it could have been.
        known: Vec<&'static str>,
    },
    /// An axis was said to stand where an array has no axis, or where another one was said to stand.
    #[error(
        "{loss}: `{axis}` cannot be axis {place} of `{input}`, whose {} axes are {}",
        rank,
        words::axes(declared)
    )]
    AxisPlace {
        /// The loss.
        loss: &'static str,
        /// The axis.
        axis: &'static str,
        /// The place that was given.
        place: usize,
        /// The input.
        input: &'static str,
        /// How many axes it has in this call.
        rank: usize,
        /// The axes that it declares.
        declared: &'static [AxisSpec],
    },
    /// An axis that labels point into is so long that the float type of the call does not tell all of its
    /// positions apart.
    #[error("{loss}: axis `{axis}` has {size} positions, more than the float type of the call tells apart")]
    AxisTooLong {
        /// The loss.
        loss: &'static str,
        /// The axis.
        axis: &'static str,
        /// Its size.
        size: usize,
    },
    /// A label is not a position on the axis that it points into.
    #[error(
        "{loss}: `{input}` is {value} at {position:?}, but axis `{axis}` has {}",
        words::positions(*size)
    )]
    Label {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
        /// Where in this input.
        position: Vec<usize>,
        /// The label.
        value: i128,
        /// The axis.
        axis: &'static str,
        /// The size of the axis.
        size: usize,
    },
    /// An element lies outside of the domain that the formula declares for its input.
    #[error("{loss}: `{input}` is {value} at {position:?}, outside of {domain}")]
    Domain {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
        /// Where in this input.
        position: Vec<usize>,
        /// The element.
        value: f64,
        /// Where it must lie.
        domain: Domain,
    },
    /// A whole number has no exact counterpart in the float type of the call.
    #[error(
        "{loss}: `{input}` is {value} at {position:?}, which the float type of the call cannot hold exactly"
    )]
    Inexact {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
        /// Where in this input.
        position: Vec<usize>,
        /// The element.
        value: i128,
    },
    /// The inputs of a sample are invalid together, though each lies in its domain.
    #[error("{loss}: the inputs at {position:?} are invalid")]
    Invalid {
        /// The loss.
        loss: &'static str,
        /// The sample.
        position: Vec<usize>,
    },
    /// A parameter lies outside of its domain.
    #[error("{loss}: parameter `{parameter}` is {value}, outside of {domain}")]
    Parameter {
        /// The loss.
        loss: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
        /// Where it must lie.
        domain: Domain,
    },
    /// A parameter has a value that its type does not allow.
    #[error("{loss}: parameter `{parameter}` is {value}, but must be {expected}")]
    ParameterKind {
        /// The loss.
        loss: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
        /// What it must be, in words.
        expected: &'static str,
    },
    /// A parameter without a default was not given.
    #[error("{loss}: parameter `{parameter}` was not given and has no default")]
    MissingParameter {
        /// The loss.
        loss: &'static str,
        /// The parameter.
        parameter: &'static str,
    },
    /// A required input was not given.
    #[error("{loss}: required input `{input}` was not given")]
    MissingInput {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
    },
    /// The loss has no input of this name.
    #[error("{loss}: there is no input `{name}`; inputs are {}", words::list(known))]
    UnknownInput {
        /// The loss.
        loss: &'static str,
        /// The name that was given.
        name: String,
        /// The names it could have been.
        known: Vec<&'static str>,
    },
    /// The loss has no parameter of this name.
    #[error("{loss}: there is no parameter `{name}`; parameters are {}", words::list(known))]
    UnknownParameter {
        /// The loss.
        loss: &'static str,
        /// The name that was given.
        name: String,
        /// The names it could have been.
        known: Vec<&'static str>,
    },
    /// An array has elements of the wrong type.
    #[error("{loss}: `{input}` has elements of type {found} but must have {expected}")]
    ElementType {
        /// The loss.
        loss: &'static str,
        /// The input, or what else the array was given for.
        input: &'static str,
        /// The type of its elements.
        found: &'static str,
        /// What they must be, in words.
        expected: &'static str,
    },
    /// A gradient was asked for that the loss does not have.
    #[error("{loss}: `{input}` is not differentiable")]
    NotDifferentiable {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
    },
    /// The upstream derivative does not have the shape of the result.
    #[error("{loss}: the upstream derivative has shape {shape:?} but the result has shape {expected:?}")]
    Upstream {
        /// The loss.
        loss: &'static str,
        /// The shape of the upstream derivative.
        shape: Vec<usize>,
        /// The shape of the result.
        expected: Vec<usize>,
    },
    /// A buffer for the gradient of an input does not have the shape of the input.
    #[error(
        "{loss}: the buffer for the gradient of `{input}` has shape {shape:?} but must have {expected:?}"
    )]
    GradientBuffer {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
        /// The shape of the buffer.
        shape: Vec<usize>,
        /// The shape of the input.
        expected: Vec<usize>,
    },
    /// A buffer for the values does not have the sample shape.
    #[error("{loss}: the buffer for the values has shape {shape:?} but must have {expected:?}")]
    ValueBuffer {
        /// The loss.
        loss: &'static str,
        /// The shape of the buffer.
        shape: Vec<usize>,
        /// The sample shape.
        expected: Vec<usize>,
    },
    /// There are more samples, or elements of an input, than an array can hold, as a broadcast view may
    /// pretend.
    #[error("{loss}: samples of shape {shape:?} are more than an array can hold")]
    TooLarge {
        /// The loss.
        loss: &'static str,
        /// The sample shape, or the shape of the input.
        shape: Vec<usize>,
    },
    /// On the way to the result, arrays would be needed that no memory could hold, as where broadcast views pretend to be
    /// long.
    #[error("{loss}: axes of these lengths need more memory than there can be: {}", words::lengths(axes))]
    TooMuchMemory {
        /// The loss.
        loss: &'static str,
        /// Its named axes and their lengths.
        axes: Vec<(&'static str, usize)>,
    },
    /// A derivative of the denominator was asked for in a call that has none of its own.
    #[error(
        "{loss}: the derivative of the denominator in `{input}` is given by `partial`, not by `evaluate`"
    )]
    OnlyPartial {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
    },
    /// Partial results were merged that cannot be added.
    #[error("{loss}: {reason}")]
    Merge {
        /// The loss.
        loss: &'static str,
        /// Why not.
        reason: &'static str,
    },
}
