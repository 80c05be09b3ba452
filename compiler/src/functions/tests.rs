//! One test walks every row.

use super::{Form, by_name, row, rows};
use crate::evaluate::Evaluator;
use crate::ir::range::Range;
use crate::ir::{AxisSet, Function, Graph, Node, Scalar, Type};

#[test]
fn every_function_has_exactly_one_row() {
    for function in Function::ALL {
        assert_eq!(rows().filter(|row| row.function == *function).count(), 1, "{function:?}");
    }
    assert_eq!(rows().count(), Function::ALL.len());
    assert!(by_name("exp_nonpos").is_none(), "internal functions have no name in the language");
}

/// At every sample: the derivative that the row builds against a central difference, and the value inside
/// the range that the row claims.
#[test]
fn derivatives_and_ranges_agree_with_the_values() {
    for row in rows() {
        for sample in row.samples {
            assert_eq!(sample.len(), row.arity, "{}", row.name);
            let value = (row.evaluate)(sample);
            let points: Vec<Range> = sample.iter().map(|x| Range::point(*x)).collect();
            let range = (row.range)(&points);
            assert!(
                range.low <= value && value <= range.high,
                "{}({sample:?}) = {value}, not in {range:?}",
                row.name
            );
            for which in 0..row.arity {
                check_derivative(row, sample, which);
            }
        }
    }
}

fn check_derivative(row: &super::Row, sample: &[f64], which: usize) {
    let Some(derivative) = row.derivative else { return };
    let mut graph = Graph::default();
    let real = Type { scalar: Scalar::Real, axes: AxisSet::EMPTY };
    graph.inputs = vec![real; row.arity];
    let arguments: Vec<_> = (0..row.arity).map(|i| graph.add(Node::Input(i))).collect();
    let value = graph.apply(row.function, &arguments);
    let slope = derivative(&mut graph, &arguments, value, which);
    let got = Evaluator::new(&graph, sample, &[]).value(slope);
    let step = 1e-5 * sample[which].abs().max(0.1);
    let at = |x: f64| {
        let mut moved = sample.to_vec();
        moved[which] = x;
        (row.evaluate)(&moved)
    };
    let want = (at(sample[which] + step) - at(sample[which] - step)) / (2.0 * step);
    assert!(
        (got - want).abs() <= 1e-6 * want.abs().max(1.0),
        "d {}({sample:?}) / d argument {which}: {got}, difference quotient {want}",
        row.name
    );
}

#[test]
fn infix_rows_have_a_precedence() {
    assert_eq!(row(Function::Mul).form, Form::Infix(6));
}
