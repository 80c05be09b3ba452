//! Mathematics on one line.

use super::super::{FoldSign, Level, Maths, separated};
use super::words::{factor_sign, name, superscript, term_sign};

/// The whole tree on one line.
pub(super) fn linear(tree: &Maths) -> String {
    let mut out = String::new();
    write(&mut out, tree);
    out
}

fn write(out: &mut String, tree: &Maths) {
    match tree {
        Maths::Name(text) => out.push_str(name(text)),
        Maths::Words(text) | Maths::Sign(text) => out.push_str(text),
        Maths::Number(digits) => out.push_str(digits),
        Maths::Sum(terms) => {
            for (i, (minus, term)) in terms.iter().enumerate() {
                out.push_str(term_sign(i, *minus));
                write(out, term);
            }
        }
        Maths::Product(factors) => {
            for (i, factor) in factors.iter().enumerate() {
                if i > 0 {
                    out.push_str(factor_sign(&factors[i - 1], factor));
                }
                // `a·b/c` reads as well as `a·(b/c)`, `b/c·a` does not.
                let open = i + 1 < factors.len() && matches!(factor, Maths::Fraction(..));
                part(out, factor, open || matches!(factor, Maths::Derivative(_)));
            }
        }
        Maths::Fraction(above, below) => {
            part(out, above, above.level() < Level::Product || above.ends_open());
            out.push_str(" / ");
            part(out, below, below.level() <= Level::Fraction);
        }
        Maths::Power(base, exponent) => {
            write(out, base);
            match superscript(exponent) {
                Some(text) => out.push_str(&text),
                None => {
                    out.push('^');
                    part(out, exponent, exponent.level() < Level::Atom);
                }
            }
        }
        Maths::Root(radicand) => {
            out.push('√');
            part(out, radicand, radicand.level() < Level::Atom);
        }
        Maths::Subscript(base, positions) => {
            write(out, base);
            below(out, positions);
        }
        Maths::Fence(fence, inner) => {
            let [open, close] = fence.characters();
            out.push_str(open);
            write(out, inner);
            out.push_str(close);
        }
        Maths::Call(function, arguments) => {
            out.push_str(function);
            out.push('(');
            list(out, arguments);
            out.push(')');
        }
        Maths::Fold(sign, positions, body) => {
            match sign {
                FoldSign::Large(sign) | FoldSign::Word(sign) => out.push_str(sign),
            }
            below(out, positions);
            match sign {
                FoldSign::Large(_) => {
                    out.push(' ');
                    write(out, body);
                }
                FoldSign::Word(_) => part(out, body, true),
            }
        }
        Maths::Cases(cases) => {
            for (value, condition) in cases {
                match condition {
                    Some(condition) => {
                        out.push_str("if ");
                        write(out, condition);
                        out.push_str(" then ");
                        write(out, value);
                        out.push_str(" else ");
                    }
                    None => write(out, value),
                }
            }
        }
        Maths::Infix(sign, operands) => {
            for (i, operand) in operands.iter().enumerate() {
                if i > 0 {
                    out.push_str(&format!(" {sign} "));
                }
                write(out, operand);
            }
        }
        Maths::Not(operand) => {
            out.push('¬');
            part(out, operand, operand.level() < Level::Atom);
        }
        Maths::Derivative(by) => {
            out.push_str("∂ℒ/∂");
            write(out, by);
        }
    }
}

fn part(out: &mut String, tree: &Maths, parentheses: bool) {
    if parentheses {
        out.push('(');
    }
    write(out, tree);
    if parentheses {
        out.push(')');
    }
}

/// `_c`, `_{i, j}`
fn below(out: &mut String, positions: &[Maths]) {
    match positions {
        [one] if one.level() == Level::Atom && !matches!(one, Maths::Subscript(..)) => {
            out.push('_');
            write(out, one);
        }
        _ => {
            out.push_str("_{");
            list(out, positions);
            out.push('}');
        }
    }
}

fn list(out: &mut String, items: &[Maths]) {
    separated(out, items, ", ", write);
}
