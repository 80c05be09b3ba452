//! `lossdef expand`: the Rust code that the macro makes of a loss.

use crate::file::{self, Source};
use crate::{Outcome, output};
use lossdef_compiler::text::text;

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// The loss; it may be left out where there is only one.
    loss: Option<String>,
    #[command(flatten)]
    source: Source,
}

/// Prints the audit of a loss as comments, then its code.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let source = arguments.source.read()?;
    let Some(compiled) = file::one(&source, arguments.loss.as_deref())? else { return Ok(Outcome::Findings) };
    output::answer(&text(&compiled)?)?;
    Ok(Outcome::Clean)
}
