//! Formulas that are small to write and large to expand: each is compiled or refused, in a moment, on a small
//! stack.

use lossdef_compiler::compile;
use lossdef_compiler::source::SourceFile;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Compiles a text; the codes of its errors, each once.
fn codes(text: &str) -> Vec<&'static str> {
    let start = Instant::now();
    let compiled = compile(&SourceFile::new("tower.def", text));
    let limit = if cfg!(debug_assertions) { 20 } else { 2 };
    assert!(start.elapsed() < Duration::from_secs(limit), "took {:?}", start.elapsed());
    // Warnings are beside the point here.
    let errors = compiled.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let mut codes: Vec<_> = errors.map(|diagnostic| diagnostic.code.id).collect();
    codes.dedup();
    codes
}

#[test]
fn helpers_that_double_at_every_level() {
    let mut text = "fn f0(x) = x * x + 1\n".to_owned();
    for level in 1..60 {
        writeln!(text, "fn f{level}(x) = f{0}(x) * f{0}(x)", level - 1).unwrap();
    }
    text.push_str("loss a(x) = f59(x)\n");
    assert!(codes(&text).is_empty());
}

#[test]
fn helpers_nested_in_their_own_arguments() {
    let mut text = "fn g(x) = sin(x) + x * x\nloss a(x) = ".to_owned();
    text.push_str(&"g(".repeat(100));
    text.push('x');
    text.push_str(&")".repeat(100));
    codes(&text);
}

#[test]
fn locals_in_a_long_row() {
    let mut text = "loss a(x) = a0\n    where ".to_owned();
    for i in 0..3000 {
        write!(text, "a{i} = sigmoid(a{}) * x + 1, ", i + 1).unwrap();
    }
    text.push_str("a3000 = x\n");
    assert_eq!(codes(&text), ["L0102"]);
}

#[test]
fn helpers_in_a_long_row() {
    let mut text = String::new();
    for i in 0..2000 {
        writeln!(text, "fn h{i}(x) = h{}(x) + x", i + 1).unwrap();
    }
    text.push_str("fn h2000(x) = x\nloss a(x) = h0(x)\n");
    assert_eq!(codes(&text), ["L0102"]);
}

#[test]
fn branches_in_branches() {
    let mut text = "loss a(x, y) = ".to_owned();
    for i in 0..100 {
        write!(text, "if x > {i} then y * {i} else ").unwrap();
    }
    text.push_str("x\n");
    assert!(codes(&text).is_empty());
    let sum: Vec<String> = (0..100).map(|i| format!("(if x > {i} then y * x else exp(x))")).collect();
    assert!(codes(&format!("loss a(x, y) = {}", sum.join(" + "))).is_empty());
    let product: Vec<String> = (0..60).map(|i| format!("(if x > {i} then y else exp(x))")).collect();
    assert!(codes(&format!("loss a(x, y) = {}", product.join(" * "))).is_empty());
}

#[test]
fn a_long_sum_and_a_long_product() {
    let sum: Vec<String> = (0..400).map(|i| format!("x^{i} * y")).collect();
    assert!(codes(&format!("loss a(x, y) = {}", sum.join(" + "))).is_empty());
    let product: Vec<String> = (0..400).map(|i| format!("(x + {i})")).collect();
    assert!(codes(&format!("loss a(x) = {}", product.join(" * "))).is_empty());
}

#[test]
fn powers_of_powers() {
    codes(&format!("loss a(x) = x{}", "^2".repeat(100)));
    codes(&format!("loss a(x) = {}x{}", "(".repeat(100), ")^64".repeat(100)));
}
