//! The section of one loss: verdict, formula, gradient, curves, checks, hazards, code.

use maud::{Markup, PreEscaped, html};

use super::{badge, figures, thousands, units};
use crate::findings::{Check, Findings, Hazard, Verdict, Worst};
use crate::page::derivation::{Derivation, Step, Typeset};
use crate::page::{Page, Row};
use crate::ulp::Format;

/// The section of a loss.
pub fn section(loss: &Findings) -> Markup {
    let page = &loss.page;
    html! {
        section.loss id=(loss.loss) {
            h2 { a href={ "#" (loss.loss) } { (loss.loss) } " " (badge(loss.verdict())) }
            p.verdict { (verdict(loss)) }
            @for text in &page.doc { p.doc { (prose(text)) } }
            (formula(page))
            h3 { "Gradient" }
            @for derivation in page.derivations.iter().skip(1) { (way(derivation)) }
            @if let Some(value) = page.derivations.first() { (way(value)) }
            @if !page.locals.is_empty() {
                details { summary { "Names used above" } dl.locals {
                    @for (name, text) in &page.locals { dt { code { (name) } } dd { code { (text) } } }
                } }
            }
            @if !page.figures.is_empty() { h3 { "Value and gradient" } (figures::curves(&page.figures)) }
            h3 { "Checks" }
            (checks(&loss.checks))
            (figures::errors(&page.sweeps))
            h3 { "Hazards and conventions" }
            (hazards(loss))
            details.code { summary { "Generated code" } pre { code { (page.code) } } }
        }
    }
}

fn verdict(loss: &Findings) -> String {
    let points: usize = loss.checks.iter().map(|check| check.points).sum();
    let of = |verdict: Verdict| loss.checks.iter().filter(|check| check.verdict == verdict).count();
    let (failed, notes) = (of(Verdict::Fail), of(Verdict::Note));
    let start = match failed {
        0 => "The gradient is the derivative of the formula".to_owned(),
        1 => "One check failed".to_owned(),
        many => format!("{many} checks failed"),
    };
    let end = match notes {
        0 => String::new(),
        1 => "; one remark below".to_owned(),
        many => format!("; {many} remarks below"),
    };
    format!("{start}: {} checks, {} points{end}.", loss.checks.len(), thousands(points))
}

/// A text with `code` in backticks.
fn prose(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A formula, as mathematics where there is that.
fn typeset(formula: &Typeset) -> Markup {
    html! {
        @match &formula.mathml {
            Some(mathml) => div.formula { (PreEscaped(mathml)) },
            None => div.formula { code { (formula.text) } },
        }
    }
}

fn formula(page: &Page) -> Markup {
    html! {
        h3 { "Formula" }
        @if let Some(value) = page.derivations.first().filter(|value| value.raw.mathml.is_some()) { (typeset(&value.raw)) }
        pre.source { code { (page.text) } }
        div.tables {
            (rows("Input", &page.inputs))
            @if !page.parameters.is_empty() { (rows("Parameter", &page.parameters)) }
        }
        p.small {
            "A mean divides by " (page.divisor) "."
            @if let Some(keep) = &page.keep { " Kept are samples where " code { (keep.text) } "." }
        }
    }
}

fn rows(what: &str, rows: &[Row]) -> Markup {
    html! {
        div.scroll { table.plain {
            thead { tr { th { (what) } th { "is" } th { "domain" } th { "default" } } }
            tbody { @for row in rows { tr {
                th scope="row" { code { (row.name) } } td { (row.what) } td { (row.domain) } td { (row.default) }
            } } }
        } }
    }
}

/// From raw to stable.
fn way(derivation: &Derivation) -> Markup {
    html! {
        div.way {
            h4 { (derivation.what) }
            (typeset(&derivation.stable))
            @if derivation.raw.text == derivation.stable.text {
                p.small { "No rule fired: it is computed as it stands." }
            } @else {
                details {
                    summary { (derivation.steps.len()) @if derivation.steps.len() == 1 { " step" } @else { " steps" } " from the raw form" }
                    p.small { @if derivation.what == "value" { "As written" } @else { "As differentiated" } }
                    (typeset(&derivation.raw))
                    ol.steps { @for step in &derivation.steps { (self::step(step)) } }
                }
            }
        }
    }
}

fn step(step: &Step) -> Markup {
    html! {
        li {
            p { b { (step.rule) } span.why { (prose(step.why)) } }
            div.rewrite { (typeset(&step.before)) span.arrow aria-hidden="true" { "\u{2192}" } (typeset(&step.after)) }
            @if let Some(whole) = &step.whole { div.whole { span.small { "so" } (typeset(whole)) } }
        }
    }
}

fn checks(checks: &[Check]) -> Markup {
    html! {
        ul.checks { @for check in checks { li.(class(check.verdict)) {
            p { (badge(check.verdict)) " " b { (check.name) } span.points { (thousands(check.points)) " points" } }
            p.says { (prose(&check.says)) "." }
            @if let Some(worst) = &check.worst { (self::worst(worst)) }
        } } }
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Note => "note",
        Verdict::Fail => "fail",
    }
}

fn worst(worst: &Worst) -> Markup {
    html! {
        details.worst {
            summary { "Worst case" }
            dl {
                dt { (worst.what) ", " (worst.format.name()) } dd { code { (worst.format.text(worst.got)) } }
                dt { "exact" } dd { code { (worst.format.text(worst.expected)) } }
                dt { "apart" } dd { @if worst.unit == "ULP" { (units(worst.error)) } @else { (format!("{:.1e}", worst.error)) } " " (worst.unit) }
                dt { "at" } dd { @for (name, text) in &worst.given { span.given { code { (name) " = " (text) } } " " } }
            }
        }
    }
}

fn hazards(loss: &Findings) -> Markup {
    html! {
        @if loss.conventions.is_empty() { p.small { "The gradient relies on no convention: the formula has no kink." } }
        @else { ul.conventions { @for convention in &loss.conventions { li { (prose(convention)) } } } }
        @if loss.hazards.is_empty() {
            p.small { "At the ends of its domains, at 0, at the largest numbers and at infinities, value and gradient are finite." }
        } @else {
            details {
                summary { (loss.hazards.len()) " places where value or gradient is not a finite number (f64)" }
                div.scroll { table.plain {
                    thead { tr { th { "where" } th { "value" } th { "gradient" } th { "meaning" } } }
                    tbody { @for hazard in &loss.hazards { (self::hazard(hazard)) } }
                } }
            }
        }
    }
}

fn hazard(hazard: &Hazard) -> Markup {
    html! {
        tr {
            td { code { (hazard.input) " = " (Format::F64.text(hazard.at)) }
                 @for (name, text) in &hazard.given { @if name != &hazard.input { ", " code { (name) " = " (text) } } } }
            td { code { (Format::F64.text(hazard.value)) } }
            td { code { (Format::F64.text(hazard.gradient)) } }
            td { (hazard.says) }
        }
    }
}
