//! A loss as data: what generated code states as a constant.

use lossdef_compiler::codegen::{axis_number, divisor_formula, gradient_formula, is_additive};
use lossdef_compiler::derive::Derived;
use lossdef_compiler::ir::{AxisId, Domain, Loss, ParameterKind, Role};
use lossdef_runtime::spec;

use crate::forever::{list, text};

/// The description of a loss, which lives as long as the program.
pub fn spec(derived: &Derived) -> &'static spec::Spec {
    let loss = &derived.loss;
    let axes = |axes: &mut dyn Iterator<Item = AxisId>| list(axes.map(|axis| axis_spec(loss, axis)));
    let inputs = loss.inputs.iter().map(|input| spec::InputSpec {
        name: text(&input.name),
        axes: axes(&mut input.axes.iter().copied()),
        role: role(loss, input.role),
        domain: input.domain.as_ref().map(domain),
        default: input.default,
    });
    let parameters = loss.parameters.iter().map(|parameter| spec::ParameterSpec {
        name: text(&parameter.name),
        kind: match parameter.kind {
            ParameterKind::Real => spec::ParameterKind::Real,
            ParameterKind::Int => spec::ParameterKind::Int,
            ParameterKind::Bool => spec::ParameterKind::Bool,
        },
        domain: parameter.domain.as_ref().map(domain),
        default: parameter.default,
    });
    let gradients = derived.gradients.iter().map(|gradient| spec::GradientSpec {
        input: gradient.input,
        formula: text(&gradient_formula(loss, gradient)),
    });
    let divisor = divisor_formula(derived).map(|formula| spec::DivisorSpec {
        formula: text(&formula),
        reads: list(derived.divisor_gradients.iter().map(|gradient| gradient.input)),
        filtered: derived.keep.is_some(),
    });
    Box::leak(Box::new(spec::Spec {
        name: text(&loss.name),
        doc: text(&loss.doc),
        formula: text(&loss.text),
        axes: axes(&mut loss.axes().map(|(axis, _)| axis)),
        samples: list(loss.graph.samples.iter().map(|axis| axis_number(loss, axis))),
        inputs: list(inputs),
        parameters: list(parameters),
        gradients: list(gradients),
        divisor,
        additive: is_additive(loss),
    }))
}

fn axis_spec(loss: &Loss, axis: AxisId) -> spec::AxisSpec {
    let known = &loss.graph.axes[axis.0 as usize];
    match (axis, known.group) {
        (AxisId::SAMPLES, _) => spec::AxisSpec::Samples,
        (_, true) => spec::AxisSpec::Group(text(&known.name)),
        (_, false) => spec::AxisSpec::Named(text(&known.name)),
    }
}

fn role(loss: &Loss, role: Role) -> spec::Role {
    match role {
        Role::Real => spec::Role::Real,
        Role::Int => spec::Role::Int,
        Role::Bool => spec::Role::Bool,
        Role::Index(axis) => spec::Role::Index(text(loss.graph.axis_name(axis))),
        Role::Set(axis) => spec::Role::Set(text(loss.graph.axis_name(axis))),
    }
}

fn domain(domain: &Domain) -> spec::Domain {
    match domain {
        Domain::Interval { low, low_closed, high, high_closed } => spec::Domain::Interval {
            low: *low,
            low_closed: *low_closed,
            high: *high,
            high_closed: *high_closed,
        },
        Domain::Set(values) => spec::Domain::Set(list(values.iter().copied())),
    }
}
