//! Roots of products: `sqrt(a b)` where `a b` is a number, else `sqrt(a) sqrt(b)`. In a product with `a` or `b` half of
//! that cancels: `b / sqrt(a b)^3` is `1 / (sqrt(a b) a)`.

use crate::ir::{ExprId, Function, Graph};
use crate::magnitude::{Factors, most};
use crate::ranges::Ranges;
use crate::rewrite::{map, substitute};
use std::collections::HashMap;

/// What is larger overflows in `f32`, and so does the inverse of the square of what is smaller.
const NUMBERS: std::ops::Range<f64> = 1e-18..1e38;

/// Products within each other's factors are looked at this often.
const ROUNDS: usize = 4;

/// Takes roots of products apart.
pub(super) fn part(graph: &mut Graph, ranges: &mut Ranges, roots: &[ExprId]) -> Vec<ExprId> {
    let mut roots = roots.to_vec();
    for _ in 0..ROUNDS {
        // Whole products, while the roots in them can be told: what stands for a part of one is not looked at then.
        let mut replace = HashMap::new();
        for id in graph.reachable(&roots) {
            if let Some(product) = product(graph, ranges, id) {
                replace.insert(id, product);
            }
        }
        if replace.is_empty() {
            break;
        }
        roots = substitute(graph, &roots, &replace);
    }
    map(graph, &roots, |graph, _, id| match of_product(graph, ranges, id) {
        Some((a, b)) => {
            let (a, b) = (graph.apply(Function::Sqrt, &[a]), graph.apply(Function::Sqrt, &[b]));
            let (whole, infinity) =
                (graph.argument(id, Function::Sqrt).unwrap_or(id), graph.real(f64::INFINITY));
            let fits = graph.apply(Function::Lt, &[whole, infinity]);
            let apart = graph.times(a, b);
            graph.choose(fits, id, apart)
        }
        None => id,
    })
}

/// The factors under a root, where both are positive and their product can overflow.
fn of_product(graph: &Graph, ranges: &mut Ranges, id: ExprId) -> Option<(ExprId, ExprId)> {
    let (a, b) = graph.pair(graph.argument(id, Function::Sqrt)?, Function::Mul)?;
    let mut fits = |id| {
        let range = ranges.of(graph, id);
        range.low >= NUMBERS.start && most(range) > NUMBERS.end
    };
    (a != b && fits(a) && fits(b)).then_some((a, b))
}

fn product(graph: &mut Graph, ranges: &mut Ranges, id: ExprId) -> Option<ExprId> {
    if graph.pair(id, Function::Mul).is_none() && graph.pair(id, Function::Div).is_none() {
        return None;
    }
    let factors = Factors::of(graph, id)?;
    let mut positive = |id: &ExprId| ranges.of(graph, *id).low >= NUMBERS.start;
    let cancels = factors.above.iter().any(|factor| factors.below.contains(factor) && positive(factor));
    let rooted = factors.below.iter().any(|root| of_product(graph, ranges, *root).is_some());
    // What is the same for a whole row stays apart from what varies along it.
    let axes = |id: &ExprId| graph.type_of(*id).axes;
    let mut levels = factors.above.iter().chain(&factors.below).filter(|id| graph.constant(**id).is_none());
    let one = levels.next().is_some_and(|first| levels.all(|other| axes(other) == axes(first)));
    if !one || !rooted && !cancels || graph.pair(id, Function::Div).is_some() && factors.below.len() == 1 {
        return None;
    }
    // Two equal roots are the whole.
    let (mut below, mut roots): (Vec<ExprId>, Vec<ExprId>) = (Vec::new(), Vec::new());
    for divisor in factors.below {
        match (of_product(graph, ranges, divisor), roots.iter().position(|root| *root == divisor)) {
            (Some((a, b)), Some(twin)) => {
                roots.remove(twin);
                below.extend([a, b]);
            }
            (Some(_), None) => roots.push(divisor),
            (None, _) => below.push(divisor),
        }
    }
    let (mut above, mut constant) = (Vec::new(), 1.0);
    for factor in factors.above {
        let positive = ranges.of(graph, factor).low >= NUMBERS.start;
        match (below.iter().position(|divisor| *divisor == factor && positive), graph.constant(factor)) {
            (Some(at), _) => drop(below.remove(at)),
            (None, Some(x)) => constant *= x,
            (None, None) => above.push(factor),
        }
    }
    if constant != 1.0 {
        above.insert(0, graph.real(constant));
    }
    let divisors: Vec<ExprId> = roots.into_iter().chain(below).collect();
    if above.is_empty() {
        above.push(graph.real(1.0));
    }
    // Each divisor under a factor of its own: the quotients are nearer to 1 than the products.
    let pairs = divisors.len().min(above.len());
    let paired = above.iter().zip(&divisors).map(|(factor, divisor)| graph.divide(*factor, *divisor));
    let mut parts: Vec<ExprId> = paired.collect();
    parts.extend(&above[pairs..]);
    let product = parts.into_iter().reduce(|a, b| graph.times(a, b))?;
    let product = divisors[pairs..].iter().fold(product, |product, divisor| graph.divide(product, *divisor));
    Some(if factors.negative { graph.negate(product) } else { product })
}
