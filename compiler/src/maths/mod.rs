//! Formulas as readable mathematics: expressions of the graph in, MathML, LaTeX and text for a terminal out.
//!
//! `build` makes one layout tree of an expression, with the parentheses that mathematics needs; each printer
//! is a walk over that tree. A tree is bounded in size: a shared subexpression is written out each time it is
//! read, so what is too long ends in dots.

mod build;
mod folds;
mod formulas;
mod latex;
mod mathml;
mod names;
mod text;

pub use formulas::{Equation, Formulas, GradientFormulas};

/// How an expression is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Maths {
    /// A variable of the formula, by its name.
    Name(String),
    /// Upright words: `otherwise`, `samples`.
    Words(&'static str),
    /// A mathematical sign that stands for itself: `∞`, `ℓ`.
    Sign(&'static str),
    /// A number without a sign, as decimal digits.
    Number(String),
    /// Terms with their signs; `true` for those that are subtracted.
    Sum(Vec<(bool, Maths)>),
    /// Factors.
    Product(Vec<Maths>),
    /// A numerator over a denominator.
    Fraction(Box<Maths>, Box<Maths>),
    /// A base and its exponent.
    Power(Box<Maths>, Box<Maths>),
    /// A square root.
    Root(Box<Maths>),
    /// A base and what stands below it, to its right.
    Subscript(Box<Maths>, Vec<Maths>),
    /// Brackets around something.
    Fence(Fence, Box<Maths>),
    /// A function of arguments.
    Call(&'static str, Vec<Maths>),
    /// What folds an axis, what stands below it, and its body. A sign's body stands behind it, a word's in
    /// parentheses.
    Fold(FoldSign, Vec<Maths>, Box<Maths>),
    /// Values and their conditions; no condition for all other cases.
    Cases(Vec<(Maths, Option<Maths>)>),
    /// A relation or connective between operands.
    Infix(&'static str, Vec<Maths>),
    /// `not`
    Not(Box<Maths>),
    /// A partial derivative of the sum of the losses.
    Derivative(Box<Maths>),
}

/// What stands around an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fence {
    /// Parentheses.
    Round,
    /// Iverson's brackets: 1 where the condition holds, else 0.
    Square,
    /// An absolute value.
    Bars,
    /// A norm.
    DoubleBars,
}

impl Fence {
    /// The characters on both sides.
    fn characters(self) -> [&'static str; 2] {
        match self {
            Fence::Round => ["(", ")"],
            Fence::Square => ["[", "]"],
            Fence::Bars => ["|", "|"],
            Fence::DoubleBars => ["‖", "‖"],
        }
    }
}

/// What a fold is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldSign {
    /// A large operator: `∑`.
    Large(&'static str),
    /// A word: `max`.
    Word(&'static str),
}

/// How tightly a tree is bound, from the loosest; what is looser than its place gets parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Cases,
    Or,
    And,
    Not,
    Relation,
    Sum,
    Product,
    Fraction,
    Power,
    Atom,
}

impl Maths {
    fn level(&self) -> Level {
        match self {
            Maths::Cases(_) => Level::Cases,
            Maths::Infix("∨", _) => Level::Or,
            Maths::Infix("∧", _) => Level::And,
            Maths::Infix(..) => Level::Relation,
            Maths::Not(_) => Level::Not,
            Maths::Sum(_) => Level::Sum,
            Maths::Product(_) | Maths::Fold(FoldSign::Large(_), ..) => Level::Product,
            Maths::Fraction(..) | Maths::Derivative(_) => Level::Fraction,
            Maths::Power(..) => Level::Power,
            _ => Level::Atom,
        }
    }

    /// Whether what follows could be read as a part of it.
    fn ends_open(&self) -> bool {
        match self {
            Maths::Cases(_) => true,
            Maths::Sum(terms) => terms.last().is_some_and(|(_, term)| term.ends_open()),
            Maths::Product(factors) => factors.last().is_some_and(Maths::ends_open),
            Maths::Fold(FoldSign::Large(_), _, body) => body.ends_open(),
            Maths::Infix(_, operands) => operands.last().is_some_and(Maths::ends_open),
            Maths::Not(operand) => operand.ends_open(),
            _ => false,
        }
    }

    /// Whether a sign of multiplication is needed before it: only a number may stand before without.
    fn begins_with_digit(&self) -> bool {
        match self {
            Maths::Number(_) => true,
            Maths::Power(base, _) | Maths::Subscript(base, _) => base.begins_with_digit(),
            Maths::Product(factors) => factors.first().is_some_and(Maths::begins_with_digit),
            _ => false,
        }
    }

    /// Its place is at least as loose as `level`, or it gets parentheses.
    fn at(self, level: Level) -> Maths {
        if self.level() < level { Maths::Fence(Fence::Round, Box::new(self)) } else { self }
    }

    /// As `at`, where something follows.
    fn before(self, level: Level) -> Maths {
        if self.ends_open() { Maths::Fence(Fence::Round, Box::new(self)) } else { self.at(level) }
    }
}

/// Whether two factors stand side by side without a sign.
fn side_by_side(left: &Maths, right: &Maths) -> bool {
    matches!(left, Maths::Number(_)) && !right.begins_with_digit()
}

/// Writes items with something between them.
fn separated(out: &mut String, items: &[Maths], separator: &str, write: fn(&mut String, &Maths)) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(separator);
        }
        write(out, item);
    }
}
