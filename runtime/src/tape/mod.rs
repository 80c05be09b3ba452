//! Straight-line code as data: what generated code is, for formulas that are read at run time.
//!
//! A [`Tape`] is a list of instructions over registers. A register holds a block of lanes, an instruction is one
//! method of [`Real`](crate::real::Real) applied to all of them, by a loop that is compiled once for each
//! instruction set. Since these are the methods that generated code calls, in its order, results have the same
//! bits. Truth values are numbers here, 0 and 1.
//!
//! `op` lists the instructions, `join` makes pairs of them, `fixed` is what depends on parameters alone, `machine` runs a tape over a block,
//! `formula` is a loss made of tapes. `sweep::taped` and `rows::taped` take the places of generated code.

pub(crate) mod code;
mod fixed;
mod formula;
mod join;
pub(crate) mod machine;
mod op;

pub use self::fixed::{Constant, Fixed, Scalar};
pub(crate) use self::formula::Coded;
pub use self::formula::{Formula, Kernel, KernelPlan, Kernels, RowKernel, Stage, StagePlan, Variant};
pub use self::op::Op;

use self::machine::Aligned;
use crate::carrier::Fx;
use crate::real::{Float, Real};

/// Elements that advance together.
pub(crate) const LANES: usize = 32;
/// The most operands of an instruction.
pub(crate) const OPERANDS: usize = 4;

/// What an instruction reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// An input, by its place in the formula or among those of a stage.
    Input(usize),
    /// The factor of derivatives.
    Upstream,
    /// The position on the innermost loop.
    Position,
    /// A value of the call.
    Constant(usize),
    /// What another instruction has computed: its number while a tape is made, a register afterwards.
    Register(usize),
}

/// One operation on a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What is done.
    pub op: Op,
    /// With what; as many as the operation takes, the rest is not read.
    pub operands: [Operand; OPERANDS],
    /// The register of the result.
    pub into: usize,
}

/// Straight-line code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tape {
    /// What runs, in order.
    pub(crate) instructions: Vec<Instruction>,
    /// The results.
    pub(crate) outputs: Vec<Operand>,
    /// How many registers there are.
    pub(crate) registers: usize,
}

impl Tape {
    /// Code from operations, each of which reads results of those before it by their numbers. Registers are used
    /// again once nothing reads them any more, so that all of them stay in the nearest cache.
    ///
    /// # Panics
    ///
    /// Where an operation is a pair, which are only made here, or reads one that is not before it.
    pub fn new(operations: &[(Op, [Operand; 3])], outputs: &[Operand]) -> Self {
        let (operations, outputs) = join::join(operations, outputs);
        let mut last = vec![0; operations.len()];
        for (number, (op, operands)) in operations.iter().enumerate() {
            for operand in &operands[..op.arity()] {
                if let Operand::Register(value) = operand {
                    last[*value] = number;
                }
            }
        }
        for output in &outputs {
            if let Operand::Register(value) = output {
                last[*value] = operations.len();
            }
        }
        let (mut free, mut registers) = (Vec::new(), 0);
        let mut place = vec![0; operations.len()];
        let renamed = |operand: Operand, place: &[usize]| match operand {
            Operand::Register(value) => Operand::Register(place[value]),
            other => other,
        };
        let mut instructions = Vec::with_capacity(operations.len());
        for (number, (op, operands)) in operations.iter().enumerate() {
            let own = operands.map(|operand| renamed(operand, &place));
            // A group is read before it is written, so a result may take the place of an operand.
            let mut done: Vec<usize> = operands[..op.arity()]
                .iter()
                .filter_map(|operand| match operand {
                    Operand::Register(value) if last[*value] == number => Some(place[*value]),
                    _ => None,
                })
                .collect();
            done.sort_unstable();
            done.dedup();
            free.extend(done);
            place[number] = free.pop().unwrap_or_else(|| {
                registers += 1;
                registers - 1
            });
            instructions.push(Instruction { op: *op, operands: own, into: place[number] });
        }
        let outputs = outputs.iter().map(|output| renamed(*output, &place)).collect();
        Tape { instructions, outputs, registers }
    }

    /// The output that an instruction computes, where nothing else reads its result.
    pub(crate) fn output_of(&self, number: usize) -> Option<usize> {
        let into = Operand::Register(self.instructions[number].into);
        let behind = &self.instructions[number + 1..];
        let reads = |other: &Instruction| other.operands[..other.op.arity()].contains(&into);
        let mut outputs = self.outputs.iter().enumerate().filter(|(_, output)| **output == into);
        match (outputs.next(), outputs.next()) {
            (Some((output, _)), None)
                if !behind.iter().any(|i| reads(i) || Operand::Register(i.into) == into) =>
            {
                Some(output)
            }
            _ => None,
        }
    }

    /// Whether an instruction behind this one reads an input.
    pub(crate) fn reads_inputs_behind(&self, number: usize) -> bool {
        let input = |operand: &Operand| matches!(operand, Operand::Input(_));
        self.instructions[number + 1..].iter().any(|i| i.operands[..i.op.arity()].iter().any(input))
    }

    /// The first output where every lane is the same, in arithmetic that is not fused.
    pub(crate) fn evaluate<T: Float>(&self, inputs: &[T], constants: &[Aligned<T>]) -> T {
        let mut registers = vec![Fx::<T, false>::lit(0.0); self.registers];
        let read = |operand: Operand, registers: &[Fx<T, false>]| match operand {
            Operand::Input(number) => Fx::of(inputs[number]),
            Operand::Constant(number) => Fx::of(constants[number].0[0]),
            Operand::Register(number) => registers[number],
            Operand::Upstream | Operand::Position => Fx::lit(0.0),
        };
        for Instruction { op, operands, into } in &self.instructions {
            let mut arguments = [Fx::lit(0.0); OPERANDS];
            for (argument, operand) in arguments.iter_mut().zip(&operands[..op.arity()]) {
                *argument = read(*operand, &registers);
            }
            registers[*into] = op.compute(arguments);
        }
        read(self.outputs[0], &registers).get()
    }
}
