//! Building by hand: each method adds one node, or looks at one as what such a method made.

use super::function::Function;
use super::graph::Graph;
use super::node::{ExprId, Node};

impl Graph {
    /// A number. All NaNs are one, and so are both zeros' signs kept apart.
    pub fn real(&mut self, x: f64) -> ExprId {
        self.add(Node::Real(if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }))
    }

    /// A function of the table, applied.
    pub fn apply(&mut self, function: Function, arguments: &[ExprId]) -> ExprId {
        self.add(Node::Apply(function, arguments.to_vec()))
    }

    /// `if c then a else b`
    pub fn choose(&mut self, c: ExprId, a: ExprId, b: ExprId) -> ExprId {
        self.add(Node::If(c, a, b))
    }

    /// `a + b`
    pub fn plus(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.apply(Function::Add, &[a, b])
    }

    /// `a - b`
    pub fn minus(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.apply(Function::Sub, &[a, b])
    }

    /// `a * b`
    pub fn times(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.apply(Function::Mul, &[a, b])
    }

    /// `a / b`
    pub fn divide(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.apply(Function::Div, &[a, b])
    }

    /// `-a`
    pub fn negate(&mut self, a: ExprId) -> ExprId {
        self.apply(Function::Neg, &[a])
    }

    /// `1 - a`
    pub fn complement(&mut self, a: ExprId) -> ExprId {
        let one = self.real(1.0);
        self.minus(one, a)
    }

    /// `[c]`: 1 where true, else 0.
    pub fn indicator(&mut self, c: ExprId) -> ExprId {
        let (one, zero) = (self.real(1.0), self.real(0.0));
        self.choose(c, one, zero)
    }

    /// The number that a node is, if it is one.
    pub fn constant(&self, id: ExprId) -> Option<f64> {
        match self.node(id) {
            Node::Real(bits) => Some(f64::from_bits(*bits)),
            _ => None,
        }
    }

    /// Whether a node is this number.
    pub fn is(&self, id: ExprId, x: f64) -> bool {
        self.constant(id) == Some(x)
    }

    /// The argument of a function of one argument, if the node is an application of it.
    pub fn argument(&self, id: ExprId, function: Function) -> Option<ExprId> {
        match self.node(id) {
            Node::Apply(f, arguments) if *f == function && arguments.len() == 1 => Some(arguments[0]),
            _ => None,
        }
    }

    /// One node for `x` and `-x`, and whether `id` is the negated one: `-x` is `x` negated, and of `a - b` and
    /// `b - a` the one that starts with what was written first is the plain one.
    pub fn without_sign(&mut self, id: ExprId) -> (ExprId, bool) {
        if let Some(inner) = self.argument(id, Function::Neg) {
            let (plain, negated) = self.without_sign(inner);
            return (plain, !negated);
        }
        match self.pair(id, Function::Sub) {
            Some((a, b)) if a > b => (self.minus(b, a), true),
            _ => (id, false),
        }
    }

    /// Both arguments of a function of two arguments, if the node is an application of it.
    pub fn pair(&self, id: ExprId, function: Function) -> Option<(ExprId, ExprId)> {
        match self.node(id) {
            Node::Apply(f, arguments) if *f == function && arguments.len() == 2 => {
                Some((arguments[0], arguments[1]))
            }
            _ => None,
        }
    }
}
