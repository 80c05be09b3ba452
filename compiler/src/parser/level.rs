//! How tightly operators bind: the one table that the parser reads and the printer writes by.

use crate::ast::{BinaryOp, ExprKind, UnaryOp};

/// The levels of the grammar, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// `if`, and whatever may stand in brackets.
    Any,
    /// `or`
    Or,
    /// `and`
    And,
    /// `not`
    Not,
    /// Comparisons and memberships, which do not chain.
    Compare,
    /// `+` and `-`
    Sum,
    /// `*` and `/`
    Product,
    /// The unary minus.
    Unary,
    /// `^`
    Power,
    /// What needs no brackets anywhere.
    Atom,
}

impl Level {
    /// The level that an expression has by its outermost operator.
    pub(crate) fn of(kind: &ExprKind) -> Level {
        match kind {
            ExprKind::If(..) => Level::Any,
            ExprKind::Membership { .. } => Level::Compare,
            ExprKind::Unary(UnaryOp::Not, _) => Level::Not,
            ExprKind::Unary(UnaryOp::Neg, _) => Level::Unary,
            ExprKind::Binary(op, ..) => Level::of_binary(*op),
            ExprKind::Number(_) | ExprKind::Name(_) | ExprKind::Indicator(_) => Level::Atom,
        }
    }

    /// The level of a binary operator.
    pub(crate) fn of_binary(op: BinaryOp) -> Level {
        match op {
            BinaryOp::Or => Level::Or,
            BinaryOp::And => Level::And,
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                Level::Compare
            }
            BinaryOp::Add | BinaryOp::Sub => Level::Sum,
            BinaryOp::Mul | BinaryOp::Div => Level::Product,
            BinaryOp::Pow => Level::Power,
        }
    }

    /// The loosest level on the left of an operator of this level.
    pub(crate) fn left(self) -> Level {
        match self {
            Level::Compare => Level::Sum,
            Level::Power => Level::Atom,
            level => level,
        }
    }

    /// The loosest level on the right of an operator of this level.
    pub(crate) fn right(self) -> Level {
        match self {
            Level::Any => Level::Any,
            Level::Or => Level::And,
            Level::And | Level::Not => Level::Not,
            Level::Compare => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product | Level::Unary | Level::Power => Level::Unary,
            Level::Atom => Level::Atom,
        }
    }
}

/// The spelling of every binary operator.
pub(crate) const OPERATORS: [(&str, BinaryOp); 13] = [
    ("+", BinaryOp::Add),
    ("-", BinaryOp::Sub),
    ("*", BinaryOp::Mul),
    ("/", BinaryOp::Div),
    ("^", BinaryOp::Pow),
    ("==", BinaryOp::Eq),
    ("!=", BinaryOp::Ne),
    ("<", BinaryOp::Lt),
    ("<=", BinaryOp::Le),
    (">", BinaryOp::Gt),
    (">=", BinaryOp::Ge),
    ("and", BinaryOp::And),
    ("or", BinaryOp::Or),
];
