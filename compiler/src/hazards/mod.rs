//! What an author would want to know before training: where value or gradient stop being numbers, where digits
//! cancel, what is never used, and what gets no gradient.
//!
//! Input is a loss in stable form, output are warnings. The analysis is one of intervals: an expression is followed
//! through every branch and filter with what their conditions tell about it, from the declared domains to the
//! value and to each gradient. What it says can happen is what it cannot rule out; a warning is answered by a
//! domain, by a bound in the formula, or by `allow(CODE, "reason")`.

mod allow;
mod analysis;
mod cancel;
mod cause;
mod facts;
mod folds;
mod instances;
mod number;
mod points;
mod transfer;
mod undefined;
mod unused;
mod witness;
mod words;

use crate::derive::Derived;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Losses with more expressions than this, derivatives included, are not followed: it would take too long.
const LARGEST: usize = 6000;

/// Reports the warnings of one loss, but for those that it allows.
pub fn find_hazards(derived: &Derived, diagnostics: &mut Diagnostics) {
    diagnostics.enter(&derived.loss.name);
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut report = |diagnostic| found.push(diagnostic);
    unused::unused(derived, &mut report);
    unused::vanishing(derived, &mut report);
    if derived.loss.graph.len() <= LARGEST {
        undefined::find(derived, &mut report);
        cancel::find(derived, &mut report);
    }
    for diagnostic in allow::rest(&derived.loss, found) {
        diagnostics.push(diagnostic);
    }
}
