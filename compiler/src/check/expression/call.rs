//! Calls: functions of the table, `stop` and `with_grad`, helpers and other losses.

use super::{Binding, Frame, Lowering, bind_locals, constant, is_built_in, nearest, scalar_of};
use crate::ast::{Argument, Decl, Expr, Item, Local, Name};
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
        if let Some(item) = self.items.get(called).copied() {
            return match &name.bracket {
                Some(bracket) => self.not_generated("helpers over an axis", bracket.span),
                None => self.inline(item, arguments, span),
            };
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
            self.report(Diagnostic::new(
                &codes::WRONG_ARGUMENTS,
                format!("`{called}` takes its arguments by position"),
                named.span,
            ));
            return None;
        }
        if given.len() != arity {
            let plural = if arity == 1 { "argument" } else { "arguments" };
            self.report(Diagnostic::new(
                &codes::WRONG_ARGUMENTS,
                format!("`{called}` takes {arity} {plural}, not {}", given.len()),
                span,
            ));
            return None;
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
        if self.frames.last().is_some_and(|frame| frame.bindings.contains_key(ident.name.as_str()))
            || constant(&ident.name).is_some()
        {
            return self.report(
                Diagnostic::new(
                    &codes::UNKNOWN_NAME,
                    format!("`{}` is a value, not a function", ident.name),
                    ident.span,
                )
                .note("write `*` for a product"),
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
            _ => nearest(&ident.name, known),
        };
        if let Some(meant) = other {
            diagnostic = diagnostic.suggest(format!("did you mean `{meant}`?"), ident.span, meant);
        }
        self.report(diagnostic)
    }

    /// Puts the formula of a helper, or of another loss, in place of its call.
    fn inline(&mut self, item: &'a Item, given: &'a [Argument], span: Span) -> Option<ExprId> {
        let (name, arguments, parameters, body, locals): (_, &[Decl], &[Decl], &Expr, &[Local]) = match item {
            Item::Function(f) => (&f.name, &f.arguments, &f.parameters, &f.body, &f.locals),
            Item::Loss(l) => (&l.name, &l.inputs, &l.parameters, &l.body, &l.locals),
        };
        if self.broken.contains(name.name.as_str()) {
            return None;
        }
        if self.active.contains(&name.name.as_str()) {
            return self.report(
                Diagnostic::new(&codes::CYCLE, format!("`{}` calls itself", name.name), span)
                    .context(name.span, "defined here"),
            );
        }
        let declared: Vec<&'a Decl> = arguments.iter().chain(parameters).collect();
        let values = self.bind(&name.name, &declared, arguments.len(), given, span)?;
        if let Some(known) = self.inlined.get(&(name.name.as_str(), values.clone())) {
            return *known;
        }
        let mut frame = Frame::default();
        for (decl, value) in declared.iter().zip(&values) {
            frame.bindings.insert(&decl.name.name, Binding::Value(*value));
        }
        bind_locals(&mut frame, locals);
        self.active.push(&name.name);
        self.frames.push(frame);
        let value = self.expression(body);
        self.frames.pop();
        self.active.pop();
        self.inlined.insert((&name.name, values), value);
        value
    }

    /// One value per declared argument: given by position, by name, or its default.
    fn bind(
        &mut self,
        called: &str,
        declared: &[&'a Decl],
        positional: usize,
        given: &'a [Argument],
        span: Span,
    ) -> Option<Vec<ExprId>> {
        let mut values: Vec<Option<&'a Expr>> = vec![None; declared.len()];
        for (i, argument) in given.iter().enumerate() {
            let place = match &argument.name {
                Some(name) => declared.iter().position(|decl| decl.name.name == name.name),
                None if i < declared.len() => Some(i),
                None => None,
            };
            let at = argument.name.as_ref().map_or(argument.value.span, |name| name.span);
            match place {
                Some(place) if values[place].is_none() => values[place] = Some(&argument.value),
                Some(_) => {
                    self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, "this argument is given twice", at));
                    return None;
                }
                None => {
                    let takes = format!(
                        "`{called}` takes {} arguments and {} parameters",
                        positional,
                        declared.len() - positional
                    );
                    let message = match &argument.name {
                        Some(name) => format!("`{called}` has no argument `{}`", name.name),
                        None => format!("too many arguments for `{called}`"),
                    };
                    self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, at).note(takes));
                    return None;
                }
            }
        }
        let mut nodes = Vec::with_capacity(declared.len());
        for (decl, value) in declared.iter().zip(values) {
            let wanted = scalar_of(decl);
            match value.or(decl.default.as_ref()) {
                Some(expr) => nodes.push(self.scalar(expr, wanted)),
                None => {
                    self.report(
                        Diagnostic::new(
                            &codes::WRONG_ARGUMENTS,
                            format!("`{called}` needs `{}`", decl.name.name),
                            span,
                        )
                        .context(decl.span, "declared here, without a default"),
                    );
                    nodes.push(None);
                }
            }
        }
        nodes.into_iter().collect()
    }
}
