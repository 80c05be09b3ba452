//! Calls: functions of the table, `stop` and `with_grad`. Helpers and other losses stand in `inline`.

use super::frame::Binding;
use super::{Lowering, MOST_SUGGESTIONS, constant, is_built_in, is_function, nearest};
use crate::ast::{Argument, Name};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::functions::{by_name, rows};
use crate::ir::{ExprId, Function, Node, Scalar};
use crate::source::Span;

/// Forms that are called like functions but are not rows of the table.
pub(super) const SPECIAL: &[&str] = &["stop", "with_grad", "size", "pow"];

impl<'a> Lowering<'a> {
    pub(super) fn call(&mut self, name: &'a Name, span: Span) -> Option<ExprId> {
        let called = name.ident.name.as_str();
        let arguments = name.arguments.as_deref().unwrap_or_default();
        if Self::is_binder(name) {
            let bracket = name.bracket.as_ref()?;
            return self.binder(name, bracket, span);
        }
        if let Some(item) = self.items.get(called).copied().filter(|_| !is_function(called)) {
            return self.inline(item, name, arguments, span);
        }
        let pointwise = by_name(called).is_some() || SPECIAL.contains(&called);
        if let Some(bracket) = name.bracket.as_ref().filter(|_| pointwise) {
            let message = format!("`{called}` works on numbers one by one and has no axes");
            return self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, bracket.span));
        }
        if called == "size" {
            return self.size(name, span);
        }
        let (function, arity) = match (called, by_name(called)) {
            ("stop", _) => (None, 1),
            ("with_grad", _) => (None, 2),
            ("pow", _) => (Some(Function::Pow), 2),
            (_, Some(row)) => (Some(row.function), row.arity),
            (_, None) => return self.unknown_function(name),
        };
        let values = self.arguments(called, arguments, arity, span)?;
        match (called, function) {
            ("stop", _) => Some(self.graph.add(Node::Stop(values[0]))),
            ("with_grad", _) => Some(self.graph.add(Node::WithGrad(values[0], values[1]))),
            (_, Some(function)) => Some(self.graph.apply(function, &values)),
            (_, None) => None,
        }
    }

    /// Numbers given by position, as many as wanted.
    fn arguments(
        &mut self,
        called: &str,
        given: &'a [Argument],
        arity: usize,
        span: Span,
    ) -> Option<Vec<ExprId>> {
        if let Some(named) = given.iter().find_map(|argument| argument.name.as_ref()) {
            let message = format!("`{called}` takes its arguments by position");
            return self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, named.span));
        }
        if given.len() != arity {
            let plural = if arity == 1 { "argument" } else { "arguments" };
            let message = format!("`{called}` takes {arity} {plural}, not {}", given.len());
            return self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, span));
        }
        let values: Vec<_> =
            given.iter().map(|argument| self.scalar(&argument.value, Scalar::Real)).collect();
        values.into_iter().collect()
    }

    fn unknown_function(&mut self, name: &'a Name) -> Option<ExprId> {
        let ident = &name.ident;
        for argument in name.arguments.iter().flatten() {
            self.expression(&argument.value);
        }
        if is_built_in(&ident.name) {
            return self.report(
                Diagnostic::new(
                    &codes::WRONG_ARGUMENTS,
                    format!("`{}` folds or keeps an axis", ident.name),
                    ident.span,
                )
                .note(format!("name the axis: `{}[c](...)`", ident.name)),
            );
        }
        if self.frames.last().is_some_and(|frame| frame.find(&ident.name).is_some())
            || constant(&ident.name).is_some()
        {
            let found = self.frames.last().and_then(|frame| frame.find(&ident.name));
            return self.report(
                Diagnostic::new(
                    &codes::UNKNOWN_NAME,
                    format!("`{}` is a value, not a function", ident.name),
                    ident.span,
                )
                .note(match found {
                    Some(Binding::Local(local)) if local.indices.is_some() => {
                        "positions stand in square brackets"
                    }
                    _ => "write `*` for a product",
                }),
            );
        }
        let known = rows().filter(|row| by_name(row.name).is_some()).map(|row| row.name);
        let known = known.chain(self.items.keys().copied()).chain(SPECIAL.iter().copied());
        let mut diagnostic =
            Diagnostic::new(&codes::UNKNOWN_NAME, format!("unknown function `{}`", ident.name), ident.span);
        let other = match ident.name.as_str() {
            "ln" => Some("log"),
            "fabs" => Some("abs"),
            "logistic" | "expit" => Some("sigmoid"),
            "logsigmoid" => Some("log_sigmoid"),
            "logcosh" => Some("log_cosh"),
            "detach" | "stop_gradient" => Some("stop"),
            "where" | "select" => Some("if"),
            _ if self.diagnostics.errors() >= MOST_SUGGESTIONS => None,
            _ => nearest(&ident.name, known),
        };
        if let Some(meant) = other {
            diagnostic = diagnostic.suggest(format!("did you mean `{meant}`?"), ident.span, meant);
        }
        self.report(diagnostic)
    }
}
