//! Losses whose formulas are read at run time: the compiler's plan, evaluated without a Rust compiler.
//!
//! ```
//! let module = lossdef_engine::load("my.def", "loss scaled(x, y; a = 2.0) = a * (x - y)^2").unwrap();
//! let loss = module.get("scaled").unwrap();
//! let (x, y) = ([1.0, 3.0], [0.0, 1.0]);
//! # use ndarray::aview1;
//! let result = loss.dynamic().call().input("x", &aview1(&x)).input("y", &aview1(&y)).evaluate();
//! assert_eq!(result.unwrap().value.scalar(), Some(5.0));
//! ```
//!
//! Results have the bits that generated code gives (a NaN has no bits worth mentioning): the runtime runs the same
//! operations in the same order, block by block instead of inlined.
//!
//! Descriptions of losses live as long as the program: [`losses`] keeps memory for each call, [`load`] for each
//! text.

mod code;
mod forever;
mod kernels;
mod spec;

use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Mutex, PoisonError};

use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{Compiled, compile};
use lossdef_runtime::dynamic::Loss;
use lossdef_runtime::error::Error;
use lossdef_runtime::spec::Spec;
use lossdef_runtime::tape::{Formula, Variant};
use lossdef_runtime::task::{Outcome, Task};
pub use lossdef_runtime::{any, dynamic, error, reduction};

/// A loss that is evaluated without generated code. Copies are one loss.
#[derive(Clone, Copy)]
pub struct Interpreted(&'static Formula);

impl Interpreted {
    /// The loss behind the interface of all losses.
    pub fn dynamic(&self) -> &'static dyn Loss {
        self.0
    }
}

impl Debug for Interpreted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Interpreted({})", self.0.spec.name)
    }
}

impl Loss for Interpreted {
    fn spec(&self) -> &'static Spec {
        self.0.spec
    }

    fn run_f32(&self, task: Task<'_, '_, f32>) -> Result<Outcome, Error> {
        self.0.run_f32(task)
    }

    fn run_f64(&self, task: Task<'_, '_, f64>) -> Result<Outcome, Error> {
        self.0.run_f64(task)
    }
}

/// The losses of a compiled file, in its order. What they are made of lives as long as the program.
pub fn losses(compiled: &Compiled) -> Vec<Interpreted> {
    let formula = |compiled: &lossdef_compiler::CompiledLoss| {
        let variants = compiled.variants.iter().map(|(variant, plan)| Variant {
            fixed: variant.fixed.clone(),
            kernels: kernels::kernels(&compiled.derived.loss, plan),
        });
        let (spec, variants) = (spec::spec(&compiled.derived), variants.collect());
        Interpreted(Box::leak(Box::new(Formula { spec, variants })))
    };
    compiled.losses.iter().map(formula).collect()
}

/// What is wrong with a text: its diagnostics as text in the manner of rustc, warnings too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rendered}")]
pub struct Report {
    rendered: String,
}

/// The losses of a text.
#[derive(Clone, Copy, Debug)]
pub struct Module(&'static [Interpreted]);

impl Module {
    /// The loss of this name.
    pub fn get(&self, name: &str) -> Option<Interpreted> {
        self.iter().find(|loss| loss.spec().name == name)
    }

    /// All losses, in the order of the text.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Interpreted> + use<> {
        self.0.iter().copied()
    }

    /// The names of all losses, in the order of the text.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &'static str> + use<> {
        self.iter().map(|loss| loss.spec().name)
    }
}

/// Reads the formulas of a text, which diagnostics call `name`. The same text is kept once.
///
/// # Errors
///
/// Where the compiler reports an error; warnings alone are none.
pub fn load(name: &str, text: &str) -> Result<Module, Report> {
    static LOADED: Mutex<Option<HashMap<String, Module>>> = Mutex::new(None);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let loaded = loaded.get_or_insert_default();
    if let Some(module) = loaded.get(text) {
        return Ok(*module);
    }
    let source = SourceFile::new(name, text);
    let compiled = compile(&source);
    if compiled.diagnostics.iter().any(|diagnostic| diagnostic.is_error()) {
        let rendered =
            compiled.diagnostics.iter().map(|diagnostic| render(&source, diagnostic, Style::Plain));
        return Err(Report { rendered: rendered.collect::<Vec<_>>().join("\n") });
    }
    let module = Module(losses(&compiled).leak());
    loaded.insert(text.to_owned(), module);
    Ok(module)
}
