//! Stable forms and simplification: named, guarded rewrite rules, applied until none fires.
//!
//! Input and output are expressions of one graph, derivatives included, that mean the same real number for
//! finite inputs in their domains; a rule that holds only for some values carries the guard. Derivatives are
//! taken before, so no rule can change one. What is deliberately not done here: anything that depends on the
//! target (see `lower`), and anything that would hide a NaN of an input as such (`x - x`, `0 * x`); what cancels
//! because it is bounded or positive for every number takes its NaN with it (`exp(x) / exp(x)`).

mod branch;
mod differences;
mod exponential;
mod fold;
mod hyperbolic;
mod identity;
mod logistic;
mod opposites;
pub mod product;
mod softmax;
mod sums;
mod terms;

use crate::ir::{ExprId, Graph, Node};
use crate::ranges::Ranges;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A rewrite rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as reports show it.
    pub name: &'static str,
    /// Why it is valid.
    pub why: &'static str,
    /// What stands for the node, where the rule applies.
    pub apply: fn(&mut Context<'_>, ExprId) -> Option<ExprId>,
}

/// What a rule may look at and add to.
pub struct Context<'a> {
    /// The graph.
    pub graph: &'a mut Graph,
    /// Where values lie.
    pub ranges: &'a mut Ranges,
}

impl Context<'_> {
    /// The range of a node.
    pub fn range(&mut self, id: ExprId) -> crate::ir::range::Range {
        self.ranges.of(self.graph, id)
    }
}

/// The families, in the order in which they are tried at a node.
const FAMILIES: &[&[Rule]] = &[
    fold::RULES,
    identity::RULES,
    branch::RULES,
    softmax::RULES,
    sums::RULES,
    logistic::RULES,
    hyperbolic::RULES,
    opposites::RULES,
    differences::RULES,
    exponential::RULES,
    product::RULES,
];

/// Every rule.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().copied().flatten()
}

/// How often each rule fired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<&'static str, usize>);

impl Counts {
    /// Rules and how often they fired, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.0.iter().map(|(name, count)| (*name, *count))
    }
}

/// One firing of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The rule.
    pub rule: &'static Rule,
    /// The node at which it fired; its operands are in stable form already.
    pub before: ExprId,
    /// What it put there, as the rule left it: later steps go on from here.
    pub after: ExprId,
}

/// The way of every rewritten expression from its raw to its stable form: ids only, so that it costs nothing to
/// keep.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    steps: BTreeMap<ExprId, Vec<Step>>,
    counts: Counts,
    settled: HashSet<ExprId>,
}

impl Trace {
    /// The steps of the expression that was rewritten from `raw`, in order.
    pub fn of(&self, raw: ExprId) -> &[Step] {
        self.steps.get(&raw).map_or(&[], Vec::as_slice)
    }

    /// The whole expression after each step, in a copy of the graph that the step was taken in. Where a rule
    /// brings back a node that was rewritten before, that is done over at once, as the rewriter does.
    pub fn replay(&self, graph: &mut Graph, raw: ExprId) -> Vec<ExprId> {
        let mut known: HashMap<ExprId, ExprId> = HashMap::new();
        let mut whole = raw;
        let mut wholes = Vec::new();
        for step in self.of(raw) {
            whole = substitute(graph, &[whole], &HashMap::from([(step.before, step.after)]))[0];
            if !graph.reads(step.after, step.before) {
                known.insert(step.before, step.after);
            }
            for _ in 0..REPLAYED {
                let next = substitute(graph, &[whole], &known)[0];
                if next == whole {
                    break;
                }
                whole = next;
            }
            wholes.push(whole);
        }
        wholes
    }

    /// How often each rule fired, over all expressions.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Rewrites an expression and remembers how.
    pub(crate) fn rewrite(&mut self, graph: &mut Graph, ranges: &mut Ranges, raw: ExprId) -> ExprId {
        let mut steps = Vec::new();
        let context = Context { graph, ranges };
        let stable = Rewriter::new(context, &mut steps, &mut self.settled).visit(raw);
        for step in &steps {
            *self.counts.0.entry(step.rule.name).or_default() += 1;
        }
        self.steps.insert(raw, steps);
        stable
    }
}

/// Rewritten nodes inside of rewritten nodes are looked for this deep.
const REPLAYED: usize = 32;

/// More firings than this in one loss mean that two rules undo each other; the rest stays as it is.
const FUEL: usize = 50_000;

/// Firings in what another firing has made, in turn in what another one has made, and so on, end at this depth, for the
/// same reason: no chain of rules that leads somewhere is as long.
const DEEPEST: usize = 300;

/// Rewrites expressions until no rule applies; the rules that fired are added to `steps`.
pub fn rewrite(
    graph: &mut Graph,
    ranges: &mut Ranges,
    roots: &[ExprId],
    steps: &mut Vec<Step>,
) -> Vec<ExprId> {
    let mut settled = HashSet::new();
    let mut rewriter = Rewriter::new(Context { graph, ranges }, steps, &mut settled);
    roots.iter().map(|root| rewriter.visit(*root)).collect()
}

struct Rewriter<'a> {
    context: Context<'a>,
    done: HashMap<ExprId, ExprId>,
    /// Nodes in which no rule fires, here or further down, so that another expression need not try them again.
    settled: &'a mut HashSet<ExprId>,
    steps: &'a mut Vec<Step>,
    fuel: usize,
    depth: usize,
}

impl<'a> Rewriter<'a> {
    fn new(context: Context<'a>, steps: &'a mut Vec<Step>, settled: &'a mut HashSet<ExprId>) -> Self {
        Rewriter { context, done: HashMap::new(), settled, steps, fuel: FUEL, depth: 0 }
    }

    /// What stands for a node, where that is known.
    fn known(&self, id: ExprId) -> Option<ExprId> {
        self.done.get(&id).copied().or_else(|| self.settled.contains(&id).then_some(id))
    }

    /// Operands first, then the node itself, then whatever stands for it.
    fn visit(&mut self, root: ExprId) -> ExprId {
        for id in self.context.graph.reachable_unless(&[root], |id| self.known(id).is_some()) {
            // An earlier replacement may have settled it meanwhile.
            if self.known(id).is_none() {
                let operands = self.context.graph.node(id).operands();
                let known = |id: &ExprId| self.known(*id).expect("operands come first");
                let operands: Vec<_> = operands.iter().map(known).collect();
                let node = self.context.graph.node(id).with_operands(&operands);
                let rebuilt = self.context.graph.add(node);
                let result = self.settle(rebuilt);
                self.remember(id, result);
            }
        }
        self.known(root).expect("it was visited")
    }

    /// Fires rules at a node whose operands are settled.
    fn settle(&mut self, id: ExprId) -> ExprId {
        if let Some(known) = self.known(id) {
            return known;
        }
        if self.fuel > 0 && self.depth < DEEPEST {
            for rule in rules() {
                let Some(next) = (rule.apply)(&mut self.context, id).filter(|next| *next != id) else {
                    continue;
                };
                self.fuel -= 1;
                self.steps.push(Step { rule, before: id, after: next });
                // Until the replacement is settled, the node stands for itself.
                self.done.insert(id, id);
                self.depth += 1;
                let result = self.visit(next);
                self.depth -= 1;
                self.remember(id, result);
                return result;
            }
            let operands = self.context.graph.node(id).operands();
            if operands.iter().all(|operand| self.settled.contains(operand)) {
                self.settled.insert(id);
            }
        }
        self.remember(id, id);
        id
    }

    fn remember(&mut self, id: ExprId, result: ExprId) {
        let graph = &mut *self.context.graph;
        if let Some(name) = graph.name(id).map(str::to_owned) {
            graph.call(result, &name);
        }
        if let Some(span) = graph.span(id) {
            graph.blame(result, span);
        }
        self.done.insert(id, result);
    }
}

/// Puts other nodes in place of some.
pub fn substitute(graph: &mut Graph, roots: &[ExprId], replace: &HashMap<ExprId, ExprId>) -> Vec<ExprId> {
    map(graph, roots, |_, id, rebuilt| replace.get(&id).copied().unwrap_or(rebuilt))
}

/// Rebuilds expressions from the leaves up: `f` is given the graph, the old node and the same node over its
/// new operands, and says what stands for it.
pub fn map(
    graph: &mut Graph,
    roots: &[ExprId],
    mut f: impl FnMut(&mut Graph, ExprId, ExprId) -> ExprId,
) -> Vec<ExprId> {
    let mut done: HashMap<ExprId, ExprId> = HashMap::new();
    for id in graph.reachable(roots) {
        let operands: Vec<_> = graph.node(id).operands().iter().map(|operand| done[operand]).collect();
        let node: Node = graph.node(id).with_operands(&operands);
        let rebuilt = graph.add(node);
        let result = f(graph, id, rebuilt);
        if let Some(name) = graph.name(id).map(str::to_owned) {
            graph.call(result, &name);
        }
        if let Some(span) = graph.span(id) {
            graph.blame(result, span);
        }
        done.insert(id, result);
    }
    roots.iter().map(|root| done[root]).collect()
}

#[cfg(test)]
mod tests;
