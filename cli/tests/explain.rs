//! The pages of `lossdef explain`: what they call wrong gives their code, what they call mended gives none.

use assert_cmd::Command;
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{codes, compile, parser};

fn explain(code: &str) -> String {
    let output =
        Command::cargo_bin("lossdef").expect("the program").args(["explain", code]).output().expect("an end");
    assert!(output.status.success(), "{code}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The codes that a text is reported with.
fn reported(text: &str) -> Vec<&'static str> {
    compile(&SourceFile::new("page", text)).diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect()
}

#[test]
fn every_code_has_a_page_whose_examples_are_true() {
    for code in codes::ALL {
        let page = explain(code.id);
        assert!(page.starts_with(&format!("# {}: {}\n", code.id, code.title)), "{page}");
        let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
        let [wrong, mended] = blocks.as_slice() else { panic!("{}: two examples", code.id) };
        let mut wrong = wrong.trim_start_matches("text\n").to_owned();
        if code.id == "L0103" {
            wrong = wrong.repeat(parser::MAX_BYTES / wrong.len() + 1);
        }
        let found = reported(&wrong);
        assert!(!found.is_empty() && found.iter().all(|id| *id == code.id), "{}: {found:?}", code.id);
        assert_eq!(reported(mended.trim_start_matches("text\n")), Vec::<&str>::new(), "{}, mended", code.id);
    }
}

#[test]
fn a_page_is_golden() {
    insta::assert_snapshot!(explain("l0301"));
}

#[test]
fn an_unknown_code_is_a_misuse() {
    let output = Command::cargo_bin("lossdef")
        .expect("the program")
        .args(["explain", "L0210"])
        .output()
        .expect("an end");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `L0201`?"));
}
