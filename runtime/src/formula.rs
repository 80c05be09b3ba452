//! The seam between generated code and the runtime: a loss hands its kernels to whoever asks.

use crate::dynamic::{Dynamic, Loss};
use crate::kernel::Kernel;
use crate::real::Float;
use crate::rows::Lanes;
use crate::rows::program::Program;
use crate::spec::Spec;

/// One loss of a `.def` file, as generated code states it.
pub trait Formula: Copy + Send + Sync + 'static {
    /// The loss as data.
    const SPEC: &'static Spec;

    /// Hands the kernels for these parameters to a visitor. `parameters` holds one value per entry of
    /// `SPEC.parameters`, inside its domain; booleans are 0 and 1.
    fn visit<T: Float, V: Visitor<T>>(parameters: &[f64], visitor: V) -> V::Output;

    /// The loss behind the interface of all losses. Generated code gives one that is compiled where the loss
    /// is declared, once, and not again in every crate that calls it.
    fn loss() -> &'static dyn Loss {
        Dynamic::<Self>::LOSS
    }
}

/// A program and the stages that it runs, by number.
#[derive(Clone, Copy)]
pub struct Parts<'p, T> {
    /// What is run, in which order.
    pub program: &'p Program<'p>,
    /// The code.
    pub stages: &'p [&'p dyn Lanes<T>],
}

/// What is done with the kernels of a loss.
pub trait Visitor<T: Float> {
    /// What it gives.
    type Output;

    /// Receives the kernel of the numerator, with `O` differentiable inputs, and that of the divisor, which
    /// depends on the `M` inputs that `SPEC.divisor` lists (`Count` where there is none).
    fn visit<K, D, const I: usize, const O: usize, const M: usize>(
        self,
        kernel: K,
        divisor: D,
    ) -> Self::Output
    where
        K: Kernel<T, I, O>,
        D: Kernel<T, I, M>;

    /// Receives the program of the numerator, and that of the divisor; `None` where every sample counts one.
    fn rows(self, numerator: Parts<'_, T>, divisor: Option<Parts<'_, T>>) -> Self::Output;
}
