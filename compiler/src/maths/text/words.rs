//! What both layouts of text spell alike.

use super::super::names::greek;
use super::super::{Maths, side_by_side};

/// A variable, with a Greek letter where its name is one.
pub(super) fn name(name: &str) -> &str {
    greek(name).unwrap_or(name)
}

/// What stands before a term.
pub(super) fn term_sign(place: usize, minus: bool) -> &'static str {
    match (place, minus) {
        (0, false) => "",
        (0, true) => "-",
        (_, false) => " + ",
        (_, true) => " - ",
    }
}

/// What stands between two factors.
pub(super) fn factor_sign(left: &Maths, right: &Maths) -> &'static str {
    if side_by_side(left, right) { " " } else { " · " }
}

/// A whole number as an exponent.
pub(super) fn superscript(exponent: &Maths) -> Option<String> {
    match exponent {
        Maths::Number(digits) => digits.chars().map(raised).collect(),
        Maths::Sum(terms) => match terms.as_slice() {
            [(true, Maths::Number(digits))] => {
                Some(format!("⁻{}", digits.chars().map(raised).collect::<Option<String>>()?))
            }
            _ => None,
        },
        _ => None,
    }
}

fn raised(digit: char) -> Option<char> {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    RAISED.get(digit.to_digit(10)? as usize).copied()
}
