//! The result of a shard of samples, ready to be merged with others.

use crate::error::Error;
use crate::spec::Spec;

/// What a reduction is made from: the sum of the values and what `mean` divides it by.
///
/// Results of disjoint sets of samples merge into the result of their union. The gradient that comes with a
/// partial result is that of its numerator, unscaled: once all shards are merged, dividing it by the total
/// denominator gives the gradient of the mean. (Where `mean by` reads an input whose gradient is asked for,
/// that of the denominator is needed, too: `d(N/D) = dN/D - dD * N/D^2`.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Partial {
    /// The sum of the values over the samples that are kept.
    pub numerator: f64,
    /// What `mean` divides by: the number of samples kept, or the sum that the formula names.
    pub denominator: f64,
    spec: &'static Spec,
}

impl Partial {
    /// The partial result of a loss, for instance one that was received from another machine.
    pub fn new(spec: &'static Spec, numerator: f64, denominator: f64) -> Self {
        Partial { numerator, denominator, spec }
    }

    /// The loss it belongs to.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// The result of both sets of samples together.
    ///
    /// # Errors
    ///
    /// [`Error::Merge`] where the two belong to different losses, or to one whose value over a batch is not
    /// the sum of its values over parts of the batch. Parameters are not compared: that is up to the caller.
    pub fn merge(self, other: Partial) -> Result<Partial, Error> {
        let loss = self.spec.name;
        if !self.spec.additive || !other.spec.additive {
            let reason = "this loss is not additive over samples, so partial results cannot be merged";
            return Err(Error::Merge { loss, reason });
        }
        if (loss, self.spec.formula) != (other.spec.name, other.spec.formula) {
            return Err(Error::Merge {
                loss,
                reason: "partial results of two different losses cannot be merged",
            });
        }
        Ok(Partial {
            numerator: self.numerator + other.numerator,
            denominator: self.denominator + other.denominator,
            spec: self.spec,
        })
    }

    /// The mean over all samples; NaN over none.
    pub fn mean(&self) -> f64 {
        self.numerator / self.denominator
    }

    /// The sum over all samples.
    pub fn sum(&self) -> f64 {
        self.numerator
    }
}
