//! Values in SSA form: what is computed, before it is decided in which loop.

use crate::functions::row;
use crate::ir::{AxisId, AxisSet, Function, Reduction, Scalar};

/// From this cost on, a function is worth a thread earlier.
const TRANSCENDENTAL: u32 = 20;

/// Every value of a plan, each after those that it reads.
#[derive(Clone, Debug, Default)]
pub struct Values(pub Vec<Value>);

/// A value of a plan: its place in [`Values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub usize);

/// One value.
#[derive(Clone, Debug)]
pub struct Value {
    /// How it is computed.
    pub operation: Operation,
    /// Number or truth value.
    pub scalar: Scalar,
    /// What it varies over.
    pub axes: AxisSet,
    /// Whether it depends on parameters alone, and so is computed once per call.
    pub fixed: bool,
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
    /// The position on an axis.
    Index(AxisId),
    /// The length of an axis.
    Size(AxisId),
    /// The derivative of the result with respect to the value of a sample.
    Upstream,
    /// Whether a position is in a set input.
    Member(usize),
    /// The element of an input, or a membership, with positions for some of its axes.
    Gather(ValueId, Vec<(AxisId, ValueId)>),
    /// A fold over an axis; for a sample axis, the sum over the samples.
    Fold(Reduction, AxisId, ValueId),
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
            Operation::Index(_) | Operation::Size(_) | Operation::Upstream | Operation::Member(_) => vec![],
            Operation::Gather(leaf, picks) => {
                std::iter::once(*leaf).chain(picks.iter().map(|(_, position)| *position)).collect()
            }
            Operation::Fold(_, _, body) => vec![*body],
            Operation::Apply(_, arguments) => arguments.clone(),
            Operation::Select(c, a, b) => vec![*c, *a, *b],
            Operation::Divisor(a) => vec![*a],
            Operation::Over(a, b) => vec![*a, *b],
        }
    }
}

impl Value {
    /// Whether it costs nothing to write it again wherever it is read.
    pub fn is_literal(&self) -> bool {
        matches!(self.operation, Operation::Real(_) | Operation::Bool(_))
    }
}

impl Values {
    /// A value.
    pub fn get(&self, id: ValueId) -> &Value {
        &self.0[id.0]
    }

    /// Adds a value.
    pub fn push(&mut self, value: Value) -> ValueId {
        self.0.push(value);
        ValueId(self.0.len() - 1)
    }

    /// All values with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (ValueId, &Value)> {
        self.0.iter().enumerate().map(|(i, value)| (ValueId(i), value))
    }

    /// The values that some outputs need, in order.
    pub fn needed(&self, outputs: &[ValueId]) -> Vec<ValueId> {
        self.needed_beyond(outputs, |_| false)
    }

    /// The values that some outputs need, in order, without what those need that are `given`.
    pub fn needed_beyond(&self, outputs: &[ValueId], given: impl Fn(ValueId) -> bool) -> Vec<ValueId> {
        let mut needed = vec![false; self.0.len()];
        for output in outputs {
            needed[output.0] = true;
        }
        for id in (0..self.0.len()).rev() {
            if needed[id] && !given(ValueId(id)) {
                for operand in self.0[id].operation.operands() {
                    needed[operand.0] = true;
                }
            }
        }
        (0..self.0.len()).filter(|id| needed[*id]).map(ValueId).collect()
    }

    /// Whether some outputs need an exponential, a logarithm or the like.
    pub fn is_transcendental(&self, outputs: &[ValueId]) -> bool {
        self.needed(outputs).iter().any(|id| match &self.get(*id).operation {
            Operation::Apply(function, _) => row(*function).cost >= TRANSCENDENTAL,
            _ => false,
        })
    }
}
