//! Warnings that the loss allows, and clauses that allow what does not happen.

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::ir::Loss;

/// What only following a formula tells.
const OF_NUMBERS: [&str; 4] =
    [codes::VALUE_NOT_FINITE.id, codes::GRADIENT_NOT_FINITE.id, codes::OVERFLOW.id, codes::CANCELLATION.id];

/// The warnings that the loss does not allow.
pub(super) fn rest(loss: &Loss, mut found: Vec<Diagnostic>, is_judged: bool) -> Vec<Diagnostic> {
    let mut needless = Vec::new();
    for allow in &loss.allows {
        let before = found.len();
        found.retain(|diagnostic| diagnostic.code.id != allow.code.id);
        // Of a formula that was not followed, nobody knows whether it needs what it allows.
        let known = is_judged || !OF_NUMBERS.contains(&allow.code.id);
        if found.len() == before && known {
            let message = format!("nothing here needs `allow({}, ...)`", allow.code.id);
            let note = format!("`{}` stands for: {}", allow.code.id, allow.code.title);
            needless.push(Diagnostic::new(&codes::UNUSED, message, allow.span).note(note));
        }
    }
    found.extend(needless);
    found
}
