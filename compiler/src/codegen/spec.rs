//! A loss as data, for the catalogue and for error messages.

use super::expression::number;
use crate::audit::both;
use crate::derive::{Derived, Gradient};
use crate::display::Printer;
use crate::ir::{AxisId, Domain, ExprId, Loss, Node, ParameterKind, Role};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The `Spec` of a loss.
pub fn spec(derived: &Derived) -> TokenStream {
    let loss = &derived.loss;
    let (name, doc, formula) = (&loss.name, &loss.doc, &loss.text);
    let axes = loss.axes().map(|(axis, _)| axis_spec(loss, axis));
    let samples = loss.graph.samples.iter().map(|axis| Literal::usize_unsuffixed(axis_number(loss, axis)));
    let additive = is_additive(loss);
    let inputs = loss.inputs.iter().map(|input| {
        let name = &input.name;
        let axes = input.axes.iter().map(|axis| axis_spec(loss, *axis));
        let role = role(loss, input.role);
        let domain = option(input.domain.as_ref().map(domain));
        let default = option(input.default.map(number));
        quote!(spec::InputSpec { name: #name, axes: &[#(#axes),*], role: #role, domain: #domain, default: #default })
    });
    let parameters = loss.parameters.iter().map(|parameter| {
        let name = &parameter.name;
        let kind = match parameter.kind {
            ParameterKind::Real => quote!(spec::ParameterKind::Real),
            ParameterKind::Int => quote!(spec::ParameterKind::Int),
            ParameterKind::Bool => quote!(spec::ParameterKind::Bool),
        };
        let domain = option(parameter.domain.as_ref().map(domain));
        let default = option(parameter.default.map(number));
        quote!(spec::ParameterSpec { name: #name, kind: #kind, domain: #domain, default: #default })
    });
    let gradients = derived.gradients.iter().map(|gradient| {
        let input = Literal::usize_unsuffixed(gradient.input);
        let formula = gradient_formula(loss, gradient);
        quote!(spec::GradientSpec { input: #input, formula: #formula })
    });
    let divisor = option(divisor_formula(derived).map(|formula| {
        let reads =
            derived.divisor_gradients.iter().map(|gradient| Literal::usize_unsuffixed(gradient.input));
        let filtered = derived.keep.is_some();
        quote!(spec::DivisorSpec { formula: #formula, reads: &[#(#reads),*], filtered: #filtered })
    }));
    quote! {
        spec::Spec {
            name: #name,
            doc: #doc,
            formula: #formula,
            axes: &[#(#axes),*],
            samples: &[#(#samples),*],
            inputs: &[#(#inputs),*],
            parameters: &[#(#parameters),*],
            gradients: &[#(#gradients),*],
            divisor: #divisor,
            additive: #additive,
        }
    }
}

/// The derivative with respect to an input, in the language, in its stable form.
pub fn gradient_formula(loss: &Loss, gradient: &Gradient) -> String {
    both(loss, gradient, &Printer::new(loss, &loss.graph), |form| form.stable)
}

/// The summand of what `mean` divides by, in the language; `None` where every sample counts one.
pub fn divisor_formula(derived: &Derived) -> Option<String> {
    let printer = Printer::new(&derived.loss, &derived.loss.graph);
    match (derived.divisor, derived.keep) {
        (Some(form), _) => Some(printer.text(form.raw)),
        (None, Some(_)) => Some("1".to_owned()),
        (None, None) => None,
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn axis_spec(loss: &Loss, axis: AxisId) -> TokenStream {
    let known = &loss.graph.axes[axis.0 as usize];
    let name = &known.name;
    match (axis, known.group) {
        (AxisId::SAMPLES, _) => quote!(spec::AxisSpec::Samples),
        (_, true) => quote!(spec::AxisSpec::Group(#name)),
        (_, false) => quote!(spec::AxisSpec::Named(#name)),
    }
}

/// Where an axis that inputs declare stands among those.
pub fn axis_number(loss: &Loss, axis: AxisId) -> usize {
    loss.axes().take_while(|(known, _)| *known != axis).count()
}

/// Whether the value over a batch is the sum of the values over its parts: no sample looks at others, nor at how
/// many there are or where it stands among them.
pub fn is_additive(loss: &Loss) -> bool {
    let graph = &loss.graph;
    let is_sample = |axis: AxisId| graph.samples.contains(graph.base(axis));
    let roots: Vec<ExprId> = std::iter::once(loss.value).chain(loss.keep).chain(loss.mean_by).collect();
    !graph.samples.is_empty()
        && !graph.reachable(&roots).iter().any(|id| match graph.node(*id) {
            Node::Reduce(_, axis, ..) | Node::Index(axis) | Node::Size(axis) => is_sample(*axis),
            Node::Gather(_, picks) => picks.iter().any(|(axis, _)| is_sample(*axis)),
            _ => false,
        })
}

fn role(loss: &Loss, role: Role) -> TokenStream {
    let name = |axis: AxisId| loss.graph.axis_name(axis);
    match role {
        Role::Real => quote!(spec::Role::Real),
        Role::Int => quote!(spec::Role::Int),
        Role::Bool => quote!(spec::Role::Bool),
        Role::Index(axis) => {
            let name = name(axis);
            quote!(spec::Role::Index(#name))
        }
        Role::Set(axis) => {
            let name = name(axis);
            quote!(spec::Role::Set(#name))
        }
    }
}

fn domain(domain: &Domain) -> TokenStream {
    match domain {
        Domain::Interval { low, low_closed, high, high_closed } => {
            let (low, high) = (number(*low), number(*high));
            quote!(spec::Domain::Interval { low: #low, low_closed: #low_closed, high: #high, high_closed: #high_closed })
        }
        Domain::Set(values) => {
            let values = values.iter().map(|value| number(*value));
            quote!(spec::Domain::Set(&[#(#values),*]))
        }
    }
}
