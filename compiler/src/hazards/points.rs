//! Where an expression takes a value: the expressions inside of it that decide that, and what they are there.

use crate::ir::{ExprId, Function, Graph, Node};

/// An expression at a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// The expression.
    pub of: ExprId,
    /// Its value.
    pub is: f64,
}

impl PartialEq for Point {
    fn eq(&self, other: &Point) -> bool {
        self.of == other.of && (self.is - other.is).abs() <= 1e-9 * self.is.abs().max(1e-9)
    }
}

/// Where an expression is 0.
pub(super) fn zeros(graph: &Graph, id: ExprId) -> Vec<Point> {
    points(graph, id, 0.0)
}

/// Where an expression takes a value: each of these points is enough for it.
pub(super) fn points(graph: &Graph, id: ExprId, x: f64) -> Vec<Point> {
    within(graph, id, x, &mut { LARGEST })
}

/// How many expressions are looked at; what is below the last of them stays whole.
const LARGEST: usize = 64;

fn within(graph: &Graph, id: ExprId, x: f64, left: &mut usize) -> Vec<Point> {
    let here = || vec![Point { of: id, is: x }];
    if *left == 0 {
        return here();
    }
    *left -= 1;
    let mut points = |graph: &Graph, id: ExprId, x: f64| within(graph, id, x, left);
    if let Node::Stop(e) | Node::WithGrad(e, _) = *graph.node(id) {
        return points(graph, e, x);
    }
    let Node::Apply(function, o) = graph.node(id) else { return here() };
    let constant = |i: usize| graph.constant(o[i]).filter(|c| c.is_finite());
    match function {
        Function::Neg => points(graph, o[0], -x),
        Function::Add => match (constant(0), constant(1)) {
            (Some(c), None) => points(graph, o[1], x - c),
            (None, Some(c)) => points(graph, o[0], x - c),
            _ => here(),
        },
        Function::Sub => match (constant(0), constant(1)) {
            (Some(c), None) => points(graph, o[1], c - x),
            (None, Some(c)) => points(graph, o[0], c + x),
            _ => here(),
        },
        Function::Mul => match (constant(0), constant(1)) {
            (Some(c), None) if c != 0.0 => points(graph, o[1], x / c),
            (None, Some(c)) if c != 0.0 => points(graph, o[0], x / c),
            _ if x == 0.0 => {
                let mut all = points(graph, o[0], 0.0);
                for point in points(graph, o[1], 0.0) {
                    if !all.contains(&point) {
                        all.push(point);
                    }
                }
                all
            }
            _ => here(),
        },
        Function::Div if x == 0.0 => points(graph, o[0], 0.0),
        Function::Sqrt | Function::Abs | Function::Expm1 | Function::Log1p if x == 0.0 => {
            points(graph, o[0], 0.0)
        }
        Function::Sinh | Function::Tanh | Function::Erf | Function::Atan if x == 0.0 => {
            points(graph, o[0], 0.0)
        }
        Function::Pow if x == 0.0 && constant(1).is_some_and(|e| e > 0.0) => points(graph, o[0], 0.0),
        _ => here(),
    }
}
