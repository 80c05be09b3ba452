//! The range of every node, worked out when it is asked for.

use crate::functions::row;
use crate::ir::range::Range;
use crate::ir::{AxisId, Domain, ExprId, Function, Graph, Loss, Node, ParameterKind, Reduction, Role};
use std::collections::HashMap;

/// What is larger than this is not rounded to 0 in any element type.
const SMALLEST: f64 = 1e-30;
/// What is smaller than this does not overflow in any element type.
const LARGEST: f64 = 1e30;

/// Knows where inputs and parameters may lie, and from that where every node does.
#[derive(Clone, Debug)]
pub struct Ranges {
    inputs: Vec<Range>,
    parameters: Vec<Range>,
    /// The inputs whose elements are positions, and the axes that they point into.
    pointers: HashMap<usize, AxisId>,
    known: HashMap<ExprId, Range>,
}

impl Ranges {
    /// From the declared domains.
    pub fn new(loss: &Loss) -> Self {
        let truth = Range::closed(0.0, 1.0);
        let inputs = loss.inputs.iter().map(|input| match input.role {
            Role::Bool => truth,
            _ => declared(input.domain.as_ref()),
        });
        let parameters = loss.parameters.iter().map(|parameter| match parameter.kind {
            ParameterKind::Bool => truth,
            _ => declared(parameter.domain.as_ref()),
        });
        let pointers = loss.inputs.iter().enumerate().filter_map(|(i, input)| match input.role {
            Role::Index(axis) => Some((i, axis)),
            _ => None,
        });
        Ranges {
            inputs: inputs.collect(),
            parameters: parameters.collect(),
            pointers: pointers.collect(),
            known: HashMap::new(),
        }
    }

    /// The axis that a label points into, if the node is one.
    pub fn points(&self, graph: &Graph, id: ExprId) -> Option<AxisId> {
        match graph.node(id) {
            Node::Input(input) => self.pointers.get(input).copied(),
            Node::Gather(leaf, _) => self.points(graph, *leaf),
            _ => None,
        }
    }

    /// The range of a node.
    pub fn of(&mut self, graph: &Graph, id: ExprId) -> Range {
        if let Some(range) = self.known.get(&id) {
            return *range;
        }
        for node in graph.reachable_unless(&[id], |node| self.known.contains_key(&node)) {
            let range = self.compute(graph, node);
            self.known.insert(node, range);
        }
        self.known[&id]
    }

    /// Whether a node is never 0, in floating point too: an open end at 0 may be reached by rounding, unless
    /// the node is an input or a parameter, whose domain is checked.
    pub fn never_zero(&mut self, graph: &Graph, id: ExprId) -> bool {
        let range = self.of(graph, id);
        let leaf = matches!(graph.node(id), Node::Input(_) | Node::Parameter(_) | Node::Real(_));
        range.low > SMALLEST || range.high < -SMALLEST || (leaf && range.is_nonzero())
    }

    /// Whether a node is never -inf, in floating point too.
    pub fn never_minus_infinity(&mut self, graph: &Graph, id: ExprId) -> bool {
        self.of(graph, id).low > -LARGEST
    }

    fn compute(&self, graph: &Graph, id: ExprId) -> Range {
        let of = |operand: &ExprId| self.known[operand];
        match graph.node(id) {
            Node::Real(bits) => Range::point(f64::from_bits(*bits)),
            Node::Bool(_) => Range::closed(0.0, 1.0),
            Node::Input(input) => self.inputs[*input],
            Node::Parameter(parameter) => self.parameters[*parameter],
            // A square.
            Node::Apply(Function::Mul, arguments) if arguments[0] == arguments[1] => {
                let magnitude = of(&arguments[0]).abs();
                magnitude.times(magnitude)
            }
            Node::Apply(function, arguments) => {
                let ranges: Vec<Range> = arguments.iter().map(of).collect();
                (row(*function).range)(&ranges)
            }
            Node::If(_, a, b) => of(a).union(of(b)),
            Node::Stop(e) => of(e),
            Node::WithGrad(v, _) => of(v),
            Node::Index(_) => Range::NONNEGATIVE,
            Node::Size(_) => Range::NONNEGATIVE,
            Node::Member(_) => Range::closed(0.0, 1.0),
            Node::Gather(leaf, _) => of(leaf),
            Node::Upstream => Range::ALL,
            Node::Reduce(reduction, _, body, _) => folded(*reduction, of(body)),
        }
    }
}

/// The range of a fold, which may be over nothing.
fn folded(reduction: Reduction, body: Range) -> Range {
    match reduction {
        Reduction::Sum if body.is_nonnegative() => Range::NONNEGATIVE,
        Reduction::Sum if body.negate().is_nonnegative() => Range::NONNEGATIVE.negate(),
        Reduction::Prod if body.is_nonnegative() => Range::NONNEGATIVE,
        Reduction::Mean => body,
        Reduction::Max => Range { low: f64::NEG_INFINITY, above: true, ..body },
        Reduction::Min => Range { high: f64::INFINITY, below: true, ..body },
        Reduction::Norm | Reduction::Count => Range::NONNEGATIVE,
        Reduction::Any | Reduction::All => Range::closed(0.0, 1.0),
        Reduction::Excess => Range { low: -1.0, ..Range::NONNEGATIVE },
        Reduction::Sum | Reduction::Prod | Reduction::LogSumExp => Range::ALL,
    }
}

fn declared(domain: Option<&Domain>) -> Range {
    match domain {
        None => Range::ALL,
        Some(Domain::Interval { low, low_closed, high, high_closed }) => Range {
            low: *low,
            above: !low_closed || low.is_infinite(),
            high: *high,
            below: !high_closed || high.is_infinite(),
        },
        Some(Domain::Set(values)) => {
            values.iter().map(|x| Range::point(*x)).reduce(Range::union).unwrap_or(Range::ALL)
        }
    }
}
