//! Expressions: the flat lists of the grammar become trees by precedence.
//!
//! Input is a pair of the grammar, which holds operators and operands in the order of the text; output is a
//! tree no deeper than the limits of the parent module. Recursion follows the brackets of the text alone and is
//! counted; every node knows its height before it is built.

use pest::iterators::{Pair, Pairs};

use super::grammar::Rule;
use super::level::{Level, OPERATORS};
use super::{Built, MAX_HEIGHT, MAX_NESTING, scan};
use crate::ast::{Argument, BinaryOp, Bracket, BracketItem, Expr, ExprKind, Ident, Name, UnaryOp};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Builds the expressions of a text.
#[derive(Clone, Copy)]
pub(super) struct Builder {
    /// Where the text begins in its file.
    pub(super) base: usize,
}

/// An expression and the length of its longest path.
struct Tree {
    expr: Expr,
    height: usize,
}

/// The complaint about a text that nests too deeply.
pub(super) fn too_nested(span: Span) -> Box<Diagnostic> {
    let message = format!("more than {MAX_NESTING} brackets, branches or operators stand inside each other");
    let diagnostic = Diagnostic::new(&codes::TOO_DEEP, message, span).label("too deep from here on");
    Box::new(diagnostic.note("name parts of the formula in a `where` clause"))
}

/// The complaint about a chain of operators that is too long.
pub(super) fn too_long(span: Span) -> Box<Diagnostic> {
    let message = format!("more than {MAX_HEIGHT} operators follow each other in one expression");
    let diagnostic = Diagnostic::new(&codes::TOO_DEEP, message, span).label("too long from here on");
    Box::new(diagnostic.note("sum over an axis, or name parts of the formula in a `where` clause"))
}

/// The part of a pair that is no punctuation.
pub(super) fn parts(pair: Pair<'_, Rule>) -> impl Iterator<Item = Pair<'_, Rule>> {
    pair.into_inner().filter(|part| {
        !matches!(
            part.as_rule(),
            Rule::open_paren
                | Rule::close_paren
                | Rule::open_bracket
                | Rule::close_bracket
                | Rule::open_brace
                | Rule::close_brace
                | Rule::comma
                | Rule::semicolon
                | Rule::colon
                | Rule::bar
                | Rule::dots
                | Rule::equals
                | Rule::kw_loss
                | Rule::kw_fn
                | Rule::kw_where
                | Rule::kw_keep
                | Rule::kw_mean
                | Rule::kw_by
                | Rule::kw_allow
                | Rule::kw_if
                | Rule::kw_then
                | Rule::kw_else
                | Rule::kw_not
                | Rule::kw_in
                | Rule::EOI
        )
    })
}

/// The only part of a pair that is no punctuation, or the first.
pub(super) fn part(pair: Pair<'_, Rule>) -> Pair<'_, Rule> {
    parts(pair).next().expect("the grammar gives this rule a part")
}

impl Builder {
    /// Where a pair stands in the file.
    pub(super) fn span(self, pair: &Pair<'_, Rule>) -> Span {
        // The grammar skips blanks and comments before it looks for an optional part that is not there.
        let start = self.base + pair.as_span().start();
        Span::new(start, start + scan::solid(pair.as_str()))
    }

    /// A name.
    pub(super) fn ident(self, pair: &Pair<'_, Rule>) -> Ident {
        Ident { name: pair.as_str().to_owned(), span: self.span(pair) }
    }

    /// The expression that is all of a pair.
    pub(super) fn only(self, pair: Pair<'_, Rule>) -> Built<Expr> {
        self.expr(part(pair))
    }

    /// An expression.
    pub(super) fn expr(self, pair: Pair<'_, Rule>) -> Built<Expr> {
        Ok(self.nested(pair, 0)?.expr)
    }

    fn nested(self, pair: Pair<'_, Rule>, depth: usize) -> Built<Tree> {
        let span = self.span(&pair);
        if depth > MAX_NESTING {
            return Err(too_nested(span));
        }
        let tokens = pair.into_inner();
        match tokens.peek().filter(|first| first.as_rule() == Rule::conditional) {
            Some(conditional) => self.conditional(conditional, depth),
            None => self.chain(tokens, depth),
        }
    }

    fn conditional(self, pair: Pair<'_, Rule>, depth: usize) -> Built<Tree> {
        let span = self.span(&pair);
        let mut branches = parts(pair);
        let mut next = || {
            let branch = branches.next().expect("an `if` has three parts");
            self.nested(branch, depth + 1)
        };
        let (condition, yes, no) = (next()?, next()?, next()?);
        let height = condition.height.max(yes.height).max(no.height);
        let [condition, yes, no] = [condition, yes, no].map(|tree| Box::new(tree.expr));
        grown(ExprKind::If(condition, yes, no), span, height)
    }

    /// Puts operators and operands together by precedence, with a stack of its own.
    fn chain(self, tokens: Pairs<'_, Rule>, depth: usize) -> Built<Tree> {
        let mut stack = Stack::default();
        for token in tokens {
            let span = self.span(&token);
            match token.as_rule() {
                Rule::prefix => stack.prefix(token.as_str(), span)?,
                Rule::infix => stack.infix(operator(token.as_str()), span)?,
                Rule::membership => {
                    let negated = token.as_str().starts_with("not");
                    stack.membership(negated, self.ident(&part(token)), span)?;
                }
                _ => {
                    let operand = self.operand(token, depth + stack.nesting())?;
                    stack.operands.push(operand);
                }
            }
            if depth + stack.nesting() > MAX_NESTING {
                return Err(too_nested(span));
            }
        }
        stack.finish()
    }

    fn operand(self, pair: Pair<'_, Rule>, depth: usize) -> Built<Tree> {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::number => Ok(Tree { expr: self.number(&pair)?, height: 1 }),
            Rule::parens => {
                // The brackets belong to the span, so that carets cover what the reader sees as one thing.
                let inner = self.nested(part(pair), depth + 1)?;
                Ok(Tree { expr: Expr { span, ..inner.expr }, height: inner.height })
            }
            Rule::indicator => {
                let inner = self.nested(part(pair), depth + 1)?;
                grown(ExprKind::Indicator(Box::new(inner.expr)), span, inner.height)
            }
            _ => self.reference(pair, depth),
        }
    }

    fn number(self, pair: &Pair<'_, Rule>) -> Built<Expr> {
        let (text, span) = (pair.as_str(), self.span(pair));
        let value: f64 = text.parse().unwrap_or(f64::INFINITY);
        let digits = text.split(['e', 'E']).next().unwrap_or(text);
        let fault = |words: &str, replacement: &str| {
            let message = format!("this number is too {words} for 64-bit floating point");
            let diagnostic = Diagnostic::new(&codes::SYNTAX, message, span);
            let text = format!("if that is meant, write `{replacement}`");
            let label = format!("it would be read as {replacement}");
            Err(Box::new(diagnostic.label(label).suggest(text, span, replacement)))
        };
        match value {
            f64::INFINITY => fault("large", "inf"),
            0.0 if digits.contains(|c| matches!(c, '1'..='9')) => fault("small", "0"),
            _ => Ok(Expr { kind: ExprKind::Number(value), span }),
        }
    }

    fn reference(self, pair: Pair<'_, Rule>, depth: usize) -> Built<Tree> {
        let span = self.span(&pair);
        let mut height = 0;
        let (mut bracket, mut arguments) = (None, None);
        let mut parts = parts(pair);
        let ident = self.ident(&parts.next().expect("a reference has a name"));
        for part in parts {
            if part.as_rule() == Rule::bracket {
                bracket = Some(self.bracket(part, depth + 1, &mut height)?);
            } else {
                arguments = Some(self.arguments(part, depth + 1, &mut height)?);
            }
        }
        grown(ExprKind::Name(Name { ident, bracket, arguments }), span, height)
    }

    fn bracket(self, pair: Pair<'_, Rule>, depth: usize, height: &mut usize) -> Built<Bracket> {
        let mut bracket = Bracket { items: Vec::new(), filter: None, span: self.span(&pair) };
        for entry in parts(pair) {
            if entry.as_rule() == Rule::expr {
                bracket.filter = Some(Box::new(self.below(entry, depth, height)?));
                continue;
            }
            let item = part(entry);
            bracket.items.push(if item.as_rule() == Rule::group {
                let span = self.span(&item);
                BracketItem::Group(parts(item).next().map(|name| self.ident(&name)), span)
            } else {
                BracketItem::Expr(self.below(item, depth, height)?)
            });
        }
        Ok(bracket)
    }

    fn arguments(self, pair: Pair<'_, Rule>, depth: usize, height: &mut usize) -> Built<Vec<Argument>> {
        let mut arguments = Vec::new();
        for argument in parts(pair) {
            let mut name = None;
            for piece in parts(argument) {
                if piece.as_rule() == Rule::argument_name {
                    name = Some(self.ident(&part(piece)));
                } else {
                    arguments.push(Argument { name: name.take(), value: self.below(piece, depth, height)? });
                }
            }
        }
        Ok(arguments)
    }

    /// An expression inside a node, whose height it raises.
    fn below(self, pair: Pair<'_, Rule>, depth: usize, height: &mut usize) -> Built<Expr> {
        let tree = self.nested(pair, depth)?;
        *height = (*height).max(tree.height);
        Ok(tree.expr)
    }
}

/// Operands, and the operators that wait for what stands on their right.
#[derive(Default)]
struct Stack {
    operands: Vec<Tree>,
    waiting: Vec<(Operator, Level)>,
    /// Whether the last operand is a membership without brackets.
    truth: bool,
}

/// An operator that waits.
#[derive(Clone, Copy)]
enum Operator {
    Prefix(UnaryOp, Span),
    Infix(BinaryOp),
}

impl Stack {
    /// How many of the waiting operators stand inside each other in the text.
    fn nesting(&self) -> usize {
        let nests = |op: &Operator| matches!(op, Operator::Prefix(..) | Operator::Infix(BinaryOp::Pow));
        self.waiting.iter().filter(|(op, _)| nests(op)).count()
    }

    fn prefix(&mut self, text: &str, span: Span) -> Built<()> {
        let (op, level) = if text == "-" { (UnaryOp::Neg, Level::Unary) } else { (UnaryOp::Not, Level::Not) };
        if self.waiting.last().is_some_and(|(_, before)| before.right() > level) {
            let message = "`not` binds more loosely than the operator before it";
            let diagnostic = Diagnostic::new(&codes::SYNTAX, message, span);
            return Err(Box::new(diagnostic.label("put this `not` and its operand in brackets")));
        }
        self.waiting.push((Operator::Prefix(op, span), level));
        Ok(())
    }

    fn infix(&mut self, op: BinaryOp, span: Span) -> Built<()> {
        let level = Level::of_binary(op);
        self.make_room(level, span)?;
        self.waiting.push((Operator::Infix(op), level));
        Ok(())
    }

    fn membership(&mut self, negated: bool, set: Ident, span: Span) -> Built<()> {
        self.make_room(Level::Compare, span)?;
        let Tree { expr, height } = self.operand();
        let span = expr.span.to(span);
        let kind = ExprKind::Membership { index: Box::new(expr), negated, set };
        self.operands.push(grown(kind, span, height)?);
        self.truth = true;
        Ok(())
    }

    /// Finishes what binds more tightly than an operator of some level that comes next.
    fn make_room(&mut self, level: Level, span: Span) -> Built<()> {
        let mut chained = std::mem::take(&mut self.truth) && level >= Level::Compare;
        while let Some((_, before)) = self.waiting.last()
            && (*before > level || *before == level && level != Level::Power)
        {
            chained |= *before == level && level == Level::Compare;
            self.reduce()?;
        }
        if chained { Err(does_not_chain(level, self.operand().expr.span, span)) } else { Ok(()) }
    }

    /// Gives the last waiting operator its operands.
    fn reduce(&mut self) -> Built<()> {
        let Some((op, _)) = self.waiting.pop() else { return Ok(()) };
        let last = self.operand();
        let tree = match op {
            Operator::Prefix(op, span) => {
                let span = span.to(last.expr.span);
                grown(ExprKind::Unary(op, Box::new(last.expr)), span, last.height)
            }
            Operator::Infix(op) => {
                let first = self.operand();
                let (span, height) = (first.expr.span.to(last.expr.span), first.height.max(last.height));
                grown(ExprKind::Binary(op, Box::new(first.expr), Box::new(last.expr)), span, height)
            }
        };
        self.operands.push(tree?);
        Ok(())
    }

    fn finish(mut self) -> Built<Tree> {
        while !self.waiting.is_empty() {
            self.reduce()?;
        }
        Ok(self.operand())
    }

    fn operand(&mut self) -> Tree {
        self.operands.pop().expect("the grammar puts operands around operators")
    }
}

/// A node above a tree of some height.
fn grown(kind: ExprKind, span: Span, below: usize) -> Built<Tree> {
    if below < MAX_HEIGHT {
        return Ok(Tree { expr: Expr { kind, span }, height: below + 1 });
    }
    Err(too_long(Span { start: span.end, end: span.end }))
}

/// The operator that is spelled like this.
fn operator(text: &str) -> BinaryOp {
    let row = OPERATORS.iter().find(|(spelling, _)| *spelling == text);
    row.expect("the grammar knows no other operators").1
}

fn does_not_chain(level: Level, left: Span, second: Span) -> Box<Diagnostic> {
    let (message, note) = if level == Level::Compare {
        ("comparisons do not chain", "join two comparisons with `and`: `a < b and b < c`")
    } else {
        ("arithmetic on a truth value", "`[cond]` in square brackets is 1 where the condition holds, else 0")
    };
    let diagnostic =
        Diagnostic::new(&codes::SYNTAX, message, second).label("a truth value stands on its left");
    Box::new(diagnostic.context(left, "this is true or false").note(note))
}
