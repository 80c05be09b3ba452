//! `allow` clauses: a code of a warning, and a reason.

use super::suggest::nearest;
use crate::ast;
use crate::codes::{self, Severity};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::Allow;

/// The warnings that a loss allows.
pub(super) fn check(loss: &ast::Loss, diagnostics: &mut Diagnostics) -> Vec<Allow> {
    loss.allows.iter().filter_map(|allow| one(allow, diagnostics)).collect()
}

fn one(allow: &ast::Allow, diagnostics: &mut Diagnostics) -> Option<Allow> {
    let ast::Allow { code: name, reason, span } = allow;
    let Some(code) = codes::ALL.iter().find(|code| code.id == name.name) else {
        let message = format!("no warning has the code `{}`", name.name);
        let mut diagnostic = Diagnostic::new(&codes::UNKNOWN_NAME, message, name.span);
        let warnings = codes::ALL.iter().filter(|code| code.severity != Severity::Error).map(|code| code.id);
        if let Some(close) = nearest(&name.name, warnings) {
            diagnostic = diagnostic.suggest(format!("did you mean `{close}`?"), name.span, close);
        }
        diagnostics.push(diagnostic.note("a warning shows its code in brackets, as in `warning[L0703]`"));
        return None;
    };
    if code.severity == Severity::Error {
        let message = format!("`{}` is an error, which nothing allows", code.id);
        let note = format!("it stands for: {}", code.title);
        diagnostics.push(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, name.span).note(note));
        return None;
    }
    if reason.is_empty() {
        let message = format!("there is no reason to allow `{}`", code.id);
        let note = "say in a few words why the warning does not matter, for those who read the formula";
        diagnostics.push(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, *span).note(note));
        return None;
    }
    Some(Allow { code, reason: reason.clone(), span: *span })
}
