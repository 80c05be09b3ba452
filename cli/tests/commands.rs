//! The program as its user runs it: answers, errors and exit codes.

use assert_cmd::Command;
use std::fs;
use std::process::Output;

fn lossdef(arguments: &[&str]) -> Output {
    Command::cargo_bin("lossdef").expect("the program").args(arguments).output().expect("an end")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// What it answers, where all is well.
fn answer(arguments: &[&str]) -> String {
    let output = lossdef(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// What it says where the call makes no sense.
fn misuse(arguments: &[&str]) -> String {
    let output = lossdef(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn built_in_losses_have_no_findings() {
    assert!(answer(&["check"]).ends_with("0 errors, 0 warnings\n"));
}

#[test]
fn check_reports_where_a_mistake_stands() {
    let mut command = Command::cargo_bin("lossdef").expect("the program");
    let output = command
        .args(["check", "-", "--format", "json"])
        .write_stdin("\nloss f(x) = x - y")
        .output()
        .expect("an end");
    assert_eq!(output.status.code(), Some(1));
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(list[0]["code"], "L0201");
    assert_eq!((list[0]["line"].as_u64(), list[0]["column"].as_u64()), (Some(2), Some(17)));
    assert_eq!(list[0]["file"], "standard input");
}

#[test]
fn show_prints_mathematics() {
    insta::assert_snapshot!(answer(&["show", "huber"]));
    insta::assert_snapshot!(
        "formula",
        answer(&["show", "--formula", "loss f(x, t; beta = 1) = log(1 + exp(beta * (x - t)))"])
    );
    assert!(answer(&["show", "huber", "--latex"]).contains("\\begin{cases}"));
    assert!(answer(&["show", "huber", "--mathml"]).starts_with("<math display=\"block\">"));
}

#[test]
fn expand_prints_what_the_snapshots_hold() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/snapshots/losses");
    for name in ["huber", "cross_entropy"] {
        let snapshot = fs::read_to_string(root.join(format!("{name}.snap"))).expect("a snapshot");
        let (_, expected) = snapshot.trim_start_matches("---\n").split_once("---\n").expect("a head");
        assert_eq!(answer(&["expand", name]).trim_end(), expected.trim_end());
    }
}

#[test]
fn list_has_every_loss_with_its_first_sentence() {
    let list: serde_json::Value = serde_json::from_str(&answer(&["list", "--format", "json"])).expect("JSON");
    let huber = list.as_array().expect("a list").iter().find(|loss| loss["name"] == "huber").expect("huber");
    assert_eq!(huber["parameters"][0]["name"], "delta");
    assert_eq!(answer(&["list"]).lines().count(), list.as_array().expect("a list").len());
}

#[test]
fn new_writes_a_file_that_check_accepts_and_never_overwrites() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("lossdef").expect("the program");
        command.current_dir(folder.path()).args(arguments).output().expect("an end")
    };
    assert!(run(&["new", "mine"]).status.success());
    assert!(run(&["check", "mine.def"]).status.success());
    fs::write(folder.path().join("mine.def"), "kept").expect("a file");
    assert_eq!(run(&["new", "mine"]).status.code(), Some(2));
    assert_eq!(fs::read_to_string(folder.path().join("mine.def")).expect("a file"), "kept");
    assert_eq!(run(&["new", "not a name"]).status.code(), Some(2));
    assert_eq!(run(&["new", "../outside"]).status.code(), Some(2));
}

#[test]
fn files_that_are_none_get_a_clear_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    fs::write(path("bytes.def"), b"loss f(x) = x\n\xff").expect("a file");
    fs::write(path("empty.def"), "").expect("a file");
    assert!(misuse(&["check", &path("bytes.def")]).contains("not UTF-8 at byte 14, in line 2"));
    assert!(misuse(&["check", &path("missing.def")]).contains("No such file"));
    assert!(misuse(&["check", &path("")]).contains("this is a folder"));
    assert!(answer(&["check", &path("empty.def")]).contains("0 sound losses"));
    assert!(misuse(&["show", "f", "--file", &path("empty.def")]).contains("has no loss `f`"));
}

/// What is not known of a loss is a note, which is no finding.
#[test]
fn a_note_ends_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.def");
    let nested = (0..8).fold("x".to_owned(), |inner, i| format!("step({inner}, y + {i})"));
    let text = format!("fn step(x, y) = if x > y then x - y / 2 else x * y\nloss f(x, y) = {nested}\n");
    fs::write(&path, text).expect("a file");
    let path = path.to_str().expect("text");
    let said = answer(&["check", path]);
    assert!(said.contains("note[L0707]") && said.ends_with("0 errors, 0 warnings, 1 note\n"), "{said}");
    assert!(answer(&["check", path, "--format", "json"]).contains("\"severity\": \"note\""));
}

#[test]
fn an_unknown_loss_is_a_misuse_with_a_suggestion() {
    assert!(misuse(&["show", "hubber"]).contains("did you mean `huber`?"));
    assert!(misuse(&["expand", "hubber"]).contains("did you mean `huber`?"));
    assert!(misuse(&["show"]).contains("which loss?"));
}

#[test]
fn a_loss_with_a_mistake_is_a_finding() {
    let output = lossdef(&["show", "f", "--formula", "loss f(x) = x - y"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("L0201"));
}

#[test]
fn a_reader_may_stop_before_the_end() {
    use std::process::{Command, Stdio};
    let program = assert_cmd::cargo::cargo_bin("lossdef");
    let mut child = Command::new(program)
        .args(["expand", "cross_entropy"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a start");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
}
