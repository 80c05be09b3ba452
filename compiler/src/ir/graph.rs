//! The hash-consed graph: equal expressions are one node, and a node's operands have smaller ids.
//!
//! Nodes are only ever added. Nothing is simplified here: passes rewrite, the graph stores what it is told.

use super::Axis;
use super::axis::AxisSet;
use super::function::Scalar;
use super::node::{ExprId, Node, Reduction, Type};
use crate::source::Span;
use std::collections::{HashMap, HashSet};

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

    /// The node that equals this one, if there is one.
    pub fn find(&self, node: &Node) -> Option<ExprId> {
        self.ids.get(node).copied()
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

    /// For each name the first expression, as written, that has it.
    pub fn first_named(&self) -> HashMap<&str, ExprId> {
        let mut first: HashMap<&str, ExprId> = HashMap::new();
        for (id, name) in &self.names {
            first.entry(name).and_modify(|known| *known = (*known).min(*id)).or_insert(*id);
        }
        first
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

    /// All nodes that read `leaf`, itself among them.
    pub fn dependents(&self, leaf: ExprId) -> Dependents {
        let mut reads = vec![false; self.nodes.len() - leaf.0 as usize];
        reads[0] = true;
        for (i, node) in self.nodes.iter().enumerate().skip(leaf.0 as usize + 1) {
            let known = |operand: &ExprId| *operand >= leaf && reads[(operand.0 - leaf.0) as usize];
            reads[i - leaf.0 as usize] = node.operands().iter().any(known);
        }
        Dependents { leaf, reads }
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

/// The nodes that read one node: see [`Graph::dependents`].
#[derive(Clone, Debug)]
pub struct Dependents {
    leaf: ExprId,
    reads: Vec<bool>,
}

impl Dependents {
    /// Whether a node is among them.
    pub fn contains(&self, id: ExprId) -> bool {
        id >= self.leaf && self.reads.get((id.0 - self.leaf.0) as usize).copied().unwrap_or(false)
    }
}
