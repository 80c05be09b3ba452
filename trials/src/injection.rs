//! Whatever names and documentation a file has, what is generated of it has one shape: they are identifiers and
//! strings, and nothing else.

use std::collections::HashSet;

use arbitrary::Unstructured;
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::{Compiled, compile};
use proc_macro2::{TokenStream, TokenTree};

use crate::formulas::Choices;

/// Names that mean something to Rust, to its macros or to generated code.
const NAMES: &[&str] = &[
    "type",
    "match",
    "fn_",
    "r",
    "R",
    "T",
    "Self",
    "self",
    "crate",
    "super",
    "unsafe",
    "async",
    "await",
    "dyn",
    "gen",
    "union",
    "macro_rules",
    "println",
    "panic",
    "include_str",
    "asm",
    "std",
    "core",
    "lossdef",
    "ndarray",
    "kernels",
    "compiled",
    "Formula",
    "Kernel",
    "Sample",
    "Real",
    "Float",
    "Divisor",
    "spec",
    "rows",
    "value",
    "valid",
    "kept",
    "inputs",
    "parameters",
    "d_x",
    "d_type",
    "__private",
    "__lossdef_x",
    "CATALOGUE",
    "LOSS",
    "SPEC",
    "None",
    "Some",
    "Ok",
    "Err",
    "Vec",
    "Box",
    "drop",
    "main",
    "new",
    "on",
    "forward",
    "clone",
    "default",
    "r_",
    "br",
    "b",
    "c_",
    "cr",
    "i32",
    "f64",
    "usize",
    "bool",
    "str",
    "u8",
    "static_",
    "derive",
    "cfg",
    "doc",
    "allow",
    "test",
    "global_allocator",
    "X",
    "x",
    "_x",
    "x_",
    "x__y",
    "X9",
    "exp",
    "size",
    "times",
    "constant",
    "chosen",
    "box",
    "try",
    "yield",
    "abstract",
];

/// Pieces of documentation and comments.
const WORDS: &[&str] = &[
    "*/",
    "/*",
    "\"",
    "\"#",
    "\"##",
    "r#\"",
    "'",
    "`",
    "```",
    "````",
    "~~~",
    "```rust\nfn main() {}\n```",
    "{}",
    "{0}",
    "{",
    "}",
    "(",
    ")",
    "]",
    "[",
    "#[test]",
    "#![no_std]",
    "#",
    "\\",
    "\\\\",
    "\\n",
    "\\\"",
    "\\u{22}",
    "\u{0}",
    "\t",
    "//",
    "///",
    "//!",
    "/**",
    "<script>",
    "</code>",
    "&quot;",
    "$crate",
    "$",
    "!",
    "include!(\"x\")",
    "; loop {}",
    "unsafe { }",
    "compile_error!(\"x\")",
    "\u{202e}",
    "\u{feff}",
    "\u{1f600}",
    "\u{2028}",
    "--",
    "=",
    "'''",
    " ",
    "x",
];

/// A file with every place where a name may stand: `@1` is the first name, and `#` is documentation.
const FILE: &str = "\
#fn @1[@2](@3, @4; @5 = 2) = sum[@2](@3 * @4) * @5
#loss @6(@7[.., @8], @9[..]: index @8, @10[@8] in (0, inf) = 1, @11: bool; @12 in [0, 1] = 0.5, @13: bool = true) =
    -@14[@9] * @10[@9] + (if @13 and @11 then @1[@8](@7, @10, @5 = @12) else sum[@15 in @8 | @15 != @9](@7[@15]^2))
    where @14[@8] = log(softmax[@8](@7 * @16)), @16 = 1 + @12
    keep @9 != 3
    mean by @10[@9]
#loss @17(@18, @19; @20 in {1, 2} = 1, @21 in (0, inf) = 1.0) =
    if abs(@22) < @21 then @22^2 / @21 * @20 else log(1 + exp(-@22 * @23))
    where @22 = @18 - @19, @23 = sigmoid(@22) * @18
";

/// How many names the file has.
const COUNT: usize = 23;

/// Bytes as decisions that lead to names and documentation.
pub fn injection(bytes: &[u8]) {
    let mut choices = Unstructured::new(bytes);
    let mut names: Vec<String> = Vec::new();
    while names.len() < COUNT {
        let name = if choices.chance(70) { (*choices.pick(NAMES)).to_owned() } else { word(&mut choices) };
        // Two of one name would be a mistake.
        let name = if names.contains(&name) { format!("{name}{}", names.len()) } else { name };
        names.push(name);
    }
    let mut docs: Vec<String> = Vec::new();
    for _ in 0..3 {
        let lines = choices.below(3);
        let line = |choices: &mut Unstructured<'_>| {
            let words: Vec<&str> = (0..1 + choices.below(4)).map(|_| *choices.pick(WORDS)).collect();
            words.concat()
        };
        docs.push((0..lines).map(|_| line(&mut choices) + "\n").collect());
    }
    injection_text(&names, &docs);
}

fn word(choices: &mut impl Choices) -> String {
    let letters = b"abcxyzXYZ_09";
    let length = 1 + choices.below(6);
    let letter = |choices: &mut dyn FnMut(usize) -> usize| char::from(letters[choices(letters.len())]);
    let word: String = (0..length).map(|_| letter(&mut |end| choices.below(end))).collect();
    if word.starts_with(|c: char| c.is_ascii_digit()) { format!("_{word}") } else { word }
}

/// Holds what is generated with these names and this documentation against what is generated with plain ones.
pub fn injection_text(names: &[String], docs: &[String]) {
    let hostile = read(names, docs);
    let plain: Vec<String> = (1..=COUNT).map(|number| format!("plain{number}")).collect();
    let lines: Vec<String> = docs.iter().map(|doc| "plain\n".repeat(comment(doc).lines().count())).collect();
    let plain = read(&plain, &lines);
    assert_eq!(plain.losses.len(), 2, "the file itself is sound");
    // Losses whose names are refused are left out.
    for loss in &hostile.losses {
        let at = if loss.derived.loss.inputs.len() == 4 { 0 } else { 1 };
        let (own, other) = (loss.items(), plain.losses[at].items());
        let [own_shape, other_shape] = [own.clone(), other].map(|tokens| {
            let mut text = String::new();
            shape(tokens, &mut text);
            // A field that is called like its value is written once: `value` for `value: value`.
            let mut text = text.replace("i:i,", "i,").replace("i:i)", "i)");
            // As many lines of documentation as there are.
            const DOC: &str = "#Bracket(i=s)";
            while text.contains(&DOC.repeat(2)) {
                text = text.replace(&DOC.repeat(2), DOC);
            }
            text
        });
        let same = own_shape.bytes().zip(other_shape.bytes()).take_while(|(a, b)| a == b).count();
        assert!(
            own_shape == other_shape,
            "names change the code: {names:?} {docs:?}\n{own}\nat {} instead of {}",
            &own_shape[same.saturating_sub(80)..],
            &other_shape[same.saturating_sub(80)..]
        );
    }
    let names: HashSet<&str> = hostile.losses.iter().map(|loss| loss.derived.loss.name.as_str()).collect();
    assert_eq!(names.len(), hostile.losses.len());
}

fn read(names: &[String], docs: &[String]) -> Compiled {
    let mut text = String::new();
    for (part, doc) in FILE.split('#').skip(1).zip(docs) {
        let mut part = part.to_owned();
        for (number, name) in names.iter().enumerate().rev() {
            part = part.replace(&format!("@{}", number + 1), name);
        }
        text.push_str(&(comment(doc) + &part));
    }
    compile(&SourceFile::new("names.def", text))
}

/// Text as documentation: a line of it begins with three slashes.
fn comment(text: &str) -> String {
    text.lines().map(|line| format!("/// {line}\n")).collect()
}

/// What code is made of, without what names and strings say.
fn shape(tokens: TokenStream, out: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                out.push_str(&format!("{:?}(", group.delimiter()));
                shape(group.stream(), out);
                out.push(')');
            }
            TokenTree::Ident(_) => out.push('i'),
            TokenTree::Punct(mark) => out.push(mark.as_char()),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                out.push_str(if text.starts_with('"') { "s" } else { &text });
            }
        }
    }
}
