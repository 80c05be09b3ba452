//! A loss made of tapes, behind the trait of all losses.

use super::machine::Code;
use super::{Fixed, Tape};
use crate::dynamic::Loss;
use crate::error::Error;
use crate::evaluate::evaluate_tape;
use crate::rows::{Kind, Program};
use crate::spec::Spec;
use crate::task::{Outcome, Task};

/// Code for both element types.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    f32: Code<f32>,
    f64: Code<f64>,
}

impl Codes {
    fn new(tape: &Tape) -> Self {
        Codes { f32: Code::new(tape), f64: Code::new(tape) }
    }
}

/// An element type for which tapes have code.
pub(crate) trait Coded: Sized {
    /// The code for it.
    fn of(codes: &Codes) -> &Code<Self>;
}

impl Coded for f32 {
    fn of(codes: &Codes) -> &Code<f32> {
        &codes.f32
    }
}

impl Coded for f64 {
    fn of(codes: &Codes) -> &Code<f64> {
        &codes.f64
    }
}

/// The kernel of an elementwise loss.
#[derive(Clone, Debug)]
pub struct Kernel {
    pub(crate) fixed: Fixed,
    /// The code for the value, for the first derivative too, and for all derivatives.
    pub(crate) codes: [Codes; 3],
    /// The code for the value again, for one sample.
    pub(crate) value: Tape,
    pub(crate) checked: bool,
    pub(crate) filtered: bool,
    pub(crate) transcendental: bool,
}

impl Kernel {
    /// A kernel; `tapes` are those for no derivative, the first one and all of them, each of which computes the
    /// value, whether the sample is valid (where that is `checked`), whether it is kept (where some are not) and
    /// the derivatives.
    pub fn new(fixed: Fixed, tapes: [Tape; 3], checked: bool, filtered: bool, transcendental: bool) -> Self {
        let codes = tapes.each_ref().map(Codes::new);
        let [value, ..] = tapes;
        Kernel { fixed, codes, value, checked, filtered, transcendental }
    }
}

/// One pass of a loss over named axes.
#[derive(Clone, Debug)]
pub struct Stage {
    pub(crate) fixed: Fixed,
    pub(crate) codes: Codes,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) inputs: usize,
    pub(crate) positioned: bool,
    pub(crate) once: bool,
}

impl Stage {
    /// A stage with so many inputs, whose outputs are folded so; `positioned` says that it looks at its position, `once` says that it has no loops.
    pub fn new(
        fixed: Fixed,
        tape: &Tape,
        kinds: Vec<Kind>,
        inputs: usize,
        positioned: bool,
        once: bool,
    ) -> Self {
        Stage { fixed, codes: Codes::new(tape), kinds, inputs, positioned, once }
    }
}

/// A program with its stages.
#[derive(Clone, Debug)]
pub struct RowKernel {
    /// What runs.
    pub program: Program<'static>,
    /// The code, by number.
    pub stages: Vec<Stage>,
}

/// The kernels of one variant.
#[derive(Clone, Debug)]
pub enum Kernels {
    /// Of an elementwise loss; no divisor where every sample counts one.
    Samples(Box<Kernel>, Option<Box<Kernel>>),
    /// Of a loss over named axes.
    Rows(Box<RowKernel>, Option<Box<RowKernel>>),
}

/// The kernels for some values of the parameters.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Parameters and the values for which they are made.
    pub fixed: Vec<(usize, f64)>,
    /// The kernels.
    pub kernels: Kernels,
}

/// A loss.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The loss as data.
    pub spec: &'static Spec,
    /// At least one; the last one takes what the others leave.
    pub variants: Vec<Variant>,
}

impl Formula {
    /// The kernels for these parameters, which lie in their domains.
    pub(crate) fn kernels(&self, parameters: &[f64]) -> &Kernels {
        let fits =
            |variant: &&Variant| variant.fixed.iter().all(|(number, value)| parameters[*number] == *value);
        let found = self.variants.iter().find(fits).or(self.variants.last());
        &found.expect("a formula has a variant").kernels
    }
}

impl Loss for Formula {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn run_f32(&self, task: Task<'_, '_, f32>) -> Result<Outcome, Error> {
        evaluate_tape(self, task)
    }

    fn run_f64(&self, task: Task<'_, '_, f64>) -> Result<Outcome, Error> {
        evaluate_tape(self, task)
    }
}
