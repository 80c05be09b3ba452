//! Warnings that the loss allows, and clauses that allow what does not happen.

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::ir::Loss;

/// The warnings that the loss does not allow.
pub(super) fn rest(loss: &Loss, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut needless = Vec::new();
    for allow in &loss.allows {
        let before = found.len();
        found.retain(|diagnostic| diagnostic.code.id != allow.code.id);
        if found.len() == before {
            let message = format!("nothing here needs `allow({}, ...)`", allow.code.id);
            let note = format!("`{}` stands for: {}", allow.code.id, allow.code.title);
            needless.push(Diagnostic::new(&codes::UNUSED, message, allow.span).note(note));
        }
    }
    found.extend(needless);
    found
}
