//! Losses of [lossdef] for [candle](candle_core): every loss of every `.def` file, with its fused gradient.
//!
//! A loss is computed in one pass over the memory of the tensors, value and gradient together, on all cores; where no
//! input leads to a variable, the gradient is left out. It is an ordinary node of candle's graph.
//!
//! ```
//! use candle_core::{DType, Device, Result, Tensor, Var};
//! use lossdef::losses::CrossEntropy;
//! use lossdef_candle::{Loss, Reduction, loss};
//!
//! # fn main() -> Result<()> {
//! let logits = Var::zeros((4, 10), DType::F32, &Device::Cpu)?;
//! let target = Tensor::new(&[3u32, 1, 4, 1], &Device::Cpu)?;
//!
//! // With all defaults, as candle's own functions are called:
//! let value = loss(CrossEntropy::dynamic(), &[&logits, &target])?;
//! let gradients = value.backward()?;
//! assert_eq!(gradients.get(&logits).unwrap().dims(), [4, 10]);
//!
//! // With parameters, a reduction and optional inputs, by the names in the formula:
//! let smoothed = Loss::new(CrossEntropy::dynamic()).parameter("label_smoothing", 0.1).reduction(Reduction::Sum);
//! let value = smoothed.forward(&logits, &target)?;
//! let weight = Tensor::ones(10, DType::F32, &Device::Cpu)?;
//! let same = smoothed.on(&[&logits, &target]).input("weight", &weight).forward()?;
//! assert_eq!(same.to_scalar::<f32>()?, value.to_scalar::<f32>()?);
//!
//! // By name, where it is not known before the program runs:
//! let value = Loss::named("smooth_l1")?.parameter("beta", 0.5).forward(&logits, &logits.detach())?;
//! assert_eq!(value.to_scalar::<f32>()?, 0.0);
//! # Ok(())
//! # }
//! ```
//!
//! # A loss of your own
//!
//! One line compiles a `.def` file (`lossdef::losses! { "my.def" }`) or a text, and what it declares is used as the losses
//! above are:
//!
//! ```
//! # use candle_core::{Device, Result, Tensor};
//! # use lossdef_candle::Loss;
//! mod own {
//!     lossdef::losses! { inline = "loss lorentzian(x, y; scale in (0, inf) = 1.0) = log(1 + ((x - y) / scale)^2)" }
//! }
//!
//! # fn main() -> Result<()> {
//! # let (x, y) = (Tensor::new(&[3f32], &Device::Cpu)?, Tensor::new(&[1f32], &Device::Cpu)?);
//! let value = Loss::new(own::Lorentzian::dynamic()).parameter("scale", 2.0).forward(&x, &y)?;
//! assert_eq!(value.to_scalar::<f32>()?, 2f32.ln());
//! # Ok(())
//! # }
//! ```
//!
//! A formula that is read while the program runs (crate `lossdef-engine`) is given in the same way:
//! `Loss::new(lossdef_engine::load("my.def", text)?.get("my_loss").unwrap().dynamic())`.
//!
//! # What may be given
//!
//! - Real inputs are `f32` or `f64`, one of them throughout a call. `bf16` and `f16` are an error that names
//!   `to_dtype`: a loss should be computed in `f32`, and gradients find their way back through that conversion.
//! - Labels are `u8`, `u32`, `i16`, `i32` or `i64`, read as they are; only signed ones can hold an `ignore_index` of -100.
//! - Truth values are whole numbers, of which all but 0 are true.
//! - Any layout: transposed, narrowed and broadcast tensors are read where they lie.
//! - Any number of inputs may lead to variables, the targets and weights among them. Where there are more than three,
//!   which is what candle's operations take, they are copied into one tensor on their way.
//! - Tensors of another device are copied to the CPU, and the result and the gradients back. That is right, and
//!   costs what it costs: two copies of the logits over the bus. Candle's own losses stay on the device.
//!
//! Second derivatives are not there, as they are not in candle (its `backward` detaches gradients).

mod backward;
mod bound;
mod loss;

use candle_core::{Result, Tensor};
pub use lossdef::ReductionKind as Reduction;

pub use self::loss::{Call, Loss};

/// The mean of a loss, with the defaults of its parameters, of its required inputs in the order of the formula.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use lossdef::losses::Mse;
///
/// let (x, y) = (Tensor::new(&[1f32, 3.0], &Device::Cpu)?, Tensor::new(&[0f32, 1.0], &Device::Cpu)?);
/// assert_eq!(lossdef_candle::loss(Mse::dynamic(), &[&x, &y])?.to_scalar::<f32>()?, 2.5);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
///
/// As [`Call::forward`].
pub fn loss(formula: &'static dyn lossdef::Loss, required: &[&Tensor]) -> Result<Tensor> {
    Loss::new(formula).on(required).forward()
}

/// The page for users, whose program is a test.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/candle.md")]
struct Page;
