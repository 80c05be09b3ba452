//! The whole compiler, read top to bottom.

use crate::audit::{Audit, audit};
use crate::check::check;
use crate::codegen::{catalogue, check_names, generate};
use crate::convention::apply_conventions;
use crate::derive::{Derived, derive};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::hazards::find_hazards;
use crate::ir::Loss;
use crate::parser::parse;
use crate::plan::Plan;
use crate::schedule::schedule;
use crate::source::SourceFile;
use crate::specialize::{Variant, specialize};
use proc_macro2::TokenStream;
use std::collections::HashMap;

/// A compiled file.
pub struct Compiled {
    /// The losses that are sound, in the order of the text.
    pub losses: Vec<CompiledLoss>,
    /// The catalogue of those losses.
    pub catalogue: TokenStream,
    /// Errors and warnings, in order of position.
    pub diagnostics: Vec<Diagnostic>,
}

/// A compiled loss.
pub struct CompiledLoss {
    /// Formula, derivatives and their stable forms.
    pub derived: Derived,
    /// One plan per combination of listed parameters.
    pub variants: Vec<(Variant, Plan)>,
    /// Facts for reviewers.
    pub audit: Audit,
}

impl CompiledLoss {
    /// The Rust items.
    pub fn items(&self) -> TokenStream {
        generate(&self.derived, &self.audit, &self.variants)
    }
}

/// Compiles a file. Losses with errors are left out and reported; the others are complete.
pub fn compile(source: &SourceFile) -> Compiled {
    compile_where(source, |_| true)
}

/// Checks a whole file, and takes only the losses that are wanted by name the rest of the way.
pub fn compile_where(source: &SourceFile, wanted: impl Fn(&str) -> bool) -> Compiled {
    let mut diagnostics = Diagnostics::new();
    let module = parse(source, &mut diagnostics);
    let mut losses = check(source, &module, &mut diagnostics);
    let mut types = HashMap::new();
    losses.retain(|loss| check_names(loss, &mut types, &mut diagnostics));
    losses.retain(|loss| wanted(&loss.name));
    let losses: Vec<CompiledLoss> =
        losses.into_iter().filter_map(|loss| compile_loss(loss, &mut diagnostics)).collect();
    let catalogue = catalogue(losses.iter().map(|compiled| &compiled.derived.loss));
    Compiled { losses, catalogue, diagnostics: diagnostics.finish() }
}

/// Takes a checked loss the rest of the way.
fn compile_loss(mut loss: Loss, diagnostics: &mut Diagnostics) -> Option<CompiledLoss> {
    apply_conventions(&mut loss);
    let derived = derive(loss, diagnostics)?;
    find_hazards(&derived, diagnostics);
    let mut variants = Vec::new();
    for variant in specialize(&derived, diagnostics)? {
        let plan = schedule(&derived.loss, &variant, diagnostics)?;
        variants.push((variant, plan));
    }
    let audit = audit(&derived);
    Some(CompiledLoss { derived, variants, audit })
}
