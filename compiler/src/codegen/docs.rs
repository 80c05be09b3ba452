//! The documentation of a generated struct: formula, derivatives, domains, conventions.

use crate::audit::Audit;
use crate::derive::Derived;

/// The lines of documentation. Nothing in them can end a code block or start a doctest.
pub fn docs(derived: &Derived, audit: &Audit) -> String {
    let loss = &derived.loss;
    let mut text = String::new();
    for line in loss.doc.lines() {
        text.push_str(harmless(line).trim_start());
        text.push('\n');
    }
    if loss.doc.trim().is_empty() {
        text.push_str(&format!("The loss `{}`.\n", loss.name));
    }
    text.push_str("\n```text\n");
    text.push_str(&harmless(&audit.formula));
    text.push_str("\n\n");
    for gradient in &audit.gradients {
        text.push_str(&harmless(&format!("d/d{} = {}\n", gradient.input, gradient.stable)));
    }
    if !audit.locals.is_empty() {
        text.push_str("where\n");
    }
    for (name, value) in &audit.locals {
        text.push_str(&harmless(&format!("    {name} = {value}\n")));
    }
    text.push_str("```\n\n");
    text.push_str(&format!("`Mean` divides by {}.\n", code_spans(&audit.divisor)));
    for input in &loss.inputs {
        if let Some(domain) = &input.domain {
            text.push_str(&format!("Elements of `{}` lie in `{domain}`; others are an error.\n", input.name));
        }
    }
    if !audit.conventions.is_empty() {
        text.push_str("\nConventions:\n");
    }
    for convention in &audit.conventions {
        text.push_str(&format!("- {convention}.\n"));
    }
    text
}

fn harmless(text: &str) -> String {
    text.replace("```", "'''").replace("~~~", "'''")
}

/// A formula in a sentence stands in backticks.
fn code_spans(divisor: &str) -> String {
    match divisor.strip_prefix("the sum of ") {
        Some(formula) => format!("the sum of `{formula}`"),
        None => divisor.to_owned(),
    }
}
