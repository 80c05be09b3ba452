//! How large and how small the factors of a product can be: which of them can leave the numbers of an element type
//! where the product itself need not.

use crate::ir::range::Range;
use crate::ir::{AxisSet, ExprId, Function, Graph, Node, Reduction};

/// An exponential of more than this is infinite in `f32`.
pub const EXP_TOO_LARGE: f64 = 88.0;

/// Longer products are not taken apart.
const MOST: usize = 40;

/// The factors of a product in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct Factors {
    /// Whether it has the opposite sign.
    pub negative: bool,
    /// What multiplies.
    pub above: Vec<ExprId>,
    /// What divides.
    pub below: Vec<ExprId>,
}

impl Factors {
    /// Takes products, quotients and negations apart; what is none of them has one factor, itself. `None` where
    /// there are too many.
    pub fn of(graph: &Graph, id: ExprId) -> Option<Factors> {
        let mut factors = Factors::default();
        let mut open = vec![(id, false)];
        while let Some((id, below)) = open.pop() {
            if let Some((a, b)) = graph.pair(id, Function::Mul) {
                open.extend([(b, below), (a, below)]);
            } else if let Some((a, b)) = graph.pair(id, Function::Div) {
                open.extend([(b, !below), (a, below)]);
            } else if let Some(inner) = graph.argument(id, Function::Neg) {
                factors.negative = !factors.negative;
                open.push((inner, below));
            } else if let Some((x, y)) = graph.pair(id, Function::ExpTimes).filter(|_| !below) {
                let exponential = graph.find(&Node::Apply(Function::Exp, vec![x]))?;
                open.extend([(y, false), (exponential, false)]);
            } else if !graph.is(id, 1.0) {
                if below { factors.below.push(id) } else { factors.above.push(id) }
            }
            if factors.above.len() + factors.below.len() + open.len() > MOST {
                return None;
            }
        }
        Some(factors)
    }
}

/// The exponential among the factors of a product, multiplied or divided by, where there is one and no other: `exp(x)`
/// and whether it divides. The product is computed without the exponential as a whole, so that one which overflows
/// makes no NaN of a factor that is 0.
///
/// Left alone are exponentials that are the same for all elements, those from which the largest of their exponents
/// has been taken, and those that vary over fewer axes than the other factors, so that they are shared.
pub fn exponential_factor(graph: &Graph, id: ExprId) -> Option<(ExprId, bool)> {
    let factors = Factors::of(graph, id)?;
    let exponential = |id: &ExprId| graph.argument(*id, Function::Exp).is_some();
    let above = factors.above.iter().filter(|id| exponential(id)).map(|id| (*id, false));
    let mut found = above.chain(factors.below.iter().filter(|id| exponential(id)).map(|id| (*id, true)));
    let (exp, below) = found.next().filter(|_| found.next().is_none())?;
    let own = graph.type_of(exp).axes;
    let all = factors.above.iter().chain(&factors.below);
    let all = all.fold(AxisSet::EMPTY, |axes, id| axes.union(graph.type_of(*id).axes));
    let argument = graph.argument(exp, Function::Exp)?;
    (!own.is_empty() && all == own && !is_shifted(graph, argument)).then_some((exp, below))
}

/// Whether the largest of some numbers, or the logarithm of the sum of their exponentials, is subtracted.
fn is_shifted(graph: &Graph, argument: ExprId) -> bool {
    let Some((_, shift)) = graph.pair(argument, Function::Sub) else { return false };
    let shift = match *graph.node(shift) {
        // Lowered: 0 where no term is finite.
        Node::If(_, zero, largest) if graph.is(zero, 0.0) => largest,
        _ => shift,
    };
    matches!(graph.node(shift), Node::Reduce(Reduction::Max | Reduction::LogSumExp, ..))
}

/// No number of a range has a larger absolute value.
pub fn most(range: Range) -> f64 {
    range.high.max(-range.low)
}

/// No number of a range has a smaller absolute value.
pub fn least(range: Range) -> f64 {
    range.low.max(-range.high).max(0.0)
}
