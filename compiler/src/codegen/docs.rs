//! The documentation of a generated struct: formula, derivatives, what a call takes, domains, conventions.

use super::names::identifier;
use crate::audit::Audit;
use crate::derive::Derived;
use crate::ir::{AxisId, Input, Loss, ParameterKind, Role};

/// The lines of documentation. Nothing in them can end a code block or start a doctest.
pub fn docs(derived: &Derived, audit: &Audit) -> String {
    let loss = &derived.loss;
    let mut text = String::new();
    for line in loss.doc.lines() {
        text.push_str(harmless(line).trim_start());
        text.push('\n');
    }
    if loss.doc.trim().is_empty() {
        text.push_str(&format!("The loss `{}`.\n", loss.name));
    }
    text.push_str("\n```text\n");
    text.push_str(&harmless(&audit.formula));
    text.push_str("\n\n");
    for gradient in &audit.gradients {
        text.push_str(&harmless(&format!("d/d{} = {}\n", gradient.input, gradient.stable)));
    }
    if !audit.locals.is_empty() {
        text.push_str("where\n");
    }
    for (name, value) in &audit.locals {
        text.push_str(&harmless(&format!("    {name} = {value}\n")));
    }
    text.push_str("```\n\n");
    if !loss.is_elementwise() {
        text.push_str(&shapes(loss));
    }
    text.push_str(&given(loss));
    text.push_str(&format!("`Mean` divides by {}.\n", code_spans(&audit.divisor)));
    for input in &loss.inputs {
        if let Some(domain) = &input.domain {
            text.push_str(&format!("Elements of `{}` lie in `{domain}`; others are an error.\n", input.name));
        }
    }
    if !audit.conventions.is_empty() {
        text.push_str("\nConventions:\n");
    }
    for convention in &audit.conventions {
        text.push_str(&format!("- {convention}.\n"));
    }
    text
}

/// The axes of every input, a line each, and how they are moved.
fn shapes(loss: &Loss) -> String {
    let mut text = "Inputs, with the axes of their arrays:\n".to_owned();
    for input in &loss.inputs {
        let axes: Vec<String> = input.axes.iter().map(|axis| axis_text(loss, *axis)).collect();
        let labels = match input.role {
            Role::Index(axis) => format!(", positions on `{}`", loss.graph.axis_name(axis)),
            Role::Set(axis) => {
                format!(", positions on `{}` up to the first negative number", loss.graph.axis_name(axis))
            }
            Role::Int => ", whole numbers".to_owned(),
            Role::Bool => ", truth values".to_owned(),
            Role::Real => String::new(),
        };
        let default =
            input.default.map_or_else(String::new, |default| format!(", optional ({default} otherwise)"));
        text.push_str(&format!("- `{}`: `[{}]`{labels}{default}.\n", input.name, axes.join(", ")));
    }
    text.push('\n');
    if loss.inputs.iter().any(|input| input.axes.contains(&AxisId::SAMPLES)) {
        text.push_str("`..` are the sample axes, any number of them, the same in all inputs. ");
    }
    if let Some(axis) = movable(loss) {
        let (name, place) =
            (loss.graph.axis_name(axis), usize::from(loss.samples().contains(AxisId::SAMPLES)));
        text.push_str(&format!(
            "`.axis(\"{name}\", {place})` says that `{name}` is axis {place} of the arrays that have it beside \
             sample axes."
        ));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// An axis as it is declared.
fn axis_text(loss: &Loss, axis: AxisId) -> String {
    let known = &loss.graph.axes[axis.0 as usize];
    let dots = if axis != AxisId::SAMPLES && known.group { ".." } else { "" };
    format!("{}{dots}", known.name)
}

/// The first named axis, no sample axis itself, that an input has beside sample axes.
fn movable(loss: &Loss) -> Option<AxisId> {
    let is_sample = |axis: &AxisId| loss.samples().contains(*axis);
    let beside = loss.inputs.iter().filter(|input| input.axes.iter().any(is_sample));
    beside.flat_map(|input| &input.axes).find(|axis| !is_sample(axis)).copied()
}

/// How optional inputs are given, and the type of real parameters.
fn given(loss: &Loss) -> String {
    let mut text = String::new();
    let (optional, required): (Vec<&Input>, Vec<&Input>) =
        loss.inputs.iter().partition(|input| input.default.is_some());
    let name = |input: &Input| identifier(&input.name).to_string();
    if !optional.is_empty() {
        let required: Vec<String> = required.into_iter().map(|input| format!("&{}", name(input))).collect();
        let optional: Vec<String> =
            optional.into_iter().map(|input| format!(".{0}(&{0})", name(input))).collect();
        let (required, optional) = (required.join(", "), optional.concat());
        text.push_str(&format!(
            "Optional inputs follow the required ones: `loss.on({required}){optional}.forward()`.\n"
        ));
    }
    if loss.parameters.iter().any(|parameter| parameter.kind == ParameterKind::Real) {
        text.push_str("Real parameters are `f64`, for arrays of `f32` too.\n");
    }
    text
}

fn harmless(text: &str) -> String {
    text.replace("```", "'''").replace("~~~", "'''")
}

/// A formula in a sentence stands in backticks.
fn code_spans(divisor: &str) -> String {
    match divisor.strip_prefix("the sum of ") {
        Some(formula) => format!("the sum of `{formula}`"),
        None => divisor.to_owned(),
    }
}
