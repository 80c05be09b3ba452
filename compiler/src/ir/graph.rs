//! The hash-consed graph: equal expressions are one node, and a node's operands have smaller ids.
//!
//! Nodes are only ever added. Nothing is simplified here: passes rewrite, the graph stores what it is told.

use super::Axis;
use super::function::{Function, Scalar};
use crate::source::Span;
use std::collections::{HashMap, HashSet};

/// A node of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(u32);

/// An axis, or an index that runs over one: an index into `Graph::axes`. [`AxisId::SAMPLES`] is `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisId(pub u8);

impl AxisId {
    /// The axes that `..` stands for, taken together.
    pub const SAMPLES: AxisId = AxisId(0);
}

/// A set of axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisSet(u64);

impl AxisSet {
    /// No axis.
    pub const EMPTY: AxisSet = AxisSet(0);

    /// The most axes that one loss may name.
    pub const CAPACITY: usize = 64;

    /// One axis.
    pub fn of(axis: AxisId) -> Self {
        AxisSet(1 << axis.0)
    }

    /// Both sets together.
    pub fn union(self, other: AxisSet) -> AxisSet {
        AxisSet(self.0 | other.0)
    }

    /// What both have.
    pub fn intersection(self, other: AxisSet) -> AxisSet {
        AxisSet(self.0 & other.0)
    }

    /// What only this set has.
    pub fn difference(self, other: AxisSet) -> AxisSet {
        AxisSet(self.0 & !other.0)
    }

    /// How many axes are in it.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// This set without one axis.
    pub fn without(self, axis: AxisId) -> AxisSet {
        AxisSet(self.0 & !(1 << axis.0))
    }

    /// Whether an axis is in it.
    pub fn contains(self, axis: AxisId) -> bool {
        self.0 & (1 << axis.0) != 0
    }

    /// Whether no axis is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its axes in order.
    pub fn iter(self) -> impl Iterator<Item = AxisId> {
        (0..Self::CAPACITY as u8).map(AxisId).filter(move |axis| self.contains(*axis))
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

/// All expressions of one loss.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    types: Vec<Type>,
    ids: HashMap<Node, ExprId>,
    /// Every axis and every index; the first is `..`.
    pub axes: Vec<Axis>,
    /// What the value of the loss varies over.
    pub samples: AxisSet,
    /// For each set input, what its membership varies over.
    pub(crate) members: HashMap<usize, AxisSet>,
    /// What inputs vary over, and whether they are truth values.
    pub(crate) inputs: Vec<Type>,
    /// Whether parameters are truth values.
    pub(crate) parameters: Vec<Scalar>,
    /// Where an expression was written; serves only to blame.
    spans: HashMap<ExprId, Span>,
    /// The name that the formula gives an expression; serves only to speak of it.
    names: HashMap<ExprId, String>,
}

impl Graph {
    /// Adds a node, or finds the one that equals it.
    pub fn add(&mut self, node: Node) -> ExprId {
        if let Some(id) = self.ids.get(&node) {
            return *id;
        }
        let id = ExprId(u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes"));
        self.types.push(self.type_of_new(&node));
        self.nodes.push(node.clone());
        self.ids.insert(node, id);
        id
    }

    /// The operation of a node.
    pub fn node(&self, id: ExprId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The type of a node.
    pub fn type_of(&self, id: ExprId) -> Type {
        self.types[id.0 as usize]
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Notes where an expression stands; the first place is kept.
    pub fn blame(&mut self, id: ExprId, span: Span) {
        self.spans.entry(id).or_insert(span);
    }

    /// Where an expression was written, if it was.
    pub fn span(&self, id: ExprId) -> Option<Span> {
        self.spans.get(&id).copied()
    }

    /// Notes the name that the formula gives an expression; the first name is kept.
    pub fn call(&mut self, id: ExprId, name: &str) {
        self.names.entry(id).or_insert_with(|| name.to_owned());
    }

    /// The first expression, as written, that has a name.
    pub fn first_named(&self, name: &str) -> Option<ExprId> {
        self.names.iter().filter(|(_, known)| *known == name).map(|(id, _)| *id).min()
    }

    /// Every name that the formula gives an expression.
    pub fn local_names(&self) -> impl Iterator<Item = &str> {
        self.names.values().map(String::as_str)
    }

    /// The name that the formula gives an expression.
    pub fn name(&self, id: ExprId) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// Every node that the roots need, operands first.
    pub fn reachable(&self, roots: &[ExprId]) -> Vec<ExprId> {
        self.reachable_unless(roots, |_| false)
    }

    /// Every node that the roots need, operands first, without what `known` nodes need, and without those.
    pub fn reachable_unless(&self, roots: &[ExprId], known: impl Fn(ExprId) -> bool) -> Vec<ExprId> {
        let mut found = HashSet::new();
        let mut stack: Vec<ExprId> = roots.to_vec();
        while let Some(id) = stack.pop() {
            if !known(id) && found.insert(id) {
                stack.extend(self.node(id).operands());
            }
        }
        let mut order: Vec<ExprId> = found.into_iter().collect();
        order.sort_unstable();
        order
    }

    /// Whether `root` reads `leaf`.
    pub fn reads(&self, root: ExprId, leaf: ExprId) -> bool {
        leaf <= root && self.reachable(&[root]).contains(&leaf)
    }

    fn type_of_new(&self, node: &Node) -> Type {
        let real = |axes| Type { scalar: Scalar::Real, axes };
        let union =
            |ids: &[ExprId]| ids.iter().fold(AxisSet::EMPTY, |axes, id| axes.union(self.type_of(*id).axes));
        match node {
            Node::Real(_) | Node::Size(_) => real(AxisSet::EMPTY),
            Node::Bool(_) => Type { scalar: Scalar::Bool, axes: AxisSet::EMPTY },
            Node::Input(input) => self.inputs[*input],
            Node::Member(input) => Type { scalar: Scalar::Bool, axes: self.members[input] },
            Node::Upstream => real(self.samples),
            Node::Parameter(p) => Type { scalar: self.parameters[*p], axes: AxisSet::EMPTY },
            Node::Index(axis) => real(AxisSet::of(*axis)),
            Node::Apply(function, arguments) => Type { scalar: function.result(), axes: union(arguments) },
            Node::If(_, a, _) => Type { scalar: self.type_of(*a).scalar, axes: union(&node.operands()) },
            Node::Stop(e) => self.type_of(*e),
            Node::WithGrad(v, _) => Type { axes: union(&node.operands()), ..self.type_of(*v) },
            Node::Reduce(reduction, axis, ..) => Type {
                scalar: match reduction {
                    Reduction::Any | Reduction::All => Scalar::Bool,
                    _ => Scalar::Real,
                },
                axes: union(&node.operands()).without(*axis),
            },
            Node::Gather(leaf, picks) => {
                let Type { scalar, axes } = self.type_of(*leaf);
                let kept = picks.iter().fold(axes, |axes, (axis, _)| axes.without(*axis));
                let at = picks.iter().map(|(_, at)| self.type_of(*at).axes);
                Type { scalar, axes: at.fold(kept, AxisSet::union) }
            }
        }
    }
}

/// Building by hand: each method adds one node.
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
