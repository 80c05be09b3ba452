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
    fn new(tape: &Tape, apart: bool) -> Self {
        Codes { f32: Code::new(tape, apart), f64: Code::new(tape, apart) }
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

/// What the kernel of an elementwise loss is made of.
#[derive(Clone, Debug)]
pub struct KernelPlan {
    /// What depends on parameters alone.
    pub fixed: Fixed,
    /// For no derivative, the first one and all of them. Each computes the value, whether the sample is valid, whether
    /// it is kept, and the derivatives times the upstream; values and derivatives are 0 where it is not kept.
    pub tapes: [Tape; 3],
    /// The value alone, whether the sample is kept or not.
    pub value: Tape,
    /// Whether a sample may be invalid.
    pub checked: bool,
    /// Whether it calls functions that take long.
    pub transcendental: bool,
}

/// The kernel of an elementwise loss.
#[derive(Clone, Debug)]
pub struct Kernel {
    pub(crate) plan: KernelPlan,
    pub(crate) codes: [Codes; 3],
}

impl Kernel {
    /// A kernel with the code for this CPU.
    pub fn new(plan: KernelPlan) -> Self {
        Kernel { codes: plan.tapes.each_ref().map(|tape| Codes::new(tape, true)), plan }
    }
}

/// What a pass of a loss over named axes is made of.
#[derive(Clone, Debug)]
pub struct StagePlan {
    /// What depends on parameters alone.
    pub fixed: Fixed,
    /// Computes the outputs. Where there are several, none is an input itself: another one may take its place.
    pub tape: Tape,
    /// How each output is folded.
    pub kinds: Vec<Kind>,
    /// How many inputs it reads.
    pub inputs: usize,
    /// Whether it looks at its position.
    pub positioned: bool,
    /// Whether it has no loops.
    pub once: bool,
}

/// One pass of a loss over named axes.
#[derive(Clone, Debug)]
pub struct Stage {
    pub(crate) plan: StagePlan,
    pub(crate) codes: Codes,
}

impl Stage {
    /// A stage with the code for this CPU.
    pub fn new(plan: StagePlan) -> Self {
        Stage { codes: Codes::new(&plan.tape, false), plan }
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
