//! `lossdef list`: the losses of a file, a line each.

use crate::{Format, Outcome, file, output};
use lossdef_compiler::check::check;
use lossdef_compiler::diagnostic::Diagnostics;
use lossdef_compiler::ir::Loss;
use lossdef_compiler::parser::parse;
use serde_json::{Value, json};

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// A file of losses; `-` is standard input. Without it, the losses that come with the crate.
    file: Option<String>,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Lists the sound losses; that others are left out is said on standard error.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let source = file::read(arguments.file.as_deref())?;
    let mut diagnostics = Diagnostics::new();
    let module = parse(&source, &mut diagnostics);
    let losses = check(&source, &module, &mut diagnostics);
    let errors = diagnostics.errors();
    output::answer(&match arguments.format {
        Format::Text => table(&losses),
        Format::Json => format!("{:#}\n", losses.iter().map(entry).collect::<Value>()),
    })?;
    if errors == 0 {
        return Ok(Outcome::Clean);
    }
    output::error(&format!("{} has mistakes; `lossdef check` shows them\n", source.name));
    Ok(Outcome::Findings)
}

fn table(losses: &[Loss]) -> String {
    let call = |loss: &Loss| {
        let inputs: Vec<&str> = loss.inputs.iter().map(|input| input.name.as_str()).collect();
        let parameters: Vec<&str> = loss.parameters.iter().map(|p| p.name.as_str()).collect();
        let parameters =
            if parameters.is_empty() { String::new() } else { format!("; {}", parameters.join(", ")) };
        format!("({}{parameters})", inputs.join(", "))
    };
    let wide = losses.iter().map(|loss| loss.name.len()).max().unwrap_or(0);
    let calls: Vec<String> = losses.iter().map(call).collect();
    let long = calls.iter().map(String::len).max().unwrap_or(0).min(56);
    let line = |(loss, call): (&Loss, &String)| {
        format!("{:wide$}  {call:long$}  {}", loss.name, sentence(&loss.doc)).trim_end().to_owned() + "\n"
    };
    losses.iter().zip(&calls).map(line).collect()
}

fn entry(loss: &Loss) -> Value {
    json!({
        "name": loss.name,
        "inputs": loss.inputs.iter().map(|input| json!({
            "name": input.name,
            "required": input.default.is_none(),
            "differentiable": input.is_differentiable(),
        })).collect::<Value>(),
        "parameters": loss.parameters.iter().map(|parameter| json!({
            "name": parameter.name,
            "default": parameter.default.map(|x| if x.is_finite() { json!(x) } else { json!(x.to_string()) }),
        })).collect::<Value>(),
        "summary": sentence(&loss.doc),
    })
}

/// The first sentence of a documentation.
fn sentence(doc: &str) -> String {
    let words = doc.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    match words.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => words,
    }
}
