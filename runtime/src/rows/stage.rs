//! What generated code provides: straight-line code for one position of some loops.

use crate::real::{Float, Real};

/// How an output is joined over the innermost loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not at all: one result per position.
    Each,
    /// Added up, in f64; 0 over nothing.
    Sum,
    /// Added up, in f64, less 1, before it is rounded: what a sum of exponentials has beside its largest term.
    Excess,
    /// The root of the sum of squares, both in f64, so that no square of an f32 overflows or vanishes; 0 over nothing.
    Norm,
    /// The largest, NaN if one is NaN; -inf over nothing.
    Max,
    /// The smallest, NaN if one is NaN; inf over nothing.
    Min,
    /// Multiplied; 1 over nothing.
    Prod,
}

/// Straight-line code with `I` inputs and `O` outputs.
pub trait Stage<T: Float, const I: usize, const O: usize>: Copy + Send + Sync {
    /// How each output is joined over the innermost loop; all are `Kind::Each` where there is no loop.
    const KINDS: [Kind; O];

    /// Whether it looks at its position. An axis with more positions than `T` counts exactly is refused then.
    const POSITION: bool = true;

    /// Whether no pass that runs it has loops. It is compiled to less code then.
    const ONCE: bool = false;

    /// Whether it gives what it is given.
    const COPIES: bool = false;

    /// The outputs at one position; `position` is that on the innermost loop. Truth values are 0 and 1.
    fn run<R: Real<Scalar = T>>(&self, inputs: [R; I], position: R) -> [R; O];
}

/// The stage that gives what it is given.
#[derive(Clone, Copy, Debug)]
pub struct Same;

impl<T: Float> Stage<T, 1, 1> for Same {
    const KINDS: [Kind; 1] = [Kind::Each];
    const POSITION: bool = false;
    const COPIES: bool = true;

    #[inline(always)]
    fn run<R: Real<Scalar = T>>(&self, inputs: [R; 1], _: R) -> [R; 1] {
        inputs
    }
}
