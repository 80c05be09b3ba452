//! Hazards in words: what happens, where, why it was not ruled out, and what to do about it.

use super::analysis::Analysis;
use super::cause::{Cause, Kind};
use super::points::Point;
use super::undefined::Output;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::display::{Printer, number};
use crate::ir::range::Range;
use crate::ir::{ExprId, Function, Loss, Node, Reduction};
use crate::source::Span;

/// Longer expressions are cut.
const LONGEST: usize = 60;

/// A value or gradient that can be something else than a number.
pub(super) fn not_finite(
    analysis: &mut Analysis<'_>,
    output: Output,
    cause: &Cause,
    places: &[Point],
    example: Option<String>,
) -> Diagnostic {
    let loss = analysis.loss;
    let what = name(loss, output);
    let operation = text(loss, cause.node);
    let large = text(loss, cause.operand);
    let (code, message, label) = match cause.kind {
        Kind::Lost => {
            let message = format!("{what} is NaN where {large} {}", happens(analysis, cause));
            (&codes::OVERFLOW, message, format!("{operation} is NaN then"))
        }
        Kind::Hidden | Kind::Overflow | Kind::Small | Kind::Saturated => {
            let message = format!("{what} is infinite where {large} {}", happens(analysis, cause));
            (&codes::OVERFLOW, message, format!("{operation} would be an ordinary number"))
        }
        Kind::Pole | Kind::Undefined => {
            let code = match output.gradient {
                None => &codes::VALUE_NOT_FINITE,
                Some(_) => &codes::GRADIENT_NOT_FINITE,
            };
            let (condition, label) = condition(loss, cause, places, &operation);
            (code, format!("{what} is not finite where {condition}"), label)
        }
    };
    let mut diagnostic = Diagnostic::new(code, message, span(loss, cause, places)).label(label);
    if matches!(cause.kind, Kind::Pole | Kind::Undefined) && is_applied(loss, cause) {
        let mut told = Vec::new();
        for Point { of, .. } in places {
            if !told.contains(of) {
                told.push(*of);
                let range = analysis.number(*of, Analysis::NO_FACTS).range;
                let note = format!("{} lies in {}, as far as is known", text(loss, *of), interval(range));
                diagnostic = diagnostic.note(note);
            }
        }
    }
    if let Some(example) = example {
        diagnostic = diagnostic.note(example);
    }
    diagnostic.note(format!(
        "{}, or say why it is right: `allow({}, \"reason\")`",
        remedy(loss, cause, places),
        code.id
    ))
}

/// What becomes of the number that a cause is made of.
fn happens(analysis: &Analysis<'_>, cause: &Cause) -> &'static str {
    match cause.from.iter().next().map(|place| analysis.table.get(place).kind) {
        Some(Kind::Small) => "is rounded to 0",
        Some(Kind::Saturated) => "is rounded to its limit",
        _ => "overflows",
    }
}

/// The value, or the gradient of an input.
pub(super) fn name(loss: &Loss, output: Output) -> String {
    match output.gradient {
        None => "the value".to_owned(),
        Some(input) => format!("the gradient of `{}`", loss.inputs[input].name),
    }
}

/// Where a pole is reached or a function undefined, and what the operation does there.
fn condition(loss: &Loss, cause: &Cause, places: &[Point], operation: &str) -> (String, String) {
    let operand = text(loss, cause.operand);
    let at: Vec<String> =
        places.iter().map(|point| format!("{} is {}", text(loss, point.of), number(point.is))).collect();
    let at = at.join(" or ");
    let does = |what: &str| format!("{operation} {what}");
    match (loss.graph.node(cause.node), cause.kind) {
        (Node::Reduce(reduction, ..), _) => {
            let fold = match reduction {
                Reduction::Mean => "mean of nothing is NaN",
                Reduction::Max => "maximum of nothing is -inf",
                Reduction::Min => "minimum of nothing is inf",
                _ => "logarithm of a sum of nothing is -inf",
            };
            ("nothing passes the filter".to_owned(), format!("the {fold}"))
        }
        (Node::Apply(Function::Div, _), _) => (at, does("divides by 0 there")),
        (Node::Apply(Function::Pow, _), Kind::Pole) => {
            (at, does("is infinite there: its exponent can be negative"))
        }
        (Node::Apply(Function::Pow, _), _) => {
            (format!("{operand} is negative"), does("is NaN there: its exponent need not be whole"))
        }
        (Node::Apply(..), Kind::Pole) => (at, does("is infinite there")),
        (Node::Apply(Function::Log1p, _), _) => (format!("{operand} is below -1"), does("is NaN there")),
        (Node::Apply(Function::Logit, _), _) => {
            (format!("{operand} is outside of [0, 1]"), does("is NaN there"))
        }
        (Node::Apply(Function::Log1mexp, _), _) => (format!("{operand} is positive"), does("is NaN there")),
        (Node::Apply(..), _) => (format!("{operand} is negative"), does("is NaN there")),
        _ => (format!("it is {operation}"), "written as infinite".to_owned()),
    }
}

/// What the author can do.
fn remedy(loss: &Loss, cause: &Cause, places: &[Point]) -> String {
    if matches!(loss.graph.node(cause.node), Node::Reduce(..)) {
        return "put it behind an `if any[...](...)`".to_owned();
    }
    let declared = places.iter().find_map(|point| match loss.graph.node(point.of) {
        Node::Input(i) => Some(&loss.inputs[*i].name),
        Node::Parameter(i) => Some(&loss.parameters[*i].name),
        _ => None,
    });
    match (cause.kind, declared) {
        (Kind::Pole | Kind::Undefined, Some(name)) => {
            format!("declare a domain of `{name}` that leaves that out, bound it (`max`, `clamp`)")
        }
        (Kind::Pole | Kind::Undefined, None) => {
            "declare domains that rule it out, bound it (`max`, `clamp`), put it behind an `if`".to_owned()
        }
        _ => "bound the argument of the exponential (`min`, `clamp`)".to_owned(),
    }
}

/// Whether a function of the table is at fault, rather than a fold or a number that was written.
fn is_applied(loss: &Loss, cause: &Cause) -> bool {
    matches!(loss.graph.node(cause.node), Node::Apply(..))
}

/// An expression as the formula has it.
pub(super) fn text(loss: &Loss, id: ExprId) -> String {
    if let Some(name) = loss.graph.name(id) {
        return format!("`{name}`");
    }
    let named = loss.graph.reachable(&[id]).into_iter().filter(|node| *node != id);
    let text = Printer::new(loss, &loss.graph).by_name(named).text(id);
    if text.len() <= LONGEST {
        return format!("`{text}`");
    }
    let cut = text.char_indices().map(|(at, _)| at).take_while(|at| *at < LONGEST).last().unwrap_or(0);
    format!("`{}...`", &text[..cut])
}

/// Where to point: at the operation, at what it is applied to, or at the loss.
fn span(loss: &Loss, cause: &Cause, places: &[Point]) -> Span {
    let graph = &loss.graph;
    let written = [cause.node, cause.operand].into_iter().chain(places.iter().map(|point| point.of));
    let inside = graph.reachable(&[cause.node]);
    let leaves =
        inside.iter().rev().copied().filter(|id| !matches!(graph.node(*id), Node::Real(_) | Node::Bool(_)));
    written.chain(leaves).find_map(|id| graph.span(id)).unwrap_or(loss.span)
}

/// A range as a domain is written.
fn interval(range: Range) -> String {
    let open = if range.above { '(' } else { '[' };
    let close = if range.below { ')' } else { ']' };
    format!("{open}{}, {}{close}", number(range.low), number(range.high))
}
