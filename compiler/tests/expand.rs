//! The example `expand`, run as a reader of its output runs it.
#![cfg(feature = "text")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_reader_may_stop_before_the_end() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    // `target/debug/deps/expand-...` is this test.
    let test = std::env::current_exe().expect("the path of this test");
    let target = test.ancestors().nth(3).expect("the folder of what is built");
    let mut child = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "-p", "lossdef-compiler", "--features", "text"])
        .args(["--example", "expand", "losses.def"])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", target)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cargo runs");
    let mut line = String::new();
    let out = child.stdout.take().expect("a pipe");
    BufReader::new(out).read_line(&mut line).expect("a line");
    assert!(line.starts_with("// loss "), "{line}");
    // The pipe is closed by now, long before all losses are printed.
    let mut errors = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
    let status = child.wait().expect("an end");
    assert!(status.success() && !errors.contains("panicked"), "{status}: {errors}");
}
