//! What is known of expressions inside of a branch or behind a filter, and what a condition tells about the
//! expressions that it compares.

use super::analysis::Analysis;
use super::number::Number;
use crate::ir::range::Range;
use crate::ir::{AxisId, ExprId, Function, Node};
use std::collections::BTreeMap;

/// More alternatives than this are not told apart.
const MOST_ALTERNATIVES: usize = 4;
/// How far down a fact is followed.
const DEEPEST: u32 = 16;

/// What is known of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fact {
    /// Where it lies, if it is finite.
    pub range: Range,
    /// Whether it is not 0.
    pub nonzero: bool,
    /// Whether it is not inf.
    pub not_above: bool,
    /// Whether it is not -inf.
    pub not_below: bool,
}

impl Fact {
    const NOTHING: Fact = Fact { range: Range::ALL, nonzero: false, not_above: false, not_below: false };

    fn within(range: Range) -> Fact {
        Fact { range, ..Fact::NOTHING }
    }

    fn never_zero(self) -> bool {
        self.nonzero || self.range.is_nonzero()
    }

    fn and(self, other: Fact) -> Fact {
        Fact {
            range: self.range.intersect(other.range),
            nonzero: self.nonzero || other.nonzero,
            not_above: self.not_above || other.not_above,
            not_below: self.not_below || other.not_below,
        }
    }

    /// A number, given this.
    pub fn narrow(self, number: Number) -> Number {
        let mut narrow = Number { range: number.range.intersect(self.range), ..number };
        narrow.nonzero |= self.nonzero;
        if narrow.nonzero {
            narrow.range.above |= narrow.range.low == 0.0;
            narrow.range.below |= narrow.range.high == 0.0;
            (narrow.low_by, narrow.high_by) = Default::default();
        }
        if self.not_above {
            narrow.above = Default::default();
        }
        if self.not_below {
            narrow.below = Default::default();
        }
        narrow
    }

    /// Tells facts apart.
    fn key(self) -> [u64; 3] {
        let Range { low, above, high, below } = self.range;
        let flags = [above, below, self.nonzero, self.not_above, self.not_below];
        [low.to_bits(), high.to_bits(), flags.into_iter().fold(0, |all, flag| all * 2 + u64::from(flag))]
    }
}

/// Everything that is known at a place.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    numbers: BTreeMap<ExprId, Fact>,
    truths: BTreeMap<ExprId, bool>,
}

impl Facts {
    /// What is known of a number.
    pub fn number(&self, id: ExprId) -> Option<Fact> {
        self.numbers.get(&id).copied()
    }

    /// What is known of a truth value.
    pub fn truth(&self, id: ExprId) -> Option<bool> {
        self.truths.get(&id).copied()
    }

    /// How much is known.
    pub fn len(&self) -> usize {
        self.numbers.len() + self.truths.len()
    }

    /// Only what is known of some expressions.
    pub fn only(&self, mut about: impl FnMut(ExprId) -> bool) -> Facts {
        Facts {
            numbers: self
                .numbers
                .iter()
                .map(|(id, fact)| (*id, *fact))
                .filter(|(id, _)| about(*id))
                .collect(),
            truths: self
                .truths
                .iter()
                .map(|(id, truth)| (*id, *truth))
                .filter(|(id, _)| about(*id))
                .collect(),
        }
    }

    /// Tells sets of facts apart.
    pub fn key(&self) -> Vec<(ExprId, [u64; 3])> {
        let numbers = self.numbers.iter().map(|(id, fact)| (*id, fact.key()));
        numbers.chain(self.truths.iter().map(|(id, truth)| (*id, [u64::from(*truth), 0, u64::MAX]))).collect()
    }
}

impl Analysis<'_> {
    /// What is known where a condition holds, or fails: one of several sets of facts.
    pub(super) fn assume(&mut self, known: &Facts, condition: ExprId, holds: bool) -> Vec<Facts> {
        let mut found = self.alternatives(known, condition, holds);
        if found.is_empty() || found.len() > MOST_ALTERNATIVES {
            found = vec![known.clone()];
        }
        for facts in &mut found {
            facts.truths.insert(condition, holds);
        }
        found
    }

    fn alternatives(&mut self, known: &Facts, condition: ExprId, holds: bool) -> Vec<Facts> {
        let Node::Apply(function, operands) = self.graph.node(condition).clone() else {
            return vec![known.clone()];
        };
        match (function, holds) {
            (Function::Not, _) => self.assume(known, operands[0], !holds),
            (Function::And, true) | (Function::Or, false) => {
                let first = self.assume(known, operands[0], holds);
                first.iter().flat_map(|facts| self.assume(facts, operands[1], holds)).collect()
            }
            (Function::And, false) | (Function::Or, true) => {
                let mut found = Vec::new();
                for operand in operands {
                    let place = self.place(known.clone());
                    if self.decide(operand, place) != Some(!holds) {
                        found.extend(self.assume(known, operand, holds));
                    }
                }
                found
            }
            _ => {
                let mut facts = known.clone();
                self.compare(&mut facts, function, operands[0], operands[1], holds);
                vec![facts]
            }
        }
    }

    /// What a comparison tells about both sides.
    fn compare(&mut self, facts: &mut Facts, function: Function, a: ExprId, b: ExprId, holds: bool) {
        match (function, holds) {
            (Function::Lt, true) | (Function::Ge, false) => self.less(facts, a, b, true),
            (Function::Le, true) | (Function::Gt, false) => self.less(facts, a, b, false),
            (Function::Gt, true) | (Function::Le, false) => self.less(facts, b, a, true),
            (Function::Ge, true) | (Function::Lt, false) => self.less(facts, b, a, false),
            (Function::Eq, true) | (Function::Ne, false) => {
                for (one, other) in [(a, b), (b, a)] {
                    let same = self.at(other, facts);
                    let fact = Fact {
                        range: same.range,
                        nonzero: same.never_zero(),
                        not_above: same.above.is_empty(),
                        not_below: same.below.is_empty(),
                    };
                    self.learn(facts, one, fact, 0);
                }
                self.of_difference(facts, a, b, Fact::within(Range::point(0.0)));
            }
            (Function::Eq, false) | (Function::Ne, true) => {
                for (one, other) in [(a, b), (b, a)] {
                    if let Some(x) = self.graph.constant(other) {
                        let fact = self.other_than(one, facts, x);
                        self.learn(facts, one, fact, 0);
                    }
                }
                self.of_difference(facts, a, b, Fact { nonzero: true, ..Fact::NOTHING });
            }
            _ => {}
        }
    }

    /// `a < b`, or `a <= b`.
    fn less(&mut self, facts: &mut Facts, a: ExprId, b: ExprId, strict: bool) {
        let [low, high] = [a, b].map(|side| self.at(side, facts).reach());
        let under = Range { high: high.high, below: strict || high.below, ..Range::ALL };
        let over = Range { low: low.low, above: strict || low.above, ..Range::ALL };
        let not_above = strict || high.high.is_finite();
        let not_below = strict || low.low.is_finite();
        self.learn(facts, a, Fact { not_above, ..Fact::within(under) }, 0);
        self.learn(facts, b, Fact { not_below, ..Fact::within(over) }, 0);
        let negative = Range { high: 0.0, below: strict, ..Range::ALL };
        self.of_difference(facts, a, b, Fact::within(negative));
    }

    fn other_than(&mut self, id: ExprId, facts: &Facts, x: f64) -> Fact {
        let range = self.at(id, facts).range;
        let above = range.above || range.low == x;
        let below = range.below || range.high == x;
        Fact {
            range: Range { above, below, ..range },
            nonzero: x == 0.0,
            not_above: x == f64::INFINITY,
            not_below: x == f64::NEG_INFINITY,
        }
    }

    /// What is known of `a - b`, and so of `b - a`.
    fn of_difference(&mut self, facts: &mut Facts, a: ExprId, b: ExprId, fact: Fact) {
        let negated = Fact { range: fact.range.negate(), ..fact };
        for (one, other, fact) in [(a, b, fact), (b, a, negated)] {
            if let Some(difference) = self.graph.find(&Node::Apply(Function::Sub, vec![one, other])) {
                self.learn(facts, difference, fact, DEEPEST);
            }
        }
    }

    fn at(&mut self, id: ExprId, facts: &Facts) -> Number {
        let place = self.place(facts.clone());
        self.number(id, place)
    }

    /// Notes a fact, and what follows from it for the operands.
    fn learn(&mut self, facts: &mut Facts, id: ExprId, fact: Fact, depth: u32) {
        if self.graph.constant(id).is_some() {
            return;
        }
        let known = facts.numbers.entry(id).or_insert(Fact::NOTHING);
        *known = known.and(fact);
        if depth >= DEEPEST {
            return;
        }
        let Node::Apply(function, operands) = self.graph.node(id).clone() else {
            if let Node::Stop(e) | Node::WithGrad(e, _) = *self.graph.node(id) {
                self.learn(facts, e, fact, depth + 1);
            }
            return;
        };
        for (operand, fact) in self.below(facts, function, &operands, fact) {
            self.learn(facts, operand, fact, depth + 1);
        }
    }

    /// What a fact about a result says of the operands.
    fn below(&mut self, facts: &Facts, function: Function, x: &[ExprId], fact: Fact) -> Vec<(ExprId, Fact)> {
        let nonzero = Fact { nonzero: fact.never_zero(), ..Fact::NOTHING };
        let range = fact.range;
        let others: Vec<Number> = x.iter().map(|operand| self.at(*operand, facts)).collect();
        let finite = |i: usize| others[i].infinite().is_empty();
        match function {
            Function::Abs => {
                let within = Range { low: -range.high, above: range.below, ..range };
                vec![(x[0], Fact { range: within, ..nonzero })]
            }
            Function::Neg => {
                let (not_above, not_below) = (fact.not_below, fact.not_above);
                vec![(x[0], Fact { range: range.negate(), not_above, not_below, ..nonzero })]
            }
            Function::Add if finite(0) && finite(1) => vec![
                (x[0], Fact::within(range.plus(others[1].range.negate()))),
                (x[1], Fact::within(range.plus(others[0].range.negate()))),
            ],
            Function::Sub if finite(0) && finite(1) => vec![
                (x[0], Fact::within(range.plus(others[1].range))),
                (x[1], Fact::within(others[0].range.plus(range.negate()))),
            ],
            Function::Mul if x[0] == x[1] => vec![(x[0], nonzero)],
            Function::Mul | Function::Div => {
                let signs = |other: Number| {
                    let side =
                        |positive: bool| if positive { Range::POSITIVE } else { Range::POSITIVE.negate() };
                    match (other.range.is_positive(), other.range.is_negative()) {
                        (true, _) if range.is_nonzero() => side(range.is_positive()),
                        (_, true) if range.is_nonzero() => side(range.is_negative()),
                        _ => Range::ALL,
                    }
                };
                let first = (x[0], Fact { range: signs(others[1]), ..nonzero });
                let second = (x[1], Fact { range: signs(others[0]), ..nonzero });
                if function == Function::Mul { vec![first, second] } else { vec![first] }
            }
            Function::Sqrt | Function::Relu if fact.never_zero() => {
                vec![(x[0], Fact::within(Range::POSITIVE))]
            }
            Function::Log if fact.not_below => vec![(x[0], Fact::within(Range::POSITIVE))],
            Function::Log1p if fact.not_below => {
                vec![(x[0], Fact::within(Range { low: -1.0, ..Range::POSITIVE }))]
            }
            Function::Pow if others[1].range.is_positive() => vec![(x[0], nonzero)],
            Function::Max => {
                let under = Fact::within(Range { high: range.high, below: range.below, ..Range::ALL });
                x.iter().map(|operand| (*operand, under)).collect()
            }
            Function::Min => {
                let over = Fact::within(Range { low: range.low, above: range.above, ..Range::ALL });
                x.iter().map(|operand| (*operand, over)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What stays known inside of a fold, where its axis stands elsewhere.
    pub(super) fn elsewhere(&self, facts: &Facts, axis: AxisId) -> Facts {
        facts.only(|id| !self.graph.type_of(id).axes.contains(axis))
    }
}
