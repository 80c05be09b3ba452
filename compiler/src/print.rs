//! Trees as text of the language, with as few brackets as they need.
//!
//! What is printed parses to the same tree, spans apart. A declaration stands on one line where it fits, its
//! clauses on lines of their own.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::ast::{
    Argument, AxisDecl, BinaryOp, Bracket, BracketItem, Decl, Domain, DomainKind, Expr, ExprKind, Function,
    Ident, IndexDecl, Item, Local, Loss, Module, Name, Role, UnaryOp,
};
use crate::parser::{Level, OPERATORS};

/// The longest line that a header and a body share.
const COLUMNS: usize = 100;

impl Display for Module {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (position, item) in self.items.iter().enumerate() {
            let gap = if position == 0 { "" } else { "\n" };
            writeln!(f, "{gap}{item}")?;
        }
        Ok(())
    }
}

impl Display for Item {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Item::Loss(loss) => loss.fmt(f),
            Item::Function(function) => function.fmt(f),
        }
    }
}

impl Display for Loss {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        documentation(f, &self.doc)?;
        let header = header(&format!("loss {}", self.name), &self.inputs, &self.parameters);
        definition(f, &header, &self.body)?;
        where_clause(f, &self.locals)?;
        if let Some(keep) = &self.keep {
            write!(f, "\n    keep {keep}")?;
        }
        if let Some(weight) = &self.mean_by {
            write!(f, "\n    mean by {weight}")?;
        }
        for allow in &self.allows {
            write!(f, "\n    allow({}, \"{}\")", allow.code, allow.reason)?;
        }
        Ok(())
    }
}

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        documentation(f, &self.doc)?;
        let mut start = format!("fn {}", self.name);
        if !self.axes.is_empty() {
            start += &format!("[{}]", list(&self.axes, ", "));
        }
        let header = header(&start, &self.arguments, &self.parameters);
        definition(f, &header, &self.body)?;
        where_clause(f, &self.locals)
    }
}

fn documentation(f: &mut Formatter<'_>, doc: &str) -> fmt::Result {
    for line in doc.lines() {
        writeln!(f, "{}", format!("/// {line}").trim_end())?;
    }
    Ok(())
}

/// `loss NAME(INPUTS; PARAMETERS)`, broken behind the `;` if it is long.
fn header(start: &str, inputs: &[Decl], parameters: &[Decl]) -> String {
    let mut header = format!("{start}({}", list(inputs, ", "));
    if !parameters.is_empty() {
        let parameters = list(parameters, ", ");
        header.push(';');
        if header.len() + parameters.len() + ") =".len() < COLUMNS {
            header.push(' ');
        } else {
            header += &format!("\n{:indent$}", "", indent = start.len() + 1);
        }
        header += &parameters;
    }
    header.push(')');
    header
}

fn definition(f: &mut Formatter<'_>, header: &str, body: &Expr) -> fmt::Result {
    let body = body.to_string();
    let fits = !header.contains('\n') && header.len() + " = ".len() + body.len() <= COLUMNS;
    write!(f, "{header} ={}{body}", if fits { " " } else { "\n    " })
}

fn where_clause(f: &mut Formatter<'_>, locals: &[Local]) -> fmt::Result {
    if locals.is_empty() {
        return Ok(());
    }
    write!(f, "\n    where {}", list(locals, ",\n          "))
}

impl Display for Decl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if let Some(axes) = &self.axes {
            write!(f, "[{}]", list(axes, ", "))?;
        }
        if let Some(role) = &self.role {
            write!(f, ": {role}")?;
        }
        if let Some(domain) = &self.domain {
            write!(f, " in {domain}")?;
        }
        if let Some(default) = &self.default {
            write!(f, " = {default}")?;
        }
        Ok(())
    }
}

impl Display for AxisDecl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            AxisDecl::Samples(_) => f.write_str(".."),
            AxisDecl::Axis(name) => name.fmt(f),
            AxisDecl::Group(name) => write!(f, "{name}.."),
        }
    }
}

impl Display for Role {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.axis {
            Some(axis) => write!(f, "{} {axis}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}

impl Display for Domain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            DomainKind::Interval { low, low_closed, high, high_closed } => {
                let open = if *low_closed { '[' } else { '(' };
                let close = if *high_closed { ']' } else { ')' };
                write!(f, "{open}{low}, {high}{close}")
            }
            DomainKind::Set(values) => write!(f, "{{{}}}", list(values, ", ")),
        }
    }
}

impl Display for Local {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if let Some(indices) = &self.indices {
            write!(f, "[{}]", list(indices, ", "))?;
        }
        write!(f, " = {}", self.value)
    }
}

impl Display for IndexDecl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.over {
            Some(axis) => write!(f, "{} in {axis}", self.name),
            None => self.name.fmt(f),
        }
    }
}

impl Display for Ident {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        expression(f, self, Level::Any)
    }
}

/// Prints an expression where operators looser than `least` need brackets.
fn expression(f: &mut Formatter<'_>, expr: &Expr, least: Level) -> fmt::Result {
    let level = Level::of(&expr.kind);
    if level < least {
        f.write_char('(')?;
        expression(f, expr, Level::Any)?;
        return f.write_char(')');
    }
    match &expr.kind {
        ExprKind::Number(value) => number(f, *value),
        ExprKind::Name(name) => name.fmt(f),
        ExprKind::Unary(op, inner) => {
            op.fmt(f)?;
            expression(f, inner, level)
        }
        ExprKind::Binary(op, left, right) => {
            expression(f, left, level.left())?;
            match op {
                BinaryOp::Pow => op.fmt(f)?,
                op => write!(f, " {op} ")?,
            }
            expression(f, right, level.right())
        }
        ExprKind::Membership { index, negated, set } => {
            expression(f, index, level.left())?;
            write!(f, " {} {set}", if *negated { "not in" } else { "in" })
        }
        ExprKind::If(condition, yes, no) => {
            f.write_str("if ")?;
            expression(f, condition, Level::Any)?;
            f.write_str(" then ")?;
            expression(f, yes, Level::Any)?;
            f.write_str(" else ")?;
            expression(f, no, Level::Any)
        }
        ExprKind::Indicator(condition) => {
            f.write_char('[')?;
            expression(f, condition, Level::Any)?;
            f.write_char(']')
        }
    }
}

/// The shortest text that reads back as the same number: `1`, `0.07`, `1e-6`.
fn number(f: &mut Formatter<'_>, value: f64) -> fmt::Result {
    let text = format!("{value:?}");
    f.write_str(text.strip_suffix(".0").unwrap_or(&text))
}

impl Display for UnaryOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UnaryOp::Neg => "-",
            UnaryOp::Not => "not ",
        })
    }
}

impl Display for BinaryOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let row = OPERATORS.iter().find(|(_, op)| op == self);
        f.write_str(row.map_or("", |(spelling, _)| spelling))
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.ident.fmt(f)?;
        if let Some(bracket) = &self.bracket {
            bracket.fmt(f)?;
        }
        if let Some(arguments) = &self.arguments {
            write!(f, "({})", list(arguments, ", "))?;
        }
        Ok(())
    }
}

impl Display for Bracket {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "[{}", list(&self.items, ", "))?;
        if let Some(filter) = &self.filter {
            write!(f, " | {filter}")?;
        }
        f.write_char(']')
    }
}

impl Display for BracketItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            BracketItem::Group(Some(name), _) => write!(f, "{name}.."),
            BracketItem::Group(None, _) => f.write_str(".."),
            BracketItem::Expr(expr) => expr.fmt(f),
        }
    }
}

impl Display for Argument {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} = {}", self.value),
            None => self.value.fmt(f),
        }
    }
}

/// Things with a separator between them.
fn list<T: Display>(things: &[T], separator: &str) -> String {
    let texts: Vec<_> = things.iter().map(T::to_string).collect();
    texts.join(separator)
}
