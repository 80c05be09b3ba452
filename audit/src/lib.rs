//! audit
mod checks;
mod findings;
mod oracle;
mod ours;
mod page;
mod report;
mod scene;
mod subject;
mod theirs;
mod ulp;
mod wide;

pub use report::report;
pub use findings::{Check, Findings, Hazard, Verdict, Worst};
use lossdef_compiler::CompiledLoss;
use lossdef_runtime::dynamic::Loss;

/// How thorough an audit is.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Calls at ordinary points for each set of parameters.
    pub calls: usize,
    /// Beyond the middle of the range, one exponent in so many is looked at, but in the main sweep, which takes all.
    pub density: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { calls: 12, density: 16 }
    }
}

/// Audits a loss: `compiled` is what it should be, `callable` is what is called.
pub fn audit(compiled: &CompiledLoss, callable: &dyn Loss, options: &Options) -> Findings {
    let subject = subject::Subject { derived: &compiled.derived, callable };
    let mut checks = checks::slopes::check(&subject, options.calls);
    let (more, sweeps) = checks::accuracy::check(&subject, options.density);
    checks.extend(more);
    Findings {
        loss: compiled.derived.loss.name.clone(),
        checks,
        hazards: checks::edges::find(&subject),
        conventions: compiled.audit.conventions.clone(),
        page: page::page(compiled, &subject, sweeps),
    }
}
