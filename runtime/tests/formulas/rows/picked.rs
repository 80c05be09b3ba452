//! Sums over lists of positions.

use lossdef_runtime::formula::{Formula, Parts, Visitor};
use lossdef_runtime::loss;
use lossdef_runtime::ndarray::Dimension;
use lossdef_runtime::real::{Float, Real};
use lossdef_runtime::rows::program::{Life, Need, Place, Program, Read, Slot, Write};
use lossdef_runtime::rows::{Kind, Stage, entry};
use lossdef_runtime::spec::{AxisSpec, GradientSpec, InputSpec, Role, Spec};

use super::*;
use crate::formulas::real;

// loss picked(target[.., c]: set c, input[.., c]) = sum[j in target](input[j])

loss! {
    /// The sum of the elements that a list of positions picks.
    pub struct Picked, PickedCall, PickedGrads for PickedFormula;
    dimensions { D }
    samples { <D as Dimension>::Smaller }
    required { 0 target: int [_], 1 input: real [D] }
    optional {}
    given {}
    parameters {}
}

#[derive(Clone, Copy, Debug)]
pub struct PickedFormula;

const CLASSES: &[AxisSpec] = &[AxisSpec::Samples, AxisSpec::Named("c")];

impl Formula for PickedFormula {
    const SPEC: &'static Spec = &Spec {
        name: "picked",
        doc: "The sum of the elements that a list of positions picks.",
        formula: "loss picked(target[.., c]: set c, input[.., c]) = sum[j in target](input[j])",
        axes: CLASSES,
        samples: &[0],
        inputs: &[
            InputSpec { axes: CLASSES, role: Role::Set("c"), ..real("target") },
            InputSpec { axes: CLASSES, ..real("input") },
        ],
        parameters: &[],
        gradients: &[GradientSpec { input: 1, formula: "…" }],
        divisor: None,
        additive: true,
    };

    fn visit<T: Float, V: Visitor<T>>(_: &[f64], visitor: V) -> V::Output {
        let parts = Parts {
            program: &PICKED,
            stages: &[
                &entry::<T, _, _, _>(Chosen(0.0)),
                &entry::<T, _, _, _>(HowOften(0.0)),
                &entry::<T, _, _, _>(Times(0.0)),
            ],
        };
        visitor.rows(parts, None)
    }
}

stage!(Chosen: [Sum], |_, [position, x], _| {
    [R::select(position >= R::lit(0.0), x, R::lit(0.0))]
});
stage!(HowOften: [Sum], |_, [position, own], _| {
    [R::select(position == own, R::lit(1.0), R::lit(0.0))]
});
stage!(Times: [Each], |_, [x, upstream], _| [x * upstream]);

const PICKED: Program<'static> = Program {
    // Over the list, and over the classes.
    loops: &[1, 1],
    lists: &[],
    // positions, elements, value, how often each class is picked
    slots: &[ROW, ROW, NUMBER, Slot { loops: &[1], life: Life::Row }],
    before: &[],
    keep: &[],
    rows: &[
        gather(Need::Value, access(0, SAMPLE_ALONG), 0),
        gather(Need::Value, access(1, &[Place::Sample, Place::Slot(0)]), 1),
        pass(Need::Value, 0, &[0], &[Read::Slot(0), Read::Slot(1)], &[Write::Store(2)]),
        pass(Need::Gradient, 1, &[1, 0], &[Read::Slot(0), Read::Index(1)], &[Write::Store(3)]),
        pass(
            Need::Gradient,
            2,
            &[1],
            &[Read::Slot(3), Read::Upstream],
            &[Write::Gradient { input: 1, at: &[Place::Sample, Place::Loop(1)] }],
        ),
    ],
    after: &[],
    value: 2,
    kept: None,
    valid: None,
};
