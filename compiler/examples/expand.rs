//! Prints every loss of a `.def` file with its derivatives and the generated code.

use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{compile, text};
use std::io::{self, BufWriter, ErrorKind, Write};

fn main() {
    let path = std::env::args().nth(1).unwrap_or_else(|| "losses.def".to_owned());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let source = SourceFile::new(path, text);
    let compiled = compile(&source);
    for diagnostic in &compiled.diagnostics {
        eprintln!("{}", render(&source, diagnostic, Style::Plain));
    }
    let print = || {
        let mut out = BufWriter::new(io::stdout().lock());
        for loss in &compiled.losses {
            writeln!(out, "{}", text::text(loss).unwrap_or_else(|error| panic!("{error}")))?;
        }
        out.flush()
    };
    match print() {
        // Whoever reads may stop before the end, as `head` does.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("standard output: {error}"),
        _ => {}
    }
}
