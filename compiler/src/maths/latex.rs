//! LaTeX, for `amsmath`.

use super::names::{greek_command, sign_command};
use super::{Equation, Fence, FoldSign, Maths, separated, side_by_side};

/// `left = right`
pub(super) fn equation(equation: &Equation) -> String {
    let sign = sign_command(equation.sign);
    format!("{} {sign} {}", tree(&equation.left), tree(&equation.right))
}

/// An expression.
pub(super) fn tree(tree: &Maths) -> String {
    let mut out = String::new();
    write(&mut out, tree);
    out
}

fn write(out: &mut String, tree: &Maths) {
    match tree {
        Maths::Name(name) => out.push_str(&variable(name)),
        Maths::Words(words) => out.push_str(&format!("\\text{{{words}}}")),
        Maths::Sign(sign) => command(out, sign_command(sign)),
        Maths::Number(digits) => out.push_str(digits),
        Maths::Sum(terms) => {
            for (i, (minus, term)) in terms.iter().enumerate() {
                out.push_str(match (i, minus) {
                    (0, false) => "",
                    (0, true) => "-",
                    (_, false) => " + ",
                    (_, true) => " - ",
                });
                write(out, term);
            }
        }
        Maths::Product(factors) => {
            for (i, factor) in factors.iter().enumerate() {
                if i > 0 {
                    out.push_str(if side_by_side(&factors[i - 1], factor) { " \\, " } else { " \\cdot " });
                }
                write(out, factor);
            }
        }
        Maths::Fraction(above, below) => {
            out.push_str("\\frac");
            group(out, |out| write(out, above));
            group(out, |out| write(out, below));
        }
        Maths::Power(base, exponent) => {
            group(out, |out| write(out, base));
            out.push('^');
            group(out, |out| write(out, exponent));
        }
        Maths::Root(radicand) => {
            out.push_str("\\sqrt");
            group(out, |out| write(out, radicand));
        }
        Maths::Subscript(base, positions) => {
            group(out, |out| write(out, base));
            out.push('_');
            group(out, |out| list(out, positions));
        }
        Maths::Fence(fence, inner) => fenced(out, *fence, |out| write(out, inner)),
        Maths::Call(name, arguments) => {
            out.push_str(&function(name));
            fenced(out, Fence::Round, |out| list(out, arguments));
        }
        Maths::Fold(sign, below, body) => {
            match sign {
                FoldSign::Large(sign) => out.push_str(sign_command(sign)),
                FoldSign::Word(word @ ("max" | "min")) => out.push_str(&format!("\\{word}")),
                FoldSign::Word(word) => out.push_str(&format!("\\operatorname*{{{word}}}")),
            }
            out.push('_');
            group(out, |out| list(out, below));
            match sign {
                FoldSign::Large(_) => {
                    out.push(' ');
                    write(out, body);
                }
                FoldSign::Word(_) => fenced(out, Fence::Round, |out| write(out, body)),
            }
        }
        Maths::Cases(cases) => {
            out.push_str("\\begin{cases} ");
            for (i, (value, condition)) in cases.iter().enumerate() {
                if i > 0 {
                    out.push_str(" \\\\ ");
                }
                write(out, value);
                match condition {
                    Some(condition) => {
                        out.push_str(" & \\text{if } ");
                        write(out, condition);
                    }
                    None => out.push_str(" & \\text{otherwise}"),
                }
            }
            out.push_str(" \\end{cases}");
        }
        Maths::Infix(sign, operands) => {
            for (i, operand) in operands.iter().enumerate() {
                if i > 0 {
                    out.push_str(&format!(" {} ", sign_command(sign)));
                }
                write(out, operand);
            }
        }
        Maths::Not(operand) => {
            out.push_str("\\neg ");
            write(out, operand);
        }
        Maths::Derivative(by) => {
            out.push_str("\\frac{\\partial \\mathcal{L}}{\\partial ");
            write(out, by);
            out.push('}');
        }
    }
}

/// A letter stands as it is, a Greek one by its command, a longer name upright.
fn variable(name: &str) -> String {
    match greek_command(name) {
        Some(command) => format!("{{{command}}}"),
        None if name.len() == 1 && name != "_" => name.to_owned(),
        None => format!("\\mathrm{{{}}}", name.replace('_', "\\_")),
    }
}

/// LaTeX has operators of its own for the common ones.
fn function(name: &str) -> String {
    match name {
        "exp" | "log" | "tanh" | "sinh" | "cosh" | "sin" | "cos" | "tan" | "max" | "min" => {
            format!("\\{name}")
        }
        _ => format!("\\operatorname{{{}}}", name.replace('_', "\\_")),
    }
}

fn command(out: &mut String, command: &str) {
    if command.starts_with('\\') {
        group(out, |out| out.push_str(command));
    } else {
        out.push_str(command);
    }
}

fn group(out: &mut String, inner: impl FnOnce(&mut String)) {
    out.push('{');
    inner(out);
    out.push('}');
}

fn list(out: &mut String, items: &[Maths]) {
    separated(out, items, ", ", write);
}

fn fenced(out: &mut String, fence: Fence, inner: impl FnOnce(&mut String)) {
    let [open, close] = if fence == Fence::DoubleBars { ["\\|"; 2] } else { fence.characters() };
    out.push_str(&format!("\\left{open} "));
    inner(out);
    out.push_str(&format!(" \\right{close}"));
}
