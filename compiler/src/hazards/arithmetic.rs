//! What sums, products, quotients and powers make of the numbers that they get.

use super::analysis::Analysis;
use super::cause::Kind;
use super::number::{Causes, Number};
use crate::ir::range::Range;
use crate::ir::{ExprId, Function, Node, ParameterKind, Reduction, Role};
use crate::magnitude::{EXP_TOO_LARGE, exponential_factor};

impl Analysis<'_> {
    /// A sum, less what its own terms rule out.
    pub(super) fn at_most_zero(&self, id: ExprId, sum: Number) -> Number {
        if sum.reach().high <= 0.0 || !self.is_outweighed(id) {
            return sum;
        }
        let range = sum.range.intersect(Range { high: 0.0, below: false, ..Range::ALL });
        Number { range, high_by: Causes::NONE, ..sum }
    }

    pub(super) fn sum(&mut self, id: ExprId, a: Number, b: Number) -> Number {
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
    pub(super) fn product(&mut self, id: ExprId, a: Number, b: Number, guarded: bool) -> Number {
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

    pub(super) fn quotient(&mut self, id: ExprId, divisor: ExprId, a: Number, b: Number) -> Number {
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

    pub(super) fn power(&mut self, id: ExprId, operands: &[ExprId], n: &[Number], plain: Number) -> Number {
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

    /// Whether an expression is a whole number.
    fn is_whole(&self, id: ExprId) -> bool {
        let part = |id: ExprId| match self.graph.node(id) {
            Node::Real(bits) => f64::from_bits(*bits).fract() == 0.0,
            Node::Parameter(i) => self.loss.parameters[*i].kind != ParameterKind::Real,
            Node::Input(i) => self.loss.inputs[*i].role != Role::Real,
            Node::Size(_) | Node::Index(_) | Node::Reduce(Reduction::Count, ..) => true,
            Node::Apply(Function::Add | Function::Sub | Function::Mul | Function::Neg, _) => true,
            _ => false,
        };
        self.graph.reachable(&[id]).into_iter().all(part)
    }
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
