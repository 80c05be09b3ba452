//! What generated code provides: straight-line functions of one sample.

use crate::real::{Float, Real};

/// One loss with its parameters fixed: value and derivatives of one sample, as straight-line code.
///
/// `I` inputs come in the order of the formula; `O` of them are differentiable.
pub trait Kernel<T: Float, const I: usize, const O: usize>: Copy + Send + Sync {
    /// Whether it computes an exponential, a logarithm or the like, so that fewer samples are worth a thread.
    const TRANSCENDENTAL: bool = true;

    /// Whether it is the divisor that counts one for every sample.
    const COUNTS: bool = false;

    /// The value and its derivatives with respect to every differentiable input.
    fn gradients<R: Real<Scalar = T>>(&self, inputs: [R; I]) -> Sample<R, O>;

    /// The value; what only the derivatives need is never computed, because it is inlined and dropped.
    #[inline(always)]
    fn value<R: Real<Scalar = T>>(&self, inputs: [R; I]) -> Sample<R, 0> {
        let Sample { value, valid, kept, .. } = self.gradients(inputs);
        Sample { value, gradient: [], valid, kept }
    }

    /// The value and its derivative with respect to the first differentiable input (0 where there is none).
    #[inline(always)]
    fn gradient<R: Real<Scalar = T>>(&self, inputs: [R; I]) -> Sample<R, 1> {
        let Sample { value, gradient, valid, kept } = self.gradients(inputs);
        Sample { value, gradient: [gradient.first().copied().unwrap_or(R::lit(0.0))], valid, kept }
    }
}

/// What a kernel gives for one sample.
#[derive(Clone, Copy, Debug)]
pub struct Sample<R, const O: usize> {
    /// The value of the formula.
    pub value: R,
    /// The derivatives.
    pub gradient: [R; O],
    /// Whether every input lies in its declared domain.
    pub valid: bool,
    /// Whether the sample counts. One that does not contributes exactly 0 to value and derivatives, whatever
    /// stands above, and is never invalid.
    pub kept: bool,
}

/// The divisor of a plain mean: every sample counts one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count;

impl<T: Float, const I: usize> Kernel<T, I, 0> for Count {
    const TRANSCENDENTAL: bool = false;
    const COUNTS: bool = true;

    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, _: [R; I]) -> Sample<R, 0> {
        Sample { value: R::lit(1.0), gradient: [], valid: true, kept: true }
    }
}
