//! One namespace for losses, helpers, inputs, parameters, locals and axes.

use super::{Items, expression, name_of};
use crate::ast::{AxisDecl, Decl, Function, Ident, Local, Loss};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use std::collections::HashMap;

/// A name and whether it may stand twice (an axis may).
pub(super) struct Defined<'a> {
    name: &'a Ident,
    axis: bool,
}

pub(super) fn names_of_loss(loss: &Loss) -> Vec<Defined<'_>> {
    let mut names = Vec::new();
    declarations(&loss.inputs, &mut names);
    declarations(&loss.parameters, &mut names);
    locals(&loss.locals, &mut names);
    names
}

pub(super) fn names_of_function(function: &Function) -> Vec<Defined<'_>> {
    let mut names: Vec<_> = function.axes.iter().map(|name| Defined { name, axis: true }).collect();
    declarations(&function.arguments, &mut names);
    declarations(&function.parameters, &mut names);
    locals(&function.locals, &mut names);
    names
}

fn declarations<'a>(declared: &'a [Decl], names: &mut Vec<Defined<'a>>) {
    for decl in declared {
        names.push(Defined { name: &decl.name, axis: false });
        for axis in decl.axes.iter().flatten() {
            if let AxisDecl::Axis(name) | AxisDecl::Group(name) = axis {
                names.push(Defined { name, axis: true });
            }
        }
    }
}

fn locals<'a>(defined: &'a [Local], names: &mut Vec<Defined<'a>>) {
    names.extend(defined.iter().map(|local| Defined { name: &local.name, axis: false }));
}

/// Reports every name that is defined twice, or that the language keeps for itself.
pub(super) fn check_names(items: &Items<'_>, names: &[Defined<'_>], diagnostics: &mut Diagnostics) {
    let mut seen: HashMap<&str, &Defined<'_>> = HashMap::new();
    for defined in names {
        let name = defined.name;
        if expression::constant(&name.name).is_some() {
            diagnostics.push(constant_redefined(name));
        } else if let Some(item) = items.get(name.name.as_str()) {
            diagnostics.push(duplicate(name_of(item), name));
        } else if let Some(first) = seen.get(name.name.as_str())
            && !(first.axis && defined.axis)
        {
            diagnostics.push(duplicate(first.name, name));
        }
        seen.entry(&name.name).or_insert(defined);
    }
}

/// A name that the language keeps for itself.
pub(super) fn constant_redefined(name: &Ident) -> Diagnostic {
    let message = format!("`{}` is a constant of the language", name.name);
    Diagnostic::new(&codes::DUPLICATE_NAME, message, name.span).label("choose another name")
}

/// One name, two meanings.
pub(super) fn duplicate(first: &Ident, second: &Ident) -> Diagnostic {
    Diagnostic::new(&codes::DUPLICATE_NAME, format!("`{}` is defined twice", second.name), second.span)
        .label("defined again here")
        .context(first.span, "first defined here")
        .note("losses, helpers, inputs, parameters, locals and axes share one namespace")
}
