//! The expressions of a variant as values in order, each once.
//!
//! What depends on parameters alone is marked as fixed for the whole call, and a division by it becomes `Over`.
//! Values are ordered as the outputs need them, so that a reader meets them in the order of the formula.

use crate::ir::{AxisSet, ExprId, Function, Graph, Node, Scalar};
use crate::plan::{Operation, Value, ValueId, Values};
use std::collections::HashMap;

/// Puts expressions in order.
pub(super) struct Builder<'a> {
    graph: &'a Graph,
    values: Values,
    places: HashMap<ExprId, ValueId>,
    /// Fixed values that others are divided by.
    divisors: HashMap<ValueId, ValueId>,
}

impl<'a> Builder<'a> {
    /// For expressions of a graph that is lowered.
    pub(super) fn new(graph: &'a Graph) -> Self {
        Builder { graph, values: Values::default(), places: HashMap::new(), divisors: HashMap::new() }
    }

    /// The values.
    pub(super) fn finish(self) -> Values {
        self.values
    }

    /// Places an expression behind its operands.
    pub(super) fn place(&mut self, root: ExprId) -> ValueId {
        let mut stack = vec![(root, false)];
        while let Some((id, operands_placed)) = stack.pop() {
            if self.places.contains_key(&id) {
                continue;
            }
            if operands_placed {
                let place = self.compute(id);
                self.places.insert(id, place);
            } else {
                stack.push((id, true));
                stack
                    .extend(self.graph.node(id).operands().into_iter().rev().map(|operand| (operand, false)));
            }
        }
        self.places[&root]
    }

    fn compute(&mut self, id: ExprId) -> ValueId {
        let at = |operand: &ExprId| self.places[operand];
        let operation = match self.graph.node(id) {
            Node::Real(bits) => Operation::Real(f64::from_bits(*bits)),
            Node::Bool(truth) => Operation::Bool(*truth),
            Node::Input(input) => Operation::Input(*input),
            Node::Member(input) => Operation::Member(*input),
            Node::Upstream => Operation::Upstream,
            Node::Parameter(parameter) => Operation::Parameter(*parameter),
            Node::Index(axis) => Operation::Index(*axis),
            Node::Size(axis) => Operation::Size(*axis),
            // After rewriting there is neither; their values are right in any case.
            Node::Stop(value) | Node::WithGrad(value, _) => return at(value),
            Node::Gather(leaf, picks) => Operation::Gather(
                at(leaf),
                picks.iter().map(|(axis, position)| (*axis, at(position))).collect(),
            ),
            Node::Reduce(reduction, axis, body, _) => Operation::Fold(*reduction, *axis, at(body)),
            Node::If(c, a, b) => Operation::Select(at(c), at(a), at(b)),
            Node::Apply(Function::Div, arguments) => {
                let (a, b) = (at(&arguments[0]), at(&arguments[1]));
                self.divide(a, b)
            }
            Node::Apply(function, arguments) => {
                Operation::Apply(*function, arguments.iter().map(at).collect())
            }
        };
        let name = self.graph.name(id).map(str::to_owned);
        let ty = self.graph.type_of(id);
        self.push(operation, ty.scalar, ty.axes, name)
    }

    /// By what is the same for the whole call, a division is a multiplication.
    fn divide(&mut self, a: ValueId, b: ValueId) -> Operation {
        if self.values.get(a).fixed || !self.values.get(b).fixed {
            return Operation::Apply(Function::Div, vec![a, b]);
        }
        if let Operation::Real(divisor) = self.values.get(b).operation {
            let inverse = 1.0 / divisor;
            if inverse.is_normal() && inverse.to_bits() << 12 == 0 && divisor.to_bits() << 12 == 0 {
                let inverse = self.push(Operation::Real(inverse), Scalar::Real, AxisSet::EMPTY, None);
                return Operation::Apply(Function::Mul, vec![a, inverse]);
            }
        }
        let divisor = match self.divisors.get(&b) {
            Some(known) => *known,
            None => {
                let known = self.push(Operation::Divisor(b), Scalar::Real, AxisSet::EMPTY, None);
                self.divisors.insert(b, known);
                known
            }
        };
        Operation::Over(a, divisor)
    }

    fn push(&mut self, operation: Operation, scalar: Scalar, axes: AxisSet, name: Option<String>) -> ValueId {
        let fixed = match &operation {
            Operation::Real(_) | Operation::Bool(_) | Operation::Parameter(_) => true,
            // Even a fold of constants depends on the length of its axis.
            Operation::Fold(..) => false,
            other => {
                let operands = other.operands();
                !operands.is_empty() && operands.iter().all(|id| self.values.get(*id).fixed)
            }
        };
        self.values.push(Value { operation, scalar, axes, fixed, name })
    }
}
