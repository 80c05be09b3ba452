//! Symbolic differentiation in reverse mode, of the formula as it was written.
//!
//! The adjoint of a node is a sum of terms, each under a guard: the conditions under which control flows
//! from the node to the output. A guard is multiplied in only at the end, as an `if` around the finished
//! term, so that what a branch not taken would evaluate to (NaN, infinity) cannot reach the gradient.

use crate::functions::row;
use crate::ir::{ExprId, Function, Graph, Node, Scalar};
use std::collections::{HashMap, HashSet};

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

/// The derivative of `output` with respect to each of `wrt`, with nothing simplified.
pub fn differentiate(graph: &mut Graph, output: ExprId, wrt: &[ExprId]) -> Vec<ExprId> {
    let order = graph.reachable(&[output]);
    let active = active(graph, &order, wrt);
    let mut adjoints: HashMap<ExprId, Vec<Term>> = HashMap::new();
    let seed = graph.real(1.0);
    adjoints.insert(output, vec![Term { guard: Guard::new(), value: seed }]);
    let mut gradients = HashMap::new();
    for id in order.into_iter().rev() {
        if !active.contains(&id) {
            continue;
        }
        let Some(terms) = adjoints.remove(&id) else { continue };
        let terms = merge(graph, terms);
        if wrt.contains(&id) {
            let gradient = join(graph, terms);
            gradients.insert(id, gradient);
            continue;
        }
        for (operand, contribution) in propagate(graph, id, &active, &terms) {
            adjoints.entry(operand).or_default().extend(contribution);
        }
    }
    let zero = graph.real(0.0);
    wrt.iter().map(|id| gradients.get(id).copied().unwrap_or(zero)).collect()
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
            node => node.operands().iter().any(|operand| active.contains(operand)),
        };
        if flows {
            active.insert(*id);
        }
    }
    active
}

/// What the terms at a node give to each of its operands.
fn propagate(
    graph: &mut Graph,
    id: ExprId,
    active: &HashSet<ExprId>,
    terms: &[Term],
) -> Vec<(ExprId, Vec<Term>)> {
    match graph.node(id).clone() {
        Node::If(c, a, b) => [(a, true), (b, false)]
            .into_iter()
            .filter(|(branch, _)| active.contains(branch))
            .map(|(branch, holds)| (branch, terms.iter().filter_map(|term| under(term, c, holds)).collect()))
            .collect(),
        Node::WithGrad(_, g) => vec![(g, terms.to_vec())],
        Node::Apply(function, arguments) => {
            let mut given = Vec::new();
            for (which, argument) in arguments.iter().enumerate() {
                let Some(derivative) = row(function).derivative.filter(|_| active.contains(argument)) else {
                    continue;
                };
                let partial = derivative(graph, &arguments, id, which);
                given
                    .push((*argument, terms.iter().filter_map(|term| times(graph, term, partial)).collect()));
            }
            given
        }
        // The schedule refuses folds and gathers; their adjoints come with it.
        _ => Vec::new(),
    }
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
        let raw = loss.derived.gradients[0].1.raw;
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
