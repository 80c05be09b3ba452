//! Plans as kernels of the runtime: what generated code has as structs and functions.

use lossdef_compiler::ir::{Loss, Reduction};
use lossdef_compiler::plan::rows::{Access, Action, Life, Need, Pass, Place, Program, Read, Step, Write};
use lossdef_compiler::plan::{Plan, SamplePlan, ValueId, Values};
use lossdef_runtime::rows::{Kind, program};
use lossdef_runtime::tape::{Kernel, KernelPlan, Kernels, Operand, RowKernel, Stage, StagePlan};

use crate::code::{Call, Writer};
use crate::forever::list;

/// The kernels of a plan.
pub fn kernels(loss: &Loss, plan: &Plan) -> Kernels {
    match plan {
        Plan::Samples(plan) => {
            let outputs = &plan.outputs;
            let numerator = kernel(plan, outputs.value, &outputs.gradients, outputs.valid);
            let divisor =
                outputs.divisor.map(|divisor| kernel(plan, divisor, &outputs.divisor_gradients, None));
            Kernels::Samples(Box::new(numerator), divisor.map(Box::new))
        }
        Plan::Rows(plan) => {
            let row_kernel = |program: &Program| {
                ProgramBuilder { loss, values: &plan.values, stages: Vec::new() }.build(program)
            };
            Kernels::Rows(
                Box::new(row_kernel(&plan.numerator)),
                plan.divisor.as_ref().map(row_kernel).map(Box::new),
            )
        }
    }
}

fn kernel(
    plan: &SamplePlan,
    value: ValueId,
    gradients: &[(usize, ValueId)],
    valid: Option<ValueId>,
) -> Kernel {
    let mut call = Call::new(&plan.values);
    let tapes = [0, 1, gradients.len()].map(|count| {
        let mut writer = Writer::new(&mut call);
        let derivatives = gradients.iter().take(count).map(|(_, id)| *id);
        let wanted: Vec<ValueId> =
            std::iter::once(value).chain(valid).chain(plan.keep).chain(derivatives).collect();
        let mut places = writer.compute(&wanted).into_iter();
        let mut next = || places.next().expect("a place for each value");
        let value = next();
        let valid = valid.map(|_| next());
        let kept = plan.keep.map(|_| next());
        let mut outputs = vec![kept.map_or(value, |kept| writer.kept(kept, value))];
        outputs.extend([valid, kept].map(|place| place.unwrap_or_else(|| writer.truth())));
        outputs.extend(places.map(|derivative| writer.weighed(kept, derivative)));
        writer.finish(&outputs)
    });
    let mut writer = Writer::new(&mut call);
    let alone = writer.compute(&[value]);
    let alone = writer.finish(&alone);
    let outputs: Vec<ValueId> = std::iter::once(value)
        .chain(gradients.iter().map(|(_, id)| *id))
        .chain(valid)
        .chain(plan.keep)
        .collect();
    Kernel::new(KernelPlan {
        fixed: call.finish(),
        tapes,
        value: alone,
        checked: valid.is_some(),
        transcendental: plan.values.is_transcendental(&outputs),
    })
}

/// Makes a program that lives as long as the description of its loss.
struct ProgramBuilder<'a> {
    loss: &'a Loss,
    values: &'a Values,
    stages: Vec<Stage>,
}

impl ProgramBuilder<'_> {
    fn build(mut self, program: &Program) -> RowKernel {
        let slots =
            program.slots.iter().map(|slot| program::slot(list(slot.loops.iter().copied()), life(slot.life)));
        let [before, keep, rows, after] =
            [&program.before, &program.keep, &program.rows, &program.after].map(|steps| self.phase(steps));
        let program = program::Program {
            loops: list(program.loops.iter().map(|axis| self.loss.graph.base(*axis).0 as usize)),
            lists: list(program.lists.iter().copied()),
            slots: list(slots),
            before,
            keep,
            rows,
            after,
            value: program.value,
            kept: program.kept,
            valid: program.valid,
        };
        RowKernel { program, stages: self.stages }
    }

    fn phase(&mut self, steps: &[Step]) -> &'static [program::Step<'static>] {
        list(steps.iter().map(|step| {
            let need = need(step.need);
            match &step.action {
                Action::Pass(pass) => {
                    self.stages.push(stage(self.values, pass));
                    let reads = list(pass.reads.iter().map(|(_, from)| read(from)));
                    let writes = list(pass.outputs.iter().map(|output| write(&output.write)));
                    program::pass(
                        need,
                        self.stages.len() - 1,
                        list(pass.loops.iter().copied()),
                        reads,
                        writes,
                    )
                }
                Action::Gather { from, into } => program::gather(need, access(from), *into),
                Action::Product { left, right, over, into } => {
                    program::product(need, read(left), read(right), *over, *into)
                }
                Action::Total { left, right, into } => program::total(need, read(left), read(right), *into),
            }
        }))
    }
}

fn stage(values: &Values, pass: &Pass) -> Stage {
    let mut call = Call::new(values);
    let mut writer = Writer::new(&mut call);
    for (number, (id, _)) in pass.reads.iter().enumerate() {
        writer.give(*id, Operand::Input(number));
    }
    if let Some(position) = pass.position {
        writer.give(position, Operand::Position);
    }
    let wanted: Vec<ValueId> = pass.outputs.iter().map(|output| output.value).collect();
    let mut outputs = writer.compute(&wanted);
    if outputs.len() > 1 {
        outputs = outputs.into_iter().map(|output| writer.own(output)).collect();
    }
    let tape = writer.finish(&outputs);
    Stage::new(StagePlan {
        fixed: call.finish(),
        tape,
        kinds: pass.outputs.iter().map(|output| kind(output.fold)).collect(),
        inputs: pass.reads.len(),
        positioned: pass.position.is_some(),
        once: pass.loops.is_empty(),
    })
}

fn read(from: &Read) -> program::Read<'static> {
    match from {
        Read::Slot(slot) => program::Read::Slot(*slot),
        Read::Input(from) => program::Read::Input(access(from)),
        Read::Index(over) => program::Read::Index(*over),
        Read::Sample(axis) => program::Read::Sample(axis.0 as usize),
        Read::Size(axis) => program::Read::Size(axis.0 as usize),
        Read::Upstream => program::Read::Upstream,
    }
}

fn access(from: &Access) -> program::Access<'static> {
    program::Access { input: from.input, member: from.member, at: list(from.at.iter().map(place)) }
}

fn place(place: &Place) -> program::Place {
    match place {
        Place::Sample => program::Place::Sample,
        Place::Loop(over) => program::Place::Loop(*over),
        Place::Slot(slot) => program::Place::Slot(*slot),
    }
}

fn write(to: &Write) -> program::Write<'static> {
    match to {
        Write::Store(slot) => program::Write::Store(*slot),
        Write::Fold(slot) => program::Write::Fold(*slot),
        Write::Total(slot) => program::Write::Total(*slot),
        Write::Gradient { input, at } => {
            program::Write::Gradient { input: *input, at: list(at.iter().map(place)) }
        }
    }
}

fn kind(fold: Option<Reduction>) -> Kind {
    match fold {
        None => Kind::Each,
        Some(Reduction::Max) => Kind::Max,
        Some(Reduction::Min) => Kind::Min,
        Some(Reduction::Prod) => Kind::Prod,
        Some(Reduction::Norm) => Kind::Norm,
        Some(Reduction::Excess) => Kind::Excess,
        Some(_) => Kind::Sum,
    }
}

fn need(need: Need) -> program::Need {
    match need {
        Need::Value => program::Need::Value,
        Need::Gradient => program::Need::Gradient,
        Need::Gradients => program::Need::Gradients,
    }
}

fn life(life: Life) -> program::Life {
    match life {
        Life::Call => program::Life::Call,
        Life::Row => program::Life::Row,
        Life::Total => program::Life::Total,
        Life::After => program::Life::After,
    }
}
