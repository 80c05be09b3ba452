//! Where text goes: standard output and standard error, either of which may be closed by its reader.

use lossdef_compiler::render::Style;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// The columns of a terminal that does not say.
const COLUMNS: usize = 100;

/// Writes an answer. A reader may stop before the end, as `head` does.
pub fn answer(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}

/// Writes an error; where that is impossible, nobody can be told.
pub fn error(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether reports on standard output may have colours.
pub fn style() -> Style {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if plain || !io::stdout().is_terminal() { Style::Plain } else { Style::Styled }
}

/// How many columns text may have: as `COLUMNS` says, else as the terminal does.
pub fn columns() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    given.or_else(terminal).filter(|columns| *columns >= 40).unwrap_or(COLUMNS)
}
