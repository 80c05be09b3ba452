//! Texts that would break a careless parser: each answers quickly, without a crash, on a small stack.

use std::time::{Duration, Instant};

use lossdef_compiler::diagnostic::Diagnostics;
use lossdef_compiler::parser::{MAX_HEIGHT, MAX_NESTING, parse, parse_expr};
use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;

/// Parses and renders a text, and returns the code of every diagnostic.
fn codes(text: impl Into<String>) -> Vec<&'static str> {
    let source = SourceFile::new("hostile.def", text);
    let begin = Instant::now();
    let mut diagnostics = Diagnostics::new();
    drop(parse(&source, &mut diagnostics));
    let found = diagnostics.finish();
    for diagnostic in &found {
        let text = render(&source, diagnostic, Style::Plain);
        assert!(text.len() < 10_000, "a report has {} bytes", text.len());
    }
    let limit = Duration::from_millis(if cfg!(debug_assertions) { 10_000 } else { 1000 });
    assert!(begin.elapsed() < limit, "took {:?}", begin.elapsed());
    found.iter().map(|diagnostic| diagnostic.code.id).collect()
}

fn body(text: &str) -> Vec<&'static str> {
    codes(format!("loss a(x) = {text}"))
}

#[test]
fn brackets() {
    for open in ["(", "[", "f(", "x[", "{", "if (", "(-", "x[.., (", "sum[c](", "2^("] {
        assert!(!body(&open.repeat(100_000)).is_empty(), "{open}");
    }
    assert_eq!(body(&"(".repeat(100_000)), ["L0102"]);
    assert_eq!(body(&format!("{}x{}", "(".repeat(100_000), ")".repeat(100_000))), ["L0102"]);
    assert_eq!(body(&")".repeat(100_000)), ["L0101"]);
}

#[test]
fn prefixes() {
    assert_eq!(body(&format!("{}x", "-".repeat(20_000))), ["L0102"]);
    assert_eq!(body(&format!("{}x", "not ".repeat(20_000))), ["L0102"]);
    assert_eq!(body(&format!("{}x", "- not ".repeat(20_000))), ["L0101"]);
}

#[test]
fn chains() {
    assert_eq!(body(&vec!["x"; 200_000].join(" + ")), ["L0102"]);
    assert_eq!(body(&vec!["x"; 200_000].join("*")), ["L0102"]);
    assert_eq!(body(&vec!["x"; 200_000].join("^")), ["L0102"]);
    assert_eq!(body(&vec!["x"; 200_000].join(" and ")), ["L0102"]);
    assert_eq!(body(&vec!["x"; 200_000].join(" < ")), ["L0102"]);
    assert_eq!(body(&"x[0]".repeat(100_000)), ["L0101"]);
    assert_eq!(body(&format!("f({})", vec!["x"; 20_000].join(", "))), [""; 0]);
}

#[test]
fn conditionals() {
    assert_eq!(body(&"if ".repeat(100_000)), ["L0102"]);
    assert_eq!(body(&format!("{}x", "if x then x else ".repeat(100_000))), ["L0102"]);
    assert_eq!(body(&format!("{}x", "if x then ".repeat(100_000))), ["L0102"]);
    assert_eq!(body(&format!("{}x", "if x then x else ".repeat(100))), [""; 0]);
}

/// Nesting multiplies with the length of chains; the height of the tree is what counts.
#[test]
fn chains_inside_brackets() {
    let mut text = "x".to_owned();
    for _ in 0..100 {
        text = format!("({text}){}", " + x".repeat(100));
    }
    assert_eq!(body(&text), ["L0102"]);
}

#[test]
fn blanks_and_comments() {
    assert_eq!(codes(" ".repeat(10 << 20)), ["L0103"]);
    assert_eq!(codes("// a\n".repeat(2 << 20)), ["L0103"]);
    assert_eq!(codes(" ".repeat(3 << 20)), [""; 0]);
    assert_eq!(body(&format!("x{}+ x", " ".repeat(3 << 20))), [""; 0]);
    assert_eq!(body(&format!("x{}+ x", "// a\n".repeat(700_000))), [""; 0]);
    assert_eq!(body(&format!("x{}) x", "\n".repeat(3 << 20))), ["L0101"]);
    assert_eq!(codes("/// a\n".repeat(600_000)), ["L0101"]);
}

#[test]
fn many_declarations() {
    assert_eq!(codes("loss a(x) = x\n".repeat(20_000)), [""; 0]);
    assert_eq!(codes("loss a(x) = x +\n".repeat(100)).len(), 100);
}

#[test]
fn garbage() {
    for text in [
        "\0",
        "\u{feff}",
        "\r",
        "\r\n",
        "loss",
        "fn",
        "///",
        "//",
        "\u{1f600}",
        "loss \u{3b2}(x) = x",
        "=",
        "\u{feff}\u{feff}",
    ] {
        codes(text);
        body(text);
        codes(format!("loss {text}"));
    }
    body(&"9".repeat(3 << 20));
    body(&"x".repeat(3 << 20));
    body(&"\u{1f600}".repeat(1 << 19));
}

/// The limits themselves are reached without a complaint, and one step further is one too far.
#[test]
fn limits_are_exact() {
    let nested = |n: usize| format!("{}x{}", "(".repeat(n), ")".repeat(n));
    let sum = |n: usize| vec!["x"; n].join(" + ");
    assert!(parse_expr(&nested(MAX_NESTING)).is_ok());
    assert!(parse_expr(&nested(MAX_NESTING + 1)).is_err());
    let longest = parse_expr(&sum(MAX_HEIGHT)).expect("it is just short enough");
    assert_eq!(longest.clone().to_string(), sum(MAX_HEIGHT));
    assert!(parse_expr(&sum(MAX_HEIGHT + 1)).is_err());
    for open in ["f(", "x[", "[", "if (", "(-"] {
        let depth = MAX_NESTING / if open.len() > 1 && open != "f(" && open != "x[" { 2 } else { 1 };
        let close = if open.contains('[') { "]" } else { ")" };
        let tail = if open == "if (" { ") then x else x" } else { close };
        let text = format!("{}x{}", open.repeat(depth), tail.repeat(depth));
        let tree = parse_expr(&text).unwrap_or_else(|error| panic!("{open}: {}", error.message));
        assert_eq!(tree.to_string().matches('x').count(), text.matches('x').count());
    }
}

/// Every level of precedence in every bracket: the most stack that a legal text can ask for.
#[test]
fn all_levels_in_all_brackets() {
    for open in [
        "x or x and x == x + x * (",
        "x or not x == x + x * -x^(",
        "f(x[i, x or x and x + x * (",
        "[x or x < x * ",
    ] {
        let close = if open.starts_with('[') {
            "]"
        } else if open.starts_with('f') {
            ")])"
        } else {
            ")"
        };
        for depth in [20, 40, 80, MAX_NESTING] {
            let found = body(&format!("{}x{}", open.repeat(depth), close.repeat(depth)));
            assert!(found.is_empty() || found == ["L0102"], "{open}: {found:?}");
            assert!(depth > 20 || found.is_empty(), "{open}: {found:?}");
        }
    }
}
