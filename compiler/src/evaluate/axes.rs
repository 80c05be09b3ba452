//! A reference evaluation of graphs over axes: plain loops over small arrays, for tests.
//!
//! An expression is evaluated at one position of each axis that it varies over, and remembered there. Folds
//! visit the positions that pass their filter and look at no other; branches look at what they take. A leaf at a
//! position that does not exist is NaN.

use crate::functions::row;
use crate::ir::{AxisId, ExprId, Function, Graph, Input, Node, Reduction, Role};
use std::collections::HashMap;

/// What a call gives.
#[derive(Clone, Debug)]
pub struct Arrays {
    /// The size of every axis that is no index, by its number; the first is the number of samples of `..`.
    pub sizes: Vec<usize>,
    /// The elements of each input, over its declared axes, the last one varying fastest. Truth values are 0
    /// and 1, labels their positions.
    pub inputs: Vec<Vec<f64>>,
    /// The parameters; truth values are 0 and 1.
    pub parameters: Vec<f64>,
    /// The derivative of the result with respect to each sample, over the sample axes in their order.
    pub upstream: Vec<f64>,
}

/// Where each axis stands, for those that matter.
pub type Positions = HashMap<AxisId, usize>;

/// Evaluates nodes of a graph.
pub struct Evaluator<'a> {
    graph: &'a Graph,
    inputs: &'a [Input],
    arrays: &'a Arrays,
    known: HashMap<(ExprId, Vec<usize>), f64>,
}

impl<'a> Evaluator<'a> {
    /// For these inputs, as the loss declares them and as a call gives them.
    pub fn new(graph: &'a Graph, inputs: &'a [Input], arrays: &'a Arrays) -> Self {
        Evaluator { graph, inputs, arrays, known: HashMap::new() }
    }

    /// The number of positions on an axis or index.
    pub fn size(&self, axis: AxisId) -> usize {
        self.arrays.sizes[self.graph.base(axis).0 as usize]
    }

    /// The value of a node where its axes stand; truth values are 0 and 1.
    pub fn value(&mut self, id: ExprId, at: &Positions) -> f64 {
        let place = self.graph.type_of(id).axes.iter().map(|axis| at[&axis]).collect();
        let key = (id, place);
        if let Some(value) = self.known.get(&key) {
            return *value;
        }
        let value = self.compute(id, at);
        self.known.insert(key, value);
        value
    }

    /// The values of a node over these axes, the last one varying fastest; others of its axes stand at `at`.
    pub fn array(&mut self, id: ExprId, axes: &[AxisId], at: &Positions) -> Vec<f64> {
        let Some((first, rest)) = axes.split_first() else { return vec![self.value(id, at)] };
        let mut values = Vec::new();
        for position in 0..self.size(*first) {
            let mut inside = at.clone();
            inside.insert(*first, position);
            values.extend(self.array(id, rest, &inside));
        }
        values
    }

    fn compute(&mut self, id: ExprId, at: &Positions) -> f64 {
        let graph = self.graph;
        match graph.node(id) {
            Node::Real(bits) => f64::from_bits(*bits),
            Node::Bool(truth) => f64::from(u8::from(*truth)),
            Node::Input(_) | Node::Member(_) => self.leaf(id, at).unwrap_or(f64::NAN),
            Node::Parameter(parameter) => self.arrays.parameters[*parameter],
            Node::Upstream => {
                let samples = graph.samples.iter();
                self.arrays.upstream[samples.fold(0, |flat, axis| flat * self.size(axis) + at[&axis])]
            }
            Node::Index(axis) => at[axis] as f64,
            Node::Size(axis) => self.size(*axis) as f64,
            Node::Apply(Function::And, pair) => {
                f64::from(u8::from(pair.iter().all(|operand| self.value(*operand, at) != 0.0)))
            }
            Node::Apply(Function::Or, pair) => {
                f64::from(u8::from(pair.iter().any(|operand| self.value(*operand, at) != 0.0)))
            }
            Node::Apply(function, arguments) => {
                let values: Vec<f64> = arguments.iter().map(|argument| self.value(*argument, at)).collect();
                (row(*function).evaluate)(&values)
            }
            Node::If(c, a, b) => {
                let taken = if self.value(*c, at) != 0.0 { *a } else { *b };
                self.value(taken, at)
            }
            Node::Stop(e) | Node::WithGrad(e, _) => self.value(*e, at),
            Node::Reduce(reduction, axis, body, filter) => {
                let mut inside = at.clone();
                let mut values = Vec::new();
                for position in 0..self.size(*axis) {
                    inside.insert(*axis, position);
                    if filter.is_none_or(|filter| self.value(filter, &inside) != 0.0) {
                        values.push(self.value(*body, &inside));
                    }
                }
                fold(*reduction, &values)
            }
            Node::Gather(leaf, picks) => {
                let mut moved = at.clone();
                for (axis, position) in picks {
                    let position = self.value(*position, at);
                    if !(position >= 0.0 && position < self.size(*axis) as f64) {
                        return f64::NAN;
                    }
                    moved.insert(*axis, position as usize);
                }
                self.leaf(*leaf, &moved).unwrap_or(f64::NAN)
            }
        }
    }

    /// An element of an input, or whether a set holds a position.
    fn leaf(&self, id: ExprId, at: &Positions) -> Option<f64> {
        match self.graph.node(id) {
            Node::Input(input) => self.element(*input, at),
            Node::Member(input) => {
                let declared = &self.inputs[*input];
                let Role::Set(into) = declared.role else { return None };
                let (wanted, storage) = (*at.get(&into)?, *declared.axes.last()?);
                let mut moved = at.clone();
                for place in 0..self.size(storage) {
                    moved.insert(storage, place);
                    let label = self.element(*input, &moved)?;
                    if label < 0.0 {
                        break;
                    }
                    if label == wanted as f64 {
                        return Some(1.0);
                    }
                }
                Some(0.0)
            }
            _ => None,
        }
    }

    /// An element of an input; behind the end of a set, -1.
    fn element(&self, input: usize, at: &Positions) -> Option<f64> {
        let declared = &self.inputs[input];
        let mut flat = 0;
        for axis in &declared.axes {
            flat = flat * self.size(*axis) + *at.get(axis)?;
        }
        if matches!(declared.role, Role::Set(_)) {
            let place = *at.get(declared.axes.last()?)?;
            let labels = self.arrays.inputs[input].get(flat - place..=flat)?;
            return Some(if labels.iter().any(|label| *label < 0.0) { -1.0 } else { labels[place] });
        }
        self.arrays.inputs[input].get(flat).copied()
    }
}

/// What a binder makes of the values that passed.
fn fold(reduction: Reduction, values: &[f64]) -> f64 {
    let truth = |condition: bool| f64::from(u8::from(condition));
    let any_nan = values.iter().any(|x| x.is_nan());
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
    match reduction {
        Reduction::Sum => values.iter().sum::<f64>() + 0.0,
        Reduction::Excess => values.iter().sum::<f64>() - 1.0,
        Reduction::Mean => values.iter().sum::<f64>() / values.len() as f64,
        Reduction::Prod => values.iter().product(),
        Reduction::Any => truth(values.iter().any(|x| *x != 0.0)),
        Reduction::All => truth(values.iter().all(|x| *x != 0.0)),
        Reduction::Count => values.iter().filter(|x| **x != 0.0).count() as f64,
        Reduction::Max | Reduction::Min | Reduction::LogSumExp | Reduction::Norm if any_nan => f64::NAN,
        Reduction::Max => largest(&mut values.iter().copied()),
        Reduction::Min => -largest(&mut values.iter().map(|x| -x)),
        Reduction::LogSumExp => {
            let top = largest(&mut values.iter().copied());
            if top.is_infinite() {
                top
            } else {
                top + values.iter().map(|x| (x - top).exp()).sum::<f64>().ln()
            }
        }
        Reduction::Norm => {
            let top = largest(&mut values.iter().map(|x| x.abs()));
            if values.is_empty() || top == 0.0 {
                0.0
            } else if top.is_infinite() {
                top
            } else {
                top * values.iter().map(|x| (x / top) * (x / top)).sum::<f64>().sqrt()
            }
        }
    }
}
