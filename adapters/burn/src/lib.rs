//! Losses of [lossdef] for [burn]: every loss of every `.def` file, with its fused gradient.
//!
//! A loss is computed in one pass over the memory of the tensors, value and gradient together, on all cores; where no
//! input leads to a leaf that requires a gradient, the gradient is left out. It is an ordinary node of burn's graph.
//!
//! ```
//! use burn::nn::loss::Reduction;
//! use burn::tensor::{Device, Int, Tensor};
//! use lossdef::losses::CrossEntropy;
//! use lossdef_burn::{Loss, LossConfig};
//!
//! let device = Device::flex().autodiff();
//! let logits = Tensor::<2>::zeros([4, 10], &device).require_grad();
//! let target = Tensor::<1, Int>::from_data([3, 1, 4, 1], &device);
//!
//! // With all defaults:
//! let value = Loss::new(CrossEntropy::dynamic()).forward(logits.clone(), target.clone(), Reduction::Mean);
//! let gradients = value.backward();
//! assert_eq!(logits.grad(&gradients).unwrap().dims(), [4, 10]);
//!
//! // With parameters and optional inputs, by the names in the formula:
//! let smoothed = LossConfig::new().with_parameter("label_smoothing", 0.1).init(CrossEntropy::dynamic());
//! let weight = Tensor::<1>::ones([10], &device);
//! let value = smoothed.on(logits, target).input("weight", weight).forward(Reduction::Sum);
//! # let _ = value;
//! ```
//!
//! # A loss of your own
//!
//! One line compiles a `.def` file (`lossdef::losses! { "my.def" }`) or a text, and what it declares is used as the losses
//! above are:
//!
//! ```
//! # use burn::{nn::loss::Reduction, tensor::{Device, Tensor}};
//! # use lossdef_burn::LossConfig;
//! mod own {
//!     lossdef::losses! { inline = "loss lorentzian(x, y; scale in (0, inf) = 1.0) = log(1 + ((x - y) / scale)^2)" }
//! }
//!
//! # let device = Device::flex();
//! # let (x, y) = (Tensor::<1>::from_data([3f32], &device), Tensor::<1>::from_data([1f32], &device));
//! let loss = LossConfig::new().with_parameter("scale", 2.0).init(own::Lorentzian::dynamic());
//! let value = loss.forward(x, y, Reduction::Mean);
//! assert_eq!(value.into_scalar::<f32>(), 2f32.ln());
//! ```
//!
//! A formula that is read while the program runs (crate `lossdef-engine`) is given in the same way:
//! `config.init(formula.dynamic())`.
//!
//! # Errors
//!
//! As burn's own losses, `forward` panics where a call is wrong, with a message that names the loss and the input;
//! `try_forward` returns the same message as an [`Error`]. Nothing leaves the graph in silence: a tensor whose element
//! type or backend is not served is an error.
//!
//! # Backends
//!
//! On burn's CPU backend `flex` (the default feature), the memory of tensors is read where it lies. On others, which the
//! features `ndarray`, `tch` and `cube` add, tensors are copied to the host, and the result and the gradients back. That is
//! right, and costs what it costs: a wait for the device, and two copies of the logits over the bus.

mod backward;
mod bound;
mod error;
mod held;
mod input;
mod loss;
#[allow(deprecated, reason = "burn still has the backends that it calls deprecated")]
mod ops;
mod reduction;

pub use self::error::Error;
pub use self::input::Input;
pub use self::loss::{Call, Loss, LossConfig};
pub use self::reduction::Reduce;

/// The page for users, whose program is a test.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/burn.md")]
struct Page;
