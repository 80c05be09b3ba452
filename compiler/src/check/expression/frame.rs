//! The names that one declaration's text can see, and the indices that are open where an expression stands.

use super::Lowering;
use super::locals::Defined;
use crate::ast::{AxisDecl, Decl, Ident, Local};
use crate::check::{name_of, scope};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::ir::{AxisId, AxisSet, ExprId, Node};
use std::collections::HashMap;

/// What a name stands for.
#[derive(Clone, Copy)]
pub(super) enum Binding<'a> {
    /// An input, parameter or argument whose node is known, and where it is declared, if that gives the order
    /// of its axes. A set is known by its membership.
    Value(ExprId, Option<&'a Decl>),
    /// A definition that is looked at when it is first used.
    Local(&'a Local),
    /// A named axis.
    Axis(AxisId),
    /// An index of a binder or local: a position, or the label that is visited.
    Index(ExprId),
}

/// An index that is open.
pub(super) struct Open<'a> {
    /// Its name, and where it was opened.
    pub ident: &'a Ident,
    /// What the name means.
    pub value: ExprId,
}

/// The names that one declaration's text can see.
#[derive(Default)]
pub(super) struct Frame<'a> {
    /// What each name means, and where it was given.
    pub bindings: HashMap<&'a str, (Binding<'a>, &'a Ident)>,
    /// Whether it is that of a helper, whose arguments vary over whatever they are given.
    pub helper: bool,
    /// The named axes in the order of the text.
    pub axes: Vec<AxisId>,
    /// The indices of the binders around, the innermost last.
    pub open: Vec<Open<'a>>,
    /// Names of indices that are open around the use of the local that is looked at.
    pub hidden: Vec<&'a str>,
    /// The indices of its locals.
    pub own: AxisSet,
    /// Locals that are being lowered, or have been: `None` where that failed.
    pub locals: HashMap<&'a str, Option<Option<Defined>>>,
    /// The locals in the order of the text.
    pub order: Vec<&'a Local>,
}

impl<'a> Frame<'a> {
    pub(super) fn bind(&mut self, ident: &'a Ident, binding: Binding<'a>) {
        self.bindings.insert(&ident.name, (binding, ident));
    }

    pub(super) fn bind_axis(&mut self, ident: &'a Ident, axis: AxisId) {
        self.bind(ident, Binding::Axis(axis));
        self.axes.push(axis);
    }

    pub(super) fn bind_locals(&mut self, locals: &'a [Local]) {
        for local in locals {
            self.bind(&local.name, Binding::Local(local));
            self.order.push(local);
        }
    }

    /// What a name means here.
    pub(super) fn find(&self, name: &str) -> Option<Binding<'a>> {
        let open = self.open.iter().rev().find(|open| open.ident.name == name);
        match open {
            Some(open) => Some(Binding::Index(open.value)),
            None => self.bindings.get(name).map(|(binding, _)| *binding),
        }
    }

    /// Every name that means something here.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.bindings.keys().copied().chain(self.open.iter().map(|open| open.ident.name.as_str()))
    }

    /// The axis that a declaration names.
    pub(super) fn axis(&self, name: &str) -> Option<AxisId> {
        match self.bindings.get(name) {
            Some((Binding::Axis(axis), _)) => Some(*axis),
            _ => None,
        }
    }

    /// The named axes of a declaration, in its order.
    pub(super) fn declared_order(&self, decl: &Decl) -> Vec<AxisId> {
        let named = decl.axes.iter().flatten().filter_map(|axis| match axis {
            AxisDecl::Samples(_) => None,
            AxisDecl::Axis(name) | AxisDecl::Group(name) => self.axis(&name.name),
        });
        named.collect()
    }
}

impl<'a> Lowering<'a> {
    /// Opens an index. If its name means something already, that is reported, and from here on it is the index.
    pub(super) fn open(&mut self, ident: &'a Ident, value: ExprId) -> bool {
        let frame = self.frames.last().expect("a scope is open");
        let known = frame.open.iter().find(|open| open.ident.name == ident.name).map(|open| open.ident);
        let known = known.or_else(|| frame.bindings.get(ident.name.as_str()).map(|(_, first)| *first));
        let known = known.or_else(|| self.items.get(ident.name.as_str()).map(|item| name_of(item)));
        let clash = match known {
            Some(first) => Some(scope::duplicate(first, ident)),
            None => super::constant(&ident.name).map(|_| scope::constant_redefined(ident)),
        };
        self.frame().open.push(Open { ident, value });
        let sound = clash.is_none();
        clash.into_iter().for_each(|clash| self.diagnostics.push(clash));
        sound
    }

    /// Closes the indices opened last, down to `count`.
    pub(super) fn close(&mut self, count: usize) {
        self.frame().open.truncate(count);
    }

    /// An index over an axis, of this name where one is free.
    pub(super) fn index(&mut self, ident: &Ident, over: AxisId) -> Option<AxisId> {
        let base = self.graph.base(over);
        let known = (0..self.graph.axes.len() as u8).map(AxisId).find(|index| {
            let axis = &self.graph.axes[index.0 as usize];
            axis.over == Some(base) && axis.name == ident.name && !self.taken.contains(*index)
        });
        match known.or_else(|| self.graph.fresh(&ident.name, base)) {
            Some(index) => Some(index),
            None => self.too_many_axes(ident.span),
        }
    }

    /// There is no room for another index.
    pub(super) fn too_many_axes<T>(&mut self, span: crate::source::Span) -> Option<T> {
        let message = format!("a loss has at most {} axes and indices", AxisSet::CAPACITY - 1);
        self.report(
            Diagnostic::new(&codes::TOO_MANY_AXES, message, span)
                .note("every index of a binder or of a local counts, those of helpers included"),
        )
    }

    /// An expression at other positions.
    pub(super) fn substitute(
        &mut self,
        root: ExprId,
        at: &HashMap<AxisId, ExprId>,
        span: crate::source::Span,
    ) -> Option<ExprId> {
        match self.graph.substitute(root, at) {
            Some(id) => Some(id),
            None => self.too_many_axes(span),
        }
    }

    /// What the values of a position point into: the axis of an index or label.
    pub(super) fn target_of(&self, position: ExprId) -> Option<AxisId> {
        use crate::ir::Role::{Index, Set};
        let input = |id: ExprId| match self.graph.node(id) {
            Node::Input(input) => match self.inputs[*input].role {
                Index(axis) | Set(axis) => Some(axis),
                _ => None,
            },
            _ => None,
        };
        match self.graph.node(position) {
            Node::Index(axis) => Some(*axis),
            Node::Gather(leaf, _) => input(*leaf),
            _ => input(position),
        }
    }
}
