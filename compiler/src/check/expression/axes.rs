//! Binders, normalisers and indexing over named axes.

use super::Lowering;
use crate::ast::{Bracket, BracketItem, ExprKind, Name};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::ir::{ExprId, Node, Reduction, Scalar};
use crate::source::Span;

/// Fold an axis.
pub(super) const BINDERS: &[&str] =
    &["sum", "mean", "max", "min", "prod", "logsumexp", "norm", "any", "all", "count"];

/// Keep the axis.
pub(super) const NORMALISERS: &[&str] = &["softmax", "log_softmax", "unit"];

impl<'a> Lowering<'a> {
    /// Text that is right but for which no code is generated yet; said once per loss.
    pub(super) fn not_generated(&mut self, what: &str, span: Span) -> Option<ExprId> {
        if self.diagnostics.has(&codes::NOT_GENERATED) {
            return None;
        }
        self.report(Diagnostic::new(
            &codes::NOT_GENERATED,
            format!("no code is generated yet for {what}"),
            span,
        ))
    }

    /// `x[..]` is `x`; anything else picks along a named axis.
    pub(super) fn index(&mut self, value: ExprId, bracket: &'a Bracket) -> Option<ExprId> {
        match bracket.items.as_slice() {
            [BracketItem::Group(None, _)] if bracket.filter.is_none() => Some(value),
            _ => self.not_generated("picking elements along an axis", bracket.span),
        }
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
            _ => return self.not_generated("normalisers", span),
        };
        let [BracketItem::Expr(axis)] = bracket.items.as_slice() else {
            return self.not_generated("binders over several axes", bracket.span);
        };
        let ExprKind::Name(Name { ident, bracket: None, arguments: None }) = &axis.kind else {
            return self.not_generated("binders over part of an axis", bracket.span);
        };
        let index = self.value_of(ident)?;
        let Node::Index(axis) = *self.graph.node(index) else {
            return self.report(Diagnostic::new(
                &codes::WRONG_TYPE,
                format!("`{}` is not an axis", ident.name),
                ident.span,
            ));
        };
        let wanted = match reduction {
            Reduction::Any | Reduction::All | Reduction::Count => Scalar::Bool,
            _ => Scalar::Real,
        };
        let filter = match &bracket.filter {
            None => None,
            Some(filter) => Some(self.scalar(filter, Scalar::Bool)?),
        };
        let [argument] = name.arguments.as_deref().unwrap_or_default() else {
            return self.report(Diagnostic::new(
                &codes::WRONG_ARGUMENTS,
                format!("`{}` folds one expression", name.ident.name),
                span,
            ));
        };
        let body = self.scalar(&argument.value, wanted)?;
        let node = self.graph.add(Node::Reduce(reduction, axis, body, filter));
        self.graph.blame(node, span);
        self.not_generated("folds over an axis", span)
    }

    /// `size(c)`
    pub(super) fn size(&mut self, name: &'a Name, span: Span) -> Option<ExprId> {
        match name.arguments.as_deref() {
            Some([argument]) => {
                let index = self.expression(&argument.value)?;
                match *self.graph.node(index) {
                    Node::Index(axis) => Some(self.graph.add(Node::Size(axis))),
                    _ => self.report(Diagnostic::new(
                        &codes::WRONG_TYPE,
                        "`size` takes the name of an axis",
                        span,
                    )),
                }
            }
            _ => self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, "`size` takes one axis", span)),
        }
    }

    /// `max(a, b)` against `max[c](x)`: the functions of two numbers have no bracket.
    pub(super) fn is_binder(name: &Name) -> bool {
        name.bracket.is_some()
            && (BINDERS.contains(&name.ident.name.as_str())
                || NORMALISERS.contains(&name.ident.name.as_str()))
    }
}
