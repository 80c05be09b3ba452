//! `lossdef audit`: is every gradient the derivative of its formula, and how many digits are right? A line for each
//! loss in the terminal, and a report in HTML and in JSON.

use crate::file::{self, Source};
use crate::{Format, Outcome, output};
use lossdef_audit::{Findings, Options, report};
use std::fs;
use std::path::{Path, PathBuf};

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// The losses; all of the file without any.
    losses: Vec<String>,
    #[command(flatten)]
    source: Source,
    /// The folder for the report; it is made where there is none.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The form of the answer in the terminal.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Audits losses and writes `index.html` and `audit.json`. A check that fails is a finding, as is a loss that does
/// not compile; the others are audited all the same.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let source = arguments.source.read()?;
    let (compiled, sound) = file::several(&source, &arguments.losses)?;
    // A folder that cannot be written to is better known before the work than after.
    fs::create_dir_all(&arguments.out).map_err(|error| format!("{}: {error}", arguments.out.display()))?;
    let mut all: Vec<Findings> = Vec::new();
    for (loss, callable) in compiled.losses.iter().zip(lossdef_engine::losses(&compiled)) {
        let findings = lossdef_audit::audit(loss, callable.dynamic(), &Options::default());
        if arguments.format == Format::Text {
            output::answer(&(findings.summary().join("\n") + "\n"))?;
        }
        all.push(findings);
    }
    let json = serde_json::to_string_pretty(&all).map_err(|error| error.to_string())? + "\n";
    let page = arguments.out.join("index.html");
    write(&page, &report(&source.name, &all))?;
    write(&arguments.out.join("audit.json"), &json)?;
    match arguments.format {
        Format::Text => output::answer(&format!("the report is {}\n", page.display()))?,
        Format::Json => output::answer(&json)?,
    }
    Ok(if sound && all.iter().all(Findings::passed) { Outcome::Clean } else { Outcome::Findings })
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
