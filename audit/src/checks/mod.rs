//! The checks of one loss.

pub mod accuracy;
pub mod edges;
pub mod slopes;

use crate::findings::Worst;

/// Keeps the case with the largest error.
pub fn keep_worst(known: &mut Option<Worst>, error: f64, make: impl FnOnce() -> Worst) {
    if error > known.as_ref().map_or(0.0, |worst| worst.error) {
        *known = Some(make());
    }
}
