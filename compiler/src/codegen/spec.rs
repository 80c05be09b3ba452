//! A loss as data, for the catalogue and for error messages.

use super::expression::number;
use crate::derive::Derived;
use crate::display::Printer;
use crate::ir::{AxisId, Domain, Loss, ParameterKind, Role};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The `Spec` of a loss.
pub fn spec(derived: &Derived) -> TokenStream {
    let loss = &derived.loss;
    let (name, doc, formula) = (&loss.name, &loss.doc, &loss.text);
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
    let printer = Printer::new(loss, &loss.graph);
    let gradients = derived.gradients.iter().map(|(input, form)| {
        let (input, formula) = (Literal::usize_unsuffixed(*input), printer.text(form.stable));
        quote!(spec::GradientSpec { input: #input, formula: #formula })
    });
    let divisor = option((derived.divisor.is_some() || derived.keep.is_some()).then(|| {
        let formula = derived.divisor.map_or_else(|| "1".to_owned(), |form| printer.text(form.raw));
        let reads = derived.divisor_gradients.iter().map(|(input, _)| Literal::usize_unsuffixed(*input));
        let filtered = derived.keep.is_some();
        quote!(spec::DivisorSpec { formula: #formula, reads: &[#(#reads),*], filtered: #filtered })
    }));
    quote! {
        spec::Spec {
            name: #name,
            doc: #doc,
            formula: #formula,
            inputs: &[#(#inputs),*],
            parameters: &[#(#parameters),*],
            gradients: &[#(#gradients),*],
            divisor: #divisor,
            additive: true,
        }
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn axis_spec(loss: &Loss, axis: AxisId) -> TokenStream {
    let known = &loss.axes[axis.0 as usize];
    let name = &known.name;
    match (axis, known.group) {
        (AxisId::SAMPLES, _) => quote!(spec::AxisSpec::Samples),
        (_, true) => quote!(spec::AxisSpec::Group(#name)),
        (_, false) => quote!(spec::AxisSpec::Named(#name)),
    }
}

fn role(loss: &Loss, role: Role) -> TokenStream {
    let name = |axis: AxisId| &loss.axes[axis.0 as usize].name;
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
