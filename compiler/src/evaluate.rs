//! A reference evaluation of the graph in ordinary f64 arithmetic: for tests, constant folding and audits.
//!
//! [`Evaluator`] evaluates nodes of one sample without named axes, [`axes::Evaluator`] any node.

pub mod axes;

use crate::functions::row;
use crate::ir::{ExprId, Graph, Node};
use std::collections::HashMap;

/// Evaluates nodes of one sample, each once.
pub struct Evaluator<'a> {
    graph: &'a Graph,
    inputs: &'a [f64],
    parameters: &'a [f64],
    known: HashMap<ExprId, f64>,
}

impl<'a> Evaluator<'a> {
    /// For these inputs and parameters; truth values are 0 and 1.
    pub fn new(graph: &'a Graph, inputs: &'a [f64], parameters: &'a [f64]) -> Self {
        Evaluator { graph, inputs, parameters, known: HashMap::new() }
    }

    /// The value of a node. Nodes over named axes have none here and give NaN.
    pub fn value(&mut self, root: ExprId) -> f64 {
        for id in self.graph.reachable(&[root]) {
            if !self.known.contains_key(&id) {
                let value = self.compute(id);
                self.known.insert(id, value);
            }
        }
        self.known[&root]
    }

    fn compute(&self, id: ExprId) -> f64 {
        let of = |operand: &ExprId| self.known[operand];
        match self.graph.node(id) {
            Node::Real(bits) => f64::from_bits(*bits),
            Node::Bool(truth) => f64::from(u8::from(*truth)),
            Node::Input(input) => self.inputs[*input],
            Node::Parameter(parameter) => self.parameters[*parameter],
            Node::Apply(function, arguments) => {
                let values: Vec<f64> = arguments.iter().map(of).collect();
                (row(*function).evaluate)(&values)
            }
            Node::If(c, a, b) => {
                if of(c) != 0.0 {
                    of(a)
                } else {
                    of(b)
                }
            }
            Node::Stop(e) => of(e),
            Node::WithGrad(v, _) => of(v),
            Node::Member(_) | Node::Upstream => f64::NAN,
            Node::Index(_) | Node::Size(_) | Node::Reduce(..) | Node::Gather(..) => f64::NAN,
        }
    }
}
