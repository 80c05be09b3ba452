//! Readable mathematics: golden texts of a few losses, and what holds for the layout of every loss.

use lossdef_compiler::compile;
use lossdef_compiler::maths::{Equation, Formulas};
use lossdef_compiler::source::SourceFile;

const LOSSES: &str = include_str!("../../losses.def");

fn formulas(text: &str) -> Vec<(String, Formulas)> {
    let compiled = compile(&SourceFile::new("losses.def", text));
    let named =
        |loss: &lossdef_compiler::CompiledLoss| (loss.derived.loss.name.clone(), Formulas::of(&loss.derived));
    compiled.losses.iter().map(named).collect()
}

fn formulas_of(name: &str) -> Formulas {
    formulas(LOSSES).into_iter().find(|(known, _)| known == name).expect("a loss of losses.def").1
}

/// Every equation of a loss.
fn equations(formulas: &Formulas) -> Vec<&Equation> {
    let gradients =
        formulas.gradients.iter().flat_map(|gradient| gradient.raw.iter().chain(&gradient.stable));
    [&formulas.written, &formulas.stable].into_iter().chain(gradients).chain(&formulas.locals).collect()
}

fn page(formulas: &Formulas, print: impl Fn(&Equation) -> String) -> String {
    equations(formulas).into_iter().map(print).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn text_of_a_few_losses() {
    for name in ["huber", "cross_entropy", "multilabel_margin", "triplet_margin", "smooth_l1"] {
        let formulas = formulas_of(name);
        insta::assert_snapshot!(format!("maths_text_{name}"), page(&formulas, |equation| equation.text(100)));
    }
}

#[test]
fn mathml_and_latex_of_a_few_losses() {
    for name in ["huber", "cross_entropy", "multilabel_margin"] {
        let formulas = formulas_of(name);
        insta::assert_snapshot!(format!("maths_mathml_{name}"), page(&formulas, Equation::mathml));
        insta::assert_snapshot!(format!("maths_latex_{name}"), page(&formulas, Equation::latex));
    }
}

#[test]
fn mathml_of_every_loss_is_well_formed() {
    for (name, formulas) in formulas(LOSSES) {
        for equation in equations(&formulas) {
            let text = equation.mathml();
            let document =
                roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
            assert_eq!(document.root_element().tag_name().name(), "math");
        }
    }
}

#[test]
fn braces_of_latex_are_balanced() {
    for (name, formulas) in formulas(LOSSES) {
        for equation in equations(&formulas) {
            let text = equation.latex();
            let mut depth = 0_i32;
            for mark in text.replace("\\{", "").replace("\\}", "").chars() {
                depth += i32::from(mark == '{') - i32::from(mark == '}');
                assert!(depth >= 0, "{name}: {text}");
            }
            assert_eq!(depth, 0, "{name}: {text}");
            assert_eq!(text.matches("\\left").count(), text.matches("\\right").count(), "{name}: {text}");
            assert!(text.is_ascii(), "{name}: {text}");
        }
    }
}

#[test]
fn text_of_every_loss_keeps_to_a_terminal() {
    for (name, formulas) in formulas(LOSSES) {
        for equation in equations(&formulas) {
            for width in [60, 80, 100, 140] {
                for line in equation.text(width).lines() {
                    assert!(
                        line.chars().count() <= width,
                        "{name}, {width} columns:\n{}",
                        equation.text(width)
                    );
                }
            }
        }
    }
}
