//! Distances between rows: a named sample axis.

use lossdef_runtime::formula::{Formula, Parts, Visitor};
use lossdef_runtime::loss;
use lossdef_runtime::ndarray::Ix1;
use lossdef_runtime::real::{Float, Real};
use lossdef_runtime::rows::program::{Need, Program, Read, Write};
use lossdef_runtime::rows::{Kind, Stage, entry};
use lossdef_runtime::spec::{AxisSpec, GradientSpec, InputSpec, Spec};

use super::*;
use crate::formulas::real;

// loss distance(a[n, d], b[n, d], scale[n, d] = 1) = sum[d](scale * (a - b)^2)

loss! {
    /// The squared distance of each row of `a` from that of `b`.
    pub struct Distance, DistanceCall, DistanceGrads for DistanceFormula;
    dimensions { D }
    samples { Ix1 }
    required { 0 a: real [D], 1 b: real [_] }
    optional { 2 scale: real }
    given {}
    parameters {}
}

#[derive(Clone, Copy, Debug)]
pub struct DistanceFormula;

const POINTS: &[AxisSpec] = &[AxisSpec::Named("n"), AxisSpec::Named("d")];

impl Formula for DistanceFormula {
    const SPEC: &'static Spec = &Spec {
        name: "distance",
        doc: "The squared distance of each row of `a` from that of `b`.",
        formula: "loss distance(a[n, d], b[n, d], scale[n, d] = 1) = sum[d](scale * (a - b)^2)",
        axes: &[AxisSpec::Samples, AxisSpec::Named("n"), AxisSpec::Named("d")],
        samples: &[1],
        inputs: &[
            InputSpec { axes: POINTS, ..real("a") },
            InputSpec { axes: POINTS, ..real("b") },
            InputSpec { axes: POINTS, default: Some(1.0), ..real("scale") },
        ],
        parameters: &[],
        gradients: &[
            GradientSpec { input: 0, formula: "…" },
            GradientSpec { input: 1, formula: "…" },
            GradientSpec { input: 2, formula: "…" },
        ],
        divisor: None,
        additive: true,
    };

    fn visit<T: Float, V: Visitor<T>>(_: &[f64], visitor: V) -> V::Output {
        let parts = Parts {
            program: &DISTANCE,
            stages: &[
                &entry::<T, _, _, _>(Squares(0.0)),
                &entry::<T, _, _, _>(Slope(2.0)),
                &entry::<T, _, _, _>(Slope(-2.0)),
                &entry::<T, _, _, _>(ScaleSlope(0.0)),
            ],
        };
        visitor.rows(parts, None)
    }
}

stage!(Squares: [Sum], |_, [a, b, scale], _| [scale * (a - b) * (a - b)]);
stage!(Slope: [Each], |factor, [a, b, scale, upstream], _| [R::lit(factor.0) * scale * (a - b) * upstream]);
stage!(ScaleSlope: [Each], |_, [a, b, upstream], _| [(a - b) * (a - b) * upstream]);

const DISTANCE: Program<'static> = Program {
    loops: &[2],
    lists: &[],
    slots: &[NUMBER],
    before: &[],
    keep: &[],
    rows: &[
        pass(
            Need::Value,
            0,
            &[0],
            &[at(0, SAMPLE_ALONG), at(1, SAMPLE_ALONG), at(2, SAMPLE_ALONG)],
            &[Write::Store(0)],
        ),
        pass(
            Need::Gradient,
            1,
            &[0],
            &[at(0, SAMPLE_ALONG), at(1, SAMPLE_ALONG), at(2, SAMPLE_ALONG), Read::Upstream],
            &[Write::Gradient { input: 0, at: SAMPLE_ALONG }],
        ),
        pass(
            Need::Gradients,
            2,
            &[0],
            &[at(0, SAMPLE_ALONG), at(1, SAMPLE_ALONG), at(2, SAMPLE_ALONG), Read::Upstream],
            &[Write::Gradient { input: 1, at: SAMPLE_ALONG }],
        ),
        pass(
            Need::Gradients,
            3,
            &[0],
            &[at(0, SAMPLE_ALONG), at(1, SAMPLE_ALONG), Read::Upstream],
            &[Write::Gradient { input: 2, at: SAMPLE_ALONG }],
        ),
    ],
    after: &[],
    value: 0,
    kept: None,
    valid: None,
};
