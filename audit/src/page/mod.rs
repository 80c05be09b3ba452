//! What the report shows of a loss beside its checks: the formula, the way to its gradient, curves, code.

pub mod curves;
pub mod derivation;

use lossdef_compiler::CompiledLoss;
use lossdef_compiler::ir::{AxisId, Loss, ParameterKind, Role};

use crate::checks::accuracy::Sweep;
use crate::subject::Subject;
use crate::ulp::Format;
use curves::Figure;
use derivation::{Derivation, Typeset};

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The documentation of the loss, by paragraphs.
    pub doc: Vec<String>,
    /// The declaration as written.
    pub text: String,
    /// The inputs.
    pub inputs: Vec<Row>,
    /// The parameters.
    pub parameters: Vec<Row>,
    /// What a mean divides by.
    pub divisor: String,
    /// The condition under which a sample counts.
    pub keep: Option<Typeset>,
    /// Locals that the formulas refer to.
    pub locals: Vec<(String, String)>,
    /// The value, then the derivative in each input: from as written to as computed.
    pub derivations: Vec<Derivation>,
    /// Value and gradient over an input.
    pub figures: Vec<Figure>,
    /// Errors over the range of an input.
    pub sweeps: Vec<Sweep>,
    /// The generated code.
    pub code: String,
}

/// An input or a parameter.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What it is, with its axes.
    pub what: String,
    /// Where it must lie.
    pub domain: String,
    /// What stands for it.
    pub default: String,
}

/// Collects the page of a loss.
pub fn page(compiled: &CompiledLoss, subject: &Subject<'_>, sweeps: Vec<Sweep>) -> Page {
    let loss = subject.loss();
    Page {
        doc: loss
            .doc
            .split("\n\n")
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect(),
        text: loss.text.clone(),
        inputs: loss.inputs.iter().map(|input| row_of_input(loss, input)).collect(),
        parameters: loss
            .parameters
            .iter()
            .map(|parameter| Row {
                name: parameter.name.clone(),
                what: match parameter.kind {
                    ParameterKind::Real => "number",
                    ParameterKind::Int => "whole number",
                    ParameterKind::Bool => "truth value",
                }
                .to_owned(),
                domain: domain(parameter.domain.as_ref()),
                default: match (parameter.default, parameter.kind) {
                    (None, _) => "must be given".to_owned(),
                    (Some(x), ParameterKind::Bool) => (x != 0.0).to_string(),
                    (Some(x), _) => Format::F64.text(x),
                },
            })
            .collect(),
        divisor: compiled.audit.divisor.clone(),
        keep: derivation::keep(subject.derived),
        locals: compiled.audit.locals.clone(),
        derivations: derivation::all(subject.derived),
        figures: curves::figures(subject),
        sweeps,
        code: lossdef_compiler::text::text(compiled).unwrap_or_else(|error| error),
    }
}

fn row_of_input(loss: &Loss, input: &lossdef_compiler::ir::Input) -> Row {
    let axis = |axis: &AxisId| loss.graph.axis_name(*axis).to_owned();
    let axes: Vec<String> = input.axes.iter().map(axis).collect();
    let what = match input.role {
        Role::Real => "numbers".to_owned(),
        Role::Int => "whole numbers".to_owned(),
        Role::Bool => "truth values".to_owned(),
        Role::Index(on) => format!("positions on {}", axis(&on)),
        Role::Set(on) => format!("lists of positions on {}", axis(&on)),
    };
    Row {
        name: format!("{}[{}]", input.name, axes.join(", ")),
        what,
        domain: domain(input.domain.as_ref()),
        default: input.default.map_or_else(|| "must be given".to_owned(), |x| Format::F64.text(x)),
    }
}

fn domain(domain: Option<&lossdef_compiler::ir::Domain>) -> String {
    domain.map_or_else(|| "any".to_owned(), ToString::to_string)
}
