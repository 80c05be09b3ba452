//! The graph of a variant, put in order: what is computed once per call, what once per sample.
//!
//! What depends on parameters alone is hoisted out of the loop, and a division by it becomes `Over`. Values
//! are ordered as the outputs need them, so that a reader meets them in the order of the formula.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{AxisSet, ExprId, Function, Loss, Node, Scalar};
use crate::plan::{
    AxisRole, Finish, Fold, FoldKind, Operation, Outputs, Plan, PlanAxis, Stage, StageId, Storage, Value,
    ValueId,
};
use crate::specialize::Variant;
use std::collections::HashMap;

/// Computed once per call.
pub const CALL: StageId = StageId(0);
/// Computed once per sample.
pub const SAMPLE: StageId = StageId(1);

/// Orders a variant; `None`, with a diagnostic, where it needs a nest of loops that is not built yet.
pub fn schedule(loss: &Loss, variant: &Variant, diagnostics: &mut Diagnostics) -> Option<Plan> {
    let mut roots = vec![variant.value];
    roots.extend(variant.gradients.iter().map(|(_, id)| *id));
    roots.extend(variant.divisor);
    roots.extend(variant.divisor_gradients.iter().map(|(_, id)| *id));
    roots.extend(variant.valid);
    roots.extend(variant.keep);
    let mut scheduler =
        Scheduler { variant, values: Vec::new(), places: HashMap::new(), divisors: HashMap::new() };
    for root in &roots {
        if let Err(refused) = scheduler.place(*root) {
            let span = variant.graph.span(refused).unwrap_or(loss.span);
            diagnostics.enter(&loss.name);
            diagnostics.push(Diagnostic::new(
                &codes::NOT_GENERATED,
                "no code is generated yet for what varies over a named axis",
                span,
            ));
            return None;
        }
    }
    let at = |id: &ExprId| scheduler.places[id];
    let pairs = |list: &[(usize, ExprId)]| list.iter().map(|(input, id)| (*input, at(id))).collect();
    let outputs = Outputs {
        value: at(&variant.value),
        valid: variant.valid.as_ref().map(at),
        gradients: pairs(&variant.gradients),
        divisor: variant.divisor.as_ref().map(at),
        divisor_gradients: pairs(&variant.divisor_gradients),
    };
    let filter = variant.keep.as_ref().map(at);
    Some(assemble(loss, scheduler.values, outputs, filter))
}

fn assemble(loss: &Loss, values: Vec<Value>, outputs: Outputs, filter: Option<ValueId>) -> Plan {
    let samples = AxisSet::of(crate::ir::AxisId::SAMPLES);
    let body = |stage: StageId| {
        values.iter().enumerate().filter(|(_, value)| value.stage == stage).map(|(i, _)| ValueId(i)).collect()
    };
    let stages = vec![
        Stage { axes: AxisSet::EMPTY, filter: None, body: body(CALL) },
        Stage { axes: samples, filter, body: body(SAMPLE) },
    ];
    let fold = |value| Fold { kind: FoldKind::Sum, value, stage: SAMPLE, axes: samples };
    let folds = std::iter::once(outputs.value).chain(outputs.divisor).map(fold).collect();
    let finish = if outputs.divisor.is_some() { Finish::MeanOverDivisor } else { Finish::MeanOverSamples };
    let axes =
        loss.axes.iter().map(|axis| PlanAxis { name: axis.name.clone(), role: AxisRole::Sample }).collect();
    Plan { axes, values, stages, folds, outputs, finish }
}

struct Scheduler<'a> {
    variant: &'a Variant,
    values: Vec<Value>,
    places: HashMap<ExprId, ValueId>,
    /// Values of the call that others are divided by.
    divisors: HashMap<ValueId, ValueId>,
}

impl Scheduler<'_> {
    /// Places a node behind its operands; an error is the node that has no place.
    fn place(&mut self, root: ExprId) -> Result<(), ExprId> {
        let mut stack = vec![(root, false)];
        while let Some((id, operands_placed)) = stack.pop() {
            if self.places.contains_key(&id) {
                continue;
            }
            let node = self.variant.graph.node(id);
            if operands_placed {
                let place = self.compute(id)?;
                self.places.insert(id, place);
            } else {
                stack.push((id, true));
                stack.extend(node.operands().into_iter().rev().map(|operand| (operand, false)));
            }
        }
        Ok(())
    }

    fn compute(&mut self, id: ExprId) -> Result<ValueId, ExprId> {
        let at = |operand: &ExprId| self.places[operand];
        let operation = match self.variant.graph.node(id) {
            Node::Real(bits) => Operation::Real(f64::from_bits(*bits)),
            Node::Bool(truth) => Operation::Bool(*truth),
            Node::Input(input) => Operation::Input(*input),
            Node::Parameter(parameter) => Operation::Parameter(*parameter),
            Node::If(c, a, b) => Operation::Select(at(c), at(a), at(b)),
            Node::Apply(Function::Div, arguments) => {
                let (a, b) = (at(&arguments[0]), at(&arguments[1]));
                self.divide(a, b)
            }
            Node::Apply(function, arguments) => {
                Operation::Apply(*function, arguments.iter().map(at).collect())
            }
            Node::Stop(_) | Node::WithGrad(..) => return Err(id),
            Node::Index(_) | Node::Size(_) | Node::Reduce(..) | Node::Gather(..) => return Err(id),
        };
        let ty = self.variant.graph.type_of(id);
        let name = self.variant.graph.name(id).map(str::to_owned);
        Ok(self.push(operation, ty.scalar, ty.axes, name))
    }

    /// By what is the same for the whole call, a division is a multiplication.
    fn divide(&mut self, a: ValueId, b: ValueId) -> Operation {
        if self.values[a.0].stage == CALL || self.values[b.0].stage != CALL {
            return Operation::Apply(Function::Div, vec![a, b]);
        }
        if let Operation::Real(divisor) = self.values[b.0].operation {
            let inverse = 1.0 / divisor;
            if inverse.is_normal() && inverse.to_bits() << 12 == 0 && divisor.to_bits() << 12 == 0 {
                let inverse = self.push(Operation::Real(inverse), Scalar::Real, AxisSet::EMPTY, None);
                return Operation::Apply(Function::Mul, vec![a, inverse]);
            }
        }
        let divisor = match self.divisors.get(&b) {
            Some(known) => *known,
            None => {
                let known = self.push(Operation::Divisor(b), Scalar::Real, AxisSet::EMPTY, None);
                self.divisors.insert(b, known);
                known
            }
        };
        Operation::Over(a, divisor)
    }

    fn push(&mut self, operation: Operation, scalar: Scalar, axes: AxisSet, name: Option<String>) -> ValueId {
        let stage = match &operation {
            Operation::Input(_) => SAMPLE,
            other => other.operands().iter().map(|id| self.values[id.0].stage).max().unwrap_or(CALL),
        };
        let storage = match &operation {
            Operation::Real(_) | Operation::Bool(_) => Storage::Recomputed,
            _ if stage == CALL => Storage::Call,
            _ => Storage::Register,
        };
        self.values.push(Value { operation, scalar, axes, stage, storage, name });
        ValueId(self.values.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{CALL, SAMPLE};
    use crate::compile;
    use crate::ir::Function;
    use crate::plan::{Finish, FoldKind, Operation, Plan, Storage};
    use crate::source::SourceFile;

    fn plan(declaration: &str) -> Plan {
        let mut compiled = compile(&SourceFile::new("test.def", declaration));
        assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
        compiled.losses.remove(0).variants.remove(0).1
    }

    #[test]
    fn what_depends_on_parameters_alone_is_computed_once_per_call() {
        let plan = plan("loss f(x; a = 2.0) = x * exp(a) + sqrt(a) / x");
        for (function, stage) in [(Function::Exp, CALL), (Function::Sqrt, CALL), (Function::Div, SAMPLE)] {
            let found = plan.values.iter().find(|value| match &value.operation {
                Operation::Apply(f, _) => *f == function,
                _ => false,
            });
            assert_eq!(found.map(|value| value.stage), Some(stage), "{function:?}");
        }
    }

    #[test]
    fn division_by_a_parameter_is_a_multiplication() {
        let plan = plan("loss f(x; a in (0, inf) = 2.0) = x / a + x / 3");
        let divides = |op: &Operation| matches!(op, Operation::Apply(Function::Div, _));
        assert!(!plan.values.iter().any(|value| value.stage == SAMPLE && divides(&value.operation)));
        assert!(plan.values.iter().any(|value| matches!(value.operation, Operation::Over(..))));
    }

    #[test]
    fn operands_come_first_and_stages_hold_every_value_once() {
        let plan = plan("loss f(x, t, w = 1; a = 2.0) = w * (x - t)^2 / (1 + a * x^2) keep x > 0 mean by w");
        for (at, value) in plan.values.iter().enumerate() {
            assert!(value.operation.operands().iter().all(|operand| operand.0 < at));
            assert_eq!(value.stage == SAMPLE, value.storage == Storage::Register);
        }
        let mut placed: Vec<usize> =
            plan.stages.iter().flat_map(|stage| &stage.body).map(|id| id.0).collect();
        placed.sort_unstable();
        assert!(placed.into_iter().eq(0..plan.values.len()));
        assert!(plan.stages[SAMPLE.0].filter.is_some() && plan.stages[CALL.0].filter.is_none());
        assert_eq!(plan.finish, Finish::MeanOverDivisor);
        let folded: Vec<_> = plan.folds.iter().map(|fold| (fold.kind, fold.value)).collect();
        let divisor = plan.outputs.divisor.expect("a divisor");
        assert_eq!(folded, [(FoldKind::Sum, plan.outputs.value), (FoldKind::Sum, divisor)]);
    }
}
