//! What an author would want to know before training: where value or gradient stop being numbers, where digits
//! cancel, what is never used, and what gets no gradient.
//!
//! Input is a loss in stable form, output are warnings. The analysis is one of intervals: an expression is followed
//! through every branch and filter with what their conditions tell about it, from the declared domains to the
//! value and to each gradient. What it says can happen is what it cannot rule out; a warning is answered by a
//! domain, by a bound in the formula, or by `allow(CODE, "reason")`. Where that would take too long, a note says so
//! instead.

mod allow;
mod analysis;
mod arithmetic;
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

use crate::codes;
use crate::derive::Derived;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Losses with more expressions than this, in stable form and derivatives included, are not followed: it would take too long.
const LARGEST: usize = 6000;

/// What value and gradients can be, in warnings; or why that is not known, in words.
fn judge(derived: &Derived) -> Result<Vec<Diagnostic>, String> {
    let gradients = derived.gradients.iter().map(|gradient| gradient.own.stable);
    let roots: Vec<_> = gradients.chain([derived.value.stable]).chain(derived.keep).collect();
    let size = derived.loss.graph.reachable(&roots).len();
    if size > LARGEST {
        return Err(format!(
            "with its derivatives, it has {size} expressions, of which {LARGEST} would be followed"
        ));
    }
    let mut warnings = undefined::find(derived)?;
    warnings.extend(cancel::find(derived)?);
    Ok(warnings)
}

fn not_judged(derived: &Derived, too_much: &str) -> Diagnostic {
    let message = format!("whether `{}` and its gradients are finite is not known", derived.loss.name);
    Diagnostic::new(&codes::NOT_JUDGED, message, derived.loss.span)
        .label("too large to be followed from its domains to its results")
        .note(too_much)
        .note("`lossdef audit` tries it on numbers; `allow(L0707, \"reason\")` says that this is known")
}

/// Reports the warnings of one loss, but for those that it allows.
pub fn find_hazards(derived: &Derived, diagnostics: &mut Diagnostics) {
    diagnostics.enter(&derived.loss.name);
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut report = |diagnostic| found.push(diagnostic);
    unused::unused(derived, &mut report);
    unused::vanishing(derived, &mut report);
    let judged = judge(derived);
    let is_judged = judged.is_ok();
    match judged {
        Ok(warnings) => found.extend(warnings),
        Err(too_much) => found.push(not_judged(derived, &too_much)),
    }
    for diagnostic in allow::rest(&derived.loss, found, is_judged) {
        diagnostics.push(diagnostic);
    }
}
