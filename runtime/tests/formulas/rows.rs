//! Losses over named axes written by hand, the way the compiler writes them.

use lossdef_runtime::formula::{Formula, Parts, Visitor};
use lossdef_runtime::loss;
use lossdef_runtime::ndarray::{Dimension, Ix1};
use lossdef_runtime::real::{Float, Real};
use lossdef_runtime::rows::program::{Access, Action, Life, Need, Place, Program, Read, Slot, Step, Write};
use lossdef_runtime::rows::{Kind, Stage, entry};
use lossdef_runtime::spec::{
    AxisSpec, DivisorSpec, Domain, GradientSpec, InputSpec, ParameterKind, ParameterSpec, Role, Spec,
};

const NUMBER: Slot<'static> = Slot { loops: &[], life: Life::Row };
const ROW: Slot<'static> = Slot { loops: &[0], life: Life::Row };
const TOTAL: Slot<'static> = Slot { loops: &[0], life: Life::Total };

const fn at(input: usize, at: &'static [Place]) -> Read<'static> {
    Read::Input(access(input, at))
}

const fn access(input: usize, at: &'static [Place]) -> Access<'static> {
    Access { input, member: false, at }
}

const fn gather(need: Need, from: Access<'static>, into: usize) -> Step<'static> {
    Step { need, action: Action::Gather { from, into } }
}

const fn pass(
    need: Need,
    stage: usize,
    loops: &'static [usize],
    reads: &'static [Read<'static>],
    writes: &'static [Write<'static>],
) -> Step<'static> {
    Step { need, action: Action::Pass { stage, loops, reads, writes } }
}

/// A stage from a function of its parameters, inputs and position.
macro_rules! stage {
    ($(#[$doc:meta])* $name:ident: [$($kind:ident),*], |$this:pat_param, $inputs:pat_param, $position:pat_param| $body:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        struct $name(f64);

        impl<T: Float> Stage<T, { count(stringify!($inputs)) }, { [$(Kind::$kind),*].len() }> for $name {
            const KINDS: [Kind; [$(Kind::$kind),*].len()] = [$(Kind::$kind),*];

            #[inline(always)]
            fn run<R: Real<Scalar = T>>(
                &self,
                $inputs: [R; count(stringify!($inputs))],
                $position: R,
            ) -> [R; [$(Kind::$kind),*].len()] {
                let $this = self;
                $body
            }
        }
    };
}

/// The number of names in a pattern like `[a, b]`.
const fn count(pattern: &str) -> usize {
    let (bytes, mut count, mut index) = (pattern.as_bytes(), 1, 0);
    while index < bytes.len() {
        if bytes[index] == b',' {
            count += 1;
        }
        index += 1;
    }
    count
}

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

const SAMPLE: &[Place] = &[Place::Sample];
const ALONG: &[Place] = &[Place::Loop(0)];
const SAMPLE_ALONG: &[Place] = &[Place::Sample, Place::Loop(0)];

impl Formula for CrossEntropyFormula {
    const SPEC: &'static Spec = &Spec {
        name: "cross_entropy",
        doc: "Cross entropy between logits and class indices.",
        formula: "loss cross_entropy(input[.., c], target[..]: index c, weight[c] = 1; ignore_index: int = -100) = …",
        axes: &[AxisSpec::Samples, AxisSpec::Named("c")],
        samples: &[0],
        inputs: &[
            InputSpec { axes: &[AxisSpec::Samples, AxisSpec::Named("c")], ..super::real("input") },
            InputSpec { role: Role::Index("c"), ..super::real("target") },
            InputSpec { axes: &[AxisSpec::Named("c")], default: Some(1.0), ..super::real("weight") },
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
            InputSpec { axes: POINTS, ..super::real("a") },
            InputSpec { axes: POINTS, ..super::real("b") },
            InputSpec { axes: POINTS, default: Some(1.0), ..super::real("scale") },
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
            InputSpec { axes: CLASSES, role: Role::Set("c"), ..super::real("target") },
            InputSpec { axes: CLASSES, ..super::real("input") },
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
                ..super::real("a")
            },
            InputSpec { axes: IMAGES, role: Role::Bool, ..super::real("mask") },
            InputSpec { axes: &[AxisSpec::Named("n")], role: Role::Int, ..super::real("level") },
            InputSpec { axes: &[AxisSpec::Group("s")], default: Some(1.0), ..super::real("w") },
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
