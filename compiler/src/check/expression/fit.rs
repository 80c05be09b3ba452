//! The axes of a loss that is called by another: those of its arguments stand for them, in declared order.
//!
//! The last axes of an argument stand for the axes behind `..`, its first for those before; `..` takes the rest,
//! and so does a declaration without it. An argument with fewer axes may vary over some that others have
//! given; nothing else is stretched. Indices are no axes: they stay where they are.

use super::Lowering;
use super::frame::Binding;
use crate::ast::{AxisDecl, Decl, Expr, ExprKind, Ident, Loss, Name};
use crate::check::axes::named_axes;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::ir::{AxisId, AxisSet, ExprId, Node};
use crate::source::Span;

/// Which axis stands for which, so far.
type Fitted<'a> = Vec<(&'a Ident, AxisId)>;

impl<'a> Lowering<'a> {
    /// The axes that stand for those of a loss.
    pub(super) fn fit(
        &mut self,
        loss: &'a Loss,
        values: &[(ExprId, &'a Expr)],
        span: Span,
    ) -> Option<Fitted<'a>> {
        let mut fitted = Fitted::new();
        let mut short = Vec::new();
        for (decl, (value, expr)) in loss.inputs.iter().zip(values) {
            let axes = self.axes_of_argument(*value, expr);
            match matched(decl, &axes) {
                Some(pairs) => {
                    for (name, axis) in pairs {
                        self.stands_for(&mut fitted, loss, name, axis, expr.span)?;
                    }
                }
                None => short.push((decl, axes, *expr)),
            }
        }
        for (decl, axes, expr) in short {
            let known = |axis: &AxisId| {
                names(decl).any(|name| fitted.iter().any(|(other, to)| other.name == name.name && to == axis))
            };
            if !axes.iter().all(known) {
                let text: Vec<String> =
                    axes.iter().map(|axis| self.graph.axis_name(*axis).to_owned()).collect();
                let wanted: Vec<&str> = names(decl).map(|name| name.name.as_str()).collect();
                let message = match text.len() {
                    0 => "this varies over no named axis".to_owned(),
                    _ => format!("this varies over `{}` alone", text.join(", ")),
                };
                return self.report(
                    Diagnostic::new(&codes::AXES, message, expr.span)
                        .context(decl.span, format!("axes for `{}` are wanted", wanted.join(", "))),
                );
            }
        }
        for name in named_axes(&loss.inputs) {
            if !fitted.iter().any(|(known, _)| known.name == name.name) {
                return self.report(
                    Diagnostic::new(
                        &codes::AXES,
                        format!("no argument has an axis that stands for `{}`", name.name),
                        span,
                    )
                    .context(name.span, "declared here"),
                );
            }
        }
        for (decl, (value, expr)) in loss.inputs.iter().zip(values) {
            self.keep_apart(&fitted, loss, decl, *value, expr)?;
        }
        Some(fitted)
    }

    /// Notes which axis stands for one of the loss.
    fn stands_for(
        &mut self,
        fitted: &mut Fitted<'a>,
        loss: &Loss,
        name: &'a Ident,
        axis: AxisId,
        span: Span,
    ) -> Option<()> {
        let callee = &loss.name.name;
        let here = self.graph.axis_name(axis).to_owned();
        if let Some((_, known)) = fitted.iter().find(|(known, _)| known.name == name.name) {
            if *known == axis {
                return Some(());
            }
            let first = self.graph.axis_name(*known);
            let message =
                format!("`{here}` and `{first}` would both stand for `{}` of `{callee}`", name.name);
            return self.report(
                Diagnostic::new(&codes::AXES, message, span)
                    .context(name.span, "declared here")
                    .note("equal names have equal sizes"),
            );
        }
        if let Some((other, _)) = fitted.iter().find(|(_, known)| *known == axis) {
            let message =
                format!("`{here}` would stand for both `{}` and `{}` of `{callee}`", other.name, name.name);
            return self
                .report(Diagnostic::new(&codes::AXES, message, span).context(name.span, "declared here"));
        }
        fitted.push((name, axis));
        Some(())
    }

    /// An argument may vary over more than is declared, but not over an axis that stands for something else.
    fn keep_apart(
        &mut self,
        fitted: &Fitted<'a>,
        loss: &Loss,
        decl: &Decl,
        value: ExprId,
        expr: &Expr,
    ) -> Option<()> {
        let varies = self.axes_of_argument(value, expr).into_iter();
        let varies = varies.fold(AxisSet::EMPTY, |set, axis| set.union(AxisSet::of(axis)));
        for (name, axis) in fitted {
            if varies.contains(*axis) && !names(decl).any(|own| own.name == name.name) {
                let message = format!(
                    "this varies over `{}`, which stands for `{}` of `{}`",
                    self.graph.axis_name(*axis),
                    name.name,
                    loss.name.name
                );
                return self.report(
                    Diagnostic::new(&codes::AXES, message, expr.span)
                        .context(decl.span, format!("declared without `{}`", name.name)),
                );
            }
        }
        Some(())
    }

    /// The named axes of an argument, in its order.
    fn axes_of_argument(&mut self, value: ExprId, expr: &Expr) -> Vec<AxisId> {
        if let Node::Member(input) = *self.graph.node(value) {
            let axes = self.inputs[input].axes.iter().copied();
            return axes.filter(|axis| *axis != AxisId::SAMPLES).collect();
        }
        let varies = self.graph.type_of(value).axes;
        let order = match &expr.kind {
            ExprKind::Name(Name { ident, bracket: None, arguments: None }) => {
                match self.frame().find(&ident.name) {
                    Some(Binding::Value(_, Some(decl))) if !self.frame().helper => {
                        Some(self.frame().declared_order(decl))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        let all = || (1..self.graph.axes.len() as u8).map(AxisId);
        let mut order = order.unwrap_or_default();
        let visible = self.frames.last().map_or(&[][..], |frame| &frame.axes);
        for axis in visible.iter().copied().chain(all()) {
            if !order.contains(&axis) {
                order.push(axis);
            }
        }
        let plain = |axis: &AxisId| self.graph.axes[axis.0 as usize].over.is_none();
        order.into_iter().filter(|axis| varies.contains(*axis) && plain(axis)).collect()
    }
}

/// The names of a declaration's axes.
fn names(decl: &Decl) -> impl Iterator<Item = &Ident> {
    decl.axes.iter().flatten().filter_map(|axis| match axis {
        AxisDecl::Samples(_) => None,
        AxisDecl::Axis(name) | AxisDecl::Group(name) => Some(name),
    })
}

/// A declaration's names beside the axes that stand for them; `None` where there are too few.
fn matched<'a>(decl: &'a Decl, axes: &[AxisId]) -> Option<Fitted<'a>> {
    let declared: Vec<&'a AxisDecl> = decl.axes.iter().flatten().collect();
    let dots = declared.iter().position(|axis| matches!(axis, AxisDecl::Samples(_)));
    let all: Vec<&'a Ident> = names(decl).collect();
    let (before, behind) = all.split_at(dots.unwrap_or(0));
    let rest = axes.len().checked_sub(all.len())?;
    let last = &axes[before.len() + rest..];
    Some(
        before
            .iter()
            .copied()
            .zip(axes.iter().copied())
            .chain(behind.iter().copied().zip(last.iter().copied()))
            .collect(),
    )
}
