//! Symbolic differentiation in reverse mode, of the formula as it was written.
//!
//! The adjoint of a node is a sum of terms, each under a guard: the conditions under which control flows
//! from the node to the output. A guard is multiplied in only at the end, as an `if` around the finished
//! term, so that what a branch not taken would evaluate to (NaN, infinity) cannot reach the gradient.
//!
//! An adjoint varies over the axes of its node: what an operand does not vary over is summed, right there
//! where it was broadcast. How folds and gathers pass an adjoint on stands in `folds`.

mod folds;

use crate::functions::row;
use crate::ir::{AxisId, AxisSet, ExprId, Function, Graph, Node, Reduction, Scalar};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Conditions that all hold (`true`) or all fail (`false`).
type Guard = Vec<(ExprId, bool)>;

/// One summand of an adjoint.
#[derive(Clone, Debug)]
struct Term {
    guard: Guard,
    value: ExprId,
}

/// More terms than this at one node become one, under the condition that any of their guards holds.
const MOST_TERMS: usize = 64;

/// What is differentiated, and how its derivative is weighed.
#[derive(Clone, Copy, Debug)]
pub struct Objective {
    /// The output.
    pub output: ExprId,
    /// What its derivative is multiplied by: 1, or the derivative of the result with respect to it.
    pub seed: ExprId,
    /// Axes over which the sums are left to whoever evaluates the derivative.
    pub unsummed: AxisSet,
}

/// The derivative with respect to one leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivative {
    /// Where each sample reads its own elements: over the axes of the leaf.
    pub own: ExprId,
    /// Where samples read the elements of others: summed over the samples.
    pub shared: Option<Shared>,
}

/// A derivative with respect to elements that samples pick along the sample axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Its value.
    pub value: ExprId,
    /// The index that stands for each sample axis of the leaf in it.
    pub at: Vec<(AxisId, AxisId)>,
}

/// The derivative of the sum over samples of seed times output, with respect to each leaf of `wrt`, with
/// nothing simplified; `None` where there are too many indices.
pub fn differentiate(graph: &mut Graph, objective: Objective, wrt: &[ExprId]) -> Option<Vec<Derivative>> {
    let Objective { output, seed, unsummed } = objective;
    let order = graph.reachable(&[output]);
    let active = active(graph, &order, wrt);
    // An output that is the same for all samples counts once for each of them.
    let repeated = graph.samples.difference(graph.type_of(output).axes).difference(unsummed);
    let first = sum(graph, Term { guard: Guard::new(), value: seed }, repeated);
    let adjoints = HashMap::from([(output, vec![first])]);
    let mut pass = Pass { graph, active, unsummed, adjoints, shared: HashMap::new() };
    let mut own = HashMap::new();
    for id in order.into_iter().rev() {
        if !pass.active.contains(&id) {
            continue;
        }
        let Some(terms) = pass.adjoints.remove(&id) else { continue };
        let terms = merge(pass.graph, terms);
        if wrt.contains(&id) {
            let gradient = join(pass.graph, terms);
            own.insert(id, gradient);
        } else {
            pass.propagate(id, &terms)?;
        }
    }
    let Pass { graph, mut shared, .. } = pass;
    let zero = graph.real(0.0);
    let derivative = |id: &ExprId| {
        let shared = shared.remove(id).map(|picked| {
            let terms = merge(graph, picked.terms);
            Shared { value: join(graph, terms), at: picked.at.into_iter().collect() }
        });
        Derivative { own: own.get(id).copied().unwrap_or(zero), shared }
    };
    Some(wrt.iter().map(derivative).collect())
}

/// The nodes through which the output depends differentiably on some of `wrt`.
fn active(graph: &Graph, order: &[ExprId], wrt: &[ExprId]) -> HashSet<ExprId> {
    let mut active: HashSet<ExprId> = wrt.iter().copied().collect();
    for id in order {
        let flows = match graph.node(*id) {
            Node::Stop(_) => false,
            Node::WithGrad(_, g) => active.contains(g),
            Node::If(_, a, b) => active.contains(a) || active.contains(b),
            Node::Apply(function, _) if function.result() == Scalar::Bool => false,
            Node::Reduce(Reduction::Any | Reduction::All | Reduction::Count, ..) => false,
            Node::Reduce(_, _, body, _) => active.contains(body),
            Node::Gather(leaf, _) => active.contains(leaf),
            node => node.operands().iter().any(|operand| active.contains(operand)),
        };
        if flows {
            active.insert(*id);
        }
    }
    active
}

/// Terms at a leaf that stand at other samples.
struct Picked {
    at: BTreeMap<AxisId, AxisId>,
    terms: Vec<Term>,
}

/// The state of the pass over the graph.
struct Pass<'a> {
    graph: &'a mut Graph,
    active: HashSet<ExprId>,
    unsummed: AxisSet,
    adjoints: HashMap<ExprId, Vec<Term>>,
    shared: HashMap<ExprId, Picked>,
}

impl Pass<'_> {
    /// What the terms at a node give to each of its operands.
    fn propagate(&mut self, id: ExprId, terms: &[Term]) -> Option<()> {
        match self.graph.node(id).clone() {
            Node::If(c, a, b) => {
                for (branch, holds) in [(a, true), (b, false)] {
                    let taken = terms.iter().filter_map(|term| under(term, c, holds)).collect();
                    self.give(branch, self.graph.type_of(id).axes, taken);
                }
            }
            Node::WithGrad(_, g) => self.give(g, self.graph.type_of(id).axes, terms.to_vec()),
            Node::Apply(function, arguments) => {
                for (which, argument) in arguments.iter().enumerate() {
                    let active = self.active.contains(argument);
                    let Some(derivative) = row(function).derivative.filter(|_| active) else { continue };
                    let partial = derivative(self.graph, &arguments, id, which);
                    let given = terms.iter().filter_map(|term| times(self.graph, term, partial)).collect();
                    self.give(*argument, self.graph.type_of(id).axes, given);
                }
            }
            Node::Reduce(reduction, axis, body, filter) => {
                self.fold(id, folds::Fold { reduction, axis, body, filter }, terms)?;
            }
            Node::Gather(leaf, picks) => self.gather(id, leaf, &picks, terms)?,
            _ => {}
        }
        Some(())
    }

    /// Adds terms that vary over `axes` to the adjoint of an operand, summed over what it does not vary over.
    fn give(&mut self, operand: ExprId, axes: AxisSet, terms: Vec<Term>) {
        if !self.active.contains(&operand) {
            return;
        }
        let rest = axes.difference(self.graph.type_of(operand).axes).difference(self.unsummed);
        let summed = terms.into_iter().map(|term| sum(self.graph, term, rest)).collect::<Vec<_>>();
        self.adjoints.entry(operand).or_default().extend(summed);
    }
}

/// A term summed over some axes. Conditions that vary over them become the filter of the sum.
fn sum(graph: &mut Graph, mut term: Term, axes: AxisSet) -> Term {
    for axis in axes.iter() {
        let varies = |(c, _): &(ExprId, bool)| graph.type_of(*c).axes.contains(axis);
        let (inside, outside): (Guard, Guard) = term.guard.into_iter().partition(varies);
        let filter = condition(graph, &inside);
        let value = graph.add(Node::Reduce(Reduction::Sum, axis, term.value, filter));
        term = Term { guard: outside, value };
    }
    term
}

/// A term times a partial derivative, whose own `if ... else 0` becomes part of the guard.
fn times(graph: &mut Graph, term: &Term, partial: ExprId) -> Option<Term> {
    if let Node::If(c, a, b) = *graph.node(partial) {
        if graph.is(b, 0.0) {
            return times(graph, &under(term, c, true)?, a);
        }
        if graph.is(a, 0.0) {
            return times(graph, &under(term, c, false)?, b);
        }
    }
    let value = if graph.is(partial, 0.0) {
        return None;
    } else if graph.is(partial, 1.0) {
        term.value
    } else if graph.is(partial, -1.0) {
        graph.negate(term.value)
    } else if graph.is(term.value, 1.0) {
        partial
    } else {
        graph.times(term.value, partial)
    };
    Some(Term { guard: term.guard.clone(), value })
}

/// A term under one more condition; nothing where that contradicts its guard.
fn under(term: &Term, condition: ExprId, holds: bool) -> Option<Term> {
    let mut guard = term.guard.clone();
    match guard.binary_search_by_key(&condition, |(known, _)| *known) {
        Ok(at) => (guard[at].1 == holds).then(|| term.clone()),
        Err(at) => {
            guard.insert(at, (condition, holds));
            Some(Term { guard, value: term.value })
        }
    }
}

/// Adds up the terms that share a guard.
fn merge(graph: &mut Graph, terms: Vec<Term>) -> Vec<Term> {
    let mut merged: Vec<Term> = Vec::new();
    for term in terms {
        match merged.iter_mut().find(|known| known.guard == term.guard) {
            Some(known) => known.value = graph.plus(known.value, term.value),
            None => merged.push(term),
        }
    }
    if merged.len() > MOST_TERMS {
        let any = merged.iter().map(|term| condition(graph, &term.guard)).collect::<Option<Vec<_>>>();
        let any = any.and_then(|all| all.into_iter().reduce(|a, b| graph.apply(Function::Or, &[a, b])));
        let value = join(graph, merged);
        return vec![Term { guard: any.into_iter().map(|any| (any, true)).collect(), value }];
    }
    merged
}

/// A guard as one condition; `None` where it holds anyway.
fn condition(graph: &mut Graph, guard: &Guard) -> Option<ExprId> {
    let parts = guard.iter().map(|(c, holds)| if *holds { *c } else { graph.apply(Function::Not, &[*c]) });
    let parts: Vec<ExprId> = parts.collect();
    parts.into_iter().reduce(|a, b| graph.apply(Function::And, &[a, b]))
}

/// One expression for a sum of guarded terms: a tree of `if`s over their conditions.
fn join(graph: &mut Graph, terms: Vec<Term>) -> ExprId {
    let (free, guarded): (Vec<Term>, Vec<Term>) = terms.into_iter().partition(|term| term.guard.is_empty());
    let mut sum = free.into_iter().map(|term| term.value).reduce(|a, b| graph.plus(a, b));
    if let Some(condition) = guarded.first().map(|term| term.guard[0].0) {
        let (mut yes, mut no, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for mut term in guarded {
            match term.guard.iter().position(|(known, _)| *known == condition) {
                Some(at) => {
                    let (_, holds) = term.guard.remove(at);
                    if holds { yes.push(term) } else { no.push(term) }
                }
                None => rest.push(term),
            }
        }
        let (yes, no) = (join(graph, yes), join(graph, no));
        let chosen = graph.choose(condition, yes, no);
        sum = Some(sum.map_or(chosen, |sum| graph.plus(sum, chosen)));
        if !rest.is_empty() {
            let rest = join(graph, rest);
            sum = sum.map(|sum| graph.plus(sum, rest));
        }
    }
    sum.unwrap_or_else(|| graph.real(0.0))
}

#[cfg(test)]
mod tests {
    use crate::compile;
    use crate::evaluate::Evaluator;
    use crate::source::SourceFile;

    /// The gradient of the first input at one point.
    fn gradient(formula: &str, x: f64) -> f64 {
        let compiled = compile(&SourceFile::new("test.def", format!("loss f(x) = {formula}")));
        let loss = compiled.losses.first().unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
        let raw = loss.derived.gradients[0].own.raw;
        Evaluator::new(&loss.derived.loss.graph, &[x], &[]).value(raw)
    }

    /// However many branches read an expression, none of those not taken reaches the gradient.
    #[test]
    fn guards_hold_for_any_number_of_branches() {
        for branches in [1, 63, 64, 65, 200] {
            let sum: Vec<String> = (1..=branches).map(|i| format!("(if x > {i} then l else 0)")).collect();
            let formula = format!("{} where l = log(x)", sum.join(" + "));
            assert_eq!(gradient(&formula, 0.0), 0.0, "{branches} branches");
            assert_eq!(gradient(&formula, 1.5), 1.0 / 1.5, "{branches} branches");
        }
    }
}
