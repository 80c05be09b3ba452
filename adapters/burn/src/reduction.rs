//! How the values of the samples become one number.

use burn::nn::loss::Reduction;
use lossdef::ReductionKind;

/// A reduction: one of burn's, or one of lossdef's, which has a divisor of the caller's too.
pub trait Reduce {
    /// The reduction as lossdef knows it.
    fn kind(&self) -> ReductionKind;
}

impl Reduce for Reduction {
    /// As in burn, `Auto` is the mean.
    fn kind(&self) -> ReductionKind {
        match self {
            Reduction::Mean | Reduction::Auto => ReductionKind::Mean,
            Reduction::Sum => ReductionKind::Sum,
            Reduction::BatchMean => ReductionKind::BatchMean,
        }
    }
}

impl Reduce for ReductionKind {
    fn kind(&self) -> ReductionKind {
        *self
    }
}
