//! The formula as written, evaluated over small arrays in any kind of number.
//!
//! [`Evaluator`] walks the compiler's graph before rewriting; what a function or a fold makes of its operands is
//! the business of the [`Number`]: wide numbers with slopes ([`dual::Dual`]) are the reference, machine numbers
//! that are rounded after every operation ([`plain::Plain`]) are what a naive program would compute.

pub mod bound;
pub mod dual;
mod folds;
pub mod plain;
mod table;
#[cfg(test)]
mod tests;

use lossdef_compiler::ir::{AxisId, ExprId, Function, Graph, Input, Node, Reduction, Role};

/// What expressions are evaluated in.
pub trait Number: Clone {
    /// A constant.
    fn constant(x: f64) -> Self;
    /// The number as a position or truth value.
    fn plain(&self) -> f64;
    /// A function of the language.
    fn apply(function: Function, arguments: &[Self]) -> Self;
    /// What a fold makes of the values that passed its filter.
    fn fold(reduction: Reduction, values: &[Self]) -> Self;
    /// A truth value that these numbers decide.
    fn decided(truth: bool, _by: &[Self]) -> Self {
        Self::constant(f64::from(u8::from(truth)))
    }
    /// What a branch gives that was taken for its condition, or a fold over what passed it.
    fn chosen(self, _by: &Self) -> Self {
        self
    }
    /// The value without its slopes.
    fn stop(self) -> Self;
    /// The value of one with the slopes of another.
    fn with_slopes(self, other: Self) -> Self;
}

/// The arrays of a call, laid over the axes of the loss.
#[derive(Clone, Debug)]
pub struct Arrays<N> {
    /// The size of every axis that is no index, by its number.
    pub sizes: Vec<usize>,
    /// The elements of every input, over its declared axes, the last one varying fastest.
    pub inputs: Vec<Vec<N>>,
    /// The parameters.
    pub parameters: Vec<N>,
}

/// Where each axis stands, for those that matter.
pub type Positions = Vec<(AxisId, usize)>;

/// Evaluates nodes of a graph, each once at each position.
pub struct Evaluator<'a, N> {
    graph: &'a Graph,
    inputs: &'a [Input],
    arrays: &'a Arrays<N>,
    /// By node, and by its position over its axes; empty before the first.
    known: Vec<Vec<Option<N>>>,
}

fn stand(at: &Positions, axis: AxisId) -> Option<usize> {
    at.iter().find(|(known, _)| *known == axis).map(|(_, position)| *position)
}

/// The same positions, with an axis moved.
fn moved(at: &Positions, axis: AxisId, position: usize) -> Positions {
    let mut at = at.clone();
    match at.iter_mut().find(|(known, _)| *known == axis) {
        Some((_, known)) => *known = position,
        None => at.push((axis, position)),
    }
    at
}

impl<'a, N: Number> Evaluator<'a, N> {
    /// For these inputs, as the loss declares them and as a call gives them.
    pub fn new(graph: &'a Graph, inputs: &'a [Input], arrays: &'a Arrays<N>) -> Self {
        Evaluator { graph, inputs, arrays, known: Vec::new() }
    }

    /// The number of positions on an axis or index.
    pub fn size(&self, axis: AxisId) -> usize {
        self.arrays.sizes[usize::from(self.graph.base(axis).0)]
    }

    /// The value of a node where its axes stand; truth values are 0 and 1.
    pub fn value(&mut self, id: ExprId, at: &Positions) -> N {
        let (mut place, mut places) = (0, 1);
        for axis in self.graph.type_of(id).axes.iter() {
            let size = self.size(axis);
            place = place * size + stand(at, axis).unwrap_or(0);
            places *= size;
        }
        let node = id.index();
        if let Some(Some(value)) = self.known.get(node).and_then(|all| all.get(place)) {
            return value.clone();
        }
        let value = self.compute(id, at);
        if self.known.len() <= node {
            self.known.resize_with(node + 1, Vec::new);
        }
        let all = &mut self.known[node];
        all.resize(places.max(place + 1), None);
        all[place] = Some(value.clone());
        value
    }

    /// Every position of these axes, the last one varying fastest.
    pub fn positions(&self, axes: impl IntoIterator<Item = AxisId>) -> Vec<Positions> {
        let mut all = vec![Positions::new()];
        for axis in axes {
            let size = self.size(axis);
            all =
                all.iter().flat_map(|at| (0..size).map(move |position| moved(at, axis, position))).collect();
        }
        all
    }

    fn compute(&mut self, id: ExprId, at: &Positions) -> N {
        let graph = self.graph;
        match graph.node(id) {
            Node::Real(bits) => N::constant(f64::from_bits(*bits)),
            Node::Bool(truth) => N::constant(f64::from(u8::from(*truth))),
            Node::Input(_) | Node::Member(_) => self.leaf(id, at).unwrap_or_else(|| N::constant(f64::NAN)),
            Node::Parameter(parameter) => self.arrays.parameters[*parameter].clone(),
            Node::Upstream => N::constant(1.0),
            Node::Index(axis) => N::constant(stand(at, *axis).unwrap_or(0) as f64),
            Node::Size(axis) => N::constant(self.size(*axis) as f64),
            // What the first does not decide, the second does.
            Node::Apply(both @ (Function::And | Function::Or), pair) => {
                let mut by = vec![self.value(pair[0], at)];
                if (by[0].plain() != 0.0) == (*both == Function::And) {
                    by.push(self.value(pair[1], at));
                }
                N::decided(by[by.len() - 1].plain() != 0.0, &by)
            }
            Node::Apply(function, arguments) => {
                let values: Vec<N> = arguments.iter().map(|argument| self.value(*argument, at)).collect();
                N::apply(*function, &values)
            }
            Node::If(c, a, b) => {
                let condition = self.value(*c, at);
                let taken = if condition.plain() != 0.0 { *a } else { *b };
                self.value(taken, at).chosen(&condition)
            }
            Node::Stop(e) => self.value(*e, at).stop(),
            Node::WithGrad(v, g) => {
                let slopes = self.value(*g, at);
                self.value(*v, at).with_slopes(slopes)
            }
            Node::Reduce(reduction, axis, body, filter) => {
                let (mut values, mut conditions) = (Vec::new(), Vec::new());
                for position in 0..self.size(*axis) {
                    let inside = moved(at, *axis, position);
                    let condition = filter.map(|filter| self.value(filter, &inside));
                    if condition.as_ref().is_none_or(|condition| condition.plain() != 0.0) {
                        values.push(self.value(*body, &inside));
                    }
                    conditions.extend(condition);
                }
                conditions.iter().fold(N::fold(*reduction, &values), N::chosen)
            }
            Node::Gather(leaf, picks) => {
                let mut there = at.clone();
                for (axis, position) in picks {
                    let position = self.value(*position, at).plain();
                    if !(position >= 0.0 && position < self.size(*axis) as f64) {
                        return N::constant(f64::NAN);
                    }
                    there = moved(&there, *axis, position as usize);
                }
                self.leaf(*leaf, &there).unwrap_or_else(|| N::constant(f64::NAN))
            }
        }
    }

    /// An element of an input, or whether a set holds a position.
    fn leaf(&self, id: ExprId, at: &Positions) -> Option<N> {
        match self.graph.node(id) {
            Node::Input(input) => self.element(*input, at),
            Node::Member(input) => {
                let declared = &self.inputs[*input];
                let Role::Set(into) = declared.role else { return None };
                let (wanted, storage) = (stand(at, into)?, *declared.axes.last()?);
                for place in 0..self.size(storage) {
                    let label = self.element(*input, &moved(at, storage, place))?.plain();
                    if label < 0.0 {
                        break;
                    }
                    if label == wanted as f64 {
                        return Some(N::constant(1.0));
                    }
                }
                Some(N::constant(0.0))
            }
            _ => None,
        }
    }

    /// An element of an input; behind the end of a set, -1.
    fn element(&self, input: usize, at: &Positions) -> Option<N> {
        let declared = &self.inputs[input];
        let mut flat = 0;
        for axis in &declared.axes {
            flat = flat * self.size(*axis) + stand(at, *axis)?;
        }
        let elements = &self.arrays.inputs[input];
        if matches!(declared.role, Role::Set(_)) {
            let place = stand(at, *declared.axes.last()?)?;
            let labels = elements.get(flat - place..=flat)?;
            let ended = labels.iter().any(|label| label.plain() < 0.0);
            return Some(if ended { N::constant(-1.0) } else { labels[place].clone() });
        }
        elements.get(flat).cloned()
    }
}
