//! Names that generated Rust cannot use, refused at the formula.

use super::names::{WORDS, type_name};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::Loss;
use std::collections::HashMap;

/// Methods of every generated struct and of its call, which no parameter or input can be called like.
const METHODS: &[&str] = &[
    "new",
    "default",
    "reduction",
    "unchecked",
    "on",
    "axis",
    "forward",
    "forward_into",
    "forward_backward",
    "forward_backward_into",
    "backward",
    "backward_into",
    "partial",
    "partial_into",
    "partials_into",
    "values_and_gradients_into",
    "deref",
    "clone",
    "eq",
    "ne",
    "fmt",
    "from",
    "into",
];

/// Types that stand in the declaration of every struct.
const TYPES: &[&str] = &["R", "T", "D", "B", "E", "S", "Self"];

/// Whether generated code can use the names of a loss. `known` are the types of the losses before it.
pub fn check_names(loss: &Loss, known: &mut HashMap<String, String>, diagnostics: &mut Diagnostics) -> bool {
    let errors = diagnostics.errors();
    diagnostics.enter(&loss.name);
    let named = loss.inputs.iter().map(|input| (&input.name, input.span));
    let named = named.chain(loss.parameters.iter().map(|parameter| (&parameter.name, parameter.span)));
    for (name, span) in named {
        let taken = METHODS.contains(&name.as_str());
        if taken || WORDS.contains(&name.as_str()) || name.starts_with("__") {
            let why =
                if taken { "it is a method of every loss" } else { "generated Rust cannot use it as a name" };
            diagnostics.push(
                Diagnostic::new(&codes::RESERVED_NAME, format!("`{name}` cannot be a name here"), span)
                    .note(why),
            );
        }
    }
    let own = type_name(&loss.name);
    if !own.starts_with(|c: char| c.is_ascii_alphabetic()) || TYPES.contains(&own.as_str()) {
        let message = format!("`{}` cannot become a Rust type", loss.name);
        diagnostics.push(Diagnostic::new(&codes::RESERVED_NAME, message, loss.span).note(format!(
            "the type would be `{own}`, which generated code uses for something else; rename the loss"
        )));
    }
    for ty in [own.clone(), format!("{own}Call"), format!("{own}Grads")] {
        if let Some(other) = known.insert(ty.clone(), loss.name.clone()) {
            diagnostics.push(
                Diagnostic::new(
                    &codes::RESERVED_NAME,
                    format!("`{}` and `{other}` both become the Rust type `{ty}`", loss.name),
                    loss.span,
                )
                .note("rename one of the losses"),
            );
        }
    }
    diagnostics.errors() == errors
}
