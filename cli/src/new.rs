//! `lossdef new`: a file to begin with.

use crate::{Outcome, output};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// What the loss is called; the file is NAME.def.
    name: String,
}

/// Writes NAME.def, which `lossdef check` accepts; a file that exists stays as it is.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let name = arguments.name.strip_suffix(".def").unwrap_or(&arguments.name);
    let text = template(name);
    let source = lossdef_compiler::source::SourceFile::new(format!("{name}.def"), text.clone());
    let compiled = lossdef_compiler::compile(&source);
    if compiled.losses.len() != 1 || !compiled.diagnostics.is_empty() {
        return Err(format!(
            "`{name}` cannot be the name of a loss: take letters, digits and `_`, as in `my_loss`"
        ));
    }
    let path = &source.name;
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("{path} exists already; it stays as it is"),
        _ => format!("{path}: {error}"),
    })?;
    output::answer(&format!(
        "{path} is written. Edit it, then\n\n  lossdef check {path}\n  lossdef show --file {path}\n\n\
         and in Rust, with a path relative to Cargo.toml:\n\n  lossdef::losses! {{ \"{path}\" }}\n"
    ))?;
    Ok(Outcome::Clean)
}

fn template(name: &str) -> String {
    include_str!("new.def").replace("NAME", name)
}
