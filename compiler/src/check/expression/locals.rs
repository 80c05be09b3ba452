//! Locals: plain ones, arrays over an axis, and functions of indices.
//!
//! A local is looked at when it is first used, with the names of its declaration alone: no index of a binder
//! around the use is visible in it. `q[c] = ...` with an axis `c` varies over `c`, as any expression may, and
//! can be picked from. `s[i, j] = ...` with new names has a value that varies over two new indices; where it is
//! used, positions take their place. Which axis such an index runs over follows from where it stands in the
//! value, or is said: `i in n`.

use super::Lowering;
use crate::ast::{Ident, IndexDecl, Local};
use crate::check::scope;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::ir::{Axis, AxisId, AxisSet, ExprId, Node};
use crate::source::Span;
use std::collections::HashMap;

/// A local that has been lowered.
#[derive(Clone)]
pub(super) struct Defined {
    /// Its value, over its indices among other axes.
    pub value: ExprId,
    /// Its indices: axes, and indices of its own.
    pub indices: Vec<AxisId>,
    /// Whether it means nothing without positions, since an index is its own.
    pub function: bool,
}

impl<'a> Lowering<'a> {
    /// A local that is used without a bracket.
    pub(super) fn plain_local(&mut self, local: &'a Local, used: &Ident) -> Option<ExprId> {
        let defined = self.local(local, used.span)?;
        if !defined.function {
            return Some(defined.value);
        }
        let indices = local.indices.iter().flatten().map(|index| index.name.name.as_str());
        let call = format!("{}[{}]", used.name, indices.collect::<Vec<_>>().join(", "));
        self.report(
            Diagnostic::new(
                &codes::WRONG_POSITION,
                format!("`{}` is a function of its indices", used.name),
                used.span,
            )
            .context(local.name.span, "defined here")
            .note(format!("say at which positions, as in `{call}`")),
        )
    }

    /// The value of a local, lowered when it is first asked for.
    pub(super) fn local(&mut self, local: &'a Local, used: Span) -> Option<Defined> {
        let name = local.name.name.as_str();
        match self.frame().locals.get(name) {
            Some(Some(done)) => return done.clone(),
            Some(None) => {
                return self.report(
                    Diagnostic::new(&codes::CYCLE, format!("`{name}` is defined by itself"), used)
                        .context(local.name.span, "defined here"),
                );
            }
            None => {}
        }
        self.frame().locals.insert(name, None);
        let around = std::mem::take(&mut self.frame().open);
        let hidden = self.frame().hidden.len();
        self.frame().hidden.extend(around.iter().map(|open| open.ident.name.as_str()));
        let defined = self.define(local);
        self.frame().hidden.truncate(hidden);
        self.frame().open = around;
        if let Some(defined) = defined.as_ref().filter(|defined| !defined.function) {
            self.graph.call(defined.value, name);
        }
        self.frame().locals.insert(name, Some(defined.clone()));
        defined
    }

    fn define(&mut self, local: &'a Local) -> Option<Defined> {
        let Some(declared) = &local.indices else {
            let value = self.expression(&local.value)?;
            return Some(Defined { value, indices: Vec::new(), function: false });
        };
        let given: Vec<Option<(AxisId, bool)>> =
            declared.iter().map(|index| self.declare_index(declared, index)).collect();
        let value = self.expression(&local.value);
        let mut at = HashMap::new();
        let mut indices = Vec::new();
        let mut function = false;
        let mut sound = true;
        for (index, given) in declared.iter().zip(given) {
            let Some((axis, own)) = given else {
                sound = false;
                continue;
            };
            function |= own;
            let settled = if self.pending.contains_key(&axis) {
                self.settle(index, axis, value.is_some())
            } else {
                Some(axis)
            };
            match settled {
                Some(settled) => {
                    let position = self.graph.add(Node::Index(settled));
                    at.insert(axis, position);
                    indices.push(settled);
                }
                None => sound = false,
            }
        }
        let value = self.substitute(value?, &at, local.span)?;
        sound.then_some(Defined { value, indices, function })
    }

    /// What an index of a local is: an axis of the loss, or an index of its own.
    fn declare_index(&mut self, all: &'a [IndexDecl], index: &'a IndexDecl) -> Option<(AxisId, bool)> {
        let name = &index.name;
        let first = all.iter().find(|other| other.name.name == name.name);
        if let Some(first) = first.filter(|first| !std::ptr::eq(*first, index)) {
            return self.report(scope::duplicate(&first.name, name));
        }
        let Some(over) = &index.over else {
            return match self.frame().axis(&name.name) {
                Some(axis) => Some((axis, false)),
                None => Some((self.open_pending(name)?, true)),
            };
        };
        let Some(over) = self.axis(over) else {
            // Its uses are looked at all the same.
            self.open_pending(name);
            return None;
        };
        let own = self.own_index(name, over)?;
        let value = self.graph.add(Node::Index(own));
        self.open(name, value).then_some((own, true))
    }

    /// An index of a local over an axis.
    fn own_index(&mut self, name: &Ident, over: AxisId) -> Option<AxisId> {
        let index = self.index(name, over)?;
        self.taken = self.taken.union(AxisSet::of(index));
        let own = self.frame().own.union(AxisSet::of(index));
        self.frame().own = own;
        Some(index)
    }

    /// Opens an index whose uses will tell its axis.
    pub(super) fn open_pending(&mut self, name: &'a Ident) -> Option<AxisId> {
        let index = match self.spare.pop() {
            Some(index) => index,
            None if self.graph.axes.len() == AxisSet::CAPACITY => return self.too_many_axes(name.span),
            None => {
                let over = Some(AxisId::SAMPLES);
                self.graph.axes.push(Axis { name: "_".to_owned(), group: false, over });
                AxisId((self.graph.axes.len() - 1) as u8)
            }
        };
        self.pending.insert(index, None);
        let value = self.graph.add(Node::Index(index));
        self.open(name, value).then_some(index)
    }

    /// The index that takes the place of one whose uses told its axis. That none did is only said of a sound
    /// definition.
    fn settle(&mut self, declared: &IndexDecl, pending: AxisId, sound: bool) -> Option<AxisId> {
        let told = self.pending.remove(&pending).flatten();
        let over = self.graph.base(pending);
        self.graph.axes[pending.0 as usize].over = Some(AxisId::SAMPLES);
        self.spare.push(pending);
        if told.is_some() {
            return self.own_index(&declared.name, over);
        }
        if !sound {
            return None;
        }
        let name = &declared.name.name;
        let first = self.frame().axes.first().copied();
        let example = first.map_or("c", |axis| self.graph.axis_name(axis)).to_owned();
        self.report(
            Diagnostic::new(
                &codes::INDEX_WITHOUT_AXIS,
                format!("the axis of the index `{name}` is not known"),
                declared.name.span,
            )
            .label("it is no position of anything in this definition")
            .note(format!("say which axis it runs over: `{name} in {example}`")),
        )
    }
}
