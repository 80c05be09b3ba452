//! Bytes as the text of a file: read, printed, read again.

use lossdef_compiler::ast::Module;
use lossdef_compiler::diagnostic::Diagnostics;
use lossdef_compiler::parser::{parse, parse_expr};
use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;

/// Whatever the bytes, each mistake has a report, and what was read is printed as a text that is read as the same.
pub fn text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (module, _) = read(&text);
    let printed = module.to_string();
    let (again, reports) = read(&printed);
    assert!(reports.is_empty(), "what was printed has mistakes:\n{}\n{printed}", reports.join("\n"));
    assert_eq!(spanless(&again), spanless(&module), "it reads otherwise:\n{printed}");
    assert_eq!(again.to_string(), printed);
    if let Ok(expression) = parse_expr(&text) {
        let printed = expression.to_string();
        let again = parse_expr(&printed).unwrap_or_else(|error| panic!("{}:\n{printed}", error.message));
        assert_eq!(spanless(&again), spanless(&expression), "it reads otherwise:\n{printed}");
    }
}

fn read(text: &str) -> (Module, Vec<String>) {
    let source = SourceFile::new("text.def", text);
    let mut diagnostics = Diagnostics::new();
    let module = parse(&source, &mut diagnostics);
    let reports = diagnostics.finish();
    (module, reports.iter().map(|report| render(&source, report, Style::Plain)).collect())
}

/// The debug text of a tree without its spans.
fn spanless(tree: &impl std::fmt::Debug) -> String {
    let text = format!("{tree:?}");
    let mut parts = text.split("Span { start: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('}').map_or("", |(_, rest)| rest))
}
