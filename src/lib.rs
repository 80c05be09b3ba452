#![doc = include_str!("../README.md")]

extern crate self as lossdef;

pub use lossdef_macros::losses;
pub use lossdef_runtime::dynamic::{Catalogue, Element, Loss};
pub use lossdef_runtime::error::Error;
pub use lossdef_runtime::label::Label;
pub use lossdef_runtime::partial::Partial;
pub use lossdef_runtime::reduction::{BatchMean, Mean, MeanOver, Reduction, ReductionKind, Sum, Unreduced};
pub use lossdef_runtime::{any, dynamic, instruction_set, spec};

/// The losses of torch.nn and a few that it does not have, compiled from `losses.def`.
pub mod losses {
    crate::losses! { "losses.def" }
}

/// What generated code names. Not for use by hand; it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use lossdef_runtime::dynamic::Dynamic;
    pub use lossdef_runtime::formula::{Formula, Visitor};
    pub use lossdef_runtime::kernel::{Count, Kernel, Sample};
    pub use lossdef_runtime::real::{Divisor, Float, Real};
    pub use lossdef_runtime::{loss, ndarray, spec};

    /// What losses over named axes are made of.
    pub mod rows {
        pub use lossdef_runtime::formula::Parts;
        pub use lossdef_runtime::rows::program::*;
        pub use lossdef_runtime::rows::{Kind, Same, Stage, entry};
    }

    /// The number type in which a kernel is set up.
    pub type Constant = lossdef_runtime::carrier::Fx<f64, false>;
}
