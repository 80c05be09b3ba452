//! Variants put in order: plans.
//!
//! An elementwise loss is ordered in `samples`, one over named axes in `rows`; both start from the values in
//! `values`.

mod rows;
mod samples;
mod values;

use crate::diagnostic::Diagnostics;
use crate::ir::Loss;
use crate::plan::Plan;
use crate::specialize::Variant;

/// Orders a variant; `None`, with a diagnostic, where it needs a nest of loops that is not built yet.
pub fn schedule(loss: &Loss, variant: &Variant, diagnostics: &mut Diagnostics) -> Option<Plan> {
    if loss.is_elementwise() {
        return Some(Plan::Samples(samples::schedule(variant)));
    }
    rows::schedule(loss, variant, diagnostics).map(|plan| Plan::Rows(Box::new(plan)))
}
