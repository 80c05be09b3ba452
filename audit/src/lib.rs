//! The audit of losses: is the gradient the derivative of the formula, and how many digits are right?
//!
//! In come a compiled loss (`lossdef-compiler`) and a way to call it (`&dyn Loss` of `lossdef-runtime`: generated
//! code, or an engine). Out come [`Findings`]: checks with the worst case of each, as data, and from these
//! [`report`], one HTML file. What is right is worked out here from the formula as written, in wide numbers and by
//! forward mode, and shares nothing with the compiler's derivatives. Nothing depends on the clock or on chance.
//!
//! ```text
//! wide ── oracle ── theirs ─┐
//!              scene, ours ─┴─ checks ── findings ── report
//!                                 page (derivation, curves) ─┘
//! ```

mod checks;
mod findings;
mod oracle;
mod ours;
mod page;
mod report;
mod scene;
mod subject;
mod sweep;
mod theirs;
mod ulp;
mod wide;

pub use findings::{Check, Findings, Hazard, Verdict, Worst};
pub use report::report;
pub use sweep::{Case, Effort, Figures, Row, Span, Swept, sweep, table};
pub use ulp::Format;

use lossdef_compiler::CompiledLoss;
use lossdef_runtime::dynamic::Loss;

/// How thorough an audit is.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Calls at ordinary points for each set of parameters.
    pub calls: usize,
    /// Beyond the middle of the range, one exponent in so many is looked at; in the main sweep of a loss, that of its
    /// first input, 32 times as many: all of them by default.
    pub density: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { calls: 8, density: 32 }
    }
}

/// Audits a loss: `compiled` is what it should be, `callable` is what is called.
pub fn audit(compiled: &CompiledLoss, callable: &dyn Loss, options: &Options) -> Findings {
    let subject = subject::Subject { derived: &compiled.derived, callable };
    let mut checks = checks::slopes::check(&subject, options.calls);
    let (more, sweeps) = checks::accuracy::check(&subject, options.density);
    checks.extend(more);
    checks.iter_mut().for_each(Check::admit);
    Findings {
        loss: compiled.derived.loss.name.clone(),
        checks,
        hazards: checks::edges::find(&subject),
        conventions: compiled.audit.conventions.clone(),
        page: page::page(compiled, &subject, sweeps),
    }
}
