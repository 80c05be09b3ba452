//! What the compiler's plans say about the losses of `losses.def`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use lossdef_compiler::compile;
use lossdef_compiler::plan::rows::{Action, Program};
use lossdef_compiler::plan::{Plan, ValueId};
use lossdef_compiler::source::SourceFile;

/// What is asked of a plan here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether it calls functions that take long, in every variant: threads are worth it for fewer samples then.
    pub transcendental: bool,
    /// Whether it has products of matrices, in any variant.
    pub contracts: bool,
}

/// The facts about a loss of `losses.def`.
pub fn facts(loss: &str) -> Facts {
    static FACTS: LazyLock<BTreeMap<String, Facts>> = LazyLock::new(|| {
        let compiled = compile(&SourceFile::new("losses.def", include_str!("../../losses.def")));
        let plans = |variants: &[(_, Plan)]| Facts {
            transcendental: variants.iter().all(|(_, plan)| transcendental(plan)),
            contracts: variants.iter().any(|(_, plan)| contracts(plan)),
        };
        let facts =
            compiled.losses.iter().map(|loss| (loss.derived.loss.name.clone(), plans(&loss.variants)));
        facts.collect()
    });
    FACTS[loss]
}

fn transcendental(plan: &Plan) -> bool {
    let Plan::Samples(plan) = plan else { return false };
    let gradients = plan.outputs.gradients.iter().map(|(_, value)| *value);
    let outputs: Vec<ValueId> = gradients.chain([plan.outputs.value]).collect();
    plan.values.is_transcendental(&outputs)
}

fn contracts(plan: &Plan) -> bool {
    let Plan::Rows(plan) = plan else { return false };
    let product = |program: &Program| {
        let phases = [&program.before, &program.keep, &program.rows, &program.after];
        let mut actions = phases.into_iter().flatten().map(|step| &step.action);
        actions.any(|action| matches!(action, Action::Product { .. } | Action::Total { .. }))
    };
    product(&plan.numerator) || plan.divisor.as_ref().is_some_and(product)
}
