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
        assert_ne!(
            diagnostic.code.severity,
            Severity::Error,
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

/// What is said of one loss in a text, by code and notes.
fn said(text: &str) -> Vec<(&'static str, String)> {
    let (_, compiled) = compiled("large.def", text);
    compiled.diagnostics.iter().map(|diagnostic| (diagnostic.code.id, diagnostic.notes.join("\n"))).collect()
}

/// A formula that is not followed says so, and why; `allow` answers it, and what else is allowed is not called needless.
#[test]
fn what_is_not_judged_is_said() {
    let step = "fn step(x, y) = if x > y then log(x - y / 2) else x * y\n";
    let combined = (0..8).fold("x".to_owned(), |inner, i| format!("step({inner}, y + {i})"));
    let term = |i| format!("sigmoid({i} * x + y) * softplus(y - {i} * x) * sigmoid(x - {i} * y)");
    let large = (2..300).map(term).collect::<Vec<String>>().join(" + ");
    let branches = (0..40).fold("e".to_owned(), |inner, i| format!("if x > k + {i} then {inner} else 0"));
    let within = (0..5).fold("x".to_owned(), |inner, i| format!("nest(x, {inner}, {})", 40 * i));
    let deep = format!("fn nest(x, e, k) = {branches}\nloss f(x) = {within}");
    for (text, why) in [
        (format!("{step}loss f(x, y) = {combined}"), "too many combinations"),
        (format!("loss f(x, y) = {large}"), "expressions, of which 6000"),
        (deep, "more than 150 deep"),
    ] {
        let found = said(&text);
        let [(code, notes)] = found.as_slice() else { panic!("{found:?}") };
        assert!(*code == "L0707" && notes.contains(why), "{found:?}");
        assert_eq!(said(&format!("{text}\nallow(L0707, \"it is large\") allow(L0703, \"who knows\")")), []);
    }
    let needless = said("loss f(x, y) = x * y allow(L0707, \"it is large\")");
    assert!(matches!(needless.as_slice(), [("L0701", _)]), "{needless:?}");
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
