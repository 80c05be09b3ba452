//! Sums over a group of axes, with a domain, truth values and whole numbers.

use lossdef_runtime::formula::{Formula, Parts, Visitor};
use lossdef_runtime::loss;
use lossdef_runtime::ndarray::Ix1;
use lossdef_runtime::real::{Float, Real};
use lossdef_runtime::rows::program::{Need, Program, Read, Write};
use lossdef_runtime::rows::{Kind, Stage, entry};
use lossdef_runtime::spec::{AxisSpec, Domain, GradientSpec, InputSpec, Role, Spec};

use super::*;
use crate::formulas::real;

// loss overlap(a[n, s..] in [0, 1], mask[n, s..]: bool, level[n]: int, w[s..] = 1) = level * sum[s](w * a * mask)

loss! {
    /// How much of `a` lies under a mask.
    pub struct Overlap, OverlapCall, OverlapGrads for OverlapFormula;
    dimensions { D }
    samples { Ix1 }
    required { 0 a: real [D], 1 mask: bool [_], 2 level: int [_] }
    optional { 3 w: real }
    given {}
    parameters {}
}

#[derive(Clone, Copy, Debug)]
pub struct OverlapFormula;

const IMAGES: &[AxisSpec] = &[AxisSpec::Named("n"), AxisSpec::Group("s")];

impl Formula for OverlapFormula {
    const SPEC: &'static Spec = &Spec {
        name: "overlap",
        doc: "How much of `a` lies under a mask.",
        formula: "loss overlap(a[n, s..] in [0, 1], mask[n, s..]: bool, level[n]: int, w[s..] = 1) = …",
        axes: &[AxisSpec::Samples, AxisSpec::Named("n"), AxisSpec::Group("s")],
        samples: &[1],
        inputs: &[
            InputSpec {
                axes: IMAGES,
                domain: Some(Domain::Interval { low: 0.0, low_closed: true, high: 1.0, high_closed: true }),
                ..real("a")
            },
            InputSpec { axes: IMAGES, role: Role::Bool, ..real("mask") },
            InputSpec { axes: &[AxisSpec::Named("n")], role: Role::Int, ..real("level") },
            InputSpec { axes: &[AxisSpec::Group("s")], default: Some(1.0), ..real("w") },
        ],
        parameters: &[],
        gradients: &[GradientSpec { input: 0, formula: "…" }],
        divisor: None,
        additive: true,
    };

    fn visit<T: Float, V: Visitor<T>>(_: &[f64], visitor: V) -> V::Output {
        let parts = Parts {
            program: &OVERLAP,
            stages: &[
                &entry::<T, _, _, _>(Under(0.0)),
                &entry::<T, _, _, _>(Leveled(0.0)),
                &entry::<T, _, _, _>(UnderSlope(0.0)),
            ],
        };
        visitor.rows(parts, None)
    }
}

stage!(Under: [Sum, Min], |_, [a, mask, w], _| {
    let inside = (a >= R::lit(0.0)) & (a <= R::lit(1.0));
    [w * a * mask, R::select(inside, R::lit(1.0), R::lit(0.0))]
});
stage!(Leveled: [Each, Each], |_, [sum, inside, level], _| {
    [level * sum, R::select(level.abs() >= R::lit(0.0), inside, R::lit(0.0))]
});
stage!(UnderSlope: [Each], |_, [mask, w, level, upstream], _| [level * w * mask * upstream]);

const OVERLAP: Program<'static> = Program {
    loops: &[2],
    lists: &[],
    // sum, whether all elements lie in their domain, value, whether the level does, too
    slots: &[NUMBER, NUMBER, NUMBER, NUMBER],
    before: &[],
    keep: &[],
    rows: &[
        pass(
            Need::Value,
            0,
            &[0],
            &[at(0, SAMPLE_ALONG), at(1, SAMPLE_ALONG), at(3, ALONG)],
            &[Write::Store(0), Write::Store(1)],
        ),
        pass(
            Need::Value,
            1,
            &[],
            &[Read::Slot(0), Read::Slot(1), at(2, SAMPLE)],
            &[Write::Store(2), Write::Store(3)],
        ),
        pass(
            Need::Gradient,
            2,
            &[0],
            &[at(1, SAMPLE_ALONG), at(3, ALONG), at(2, SAMPLE), Read::Upstream],
            &[Write::Gradient { input: 0, at: SAMPLE_ALONG }],
        ),
    ],
    after: &[],
    value: 2,
    kept: None,
    valid: Some(3),
};
