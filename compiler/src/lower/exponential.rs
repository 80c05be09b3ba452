//! Products with an exponential that can overflow, as one function: `y exp(x)` is a number where `exp(x)` alone is none
//! and `y` is small, and 0 where `y` is 0.
//!
//! The exponential by itself, where it is needed too, becomes that function of 1: both are made of the same parts, and
//! those are computed once.

use crate::ir::{ExprId, Function, Graph};
use crate::magnitude::{EXP_TOO_LARGE, Factors, exponential_factor, least};
use crate::ranges::Ranges;
use crate::rewrite::map;
use std::collections::HashSet;

/// Factors that are no smaller than this do not make an ordinary number of one that has overflowed.
const SMALL: f64 = 1e-3;

/// Joins exponentials with the factors beside them.
pub(super) fn join(graph: &mut Graph, ranges: &mut Ranges, roots: &[ExprId]) -> Vec<ExprId> {
    let roots = map(graph, roots, |graph, _, id| times(graph, ranges, id).unwrap_or(id));
    let arguments: HashSet<ExprId> = graph
        .reachable(&roots)
        .into_iter()
        .filter_map(|id| graph.pair(id, Function::ExpTimes).map(|(x, _)| x))
        .collect();
    map(graph, &roots, |graph, _, id| match graph.argument(id, Function::Exp) {
        Some(x) if arguments.contains(&x) => {
            let one = graph.real(1.0);
            graph.apply(Function::ExpTimes, &[x, one])
        }
        _ => id,
    })
}

fn times(graph: &mut Graph, ranges: &mut Ranges, id: ExprId) -> Option<ExprId> {
    let operands = graph.pair(id, Function::Mul).or_else(|| graph.pair(id, Function::Div))?;
    let (exp, divides) = exponential_factor(graph, id)?;
    let argument = graph.argument(exp, Function::Exp)?;
    let range = ranges.of(graph, argument);
    if (if divides { -range.low } else { range.high }) <= EXP_TOO_LARGE || stands(graph, ranges, id, operands)
    {
        return None;
    }
    let mut factors = Factors::of(graph, id)?;
    let place = if divides { &mut factors.below } else { &mut factors.above };
    place.retain(|factor| *factor != exp);
    if !factors.above.iter().any(|factor| least(ranges.of(graph, *factor)) < 1.0) {
        return None;
    }
    // What is the same for a whole row is multiplied and divided first.
    let own = graph.type_of(exp).axes;
    let varies = |id: &ExprId| graph.type_of(*id).axes == own;
    let (above, row_above): (Vec<_>, Vec<_>) = factors.above.into_iter().partition(varies);
    let (below, row_below): (Vec<_>, Vec<_>) = factors.below.into_iter().partition(varies);
    let one = graph.real(1.0);
    let mut row = row_above.into_iter().reduce(|a, b| graph.times(a, b));
    for divisor in row_below {
        row = Some(graph.divide(row.unwrap_or(one), divisor));
    }
    let rest = row.into_iter().chain(above).reduce(|a, b| graph.times(a, b))?;
    let argument = match graph.argument(argument, Function::Neg) {
        Some(inner) if divides => inner,
        None if divides => graph.negate(argument),
        _ => argument,
    };
    let mut product = graph.apply(Function::ExpTimes, &[argument, rest]);
    for divisor in below {
        product = graph.divide(product, divisor);
    }
    Some(if factors.negative { graph.negate(product) } else { product })
}

/// Whether a product of the exponential with some of the factors is there already, and is as good with the last one.
fn stands(graph: &Graph, ranges: &mut Ranges, id: ExprId, (a, b): (ExprId, ExprId)) -> bool {
    let joined = |id: ExprId| graph.pair(id, Function::ExpTimes).is_some();
    let mut small = |id: ExprId| least(ranges.of(graph, id)) < SMALL;
    let divided = graph.pair(id, Function::Div).is_some();
    joined(a) && (divided || !small(b)) || joined(b) && !divided && !small(a)
}

#[cfg(test)]
mod tests {
    use crate::compile;
    use crate::ir::{Function, Node};
    use crate::source::SourceFile;

    /// How many exponentials the formula takes, by themselves and within products.
    fn exponentials(text: &str) -> (usize, usize) {
        let compiled = compile(&SourceFile::new("test.def", text));
        let (variant, _) = &compiled.losses[0].variants[0];
        let all = variant.graph.reachable(&[variant.value]);
        let count = |function: Function| {
            let is = |id| matches!(variant.graph.node(id), Node::Apply(f, _) if *f == function);
            all.iter().filter(|id| is(**id)).count()
        };
        (count(Function::Exp), count(Function::ExpTimes))
    }

    #[test]
    fn exponentials_join_factors_that_may_be_small() {
        for (text, want) in [
            ("loss f(x, y) = y * exp(x)", (0, 1)),
            ("loss f(x, y) = y / exp(x)", (0, 1)),
            ("loss f(x, y, z) = z * (exp(x) * y)", (0, 1)),
            ("loss f(x, y) = y * exp(x) + exp(x)", (0, 1)),
            ("loss f(x, y) = (y * exp(x))^2 + exp(x)", (0, 2)),
            ("loss f(x, y) = 2 * exp(x) + y", (1, 0)),
            ("loss f(x, y) = y * exp(-x^2)", (1, 0)),
            ("loss f(x, y in [1, inf)) = y * exp(x)", (1, 0)),
            ("loss f(x, y; a = 1.0) = (x - y) * exp(a)", (1, 0)),
            ("loss f(x[.., c], y[.., c]) = sum[c](y * exp(x - logsumexp[c](x)))", (0, 0)),
        ] {
            assert_eq!(exponentials(text), want, "{text}");
        }
    }
}
