//! The plan: what every backend consumes. It knows no lanes, instruction sets, threads or Rust names.
//!
//! Values are in SSA form. An elementwise loss computes each either once per call or once per sample. A loss
//! over named axes has programs: steps over loops, with slots for what one step leaves to another.

pub mod rows;
pub mod samples;
pub mod values;

pub use rows::RowPlan;
pub use samples::{Outputs, SamplePlan};
pub use values::{Operation, Value, ValueId, Values};

/// One way to compute a loss, for fixed values of its listed parameters.
#[derive(Clone, Debug)]
pub enum Plan {
    /// An elementwise loss.
    Samples(SamplePlan),
    /// A loss over named axes.
    Rows(Box<RowPlan>),
}

impl Plan {
    /// Every value.
    pub fn values(&self) -> &Values {
        match self {
            Plan::Samples(plan) => &plan.values,
            Plan::Rows(plan) => &plan.values,
        }
    }
}
