//! The kernels of a variant: a struct with what is computed once per call, and straight-line functions.

use super::expression::Block;
use super::fields::{Fields, Structure};
use super::names::{Namer, derivative, identifier, type_name};
use crate::ir::{Loss, ParameterKind, Scalar};
use crate::plan::{Operation, SamplePlan, ValueId};
use crate::specialize::Variant;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// What a variant's kernels are called: by the parameters that are fixed in it.
pub fn variant_name(loss: &Loss, variant: &Variant) -> String {
    let mut name = String::new();
    for (parameter, value) in &variant.fixed {
        let parameter = &loss.parameters[*parameter];
        let word = type_name(&parameter.name);
        if parameter.kind != ParameterKind::Bool {
            let digits = value.to_string().replace('-', "minus_").replace('.', "_point_");
            name.push_str(&format!("{word}{}", type_name(&digits)));
        } else if *value == 0.0 {
            name.push_str(&format!("Not{word}"));
        } else {
            name.push_str(&word);
        }
    }
    name
}

/// What one kernel struct computes: a value, derivatives, and whether the inputs are in their domains.
struct Target {
    value: ValueId,
    gradients: Vec<(usize, ValueId)>,
    valid: Option<ValueId>,
    kept: Option<ValueId>,
}

impl Target {
    fn outputs(&self) -> Vec<ValueId> {
        let gradients = self.gradients.iter().map(|(_, id)| *id);
        std::iter::once(self.value).chain(gradients).chain(self.valid).chain(self.kept).collect()
    }
}

/// A generated kernel.
pub struct Kernel {
    /// Its struct and what it implements.
    pub items: TokenStream,
    /// How it is made from `parameters`.
    pub construction: TokenStream,
}

/// Generates the kernel structs of one plan.
pub struct KernelGenerator<'a> {
    /// The loss.
    pub loss: &'a Loss,
    /// How it is computed.
    pub plan: &'a SamplePlan,
    /// What values are called.
    pub namer: &'a Namer,
}

impl KernelGenerator<'_> {
    /// The kernel of the numerator.
    pub fn numerator(&self, name: &Ident) -> Kernel {
        self.kernel(name, &self.numerator_target())
    }

    /// The kernel of the divisor; that of the runtime where the mean just counts samples.
    pub fn divisor(&self, name: &Ident) -> Kernel {
        match self.divisor_target() {
            Some(target) => self.kernel(name, &target),
            None => Kernel { items: TokenStream::new(), construction: quote!(::lossdef::__private::Count) },
        }
    }

    fn numerator_target(&self) -> Target {
        let outputs = &self.plan.outputs;
        let kept = self.plan.keep;
        Target { value: outputs.value, gradients: outputs.gradients.clone(), valid: outputs.valid, kept }
    }

    fn divisor_target(&self) -> Option<Target> {
        let outputs = &self.plan.outputs;
        let kept = self.plan.keep;
        Some(Target {
            value: outputs.divisor?,
            gradients: outputs.divisor_gradients.clone(),
            valid: None,
            kept,
        })
    }

    fn kernel(&self, name: &Ident, target: &Target) -> Kernel {
        let fields = Fields::new(&self.plan.values, self.namer, &target.outputs(), |_| false);
        let Structure { items: structure, name, construction } = fields.structure(name);
        let inputs = Literal::usize_unsuffixed(self.loss.inputs.len());
        let count = Literal::usize_unsuffixed(target.gradients.len());
        let transcendental = self.plan.values.is_transcendental(&target.outputs());
        let function = self.function(target, &fields);
        let items = quote! {
            #structure

            impl<T: Float> ::lossdef::__private::Kernel<T, #inputs, #count> for #name {
                const TRANSCENDENTAL: bool = #transcendental;

                #function
            }
        };
        Kernel { items, construction }
    }

    /// The straight-line function: the value, every derivative, and whether the inputs are valid.
    fn function(&self, target: &Target, fields: &Fields<'_>) -> TokenStream {
        let outputs = target.outputs();
        let needed = self.plan.values.needed(&outputs);
        let mut block = Block::new(&self.plan.values, self.namer, &outputs, |_| false);
        block.target(target.value, self.namer.own("value"));
        for (input, id) in &target.gradients {
            block.target(*id, self.namer.own(&derivative(&self.loss.inputs[*input].name)));
        }
        if let Some(valid) = target.valid {
            block.target(valid, self.namer.own("valid"));
        }
        if let Some(kept) = target.kept {
            block.target(kept, self.namer.own("kept"));
        }
        let mut statements = fields.bind(&mut block);
        let mut inputs: Vec<TokenStream> = vec![quote!(_); self.loss.inputs.len()];
        let samples = || needed.iter().copied().filter(|id| !self.plan.values.get(*id).fixed);
        for id in samples() {
            if let Operation::Input(input) = self.plan.values.get(id).operation {
                let name = self.namer.of(id);
                inputs[input] = quote!(#name);
                block.bind(id, quote!(#name));
                if self.plan.values.get(id).scalar == Scalar::Bool {
                    statements.push(quote!(let #name = #name != R::lit(0.0);));
                }
            }
        }
        for id in samples() {
            statements.extend(block.statement(id));
        }
        let gradient: Vec<TokenStream> = target.gradients.iter().map(|(_, id)| block.value(*id)).collect();
        let value = field("value", block.value(target.value));
        let valid = field("valid", target.valid.map_or(quote!(true), |id| block.value(id)));
        let kept = field("kept", target.kept.map_or(quote!(true), |id| block.value(id)));
        let count = Literal::usize_unsuffixed(self.loss.inputs.len());
        let derivatives = Literal::usize_unsuffixed(gradient.len());
        let all = self.namer.own("inputs");
        quote! {
            #[inline(always)]
            fn gradients<R: Real<Scalar = T>>(&self, #all: [R; #count]) -> Sample<R, #derivatives> {
                let [#(#inputs),*] = #all;
                #(#statements)*
                Sample { #value, gradient: [#(#gradient),*], #valid, #kept }
            }
        }
    }
}

/// A field of a struct expression, short where name and value are the same.
fn field(name: &str, value: TokenStream) -> TokenStream {
    let ident = identifier(name);
    if value.to_string() == name { quote!(#ident) } else { quote!(#ident: #value) }
}
