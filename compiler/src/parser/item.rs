//! Declarations: losses, helpers, their inputs, parameters, locals and clauses.
//!
//! Input is a pair of the grammar; output are nodes of `ast`. A clause that stands twice or where it has no
//! meaning is reported and left out, and the rest of its declaration is built all the same.

use pest::iterators::Pair;

use super::Built;
use super::expr::{self, part, parts};
use super::grammar::Rule;
use crate::ast::{
    Allow, AxisDecl, Decl, Domain, DomainKind, Expr, Function, Ident, IndexDecl, Item, Local, Loss, Role,
};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Builds the declarations of a text.
pub(super) struct Builder<R> {
    expr: expr::Builder,
    report: R,
    item: Option<String>,
}

/// What follows a body.
#[derive(Default)]
struct Clauses {
    locals: Option<(Vec<Local>, Span)>,
    keep: Option<(Expr, Span)>,
    mean_by: Option<(Expr, Span)>,
    allows: Vec<Allow>,
}

/// What losses and helpers have in common.
struct Parts {
    name: Ident,
    axes: Vec<Ident>,
    inputs: Vec<Decl>,
    parameters: Vec<Decl>,
    body: Expr,
    clauses: Clauses,
}

impl<R: FnMut(Diagnostic)> Builder<R> {
    /// A builder for a text that begins at byte `base` of its file.
    pub(super) fn new(base: usize, report: R) -> Self {
        Builder { expr: expr::Builder { base }, report, item: None }
    }

    /// Takes note of a diagnostic about the declaration at hand.
    pub(super) fn report(&mut self, mut diagnostic: Diagnostic) {
        diagnostic.item = self.item.clone();
        (self.report)(diagnostic);
    }

    /// All declarations of a text.
    pub(super) fn file(&mut self, pair: Pair<'_, Rule>) -> Built<Vec<Item>> {
        parts(pair).map(|item| self.item(item)).collect()
    }

    fn item(&mut self, pair: Pair<'_, Rule>) -> Built<Item> {
        let mut doc = Vec::new();
        let mut declared = None;
        for part in parts(pair) {
            if part.as_rule() == Rule::doc {
                let line = part.as_str().trim_start_matches('/');
                doc.push(line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned());
            } else {
                declared = Some(part);
            }
        }
        let declared = declared.expect("an item declares something");
        let (doc, span) = (doc.join("\n"), self.expr.span(&declared));
        let is_loss = declared.as_rule() == Rule::loss;
        let Parts { name, axes, inputs, parameters, body, clauses } = self.parts(declared)?;
        let locals = clauses.locals.map_or_else(Vec::new, |(locals, _)| locals);
        if is_loss {
            let [keep, mean_by] =
                [clauses.keep, clauses.mean_by].map(|clause| clause.map(|(value, _)| value));
            let allows = clauses.allows;
            let loss = Loss { doc, name, inputs, parameters, body, locals, keep, mean_by, allows, span };
            return Ok(Item::Loss(loss));
        }
        let sampled = "only a loss is averaged over samples; move the clause there";
        let warned = "warnings are about losses; move the clause to those that call the helper";
        let misplaced = [
            (clauses.keep.map(|(_, span)| span), "keep", sampled),
            (clauses.mean_by.map(|(_, span)| span), "mean by", sampled),
            (clauses.allows.first().map(|allow| allow.span), "allow", warned),
        ];
        for (clause, word, note) in misplaced {
            if let Some(span) = clause {
                let message = format!("a helper has no `{word}` clause");
                self.report(Diagnostic::new(&codes::SYNTAX, message, span).note(note));
            }
        }
        Ok(Item::Function(Function { doc, name, axes, arguments: inputs, parameters, body, locals, span }))
    }

    fn parts(&mut self, pair: Pair<'_, Rule>) -> Built<Parts> {
        let mut pairs = parts(pair);
        let name = self.expr.ident(&pairs.next().expect("a declaration has a name"));
        self.item = Some(name.name.clone());
        let (mut axes, mut inputs, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
        let mut clauses = Clauses::default();
        let mut body = None;
        for pair in pairs {
            match pair.as_rule() {
                Rule::axis_names => axes = parts(pair).map(|name| self.expr.ident(&name)).collect(),
                Rule::inputs => inputs = self.decls(pair)?,
                Rule::parameters => parameters = self.decls(pair)?,
                Rule::expr => body = Some(self.expr.expr(pair)?),
                _ => self.clause(pair, &mut clauses)?,
            }
        }
        let body = body.expect("a declaration has a body");
        Ok(Parts { name, axes, inputs, parameters, body, clauses })
    }

    fn clause(&mut self, pair: Pair<'_, Rule>, clauses: &mut Clauses) -> Built<()> {
        let span = self.expr.span(&pair);
        let (word, earlier) = match pair.as_rule() {
            Rule::where_clause => {
                let locals: Vec<_> = parts(pair).map(|local| self.local(local)).collect::<Built<_>>()?;
                let earlier = clauses.locals.as_ref().map(|(_, span)| *span);
                // All locals count, so that what reads them is not reported as well.
                clauses.locals.get_or_insert((Vec::new(), span)).0.extend(locals);
                ("where", earlier)
            }
            Rule::keep_clause => {
                let value = self.expr.only(pair)?;
                ("keep", set_once(&mut clauses.keep, value, span))
            }
            Rule::allow_clause => {
                let allow = self.allow(pair, span);
                let earlier = clauses.allows.iter().find(|known| known.code.name == allow.code.name);
                let earlier = earlier.map(|known| known.span);
                clauses.allows.extend(earlier.is_none().then_some(allow));
                ("allow", earlier)
            }
            _ => {
                let value = self.expr.only(pair)?;
                ("mean by", set_once(&mut clauses.mean_by, value, span))
            }
        };
        if let Some(earlier) = earlier {
            let message = format!("the clause `{word}` stands twice");
            let note = match word {
                "where" => "one `where` holds all locals, separated by commas",
                "keep" => "join the conditions with `and`",
                "allow" => "one `allow` holds for the whole loss; join the reasons",
                _ => "a loss has one divisor; multiply the weights",
            };
            let diagnostic = Diagnostic::new(&codes::REPEATED_CLAUSE, message, span).label("the second one");
            self.report(diagnostic.context(earlier, "the first one").note(note));
        }
        Ok(())
    }

    fn allow(&self, pair: Pair<'_, Rule>, span: Span) -> Allow {
        let mut pairs = parts(pair);
        let code = self.expr.ident(&pairs.next().expect("a clause names a code"));
        let text = pairs.next().expect("a clause has a reason");
        let reason = text.as_str().trim_matches('"').trim().to_owned();
        Allow { code, reason, span }
    }

    fn local(&self, pair: Pair<'_, Rule>) -> Built<Local> {
        let span = self.expr.span(&pair);
        let mut pairs = parts(pair).peekable();
        let name = self.expr.ident(&pairs.next().expect("a local has a name"));
        let indices = pairs.next_if(|pair| pair.as_rule() == Rule::indices).map(|indices| {
            let index = |pair| {
                let mut names = parts(pair).map(|name| self.expr.ident(&name));
                IndexDecl { name: names.next().expect("an index has a name"), over: names.next() }
            };
            parts(indices).map(index).collect()
        });
        let value = self.expr.expr(pairs.next().expect("a local has a value"))?;
        Ok(Local { name, indices, value, span })
    }

    fn decls(&self, pair: Pair<'_, Rule>) -> Built<Vec<Decl>> {
        parts(pair).map(|decl| self.decl(decl)).collect()
    }

    fn decl(&self, pair: Pair<'_, Rule>) -> Built<Decl> {
        let span = self.expr.span(&pair);
        let mut pairs = parts(pair);
        let name = self.expr.ident(&pairs.next().expect("a declaration has a name"));
        let mut decl = Decl { name, axes: None, role: None, domain: None, default: None, span };
        for pair in pairs {
            match pair.as_rule() {
                Rule::axes => decl.axes = Some(parts(pair).map(|axis| self.axis(axis)).collect()),
                Rule::role => {
                    let mut names = parts(pair).map(|name| self.expr.ident(&name));
                    let kind = names.next().expect("a role has a first word");
                    decl.role = Some(Role { kind, axis: names.next() });
                }
                Rule::domain => decl.domain = Some(self.domain(pair)?),
                _ => decl.default = Some(self.expr.expr(pair)?),
            }
        }
        Ok(decl)
    }

    fn axis(&self, pair: Pair<'_, Rule>) -> AxisDecl {
        let (text, span) = (pair.as_str(), self.expr.span(&pair));
        match parts(pair).next() {
            None => AxisDecl::Samples(span),
            Some(name) if text.ends_with("..") => AxisDecl::Group(self.expr.ident(&name)),
            Some(name) => AxisDecl::Axis(self.expr.ident(&name)),
        }
    }

    fn domain(&self, pair: Pair<'_, Rule>) -> Built<Domain> {
        let span = self.expr.span(&pair);
        let (text, is_set) = (pair.as_str(), pair.as_str().starts_with('{'));
        let mut values = parts(part(pair)).map(|value| self.expr.expr(value));
        let kind = if is_set {
            DomainKind::Set(values.collect::<Built<_>>()?)
        } else {
            let mut end = || values.next().expect("an interval has two ends");
            let (low, high) = (end()?, end()?);
            DomainKind::Interval {
                low,
                low_closed: text.starts_with('['),
                high,
                high_closed: text.ends_with(']'),
            }
        };
        Ok(Domain { kind, span })
    }
}

/// Fills a slot, or says where it was filled before.
fn set_once<T>(slot: &mut Option<(T, Span)>, value: T, span: Span) -> Option<Span> {
    match slot {
        Some((_, earlier)) => Some(*earlier),
        None => {
            *slot = Some((value, span));
            None
        }
    }
}
