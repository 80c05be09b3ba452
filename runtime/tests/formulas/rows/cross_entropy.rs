//! Cross entropy: labels, weights, samples that are not kept, a divisor with derivatives.

use lossdef_runtime::formula::{Formula, Parts, Visitor};
use lossdef_runtime::loss;
use lossdef_runtime::ndarray::Dimension;
use lossdef_runtime::real::{Float, Real};
use lossdef_runtime::rows::program::{Need, Place, Program, Read, Write};
use lossdef_runtime::rows::{Kind, Stage, entry};
use lossdef_runtime::spec::{
    AxisSpec, DivisorSpec, GradientSpec, InputSpec, ParameterKind, ParameterSpec, Role, Spec,
};

use super::*;
use crate::formulas::real;

// loss cross_entropy(input[.., c], target[..]: index c, weight[c] = 1; ignore_index: int = -100) =
//     -weight[target] * log(softmax[c](input))[target]
//     keep target != ignore_index
//     mean by weight[target]

loss! {
    /// Cross entropy between logits and class indices.
    pub struct CrossEntropy, CrossEntropyCall, CrossEntropyGrads for CrossEntropyFormula;
    dimensions { D }
    samples { <D as Dimension>::Smaller }
    required { 0 input: real [D], 1 target: int [_] }
    optional { 2 weight: real }
    given {}
    parameters { ignore_index: i64 = -100 }
}

#[derive(Clone, Copy, Debug)]
pub struct CrossEntropyFormula;

impl Formula for CrossEntropyFormula {
    const SPEC: &'static Spec = &Spec {
        name: "cross_entropy",
        doc: "Cross entropy between logits and class indices.",
        formula: "loss cross_entropy(input[.., c], target[..]: index c, weight[c] = 1; ignore_index: int = -100) = …",
        axes: &[AxisSpec::Samples, AxisSpec::Named("c")],
        samples: &[0],
        inputs: &[
            InputSpec { axes: &[AxisSpec::Samples, AxisSpec::Named("c")], ..real("input") },
            InputSpec { role: Role::Index("c"), ..real("target") },
            InputSpec { axes: &[AxisSpec::Named("c")], default: Some(1.0), ..real("weight") },
        ],
        parameters: &[ParameterSpec {
            name: "ignore_index",
            kind: ParameterKind::Int,
            domain: None,
            default: Some(-100.0),
        }],
        gradients: &[GradientSpec { input: 0, formula: "…" }, GradientSpec { input: 2, formula: "…" }],
        divisor: Some(DivisorSpec { formula: "weight[target]", reads: &[2], filtered: true }),
        additive: true,
    };

    fn visit<T: Float, V: Visitor<T>>(parameters: &[f64], visitor: V) -> V::Output {
        let kept = entry::<T, _, _, _>(Kept(parameters[0]));
        let numerator = Parts {
            program: &CROSS_ENTROPY,
            stages: &[
                &kept,
                &entry::<T, _, _, _>(Largest(0.0)),
                &entry::<T, _, _, _>(Exponentials(0.0)),
                &entry::<T, _, _, _>(Value(0.0)),
                &entry::<T, _, _, _>(Gradient(0.0)),
                &entry::<T, _, _, _>(WeightGradient(0.0)),
                &entry::<T, _, _, _>(Copied(0.0)),
            ],
        };
        let divisor = Parts {
            program: &MEAN_BY,
            stages: &[
                &kept,
                &entry::<T, _, _, _>(WeightGradient(0.0)),
                &entry::<T, _, _, _>(Copied(0.0)),
                &entry::<T, _, _, _>(Copied(0.0)),
            ],
        };
        visitor.rows(numerator, Some(divisor))
    }
}

stage!(Kept: [Each], |ignored, [target], _| {
    [R::select(target != R::lit(ignored.0), R::lit(1.0), R::lit(0.0))]
});
stage!(Largest: [Max], |_, [x], _| [x]);
stage!(Exponentials: [Each, Sum], |_, [x, largest], _| {
    let e = (x - largest).exp_nonpos();
    [e, e]
});
stage!(Value: [Each, Each, Each, Each], |_, [sum, largest, picked, weight, upstream], _| {
    let each = sum.log() - (picked - largest);
    let scaled = weight * upstream;
    [weight * each, scaled / sum, scaled, each * upstream]
});
stage!(Gradient: [Each], |_, [e, coefficient, scaled, target], position| {
    [e * coefficient - R::select(position == target, scaled, R::lit(0.0))]
});
stage!(WeightGradient: [Each], |_, [each, target], position| {
    [R::select(position == target, each, R::lit(0.0))]
});
stage!(Copied: [Each], |_, [x], _| [x]);

const CROSS_ENTROPY: Program<'static> = Program {
    loops: &[1],
    lists: &[],
    // kept, largest, exponentials, sum, picked, weight, target, value, coefficient, scaled, each, total
    slots: &[NUMBER, NUMBER, ROW, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, TOTAL],
    before: &[],
    keep: &[pass(Need::Value, 0, &[], &[at(1, SAMPLE)], &[Write::Store(0)])],
    rows: &[
        gather(Need::Value, access(1, SAMPLE), 6),
        gather(Need::Value, access(0, &[Place::Sample, Place::Slot(6)]), 4),
        gather(Need::Value, access(2, &[Place::Slot(6)]), 5),
        pass(Need::Value, 1, &[0], &[at(0, SAMPLE_ALONG)], &[Write::Store(1)]),
        pass(
            Need::Value,
            2,
            &[0],
            &[at(0, SAMPLE_ALONG), Read::Slot(1)],
            &[Write::Store(2), Write::Store(3)],
        ),
        pass(
            Need::Value,
            3,
            &[],
            &[Read::Slot(3), Read::Slot(1), Read::Slot(4), Read::Slot(5), Read::Upstream],
            &[Write::Store(7), Write::Store(8), Write::Store(9), Write::Store(10)],
        ),
        pass(
            Need::Gradient,
            4,
            &[0],
            &[Read::Slot(2), Read::Slot(8), Read::Slot(9), Read::Slot(6)],
            &[Write::Gradient { input: 0, at: SAMPLE_ALONG }],
        ),
        pass(Need::Gradients, 5, &[0], &[Read::Slot(10), Read::Slot(6)], &[Write::Total(11)]),
    ],
    after: &[pass(Need::Gradients, 6, &[0], &[Read::Slot(11)], &[Write::Gradient { input: 2, at: ALONG }])],
    value: 7,
    kept: Some(0),
    valid: None,
};

const MEAN_BY: Program<'static> = Program {
    loops: &[1],
    lists: &[],
    // kept, target, weight, upstream, total
    slots: &[NUMBER, NUMBER, NUMBER, NUMBER, TOTAL],
    before: &[],
    keep: &[pass(Need::Value, 0, &[], &[at(1, SAMPLE)], &[Write::Store(0)])],
    rows: &[
        gather(Need::Value, access(1, SAMPLE), 1),
        gather(Need::Value, access(2, &[Place::Slot(1)]), 2),
        pass(Need::Gradients, 3, &[], &[Read::Upstream], &[Write::Store(3)]),
        pass(Need::Gradients, 1, &[0], &[Read::Slot(3), Read::Slot(1)], &[Write::Total(4)]),
    ],
    after: &[pass(Need::Gradients, 2, &[0], &[Read::Slot(4)], &[Write::Gradient { input: 2, at: ALONG }])],
    value: 2,
    kept: Some(0),
    valid: None,
};
