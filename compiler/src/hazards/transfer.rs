//! What each function makes of the numbers that it gets: one arm per function that can leave the finite numbers, or
//! that brings an infinite one back.

use super::analysis::Analysis;
use super::cause::{Cause, Kind};
use super::number::{Causes, Number};
use super::points::zeros;
use crate::functions::row;
use crate::ir::range::Range;
use crate::ir::{ExprId, Function, Node, Scalar};
use crate::magnitude::EXP_TOO_LARGE;

/// Exponentials of less than this are 0 in `f32`.
const TOO_SMALL: f64 = -103.0;
/// From here on, what approaches an end exponentially has reached it in `f32`.
const SATURATED: f64 = 17.0;

impl Analysis<'_> {
    /// The result of a function at a node, from its operands' numbers.
    pub(super) fn apply(
        &mut self,
        id: ExprId,
        function: Function,
        operands: &[ExprId],
        n: &[Number],
    ) -> Number {
        if function.result() == Scalar::Bool {
            return Number::finite(Range::closed(0.0, 1.0));
        }
        let reach: Vec<Range> = n.iter().map(Number::reach).collect();
        let nan = n.iter().fold(Causes::NONE, |all, one| all.and(one.nan));
        let plain = Number { nan, ..Number::finite((row(function).range)(&reach)) };
        let plain = self.rounded(id, function, operands[0], reach[0], plain);
        match function {
            Function::Add => {
                let sum = self.sum(id, n[0], n[1]);
                self.at_most_zero(id, sum)
            }
            Function::Sub if operands[0] == operands[1] => Number { range: Range::point(0.0), ..plain },
            Function::Sub => {
                let sum = self.sum(id, n[0], n[1].negate());
                self.at_most_zero(id, sum)
            }
            Function::Neg => self.at_most_zero(id, n[0].negate()),
            Function::Mul => {
                let product = self.product(id, n[0], n[1], false);
                let square = operands[0] == operands[1];
                let range = if square { plain.range } else { product.range };
                Number { range, ..product }
            }
            Function::Div => self.quotient(id, operands[1], n[0], n[1]),
            Function::Pow => self.power(id, operands, n, plain),
            Function::Sqrt => {
                let undefined = self.if_negative(id, operands[0], n[0]);
                let above = self.table.hide(id, n[0].above);
                let nan = nan.and(undefined).and(n[0].below);
                Number { above, nan, nonzero: n[0].never_zero(), low_by: n[0].low_by, ..plain }
            }
            Function::Log => self.log(id, operands[0], n[0], 0.0, plain),
            Function::Log1p => self.log(id, operands[0], n[0], -1.0, plain),
            Function::Xlogy => {
                let y = n[1].reach().intersect(Range::POSITIVE).map(f64::ln);
                let y = Number { nan: n[1].nan, ..Number::finite(y) };
                let mut log = self.log(id, operands[1], n[1], 0.0, y);
                if zeros(self.graph, operands[1]).iter().all(|at| zeros(self.graph, operands[0]).contains(at))
                {
                    // Where the logarithm is infinite, it is multiplied by 0.
                    log.below = Causes::NONE;
                }
                self.product(id, n[0], log, true)
            }
            Function::Log1mexp => {
                let pole = self.cause_if(n[0].may_be(0.0), id, Kind::Pole, operands[0]);
                let undefined = self.cause_if(n[0].range.high > 0.0, id, Kind::Undefined, operands[0]);
                Number { below: pole, nan: nan.and(undefined).and(n[0].above), ..plain }
            }
            Function::Logit => {
                let outside = n[0].range.low < 0.0 || n[0].range.high > 1.0;
                let undefined = self.cause_if(outside, id, Kind::Undefined, operands[0]);
                Number {
                    below: self.cause_if(n[0].may_be(0.0), id, Kind::Pole, operands[0]),
                    above: self.cause_if(n[0].may_be(1.0), id, Kind::Pole, operands[0]),
                    nan: nan.and(undefined).and(n[0].infinite()),
                    ..plain
                }
            }
            Function::Exp | Function::Expm1 => {
                let above = n[0].above.and(self.overflow(id, operands[0], n[0].range.high, true));
                Number { above, ..plain }
            }
            Function::Sinh => Number {
                above: n[0].above.and(self.overflow(id, operands[0], n[0].range.high, true)),
                below: n[0].below.and(self.overflow(id, operands[0], -n[0].range.low, false)),
                ..plain
            },
            Function::Cosh => {
                let grows = self.overflow(id, operands[0], reach[0].high, true);
                let above = grows.and(self.overflow(id, operands[0], -n[0].range.low, false));
                Number { above: n[0].infinite().and(above), ..plain }
            }
            Function::Softplus => Number { above: n[0].above, ..plain },
            Function::LogSigmoid => Number { below: n[0].below, ..plain },
            Function::LogCosh => Number { above: n[0].infinite(), ..plain },
            Function::Abs => {
                let (range, nonzero) = (n[0].range.abs(), n[0].never_zero());
                Number { above: n[0].infinite(), range, nonzero, low_by: n[0].zero_by(), ..plain }
            }
            Function::Sin | Function::Cos | Function::Tan => {
                let lost = self.table.nothing_from(id, n[0].infinite());
                Number { nan: nan.and(lost), ..plain }
            }
            Function::Relu => Number { above: n[0].above, ..plain },
            Function::Max => {
                Number { above: n[0].above.and(n[1].above), below: both(n[0].below, n[1].below), ..plain }
            }
            Function::Min => {
                Number { above: both(n[0].above, n[1].above), below: n[0].below.and(n[1].below), ..plain }
            }
            Function::Clamp => Number {
                above: both(n[0].above, n[2].above).and(n[1].above),
                below: both(n[0].below, n[1].below).and(n[2].below),
                ..plain
            },
            // Bounded, whatever they get.
            _ => plain,
        }
    }

    fn log(&mut self, id: ExprId, operand: ExprId, x: Number, end: f64, plain: Number) -> Number {
        let undefined = self.cause_if(x.range.low < end, id, Kind::Undefined, operand);
        let pole = self.cause_if(x.may_be(end), id, Kind::Pole, operand);
        let by = if x.range.low == end { x.low_by } else { Causes::NONE };
        let pole = pole.and(self.table.made_of(id, Kind::Hidden, by));
        let above = self.table.hide(id, x.above);
        let lost = self.table.nothing_from(id, x.below);
        Number { above, below: pole, nan: plain.nan.and(undefined).and(lost), ..plain }
    }

    fn if_negative(&mut self, id: ExprId, operand: ExprId, x: Number) -> Causes {
        self.cause_if(x.range.low < 0.0, id, Kind::Undefined, operand)
    }

    /// An exponential whose argument grows to `end`.
    fn overflow(&mut self, id: ExprId, argument: ExprId, end: f64, up: bool) -> Causes {
        if end <= EXP_TOO_LARGE || self.is_chosen(argument) {
            return Causes::NONE;
        }
        let (core, straight) = self.direction(argument);
        let direction = Some((core, straight == up));
        let (kind, from) = (Kind::Overflow, Causes::NONE);
        self.table.add(Cause { node: id, kind, operand: argument, direction, from })
    }

    /// The ends of a function that rounding reaches at ordinary arguments.
    fn rounded(
        &mut self,
        id: ExprId,
        function: Function,
        argument: ExprId,
        x: Range,
        plain: Number,
    ) -> Number {
        let (low, high, kind) = match function {
            Function::Exp | Function::ExpNonpos | Function::Softplus => {
                (x.low < TOO_SMALL, false, Kind::Small)
            }
            Function::LogSigmoid => (false, -x.high < TOO_SMALL, Kind::Small),
            Function::Sigmoid => (x.low < TOO_SMALL, x.high > SATURATED, Kind::Saturated),
            Function::Tanh | Function::Erf => (x.low < -SATURATED, x.high > SATURATED, Kind::Saturated),
            Function::Expm1 => (x.low < -SATURATED, false, Kind::Saturated),
            _ => return plain,
        };
        let mut end = |reached: bool, kind: Kind, up: bool| {
            if !reached || self.is_chosen(argument) {
                return Causes::NONE;
            }
            let (core, straight) = self.direction(argument);
            let direction = Some((core, straight == up));
            self.table.add(Cause { node: id, kind, operand: argument, direction, from: Causes::NONE })
        };
        let low_kind = if function == Function::Sigmoid { Kind::Small } else { kind };
        let low_by = end(low, low_kind, false);
        let high_by = end(high, kind, true);
        Number { low_by, high_by, ..plain }
    }

    pub(super) fn cause_if(&mut self, happens: bool, node: ExprId, kind: Kind, operand: ExprId) -> Causes {
        if !happens {
            return Causes::NONE;
        }
        self.table.add(Cause { node, kind, operand, direction: None, from: Causes::NONE })
    }

    /// The expression that an exponent grows with, and whether it grows up with it.
    fn direction(&mut self, argument: ExprId) -> ((ExprId, ExprId), bool) {
        let (mut at, mut up) = (argument, true);
        loop {
            let scaled = match self.graph.node(at) {
                Node::Apply(Function::Neg, x) => Some((x[0], true)),
                Node::Apply(Function::Mul, x) => {
                    [(x[0], x[1]), (x[1], x[0])].into_iter().find_map(|(rest, factor)| {
                        let sign = self.number(factor, Self::NO_FACTS).range;
                        (sign.is_positive() || sign.is_negative()).then(|| (rest, sign.is_negative()))
                    })
                }
                Node::Apply(Function::Div, x) => {
                    let sign = self.number(x[1], Self::NO_FACTS).range;
                    (sign.is_positive() || sign.is_negative()).then(|| (x[0], sign.is_negative()))
                }
                _ => None,
            };
            match scaled {
                Some((rest, flipped)) => (at, up) = (rest, up != flipped),
                None => break,
            }
        }
        match self.graph.pair(at, Function::Sub) {
            Some((a, b)) if a > b => ((b, a), !up),
            Some((a, b)) => ((a, b), up),
            None => ((at, at), up),
        }
    }

    /// Whether an argument is the same for all elements: whoever chooses it sees to its size.
    fn is_chosen(&self, argument: ExprId) -> bool {
        self.graph.type_of(argument).axes.is_empty()
    }
}

/// What two sides have to be together.
fn both(one: Causes, other: Causes) -> Causes {
    if one.is_empty() || other.is_empty() { Causes::NONE } else { one.and(other) }
}
