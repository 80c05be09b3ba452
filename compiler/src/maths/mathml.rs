//! MathML Core: what browsers draw without a script.

use super::names::greek;
use super::{Equation, Fence, FoldSign, Maths, separated, side_by_side};

/// An equation on a line of its own.
pub(super) fn equation(equation: &Equation) -> String {
    let mut out = "<math display=\"block\"><mrow>".to_owned();
    write(&mut out, &equation.left);
    operator(&mut out, equation.sign);
    write(&mut out, &equation.right);
    out + "</mrow></math>"
}

/// An expression on a line of its own.
pub(super) fn display(tree: &Maths) -> String {
    let mut out = "<math display=\"block\">".to_owned();
    write(&mut out, tree);
    out + "</math>"
}

fn write(out: &mut String, tree: &Maths) {
    match tree {
        Maths::Name(name) => leaf(out, "mi", greek(name).unwrap_or(name)),
        Maths::Words(words) => leaf(out, "mtext", words),
        Maths::Sign(sign) => leaf(out, "mi", sign),
        Maths::Number(digits) => leaf(out, "mn", digits),
        Maths::Sum(terms) => row(out, |out| {
            for (i, (minus, term)) in terms.iter().enumerate() {
                match (i, minus) {
                    (_, true) => {
                        let form = if i == 0 { " form=\"prefix\"" } else { "" };
                        out.push_str(&format!("<mo{form}>−</mo>"));
                    }
                    (0, false) => {}
                    _ => operator(out, "+"),
                }
                write(out, term);
            }
        }),
        Maths::Product(factors) => row(out, |out| {
            for (i, factor) in factors.iter().enumerate() {
                if i > 0 {
                    // U+2062 is a multiplication that is heard, not seen.
                    operator(out, if side_by_side(&factors[i - 1], factor) { "\u{2062}" } else { "⋅" });
                }
                write(out, factor);
            }
        }),
        Maths::Fraction(above, below) => element(out, "mfrac", &[above, below]),
        Maths::Power(base, exponent) => element(out, "msup", &[base, exponent]),
        Maths::Root(radicand) => element(out, "msqrt", &[radicand]),
        Maths::Subscript(base, positions) => {
            out.push_str("<msub>");
            write(out, base);
            list(out, positions);
            out.push_str("</msub>");
        }
        Maths::Fence(fence, inner) => fenced(out, *fence, |out| write(out, inner)),
        Maths::Call(name, arguments) => row(out, |out| {
            leaf(out, "mi", name);
            operator(out, "\u{2061}");
            fenced(out, Fence::Round, |out| list(out, arguments));
        }),
        Maths::Fold(sign, below, body) => row(out, |out| {
            out.push_str("<munder>");
            match sign {
                FoldSign::Large(sign) => out.push_str(&format!("<mo largeop=\"true\">{sign}</mo>")),
                FoldSign::Word(word) => out.push_str(&format!("<mo movablelimits=\"false\">{word}</mo>")),
            }
            list(out, below);
            out.push_str("</munder>");
            match sign {
                FoldSign::Large(_) => write(out, body),
                FoldSign::Word(_) => fenced(out, Fence::Round, |out| write(out, body)),
            }
        }),
        Maths::Cases(cases) => row(out, |out| {
            out.push_str("<mo fence=\"true\" form=\"prefix\">{</mo><mtable>");
            for (value, condition) in cases {
                out.push_str("<mtr><mtd style=\"text-align:left\">");
                write(out, value);
                out.push_str("</mtd><mtd style=\"text-align:left\">");
                match condition {
                    Some(condition) => row(out, |out| {
                        out.push_str("<mtext>if&#160;</mtext>");
                        write(out, condition);
                    }),
                    None => leaf(out, "mtext", "otherwise"),
                }
                out.push_str("</mtd></mtr>");
            }
            out.push_str("</mtable>");
        }),
        Maths::Infix(sign, operands) => row(out, |out| {
            for (i, operand) in operands.iter().enumerate() {
                if i > 0 {
                    operator(out, sign);
                }
                write(out, operand);
            }
        }),
        Maths::Not(operand) => row(out, |out| {
            operator(out, "¬");
            write(out, operand);
        }),
        Maths::Derivative(by) => {
            out.push_str("<mfrac><mrow><mo>∂</mo><mi>ℒ</mi></mrow><mrow><mo>∂</mo>");
            write(out, by);
            out.push_str("</mrow></mfrac>");
        }
    }
}

fn element(out: &mut String, name: &str, parts: &[&Maths]) {
    out.push_str(&format!("<{name}>"));
    for part in parts {
        write(out, part);
    }
    out.push_str(&format!("</{name}>"));
}

fn row(out: &mut String, inner: impl FnOnce(&mut String)) {
    out.push_str("<mrow>");
    inner(out);
    out.push_str("</mrow>");
}

fn list(out: &mut String, items: &[Maths]) {
    row(out, |out| separated(out, items, "<mo separator=\"true\">,</mo>", write));
}

fn fenced(out: &mut String, fence: Fence, inner: impl FnOnce(&mut String)) {
    let [open, close] = fence.characters();
    row(out, |out| {
        out.push_str(&format!("<mo fence=\"true\" form=\"prefix\" stretchy=\"true\">{open}</mo>"));
        inner(out);
        out.push_str(&format!("<mo fence=\"true\" form=\"postfix\" stretchy=\"true\">{close}</mo>"));
    });
}

fn operator(out: &mut String, sign: &str) {
    leaf(out, "mo", sign);
}

fn leaf(out: &mut String, element: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    out.push_str(&format!("<{element}>{text}</{element}>"));
}
