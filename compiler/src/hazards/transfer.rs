//! What each function makes of the numbers that it gets: one arm per function that can leave the finite numbers, or
//! that brings an infinite one back.

use super::analysis::Analysis;
use super::cause::{Cause, Kind};
use super::number::{Causes, Number};
use super::points::zeros;
use crate::functions::row;
use crate::ir::range::Range;
use crate::ir::{ExprId, Function, Node, ParameterKind, Role, Scalar};
use crate::magnitude::{EXP_TOO_LARGE, exponential_factor};

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

    /// A sum, less what its own terms rule out.
    fn at_most_zero(&self, id: ExprId, sum: Number) -> Number {
        if sum.reach().high <= 0.0 || !self.is_outweighed(id) {
            return sum;
        }
        let range = sum.range.intersect(Range { high: 0.0, below: false, ..Range::ALL });
        Number { range, high_by: Causes::NONE, ..sum }
    }

    fn sum(&mut self, id: ExprId, a: Number, b: Number) -> Number {
        let up = self.table.clash(id, a.above, b.below);
        let down = self.table.clash(id, a.below, b.above);
        Number {
            above: a.above.and(b.above),
            below: a.below.and(b.below),
            nan: a.nan.and(b.nan).and(up).and(down),
            low_by: self.together((a.range.above, a.low_by), (b.range.above, b.low_by)),
            high_by: self.together((a.range.below, a.high_by), (b.range.below, b.high_by)),
            ..Number::finite(a.range.plus(b.range))
        }
    }

    /// Why rounding takes a sum to its end: both terms have to be at theirs.
    fn together(&self, (a_open, a): (bool, Causes), (b_open, b): (bool, Causes)) -> Causes {
        let never = (a_open && a.is_empty()) || (b_open && b.is_empty());
        let apart = !a.is_empty() && !b.is_empty() && !self.table.meet(a, b);
        if never || apart { Causes::NONE } else { a.and(b) }
    }

    /// A product; `guarded` where 0 times infinity is 0.
    fn product(&mut self, id: ExprId, a: Number, b: Number, guarded: bool) -> Number {
        let mut product = Number {
            nonzero: a.never_zero() && b.never_zero(),
            nan: a.nan.and(b.nan),
            ..Number::finite(a.range.times(b.range))
        };
        let zero_by = a.zero_by().and(b.zero_by());
        product.low_by = if product.range.low == 0.0 { zero_by } else { Causes::NONE };
        product.high_by = if product.range.high == 0.0 { zero_by } else { Causes::NONE };
        for (x, y) in [(a, b), (b, a)] {
            for (infinite, up) in [(x.above, true), (x.below, false)] {
                if infinite.is_empty() {
                    continue;
                }
                for (possible, same) in [(y.may_be_positive(), true), (y.may_be_negative(), false)] {
                    let side = if up == same { &mut product.above } else { &mut product.below };
                    if possible {
                        *side = side.and(infinite);
                    }
                }
                if y.may_be(0.0) && !guarded {
                    let lost = infinite.without(self.joined(id, infinite));
                    product.nan = product.nan.and(self.table.nothing_from(id, lost));
                }
            }
        }
        product
    }

    /// Those of some infinite values that the exponential of a product brings about, which is never there as a whole.
    fn joined(&self, id: ExprId, infinite: Causes) -> Causes {
        let Some((exp, below)) = exponential_factor(self.graph, id) else { return Causes::NONE };
        let all = self.table.of_kind(infinite, Kind::Overflow);
        let by_it = all.iter().filter(|place| {
            let cause = self.table.get(*place);
            // Where it divides, its inverse overflows, at the quotient.
            cause.node == exp || below && cause.from.iter().any(|from| self.table.get(from).node == exp)
        });
        by_it.map(Causes::of).fold(Causes::NONE, Causes::and)
    }

    fn quotient(&mut self, id: ExprId, divisor: ExprId, a: Number, b: Number) -> Number {
        // The inverse of what an exponential makes 0 overflows; that of what is rounded to 0 before does not.
        let small = self.table.of_kind(b.zero_by(), Kind::Small);
        let large = self.table.made_of(id, Kind::Overflow, small);
        let hidden = self.table.made_of(id, Kind::Hidden, b.zero_by().without(small));
        let pole = self.cause_if(b.may_be(0.0), id, Kind::Pole, divisor).and(large).and(hidden);
        let above = if b.range.high > 0.0 { pole } else { Causes::NONE };
        let below = if b.range.low < 0.0 { pole } else { Causes::NONE };
        let inverse = Number { nonzero: true, above, below, ..Number::finite(inverse(b.range)) };
        let mut quotient = self.product(id, a, inverse, false);
        let clash = self.table.clash(id, a.infinite(), b.infinite());
        quotient.nan = quotient.nan.and(b.nan).and(clash);
        quotient.nonzero = a.never_zero() && b.infinite().is_empty();
        if !b.infinite().is_empty() {
            quotient.range = quotient.range.union(Range::point(0.0));
        }
        quotient
    }

    fn power(&mut self, id: ExprId, operands: &[ExprId], n: &[Number], plain: Number) -> Number {
        let (base, exponent) = (n[0], n[1]);
        let whole = self.is_whole(operands[1]);
        let undefined = self.cause_if(base.range.low < 0.0 && !whole, id, Kind::Undefined, operands[0]);
        let at_zero = base.may_be(0.0) && exponent.may_be_negative();
        let pole = self.cause_if(at_zero, id, Kind::Pole, operands[0]);
        let varies = !self.graph.type_of(operands[1]).axes.is_empty();
        let endless = varies && exponent.reach().high.max(-exponent.reach().low) > EXP_TOO_LARGE;
        let one = base.range == Range::point(1.0);
        let grows = self.cause_if(endless && !one, id, Kind::Overflow, operands[1]);
        let mut passed = base.infinite();
        if exponent.reach().high < 1.0 {
            passed = self.table.hide(id, passed);
        }
        let up = if exponent.may_be_positive() { passed } else { Causes::NONE };
        Number {
            above: pole.and(grows).and(up).and(exponent.infinite()),
            below: if base.may_be_negative() { pole.and(up) } else { Causes::NONE },
            nan: plain.nan.and(undefined),
            nonzero: base.never_zero() && !endless,
            low_by: if exponent.may_be_negative() { Causes::NONE } else { base.zero_by() },
            ..plain
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

    fn cause_if(&mut self, happens: bool, node: ExprId, kind: Kind, operand: ExprId) -> Causes {
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

    /// Whether an expression is a whole number.
    fn is_whole(&self, id: ExprId) -> bool {
        let part = |id: ExprId| match self.graph.node(id) {
            Node::Real(bits) => f64::from_bits(*bits).fract() == 0.0,
            Node::Parameter(i) => self.loss.parameters[*i].kind != ParameterKind::Real,
            Node::Input(i) => self.loss.inputs[*i].role != Role::Real,
            Node::Size(_) | Node::Index(_) | Node::Reduce(crate::ir::Reduction::Count, ..) => true,
            Node::Apply(Function::Add | Function::Sub | Function::Mul | Function::Neg, _) => true,
            _ => false,
        };
        self.graph.reachable(&[id]).into_iter().all(part)
    }
}

/// What two sides have to be together.
fn both(one: Causes, other: Causes) -> Causes {
    if one.is_empty() || other.is_empty() { Causes::NONE } else { one.and(other) }
}

/// Where `1 / x` lies for the `x` of a range that are not 0.
fn inverse(x: Range) -> Range {
    if x.is_nonnegative() {
        Range { above: x.above || x.low == 0.0, ..x }.invert()
    } else if x.negate().is_nonnegative() {
        inverse(x.negate()).negate()
    } else {
        Range::ALL
    }
}
