//! The fields of a generated struct: what depends on parameters alone, computed once per call.

use super::expression::Block;
use super::names::Namer;
use crate::ir::Scalar;
use crate::plan::{Operation, ValueId, Values};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// The fields that some straight-line code needs.
pub struct Fields<'a> {
    values: &'a Values,
    namer: &'a Namer,
    ids: Vec<ValueId>,
}

/// A struct with its fields.
pub struct Structure {
    /// Its definition, and its constructor where it has fields.
    pub items: TokenStream,
    /// What stands behind `impl`: its own generic parameter, where it has one.
    pub name: TokenStream,
    /// How it is made from `parameters`.
    pub construction: TokenStream,
}

impl<'a> Fields<'a> {
    /// The fields for code that computes `outputs` from those values that are `given`.
    pub fn new(
        values: &'a Values,
        namer: &'a Namer,
        outputs: &[ValueId],
        given: impl Fn(ValueId) -> bool,
    ) -> Self {
        let needed = values.needed_beyond(outputs, &given);
        let is_field = |id: &ValueId| {
            let read = |reader: &ValueId| {
                let value = values.get(*reader);
                !value.fixed && !given(*reader) && value.operation.operands().contains(id)
            };
            let value = values.get(*id);
            value.fixed && !value.is_literal() && (needed.iter().any(read) || outputs.contains(id))
        };
        let ids = needed.iter().copied().filter(is_field).collect();
        Fields { values, namer, ids }
    }

    /// The struct that holds them.
    pub fn structure(&self, name: &Ident) -> Structure {
        let generic = self.ids.iter().any(|id| self.values.get(*id).scalar == Scalar::Real);
        let (declared, implemented) = if generic {
            (quote!(#name<T>), quote!(<T: Float> #name<T>))
        } else {
            (quote!(#name), quote!(#name))
        };
        let types = self.ids.iter().map(|id| {
            let (name, ty) = (self.namer.of(*id), self.field_type(*id));
            quote!(#name: #ty)
        });
        let structure = quote! {
            #[derive(Clone, Copy)]
            struct #declared { #(#types),* }
        };
        if self.ids.is_empty() {
            return Structure { items: structure, name: declared, construction: quote!(#name {}) };
        }
        let new = self.constructor();
        Structure {
            items: quote!(#structure impl #implemented { #new }),
            name: declared,
            construction: quote!(#name::new(parameters)),
        }
    }

    fn field_type(&self, id: ValueId) -> TokenStream {
        let value = self.values.get(id);
        match (&value.operation, value.scalar) {
            (Operation::Divisor(_), _) => quote!(Divisor<T>),
            (_, Scalar::Real) => quote!(T),
            (_, Scalar::Bool) => quote!(bool),
        }
    }

    /// Computes the fields, in f64.
    fn constructor(&self) -> TokenStream {
        let all = self.namer.own("parameters");
        let mut block = Block::new(self.values, self.namer, &self.ids, |_| false);
        let mut statements = Vec::new();
        for id in self.values.needed(&self.ids) {
            if let Operation::Parameter(parameter) = self.values.get(id).operation {
                let name = self.namer.of(id);
                let parameter = Literal::usize_unsuffixed(parameter);
                statements.push(quote!(let #name = R::of(#all[#parameter]);));
                block.bind(id, quote!(#name));
            } else if self.values.get(id).scalar == Scalar::Real {
                statements.extend(block.statement(id));
            }
        }
        let inits = self.ids.iter().map(|id| {
            let (name, value, receiver) = (self.namer.of(*id), block.value(*id), block.receiver(*id));
            match (&self.values.get(*id).operation, self.values.get(*id).scalar) {
                (Operation::Divisor(_), _) | (_, Scalar::Bool) => quote!(#name: #value),
                (_, Scalar::Real) => quote!(#name: T::from_f64(#receiver.get())),
            }
        });
        quote! {
            fn new(#all: &[f64]) -> Self {
                type R = ::lossdef::__private::Constant;
                #(#statements)*
                Self { #(#inits),* }
            }
        }
    }

    /// Brings the fields into the scope of a method.
    pub fn bind(&self, block: &mut Block<'_>) -> Vec<TokenStream> {
        let mut statements = Vec::new();
        for id in &self.ids {
            let name = self.namer.of(*id);
            let value = self.values.get(*id);
            if value.scalar == Scalar::Real && !matches!(value.operation, Operation::Divisor(_)) {
                statements.push(quote!(let #name = R::of(self.#name);));
                block.bind(*id, quote!(#name));
            } else {
                block.bind(*id, quote!(self.#name));
            }
        }
        statements
    }
}
