//! The report: one HTML file with nothing outside of it, from findings.
//!
//! In come findings, out goes text. The markup stands here and in `section`, the look in `style.css`, the pictures
//! in `plot` (axes and curves) and `figures` (which curves, with their captions).

mod figures;
mod plot;
mod section;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::checks::accuracy::FINE;
use crate::findings::{Findings, Verdict};

/// One HTML file for all these losses.
pub fn report(title: &str, findings: &[Findings]) -> String {
    let failed = findings.iter().filter(|loss| !loss.passed()).count();
    let checks: usize = findings.iter().map(|loss| loss.checks.len()).sum();
    let points: usize = findings.iter().flat_map(|loss| &loss.checks).map(|check| check.points).sum();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                header.top {
                    p.eyebrow { "Audit of gradients" }
                    h1 { (title) }
                    p.lead {
                        @match failed {
                            0 => { "Every gradient is the derivative that its formula says. " }
                            1 => { "One loss of " (findings.len()) " has a check that failed. " }
                            _ => { (failed) " losses of " (findings.len()) " have a check that failed. " }
                        }
                        (checks) " checks of " (findings.len()) (if findings.len() == 1 { " loss" } else { " losses" })
                        " at " (thousands(points)) " points."
                    }
                    (guide())
                }
                (index(findings))
                main { @for loss in findings { (section::section(loss)) } }
                footer { p { "Made by " code { "lossdef audit" } ". The same input gives the same report, byte for byte." } }
            }
        }
    }
    .into_string()
}

/// How to read it, folded.
fn guide() -> Markup {
    html! {
        details.guide {
            summary { "How to read this" }
            p {
                "Each loss has a verdict, and the worst case of each check with all its inputs. "
                b { "Exact" } " numbers come from the formula as written, in arithmetic of 512 bits with exponents "
                "without bounds, and its derivative by forward mode; neither uses the compiler's derivative. "
                b { "Naive" } " is the formula as written, each operation rounded to f32 or f64. "
                b { "Ours" } " is what the loss gives when it is called."
            }
            p {
                "Errors are in ULP, units in the last place of the exact result: up to a few is as good as the "
                "format allows; 2" sup { "24" } " in f32 and 2" sup { "53" } " in f64 mean that no digit is right. "
                (badge(Verdict::Pass)) " is as it shall be, "
                (badge(Verdict::Note)) " something to know: digits that its stable form loses at some inputs, or a gradient "
                "that the author parted from the value. " (badge(Verdict::Fail)) " is wrong."
            }
        }
    }
}

fn index(findings: &[Findings]) -> Markup {
    html! {
        nav.index aria-label="Losses" {
            table {
                thead { tr {
                    th scope="col" { "Loss" }
                    th scope="col" { "Verdict" }
                    th.num scope="col" { "Gradient, f32" }
                    th.num scope="col" { "f64" }
                    th.wide scope="col" { "Remarks" }
                } }
                tbody {
                    @for loss in findings {
                        tr {
                            th scope="row" { a href={ "#" (loss.loss) } { (loss.loss) } }
                            td { (badge(loss.verdict())) }
                            @for format in ["f32", "f64"] {
                                td.num { (worst_of(loss, format)) }
                            }
                            td.wide { (remark(loss)) }
                        }
                    }
                }
            }
            p.caption {
                "Largest error of the gradient over the whole range, in ULP of the exact result; or \u{201c}as inputs\u{201d}: no "
                "further off than the last bits of the inputs move the exact result."
             }
        }
    }
}

fn worst_of(loss: &Findings, format: &str) -> String {
    let found = loss.checks.iter().find(|check| check.name.starts_with(&format!("Gradient in {format}")));
    let Some(check) = found else { return "0".to_owned() };
    match &check.worst {
        None => "0".to_owned(),
        Some(worst) if check.verdict == Verdict::Pass && worst.error > FINE => "as inputs".to_owned(),
        Some(worst) => units(worst.error),
    }
}

/// A number of units, short.
fn units(x: f64) -> String {
    match x {
        x if x.is_infinite() => "\u{221e}".to_owned(),
        x if x < 1000.0 => format!("{x:.1}"),
        x => format!("{x:.0e}"),
    }
}

fn remark(loss: &Findings) -> String {
    let not_passed =
        loss.checks.iter().filter(|check| check.verdict == loss.verdict() && check.verdict != Verdict::Pass);
    let names: Vec<&str> = not_passed.map(|check| check.name.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}

/// A verdict as a word with a colour and a sign of its own.
fn badge(verdict: Verdict) -> Markup {
    let (class, sign, word) = match verdict {
        Verdict::Pass => ("pass", "\u{2713}", "pass"),
        Verdict::Note => ("note", "!", "note"),
        Verdict::Fail => ("fail", "\u{2717}", "fail"),
    };
    html! { span.badge.(class) { span aria-hidden="true" { (sign) } " " (word) } }
}

/// A whole number with its thousands apart.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}
