//! The order of a loss over named axes: programs of steps.
//!
//! A fold is a barrier: what reads its result comes a rank later. Values of one phase, rank and set of loops
//! that lead to a result are computed in one pass. What a later pass reads is left in a slot, unless it is
//! cheap to compute again; what is the same for all samples is computed before them, and sums over the samples
//! are read after them. Sums of products that are matrix products become steps of their own.

mod facts;
mod lists;
mod partial;
mod passes;
mod places;
mod products;

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{AxisId, Graph, Loss};
use crate::plan::rows::{Need, Program};
use crate::plan::{RowPlan, ValueId, Values};
use crate::schedule::values::Builder;
use crate::specialize::{Variant, Weighed};
use facts::{Phase, facts};
use partial::open_sums;
use passes::Planner;

/// What a program leads to.
struct Roots {
    value: ValueId,
    keep: Option<ValueId>,
    valid: Option<ValueId>,
    gradients: Vec<Root>,
}

/// A derivative.
struct Root {
    input: usize,
    own: ValueId,
    shared: Option<(ValueId, Vec<(AxisId, AxisId)>)>,
}

/// Orders a variant of a loss over named axes; `None`, with a diagnostic, where that is not possible yet.
pub(super) fn schedule(loss: &Loss, variant: &Variant, diagnostics: &mut Diagnostics) -> Option<RowPlan> {
    let mut graph = variant.graph.clone();
    let gradients = open_sums(loss, &mut graph, &variant.gradients);
    let divisor_gradients = open_sums(loss, &mut graph, &variant.divisor_gradients);
    let mut builder = Builder::new(&graph);
    let keep = variant.keep.map(|keep| builder.place(keep));
    let numerator = Roots {
        value: builder.place(variant.value),
        keep,
        valid: variant.valid.map(|valid| builder.place(valid)),
        gradients: roots(&mut builder, &gradients),
    };
    let divisor = variant.divisor.map(|divisor| Roots {
        value: builder.place(divisor),
        keep,
        valid: None,
        gradients: roots(&mut builder, &divisor_gradients),
    });
    let values = builder.finish();
    let run = |roots: &Roots| program(loss, &graph, &values, roots);
    let programs =
        run(&numerator).and_then(|numerator| Ok((numerator, divisor.as_ref().map(run).transpose()?)));
    match programs {
        Ok((numerator, divisor)) => Some(RowPlan { values, numerator, divisor }),
        Err(Refused) => {
            diagnostics.enter(&loss.name);
            diagnostics.push(
                Diagnostic::new(&codes::NOT_GENERATED, "no code is generated yet for this loss over its axes", loss.span)
                    .note("`keep` picks nothing by a label, and a sum over all samples does not enter the value of one"),
            );
            None
        }
    }
}

fn roots(builder: &mut Builder<'_>, gradients: &[Weighed]) -> Vec<Root> {
    let root = |gradient: &Weighed| Root {
        input: gradient.input,
        own: builder.place(gradient.own),
        shared: gradient.shared.as_ref().map(|(value, at)| (builder.place(*value), at.clone())),
    };
    gradients.iter().map(root).collect()
}

/// What no program is made for.
#[derive(Clone, Copy, Debug)]
struct Refused;

fn program(loss: &Loss, graph: &Graph, values: &Values, roots: &Roots) -> Result<Program, Refused> {
    let mut facts = facts(graph, values)?;
    if let Some(keep) = roots.keep {
        for id in values.needed(&[keep]) {
            if facts[id.0].phase == Phase::Row {
                facts[id.0].phase = Phase::Keep;
            }
        }
    }
    let mut planner = Planner::new(loss, graph, values, facts);
    let kept = roots.keep.map(|keep| planner.root(keep, Phase::Keep)).transpose()?;
    let valid = roots.valid.map(|valid| planner.root(valid, Phase::Row)).transpose()?;
    let value = planner.root(roots.value, Phase::Row)?;
    for (number, root) in roots.gradients.iter().enumerate() {
        let need = if number == 0 { Need::Gradient } else { Need::Gradients };
        planner.gradient(root, need)?;
    }
    Ok(planner.finish(value, kept, valid))
}
