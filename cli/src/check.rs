//! `lossdef check`: every error, warning and note of files, as the compiler prints them or as JSON.

use crate::{Format, Outcome, file, output};
use lossdef_compiler::codes::Severity;
use lossdef_compiler::compile;
use lossdef_compiler::diagnostic::Diagnostic;
use lossdef_compiler::render::render;
use lossdef_compiler::source::SourceFile;
use serde_json::{Value, json};

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// Files of losses; `-` is standard input. Without any, the losses that come with the crate.
    files: Vec<String>,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Checks files; what cannot be read is an error of the call.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let paths: Vec<Option<&str>> = match arguments.files.as_slice() {
        [] => vec![None],
        files => files.iter().map(|file| Some(file.as_str())).collect(),
    };
    let sources = paths.into_iter().map(file::read).collect::<Result<Vec<_>, String>>()?;
    let (mut losses, mut errors, mut warnings, mut notes) = (0, 0, 0, 0);
    let mut text = String::new();
    let mut list = Vec::new();
    for source in &sources {
        let compiled = compile(source);
        losses += compiled.losses.len();
        for diagnostic in &compiled.diagnostics {
            *match diagnostic.code.severity {
                Severity::Error => &mut errors,
                Severity::Warning => &mut warnings,
                Severity::Note => &mut notes,
            } += 1;
            match arguments.format {
                Format::Text => {
                    text.push_str(&format!("{}\n\n", render(source, diagnostic, output::style())))
                }
                Format::Json => list.push(entry(source, diagnostic)),
            }
        }
    }
    match arguments.format {
        Format::Text => text.push_str(&format!(
            "{}: {}, {}{}\n",
            count(losses, "sound loss", "sound losses"),
            count(errors, "error", "errors"),
            count(warnings, "warning", "warnings"),
            if notes == 0 { String::new() } else { format!(", {}", count(notes, "note", "notes")) }
        )),
        Format::Json => text = format!("{:#}\n", Value::Array(list)),
    }
    output::answer(&text)?;
    Ok(if errors + warnings == 0 { Outcome::Clean } else { Outcome::Findings })
}

fn count(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}

fn entry(source: &SourceFile, diagnostic: &Diagnostic) -> Value {
    let at =
        diagnostic.labels.iter().find(|label| label.primary).map_or(0, |label| label.span.start as usize);
    let before = source.text.get(..at).unwrap_or(&source.text);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    json!({
        "code": diagnostic.code.id,
        "severity": match diagnostic.code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        "message": diagnostic.message,
        "file": source.name,
        "line": before.matches('\n').count() + 1,
        "column": before[start..].chars().count() + 1,
        "notes": diagnostic.notes,
    })
}
