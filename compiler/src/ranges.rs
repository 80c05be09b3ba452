//! The range of every node, worked out when it is asked for.

use crate::functions::row;
use crate::ir::range::Range;
use crate::ir::{Domain, ExprId, Graph, Loss, Node, ParameterKind, Role};
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
        Ranges { inputs: inputs.collect(), parameters: parameters.collect(), known: HashMap::new() }
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
            Node::Apply(function, arguments) => {
                let ranges: Vec<Range> = arguments.iter().map(of).collect();
                (row(*function).range)(&ranges)
            }
            Node::If(_, a, b) => of(a).union(of(b)),
            Node::Stop(e) => of(e),
            Node::WithGrad(v, _) => of(v),
            Node::Index(_) => Range::NONNEGATIVE,
            Node::Size(_) => Range::NONNEGATIVE,
            Node::Reduce(..) | Node::Gather(..) => Range::ALL,
        }
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
