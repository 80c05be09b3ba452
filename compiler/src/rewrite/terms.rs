//! Sums, taken apart into terms, of which two make one.

use super::Context;
use super::product::Product;
use crate::ir::{ExprId, Function, Graph};

/// The most terms of a sum among which a rule looks for some.
const TERMS: usize = 8;

/// A term, and whether it is subtracted.
pub type Term = (ExprId, bool);

/// The terms of a sum in order; `None` where there are too many.
pub fn terms(graph: &Graph, id: ExprId) -> Option<Vec<Term>> {
    let (mut terms, mut open) = (Vec::new(), vec![(id, false)]);
    while let Some((id, negated)) = open.pop() {
        if let Some((a, b)) = graph.pair(id, Function::Add) {
            open.extend([(b, negated), (a, negated)]);
        } else if let Some((a, b)) = graph.pair(id, Function::Sub) {
            open.extend([(b, !negated), (a, negated)]);
        } else {
            terms.push((id, negated));
        }
        // What is open has at least a term each.
        if terms.len() + open.len() > TERMS {
            return None;
        }
    }
    Some(terms)
}

/// A term of a sum as a product.
pub fn signed(graph: &Graph, (term, negated): Term) -> Product {
    let mut product = Product::of(graph, term);
    if negated {
        product.coefficient = -product.coefficient;
    }
    product
}

/// The sum of terms.
pub fn sum(graph: &mut Graph, terms: &[Term]) -> Option<ExprId> {
    let ((first, negated), rest) = terms.split_first()?;
    let mut sum = if *negated { graph.negate(*first) } else { *first };
    for (term, negated) in rest {
        sum = if *negated { graph.minus(sum, *term) } else { graph.plus(sum, *term) };
    }
    Some(sum)
}

/// What two terms are together, given as products with their signs; the first decides where it stands.
pub type Join = fn(&mut Context<'_>, &Product, &Product) -> Option<Product>;

/// Makes one term of two, in a sum that has a function of these among its factors.
pub fn join(cx: &mut Context<'_>, id: ExprId, among: &[Function], join: Join) -> Option<ExprId> {
    let mut terms = terms(cx.graph, id).filter(|terms| terms.len() > 1)?;
    let products: Vec<Product> = terms.iter().map(|term| signed(cx.graph, *term)).collect();
    let concerned =
        |product: &Product| product.factors.iter().any(|(factor, _)| is_one(cx.graph, *factor, among));
    let concerned: Vec<bool> = products.iter().map(concerned).collect();
    for (place, product) in products.iter().enumerate().filter(|(place, _)| concerned[*place]) {
        for (other, second) in products.iter().enumerate().filter(|(other, _)| *other != place) {
            if let Some(joined) = join(cx, product, second) {
                terms[place] = unsigned(cx.graph, joined);
                terms.remove(other);
                return sum(cx.graph, &terms);
            }
        }
    }
    None
}

/// A product as a term.
pub fn unsigned(graph: &mut Graph, mut product: Product) -> Term {
    let negative = product.coefficient < 0.0;
    product.coefficient = product.coefficient.abs();
    (product.build(graph), negative)
}

fn is_one(graph: &Graph, id: ExprId, among: &[Function]) -> bool {
    among.iter().any(|function| graph.argument(id, *function).is_some())
}

/// Whether one product is `scale` times another.
pub fn is_multiple(one: &Product, scale: f64, other: &Product) -> bool {
    let sorted = |product: &Product| {
        let mut factors = product.factors.clone();
        factors.sort_unstable();
        factors
    };
    one.coefficient == scale * other.coefficient
        && one.divisor == other.divisor
        && sorted(one) == sorted(other)
}

/// What a product has beside an application of a function to this power, and the argument; each one in turn.
pub fn beside(graph: &Graph, product: &Product, function: Function, power: i32) -> Vec<(Product, ExprId)> {
    let arguments =
        product.factors.iter().filter_map(|(factor, _)| Some((*factor, graph.argument(*factor, function)?)));
    let rests = arguments.filter_map(|(factor, argument)| {
        let mut rest = product.clone();
        rest.take(factor, power).then_some((rest, argument))
    });
    rests.collect()
}

/// A product with one more factor, `scale * function(argument)`.
pub fn times(
    graph: &mut Graph,
    mut product: Product,
    scale: f64,
    function: Function,
    argument: ExprId,
) -> Product {
    product.multiply(graph.apply(function, &[argument]), 1);
    product.coefficient *= scale;
    product
}

/// `scale * x`, in which constants are one.
pub fn scaled(graph: &mut Graph, scale: f64, x: ExprId) -> ExprId {
    let mut product = Product::of(graph, x);
    product.coefficient *= scale;
    product.build(graph)
}
