//! Files and losses that are large in every way there is: each is compiled, code included, or refused, in a moment.

use lossdef_compiler::maths::Formulas;
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{Compiled, compile};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Compiles a text, and generates its code; the codes of its errors, each once.
fn codes(text: &str) -> Vec<&'static str> {
    let compiled = whole(text);
    // Warnings are beside the point here.
    let errors = compiled.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let mut codes: Vec<_> = errors.map(|diagnostic| diagnostic.code.id).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn whole(text: &str) -> Compiled {
    let start = Instant::now();
    let compiled = compile(&SourceFile::new("large.def", text));
    for loss in &compiled.losses {
        assert!(!loss.items().is_empty());
        let stable = Formulas::of(&loss.derived).stable;
        assert!(!(stable.latex() + &stable.mathml() + &stable.text(100)).is_empty());
    }
    // In release, each takes less than a second.
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 3 });
    assert!(start.elapsed() < limit, "took {:?}", start.elapsed());
    compiled
}

/// `what` of each number, with this between.
fn each(count: usize, between: &str, what: impl Fn(usize) -> String) -> String {
    (0..count).map(what).collect::<Vec<_>>().join(between)
}

/// A loss whose value is the first of many locals.
fn chain(inputs: &str, count: usize, step: impl Fn(usize) -> String, last: &str) -> String {
    let locals = each(count, ", ", |i| format!("a{i} = {}", step(i)));
    format!("loss large({inputs}) = a0 where {locals}, a{count} = {last}\n")
}

#[test]
fn many_losses() {
    let text = each(500, "", |i| format!("loss a{i}(x) = x^2 + {i}\n"));
    assert_eq!(whole(&text).losses.len(), 500);
}

#[test]
fn many_inputs_and_parameters() {
    let sum = |name: &str, count: usize| {
        each(count / 100, " + ", |part| {
            let term = |i: usize| format!("{name}{}^2", 100 * part + i);
            format!("({})", each(100, " + ", term))
        })
    };
    let inputs = each(400, ", ", |i| format!("x{i}"));
    assert!(codes(&format!("loss large({inputs}) = {}", sum("x", 400))).is_empty());
    let parameters = each(1000, ", ", |i| format!("p{i} = 1.0"));
    assert!(codes(&format!("loss large(x; {parameters}) = x * ({})", sum("p", 1000))).is_empty());
    let flags = each(1000, ", ", |i| format!("p{i}: bool = true"));
    let used = each(400, " + ", |i| format!("[p{i}]"));
    assert!(codes(&format!("loss large(x; {flags}) = x * ({used})")).contains(&"L0502"));
}

/// Whether a default makes a formula over axes simpler is not tried for each of many parameters.
#[test]
fn many_defaults_over_axes() {
    let parameters = each(300, ", ", |i| format!("p{i} = 0.0"));
    let sum = each(300, " + ", |i| format!("p{i} * sum[c](x^{i})"));
    assert!(codes(&format!("loss large(x[.., c]; {parameters}) = sum[c](x * ({sum}))")).is_empty());
}

#[test]
fn many_mistakes_are_reported_as_a_note() {
    let text = each(5000, "", |i| format!("loss a{i}(x) = y + z\n"));
    let diagnostics = whole(&text).diagnostics;
    assert_eq!(diagnostics.len(), 1000);
    assert!(
        diagnostics[999].notes.iter().any(|note| note.starts_with("9000 more")),
        "{:?}",
        diagnostics[999]
    );
    let locals = each(5000, ", ", |i| format!("local_{i} = unknown_{i}"));
    assert_eq!(codes(&format!("loss large(x) = x where {locals}")), ["L0201"]);
}

/// An error far behind is not crowded out by warnings.
#[test]
fn an_error_is_reported_before_many_warnings() {
    let warnings = each(1100, "", |i| format!("loss a{i}(x, y) = x\n"));
    let diagnostics = whole(&format!("{warnings}loss wrong(x) = y\n")).diagnostics;
    assert_eq!(diagnostics.len(), 1000);
    assert!(diagnostics.iter().any(|diagnostic| diagnostic.is_error()));
}

#[test]
fn locals_that_double() {
    let steps: [fn(usize) -> String; 5] = [
        |i| format!("a{0} * a{0} + y", i + 1),
        |i| format!("a{0} * sin(a{0}) + y", i + 1),
        |i| format!("(a{0} + y) * (a{0} - y)", i + 1),
        |i| format!("a{0} + y * a{0}", i + 1),
        |i| format!("if a{0} > {i} then y * a{0} else exp(a{0})", i + 1),
    ];
    for (number, step) in steps.into_iter().enumerate() {
        assert!(codes(&chain("x, y", 100, step, "x")).is_empty(), "{number}");
    }
}

#[test]
fn folds_in_folds() {
    let nested = |open: &str, depth: usize| format!("{}x{}", open.repeat(depth), ")".repeat(depth));
    for (open, depth) in [
        ("softmax[c](x * ", 40),
        ("unit[c](x * ", 40),
        ("prod[c](x * ", 10),
        ("max[c](x * ", 20),
        ("norm[c](x * ", 20),
        ("logsumexp[c](x * ", 40),
        ("log(sum[c](exp(x * ", 40),
    ] {
        let close = if open.starts_with("log(") { "))" } else { "" };
        let body = nested(open, depth) + &close.repeat(depth);
        let text = format!("loss large(x[.., c]) = sum[c](x * {body})");
        assert!(codes(&text).is_empty(), "{text}");
    }
    let indexed = |word: &str, count: usize| {
        let open = each(count, "", |i| format!("{word}[i{i} in c](x[i{i}] * "));
        format!("loss large(x[.., c]) = {open}x[i0]{}", ")".repeat(count))
    };
    for (word, count) in [("sum", 30), ("prod", 10), ("logsumexp", 20), ("max", 20)] {
        assert!(codes(&indexed(word, count)).is_empty(), "{word}");
    }
}

/// A product has as many derivatives as factors, each as long as itself.
#[test]
fn products_of_many_inputs() {
    for factor in ["x#", "log(x#)", "sigmoid(x#)", "log(1 + exp(x#))"] {
        let (inputs, factors) =
            (each(64, ", ", |i| format!("x{i}")), each(64, " * ", |i| factor.replace('#', &i.to_string())));
        assert!(codes(&format!("loss large({inputs}) = {factors}")).is_empty(), "{factor}");
    }
}

/// What is too large is refused, however it came to be, and not many times over.
#[test]
fn what_is_too_large_is_refused() {
    let mut text = "fn f0(x, y) = x * y + 1\n".to_owned();
    for level in 1..60 {
        let below = level - 1;
        writeln!(text, "fn f{level}(x, y) = f{below}(x + {level}, y) * f{below}(x, y - {level})").unwrap();
    }
    let compiled = whole(&(text + "loss large(x, y) = f59(x, y)\n"));
    assert!(compiled.losses.is_empty());
    assert_eq!(compiled.diagnostics.len(), 1, "{:?}", compiled.diagnostics);
    assert_eq!(compiled.diagnostics[0].code.id, "L0102");

    let product = |part: usize| each(70, " * ", |i| format!("sin(x * {})", 100 * part + i));
    let derivatives = chain("x", 40, |i| format!("{} + a{}", product(i), i + 1), "x");
    let compiled = compile(&SourceFile::new("large.def", derivatives));
    assert!(compiled.losses.is_empty());
    assert!(compiled.diagnostics[0].message.contains("derivatives"), "{:?}", compiled.diagnostics);

    // Each helper is small enough, all together are not.
    let mut text = "fn f0(x, y) = x * y + 1\n".to_owned();
    for level in 1..11 {
        let below = level - 1;
        writeln!(text, "fn f{level}(x, y) = f{below}(x + {level}, y) * f{below}(x, y - {level})").unwrap();
    }
    text.push_str(&each(60, "", |i| format!("fn g{i}(x, y) = f10(x + {i}, y)\n")));
    let compiled = compile(&SourceFile::new("large.def", text));
    assert!((1..59).contains(&compiled.diagnostics.len()), "{}", compiled.diagnostics.len());
    assert!(compiled.diagnostics[0].notes[0].contains("of a file"), "{:?}", compiled.diagnostics[0]);
}

#[test]
fn long_names() {
    let name = "x".repeat(200_000);
    assert!(codes(&format!("loss large({name}) = {name}^2")).is_empty());
    assert!(codes(&format!("loss {name}(x) = x^2")).is_empty());
    let long = |i: usize| format!("{}{i}", "q".repeat(1000));
    let (sum, locals) = (each(200, " + ", long), each(200, ", ", |i| format!("{} = sin(x * {i})", long(i))));
    assert!(codes(&format!("loss large(x) = {sum} where {locals}")).is_empty());
}

#[test]
fn powers_and_sizes() {
    assert!(codes("loss large(x) = x^1099511627776 + x^(2^40) + x^-1099511627776").is_empty());
    assert_eq!(codes(&format!("loss large(x; k: int = {0}) = x^{0} * k", "9".repeat(300))), ["L0402"]);
    assert_eq!(codes(&format!("loss large(x) = x * {}", "9".repeat(400))), ["L0101"]);
    let axes = each(50, ", ", |i| format!("c{i}"));
    let sizes = each(50, " * ", |i| format!("size(c{i})"));
    assert!(codes(&format!("loss large(x[.., {axes}]) = sum[{axes}](x * {sizes})")).is_empty());
}

#[test]
fn files_of_other_systems() {
    assert_eq!(
        whole("\u{feff}loss a(x) = d^2\r\n    where d = x\r\n\r\n/// Text.\r\nloss other(x) = x\r\n")
            .losses
            .len(),
        2
    );
    assert_eq!(codes("loss a(x) = x /* no end"), ["L0101"]);
    assert!(codes("loss a(x) = x // no end").is_empty());
}
