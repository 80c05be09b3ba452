//! Helpers and other losses: their formulas take the place of their calls.
//!
//! A helper is given its axes by name, `f[c](x, y)`, and sees those alone, whatever else its arguments vary
//! over. A loss takes its axes from its arguments (`fit`).

use super::frame::{Binding, Frame};
use super::{Lowering, scalar_of};
use crate::ast::{Argument, BracketItem, Decl, Expr, ExprKind, Function, Ident, Item, Local, Name};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::ir::{AxisId, AxisSet, ExprId};
use crate::source::Span;

impl<'a> Lowering<'a> {
    /// Puts the formula of a helper, or of another loss, in place of its call.
    pub(super) fn inline(
        &mut self,
        item: &'a Item,
        call: &'a Name,
        given: &'a [Argument],
        span: Span,
    ) -> Option<ExprId> {
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
        let values = self.bind(&name.name, &declared, arguments.len(), given, span);
        let axes: Vec<(&'a Ident, AxisId)> = match item {
            Item::Function(function) => {
                let axes = self.axes_of_call(function, call);
                function.axes.iter().zip(axes?).collect()
            }
            Item::Loss(_) if call.bracket.is_some() => {
                let at = call.bracket.as_ref().map_or(span, |bracket| bracket.span);
                return self.report(
                    Diagnostic::new(&codes::AXES, format!("`{}` is a loss", name.name), at)
                        .note("a loss takes its axes from its arguments"),
                );
            }
            Item::Loss(loss) => self.fit(loss, values.as_ref()?, span)?,
        };
        let values = values?;
        let mut frame = Frame { helper: matches!(item, Item::Function(_)), ..Frame::default() };
        for (name, axis) in &axes {
            frame.bind_axis(name, *axis);
        }
        for (decl, (value, _)) in declared.iter().zip(&values) {
            frame.bind(&decl.name, Binding::Value(*value, Some(decl)));
        }
        frame.bind_locals(locals);
        self.check_labels(&frame, &declared, &values)?;

        let axes = axes.into_iter().map(|(_, axis)| axis).collect();
        let key = (name.name.as_str(), axes, values.iter().map(|(value, _)| *value).collect());
        if let Some(known) = self.inlined.get(&key) {
            return *known;
        }
        self.active.push(&name.name);
        self.frames.push(frame);
        let value = self.expression(body);
        let own = self.frames.pop().map_or(AxisSet::EMPTY, |frame| frame.own);
        self.taken = self.taken.difference(own);
        self.active.pop();
        self.inlined.insert(key, value);
        value
    }

    /// The axes that a call gives to a helper.
    fn axes_of_call(&mut self, function: &'a Function, call: &'a Name) -> Option<Vec<AxisId>> {
        let name = &function.name.name;
        let wanted: Vec<&str> = function.axes.iter().map(|axis| axis.name.as_str()).collect();
        let form = format!("{name}[{}]", wanted.join(", "));
        let Some(bracket) = &call.bracket else {
            if wanted.is_empty() {
                return Some(Vec::new());
            }
            let here = self.frame().axes.clone();
            let known = wanted.iter().all(|axis| self.frame().axis(axis).is_some());
            let replacement = if known {
                Some(form.clone())
            } else if here.len() == wanted.len() {
                let names: Vec<&str> = here.iter().map(|axis| self.graph.axis_name(*axis)).collect();
                Some(format!("{name}[{}]", names.join(", ")))
            } else {
                None
            };
            let message = format!("`{name}` works over an axis, which the call has to name");
            let mut diagnostic = Diagnostic::new(&codes::WRONG_ARGUMENTS, message, call.ident.span)
                .context(function.name.span, format!("declared here as `{form}`"));
            if let Some(text) = replacement {
                let help = format!("name it: `{text}(...)`");
                diagnostic = diagnostic.suggest(help, call.ident.span, text);
            }
            return self.report(diagnostic);
        };
        if bracket.items.len() != wanted.len() || bracket.filter.is_some() {
            let message = match wanted.len() {
                0 => format!("`{name}` names no axes"),
                1 => format!("`{name}` takes one axis"),
                count => format!("`{name}` takes {count} axes"),
            };
            return self.report(
                Diagnostic::new(&codes::WRONG_ARGUMENTS, message, bracket.span)
                    .context(function.name.span, "declared here"),
            );
        }
        let mut axes = Vec::new();
        for item in &bracket.items {
            let ident = match item {
                BracketItem::Expr(Expr { kind: ExprKind::Name(name), .. })
                    if name.bracket.is_none() && name.arguments.is_none() =>
                {
                    &name.ident
                }
                BracketItem::Group(Some(ident), _) => ident,
                _ => {
                    let message = format!("`{name}` takes the names of axes");
                    return self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, bracket.span));
                }
            };
            let axis = self.axis(ident)?;
            if axes.contains(&axis) {
                let message = format!("`{}` cannot stand for two axes of `{name}`", ident.name);
                return self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, ident.span));
            }
            axes.push(axis);
        }
        Some(axes)
    }

    /// Whether labels and sets point into the axes that the declarations name.
    fn check_labels(
        &mut self,
        frame: &Frame<'a>,
        declared: &[&'a Decl],
        values: &[(ExprId, &'a Expr)],
    ) -> Option<()> {
        let mut sound = true;
        for (decl, (value, expr)) in declared.iter().zip(values) {
            let Some(role) = &decl.role else { continue };
            let axis = role.axis.as_ref().and_then(|axis| frame.axis(&axis.name));
            let Some(axis) = axis else { continue };
            sound &= match self.pointed_into(*value) {
                Some(into) if into != axis => {
                    let (into, wanted) = (self.graph.axis_name(into), self.graph.axis_name(axis));
                    let message =
                        format!("this set points into `{into}`, where one into `{wanted}` is wanted");
                    let diagnostic = Diagnostic::new(&codes::WRONG_POSITION, message, expr.span);
                    self.report::<()>(diagnostic.context(decl.span, "declared here")).is_some()
                }
                Some(_) => true,
                None => self.check_position(*value, axis, &decl.name.name, expr.span).is_some(),
            };
        }
        sound.then_some(())
    }

    /// One value per declared argument: given by position, by name, or its default.
    fn bind(
        &mut self,
        called: &str,
        declared: &[&'a Decl],
        positional: usize,
        given: &'a [Argument],
        span: Span,
    ) -> Option<Vec<(ExprId, &'a Expr)>> {
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
                    let message = "this argument is given twice";
                    return self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, at));
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
                    return self.report(Diagnostic::new(&codes::WRONG_ARGUMENTS, message, at).note(takes));
                }
            }
        }
        let mut nodes = Vec::with_capacity(declared.len());
        for (decl, value) in declared.iter().zip(values) {
            nodes.push(match value.or(decl.default.as_ref()) {
                Some(expr) => self.argument(decl, expr).map(|node| (node, expr)),
                None => self.report(
                    Diagnostic::new(
                        &codes::WRONG_ARGUMENTS,
                        format!("`{called}` needs `{}`", decl.name.name),
                        span,
                    )
                    .context(decl.span, "declared here, without a default"),
                ),
            });
        }
        nodes.into_iter().collect()
    }

    /// The value of one argument; a set is known by its membership.
    fn argument(&mut self, decl: &'a Decl, expr: &'a Expr) -> Option<ExprId> {
        if decl.role.as_ref().is_none_or(|role| role.kind.name != "set") {
            return self.scalar(expr, scalar_of(decl));
        }
        match &expr.kind {
            ExprKind::Name(Name { ident, bracket: None, arguments: None }) => self.set(ident),
            _ => self.report(
                Diagnostic::new(&codes::WRONG_TYPE, "this is not a set of labels", expr.span)
                    .context(decl.span, "declared here")
                    .note("name an input that is declared `: set c`"),
            ),
        }
    }
}
