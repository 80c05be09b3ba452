//! softmax and logsumexp, from whatever text means them, and softmax less an indicator.

use super::product::Product;
use super::sums::{folded, point, vanishes, varies, where_it_holds};
use super::terms::{Term, sum, terms};
use super::{Context, Rule, map};
use crate::ir::{AxisId, ExprId, Function, Graph, Node, Reduction};
use std::collections::HashMap;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "logsumexp",
        why: "log(sum(exp(x))) = logsumexp(x), which does not overflow",
        apply: |cx, id| {
            let sum = cx.graph.argument(id, Function::Log)?;
            let (axis, body, filter) = folded(cx.graph, sum, Reduction::Sum)?;
            let (body, filter) = match filter {
                None => unmasked(cx.graph, body),
                some => (body, some),
            };
            let exponent = cx.graph.argument(body, Function::Exp)?;
            Some(cx.graph.add(Node::Reduce(Reduction::LogSumExp, axis, exponent, filter)))
        },
    },
    Rule {
        name: "shifted-logsumexp",
        why: "m + logsumexp(x - m) = logsumexp(x), which shifts by the largest term itself",
        apply: shifted,
    },
    Rule {
        name: "softmax",
        why: "exp(a) exp(b) / sum(exp(x)) = exp(a + b - logsumexp(x)), in which equal terms cancel as their \
              exponentials do",
        apply: softmax,
    },
    Rule {
        name: "softmax-sums-to-one",
        why: "the sum of exp(x - logsumexp(x)) is 1",
        apply: |cx, id| {
            let (axis, body, filter) = folded(cx.graph, id, Reduction::Sum)?;
            let exponent = cx.graph.argument(body, Function::Exp)?;
            let (x, log) = cx.graph.pair(exponent, Function::Sub)?;
            let same = *cx.graph.node(log) == Node::Reduce(Reduction::LogSumExp, axis, x, filter);
            same.then(|| cx.graph.real(1.0))
        },
    },
    Rule {
        name: "softmax-less-one",
        why: "p(x) - [x == y] is p(x) elsewhere and p(y) - 1 = expm1(log p(y)) at y, which keeps its digits where \
              p(y) is near 1",
        apply: less_one,
    },
];

/// `m` and `logsumexp(x - m)`, or both negated, among the terms of a sum.
fn shifted(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut outside = terms(cx.graph, id)?;
    for (place, (term, negated)) in outside.clone().into_iter().enumerate() {
        let Some((axis, body, filter)) = folded(cx.graph, term, Reduction::LogSumExp) else { continue };
        let Some(mut inside) = terms(cx.graph, body) else { continue };
        let shifts = inside.iter().enumerate().find_map(|(within, (m, less))| {
            let same = (*m, less ^ !negated);
            let beside = outside.iter().position(|term| *term == same)?;
            (!varies(cx.graph, *m, axis)).then_some((within, beside))
        });
        let Some((within, beside)) = shifts.filter(|_| inside.len() > 1) else { continue };
        inside.remove(within);
        let body = sum(cx.graph, &inside)?;
        outside[place].0 = cx.graph.add(Node::Reduce(Reduction::LogSumExp, axis, body, filter));
        outside.remove(beside);
        let mut signed: Vec<(ExprId, i32)> =
            outside.iter().map(|(term, negated)| (*term, if *negated { -1 } else { 1 })).collect();
        if signed.len() > 2 {
            group_shares(cx.graph, &mut signed);
        }
        let grouped: Vec<Term> = signed.into_iter().map(|(term, factor)| (term, factor < 0)).collect();
        return sum(cx.graph, &grouped);
    }
    None
}

/// `exp(y - logsumexp(y) - a)` as the exponentials of `y - logsumexp(y)` and of `-a`, where that does not vary over
/// the axis, so that it can leave a sum and meet the exponentials that it belongs to.
pub(super) fn share_and_rest(graph: &mut Graph, exponential: ExprId, axis: AxisId) -> Option<[ExprId; 2]> {
    let exponent = graph.argument(exponential, Function::Exp)?;
    let mut whole = Linear::default();
    whole.add(graph, exponent, 1);
    let (varying, mut fixed): (Vec<_>, Vec<_>) =
        whole.terms.into_iter().partition(|(term, _)| varies(graph, *term, axis));
    let own = Linear { terms: varying }.build(graph)?;
    let total = fixed.iter_mut().find(|(term, factor)| {
        *factor < 0 && folded(graph, *term, Reduction::LogSumExp).is_some_and(|(_, body, _)| body == own)
    })?;
    total.1 += 1;
    let total = total.0;
    fixed.retain(|(_, factor)| *factor != 0);
    let divisors =
        |(term, factor): &(ExprId, i32)| *factor < 0 && folded(graph, *term, Reduction::LogSumExp).is_some();
    if !fixed.iter().all(divisors) {
        return None;
    }
    let rest = Linear { terms: fixed }.build(graph)?;
    let share = graph.minus(own, total);
    Some([share, rest].map(|exponent| graph.apply(Function::Exp, &[exponent])))
}

/// A product with several exponentials, or with one and the inverse of a sum of exponentials: one exponential
/// of a sum, in which what was multiplied and divided alike is gone.
fn softmax(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let is_product = cx.graph.pair(id, Function::Div).is_some() || cx.graph.pair(id, Function::Mul).is_some();
    if !is_product {
        return None;
    }
    let mut product = Product::of(cx.graph, id);
    let mut exponent = Linear::default();
    let (mut single, mut sums) = (0, 0);
    for (factor, power) in std::mem::take(&mut product.factors) {
        if let Some(argument) = cx.graph.argument(factor, Function::Exp) {
            exponent.add(cx.graph, argument, power);
            single += power.abs();
        } else if let Some(log) = log_of_sum(cx.graph, factor).filter(|_| power < 0) {
            exponent.terms.push((log, power));
            sums += 1;
        } else if power > 0 {
            product.factors.push((factor, power));
        } else {
            return None;
        }
    }
    if single < 1 || single + sums < 2 {
        return None;
    }
    if let Some(sum) = exponent.build(cx.graph) {
        let exponential = cx.graph.apply(Function::Exp, &[sum]);
        product.multiply(exponential, 1);
    }
    Some(product.build(cx.graph))
}

/// `logsumexp(x)` for `sum(exp(x))`.
fn log_of_sum(graph: &mut Graph, id: ExprId) -> Option<ExprId> {
    let (axis, body, filter) = folded(graph, id, Reduction::Sum)?;
    let (body, masked) = unmasked(graph, body);
    let exponent = graph.argument(body, Function::Exp)?;
    let filter = match (filter, masked) {
        (None, masked) => masked,
        (filter, None) => filter,
        (Some(a), Some(b)) => Some(graph.apply(Function::And, &[a, b])),
    };
    Some(graph.add(Node::Reduce(Reduction::LogSumExp, axis, exponent, filter)))
}

/// `n * x` for a small whole `n`.
fn multiple(graph: &Graph, id: ExprId) -> Option<(i32, ExprId)> {
    let (times, x) = graph.pair(id, Function::Mul)?;
    let times = graph.constant(times).filter(|n| n.fract() == 0.0 && n.abs() <= 64.0)?;
    Some((times as i32, x))
}

/// A sum of terms with whole coefficients.
#[derive(Default)]
pub(super) struct Linear {
    terms: Vec<(ExprId, i32)>,
}

impl Linear {
    pub fn add(&mut self, graph: &Graph, id: ExprId, factor: i32) {
        let mut stack = vec![(id, factor)];
        while let Some((id, factor)) = stack.pop() {
            if let Some((a, b)) = graph.pair(id, Function::Add) {
                stack.extend([(b, factor), (a, factor)]);
            } else if let Some((a, b)) = graph.pair(id, Function::Sub) {
                stack.extend([(b, -factor), (a, factor)]);
            } else if let Some(a) = graph.argument(id, Function::Neg) {
                stack.push((a, -factor));
            } else if let Some((times, a)) = multiple(graph, id) {
                stack.push((a, times * factor));
            } else {
                self.terms.push((id, factor));
            }
        }
    }

    /// The sum; `None` where nothing is left. Logarithms of shares, `x - logsumexp(x)`, stay together: a common offset
    /// of theirs is gone before anything else is added.
    pub fn build(self, graph: &mut Graph) -> Option<ExprId> {
        let mut merged: Vec<(ExprId, i32)> = Vec::new();
        for (term, factor) in self.terms {
            match merged.iter_mut().find(|(known, _)| *known == term) {
                Some((_, known)) => *known += factor,
                None => merged.push((term, factor)),
            }
        }
        merged.retain(|(_, factor)| *factor != 0);
        if merged.len() > 2 {
            group_shares(graph, &mut merged);
        }
        merged.sort_by_key(|(_, factor)| *factor < 0);
        let mut sum = None;
        for (term, factor) in merged {
            let times = graph.real(f64::from(factor.abs()));
            let term = if factor.abs() == 1 { term } else { graph.times(times, term) };
            sum = Some(match (sum, factor > 0) {
                (None, true) => term,
                (None, false) => graph.negate(term),
                (Some(sum), true) => graph.plus(sum, term),
                (Some(sum), false) => graph.minus(sum, term),
            });
        }
        sum
    }
}

/// Makes one term of `x` and `-logsumexp(x)`, or of both with other signs, as often as there are both.
fn group_shares(graph: &mut Graph, terms: &mut Vec<(ExprId, i32)>) {
    let picked = |graph: &Graph, id: ExprId| match *graph.node(id) {
        Node::Gather(leaf, _) => leaf,
        _ => id,
    };
    let mut place = 0;
    while place < terms.len() {
        let (total, factor) = terms[place];
        let body = folded(graph, total, Reduction::LogSumExp).map(|(_, body, _)| body);
        let own = body.and_then(|body| {
            terms.iter().position(|(x, times)| {
                times.signum() == -factor.signum() && (*x == body || picked(graph, *x) == picked(graph, body))
            })
        });
        let Some(own) = own else {
            place += 1;
            continue;
        };
        let both = terms[own].1.abs().min(factor.abs());
        let sign = terms[own].1.signum();
        let share = graph.minus(terms[own].0, total);
        terms[own].1 -= sign * both;
        terms[place].1 += sign * both;
        terms.insert(own, (share, sign * both));
        terms.retain(|(_, factor)| *factor != 0);
        place = 0;
    }
}

/// `if c then body else 0`, as a filter becomes.
fn unmasked(graph: &Graph, body: ExprId) -> (ExprId, Option<ExprId>) {
    match *graph.node(body) {
        Node::If(c, inner, zero) if graph.is(zero, 0.0) => (inner, Some(c)),
        _ => (body, None),
    }
}

/// `r exp(x - logsumexp(x)) - q`, where `q` vanishes unless the position is that of a label, and is `r` there.
fn less_one(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (a, b) = cx.graph.pair(id, Function::Sub)?;
    share_less_one(cx, a, b).or_else(|| {
        let reversed = share_less_one(cx, b, a)?;
        Some(cx.graph.negate(reversed))
    })
}

fn share_less_one(cx: &mut Context<'_>, share: ExprId, taken: ExprId) -> Option<ExprId> {
    let product = Product::of(cx.graph, share);
    let (exponential, axis) = product.factors.iter().copied().find_map(|(factor, exponent)| {
        Some((factor, softmax_axis(cx.graph, factor)?)).filter(|_| exponent == 1)
    })?;
    let inside = cx.graph.reachable_unless(&[taken], |node| !varies(cx.graph, node, axis));
    let (condition, position) = inside.into_iter().find_map(|condition| {
        let position = point(cx, axis, condition)?;
        vanishes(cx.graph, taken, condition).then_some((condition, position))
    })?;
    let mut others = product;
    others.take(exponential, 1);
    let rest = others.clone().build(cx.graph);
    let holds = cx.graph.add(Node::Bool(true));
    let there = where_it_holds(cx.graph, &[taken], condition)[0];
    let at = HashMap::from([(axis, position)]);
    let exponent = cx.graph.argument(exponential, Function::Exp)?;
    let [there, rest, exponent] = [there, rest, exponent].map(|part| cx.graph.substitute(part, &at));
    let there = decided(cx.graph, there?, holds);
    if !equal(Product::of(cx.graph, there), Product::of(cx.graph, rest?)) {
        return None;
    }
    let missing = cx.graph.apply(Function::Expm1, &[exponent?]);
    let less = cx.graph.times(rest?, missing);
    Some(cx.graph.choose(condition, less, share))
}

/// The axis of a softmax, `exp(x - logsumexp[c](x))`.
fn softmax_axis(graph: &Graph, id: ExprId) -> Option<AxisId> {
    let exponent = graph.argument(id, Function::Exp)?;
    let (x, log) = graph.pair(exponent, Function::Sub)?;
    match *graph.node(log) {
        Node::Reduce(Reduction::LogSumExp, axis, body, _) if body == x => Some(axis),
        _ => None,
    }
}

/// An expression without the branches that a condition, now `true`, decides.
fn decided(graph: &mut Graph, id: ExprId, holds: ExprId) -> ExprId {
    map(graph, &[id], |graph, _, rebuilt| match *graph.node(rebuilt) {
        Node::If(c, a, _) if c == holds => a,
        _ => rebuilt,
    })[0]
}

/// Whether two products have the same factors.
fn equal(mut a: Product, mut b: Product) -> bool {
    a.factors.sort_unstable();
    b.factors.sort_unstable();
    (a.coefficient, a.divisor, a.factors) == (b.coefficient, b.divisor, b.factors)
}
