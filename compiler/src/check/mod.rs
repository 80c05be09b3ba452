//! Syntax tree to checked losses: names, types, axes, domains.
//!
//! Every error of a file is reported in one run. A loss with an error is left out; the others go on.
//! Helpers and calls of other losses are inlined here, so that what follows sees one graph per loss.

mod allow;
mod axes;
mod declare;
mod expression;
mod samples;
mod scope;
mod suggest;

use crate::ast::{self, Item};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::index::membership_axes;
use crate::ir::{Axis, Graph, Input, Loss, Parameter, Scalar};
use crate::source::SourceFile;
use expression::Lowering;
use std::collections::{HashMap, HashSet};

/// The nodes of all formulas of a file, each with its helpers inlined, are at most so many, and one for each byte.
pub(crate) const NODES_OF_FILE: usize = 100_000;

/// The declarations of a file by name.
pub(crate) type Items<'a> = HashMap<&'a str, &'a Item>;

/// Checks a file and gives its sound losses, in the order of the text.
pub fn check(source: &SourceFile, module: &ast::Module, diagnostics: &mut Diagnostics) -> Vec<Loss> {
    let items = collect(module, diagnostics);
    let accepted =
        |item: &Item| items.get(name_of(item).name.as_str()).is_some_and(|known| std::ptr::eq(*known, item));
    let (functions, losses): (Vec<&Item>, Vec<&Item>) =
        module.items.iter().filter(|item| accepted(item)).partition(|item| matches!(item, Item::Function(_)));
    let mut broken = HashSet::new();
    // Without helpers, a byte of text is at most one node.
    let mut room = NODES_OF_FILE + source.text.len();
    for item in functions {
        if let Item::Function(function) = item
            && !check_function(&items, &broken, function, &mut room, diagnostics)
        {
            broken.insert(function.name.name.as_str());
        }
    }
    let mut sound = Vec::new();
    for item in losses {
        if let Item::Loss(loss) = item {
            diagnostics.enter(&loss.name.name);
            sound.extend(check_loss(source, &items, &broken, loss, &mut room, diagnostics));
        }
    }
    sound
}

/// A helper on its own, whether or not anything calls it: its arguments vary over its axes. One that calls a broken
/// one is broken, without a word of its own. `room` is what is left of the nodes of the file.
fn check_function(
    items: &Items<'_>,
    broken: &HashSet<&str>,
    function: &ast::Function,
    room: &mut usize,
    diagnostics: &mut Diagnostics,
) -> bool {
    let mut sound = true;
    let errors = diagnostics.errors();
    diagnostics.enter(&function.name.name);
    scope::check_names(items, &scope::names_of_function(function), diagnostics);
    let declared = axes::of_function(function, diagnostics);
    let arguments: Option<Vec<Input>> = declared.as_ref().and_then(|axes| {
        let arguments = function.arguments.iter().chain(&function.parameters);
        let checked: Vec<_> = arguments.map(|decl| axes::argument(decl, axes, diagnostics)).collect();
        checked.into_iter().collect()
    });
    if let (Some(axes), Some(arguments)) = (declared, arguments) {
        let mut graph = graph_of(axes, &arguments, &[]);
        let mut lowering = Lowering::new(items, broken, &arguments, &mut graph, *room, diagnostics);
        lowering.enter_function(function);
        sound = lowering.scalar(&function.body, Scalar::Real).is_some();
        lowering.finish_locals();
        *room = room.saturating_sub(graph.len());
    }
    sound && diagnostics.errors() == errors
}

/// A graph without nodes, for these inputs and parameters.
fn graph_of(axes: Vec<Axis>, inputs: &[Input], parameters: &[Parameter]) -> Graph {
    let mut graph = Graph::default();
    graph.axes = axes;
    graph.inputs = inputs.iter().map(declare::type_of_input).collect();
    graph.parameters = parameters.iter().map(declare::type_of_parameter).collect();
    let members = inputs.iter().enumerate();
    graph.members =
        members.filter_map(|(i, input)| Some((i, membership_axes(&input.axes, input.role)?))).collect();
    graph
}

/// Finds every declaration's name; of two with one name the first counts.
fn collect<'a>(module: &'a ast::Module, diagnostics: &mut Diagnostics) -> Items<'a> {
    let mut items = Items::new();
    for item in &module.items {
        let name = name_of(item);
        diagnostics.enter(&name.name);
        if let Some(first) = items.get(name.name.as_str()) {
            diagnostics.push(scope::duplicate(&name_of(first).clone(), name));
            continue;
        }
        // A loss may be called what a function is: a formula that calls it means the function.
        if matches!(item, Item::Function(_)) && expression::is_function(&name.name) {
            diagnostics.push(
                Diagnostic::new(
                    &codes::DUPLICATE_NAME,
                    format!("`{}` is a function of the language", name.name),
                    name.span,
                )
                .note("a helper needs a name of its own, because both are called in the same way"),
            );
            continue;
        }
        items.insert(&name.name, item);
    }
    items
}

fn name_of(item: &Item) -> &ast::Ident {
    match item {
        Item::Loss(loss) => &loss.name,
        Item::Function(function) => &function.name,
    }
}

fn check_loss(
    source: &SourceFile,
    items: &Items<'_>,
    broken: &HashSet<&str>,
    loss: &ast::Loss,
    room: &mut usize,
    diagnostics: &mut Diagnostics,
) -> Option<Loss> {
    let errors = diagnostics.errors();
    scope::check_names(items, &scope::names_of_loss(loss), diagnostics);
    let axes = axes::of_loss(loss, diagnostics)?;
    let inputs: Vec<_> =
        loss.inputs.iter().filter_map(|decl| declare::input(decl, &axes, diagnostics)).collect();
    let parameters: Vec<_> =
        loss.parameters.iter().filter_map(|decl| declare::parameter(decl, diagnostics)).collect();
    if inputs.len() < loss.inputs.len() || parameters.len() < loss.parameters.len() {
        return None;
    }
    if require_input(loss, &inputs, diagnostics) {
        axes::require_sizes(loss, &axes, &inputs, diagnostics);
    }

    let mut graph = graph_of(axes, &inputs, &parameters);
    let mut lowering = Lowering::new(items, broken, &inputs, &mut graph, *room, diagnostics);
    lowering.enter_loss(loss);
    let value = lowering.scalar(&loss.body, Scalar::Real);
    let keep = loss.keep.as_ref().map(|keep| lowering.scalar(keep, Scalar::Bool));
    let mean_by = loss.mean_by.as_ref().map(|by| lowering.scalar(by, Scalar::Real));
    lowering.finish_locals();
    *room = room.saturating_sub(graph.len());
    let (value, keep, mean_by) = (value?, flip(keep)?, flip(mean_by)?);
    let allows = allow::check(loss, diagnostics);
    let formulas = samples::Formulas { value, keep, mean_by };
    let formulas = samples::settle(&mut graph, loss, formulas, diagnostics)?;
    (diagnostics.errors() == errors).then(|| Loss {
        name: loss.name.name.clone(),
        doc: loss.doc.clone(),
        text: source.slice(loss.span).trim_end().replace("\r\n", "\n"),
        span: loss.name.span,
        inputs,
        parameters,
        graph,
        value: formulas.value,
        keep: formulas.keep,
        mean_by: formulas.mean_by,
        allows,
    })
}

/// A loss has an input to differentiate that every call gives.
fn require_input(loss: &ast::Loss, inputs: &[Input], diagnostics: &mut Diagnostics) -> bool {
    let leads =
        |input: &Input| input.is_differentiable() && input.default.is_none() && !input.axes.is_empty();
    if inputs.iter().any(leads) {
        return true;
    }
    diagnostics.push(
        Diagnostic::new(
            &codes::NOTHING_TO_DIFFERENTIATE,
            format!("`{}` has no real input that every call gives", loss.name.name),
            loss.name.span,
        )
        .note("a loss needs an input over samples, without a default and without a role such as `bool` or `int`"),
    );
    false
}

/// `Some(None)` where there was nothing to check, `None` where checking failed.
fn flip<T>(checked: Option<Option<T>>) -> Option<Option<T>> {
    match checked {
        None => Some(None),
        Some(None) => None,
        Some(some) => Some(some),
    }
}
