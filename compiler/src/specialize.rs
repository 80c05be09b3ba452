//! One set of expressions per combination of `bool` and listed parameters, so that no kernel tests a flag.

use crate::codes;
use crate::derive::Derived;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{Domain, ExprId, Function, Graph, Node, Parameter, ParameterKind, Role};
use crate::lower::lower;
use crate::ranges::Ranges;
use crate::rewrite::{Counts, rewrite, substitute};
use std::collections::HashMap;

/// The most combinations that kernels are made for.
const MOST_VARIANTS: usize = 16;

/// The expressions of one combination, lowered.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The parameters that are fixed, and their values.
    pub fixed: Vec<(usize, f64)>,
    /// All its expressions.
    pub graph: Graph,
    /// The value of a sample.
    pub value: ExprId,
    /// Whether every input lies in its domain.
    pub valid: Option<ExprId>,
    /// Whether a sample counts; one that does not contributes 0 to everything.
    pub keep: Option<ExprId>,
    /// The derivatives of the value.
    pub gradients: Vec<(usize, ExprId)>,
    /// The summand of the divisor; `None` where every sample counts one.
    pub divisor: Option<ExprId>,
    /// The derivatives of that summand.
    pub divisor_gradients: Vec<(usize, ExprId)>,
}

/// Makes the variants of a loss, at least one; `None`, with a diagnostic, where there would be too many.
pub fn specialize(derived: &Derived, diagnostics: &mut Diagnostics) -> Option<Vec<Variant>> {
    let mut combinations: Vec<Vec<(usize, f64)>> = vec![Vec::new()];
    for (i, parameter) in derived.loss.parameters.iter().enumerate() {
        let Some(values) = listed(parameter) else { continue };
        combinations = combinations
            .into_iter()
            .flat_map(|fixed| {
                values
                    .iter()
                    .map(move |value| fixed.iter().copied().chain([(i, *value)]).collect())
                    .collect::<Vec<_>>()
            })
            .collect();
        if combinations.len() > MOST_VARIANTS {
            diagnostics.enter(&derived.loss.name);
            diagnostics.push(
                Diagnostic::new(
                    &codes::TOO_MANY_VARIANTS,
                    format!("over {MOST_VARIANTS} combinations of `bool` and listed parameters"),
                    parameter.span,
                )
                .note("each combination gets kernels of its own; make two losses, or give a parameter an interval"),
            );
            return None;
        }
    }
    Some(combinations.into_iter().map(|fixed| variant(derived, fixed)).collect())
}

/// The values of a parameter that has few.
fn listed(parameter: &Parameter) -> Option<Vec<f64>> {
    match (&parameter.kind, &parameter.domain) {
        (ParameterKind::Bool, _) => Some(vec![0.0, 1.0]),
        (_, Some(Domain::Set(values))) => {
            let mut distinct: Vec<f64> = Vec::new();
            for value in values {
                if !distinct.contains(value) {
                    distinct.push(*value);
                }
            }
            Some(distinct)
        }
        _ => None,
    }
}

fn variant(derived: &Derived, fixed: Vec<(usize, f64)>) -> Variant {
    let mut graph = derived.loss.graph.clone();
    let replace: HashMap<ExprId, ExprId> = fixed
        .iter()
        .map(|(parameter, value)| {
            let constant = match derived.loss.parameters[*parameter].kind {
                ParameterKind::Bool => graph.add(Node::Bool(*value != 0.0)),
                _ => graph.real(*value),
            };
            (graph.add(Node::Parameter(*parameter)), constant)
        })
        .collect();

    let divisor = match (derived.divisor, derived.keep) {
        (Some(form), _) => Some(form.stable),
        (None, Some(_)) => Some(graph.real(1.0)),
        (None, None) => None,
    };
    let mut roots = vec![derived.value.stable];
    roots.extend(derived.gradients.iter().map(|(_, form)| form.stable));
    roots.extend(derived.divisor_gradients.iter().map(|(_, form)| form.stable));
    roots.extend(divisor);
    let valid = valid(&mut graph, derived);
    roots.extend(valid);
    roots.extend(derived.keep);

    let roots = substitute(&mut graph, &roots, &replace);
    let mut ranges = Ranges::new(&derived.loss);
    let roots = rewrite(&mut graph, &mut ranges, &roots, &mut Counts::default());
    let mut roots = lower(&mut graph, &roots).into_iter();
    let mut next = || roots.next().expect("as many roots come out as went in");
    Variant {
        value: next(),
        gradients: derived.gradients.iter().map(|(input, _)| (*input, next())).collect(),
        divisor_gradients: derived.divisor_gradients.iter().map(|(input, _)| (*input, next())).collect(),
        divisor: divisor.map(|_| next()),
        valid: valid.map(|_| next()),
        keep: derived.keep.map(|_| next()),
        fixed,
        graph,
    }
}

/// Whether every input lies in its domain. A whole number that the element type does not hold arrives as NaN
/// and lies in none.
fn valid(graph: &mut Graph, derived: &Derived) -> Option<ExprId> {
    let mut all = None;
    for (i, input) in derived.loss.inputs.iter().enumerate() {
        let x = graph.add(Node::Input(i));
        let inside = match (&input.domain, input.role) {
            (Some(domain), _) => lies_in(graph, x, domain),
            (None, Role::Int) => graph.apply(Function::Eq, &[x, x]),
            (None, _) => continue,
        };
        all = Some(all.map_or(inside, |others| graph.apply(Function::And, &[others, inside])));
    }
    all
}

fn lies_in(graph: &mut Graph, x: ExprId, domain: &Domain) -> ExprId {
    match domain {
        Domain::Interval { low, low_closed, high, high_closed } => {
            let (low, high) = (graph.real(*low), graph.real(*high));
            let above = graph.apply(if *low_closed { Function::Ge } else { Function::Gt }, &[x, low]);
            let below = graph.apply(if *high_closed { Function::Le } else { Function::Lt }, &[x, high]);
            graph.apply(Function::And, &[above, below])
        }
        Domain::Set(values) => {
            let mut any = graph.add(Node::Bool(false));
            for value in values {
                let value = graph.real(*value);
                let equal = graph.apply(Function::Eq, &[x, value]);
                any = if *graph.node(any) == Node::Bool(false) {
                    equal
                } else {
                    graph.apply(Function::Or, &[any, equal])
                };
            }
            any
        }
    }
}
