//! Runs a tape over a block: a few groups of 32 lanes, so that all registers fit the nearest cache.

use std::mem::MaybeUninit;

use super::code::Run;
use super::{LANES, OPERANDS, Operand, Tape};
use crate::real::Float;
use crate::sweep::isa::Isa;

/// Where a group of an operand lies, and how many elements further the next one does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<T> {
    pub(crate) pointer: *const T,
    pub(crate) step: isize,
}

/// Where a group of results goes, and how many elements further the next one does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<T> {
    pub(crate) pointer: *mut T,
    pub(crate) step: isize,
}

/// A group that begins with a cache line, as whole vectors do.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Aligned<T>(pub(crate) [T; LANES]);

/// Bytes of registers, which fit a first-level cache.
const ROOM: usize = 32 << 10;
/// The most groups at a time: more would not save work any more.
const GROUPS: usize = 64;

/// A tape with the loops of its instructions.
#[derive(Clone, Debug)]
pub(crate) struct Code<T> {
    steps: Vec<Step<T>>,
    pub(crate) outputs: Vec<Operand>,
    registers: usize,
}

#[derive(Clone, Copy, Debug)]
struct Step<T> {
    run: Run<T>,
    arity: usize,
    operands: [Operand; OPERANDS],
    into: usize,
    /// The output that it may write where that belongs.
    output: Option<usize>,
}

impl<T: Float> Code<T> {
    /// For the chosen instruction set. `apart` says that outputs never lie where inputs do; otherwise one may
    /// take the place of an input, which is then read before.
    pub(crate) fn new(tape: &Tape, apart: bool) -> Self {
        let isa = Isa::chosen();
        let steps = tape.instructions.iter().enumerate().map(|(number, instruction)| {
            let (run, arity) = (instruction.op.code(isa), instruction.op.arity());
            let output = tape.output_of(number).filter(|_| apart || !tape.reads_inputs_behind(number));
            Step { run, arity, operands: instruction.operands, into: instruction.into, output }
        });
        Code { steps: steps.collect(), outputs: tape.outputs.clone(), registers: tape.registers }
    }

    /// Whether the one output is the first input.
    pub(crate) fn copies(&self) -> bool {
        self.outputs == [Operand::Input(0)]
    }

    /// Whether an output can be written where it belongs by the instruction that computes it.
    pub(crate) fn directed(&self, output: usize) -> bool {
        self.steps.iter().any(|step| step.output == Some(output))
    }

    /// How many groups run at a time.
    pub(crate) fn groups(&self) -> usize {
        (ROOM / ((self.registers + 2) * LANES * size_of::<T>())).clamp(1, GROUPS)
    }
}

/// Memory for the registers of a code, and for two more blocks.
#[repr(align(64))]
pub(crate) struct Room(#[allow(dead_code, reason = "only its address is used")] [MaybeUninit<u8>; ROOM]);

/// [`Room`], or memory from the heap where there are more registers than fit it.
pub(crate) struct Registers {
    room: MaybeUninit<Room>,
    heap: Vec<Aligned<MaybeUninit<f64>>>,
}

impl Registers {
    pub(crate) fn new<T: Float>(code: &Code<T>) -> Self {
        let many = (code.registers + 2) * LANES * size_of::<T>() > ROOM;
        let block = Aligned([MaybeUninit::uninit(); LANES]);
        let heap = if many { vec![block; code.registers + 2] } else { Vec::new() };
        Registers { room: MaybeUninit::uninit(), heap }
    }

    pub(crate) fn pointer<T: Float>(&mut self) -> *mut T {
        if self.heap.is_empty() { self.room.as_mut_ptr().cast() } else { self.heap.as_mut_ptr().cast() }
    }
}

/// What a code reads and where it computes.
pub(crate) struct Machine<'m, T> {
    pub(crate) code: &'m Code<T>,
    pub(crate) constants: &'m [Aligned<T>],
    /// The memory of [`Registers`] for this code.
    pub(crate) registers: *mut T,
}

impl<T: Float> Machine<'_, T> {
    fn block(&self, number: usize) -> *mut T {
        self.registers.wrapping_add(number * self.code.groups() * LANES)
    }

    /// A block that no instruction uses: 0 or 1.
    pub(crate) fn spare(&self, number: usize) -> *mut T {
        self.block(self.code.registers + number)
    }

    /// Where an operand lies.
    #[inline]
    pub(crate) fn source(
        &self,
        operand: Operand,
        inputs: &impl Fn(usize) -> Source<T>,
        upstream: Source<T>,
    ) -> Source<T> {
        match operand {
            Operand::Input(number) => inputs(number),
            Operand::Upstream => upstream,
            Operand::Position => Source { pointer: self.spare(1), step: LANES as isize },
            Operand::Constant(number) => Source { pointer: self.constants[number].0.as_ptr(), step: 0 },
            Operand::Register(number) => Source { pointer: self.block(number), step: LANES as isize },
        }
    }

    /// Runs the code over some groups, at most [`Code::groups`].
    ///
    /// # Safety
    ///
    /// `target` gives where an output goes, if not to a register; [`Code::directed`] tells which outputs can.
    ///
    /// Inputs and the upstream must be readable for each group, the registers be those of the code, and the
    /// second spare block hold positions where the code reads them.
    #[inline]
    pub(crate) unsafe fn run(
        &self,
        inputs: &impl Fn(usize) -> Source<T>,
        upstream: Source<T>,
        target: &impl Fn(usize) -> Option<Target<T>>,
        groups: usize,
    ) {
        let nothing = Source { pointer: self.registers.cast_const(), step: 0 };
        for step in &self.code.steps {
            let mut operands = [nothing; OPERANDS];
            for (source, operand) in operands.iter_mut().zip(&step.operands[..step.arity]) {
                *source = self.source(*operand, inputs, upstream);
            }
            let own = Target { pointer: self.block(step.into), step: LANES as isize };
            let target = step.output.and_then(target).unwrap_or(own);
            // SAFETY: the caller vouches for inputs; registers and constants are as large as the code says.
            unsafe { (step.run)(&operands, target, groups) };
        }
    }
}
