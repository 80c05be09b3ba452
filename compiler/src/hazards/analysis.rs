//! The walk: every expression in every branch that it stands in, each once.
//!
//! A place is a set of facts. An expression is worked out at a place only with the facts about what it reads, so
//! that what does not depend on a condition is worked out once, however many branches read it.

use super::cause::{Cause, Kind, Table};
use super::facts::Facts;
use super::number::{Causes, Number};
use crate::ir::graph::Dependents;
use crate::ir::range::Range;
use crate::ir::{Domain, ExprId, Function, Graph, Loss, Node, ParameterKind, Reduction};
use crate::ranges::Ranges;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// How many steps one loss may take; formulas whose branches multiply beyond that are not judged.
const MOST_STEPS: usize = 1 << 15;

/// How deep branches and folds may stand in each other.
const MOST_NESTED: usize = 150;

/// A set of facts, by its number.
pub(super) type Place = usize;

/// Works out the numbers of one loss.
pub(super) struct Analysis<'a> {
    pub loss: &'a Loss,
    pub graph: &'a Graph,
    pub table: Table,
    ranges: Ranges,
    places: Vec<Rc<Facts>>,
    by_key: HashMap<Vec<(ExprId, [u64; 3])>, Place>,
    relevant: HashMap<(ExprId, Place), Place>,
    dependents: HashMap<ExprId, Dependents>,
    known: HashMap<(ExprId, Place), Number>,
    steps: usize,
    depth: usize,
}

impl<'a> Analysis<'a> {
    /// Where nothing is known.
    pub const NO_FACTS: Place = 0;

    /// For the expressions of a loss.
    pub fn new(loss: &'a Loss) -> Self {
        Analysis {
            loss,
            graph: &loss.graph,
            table: Table::default(),
            ranges: Ranges::new(loss),
            places: vec![Rc::default()],
            by_key: HashMap::from([(Vec::new(), Self::NO_FACTS)]),
            relevant: HashMap::new(),
            dependents: HashMap::new(),
            known: HashMap::new(),
            steps: 0,
            depth: 0,
        }
    }

    /// Whether it took too many steps to be believed.
    pub fn gave_up(&self) -> bool {
        self.steps > MOST_STEPS || self.depth > MOST_NESTED
    }

    /// What there was too much of, in words, where it gave up.
    pub fn too_much(&self) -> Option<String> {
        if self.depth > MOST_NESTED {
            Some(format!("branches and folds stand more than {MOST_NESTED} deep in each other"))
        } else {
            self.gave_up().then(|| {
                format!("its branches are read in too many combinations of their conditions, more than {MOST_STEPS} steps")
            })
        }
    }

    /// What an expression can be where a sample is kept.
    pub fn kept(&mut self, id: ExprId, keep: Option<ExprId>) -> Number {
        match keep {
            None => self.number(id, Self::NO_FACTS),
            Some(keep) => self.under(id, &Facts::default(), keep, true),
        }
    }

    /// The place where these facts are known.
    pub fn place(&mut self, facts: Facts) -> Place {
        let key = facts.key();
        if let Some(place) = self.by_key.get(&key) {
            return *place;
        }
        self.places.push(Rc::new(facts));
        self.by_key.insert(key, self.places.len() - 1);
        self.places.len() - 1
    }

    /// What an expression can be at a place.
    pub fn number(&mut self, root: ExprId, place: Place) -> Number {
        if self.gave_up() {
            return Number::finite(Range::ALL);
        }
        let mut todo = BTreeSet::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            let own = self.relevant(id, place);
            if self.known.contains_key(&(id, own)) || !todo.insert(id) {
                continue;
            }
            stack.extend(self.always_read(id));
        }
        for id in todo {
            let own = self.relevant(id, place);
            let number = self.compute(id, own);
            let facts = Rc::clone(&self.places[own]);
            let number = facts.number(id).map_or(number, |fact| fact.narrow(number));
            self.known.insert((id, own), number);
        }
        let own = self.relevant(root, place);
        self.known.get(&(root, own)).copied().unwrap_or(Number::finite(Range::ALL))
    }

    /// Whether a condition holds at a place, where that is certain.
    pub fn decide(&mut self, condition: ExprId, place: Place) -> Option<bool> {
        if let Some(truth) = self.places[place].truth(condition) {
            return Some(truth);
        }
        match self.graph.node(condition).clone() {
            Node::Bool(truth) => Some(truth),
            Node::Apply(Function::Not, x) => self.decide(x[0], place).map(|truth| !truth),
            Node::Apply(Function::And, x) => match (self.decide(x[0], place), self.decide(x[1], place)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Node::Apply(Function::Or, x) => match (self.decide(x[0], place), self.decide(x[1], place)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Node::Apply(function, x) => {
                let [a, b] = [x[0], x[1]].map(|side| self.number(side, place));
                if !a.nan.and(b.nan).is_empty() {
                    return None;
                }
                match function {
                    Function::Lt => less(a.reach(), b.reach()),
                    Function::Ge => less(a.reach(), b.reach()).map(|truth| !truth),
                    Function::Gt => less(b.reach(), a.reach()),
                    Function::Le => less(b.reach(), a.reach()).map(|truth| !truth),
                    Function::Eq => equal(&a, &b),
                    Function::Ne => equal(&a, &b).map(|truth| !truth),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// What an expression can be where a condition holds, or fails, besides what is known.
    pub(super) fn under(&mut self, id: ExprId, known: &Facts, condition: ExprId, holds: bool) -> Number {
        let alternatives = self.assume(known, condition, holds);
        let numbers = alternatives.into_iter().map(|facts| {
            let place = self.place(facts);
            self.number(id, place)
        });
        let numbers: Vec<Number> = numbers.collect();
        numbers.into_iter().reduce(Number::union).unwrap_or(Number::finite(Range::ALL))
    }

    /// The facts of a place that concern an expression.
    fn relevant(&mut self, id: ExprId, place: Place) -> Place {
        if place == Self::NO_FACTS {
            return place;
        }
        if let Some(own) = self.relevant.get(&(id, place)) {
            return *own;
        }
        let facts = Rc::clone(&self.places[place]);
        self.steps += 1 + facts.len();
        let only = facts.only(|about| self.reads(id, about));
        let own = self.place(only);
        self.relevant.insert((id, place), own);
        own
    }

    fn reads(&mut self, id: ExprId, leaf: ExprId) -> bool {
        if self.gave_up() {
            return false;
        }
        let (graph, steps) = (self.graph, &mut self.steps);
        let dependents = self.dependents.entry(leaf).or_insert_with(|| {
            *steps += graph.len() / 16;
            graph.dependents(leaf)
        });
        dependents.contains(id)
    }

    /// The operands that are worked out at the same place as the node itself.
    fn always_read(&self, id: ExprId) -> Vec<ExprId> {
        match self.graph.node(id) {
            Node::If(c, ..) => vec![*c],
            Node::WithGrad(v, _) => vec![*v],
            Node::Gather(leaf, _) => vec![*leaf],
            Node::Reduce(..) => Vec::new(),
            node => node.operands(),
        }
    }

    /// What a node is at a place. Branches and folds within each other are as many calls within each other: where
    /// there are too many, it gives up for good.
    fn compute(&mut self, id: ExprId, place: Place) -> Number {
        self.steps += 1;
        if self.gave_up() {
            return Number::finite(Range::ALL);
        }
        self.depth += 1;
        let number = self.work_out(id, place);
        if !self.gave_up() {
            self.depth -= 1;
        }
        number
    }

    fn work_out(&mut self, id: ExprId, place: Place) -> Number {
        match self.graph.node(id).clone() {
            Node::Real(bits) => self.constant(id, f64::from_bits(bits)),
            Node::Bool(_) | Node::Member(_) => Number::finite(Range::closed(0.0, 1.0)),
            Node::Input(_) => Number::finite(self.ranges.of(self.graph, id)),
            Node::Parameter(i) => self.parameter(id, i),
            Node::Upstream => Number::finite(Range::ALL),
            Node::Index(_) => Number::finite(Range::NONNEGATIVE),
            Node::Size(_) => Number::finite(Range { low: 1.0, ..Range::NONNEGATIVE }),
            Node::Stop(e) | Node::WithGrad(e, _) | Node::Gather(e, _) => self.number(e, place),
            Node::Apply(function, operands) => {
                let numbers: Vec<Number> =
                    operands.iter().map(|operand| self.number(*operand, place)).collect();
                self.apply(id, function, &operands, &numbers)
            }
            Node::If(c, a, b) => {
                let facts = Rc::clone(&self.places[place]);
                match self.decide(c, place) {
                    Some(true) => self.under(a, &facts, c, true),
                    Some(false) => self.under(b, &facts, c, false),
                    None => self.under(a, &facts, c, true).union(self.under(b, &facts, c, false)),
                }
            }
            Node::Reduce(reduction, axis, body, filter) => {
                let outside = Rc::clone(&self.places[place]);
                let condition = if reduction == Reduction::Count { Some(body) } else { filter };
                let sure = condition.is_some_and(|condition| outside.truth(condition) == Some(true));
                let facts = self.elsewhere(&outside, axis);
                let number = match filter {
                    Some(filter) => self.under(body, &facts, filter, true),
                    None => {
                        let inside = self.place(facts);
                        self.number(body, inside)
                    }
                };
                self.fold(id, number, sure)
            }
        }
    }

    fn constant(&mut self, id: ExprId, x: f64) -> Number {
        let mut number = Number::finite(Range::point(x));
        if x.is_infinite() {
            let cause = self.written(id);
            if x > 0.0 { number.above = cause } else { number.below = cause }
        }
        number
    }

    /// A parameter without a domain is taken to keep the sign of its default.
    fn parameter(&mut self, id: ExprId, i: usize) -> Number {
        let parameter = &self.loss.parameters[i];
        let mut number = Number::finite(self.ranges.of(self.graph, id));
        match &parameter.domain {
            Some(Domain::Interval { high, high_closed: true, .. }) if high.is_infinite() => {
                number.above = self.written(id);
            }
            None if parameter.kind != ParameterKind::Bool => {
                let default = parameter.default.unwrap_or(0.0);
                if default > 0.0 {
                    number.range = Range::POSITIVE;
                } else if default < 0.0 {
                    number.range = Range::POSITIVE.negate();
                }
            }
            _ => {}
        }
        number
    }

    /// An infinity that the author wrote.
    fn written(&mut self, id: ExprId) -> Causes {
        let (kind, from) = (Kind::Pole, Causes::NONE);
        self.table.add(Cause { node: id, kind, operand: id, direction: None, from })
    }
}

/// Whether everything of one range is less than everything of another, or nothing is.
fn less(a: Range, b: Range) -> Option<bool> {
    if a.high < b.low || a.high == b.low && (a.below || b.above) {
        Some(true)
    } else if a.low >= b.high {
        Some(false)
    } else {
        None
    }
}

fn equal(a: &Number, b: &Number) -> Option<bool> {
    let (x, y) = (a.reach(), b.reach());
    let apart = x.high < y.low
        || y.high < x.low
        || x.high == y.low && (x.below || y.above) && x.high.is_finite()
        || y.high == x.low && (y.below || x.above) && y.high.is_finite();
    let zero = |n: &Number| n.range == Range::point(0.0);
    if apart || a.nonzero && zero(b) || b.nonzero && zero(a) {
        Some(false)
    } else if x == y && x.low == x.high && !x.above && !x.below {
        Some(true)
    } else {
        None
    }
}
