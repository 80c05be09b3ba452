//! The checked formula: ids instead of names, one graph per loss.
//!
//! A loss is a function of one sample. Its value, the condition under which a sample is kept and the summand
//! of the mean's divisor are nodes of one hash-consed graph, and so are, later, their derivatives. A node has
//! a type: a real number or a truth value, and the set of axes that it varies over. The axes of `..` are one
//! axis of that set, so an elementwise loss is simply one whose nodes vary over nothing else; reductions,
//! gathers and sizes are nodes like any other. `x[j]` renames an axis: it is a gather at the position of the
//! index `j`. Gathers stand at leaves only: a local that is picked from is worked out at the position asked for.
//!
//! Nodes mean real numbers, evaluated per element: `If` never looks at the branch not taken, comparisons with
//! NaN are false, `Stop` has derivative zero, `WithGrad` the derivative of its second operand.

mod axis;
mod build;
pub mod function;
pub mod graph;
pub mod index;
mod node;
pub mod range;

use crate::codes::Code;
use crate::source::Span;
pub use axis::{AxisId, AxisSet};
pub use function::{Function, Scalar};
pub use graph::Graph;
pub use node::{ExprId, Node, Reduction, Type};

/// A loss after checking.
#[derive(Clone, Debug)]
pub struct Loss {
    /// Its name.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// The declaration as it was written.
    pub text: String,
    /// Where the declaration stands.
    pub span: Span,
    /// Tensors, in the order of the text.
    pub inputs: Vec<Input>,
    /// Scalars shared by all samples.
    pub parameters: Vec<Parameter>,
    /// All its expressions.
    pub graph: Graph,
    /// The value of one sample.
    pub value: ExprId,
    /// Whether a sample counts; `None` where all do.
    pub keep: Option<ExprId>,
    /// What a kept sample adds to the divisor of the mean; `None` for 1.
    pub mean_by: Option<ExprId>,
    /// Warnings that the author knows of.
    pub allows: Vec<Allow>,
}

/// A warning that the author of a loss knows of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// Which one.
    pub code: &'static Code,
    /// Why it is right.
    pub reason: String,
    /// The clause that says so.
    pub span: Span,
}

/// An axis of a loss, or an index over one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Its name; `..` for the first.
    pub name: String,
    /// Whether it stands for any number of axes.
    pub group: bool,
    /// For an index, the axis whose positions it runs over; `None` for an axis that an input declares.
    pub over: Option<AxisId>,
}

/// A tensor that a loss reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its axes, in memory order.
    pub axes: Vec<AxisId>,
    /// What its elements are.
    pub role: Role,
    /// Where they must lie.
    pub domain: Option<Domain>,
    /// What stands for it when it is not given; such an input broadcasts to the sample shape.
    pub default: Option<f64>,
    /// Where it is declared.
    pub span: Span,
}

impl Loss {
    /// Every axis that an input declares, in order; the first is `..`, whether or not one has it.
    pub fn axes(&self) -> impl Iterator<Item = (AxisId, &Axis)> {
        let all = self.graph.axes.iter().enumerate();
        all.filter(|(_, axis)| axis.over.is_none()).map(|(i, axis)| (AxisId(i as u8), axis))
    }

    /// The axes that its value varies over.
    pub fn samples(&self) -> AxisSet {
        self.graph.samples
    }

    /// Whether it names no axis: a value of each sample alone, without folds.
    pub fn is_elementwise(&self) -> bool {
        self.axes().count() == 1
    }
}

impl Input {
    /// Whether a derivative with respect to it exists.
    pub fn is_differentiable(&self) -> bool {
        self.role == Role::Real
    }
}

/// What the elements of an input are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Real numbers.
    Real,
    /// Whole numbers.
    Int,
    /// Truth values.
    Bool,
    /// Positions on an axis.
    Index(AxisId),
    /// Lists of positions on an axis.
    Set(AxisId),
}

/// A scalar parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ParameterKind,
    /// Where it must lie.
    pub domain: Option<Domain>,
    /// Its value when it is not given; truth values are 0 and 1.
    pub default: Option<f64>,
    /// Where it is declared.
    pub span: Span,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A real number.
    Real,
    /// A whole number.
    Int,
    /// A truth value.
    Bool,
}

/// A set of numbers; NaN is outside of any.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// All numbers between two ends.
    Interval {
        /// Lower end.
        low: f64,
        /// Whether it belongs to the set.
        low_closed: bool,
        /// Upper end.
        high: f64,
        /// Whether it belongs to the set.
        high_closed: bool,
    },
    /// These numbers.
    Set(Vec<f64>),
}

impl Domain {
    /// Whether `x` lies in it.
    pub fn contains(&self, x: f64) -> bool {
        match self {
            Domain::Interval { low, low_closed, high, high_closed } => {
                (x > *low || (*low_closed && x == *low)) && (x < *high || (*high_closed && x == *high))
            }
            Domain::Set(values) => values.contains(&x),
        }
    }
}

impl std::fmt::Display for Domain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Domain::Interval { low, low_closed, high, high_closed } => {
                let open = if *low_closed { '[' } else { '(' };
                let close = if *high_closed { ']' } else { ')' };
                write!(f, "{open}{low}, {high}{close}")
            }
            Domain::Set(values) => {
                let list: Vec<String> = values.iter().map(f64::to_string).collect();
                write!(f, "{{{}}}", list.join(", "))
            }
        }
    }
}
