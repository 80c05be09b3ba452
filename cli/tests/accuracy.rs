//! The table of errors as a command: what it writes, and what it says of a document that it is held against.

use assert_cmd::Command;
use std::fs;
use std::path::Path;
use std::process::Output;

const LOSSES: &str = "loss apart(a, b) = abs(a - b)\nloss pull(a, b; far = 1.0) = far * (a - b)^2\n";

fn accuracy(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("lossdef").expect("the program");
    command.current_dir(folder).arg("accuracy").args(arguments).output().expect("an end")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn the_document_holds_for_the_losses_it_was_written_for() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("two.def"), LOSSES).expect("a file");
    let output = accuracy(folder.path(), &["--file", "two.def"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document = text(&output.stdout);
    assert!(document.contains("\n| apart | f32 | 0.5 |  |  |  |"), "{document}");
    assert!(document.contains("\n| pull | f64 | "), "{document}");
    fs::write(folder.path().join("two.md"), document).expect("a file");
    let same = accuracy(folder.path(), &["--file", "two.def", "--check", "two.md"]);
    assert_eq!((same.status.code(), text(&same.stdout)), (Some(0), ""));

    // A smaller error than there is, and a loss that is new.
    let smaller = document.replace("| apart | f32 | 0.5 |", "| apart | f32 | 0.3 |");
    fs::write(folder.path().join("two.md"), smaller).expect("a file");
    let more = LOSSES.to_owned() + "loss new(a) = a^2\n";
    fs::write(folder.path().join("two.def"), more).expect("a file");
    let worse = accuracy(folder.path(), &["apart", "new", "--file", "two.def", "--check", "two.md"]);
    let said = text(&worse.stdout);
    assert_eq!(worse.status.code(), Some(1), "{said}");
    assert!(said.starts_with("apart, f32: value, ULP: 0.5 instead of 0.3: value is "), "{said}");
    assert!(said.contains("new, f32: has no row\n"), "{said}");
}

#[test]
fn the_worst_calls_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = accuracy(folder.path(), &["--formula", "loss apart(a, b) = abs(a - b)", "--worst"]);
    assert!(
        text(&output.stdout).contains("\n- `apart`, f32, value, ULP: value is "),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn calls_that_make_no_sense_are_misuses() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("bad.md"), "| apart | f32 | much |\n").expect("a file");
    for arguments in [
        &["hubber"][..],
        &["l1", "--check", "missing.md"],
        &["l1", "--check", "bad.md"],
        &["--file", "missing.def"],
    ] {
        let output = accuracy(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stdout));
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
