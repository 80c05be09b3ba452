//! Axes as declarations name them, and the roles that point into one.
//!
//! Inputs declare axes by naming them; equal names are one axis. An index or a set points into an axis that any
//! input declares. Every axis needs an input that every call gives, or its size would not be known.

use super::declare::unknown_role;
use crate::ast::{AxisDecl, Decl, Function, Ident, Loss};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{Axis, AxisId, AxisSet, Input, Role};
use crate::source::Span;
use std::collections::HashSet;

/// The names of all axes that declarations name, in order, each once.
pub(super) fn named_axes(declared: &[Decl]) -> Vec<&Ident> {
    let mut seen = HashSet::new();
    let axes = declared.iter().flat_map(|decl| decl.axes.iter().flatten());
    let names = axes.filter_map(|axis| match axis {
        AxisDecl::Samples(_) => None,
        AxisDecl::Axis(name) | AxisDecl::Group(name) => Some(name),
    });
    names.filter(|name| seen.insert(name.name.as_str())).collect()
}

/// `..`, which comes first whether or not an input has it.
fn samples() -> Axis {
    Axis { name: "..".to_owned(), group: true, over: None }
}

/// The axes of a loss, in the order in which its inputs name them.
pub(super) fn of_loss(loss: &Loss, diagnostics: &mut Diagnostics) -> Option<Vec<Axis>> {
    let names = named_axes(&loss.inputs);
    fewer_than_capacity(&names, AxisSet::CAPACITY - 1, diagnostics)?;
    let mut axes = vec![samples()];
    let mut sound = true;
    for name in names {
        let mut group = false;
        for axis in loss.inputs.iter().flat_map(|decl| decl.axes.iter().flatten()) {
            let (other, is_group) = match axis {
                AxisDecl::Samples(_) => continue,
                AxisDecl::Axis(other) => (other, false),
                AxisDecl::Group(other) => (other, true),
            };
            if other.name != name.name {
                continue;
            }
            if other.span == name.span {
                group = is_group;
            } else if group != is_group {
                diagnostics.push(
                    Diagnostic::new(
                        &codes::AXES,
                        format!("`{}` is one axis here and any number of axes there", name.name),
                        other.span,
                    )
                    .context(name.span, "first named here"),
                );
                sound = false;
            }
        }
        axes.push(Axis { name: name.name.clone(), group, over: None });
    }
    sound.then_some(axes)
}

/// The axes of a helper: those behind its name, and a last one for labels of sets.
pub(super) fn of_function(function: &Function, diagnostics: &mut Diagnostics) -> Option<Vec<Axis>> {
    let mut sound = true;
    for (i, name) in function.axes.iter().enumerate() {
        if let Some(first) = function.axes[..i].iter().find(|first| first.name == name.name) {
            diagnostics.push(super::scope::duplicate(first, name));
            sound = false;
        }
    }
    fewer_than_capacity(&function.axes.iter().collect::<Vec<_>>(), AxisSet::CAPACITY - 2, diagnostics)?;
    for name in named_axes(&function.arguments).into_iter().chain(named_axes(&function.parameters)) {
        if !function.axes.iter().any(|axis| axis.name == name.name) {
            let helper = &function.name.name;
            diagnostics.push(
                Diagnostic::new(&codes::UNKNOWN_NAME, format!("unknown axis `{}`", name.name), name.span)
                    .note(format!(
                        "a helper names its axes behind its name: `fn {helper}[{}](...)`",
                        name.name
                    )),
            );
            sound = false;
        }
    }
    let axes = function.axes.iter().map(|name| Axis { name: name.name.clone(), group: false, over: None });
    // The labels of a set lie along an axis that the helper has no name for.
    let places = Axis { name: "(places)".to_owned(), group: false, over: None };
    sound.then(|| std::iter::once(samples()).chain(axes).chain([places]).collect())
}

fn fewer_than_capacity(names: &[&Ident], most: usize, diagnostics: &mut Diagnostics) -> Option<()> {
    let Some(beyond) = names.get(most) else { return Some(()) };
    let message = format!("a loss has at most {} axes and indices", AxisSet::CAPACITY - 1);
    diagnostics.push(Diagnostic::new(&codes::TOO_MANY_AXES, message, beyond.span));
    None
}

/// The axes of an input, in memory order.
pub(super) fn of_input(decl: &Decl, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<Vec<AxisId>> {
    let Some(list) = &decl.axes else { return Some(vec![AxisId::SAMPLES]) };
    let mut own: Vec<AxisId> = Vec::new();
    let mut open: Option<Span> = None;
    let mut sound = true;
    for axis in list {
        let (id, span, many) = match axis {
            AxisDecl::Samples(span) => (AxisId::SAMPLES, *span, true),
            AxisDecl::Axis(name) => (find(name, axes)?, name.span, false),
            AxisDecl::Group(name) => (find(name, axes)?, name.span, true),
        };
        if own.contains(&id) {
            let name = &axes[id.0 as usize].name;
            diagnostics.push(
                Diagnostic::new(
                    &codes::AXES,
                    format!("`{}` has the axis `{name}` twice", decl.name.name),
                    span,
                )
                .note("the axes of one input have different names"),
            );
            sound = false;
        } else if let Some(first) = open.filter(|_| many) {
            diagnostics.push(
                Diagnostic::new(
                    &codes::AXES,
                    format!("it is not clear which axes of `{}` are which", decl.name.name),
                    span,
                )
                .label("any number of axes")
                .context(first, "any number of axes, too")
                .note("an input has at most one `..` or group such as `s..`"),
            );
            sound = false;
        }
        if many {
            open = Some(span);
        }
        own.push(id);
    }
    sound.then_some(own)
}

fn find(name: &Ident, axes: &[Axis]) -> Option<AxisId> {
    axes.iter().position(|axis| axis.name == name.name).map(|axis| AxisId(axis as u8))
}

/// What the elements of an input are.
pub(super) fn role(
    decl: &Decl,
    axes: &[Axis],
    own: Option<&[AxisId]>,
    diagnostics: &mut Diagnostics,
) -> Option<Role> {
    let Some(role) = &decl.role else { return Some(Role::Real) };
    match (role.kind.name.as_str(), &role.axis) {
        ("int", None) => Some(Role::Int),
        ("bool", None) => Some(Role::Bool),
        ("index", Some(name)) => Some(Role::Index(pointed_into(name, axes, diagnostics)?)),
        ("set", Some(name)) => {
            let into = pointed_into(name, axes, diagnostics)?;
            stored(decl, axes, own?, into, diagnostics)?;
            Some(Role::Set(into))
        }
        ("index" | "set", None) => {
            let kind = &role.kind.name;
            let message = format!("`: {kind}` needs the axis that it points into");
            let diagnostic = Diagnostic::new(&codes::UNKNOWN_ROLE, message, role.kind.span);
            diagnostics.push(diagnostic.note(format!("write `: {kind} c`, with an axis `c` of some input")));
            None
        }
        _ => unknown_role(
            decl,
            "an input is real, `: int`, `: bool`, `: index AXIS` or `: set AXIS`",
            diagnostics,
        ),
    }
}

/// The axis that labels point into.
fn pointed_into(name: &Ident, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<AxisId> {
    let Some(axis) = find(name, axes) else {
        let mut diagnostic =
            Diagnostic::new(&codes::UNKNOWN_NAME, format!("no input has an axis `{}`", name.name), name.span);
        let named = axes.iter().skip(1).map(|axis| axis.name.as_str());
        diagnostic = match super::suggest::nearest(&name.name, named) {
            Some(meant) => diagnostic.suggest(format!("did you mean `{meant}`?"), name.span, meant),
            None => diagnostic.note("labels point into an axis that an input declares, such as `x[.., c]`"),
        };
        diagnostics.push(diagnostic);
        return None;
    };
    if axes[axis.0 as usize].group {
        diagnostics.push(Diagnostic::new(
            &codes::AXES,
            format!("`{}..` is any number of axes; labels point into one axis", name.name),
            name.span,
        ));
        return None;
    }
    Some(axis)
}

/// Whether a set has an axis in which its labels lie, and stands apart from the axis that it points into.
fn stored(
    decl: &Decl,
    axes: &[Axis],
    own: &[AxisId],
    into: AxisId,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let name = &decl.name.name;
    let last = own.last().copied().filter(|last| !axes[last.0 as usize].group);
    if last.is_none() {
        let message = format!("the labels of the set `{name}` lie along no axis");
        diagnostics.push(
            Diagnostic::new(&codes::AXES, message, decl.span)
                .note(format!("its last axis holds them: `{name}[.., k]: set c`")),
        );
        return None;
    }
    if own[..own.len() - 1].contains(&into) {
        let axis = &axes[into.0 as usize].name;
        diagnostics.push(Diagnostic::new(
            &codes::AXES,
            format!("there is a set `{name}` for each position on `{axis}`, into which it points"),
            decl.span,
        ));
        return None;
    }
    Some(())
}

/// An argument or parameter of a helper, for the check of the helper alone: it varies over all axes.
pub(super) fn argument(decl: &Decl, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<Input> {
    let places = AxisId((axes.len() - 1) as u8);
    let all = (0..places.0).map(AxisId);
    let own: Vec<AxisId> = match (&decl.axes, decl.role.as_ref().map(|role| role.kind.name.as_str())) {
        (Some(_), _) => of_input(decl, axes, diagnostics)?,
        (None, Some("set")) => vec![AxisId::SAMPLES, places],
        (None, _) => all.collect(),
    };
    let role = role(decl, axes, Some(&own), diagnostics)?;
    Some(Input {
        name: decl.name.name.clone(),
        axes: own,
        role,
        domain: None,
        default: None,
        span: decl.span,
    })
}

/// Every axis needs an input that every call gives.
pub(super) fn require_sizes(loss: &Loss, axes: &[Axis], inputs: &[Input], diagnostics: &mut Diagnostics) {
    for (i, axis) in axes.iter().enumerate() {
        let has = |input: &&Input| input.axes.contains(&AxisId(i as u8));
        if inputs.iter().any(|input| has(&input) && input.default.is_none()) {
            continue;
        }
        let Some(input) = inputs.iter().find(has) else { continue };
        let name = named_axes(&loss.inputs).into_iter().find(|name| name.name == axis.name);
        diagnostics.push(
            Diagnostic::new(
                &codes::AXES,
                format!("no input that every call gives has the axis `{}`", axis.name),
                name.map_or(input.span, |name| name.span),
            )
            .note("the size of an axis is that of an input without a default"),
        );
    }
}
