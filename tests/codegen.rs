//! One snapshot per loss of `losses.def`: formula, derivatives as written and in stable form, the rules that
//! fired, the conventions that apply, then the code that the macro emits.
//!
//! After a wanted change, look at every difference and accept it with `INSTA_UPDATE=always cargo test`.

use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{compile, text};
use std::collections::BTreeSet;
use std::path::Path;

const SNAPSHOTS: &str = "tests/snapshots/losses";

fn losses() -> lossdef_compiler::Compiled {
    let text = std::fs::read_to_string("losses.def").expect("losses.def stands at the root");
    compile(&SourceFile::new("losses.def", text))
}

#[test]
fn generated_code_is_as_reviewed() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new("snapshots/losses"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for loss in losses().losses {
            let name = loss.derived.loss.name.clone();
            let text = text::text(&loss).unwrap_or_else(|error| panic!("{name} is not Rust: {error}"));
            insta::assert_snapshot!(name.as_str(), text);
        }
    });
}

#[test]
fn every_snapshot_belongs_to_a_loss() {
    let known: BTreeSet<String> =
        losses().losses.iter().map(|loss| format!("{}.snap", loss.derived.loss.name)).collect();
    let stored: BTreeSet<String> = std::fs::read_dir(SNAPSHOTS)
        .expect("snapshots stand beside the tests")
        .map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".snap.new"))
        .collect();
    assert_eq!(stored, known, "a snapshot without a loss, or a loss without a snapshot");
}

#[test]
fn losses_def_has_no_diagnostics() {
    assert_eq!(losses().diagnostics, []);
}

#[test]
fn compiling_twice_gives_the_same_text() {
    let (first, second) = (losses(), losses());
    for (a, b) in first.losses.iter().zip(&second.losses) {
        assert_eq!(text::text(a), text::text(b));
    }
}

/// Generated code has no loop over data, no `unsafe`, and names nothing but absolute paths.
#[test]
fn generated_code_is_plain() {
    for loss in losses().losses {
        let text = text::text(&loss).expect("Rust");
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in ["unsafe", "while ", "loop ", "std::", " lossdef::", "_mm"] {
            assert!(!code.iter().any(|line| line.contains(word)), "{}: {word}", loss.derived.loss.name);
        }
    }
}
