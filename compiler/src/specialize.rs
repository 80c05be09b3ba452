//! One set of expressions per combination of `bool` and listed parameters, so that no kernel tests a flag.

use crate::codes;
use crate::derive::{Derived, Gradient};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{AxisId, Domain, ExprId, Function, Graph, Node, Parameter, ParameterKind, Reduction, Role};
use crate::lower::{lower, lower_over_axes};
use crate::ranges::Ranges;
use crate::rewrite::{rewrite, substitute};
use std::collections::HashMap;

/// The most combinations that kernels are made for.
const MOST_VARIANTS: usize = 16;

/// Of so many parameters it is tried whether the default makes the formula simpler: each costs a variant.
const MOST_TRIED: usize = 8;

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
    pub gradients: Vec<Weighed>,
    /// The summand of the divisor; `None` where every sample counts one.
    pub divisor: Option<ExprId>,
    /// The derivatives of that summand.
    pub divisor_gradients: Vec<Weighed>,
}

/// The derivative with respect to one input; over named axes with the derivative of the result as a factor.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// The input.
    pub input: usize,
    /// Where each sample reads its own elements.
    pub own: ExprId,
    /// Where samples read the elements of others, and the indices that stand for the sample axes in it.
    pub shared: Option<(ExprId, Vec<(AxisId, AxisId)>)>,
}

/// Makes the variants of a loss, at least one; `None`, with a diagnostic, where there would be too many.
pub fn specialize(derived: &Derived, diagnostics: &mut Diagnostics) -> Option<Vec<Variant>> {
    let mut combinations: Vec<Vec<(usize, f64)>> = vec![Vec::new()];
    let parameters = || derived.loss.parameters.iter().enumerate();
    for (i, parameter) in parameters() {
        let Some(values) = listed(parameter) else { continue };
        combinations = with_each(&combinations, i, &values.into_iter().map(Some).collect::<Vec<_>>());
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
    let open =
        parameters().filter(|(_, parameter)| listed(parameter).is_none() && parameter.default.is_some());
    for (i, _) in open.take(MOST_TRIED) {
        if 2 * combinations.len() <= MOST_VARIANTS
            && let Some(value) = simplifying(derived, i)
        {
            combinations = with_each(&combinations, i, &[Some(value), None]);
        }
    }
    Some(combinations.into_iter().map(|fixed| variant(derived, fixed)).collect())
}

/// Every combination with each value of one more parameter; `None` leaves it open, and comes last.
fn with_each(
    combinations: &[Vec<(usize, f64)>],
    parameter: usize,
    values: &[Option<f64>],
) -> Vec<Vec<(usize, f64)>> {
    let extended = combinations.iter().flat_map(|others| {
        values
            .iter()
            .map(|value| others.iter().copied().chain(value.map(|value| (parameter, value))).collect())
    });
    extended.collect()
}

/// The default of a parameter, where it saves folds over an axis, as `label_smoothing = 0` does, or `p = 2` in a
/// norm: most calls leave it at that.
fn simplifying(derived: &Derived, parameter: usize) -> Option<f64> {
    let declared = &derived.loss.parameters[parameter];
    let default = declared.default?;
    if derived.loss.is_elementwise() {
        return None;
    }
    let folds = |fixed: Vec<(usize, f64)>| {
        let variant = variant(derived, fixed);
        let roots: Vec<ExprId> = std::iter::once(variant.value)
            .chain(variant.gradients.iter().map(|gradient| gradient.own))
            .collect();
        let all = variant.graph.reachable(&roots);
        all.into_iter().filter(|id| matches!(variant.graph.node(*id), Node::Reduce(..))).count()
    };
    (folds(vec![(parameter, default)]) < folds(Vec::new())).then_some(default)
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
    for Gradient { weighed, .. } in derived.gradients.iter().chain(&derived.divisor_gradients) {
        roots.push(weighed.own);
        roots.extend(weighed.shared.as_ref().map(|shared| shared.value));
    }
    roots.extend(divisor);
    let valid = valid(&mut graph, derived);
    roots.extend(valid);
    roots.extend(derived.keep);

    let roots = substitute(&mut graph, &roots, &replace);
    let mut ranges = Ranges::new(&derived.loss);
    let roots = rewrite(&mut graph, &mut ranges, &roots, &mut Vec::new());
    let lowered = if derived.loss.is_elementwise() {
        lower(&mut graph, &mut ranges, &roots)
    } else {
        lower_over_axes(&mut graph, &mut ranges, &roots)
    };
    let mut roots = lowered.into_iter();
    let mut next = || roots.next().expect("as many roots come out as went in");
    let value = next();
    let mut weighed = |gradient: &Gradient| Weighed {
        input: gradient.input,
        own: next(),
        shared: gradient.weighed.shared.as_ref().map(|shared| (next(), shared.at.clone())),
    };
    Variant {
        value,
        gradients: derived.gradients.iter().map(&mut weighed).collect(),
        divisor_gradients: derived.divisor_gradients.iter().map(&mut weighed).collect(),
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
        let mut inside = match (&input.domain, input.role) {
            (Some(domain), _) => lies_in(graph, x, domain),
            (None, Role::Int) => graph.apply(Function::Eq, &[x, x]),
            (None, _) => continue,
        };
        for axis in graph.type_of(x).axes.difference(graph.samples).iter() {
            inside = graph.add(Node::Reduce(Reduction::All, axis, inside, None));
        }
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
