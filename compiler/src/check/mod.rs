//! Syntax tree to checked losses: names, types, axes, domains.
//!
//! Every error of a file is reported in one run. A loss with an error is left out; the others go on.
//! Helpers and calls of other losses are inlined here, so that what follows sees one graph per loss.

mod declare;
mod expression;
mod scope;
mod suggest;

use crate::ast::{self, Item};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{Axis, AxisId, AxisSet, Graph, Input, Loss, Scalar};
use crate::source::SourceFile;
use expression::Lowering;
use std::collections::{HashMap, HashSet};

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
    for item in functions {
        if let Item::Function(function) = item
            && !check_function(&items, function, diagnostics)
        {
            broken.insert(function.name.name.as_str());
        }
    }
    let mut sound = Vec::new();
    for item in losses {
        if let Item::Loss(loss) = item {
            diagnostics.enter(&loss.name.name);
            sound.extend(check_loss(source, &items, &broken, loss, diagnostics));
        }
    }
    sound
}

/// A helper on its own, whether or not anything calls it. What it says over an axis is looked at when it is
/// called.
fn check_function(items: &Items<'_>, function: &ast::Function, diagnostics: &mut Diagnostics) -> bool {
    let errors = diagnostics.errors();
    diagnostics.enter(&function.name.name);
    scope::check_names(items, &scope::names_of_function(function), diagnostics);
    if function.axes.is_empty() {
        let none = HashSet::new();
        let mut graph = Graph::default();
        let mut lowering = Lowering::new(items, &none, &mut graph, &[], diagnostics);
        lowering.enter_function(function);
        lowering.scalar(&function.body, Scalar::Real);
        lowering.finish_locals();
    }
    diagnostics.errors() == errors
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
        if crate::functions::by_name(&name.name).is_some() || expression::is_built_in(&name.name) {
            diagnostics.push(
                Diagnostic::new(
                    &codes::DUPLICATE_NAME,
                    format!("`{}` is a function of the language", name.name),
                    name.span,
                )
                .note("a loss or helper needs a name of its own, because both are called in the same way"),
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
    diagnostics: &mut Diagnostics,
) -> Option<Loss> {
    let errors = diagnostics.errors();
    scope::check_names(items, &scope::names_of_loss(loss), diagnostics);
    let mut axes = vec![Axis { name: "..".to_owned(), group: true }];
    let inputs: Vec<_> =
        loss.inputs.iter().filter_map(|decl| declare::input(decl, &mut axes, diagnostics)).collect();
    let parameters: Vec<_> =
        loss.parameters.iter().filter_map(|decl| declare::parameter(decl, diagnostics)).collect();
    if inputs.len() < loss.inputs.len() || parameters.len() < loss.parameters.len() {
        return None;
    }
    let leads =
        |input: &Input| input.is_differentiable() && input.default.is_none() && !input.axes.is_empty();
    if !inputs.iter().any(leads) {
        diagnostics.push(
            Diagnostic::new(
                &codes::NOTHING_TO_DIFFERENTIATE,
                format!("`{}` has no real input that every call gives", loss.name.name),
                loss.name.span,
            )
            .note("a loss needs an input over samples, without a default and without a role such as `bool` or `int`"),
        );
    }

    let mut graph = Graph::default();
    graph.inputs = inputs.iter().map(declare::type_of_input).collect();
    graph.parameters = parameters.iter().map(declare::type_of_parameter).collect();
    let mut lowering = Lowering::new(items, broken, &mut graph, &axes, diagnostics);
    lowering.enter_loss(loss);
    let value = lowering.scalar(&loss.body, Scalar::Real);
    let keep = loss.keep.as_ref().map(|keep| lowering.scalar(keep, Scalar::Bool));
    let mean_by = loss.mean_by.as_ref().map(|by| lowering.scalar(by, Scalar::Real));
    lowering.finish_locals();
    let (value, keep, mean_by) = (value?, flip(keep)?, flip(mean_by)?);
    for (root, expr) in [Some(value), keep, mean_by].into_iter().zip([
        Some(&loss.body),
        loss.keep.as_ref(),
        loss.mean_by.as_ref(),
    ]) {
        if let (Some(root), Some(expr)) = (root, expr) {
            require_samples_only(&graph, &axes, root, expr, diagnostics);
        }
    }
    (diagnostics.errors() == errors).then(|| Loss {
        name: loss.name.name.clone(),
        doc: loss.doc.clone(),
        text: source.slice(loss.span).trim_end().to_owned(),
        span: loss.name.span,
        axes,
        inputs,
        parameters,
        graph,
        value,
        keep,
        mean_by,
    })
}

/// `Some(None)` where there was nothing to check, `None` where checking failed.
fn flip<T>(checked: Option<Option<T>>) -> Option<Option<T>> {
    match checked {
        None => Some(None),
        Some(None) => None,
        Some(some) => Some(some),
    }
}

/// A loss has one value per sample: nothing else may remain.
fn require_samples_only(
    graph: &Graph,
    axes: &[Axis],
    root: crate::ir::ExprId,
    expr: &ast::Expr,
    diagnostics: &mut Diagnostics,
) {
    let rest: AxisSet = graph.type_of(root).axes.without(AxisId::SAMPLES);
    if let Some(axis) = rest.iter().next() {
        let name = &axes[axis.0 as usize].name;
        diagnostics.push(
            Diagnostic::new(&codes::OPEN_AXIS, format!("this still varies over `{name}`"), expr.span)
                .note(format!("fold the axis with a binder, for example `sum[{name}](...)`")),
        );
    }
}
