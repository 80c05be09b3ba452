//! A few losses written by hand, the way the compiler writes them.
#![allow(dead_code, reason = "not every test uses every loss")]

pub mod numbers;
pub mod rows;

use lossdef_runtime::formula::{Formula, Visitor};
use lossdef_runtime::kernel::{Count, Kernel, Sample};
use lossdef_runtime::loss;
use lossdef_runtime::real::{Float, Real};
use lossdef_runtime::spec::{
    AxisSpec, DivisorSpec, Domain, GradientSpec, InputSpec, ParameterKind, ParameterSpec, Role, Spec,
};

const SAMPLES: &[AxisSpec] = &[AxisSpec::Samples];

pub const fn real(name: &'static str) -> InputSpec {
    InputSpec { name, axes: SAMPLES, role: Role::Real, domain: None, default: None }
}

// loss mse(input, target, weight = 1) = weight * (input - target)^2
//     mean by weight

loss! {
    /// Weighted squared error.
    pub struct Mse, MseCall, MseGrads for MseFormula;
    required { 0 input: real, 1 target: real }
    optional { 2 weight: real }
    given {}
    parameters {}
}

#[derive(Clone, Copy, Debug)]
pub struct MseFormula;

impl Formula for MseFormula {
    const SPEC: &'static Spec = &Spec {
        name: "mse",
        doc: "Weighted squared error.",
        formula: "loss mse(input, target, weight = 1) = weight * (input - target)^2\n    mean by weight",
        axes: SAMPLES,
        samples: &[0],
        inputs: &[real("input"), real("target"), InputSpec { default: Some(1.0), ..real("weight") }],
        parameters: &[],
        gradients: &[
            GradientSpec { input: 0, formula: "2 * weight * (input - target)" },
            GradientSpec { input: 1, formula: "-2 * weight * (input - target)" },
            GradientSpec { input: 2, formula: "(input - target)^2" },
        ],
        divisor: Some(DivisorSpec { formula: "weight", reads: &[2], filtered: false }),
        additive: true,
    };

    fn visit<T: Float, V: Visitor<T>>(_: &[f64], visitor: V) -> V::Output {
        visitor.visit(MseKernel, MseDivisor)
    }
}

#[derive(Clone, Copy)]
struct MseKernel;

impl<T: Float> Kernel<T, 3, 3> for MseKernel {
    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [input, target, weight]: [R; 3]) -> Sample<R, 3> {
        let d = input - target;
        let wd = weight * d;
        Sample {
            value: wd * d,
            gradient: [R::lit(2.0) * wd, R::lit(-2.0) * wd, d * d],
            valid: true,
            kept: true,
        }
    }
}

#[derive(Clone, Copy)]
struct MseDivisor;

impl<T: Float> Kernel<T, 3, 1> for MseDivisor {
    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [_, _, weight]: [R; 3]) -> Sample<R, 1> {
        Sample { value: weight, gradient: [R::lit(1.0)], valid: true, kept: true }
    }
}

// loss smooth_l1(input, target; beta in [0, inf) = 1.0) = …

loss! {
    /// Quadratic near zero, linear beyond `beta`.
    pub struct SmoothL1, SmoothL1Call, SmoothL1Grads for SmoothL1Formula;
    required { 0 input: real, 1 target: real }
    optional {}
    given {}
    parameters {
        /// Where the quadratic part ends.
        beta: f64 = 1.0
    }
}

#[derive(Clone, Copy, Debug)]
pub struct SmoothL1Formula;

impl Formula for SmoothL1Formula {
    const SPEC: &'static Spec = &Spec {
        name: "smooth_l1",
        doc: "Quadratic near zero, linear beyond `beta`.",
        formula: "loss smooth_l1(input, target; beta in [0, inf) = 1.0) = …",
        axes: SAMPLES,
        samples: &[0],
        inputs: &[real("input"), real("target")],
        parameters: &[ParameterSpec {
            name: "beta",
            kind: ParameterKind::Real,
            domain: Some(Domain::Interval {
                low: 0.0,
                low_closed: true,
                high: f64::INFINITY,
                high_closed: false,
            }),
            default: Some(1.0),
        }],
        gradients: &[
            GradientSpec { input: 0, formula: "if abs(d) < beta then d / beta else sign(d)" },
            GradientSpec { input: 1, formula: "if abs(d) < beta then -d / beta else -sign(d)" },
        ],
        divisor: None,
        additive: true,
    };

    fn visit<T: Float, V: Visitor<T>>(parameters: &[f64], visitor: V) -> V::Output {
        visitor.visit(SmoothL1Kernel { beta: T::from_f64(parameters[0]) }, Count)
    }
}

#[derive(Clone, Copy)]
struct SmoothL1Kernel<T> {
    beta: T,
}

impl<T: Float> Kernel<T, 2, 2> for SmoothL1Kernel<T> {
    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, inputs: [R; 2]) -> Sample<R, 2> {
        let [input, target] = inputs;
        let (d, beta, half) = (input - target, R::of(self.beta), R::lit(0.5));
        let near = d.abs() < beta;
        let value = R::select(near, d * d / beta * half, d.abs() - beta * half);
        let g = R::select(near, d / beta, d.sign());
        Sample { value, gradient: [g, -g], valid: true, kept: true }
    }
}

// loss masked(input, target in [0, 1], type: bool, also: bool = true) = (input - target)^2
//     keep type and also

loss! {
    /// Squared error where `type` holds.
    pub struct Masked, MaskedCall, MaskedGrads for MaskedFormula;
    required { 0 input: real, 1 target: real, 2 r#type: bool }
    optional {
        /// What else must hold.
        3 also: bool
    }
    given {}
    parameters {}
}

#[derive(Clone, Copy, Debug)]
pub struct MaskedFormula;

impl Formula for MaskedFormula {
    const SPEC: &'static Spec = &Spec {
        name: "masked",
        doc: "Squared error where `type` holds.",
        formula: "loss masked(input, target in [0, 1], type: bool, also: bool = true) = (input - target)^2\n    keep type and also",
        axes: SAMPLES,
        samples: &[0],
        inputs: &[
            real("input"),
            InputSpec {
                domain: Some(Domain::Interval { low: 0.0, low_closed: true, high: 1.0, high_closed: true }),
                ..real("target")
            },
            InputSpec { role: Role::Bool, ..real("type") },
            InputSpec { role: Role::Bool, default: Some(1.0), ..real("also") },
        ],
        parameters: &[],
        gradients: &[
            GradientSpec { input: 0, formula: "2 * (input - target)" },
            GradientSpec { input: 1, formula: "-2 * (input - target)" },
        ],
        divisor: Some(DivisorSpec { formula: "1", reads: &[], filtered: true }),
        additive: true,
    };

    fn visit<T: Float, V: Visitor<T>>(_: &[f64], visitor: V) -> V::Output {
        visitor.visit(MaskedKernel, MaskedDivisor)
    }
}

#[derive(Clone, Copy)]
struct MaskedKernel;

impl<T: Float> Kernel<T, 4, 2> for MaskedKernel {
    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [input, target, mask, also]: [R; 4]) -> Sample<R, 2> {
        let zero = R::lit(0.0);
        let kept = (mask != zero) & (also != zero);
        let d = input - target;
        let (g, gt) = (R::lit(2.0) * d, R::lit(-2.0) * d);
        let inside = (target >= zero) & (target <= R::lit(1.0));
        Sample { value: d * d, gradient: [g, gt], valid: inside, kept }
    }
}

#[derive(Clone, Copy)]
struct MaskedDivisor;

impl<T: Float> Kernel<T, 4, 0> for MaskedDivisor {
    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [_, _, mask, also]: [R; 4]) -> Sample<R, 0> {
        let zero = R::lit(0.0);
        Sample { value: R::lit(1.0), gradient: [], valid: true, kept: (mask != zero) & (also != zero) }
    }
}

// loss scaled(input, label: int, scale[]; shift: int = 1, factor, loud: bool = false) =
//     (if loud then 2 else 1) * factor * scale * input * (label + shift)

loss! {
    /// A bit of everything.
    pub struct Scaled, ScaledCall, ScaledGrads for ScaledFormula;
    required { 0 input: real, 1 label: int, 2 scale: real [] }
    optional {}
    given { factor: f64 }
    parameters { shift: i64 = 1, loud: bool = false }
}

#[derive(Clone, Copy, Debug)]
pub struct ScaledFormula;

impl Formula for ScaledFormula {
    const SPEC: &'static Spec = &Spec {
        name: "scaled",
        doc: "A bit of everything.",
        formula: "loss scaled(input, label: int, scale[]; shift: int = 1, factor, loud: bool = false) = …",
        axes: SAMPLES,
        samples: &[0],
        inputs: &[
            real("input"),
            InputSpec { role: Role::Int, ..real("label") },
            InputSpec { axes: &[], ..real("scale") },
        ],
        parameters: &[
            ParameterSpec { name: "shift", kind: ParameterKind::Int, domain: None, default: Some(1.0) },
            ParameterSpec {
                name: "factor",
                kind: ParameterKind::Real,
                domain: Some(Domain::Set(&[0.5, 2.0])),
                default: None,
            },
            ParameterSpec { name: "loud", kind: ParameterKind::Bool, domain: None, default: Some(0.0) },
        ],
        gradients: &[GradientSpec { input: 0, formula: "…" }, GradientSpec { input: 2, formula: "…" }],
        divisor: None,
        additive: false,
    };

    fn visit<T: Float, V: Visitor<T>>(parameters: &[f64], visitor: V) -> V::Output {
        let loud = if parameters[2] == 0.0 { 1.0 } else { 2.0 };
        let kernel =
            ScaledKernel { shift: T::from_f64(parameters[0]), factor: T::from_f64(parameters[1] * loud) };
        visitor.visit(kernel, Count)
    }
}

#[derive(Clone, Copy)]
struct ScaledKernel<T> {
    shift: T,
    factor: T,
}

impl<T: Float> Kernel<T, 3, 2> for ScaledKernel<T> {
    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [input, label, scale]: [R; 3]) -> Sample<R, 2> {
        let rest = R::of(self.factor) * (label + R::of(self.shift));
        Sample {
            value: rest * scale * input,
            gradient: [rest * scale, rest * input],
            valid: label.abs() >= R::lit(0.0),
            kept: true,
        }
    }
}
