//! Texts through every pass of the compiler, and everything that is written of what comes out.

use arbitrary::Unstructured;
use lossdef_compiler::maths::Formulas;
use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;
use lossdef_compiler::text::text;
use lossdef_compiler::{Compiled, compile as compile_file};

use crate::formulas::{Choices, Kind, file};
use crate::mutations::mutate;

/// Bytes as a text, as decisions that lead to a file of losses, or to one with some words changed.
pub fn compile(bytes: &[u8]) {
    let mut choices = Unstructured::new(bytes);
    let written = |choices: &mut Unstructured<'_>| {
        let kind = Kind::random(true, choices);
        file("trial", kind, choices)
    };
    match choices.below(4) {
        0 => drop(compile_text(&String::from_utf8_lossy(choices.take_rest()))),
        1 => {
            let text = written(&mut choices);
            drop(compile_text(&mutate(&text, &mut choices)));
        }
        _ => drop(sound(&written(&mut choices))),
    }
}

/// A text without a mistake.
pub(crate) fn sound(text: &str) -> Compiled {
    let compiled = compile_text(text);
    let source = SourceFile::new("f.def", text);
    let errors: Vec<String> = compiled
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| render(&source, diagnostic, Style::Plain))
        .collect();
    assert!(errors.is_empty(), "{}\n{text}", errors.join("\n"));
    compiled
}

/// Compiles a text and writes all that there is to write: reports, mathematics, the code, which is Rust.
pub fn compile_text(source: &str) -> Compiled {
    let source = SourceFile::new("f.def", source);
    let compiled = compile_file(&source);
    for diagnostic in &compiled.diagnostics {
        for style in [Style::Plain, Style::Styled, Style::Headless] {
            assert!(!render(&source, diagnostic, style).is_empty());
        }
    }
    for loss in &compiled.losses {
        if let Err(error) = text(loss) {
            panic!("this is not Rust: {error}\n{}", source.text);
        }
        mathematics(loss);
    }
    compiled
}

/// The formulas as MathML, LaTeX and text in narrow and wide columns.
fn mathematics(loss: &lossdef_compiler::CompiledLoss) {
    let formulas = Formulas::of(&loss.derived);
    let gradients =
        formulas.gradients.iter().flat_map(|gradient| gradient.raw.iter().chain(&gradient.stable));
    for equation in [&formulas.written, &formulas.stable].into_iter().chain(gradients).chain(&formulas.locals)
    {
        let written = [equation.mathml(), equation.latex(), equation.text(8), equation.text(100)];
        assert!(written.iter().all(|text| !text.is_empty()));
    }
}
