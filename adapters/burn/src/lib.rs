//! Losses of [lossdef] for [burn]: every loss of every `.def` file, with its fused gradient.

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
