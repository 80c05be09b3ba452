//! Brackets behind values: `x[i, j]`, `input[target]`, `s[n, n]`, and membership, `i in Y`.
//!
//! Positions stand for the named axes of a value in the order of its declaration: that of an input is written
//! there, a local has the order in which its loss first names its axes. `..`, and `s..` for a group, stand for
//! axes that stay as they are, and so do axes behind the last position. A position is an axis, an index or a
//! label, so that it is known to exist: that is checked here, and for labels at the call.

use super::Lowering;
use super::frame::Binding;
use crate::ast::{Bracket, BracketItem, Expr, Ident};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::ir::{AxisId, ExprId, Function, Node, Role};
use crate::source::Span;
use std::collections::HashMap;

impl<'a> Lowering<'a> {
    /// A value at other positions.
    pub(super) fn picked(&mut self, ident: &'a Ident, bracket: &'a Bracket) -> Option<ExprId> {
        if let Some(filter) = &bracket.filter {
            self.report::<()>(
                Diagnostic::new(&codes::WRONG_POSITION, "a condition selects nothing here", filter.span)
                    .note("filters stand in binders: `sum[c | condition](...)`"),
            );
        }
        let (value, order, whole) = match self.frame().find(&ident.name) {
            Some(Binding::Local(local)) => {
                let defined = self.local(local, ident.span)?;
                match local.indices {
                    Some(_) => (defined.value, defined.indices, defined.function),
                    None => (defined.value, self.natural_order(defined.value), false),
                }
            }
            Some(Binding::Value(value, decl)) if !matches!(self.graph.node(value), Node::Member(_)) => {
                let order = match decl {
                    Some(decl) if decl.axes.is_some() => self.frame().declared_order(decl),
                    Some(_) if self.frame().helper => self.frame().axes.clone(),
                    _ => Vec::new(),
                };
                (value, order, false)
            }
            Some(Binding::Value(..)) => {
                return self.report(
                    Diagnostic::new(
                        &codes::WRONG_POSITION,
                        format!("nothing is picked from the set `{}`", ident.name),
                        bracket.span,
                    )
                    .note(format!("visit its labels: `sum[j in {}](...)`", ident.name)),
                );
            }
            Some(Binding::Axis(_) | Binding::Index(_)) => {
                return self.report(Diagnostic::new(
                    &codes::WRONG_POSITION,
                    format!("`{}` is a position itself; nothing is picked from it", ident.name),
                    bracket.span,
                ));
            }
            None => return self.unknown(ident),
        };
        let at = self.positions(ident, &order, whole, bracket)?;
        if bracket.filter.is_some() {
            return None;
        }
        self.substitute(value, &at, bracket.span)
    }

    /// The axes that an expression varies over, in the order in which the declaration first names them.
    fn natural_order(&mut self, value: ExprId) -> Vec<AxisId> {
        let varies = self.graph.type_of(value).axes;
        self.frame().axes.iter().copied().filter(|axis| varies.contains(*axis)).collect()
    }

    /// For each axis that has a position, the position.
    fn positions(
        &mut self,
        ident: &Ident,
        order: &[AxisId],
        whole: bool,
        bracket: &'a Bracket,
    ) -> Option<HashMap<AxisId, ExprId>> {
        let mut rest = order.to_vec();
        let mut given: Vec<&'a Expr> = Vec::new();
        for item in &bracket.items {
            match item {
                BracketItem::Expr(expr) => given.push(expr),
                BracketItem::Group(None, _) => {}
                BracketItem::Group(Some(group), span) => {
                    let axis = self.frame().axis(&group.name);
                    match axis.and_then(|axis| rest.iter().position(|known| *known == axis)) {
                        Some(place) => drop(rest.remove(place)),
                        None => {
                            let message = format!("`{}` has no axes `{}..`", ident.name, group.name);
                            return self.report(Diagnostic::new(&codes::WRONG_POSITION, message, *span));
                        }
                    }
                }
            }
        }
        if given.len() > rest.len() || whole && given.len() < rest.len() {
            return self.wrong_count(ident, &rest, given.len(), bracket.span);
        }
        let mut at = HashMap::new();
        let mut sound = true;
        for (axis, expr) in rest.iter().copied().zip(given) {
            match self.position(expr, axis, &ident.name, &rest) {
                Some(position) => drop(at.insert(axis, position)),
                None => sound = false,
            }
        }
        sound.then_some(at)
    }

    fn wrong_count<T>(&mut self, ident: &Ident, axes: &[AxisId], given: usize, span: Span) -> Option<T> {
        let names: Vec<String> =
            axes.iter().map(|axis| format!("`{}`", self.graph.axis_name(*axis))).collect();
        let name = &ident.name;
        let message = match names.len() {
            0 => format!("`{name}` has no named axis to pick from"),
            1 => format!("`{name}` takes one position, for {}, not {given}", names[0]),
            count => format!("`{name}` takes {count} positions, for {}, not {given}", names.join(", ")),
        };
        self.report(Diagnostic::new(&codes::WRONG_POSITION, message, span))
    }

    /// A position on an axis of something that has these axes.
    fn position(&mut self, expr: &'a Expr, axis: AxisId, of: &str, all: &[AxisId]) -> Option<ExprId> {
        let position = self.expression(expr)?;
        let errors = self.diagnostics.errors();
        let checked = self.check_position(position, axis, of, expr.span);
        if self.diagnostics.errors() > errors && all.len() > 1 {
            let names: Vec<_> = all.iter().map(|axis| format!("`{}`", self.graph.axis_name(*axis))).collect();
            let note = format!("positions of `{of}` stand in the order of its axes: {}", names.join(", "));
            self.diagnostics.explain(note);
        }
        checked
    }

    /// An expression that must be a position on an axis, which tells the axis of an index that has none yet.
    pub(super) fn check_position(
        &mut self,
        position: ExprId,
        axis: AxisId,
        of: &str,
        span: Span,
    ) -> Option<ExprId> {
        let base = self.graph.base(axis);
        let Some(target) = self.target_of(position) else {
            return self.report(Diagnostic::new(&codes::WRONG_POSITION, "this is no position", span).note(
                format!(
                    "a position on `{}` is that axis, an index over it, or a label that is declared to point \
                         into it: `: index {0}`",
                    self.graph.axis_name(base)
                ),
            ));
        };
        if let Some(told) = self.pending.get_mut(&target)
            && told.is_none()
        {
            *told = Some(span);
            self.graph.axes[target.0 as usize].over = Some(base);
        }
        let found = self.graph.base(target);
        if found == base {
            return Some(position);
        }
        let (found, wanted) = (self.graph.axis_name(found), self.graph.axis_name(base));
        let mut diagnostic = Diagnostic::new(
            &codes::WRONG_POSITION,
            format!("this is a position on `{found}`, where `{of}` needs one on `{wanted}`"),
            span,
        );
        if let Some(Some(told)) = self.pending.get(&target) {
            diagnostic = diagnostic.context(*told, format!("this says that it runs over `{found}`"));
            diagnostic.code = &codes::INDEX_WITHOUT_AXIS;
        }
        self.report(diagnostic)
    }

    /// `i in Y` or `i not in Y`
    pub(super) fn membership(&mut self, index: &'a Expr, negated: bool, set: &'a Ident) -> Option<ExprId> {
        let member = self.set(set);
        let Some(member) = member else {
            self.expression(index);
            return None;
        };
        let into = self.pointed_into(member)?;
        let position = self.position(index, into, &set.name, &[])?;
        let member = self.substitute(member, &HashMap::from([(into, position)]), index.span)?;
        Some(if negated { self.graph.apply(Function::Not, &[member]) } else { member })
    }

    /// The membership of a set that is named.
    pub(super) fn set(&mut self, ident: &'a Ident) -> Option<ExprId> {
        let words = match self.frame().find(&ident.name) {
            Some(Binding::Value(value, _)) => match self.graph.node(value) {
                Node::Member(_) => return Some(value),
                Node::Input(input) if matches!(self.inputs[*input].role, Role::Index(_)) => {
                    "is one label; compare it with `==`"
                }
                _ => "is not a set of labels",
            },
            Some(Binding::Axis(_)) => "is an axis, which holds every position",
            Some(_) => "is not a set of labels",
            None => return self.unknown(ident),
        };
        self.report(
            Diagnostic::new(&codes::WRONG_TYPE, format!("`{}` {words}", ident.name), ident.span)
                .note("a set is an input that is declared `: set c`"),
        )
    }

    /// The axis that a set points into.
    pub(super) fn pointed_into(&self, member: ExprId) -> Option<AxisId> {
        match self.graph.node(member) {
            Node::Member(input) => match self.inputs[*input].role {
                Role::Set(into) => Some(into),
                _ => None,
            },
            _ => None,
        }
    }
}
