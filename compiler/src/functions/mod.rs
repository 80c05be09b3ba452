//! The table of functions: one row each, with everything that is known of it.
//!
//! To add a function, add its name to `ir::function` and its row to the file of its family. A row is data:
//! derivatives are built from other rows, generated code is a spelling, and one test walks all rows.

mod arithmetic;
mod exponential;
mod logic;
mod logistic;
mod piecewise;
mod trigonometric;

use crate::ir::range::Range;
use crate::ir::{ExprId, Function, Graph};

/// One function.
pub struct Row {
    /// Which one.
    pub function: Function,
    /// Its name or sign in the language; for an internal one, in the audit.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
    /// How many arguments it takes.
    pub arity: usize,
    /// Where it is defined, in words.
    pub domain: &'static str,
    /// Its derivative with respect to one argument, built from other rows; `None` for truth values.
    /// `if c then p else 0` says that outside of `c` nothing flows, not even NaN.
    pub derivative: Option<Derivative>,
    /// Its value in ordinary f64 arithmetic; truth values are 0 and 1.
    pub evaluate: fn(&[f64]) -> f64,
    /// Where its values lie, given where the arguments lie.
    pub range: fn(&[Range]) -> Range,
    /// How generated Rust spells it.
    pub spelling: Spelling,
    /// Roughly what it costs, in additions.
    pub cost: u32,
    /// Arguments at which tests try it.
    pub samples: &'static [&'static [f64]],
}

/// Builds the derivative: the graph, the arguments, the value itself, and which argument.
pub type Derivative = fn(&mut Graph, &[ExprId], ExprId, usize) -> ExprId;

/// How a function is written in the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `name(x, y)`
    Call,
    /// `x + y`, with its precedence
    Infix(u8),
    /// `-x`, with its precedence
    Prefix(u8),
    /// Made by rewriting only; the language has no name for it.
    Internal,
}

/// How generated Rust spells a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `x.name(y)`
    Method(&'static str),
    /// `x + y`
    Infix(&'static str),
    /// `-x`
    Prefix(&'static str),
}

/// The families, in the order in which the reference lists them.
const FAMILIES: &[&[Row]] =
    &[arithmetic::ROWS, logic::ROWS, exponential::ROWS, logistic::ROWS, piecewise::ROWS, trigonometric::ROWS];

/// All rows.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    FAMILIES.iter().copied().flatten()
}

/// The row of a function that a formula may call by name.
pub fn by_name(name: &str) -> Option<&'static Row> {
    rows().find(|row| row.form == Form::Call && row.name == name)
}

/// The row of a function.
pub fn row(function: Function) -> &'static Row {
    rows().find(|row| row.function == function).expect("every function has a row (see the test below)")
}

/// A row of one argument that is called by its name, to be filled in.
const fn unary(function: Function, name: &'static str, cost: u32, samples: &'static [&'static [f64]]) -> Row {
    Row {
        function,
        name,
        form: Form::Call,
        arity: 1,
        domain: "all numbers",
        derivative: None,
        evaluate: |x| x[0],
        range: |_| Range::ALL,
        spelling: Spelling::Method(name),
        cost,
        samples,
    }
}

/// A truth value as a number.
fn of_truth(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

#[cfg(test)]
mod tests;
