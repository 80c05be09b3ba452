//! Values of a plan as Rust expressions over a number type.

use super::names::Namer;
use crate::functions::{Spelling, row};
use crate::ir::Scalar;
use crate::plan::{Operation, ValueId, Values};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use std::collections::HashMap;

/// An expression that takes more operators than this gets a name.
const LONGEST: u32 = 5;

/// Straight-line code for some values of one stage.
pub struct Block<'a> {
    values: &'a Values,
    namer: &'a Namer,
    /// How often each value is read by those that are needed.
    reads: HashMap<ValueId, usize>,
    /// Values that are in scope under their names.
    bound: HashMap<ValueId, TokenStream>,
    /// Where results that have names of their own are computed.
    targets: HashMap<ValueId, proc_macro2::Ident>,
}

impl<'a> Block<'a> {
    /// For values that lead to `outputs` from those that are `given`.
    pub fn new(
        values: &'a Values,
        namer: &'a Namer,
        outputs: &[ValueId],
        given: impl Fn(ValueId) -> bool,
    ) -> Self {
        let mut reads = HashMap::new();
        for id in values.needed_beyond(outputs, &given) {
            if given(id) {
                continue;
            }
            for operand in values.get(id).operation.operands() {
                *reads.entry(operand).or_default() += 1;
            }
        }
        for output in outputs {
            *reads.entry(*output).or_default() += 1;
        }
        Block { values, namer, reads, bound: HashMap::new(), targets: HashMap::new() }
    }

    /// Puts a value in scope.
    pub fn bind(&mut self, id: ValueId, tokens: TokenStream) {
        self.bound.insert(id, tokens);
    }

    /// Gives the value of an output a name.
    pub fn target(&mut self, id: ValueId, name: proc_macro2::Ident) {
        self.targets.entry(id).or_insert(name);
    }

    /// The `let` of a value, where it deserves one; it is in scope from then on.
    pub fn statement(&mut self, id: ValueId) -> Option<TokenStream> {
        if self.bound.contains_key(&id) || self.values.get(id).is_literal() {
            return None;
        }
        let reads = self.reads.get(&id).copied().unwrap_or(0);
        let value = self.values.get(id);
        let target = self.targets.get(&id).cloned();
        if reads < 2 && value.name.is_none() && target.is_none() && self.size(id) <= LONGEST {
            return None;
        }
        let name = target.unwrap_or_else(|| self.namer.of(id));
        let expression = self.whole(id, 0);
        self.bound.insert(id, quote!(#name));
        Some(quote!(let #name = #expression;))
    }

    /// A value: its name, or its expression where it has none.
    pub fn value(&self, id: ValueId) -> TokenStream {
        self.operand(id, 0)
    }

    /// A value that a method is called on.
    pub fn receiver(&self, id: ValueId) -> TokenStream {
        self.operand(id, ATOM)
    }

    /// How many operators an expression takes, up to values with names.
    fn size(&self, id: ValueId) -> u32 {
        let operands = self.values.get(id).operation.operands();
        let below: u32 = operands
            .into_iter()
            .filter(|operand| !self.bound.contains_key(operand))
            .map(|operand| self.size(operand))
            .sum();
        1 + below - u32::from(self.values.get(id).is_literal())
    }

    fn operand(&self, id: ValueId, outer: u8) -> TokenStream {
        match self.bound.get(&id) {
            Some(name) => name.clone(),
            None => self.whole(id, outer),
        }
    }

    /// The expression of a value, in parentheses where its surroundings bind tighter.
    fn whole(&self, id: ValueId, outer: u8) -> TokenStream {
        let (tokens, inner) = match &self.values.get(id).operation {
            Operation::Real(x) => (literal(*x), ATOM),
            Operation::Bool(truth) => (quote!(#truth), ATOM),
            Operation::Input(_) | Operation::Parameter(_) => {
                let name = self.namer.of(id);
                (quote!(#name), ATOM)
            }
            Operation::Select(c, a, b) => {
                let (c, a, b) = (self.operand(*c, 0), self.operand(*a, 0), self.operand(*b, 0));
                match self.values.get(id).scalar {
                    Scalar::Real => (quote!(R::select(#c, #a, #b)), ATOM),
                    Scalar::Bool => (quote!(if #c { #a } else { #b }), 0),
                }
            }
            // These are read, never computed.
            Operation::Index(_) | Operation::Size(_) | Operation::Upstream | Operation::Member(_) => {
                let name = self.namer.of(id);
                (quote!(#name), ATOM)
            }
            Operation::Gather(..) | Operation::Fold(..) => {
                let name = self.namer.of(id);
                (quote!(#name), ATOM)
            }
            Operation::Divisor(a) => {
                let a = self.operand(*a, ATOM);
                (quote!(Divisor::new(#a.get())), ATOM)
            }
            Operation::Over(a, divisor) => {
                let (a, divisor) = (self.operand(*a, ATOM), self.operand(*divisor, 0));
                (quote!(#a.over(#divisor)), ATOM)
            }
            Operation::Apply(function, arguments) => self.apply(row(*function).spelling, arguments),
        };
        if inner < outer { quote!((#tokens)) } else { tokens }
    }

    fn apply(&self, spelling: Spelling, arguments: &[ValueId]) -> (TokenStream, u8) {
        match spelling {
            Spelling::Method(name) => {
                let name = super::names::identifier(name);
                let receiver = self.operand(arguments[0], ATOM);
                let others = arguments[1..].iter().map(|argument| self.operand(*argument, 0));
                (quote!(#receiver.#name(#(#others),*)), ATOM)
            }
            Spelling::Prefix(sign) => {
                let sign: TokenStream = sign.parse().unwrap_or_default();
                let operand = self.operand(arguments[0], PREFIX);
                (quote!(#sign #operand), PREFIX)
            }
            Spelling::Infix(sign) => {
                let precedence = precedence(sign);
                let tokens: TokenStream = sign.parse().unwrap_or_default();
                let left = self.operand(arguments[0], precedence + u8::from(precedence == COMPARISON));
                let right = self.operand(arguments[1], precedence + 1);
                (quote!(#left #tokens #right), precedence)
            }
        }
    }
}

const COMPARISON: u8 = 1;
const PREFIX: u8 = 6;
const ATOM: u8 = 7;

/// How tightly Rust's operators bind.
fn precedence(sign: &str) -> u8 {
    match sign {
        "|" => 2,
        "&" => 3,
        "+" | "-" => 4,
        "*" | "/" => 5,
        _ => COMPARISON,
    }
}

/// A constant of the formula over the number type.
fn literal(x: f64) -> TokenStream {
    let number = number(x);
    quote!(R::lit(#number))
}

/// A constant as an `f64`.
pub fn number(x: f64) -> TokenStream {
    if x.is_nan() {
        quote!(f64::NAN)
    } else if x.is_infinite() {
        if x > 0.0 { quote!(f64::INFINITY) } else { quote!(f64::NEG_INFINITY) }
    } else {
        let magnitude = magnitude(x.abs());
        if x.is_sign_negative() { quote!(-#magnitude) } else { quote!(#magnitude) }
    }
}

/// A finite number as few digits as it takes: `0.5`, `1e-12`.
fn magnitude(x: f64) -> Literal {
    let decimal = Literal::f64_unsuffixed(x);
    match format!("{x:e}").parse::<Literal>() {
        Ok(scientific) if !(1e-4..1e9).contains(&x) && x != 0.0 => scientific,
        _ => decimal,
    }
}
