//! Every mistake of `fixtures/fail` gets the report that was reviewed.

use lossdef_compiler::codes;
use lossdef_compiler::compile;
use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;
use std::path::Path;

#[test]
fn reports_are_as_reviewed() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new("snapshots/diagnostics"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.remove_input_file();
    settings.bind(|| {
        insta::glob!("fixtures/fail/*.def", |path| {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(path).expect("a readable fixture");
            let source = SourceFile::new(name.as_str(), text);
            let compiled = compile(&source);
            let code = name.split('-').next().expect("a name such as L0101-what.def");
            assert!(
                compiled.diagnostics.iter().any(|diagnostic| diagnostic.code.id == code),
                "{name} reports no {code}"
            );
            let reports: Vec<String> = compiled
                .diagnostics
                .iter()
                .map(|diagnostic| render(&source, diagnostic, Style::Plain))
                .collect();
            insta::assert_snapshot!(reports.join("\n"));
        });
    });
}

#[test]
fn every_code_has_a_fixture() {
    let names: Vec<String> = std::fs::read_dir("tests/fixtures/fail")
        .expect("fixtures")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    for code in codes::ALL {
        // A file that is too large is made by the test of the parser instead of being kept here.
        let has = names.iter().any(|name| name.starts_with(code.id)) || code.id == codes::TOO_LARGE.id;
        assert!(has, "no fixture for {} ({})", code.id, code.title);
    }
}

/// A mistake in one loss leaves the others alone.
#[test]
fn sound_losses_compile_beside_broken_ones() {
    let source = SourceFile::new(
        "test.def",
        "loss good(x) = x^2\nloss bad(x) = y\nloss worse(x = x +\nloss fine(x, t) = abs(x - t)\n",
    );
    let compiled = compile(&source);
    let names: Vec<&str> = compiled.losses.iter().map(|loss| loss.derived.loss.name.as_str()).collect();
    assert_eq!(names, ["good", "fine"]);
    let items: Vec<_> = compiled.diagnostics.iter().map(|diagnostic| diagnostic.item.as_deref()).collect();
    assert_eq!(items, [Some("bad"), Some("worse")]);
}
