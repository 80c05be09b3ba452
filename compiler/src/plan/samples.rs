//! The plan of an elementwise loss: what is the same for the whole call, and what runs once per sample.

use super::values::{ValueId, Values};

/// One way to compute an elementwise loss.
#[derive(Clone, Debug)]
pub struct SamplePlan {
    /// Every value.
    pub values: Values,
    /// What is computed once per call, in order.
    pub call: Vec<ValueId>,
    /// What is computed once per sample, in order.
    pub sample: Vec<ValueId>,
    /// Samples for which this is false are left out.
    pub keep: Option<ValueId>,
    /// What may be asked for. The sums of the value and of the divisor over the samples are the only folds.
    pub outputs: Outputs,
}

/// What a caller may ask a plan for; each is computed only when it is wanted.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// The value of a sample.
    pub value: ValueId,
    /// Whether every input of a sample lies in its domain.
    pub valid: Option<ValueId>,
    /// The derivatives of the value: input and value.
    pub gradients: Vec<(usize, ValueId)>,
    /// The summand of the divisor; `None` where every sample counts one.
    pub divisor: Option<ValueId>,
    /// The derivatives of that summand, for the inputs that it reads.
    pub divisor_gradients: Vec<(usize, ValueId)>,
}
