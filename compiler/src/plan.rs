//! The plan: what every backend consumes. It knows no lanes, instruction sets, threads or Rust names.
//!
//! Values are in SSA form and each is computed in one stage, the outermost nest of loops that holds its axes.
//! Folds are the only state that a loop carries. An elementwise loss has two stages: what is the same for
//! the whole call, and what runs once per sample; its folds are the sums of numerator and divisor.

use crate::ir::{AxisSet, Function, Scalar};

/// One way to compute a loss, for fixed values of its listed parameters.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The axes, with what they are for.
    pub axes: Vec<PlanAxis>,
    /// Every value, after those that it reads.
    pub values: Vec<Value>,
    /// The nests of loops, in the order in which they run.
    pub stages: Vec<Stage>,
    /// What loops add up.
    pub folds: Vec<Fold>,
    /// What may be asked for.
    pub outputs: Outputs,
    /// What is done with the folds at the end.
    pub finish: Finish,
}

/// An axis of a plan; its size is known at the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanAxis {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub role: AxisRole,
}

/// What an axis is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisRole {
    /// The result varies over it, and reductions average over it.
    Sample,
    /// It is folded within a sample.
    Reduced,
    /// It is summed over in a product of two operands that share it.
    Contracted,
}

/// A value of a plan: an index into `Plan::values`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub usize);

/// A stage of a plan: an index into `Plan::stages`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageId(pub usize);

/// One value.
#[derive(Clone, Debug)]
pub struct Value {
    /// How it is computed.
    pub operation: Operation,
    /// Number or truth value.
    pub scalar: Scalar,
    /// What it varies over.
    pub axes: AxisSet,
    /// Where it is computed.
    pub stage: StageId,
    /// Where it lives.
    pub storage: Storage,
    /// What the formula calls it, or a description of it.
    pub name: Option<String>,
}

/// How a value is computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// A number.
    Real(f64),
    /// A truth value.
    Bool(bool),
    /// The element of an input.
    Input(usize),
    /// A parameter.
    Parameter(usize),
    /// A function of other values.
    Apply(Function, Vec<ValueId>),
    /// The second where the first is true, else the third.
    Select(ValueId, ValueId, ValueId),
    /// A value of the call, in the form in which others are divided by it.
    Divisor(ValueId),
    /// The first divided by the second, which is a divisor: a multiplication.
    Over(ValueId, ValueId),
}

impl Operation {
    /// The values that it reads.
    pub fn operands(&self) -> Vec<ValueId> {
        match self {
            Operation::Real(_) | Operation::Bool(_) | Operation::Input(_) | Operation::Parameter(_) => vec![],
            Operation::Apply(_, arguments) => arguments.clone(),
            Operation::Select(c, a, b) => vec![*c, *a, *b],
            Operation::Divisor(a) => vec![*a],
            Operation::Over(a, b) => vec![*a, *b],
        }
    }
}

/// Where a value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In the kernel, for the whole call.
    Call,
    /// In a register.
    Register,
    /// Computed again wherever it is read: it costs nothing.
    Recomputed,
}

/// A nest of loops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// What it loops over.
    pub axes: AxisSet,
    /// Elements for which this is false are left out.
    pub filter: Option<ValueId>,
    /// What it computes, in order.
    pub body: Vec<ValueId>,
}

/// State that a loop carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// How elements are joined, and partial results merged.
    pub kind: FoldKind,
    /// What is folded.
    pub value: ValueId,
    /// The stage whose loop carries it.
    pub stage: StageId,
    /// The axes that it folds.
    pub axes: AxisSet,
}

/// How a fold joins elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    /// A sum, accumulated in f64; partial sums are added.
    Sum,
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

/// What is done with the folds at the end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The numerator divided by the number of samples.
    MeanOverSamples,
    /// The numerator divided by the divisor's fold; where an input that the divisor reads wants its gradient,
    /// a second sweep adds the divisor's part.
    MeanOverDivisor,
}

impl Plan {
    /// A value.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.0]
    }

    /// The values that some outputs need, in order.
    pub fn needed(&self, outputs: &[ValueId]) -> Vec<ValueId> {
        let mut needed = vec![false; self.values.len()];
        for output in outputs {
            needed[output.0] = true;
        }
        for id in (0..self.values.len()).rev() {
            if needed[id] {
                for operand in self.values[id].operation.operands() {
                    needed[operand.0] = true;
                }
            }
        }
        (0..self.values.len()).filter(|id| needed[*id]).map(ValueId).collect()
    }
}
