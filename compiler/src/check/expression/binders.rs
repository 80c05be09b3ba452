//! Binders, which fold axes, and normalisers, which keep them.
//!
//! `sum[c](...)` binds the axis itself, `sum[j in c](...)` a new index over it. `sum[j in Y](...)` visits the
//! labels of a set: it binds an index over the axis in which the set is stored, `j` means the label that stands
//! there, and places behind the last label, which are negative, are left out. Several axes are folds inside
//! each other; the filter stands in the innermost.

use super::Lowering;
use super::frame::Binding;
use crate::ast::{Argument, BinaryOp, Bracket, BracketItem, Expr, ExprKind, Ident, Name, UnaryOp};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::ir::{AxisId, AxisSet, ExprId, Function, Node, Reduction, Scalar};
use crate::source::Span;
use std::collections::HashMap;

/// Fold an axis.
pub(super) const BINDERS: &[&str] =
    &["sum", "mean", "max", "min", "prod", "logsumexp", "norm", "any", "all", "count"];

/// Keep the axis.
pub(super) const NORMALISERS: &[&str] = &["softmax", "log_softmax", "unit"];

/// One axis that is folded, and where that leaves places out.
#[derive(Clone, Copy)]
struct Fold {
    axis: AxisId,
    valid: Option<ExprId>,
}

impl<'a> Lowering<'a> {
    /// `max(a, b)` against `max[c](x)`: the functions of two numbers have no bracket.
    pub(super) fn is_binder(name: &Name) -> bool {
        let called = name.ident.name.as_str();
        name.bracket.is_some() && (BINDERS.contains(&called) || NORMALISERS.contains(&called))
    }

    /// `sum[c](body)` and its like.
    pub(super) fn binder(&mut self, name: &'a Name, bracket: &'a Bracket, span: Span) -> Option<ExprId> {
        let reduction = match name.ident.name.as_str() {
            "sum" => Reduction::Sum,
            "mean" => Reduction::Mean,
            "max" => Reduction::Max,
            "min" => Reduction::Min,
            "prod" => Reduction::Prod,
            "logsumexp" => Reduction::LogSumExp,
            "norm" => Reduction::Norm,
            "any" => Reduction::Any,
            "all" => Reduction::All,
            "count" => Reduction::Count,
            _ => return self.normaliser(name, bracket, span),
        };
        let wanted = match reduction {
            Reduction::Any | Reduction::All | Reduction::Count => Scalar::Bool,
            _ => Scalar::Real,
        };
        let (opened, taken) = (self.frame().open.len(), self.taken);
        let mut folds = Vec::new();
        let mut sound = true;
        for (place, item) in bracket.items.iter().enumerate() {
            if let Some(diagnostic) = condition_among_axes(bracket, place) {
                sound = self.report(diagnostic).unwrap_or(false);
                continue;
            }
            match self.bound(item) {
                Some(fold) if folds.iter().any(|known: &Fold| known.axis == fold.axis) => {
                    let name = self.graph.axis_name(fold.axis).to_owned();
                    let message = format!("`{name}` is folded twice");
                    let diagnostic = Diagnostic::new(&codes::WRONG_ARGUMENTS, message, span_of(item));
                    sound = self
                        .report(diagnostic.note(format!("a second index over it is `j in {name}`")))
                        .unwrap_or(false);
                }
                Some(fold) => folds.push(fold),
                None => sound = false,
            }
        }
        let filter = bracket.filter.as_ref().map(|filter| self.scalar(filter, Scalar::Bool));
        let body = self.one_argument(name, "folds", wanted, span);
        self.close(opened);
        // Indices of locals that were met on the way stay taken.
        let bound = folds.iter().fold(AxisSet::EMPTY, |set, fold| set.union(AxisSet::of(fold.axis)));
        self.taken = taken.union(self.taken.difference(bound));
        let (filter, body) = (super::super::flip(filter)?, body?);
        sound.then(|| self.folded(reduction, &folds, body, filter))
    }

    /// `softmax[c](x)` and its like.
    fn normaliser(&mut self, name: &'a Name, bracket: &'a Bracket, span: Span) -> Option<ExprId> {
        let called = name.ident.name.as_str();
        let mut folds = Vec::new();
        for item in &bracket.items {
            let plain = match item {
                BracketItem::Expr(Expr { kind: ExprKind::Membership { .. }, .. }) => None,
                other => self.bound(other).map(Some)?,
            };
            match plain {
                Some(fold) if !folds.iter().any(|known: &Fold| known.axis == fold.axis) => folds.push(fold),
                Some(_) => {
                    let diagnostic =
                        Diagnostic::new(&codes::WRONG_ARGUMENTS, "this axis stands twice", span_of(item));
                    return self.report(diagnostic);
                }
                None => {
                    return self.report(
                        Diagnostic::new(
                            &codes::WRONG_ARGUMENTS,
                            format!("`{called}` keeps its axis, so that it binds no index"),
                            span_of(item),
                        )
                        .note(format!("name the axis alone: `{called}[c](...)`")),
                    );
                }
            }
        }
        if let Some(filter) = &bracket.filter {
            return self.report(
                Diagnostic::new(&codes::WRONG_ARGUMENTS, format!("`{called}` has no filter"), filter.span)
                    .note("write it out, as in `if f then exp(x - logsumexp[c | f](x)) else 0`"),
            );
        }
        let x = self.one_argument(name, "keeps", Scalar::Real, span)?;
        Some(if called == "unit" {
            let length = self.folded(Reduction::Norm, &folds, x, None);
            self.graph.divide(x, length)
        } else {
            let total = self.folded(Reduction::LogSumExp, &folds, x, None);
            let log = self.graph.minus(x, total);
            if called == "softmax" { self.graph.apply(Function::Exp, &[log]) } else { log }
        })
    }

    /// The expression that a binder or normaliser is about.
    fn one_argument(&mut self, name: &'a Name, verb: &str, wanted: Scalar, span: Span) -> Option<ExprId> {
        match name.arguments.as_deref().unwrap_or_default() {
            [Argument { name: None, value }] => self.scalar(value, wanted),
            given => {
                for argument in given {
                    self.expression(&argument.value);
                }
                let message = format!("`{}` {verb} one expression", name.ident.name);
                self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, span))
            }
        }
    }

    /// What one entry of a binder's bracket binds. An index is open from here on.
    fn bound(&mut self, item: &'a BracketItem) -> Option<Fold> {
        let plain = |axis| Fold { axis, valid: None };
        match item {
            BracketItem::Group(None, span) => self.report(
                Diagnostic::new(&codes::AXES, "the sample axes `..` cannot be folded", *span)
                    .note("name the axes that a loss folds: `x[n, d]`, or `x[s..]` for any number of them"),
            ),
            BracketItem::Group(Some(name), _) => self.axis(name).map(plain),
            BracketItem::Expr(Expr { kind: ExprKind::Name(name), .. })
                if name.bracket.is_none() && name.arguments.is_none() =>
            {
                if self.frame().find(&name.ident.name).is_none() {
                    // What stands for it in the body is looked at all the same.
                    self.unknown_axis::<()>(&name.ident);
                    self.open_pending(&name.ident);
                    return None;
                }
                self.axis(&name.ident).map(plain)
            }
            BracketItem::Expr(Expr { kind: ExprKind::Membership { index, negated: false, set }, .. })
                if matches!(&index.kind, ExprKind::Name(Name { bracket: None, arguments: None, .. })) =>
            {
                let ExprKind::Name(name) = &index.kind else { return None };
                self.index_in(&name.ident, set)
            }
            BracketItem::Expr(other) => self.report(
                Diagnostic::new(&codes::WRONG_ARGUMENTS, "this is no axis to fold", other.span)
                    .note("a binder takes axes, `c`, and indices, `j in c`; conditions stand behind a `|`"),
            ),
        }
    }

    /// The axis of a name.
    pub(super) fn axis(&mut self, ident: &'a Ident) -> Option<AxisId> {
        match self.frame().find(&ident.name) {
            Some(Binding::Axis(axis)) => Some(axis),
            Some(_) => self.not_an_axis(ident),
            None => self.unknown_axis(ident),
        }
    }

    /// `j in c` or `j in Y`
    fn index_in(&mut self, ident: &'a Ident, domain: &'a Ident) -> Option<Fold> {
        let binding = self.frame().find(&domain.name);
        if let Some(Binding::Axis(axis)) = binding {
            let Some(index) = self.index(ident, axis) else {
                let value = self.graph.add(Node::Index(axis));
                self.open(ident, value);
                return None;
            };
            let value = self.graph.add(Node::Index(index));
            self.taken = self.taken.union(AxisSet::of(index));
            return self.open(ident, value).then_some(Fold { axis: index, valid: None });
        }
        if binding.is_none() {
            self.unknown_axis::<()>(domain);
            self.open_pending(ident);
            return None;
        }
        let member = self.set(domain)?;
        let Node::Member(input) = *self.graph.node(member) else { return None };
        let storage = *self.inputs[input].axes.last()?;
        let index = self.index(ident, storage)?;
        self.taken = self.taken.union(AxisSet::of(index));
        let place = self.graph.add(Node::Index(index));
        let labels = self.graph.add(Node::Input(input));
        let label = self.substitute(labels, &HashMap::from([(storage, place)]), domain.span)?;
        let zero = self.graph.real(0.0);
        let valid = self.graph.apply(Function::Ge, &[label, zero]);
        self.open(ident, label).then_some(Fold { axis: index, valid: Some(valid) })
    }

    pub(super) fn not_an_axis<T>(&mut self, ident: &Ident) -> Option<T> {
        let mut diagnostic =
            Diagnostic::new(&codes::WRONG_TYPE, format!("`{}` is not an axis", ident.name), ident.span);
        match self.frame().find(&ident.name) {
            Some(Binding::Value(value, _)) if matches!(self.graph.node(value), Node::Member(_)) => {
                diagnostic =
                    diagnostic.note(format!("a set is visited with an index: `j in {}`", ident.name));
            }
            Some(Binding::Index(_)) => diagnostic = diagnostic.note("it is an index, which has one position"),
            _ => {}
        }
        self.report(diagnostic)
    }

    pub(super) fn unknown_axis<T>(&mut self, ident: &Ident) -> Option<T> {
        let mut diagnostic =
            Diagnostic::new(&codes::UNKNOWN_NAME, format!("unknown axis `{}`", ident.name), ident.span);
        let axes: Vec<String> =
            self.frame().axes.clone().iter().map(|axis| self.graph.axis_name(*axis).to_owned()).collect();
        if let Some(meant) = super::nearest(&ident.name, axes.iter().map(String::as_str)) {
            diagnostic = diagnostic.suggest(format!("did you mean `{meant}`?"), ident.span, meant);
        } else if axes.is_empty() {
            diagnostic =
                diagnostic.note("an axis is named by an input: `x[.., c]`; in a helper, behind its name");
        } else {
            let names: Vec<String> = axes.iter().map(|name| format!("`{name}`")).collect();
            diagnostic = diagnostic.note(format!("the axes here are {}", names.join(", ")));
            if let [name, ..] = names.as_slice() {
                let name = name.trim_matches('`');
                diagnostic = diagnostic.note(format!("an index over one is written `j in {name}`"));
            }
        }
        self.report(diagnostic)
    }

    /// Folds inside each other, the first one outermost.
    fn folded(&mut self, kind: Reduction, folds: &[Fold], body: ExprId, filter: Option<ExprId>) -> ExprId {
        if kind == Reduction::Mean
            && folds.len() > 1
            && (filter.is_some() || folds.iter().any(|f| f.valid.is_some()))
        {
            // A mean of means would weigh them alike, however many of each passed.
            let sum = self.folded(Reduction::Sum, folds, body, filter);
            let always = self.graph.add(Node::Bool(true));
            let count = self.folded(Reduction::Count, folds, always, filter);
            return self.graph.divide(sum, count);
        }
        let mut result = body;
        for (i, fold) in folds.iter().enumerate().rev() {
            let innermost = i + 1 == folds.len();
            let filter = match (fold.valid, filter.filter(|_| innermost)) {
                (Some(valid), Some(filter)) => Some(self.graph.apply(Function::And, &[valid, filter])),
                (valid, filter) => valid.or(filter),
            };
            let kind = if kind == Reduction::Count && !innermost { Reduction::Sum } else { kind };
            result = self.graph.add(Node::Reduce(kind, fold.axis, result, filter));
        }
        result
    }
}

fn span_of(item: &BracketItem) -> Span {
    match item {
        BracketItem::Group(_, span) => *span,
        BracketItem::Expr(expr) => expr.span,
    }
}

/// Whether an expression is a condition by its form. `j in c` binds an index.
fn is_condition(expr: &Expr) -> bool {
    use BinaryOp::{And, Eq, Ge, Gt, Le, Lt, Ne, Or};
    match &expr.kind {
        ExprKind::Binary(op, ..) => matches!(op, Eq | Ne | Lt | Le | Gt | Ge | And | Or),
        ExprKind::Unary(op, _) => *op == UnaryOp::Not,
        ExprKind::Membership { negated, .. } => *negated,
        _ => false,
    }
}

/// The complaint about `max[j in c, j != t](x)`: a comma stands before a filter. The text that would be right is
/// offered where nothing but conditions follows.
fn condition_among_axes(bracket: &Bracket, place: usize) -> Option<Diagnostic> {
    let condition = |item: &BracketItem| matches!(item, BracketItem::Expr(expr) if is_condition(expr));
    let alternative = |item: &BracketItem| {
        matches!(item, BracketItem::Expr(Expr { kind: ExprKind::Binary(BinaryOp::Or, ..), .. }))
    };
    let (before, item) = (bracket.items.get(place.checked_sub(1)?)?, &bracket.items[place]);
    if bracket.filter.is_some() || !bracket.items[place..].iter().all(condition) {
        return None;
    }
    let diagnostic = Diagnostic::new(&codes::WRONG_ARGUMENTS, "this is no axis to fold", span_of(item));
    let diagnostic = diagnostic.label("a condition");
    let comma = Span { start: span_of(before).end, end: span_of(item).start };
    Some(if !condition(before) {
        diagnostic.suggest("conditions stand behind a `|`", comma, " | ")
    } else if alternative(before) || alternative(item) {
        diagnostic.note("conditions are joined by `and`")
    } else {
        diagnostic.suggest("conditions are joined by `and`", comma, " and ")
    })
}

impl<'a> Lowering<'a> {
    /// `size(c)`
    pub(super) fn size(&mut self, name: &'a Name, span: Span) -> Option<ExprId> {
        let [Argument { name: None, value }] = name.arguments.as_deref().unwrap_or_default() else {
            return self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, "`size` takes one axis", span));
        };
        let ident = match &value.kind {
            ExprKind::Name(Name { ident, bracket: None, arguments: None }) => ident,
            _ => {
                let message = "`size` takes the name of an axis";
                return self.report(Diagnostic::new(&codes::WRONG_TYPE, message, value.span));
            }
        };
        let axis = self.axis(ident)?;
        let base = self.graph.base(axis);
        Some(self.graph.add(Node::Size(base)))
    }
}
