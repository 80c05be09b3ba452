//! Files of formulas: the built-in one, those on disk, standard input, and a formula on the command line.

use crate::output;
use crate::suggest::closest;
use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{Compiled, CompiledLoss, compile_where};
use std::io::Read;

/// The losses that come with the crate.
const BUILT_IN: &str = include_str!("../losses.def");

/// More than this is not read; the compiler takes less.
const LARGEST: u64 = 64 << 20;

/// Which losses a command is about.
#[derive(clap::Args)]
pub struct Source {
    /// A file of losses; `-` is standard input. Without it, the losses that come with the crate.
    #[arg(long, conflicts_with = "formula")]
    file: Option<String>,
    /// A file's text, as in 'loss f(x, t) = (x - t)^2'.
    #[arg(long)]
    formula: Option<String>,
}

impl Source {
    /// The text.
    pub fn read(&self) -> Result<SourceFile, String> {
        match (&self.file, &self.formula) {
            (_, Some(text)) => Ok(SourceFile::new("formula", text.clone())),
            (path, None) => read(path.as_deref()),
        }
    }
}

/// A file, standard input, or the losses that come with the crate.
pub fn read(path: Option<&str>) -> Result<SourceFile, String> {
    let Some(path) = path else { return Ok(SourceFile::new("losses.def", BUILT_IN)) };
    let (name, bytes) = match path {
        "-" => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes);
            read.map_err(|error| format!("standard input: {error}"))?;
            ("standard input", bytes)
        }
        _ => {
            let about = std::fs::metadata(path).map_err(|error| format!("{path}: {error}"))?;
            if about.is_dir() {
                return Err(format!("{path}: this is a folder, not a file"));
            }
            let mut bytes = Vec::new();
            let file = std::fs::File::open(path).map_err(|error| format!("{path}: {error}"))?;
            let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
            read.map_err(|error| format!("{path}: {error}"))?;
            (path, bytes)
        }
    };
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{name}: larger than {} MiB, which no file of formulas is", LARGEST >> 20));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile::new(name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
            Err(format!("{name}: not UTF-8 at byte {at}, in line {line}"))
        }
    }
}

/// One loss of a file, compiled; the only one where no name is given. `None`, with the mistakes on standard
/// error, where it has mistakes.
pub fn one(source: &SourceFile, name: Option<&str>) -> Result<Option<CompiledLoss>, String> {
    let names = names(source);
    let name = match (name, names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only.as_str(),
        (None, []) => "",
        (None, several) => return Err(format!("which loss? There are {}", several.join(", "))),
    };
    let (mut compiled, _) = several(source, &[name.to_owned()])?;
    Ok(compiled.losses.pop())
}

/// Losses of a file, compiled; all of them where no names are given. Mistakes go to standard error; beside what is
/// sound, whether there were none.
pub fn several(source: &SourceFile, wanted: &[String]) -> Result<(Compiled, bool), String> {
    let names = names(source);
    let compiled =
        compile_where(source, |known| wanted.is_empty() || wanted.iter().any(|name| name == known));
    let unreadable = names.is_empty() && !compiled.diagnostics.is_empty();
    if let Some(name) = wanted.iter().find(|name| !unreadable && !names.contains(name)) {
        return Err(format!("{} has no loss `{name}`{}", source.name, closest(name, &names)));
    }
    // What other losses have to be mended for is no concern of a call that names some.
    let whole = wanted.is_empty() || compiled.losses.len() < wanted.len();
    let errors: Vec<_> =
        compiled.diagnostics.iter().filter(|diagnostic| diagnostic.is_error() && whole).collect();
    for diagnostic in &errors {
        output::error(&format!("{}\n", render(source, diagnostic, Style::Plain)));
    }
    let sound = errors.is_empty();
    Ok((compiled, sound))
}

/// The names of the losses that a file declares, sound or not.
fn names(source: &SourceFile) -> Vec<String> {
    use lossdef_compiler::ast::Item;
    let module =
        lossdef_compiler::parser::parse(source, &mut lossdef_compiler::diagnostic::Diagnostics::new());
    let losses = module.items.into_iter().filter_map(|item| match item {
        Item::Loss(loss) => Some(loss.name.name),
        Item::Function(_) => None,
    });
    losses.collect()
}
