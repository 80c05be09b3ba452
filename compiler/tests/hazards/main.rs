//! Formulas with a fault each, which must be found, and formulas without one, which must be left alone.

use lossdef_compiler::codes::Severity;
use lossdef_compiler::diagnostic::Diagnostic;
use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{Compiled, compile};
use std::collections::BTreeSet;

fn compiled(name: &str, text: &str) -> (SourceFile, Compiled) {
    let source = SourceFile::new(name, text);
    let compiled = compile(&source);
    for diagnostic in &compiled.diagnostics {
        assert_eq!(
            diagnostic.code.severity,
            Severity::Warning,
            "{}",
            render(&source, diagnostic, Style::Plain)
        );
    }
    (source, compiled)
}

fn of<'a>(compiled: &'a Compiled, loss: &str) -> Vec<&'a Diagnostic> {
    compiled.diagnostics.iter().filter(|diagnostic| diagnostic.item.as_deref() == Some(loss)).collect()
}

#[test]
fn every_fault_is_found() {
    let (source, compiled) = compiled("unsound.def", include_str!("unsound.def"));
    assert!(compiled.losses.len() >= 40);
    let mut wrong = String::new();
    for loss in &compiled.losses {
        let loss = &loss.derived.loss;
        let (wanted, _) = loss.doc.split_once(':').expect("a code");
        let found = of(&compiled, &loss.name);
        let codes: BTreeSet<&str> = found.iter().map(|diagnostic| diagnostic.code.id).collect();
        if codes != wanted.split(' ').collect() {
            wrong += &format!("--- {}: {wanted} is wanted\n", loss.name);
            wrong.extend(found.into_iter().map(|diagnostic| render(&source, diagnostic, Style::Plain)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn nothing_is_said_of_sound_formulas() {
    for (name, text) in
        [("losses.def", include_str!("../../../losses.def")), ("sound.def", include_str!("sound.def"))]
    {
        let (source, compiled) = compiled(name, text);
        assert!(compiled.losses.len() >= 37);
        let said: String =
            compiled.diagnostics.iter().map(|diagnostic| render(&source, diagnostic, Style::Plain)).collect();
        assert!(said.is_empty(), "{said}");
    }
}
