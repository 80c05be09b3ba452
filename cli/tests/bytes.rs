//! Files of formulas as bytes: other line ends, a byte-order mark, and what is no text.

use assert_cmd::Command;

/// The exit code of `lossdef check` on a file of these bytes, and all that it prints.
fn check(name: &str, bytes: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    let output = Command::cargo_bin("lossdef").expect("the command").arg("check").arg(&path).output();
    let output = output.expect("it runs");
    let all = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(all).expect("text"))
}

#[test]
fn other_line_ends_and_a_mark_are_fine() {
    let (code, text) = check(
        "other.def",
        b"\xef\xbb\xbf/// Text.\r\nloss first(x) = d^2\r\n    where d = x\r\n\r\nloss second(x) = x\r\n",
    );
    assert_eq!((code, text.contains("2 sound losses")), (Some(0), true), "{text}");
}

#[test]
fn what_is_no_text_is_refused_with_its_place() {
    let (code, text) = check("bytes.def", b"loss first(x) = x\n// \xff\xfe\nloss second(x) = x\n");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("not UTF-8 at byte 21, in line 2"), "{text}");
    for bytes in [&b"\0\0\0"[..], b"\xff", b"\xc3"] {
        let (code, text) = check("odd.def", bytes);
        assert!(matches!(code, Some(1 | 2)) && !text.contains("panicked"), "{text}");
    }
}

#[test]
fn a_file_of_blanks_is_too_large() {
    let (code, text) = check("blanks.def", &vec![b' '; 10 << 20]);
    assert_eq!((code, text.contains("L0103")), (Some(1), true), "{text}");
}
