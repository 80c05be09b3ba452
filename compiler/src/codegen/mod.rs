//! Plans to Rust: one module of kernels and one declaration of the typed struct per loss.
//!
//! Generated code has no loops over data, no `unsafe` and no SIMD: straight-line functions over a number
//! type, which the runtime runs. Every path is absolute, and all of it lives in a module of its own, where none
//! of the user's names is in scope.

mod dimensions;
mod docs;
mod expression;
mod fields;
mod kernel;
mod names;
mod reserved;
mod rows;
mod spec;

pub use reserved::check_names;
pub use spec::{axis_number, divisor_formula, gradient_formula, is_additive};

use crate::audit::Audit;
use crate::derive::Derived;
use crate::ir::{Input, Loss, Parameter, ParameterKind, Role};
use crate::plan::Plan;
use crate::specialize::Variant;
use dimensions::Dimensions;
use kernel::{KernelGenerator, variant_name};
use names::{Namer, identifier, type_name};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use rows::Rows;

/// The Rust items of one loss.
pub fn generate(derived: &Derived, audit: &Audit, variants: &[(Variant, Plan)]) -> TokenStream {
    let loss = &derived.loss;
    let module = module_name(loss);
    let spec = spec::spec(derived);
    let kernels: Vec<Kernels> = variants.iter().map(|(variant, plan)| kernels(loss, variant, plan)).collect();
    let visit = visit(&kernels);
    let kernels = kernels.iter().map(|kernels| &kernels.items);
    let declaration = declaration(derived, audit);
    let [name, call, grads] = types(loss);
    let words = if loss.is_elementwise() {
        quote!(Sample, spec)
    } else {
        quote!(rows::{self, Kind, Life, Need, Place, Read, Write}, spec)
    };
    quote! {
        #[allow(clippy::all, clippy::pedantic, non_snake_case, unused_imports, unused_variables, missing_docs, reason = "generated code")]
        mod #module {
            mod kernels {
                use ::lossdef::__private::{Divisor, Float, Real, #words};

                #(#kernels)*

                #[derive(Clone, Copy, Debug)]
                pub struct Formula {}

                impl ::lossdef::__private::Formula for Formula {
                    const SPEC: &'static spec::Spec = &#spec;

                    #visit

                    fn loss() -> &'static dyn ::lossdef::Loss {
                        super::compiled::LOSS
                    }
                }
            }

            pub mod compiled {
                pub static LOSS: &dyn ::lossdef::Loss = ::lossdef::__private::Dynamic::<super::kernels::Formula>::LOSS;
            }

            #declaration
        }

        pub use #module::{#name, #call, #grads};
    }
}

/// The struct of a loss, that of a call, and that of its gradients' buffers.
fn types(loss: &Loss) -> [Ident; 3] {
    let name = type_name(&loss.name);
    ["", "Call", "Grads"].map(|suffix| format_ident!("{name}{suffix}"))
}

/// The catalogue of a file.
pub fn catalogue<'a>(losses: impl Iterator<Item = &'a Loss>) -> TokenStream {
    let entries = losses.map(|loss| {
        let module = module_name(loss);
        quote!(#module::compiled::LOSS)
    });
    quote! {
        /// Every loss of this file, to be found by name and called with inputs known at run time only.
        pub static CATALOGUE: ::lossdef::Catalogue = ::lossdef::Catalogue::new(&[#(#entries),*]);
    }
}

fn module_name(loss: &Loss) -> Ident {
    format_ident!("__lossdef_{}", loss.name)
}

/// The kernels of one variant.
struct Kernels {
    /// Their structs.
    items: TokenStream,
    /// When they are the right ones.
    condition: TokenStream,
    /// Hands them to the visitor.
    visit: TokenStream,
}

fn kernels(loss: &Loss, variant: &Variant, plan: &Plan) -> Kernels {
    let namer = Namer::new(loss, plan.values());
    let suffix = variant_name(loss, variant);
    let conditions = variant.fixed.iter().map(|(parameter, value)| {
        let (parameter, value) = (Literal::usize_unsuffixed(*parameter), expression::number(*value));
        quote!(parameters[#parameter] == #value)
    });
    let condition = quote!(#(#conditions)&&*);
    let plan = match plan {
        Plan::Rows(plan) => {
            let Rows { items, visit } = rows::rows(loss, plan, &namer, &suffix);
            return Kernels { items, condition, visit };
        }
        Plan::Samples(plan) => plan,
    };
    let generator = KernelGenerator { loss, plan, namer: &namer };
    let numerator = generator.numerator(&format_ident!("Kernel{suffix}"));
    let divisor = generator.divisor(&format_ident!("MeanBy{suffix}"));
    let (numerator_items, new_numerator) = (numerator.items, numerator.construction);
    let (divisor_items, new_divisor) = (divisor.items, divisor.construction);
    Kernels {
        items: quote!(#numerator_items #divisor_items),
        condition,
        visit: quote!(visitor.visit(#new_numerator, #new_divisor)),
    }
}

/// Picks the kernels by the parameters that are fixed in them. The last ones take what is left: the caller has
/// checked that parameters lie in their domains.
fn visit(kernels: &[Kernels]) -> TokenStream {
    let (last, others) =
        kernels.split_last().map_or((None, kernels), |(last, others)| (Some(&last.visit), others));
    let arms = others.iter().map(|Kernels { condition, visit, .. }| quote!(if #condition { #visit } else));
    let body = if others.is_empty() { quote!(#last) } else { quote!(#(#arms)* { #last }) };
    quote! {
        fn visit<T: Float, V: ::lossdef::__private::Visitor<T>>(parameters: &[f64], visitor: V) -> V::Output {
            #body
        }
    }
}

/// The typed struct; what it can do is written in the runtime, once for all losses.
fn declaration(derived: &Derived, audit: &Audit) -> TokenStream {
    let loss = &derived.loss;
    let [name, call, grads] = types(loss);
    let docs = docs::docs(derived, audit);
    let docs = docs.lines();
    let dimensions = Dimensions::of(loss);
    let entries = |required: bool| {
        let inputs = loss.inputs.iter().enumerate();
        let chosen = inputs.filter(move |(_, input)| input.default.is_none() == required);
        chosen.map(|(i, input)| input_entry(i, input, dimensions.as_ref())).collect::<Vec<_>>()
    };
    let (required, optional) = (entries(true), entries(false));
    let dimensions = dimensions.as_ref().map(Dimensions::lines);
    let given = loss.parameters.iter().filter(|p| p.default.is_none()).map(parameter_entry);
    let parameters = loss.parameters.iter().filter_map(|parameter| {
        let entry = parameter_entry(parameter);
        let default = match (parameter.kind, parameter.default?) {
            (ParameterKind::Bool, x) => {
                let truth = x != 0.0;
                quote!(#truth)
            }
            (ParameterKind::Int, x) => {
                let whole = Literal::i64_unsuffixed(x.abs() as i64);
                if x < 0.0 { quote!(-#whole) } else { quote!(#whole) }
            }
            (ParameterKind::Real, x) => expression::number(x),
        };
        Some(quote!(#entry = #default))
    });
    quote! {
        ::lossdef::__private::loss! {
            #(#[doc = #docs])*
            pub struct #name, #call, #grads for kernels::Formula;
            #dimensions
            required { #(#required),* }
            optional { #(#optional),* }
            given { #(#given),* }
            parameters { #(#parameters),* }
        }
    }
}

fn input_entry(index: usize, input: &Input, dimensions: Option<&Dimensions>) -> TokenStream {
    let number = Literal::usize_unsuffixed(index);
    let name = identifier(&input.name);
    let role = match input.role {
        Role::Bool => quote!(bool),
        Role::Int | Role::Index(_) | Role::Set(_) => quote!(int),
        Role::Real => quote!(real),
    };
    let dimension = match dimensions {
        _ if input.default.is_some() => None,
        _ if input.axes.is_empty() => Some(quote!([])),
        None => None,
        Some(dimensions) => Some(match dimensions.parameter(index) {
            Some(parameter) => quote!([#parameter]),
            None => quote!([_]),
        }),
    };
    quote!(#number #name: #role #dimension)
}

fn parameter_entry(parameter: &Parameter) -> TokenStream {
    let name = identifier(&parameter.name);
    let ty = match parameter.kind {
        ParameterKind::Real => quote!(f64),
        ParameterKind::Int => quote!(i64),
        ParameterKind::Bool => quote!(bool),
    };
    quote!(#name: #ty)
}
