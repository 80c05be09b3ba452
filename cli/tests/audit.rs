//! The audit as a command: what it writes, what it says, and how it ends.

use assert_cmd::Command;
use std::fs;
use std::process::Output;

fn audit(folder: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("lossdef").expect("the program");
    command.current_dir(folder).arg("audit").args(arguments).output().expect("an end")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn a_sound_loss_passes_and_has_a_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let formula = "loss squared(x, t; scale in (0, inf) = 2.0) = scale * (x - t)^2";
    let output = audit(folder.path(), &["--formula", formula, "--out", "new/report"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("squared: "), "{}", text(&output.stdout));
    let page = fs::read_to_string(folder.path().join("new/report/index.html")).expect("a report");
    assert!(page.contains("squared") && page.contains("<math") && page.contains("<svg"));
    let json = fs::read_to_string(folder.path().join("new/report/audit.json")).expect("the data");
    let data: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(data[0]["loss"], "squared");
    assert!(data[0]["checks"].as_array().expect("checks").iter().all(|check| check["verdict"] != "fail"));
}

#[test]
fn a_mistake_is_a_finding_and_hides_no_other_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("two.def"), "loss bad(x) = x - y\nloss good(x) = x^2").expect("a file");
    let output = audit(folder.path(), &["--file", "two.def", "--out", "all"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("L0201"));
    assert!(text(&output.stdout).starts_with("good: "));
    let output = audit(folder.path(), &["good", "--file", "two.def", "--out", "one", "--format", "json"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok());
}

#[test]
fn calls_that_make_no_sense_are_misuses() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("a file");
    for arguments in [
        &["hubber", "--out", "x"][..],
        &["huber"],
        &["huber", "--out", "file"],
        &["--file", "missing.def", "--out", "x"],
    ] {
        let output = audit(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stdout));
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
