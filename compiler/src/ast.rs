//! A file as it was written: every node has its span, nothing has been looked up.

use crate::source::Span;

/// A `.def` file.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// Losses and helpers in the order of the text.
    pub items: Vec<Item>,
}

/// A top-level declaration.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most items are losses, and a file has few of either")]
pub enum Item {
    /// `loss name(...) = ...`
    Loss(Loss),
    /// `fn name(...) = ...`
    Function(Function),
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// `loss NAME(INPUTS; PARAMETERS) = BODY` with its clauses.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// The `///` lines above it, joined by newlines.
    pub doc: String,
    /// Its name.
    pub name: Ident,
    /// Tensors, before the `;`.
    pub inputs: Vec<Decl>,
    /// Scalars shared by all samples, after the `;`.
    pub parameters: Vec<Decl>,
    /// The formula.
    pub body: Expr,
    /// `where ...`
    pub locals: Vec<Local>,
    /// `keep ...`
    pub keep: Option<Expr>,
    /// `mean by ...`
    pub mean_by: Option<Expr>,
    /// `allow(...)`
    pub allows: Vec<Allow>,
    /// The whole declaration, without its documentation.
    pub span: Span,
}

/// `allow(CODE, "reason")`: a warning that the author knows of.
#[derive(Clone, Debug, PartialEq)]
pub struct Allow {
    /// The code of the warning.
    pub code: Ident,
    /// Why it is right, without the quotes.
    pub reason: String,
    /// The whole clause.
    pub span: Span,
}

/// `fn NAME[AXES](ARGUMENTS; PARAMETERS) = BODY where ...`, a helper that is inlined.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The `///` lines above it, joined by newlines.
    pub doc: String,
    /// Its name.
    pub name: Ident,
    /// The axes that it sees.
    pub axes: Vec<Ident>,
    /// Arguments, before the `;`.
    pub arguments: Vec<Decl>,
    /// Parameters, after the `;`.
    pub parameters: Vec<Decl>,
    /// The formula.
    pub body: Expr,
    /// `where ...`
    pub locals: Vec<Local>,
    /// The whole declaration, without its documentation.
    pub span: Span,
}

/// One input, argument or parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Decl {
    /// Its name.
    pub name: Ident,
    /// `[.., c]`; `None` where no bracket stands, which is short for `[..]`.
    pub axes: Option<Vec<AxisDecl>>,
    /// `: index c`, `: int`, ...
    pub role: Option<Role>,
    /// `in [0, 1]`
    pub domain: Option<Domain>,
    /// `= 1`
    pub default: Option<Expr>,
    /// The whole declaration.
    pub span: Span,
}

/// One axis, or group of axes, of a declared tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisDecl {
    /// `..`, the sample axes.
    Samples(Span),
    /// `c`
    Axis(Ident),
    /// `s..`, any number of axes under one name.
    Group(Ident),
}

/// `: int`, `: bool`, `: index c`, `: set c`.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// The first word.
    pub kind: Ident,
    /// The axis, where one follows.
    pub axis: Option<Ident>,
}

/// The values that an input or a parameter may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// An interval or a list.
    pub kind: DomainKind,
    /// Where it stands.
    pub span: Span,
}

/// See [`Domain`].
#[derive(Clone, Debug, PartialEq)]
pub enum DomainKind {
    /// `[0, inf)`
    Interval {
        /// Lower end.
        low: Expr,
        /// Whether the lower end belongs to it.
        low_closed: bool,
        /// Upper end.
        high: Expr,
        /// Whether the upper end belongs to it.
        high_closed: bool,
    },
    /// `{-1, 1}`
    Set(Vec<Expr>),
}

/// `d = ...`, `q[c] = ...` or `s[i in n, j in n] = ...` in a `where` clause.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// Its name.
    pub name: Ident,
    /// Its indices; `None` where no bracket stands.
    pub indices: Option<Vec<IndexDecl>>,
    /// Its value.
    pub value: Expr,
    /// The whole definition.
    pub span: Span,
}

/// `i` or `i in n`.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexDecl {
    /// The index.
    pub name: Ident,
    /// The axis that it runs over, where it is said.
    pub over: Option<Ident>,
}

/// An expression with its span.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1e-3`
    Number(f64),
    /// A name with what follows it: `x`, `x[i]`, `exp(x)`, `sum[c](x)`, and the words `inf pi true false`.
    Name(Name),
    /// `-x` or `not x`
    Unary(UnaryOp, Box<Expr>),
    /// `x + y`, `x < y`, `a and b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `j in Y` or, negated, `j not in Y`
    Membership {
        /// The index.
        index: Box<Expr>,
        /// Whether `not` stands.
        negated: bool,
        /// The set.
        set: Ident,
    },
    /// `if a then b else c`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `[cond]`: 1 where true, else 0
    Indicator(Box<Expr>),
}

/// `name bracket? args?`
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name.
    pub ident: Ident,
    /// `[...]`
    pub bracket: Option<Bracket>,
    /// `(...)`
    pub arguments: Option<Vec<Argument>>,
}

/// `[item, ... | filter]`
#[derive(Clone, Debug, PartialEq)]
pub struct Bracket {
    /// What stands before the bar.
    pub items: Vec<BracketItem>,
    /// What stands behind the bar.
    pub filter: Option<Box<Expr>>,
    /// The whole bracket.
    pub span: Span,
}

/// One entry of a bracket. `j in c` is an expression here (a membership).
#[derive(Clone, Debug, PartialEq)]
pub enum BracketItem {
    /// `..` or `s..`
    Group(Option<Ident>, Span),
    /// An index, an axis or `j in c`
    Expr(Expr),
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `eps` in `eps = 1e-6`
    pub name: Option<Ident>,
    /// Its value.
    pub value: Expr,
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `not`
    Not,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `^`
    Pow,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `and`
    And,
    /// `or`
    Or,
}
