//! Nodes: operations with their operands, and the types of what they give.

use super::axis::{AxisId, AxisSet};
use super::function::{Function, Scalar};

/// A node of a [`Graph`](super::Graph).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub(super) u32);

impl ExprId {
    /// Its place in the graph, below [`Graph::len`](super::Graph::len).
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The type of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// What its values are.
    pub scalar: Scalar,
    /// What they vary over.
    pub axes: AxisSet,
}

/// How a binder folds an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The sum; 0 over nothing.
    Sum,
    /// The mean of what passed the filter; NaN over nothing.
    Mean,
    /// The largest; -inf over nothing.
    Max,
    /// The smallest; inf over nothing.
    Min,
    /// The product; 1 over nothing.
    Prod,
    /// log of the sum of exponentials; -inf over nothing.
    LogSumExp,
    /// The root of the sum of squares.
    Norm,
    /// Whether any holds; false over nothing.
    Any,
    /// Whether all hold; true over nothing.
    All,
    /// How many hold.
    Count,
    /// The sum, less 1: what a sum of exponentials has beside its largest term. Made by lowering only.
    Excess,
}

/// One operation and its operands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A number, by its bits.
    Real(u64),
    /// A truth value.
    Bool(bool),
    /// The element of an input, at the positions where the axes stand.
    Input(usize),
    /// Whether a position is in a set input: over the input's other axes and the axis that the set points into.
    Member(usize),
    /// The derivative of the result with respect to the value of a sample.
    Upstream,
    /// A parameter.
    Parameter(usize),
    /// The position on an axis.
    Index(AxisId),
    /// The length of an axis.
    Size(AxisId),
    /// A row of the table of functions, applied.
    Apply(Function, Vec<ExprId>),
    /// The second operand where the first is true, else the third.
    If(ExprId, ExprId, ExprId),
    /// The value, with derivative zero.
    Stop(ExprId),
    /// The value of the first operand with the derivative of the second.
    WithGrad(ExprId, ExprId),
    /// A fold over an axis, of what passes the filter. The axis is bound: outside it means something else.
    Reduce(Reduction, AxisId, ExprId, Option<ExprId>),
    /// The element of a leaf (an input or a member) at other positions than where its axes stand: for some of
    /// its axes, in order, the expression that gives the position. A position that does not exist may only
    /// stand where a filter or a branch leaves it out.
    Gather(ExprId, Vec<(AxisId, ExprId)>),
}

impl Node {
    /// The nodes that it reads.
    pub fn operands(&self) -> Vec<ExprId> {
        match self {
            Node::Real(_) | Node::Bool(_) | Node::Input(_) | Node::Parameter(_) => vec![],
            Node::Member(_) | Node::Upstream | Node::Index(_) | Node::Size(_) => vec![],
            Node::Apply(_, arguments) => arguments.clone(),
            Node::If(c, a, b) => vec![*c, *a, *b],
            Node::Stop(e) => vec![*e],
            Node::WithGrad(v, g) => vec![*v, *g],
            Node::Reduce(_, _, body, filter) => std::iter::once(*body).chain(*filter).collect(),
            Node::Gather(leaf, picks) => {
                std::iter::once(*leaf).chain(picks.iter().map(|(_, at)| *at)).collect()
            }
        }
    }

    /// The same operation on other operands, one for each of [`operands`](Node::operands).
    pub fn with_operands(&self, new: &[ExprId]) -> Node {
        match (self, new) {
            (Node::Apply(function, _), _) => Node::Apply(*function, new.to_vec()),
            (Node::If(..), &[c, a, b]) => Node::If(c, a, b),
            (Node::Stop(_), &[e]) => Node::Stop(e),
            (Node::WithGrad(..), &[v, g]) => Node::WithGrad(v, g),
            (Node::Reduce(r, axis, ..), &[body]) => Node::Reduce(*r, *axis, body, None),
            (Node::Reduce(r, axis, ..), &[body, filter]) => Node::Reduce(*r, *axis, body, Some(filter)),
            (Node::Gather(_, picks), [leaf, positions @ ..]) => {
                let axes = picks.iter().map(|(axis, _)| *axis);
                Node::Gather(*leaf, axes.zip(positions.iter().copied()).collect())
            }
            _ => self.clone(),
        }
    }
}
