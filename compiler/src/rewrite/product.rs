//! Products, taken apart into a coefficient and powers of factors, and put together in one way.

use super::{Context, Rule};
use crate::ir::{AxisSet, ExprId, Function, Graph, Node};
use crate::magnitude::{EXP_TOO_LARGE, exponential_factor};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "joined-power",
        why: "x x^(y - 1) = x^y where x is positive; at x = 0 in floating point the first is 0 * inf",
        apply: joined_power,
    },
    Rule {
        name: "common-factor",
        why: "a x + b x = (a + b) x for an input or parameter x, as weights are",
        apply: common_factor,
    },
    Rule {
        name: "common-divisor",
        why: "a / x - b / x = (a - b) / x for things of ordinary size, without the rounding of two quotients",
        apply: common_divisor,
    },
    Rule {
        name: "common-exponential",
        why: "a exp(x) + b exp(x) = (a + b) exp(x) where exp(x) can overflow: inf - inf is no number",
        apply: common_exponential,
    },
    Rule {
        name: "factor-into-sum",
        why: "x (a + b / x) = x a + b where x cannot be 0; in floating point x may be, and x / x is not 1; and \
              exp(x) (exp(y) - exp(z)) = exp(x + y) - exp(x + z), in which exponents cancel",
        apply: into_sum,
    },
    Rule { name: "cancel-factor", why: "x / x = 1 where x cannot be 0", apply: cancel },
    Rule {
        name: "cancel-divisor",
        why: "(a / x) (x / b) = a / b and a / (a / b) = b where what cancels cannot be 0; all else stays as written",
        apply: cancel_in_place,
    },
    Rule {
        name: "collect-factors",
        why: "a product in one order: constants, parameters, inputs, then divisors",
        apply: collect,
    },
];

/// Products of more operations than this stay as they are written: to sort them would cost more than it gains.
const LARGEST: usize = 80;

/// `coefficient * divisor^-1 * factor^exponent * ...`
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Constants that multiply.
    pub coefficient: f64,
    /// Constants that divide and could not be folded exactly.
    pub divisor: f64,
    /// Other factors and their whole exponents, in the order of the text; one factor may stand with a
    /// positive and with a negative exponent.
    pub factors: Vec<(ExprId, i32)>,
    /// How many quotients it was written with.
    quotients: usize,
}

impl Product {
    /// Takes an expression apart; what is no product has one factor, itself.
    pub fn of(graph: &Graph, id: ExprId) -> Product {
        Product::within(LARGEST, graph, id).0
    }

    /// Takes apart a product, quotient or negation; nothing else, and none that is too large or that could
    /// overflow when it is put together in another way: of several quotients the numerators may, where each
    /// quotient does not, and so may constants.
    pub fn of_quotient(graph: &Graph, id: ExprId) -> Option<Product> {
        let is_one = [Function::Mul, Function::Div].iter().any(|f| graph.pair(id, *f).is_some());
        if !is_one && graph.argument(id, Function::Neg).is_none() {
            return None;
        }
        let (product, left) = Product::within(LARGEST, graph, id);
        let ordinary = |x: f64| (1e-30..1e30).contains(&x.abs());
        let sound = product.quotients <= 1 && ordinary(product.coefficient) && ordinary(product.divisor);
        (left > 0 && sound).then_some(product)
    }

    /// Takes apart at most so many nodes, and says how many more it might have.
    fn within(mut budget: usize, graph: &Graph, id: ExprId) -> (Product, usize) {
        let mut product = Product { coefficient: 1.0, divisor: 1.0, factors: Vec::new(), quotients: 0 };
        product.absorb(graph, id, 1, &mut budget);
        product.fold();
        (product, budget)
    }

    /// Takes apart at most `budget` nodes: a node that is shared is met once per path.
    fn absorb(&mut self, graph: &Graph, id: ExprId, exponent: i32, budget: &mut usize) {
        if *budget == 0 || exponent.abs() > 1 << 20 {
            return self.multiply(id, exponent);
        }
        *budget -= 1;
        if let Some(x) = graph.constant(id) {
            let power = x.powi(exponent.abs());
            if exponent > 0 { self.coefficient *= power } else { self.divisor *= power }
        } else if let Some((a, b)) = graph.pair(id, Function::Mul) {
            self.absorb(graph, a, exponent, budget);
            self.absorb(graph, b, exponent, budget);
        } else if let Some((a, b)) = graph.pair(id, Function::Div) {
            // The length of an axis divides without harm.
            let harmless = graph.constant(b).is_some() || matches!(graph.node(b), Node::Size(_));
            self.quotients += usize::from(!harmless);
            self.absorb(graph, a, exponent, budget);
            self.absorb(graph, b, -exponent, budget);
        } else if let Some(a) = graph.argument(id, Function::Neg) {
            if exponent % 2 != 0 {
                self.coefficient = -self.coefficient;
            }
            self.absorb(graph, a, exponent, budget);
        } else if let Some((base, power)) = whole_power(graph, id) {
            // The base stays whole: what is raised to a power may not be in reach for its factors.
            self.multiply(base, exponent * power);
        } else {
            self.multiply(id, exponent);
        }
    }

    /// Adds to the exponent of the same sign, never across: cancelling is a rule with a guard.
    pub fn multiply(&mut self, factor: ExprId, exponent: i32) {
        match self.factors.iter_mut().find(|(known, e)| *known == factor && (*e > 0) == (exponent > 0)) {
            Some((_, known)) => *known += exponent,
            None => self.factors.push((factor, exponent)),
        }
    }

    /// One coefficient instead of two where the quotient is exact.
    fn fold(&mut self) {
        let quotient = self.coefficient / self.divisor;
        if quotient.is_finite() && quotient * self.divisor == self.coefficient {
            (self.coefficient, self.divisor) = (quotient, 1.0);
        }
    }

    /// One more of a factor, cancelling one that divides; only for factors that cannot be 0.
    fn multiply_through(&mut self, factor: ExprId) {
        if !self.take(factor, -1) {
            self.multiply(factor, 1);
        }
    }

    /// Lowers a factor by this exponent; false, and nothing done, where there are not as many.
    pub fn take(&mut self, factor: ExprId, exponent: i32) -> bool {
        let step = exponent.signum();
        let enough = |e: i32| e.signum() == step && e.abs() >= exponent.abs();
        let Some(at) = self.factors.iter().position(|(known, e)| *known == factor && enough(*e)) else {
            return false;
        };
        self.factors[at].1 -= exponent;
        if self.factors[at].1 == 0 {
            self.factors.remove(at);
        }
        true
    }

    /// Puts it together: what is the same for all samples first, so that it can be computed once per call.
    pub fn build(mut self, graph: &mut Graph) -> ExprId {
        self.fold();
        self.factors.sort_by_key(|(id, e)| (*e < 0, graph.type_of(*id).axes != AxisSet::EMPTY, *id));
        let negative = self.coefficient < 0.0 && self.coefficient.is_finite();
        let coefficient = if negative { -self.coefficient } else { self.coefficient };
        let mut above = (coefficient != 1.0).then(|| graph.real(coefficient));
        let mut below = (self.divisor != 1.0).then(|| graph.real(self.divisor));
        for (factor, exponent) in self.factors {
            let power = raise(graph, factor, exponent.abs());
            let side = if exponent > 0 { &mut above } else { &mut below };
            *side = Some(match *side {
                Some(product) => graph.times(product, power),
                None => power,
            });
        }
        let above = above.unwrap_or_else(|| graph.real(1.0));
        let whole = match below {
            Some(below) => graph.divide(above, below),
            None => above,
        };
        match (negative, graph.constant(whole)) {
            (true, Some(x)) => graph.real(-x),
            (true, None) => graph.negate(whole),
            (false, _) => whole,
        }
    }
}

fn raise(graph: &mut Graph, factor: ExprId, exponent: i32) -> ExprId {
    if exponent == 1 {
        return factor;
    }
    let exponent = graph.real(f64::from(exponent));
    graph.apply(Function::Pow, &[factor, exponent])
}

/// `x^n` for a small whole `n`.
fn whole_power(graph: &Graph, id: ExprId) -> Option<(ExprId, i32)> {
    let (base, exponent) = graph.pair(id, Function::Pow)?;
    let exponent = graph.constant(exponent)?;
    (exponent.fract() == 0.0 && exponent != 0.0 && exponent.abs() <= 64.0).then_some((base, exponent as i32))
}

fn cancel(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut product = Product::of_quotient(cx.graph, id)?;
    let above: Vec<_> = product.factors.iter().copied().filter(|(_, e)| *e > 0).collect();
    for (factor, exponent) in above {
        let Some((_, below)) = product.factors.iter().copied().find(|(known, e)| *known == factor && *e < 0)
        else {
            continue;
        };
        if cx.range(factor).is_nonzero() {
            let shared = exponent.min(-below);
            product.take(factor, shared);
            product.take(factor, -shared);
            return Some(product.build(cx.graph));
        }
    }
    None
}

/// Takes out a factor that multiplies in one place and divides in another, in products of several quotients, which
/// are not put in another order.
fn cancel_in_place(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let is_one = [Function::Mul, Function::Div].iter().any(|f| cx.graph.pair(id, *f).is_some());
    let (product, left) = if is_one { Product::within(LARGEST, cx.graph, id) } else { return None };
    if left == 0 || product.quotients < 2 {
        return None;
    }
    let both = |factor: &ExprId| {
        let powers = || product.factors.iter().filter(|(known, _)| known == factor);
        powers().any(|(_, power)| *power > 0) && powers().any(|(_, power)| *power < 0)
    };
    let factors: Vec<ExprId> = product.factors.iter().map(|(factor, _)| *factor).filter(both).collect();
    factors.into_iter().find_map(|factor| {
        if !cx.range(factor).is_nonzero() {
            return None;
        }
        let without = strip(cx.graph, id, factor, true)?;
        strip(cx.graph, without, factor, false)
    })
}

/// An expression without a factor that multiplies it, or divides it.
fn strip(graph: &mut Graph, id: ExprId, factor: ExprId, above: bool) -> Option<ExprId> {
    if id == factor {
        return above.then(|| graph.real(1.0));
    }
    if let Some(inner) = graph.argument(id, Function::Neg) {
        return strip(graph, inner, factor, above).map(|inner| graph.negate(inner));
    }
    if let Some((a, b)) = graph.pair(id, Function::Mul) {
        return match strip(graph, a, factor, above) {
            Some(a) => Some(graph.times(a, b)),
            None => strip(graph, b, factor, above).map(|b| graph.times(a, b)),
        };
    }
    let (a, b) = graph.pair(id, Function::Div)?;
    if b == factor && !above {
        return Some(a);
    }
    match strip(graph, a, factor, above) {
        Some(a) => Some(graph.divide(a, b)),
        None => strip(graph, b, factor, !above).map(|b| graph.divide(a, b)),
    }
}

fn collect(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let product = Product::of_quotient(cx.graph, id)?;
    // `x * (y / z)` is within reach where `x * y` need not be.
    (!has_inner_quotient(cx.graph, id, true)).then(|| product.build(cx.graph))
}

/// Whether a factor of a product is itself a quotient of two things that vary; the product may be one.
fn has_inner_quotient(graph: &Graph, id: ExprId, outermost: bool) -> bool {
    if let Some((a, b)) = graph.pair(id, Function::Div) {
        let varies = graph.constant(a).is_none() && graph.constant(b).is_none();
        return (varies && !outermost)
            || has_inner_quotient(graph, a, false)
            || has_inner_quotient(graph, b, false);
    }
    if let Some((a, b)) = graph.pair(id, Function::Mul) {
        return has_inner_quotient(graph, a, false) || has_inner_quotient(graph, b, false);
    }
    graph.argument(id, Function::Neg).is_some_and(|inner| has_inner_quotient(graph, inner, outermost))
}

/// Takes inputs and parameters that both terms have out of a sum of things of ordinary size.
fn common_factor(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let g = &mut *cx.graph;
    let (function, a, b) = [Function::Add, Function::Sub]
        .into_iter()
        .find_map(|function| g.pair(id, function).map(|(a, b)| (function, a, b)))?;
    let (mut left, mut right) = (Product::of_quotient(g, a)?, Product::of_quotient(g, b)?);
    if left.quotients + right.quotients > 0 {
        return None;
    }
    let mut shared = Product { coefficient: 1.0, divisor: 1.0, factors: Vec::new(), quotients: 0 };
    for (factor, exponent) in left.factors.clone() {
        let leaf = matches!(g.node(factor), Node::Input(_) | Node::Parameter(_));
        if leaf && exponent == 1 && right.take(factor, 1) {
            left.take(factor, 1);
            shared.factors.push((factor, 1));
        }
    }
    let mut rest = left.factors.iter().chain(&right.factors);
    if shared.factors.is_empty() || !rest.all(|(factor, _)| is_ordinary(cx, *factor)) {
        return None;
    }
    let g = &mut *cx.graph;
    let (left, right) = (left.build(g), right.build(g));
    let sum = g.apply(function, &[left, right]);
    shared.factors.push((sum, 1));
    Some(shared.build(g))
}

/// `a / x` and `b / x` as one quotient.
fn common_divisor(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (function, a, b) = [Function::Add, Function::Sub]
        .into_iter()
        .find_map(|function| cx.graph.pair(id, function).map(|(a, b)| (function, a, b)))?;
    let ((a, x), (b, y)) = (cx.graph.pair(a, Function::Div)?, cx.graph.pair(b, Function::Div)?);
    if x != y || !is_ordinary(cx, a) || !is_ordinary(cx, b) {
        return None;
    }
    let sum = cx.graph.apply(function, &[a, b]);
    Some(cx.graph.divide(sum, x))
}

/// Takes an exponential that can overflow out of a sum of two terms that have no other.
fn common_exponential(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let (function, a, b) = [Function::Add, Function::Sub]
        .into_iter()
        .find_map(|function| cx.graph.pair(id, function).map(|(a, b)| (function, a, b)))?;
    let (exp, false) = exponential_factor(cx.graph, a)? else { return None };
    let argument = cx.graph.argument(exp, Function::Exp)?;
    if exponential_factor(cx.graph, b)? != (exp, false) || cx.range(argument).high <= EXP_TOO_LARGE {
        return None;
    }
    let (mut left, mut right) = (Product::of(cx.graph, a), Product::of(cx.graph, b));
    if !left.take(exp, 1) || !right.take(exp, 1) {
        return None;
    }
    let (left, right) = (left.build(cx.graph), right.build(cx.graph));
    let sum = cx.graph.apply(function, &[left, right]);
    Some(cx.graph.times(sum, exp))
}

/// Whether a factor is no larger than the inputs that it is made of.
fn is_ordinary(cx: &mut Context<'_>, id: ExprId) -> bool {
    let leaf =
        |graph: &Graph, id| matches!(graph.node(id), Node::Input(_) | Node::Parameter(_) | Node::Real(_));
    let sum = [Function::Add, Function::Sub]
        .iter()
        .find_map(|function| cx.graph.pair(id, *function))
        .is_some_and(|(a, b)| leaf(cx.graph, a) && leaf(cx.graph, b));
    let logarithm = [Function::Log, Function::Log1p, Function::LogSigmoid, Function::Softplus];
    let small = logarithm.iter().any(|function| cx.graph.argument(id, *function).is_some());
    sum || small || leaf(cx.graph, id) || cx.range(id).is_bounded()
}

fn joined_power(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut product = Product::of_quotient(cx.graph, id)?;
    for (power, times) in product.factors.clone() {
        let Some((base, exponent)) = cx.graph.pair(power, Function::Pow).filter(|_| times == 1) else {
            continue;
        };
        let next = match (cx.graph.pair(exponent, Function::Sub), cx.graph.constant(exponent)) {
            (Some((whole, one)), _) if cx.graph.is(one, 1.0) => whole,
            (None, Some(x)) => cx.graph.real(x + 1.0),
            _ => continue,
        };
        if cx.range(base).is_positive() && product.take(base, 1) && product.take(power, 1) {
            let joined = cx.graph.apply(Function::Pow, &[base, next]);
            product.multiply(joined, 1);
            return Some(product.build(cx.graph));
        }
    }
    None
}

fn is_exponential(graph: &Graph, id: ExprId) -> bool {
    graph.argument(id, Function::Exp).is_some()
}

/// Multiplies a factor into a sum one of whose terms divides by it, or an exponential into a sum of exponentials.
fn into_sum(cx: &mut Context<'_>, id: ExprId) -> Option<ExprId> {
    let mut product = Product::of_quotient(cx.graph, id)?;
    for (sum, times) in product.factors.clone() {
        let found = [Function::Add, Function::Sub]
            .into_iter()
            .find_map(|function| cx.graph.pair(sum, function).map(|(a, b)| (function, a, b)));
        let Some((function, a, b)) = found.filter(|_| times == 1) else { continue };
        let (mut left, mut right) = (Product::of(cx.graph, a), Product::of(cx.graph, b));
        let divides =
            |term: &Product, factor: ExprId| term.factors.iter().any(|(f, e)| *f == factor && *e < 0);
        for (factor, exponent) in product.factors.clone() {
            if factor == sum || exponent <= 0 {
                continue;
            }
            let divided = divides(&left, factor) || divides(&right, factor);
            let joins = is_exponential(cx.graph, factor)
                && [&left, &right]
                    .iter()
                    .all(|term| term.factors.iter().any(|(f, e)| *e > 0 && is_exponential(cx.graph, *f)));
            if joins || divided && cx.range(factor).is_nonzero() {
                product.take(factor, 1);
                product.take(sum, 1);
                left.multiply_through(factor);
                right.multiply_through(factor);
                let (left, right) = (left.build(cx.graph), right.build(cx.graph));
                let sum = cx.graph.apply(function, &[left, right]);
                product.multiply(sum, 1);
                return Some(product.build(cx.graph));
            }
        }
    }
    None
}
