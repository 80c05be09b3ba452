//! The order of an elementwise loss: what is computed once per call, what once per sample.

use super::values::Builder;
use crate::plan::{Outputs, SamplePlan};
use crate::specialize::{Variant, Weighed};

/// Orders a variant of an elementwise loss.
pub(super) fn schedule(variant: &Variant) -> SamplePlan {
    let mut builder = Builder::new(&variant.graph);
    let value = builder.place(variant.value);
    let own = |builder: &mut Builder<'_>, list: &[Weighed]| -> Vec<_> {
        list.iter().map(|gradient| (gradient.input, builder.place(gradient.own))).collect()
    };
    let gradients = own(&mut builder, &variant.gradients);
    let divisor = variant.divisor.map(|divisor| builder.place(divisor));
    let divisor_gradients = own(&mut builder, &variant.divisor_gradients);
    let valid = variant.valid.map(|valid| builder.place(valid));
    let keep = variant.keep.map(|keep| builder.place(keep));
    let values = builder.finish();
    let (call, sample) = values.iter().map(|(id, _)| id).partition(|id| values.get(*id).fixed);
    let outputs = Outputs { value, valid, gradients, divisor, divisor_gradients };
    SamplePlan { values, call, sample, keep, outputs }
}

#[cfg(test)]
mod tests {
    use crate::compile;
    use crate::ir::Function;
    use crate::plan::{Operation, Plan, SamplePlan, ValueId};
    use crate::source::SourceFile;

    fn plan(declaration: &str) -> SamplePlan {
        let mut compiled = compile(&SourceFile::new("test.def", declaration));
        assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
        match compiled.losses.remove(0).variants.remove(0).1 {
            Plan::Samples(plan) => plan,
            Plan::Rows(_) => panic!("an elementwise loss"),
        }
    }

    #[test]
    fn what_depends_on_parameters_alone_is_computed_once_per_call() {
        let plan = plan("loss f(x in (0, inf); a = 2.0) = x * exp(a) + sqrt(a) / x");
        for (function, once) in [(Function::Exp, true), (Function::Sqrt, true), (Function::Div, false)] {
            let found = plan.values.iter().find(|(_, value)| match &value.operation {
                Operation::Apply(f, _) => *f == function,
                _ => false,
            });
            let (id, _) = found.unwrap_or_else(|| panic!("{function:?} is computed"));
            assert_eq!(plan.call.contains(&id), once, "{function:?}");
        }
    }

    #[test]
    fn division_by_a_parameter_is_a_multiplication() {
        let plan = plan("loss f(x; a in (0, inf) = 2.0) = x / a + x / 3");
        let divides = |id: &ValueId| match &plan.values.get(*id).operation {
            Operation::Apply(function, _) => *function == Function::Div,
            _ => false,
        };
        assert!(!plan.sample.iter().any(divides));
        assert!(plan.values.iter().any(|(_, value)| matches!(value.operation, Operation::Over(..))));
    }

    #[test]
    fn operands_come_first_and_every_value_is_computed_once() {
        let plan = plan("loss f(x, t, w = 1; a = 2.0) = w * (x - t)^2 / (1 + a * x^2) keep x > 0 mean by w");
        for (id, value) in plan.values.iter() {
            assert!(value.operation.operands().iter().all(|operand| operand < &id));
        }
        let mut placed: Vec<ValueId> = plan.call.iter().chain(&plan.sample).copied().collect();
        placed.sort_unstable();
        assert!(placed.into_iter().eq(plan.values.iter().map(|(id, _)| id)));
        assert!(plan.keep.is_some() && plan.outputs.divisor.is_some());
    }
}
