//! Values of a plan as tapes.
//!
//! Input: the values that are wanted, and where those lie that are given. Output: a [`Tape`] whose instructions are
//! the methods that generated code would call, and, in [`Fixed`], what depends on parameters alone.

use std::collections::HashMap;

use lossdef_compiler::functions::Spelling;
use lossdef_compiler::functions::row;
use lossdef_compiler::ir::{Function, Scalar as Type};
use lossdef_compiler::plan::{Operation, ValueId, Values};
use lossdef_runtime::tape::{Constant, Fixed, Op, Operand, Scalar, Tape};

/// What is computed once per call for some tapes.
pub struct Call<'a> {
    values: &'a Values,
    fixed: Fixed,
    scalars: HashMap<ValueId, usize>,
}

impl<'a> Call<'a> {
    /// Nothing yet.
    pub fn new(values: &'a Values) -> Self {
        Call { values, fixed: Fixed::default(), scalars: HashMap::new() }
    }

    /// All that tapes have asked for.
    pub fn finish(self) -> Fixed {
        self.fixed
    }

    /// The number of a value of the call.
    fn scalar(&mut self, wanted: ValueId) -> usize {
        for id in self.values.needed(&[wanted]) {
            if self.scalars.contains_key(&id) {
                continue;
            }
            let known = |id: &ValueId| self.scalars[id];
            let apply = |op: Op, operands: &[ValueId]| {
                let mut numbers = [0; 3];
                for (number, operand) in numbers.iter_mut().zip(operands) {
                    *number = known(operand);
                }
                Scalar::Apply(op, numbers)
            };
            let scalar = match &self.values.get(id).operation {
                Operation::Real(x) => Scalar::Number(*x),
                Operation::Bool(truth) => Scalar::Number(f64::from(u8::from(*truth))),
                Operation::Parameter(number) => Scalar::Parameter(*number),
                Operation::Apply(function, arguments) => apply(op(*function), arguments),
                Operation::Select(c, a, b) => apply(Op::Select, &[*c, *a, *b]),
                // The number itself: whoever divides makes a divisor of it.
                Operation::Divisor(a) => apply(Op::Same, &[*a]),
                Operation::Over(a, divisor) => Scalar::Over(known(a), known(divisor)),
                other => unreachable!("{other:?} depends on more than parameters"),
            };
            self.fixed.scalars.push(scalar);
            self.scalars.insert(id, self.fixed.scalars.len() - 1);
        }
        self.scalars[&wanted]
    }

    fn constant(&mut self, id: ValueId, form: fn(usize) -> Constant) -> Operand {
        let constant = form(self.scalar(id));
        let known = self.fixed.constants.iter().position(|known| *known == constant);
        Operand::Constant(known.unwrap_or_else(|| {
            self.fixed.constants.push(constant);
            self.fixed.constants.len() - 1
        }))
    }
}

/// A tape that is being written.
pub struct Writer<'c, 'a> {
    call: &'c mut Call<'a>,
    operations: Vec<(Op, [Operand; 3])>,
    places: HashMap<ValueId, Operand>,
}

impl<'c, 'a> Writer<'c, 'a> {
    /// Nothing yet.
    pub fn new(call: &'c mut Call<'a>) -> Self {
        Writer { call, operations: Vec::new(), places: HashMap::new() }
    }

    /// Says where a value lies. One that is a truth value is made 0 or 1.
    pub fn give(&mut self, id: ValueId, operand: Operand) {
        let place = match self.call.values.get(id).scalar {
            Type::Real => operand,
            Type::Bool => self.operation(Op::Truth, &[operand]),
        };
        self.places.insert(id, place);
    }

    /// Computes some values, and says where they are.
    pub fn compute(&mut self, wanted: &[ValueId]) -> Vec<Operand> {
        let values = self.call.values;
        for id in values.needed_beyond(wanted, |id| self.places.contains_key(&id)) {
            if !self.places.contains_key(&id) && !values.get(id).fixed && !values.get(id).is_literal() {
                let place = self.place(id);
                self.places.insert(id, place);
            }
        }
        wanted.iter().map(|id| self.operand(*id)).collect()
    }

    /// The tape.
    pub fn finish(self, outputs: &[Operand]) -> Tape {
        Tape::new(&self.operations, outputs)
    }

    fn place(&mut self, id: ValueId) -> Operand {
        match &self.call.values.get(id).operation {
            Operation::Input(number) => {
                self.give(id, Operand::Input(*number));
                self.places[&id]
            }
            Operation::Apply(function, arguments) => {
                let operands: Vec<Operand> = arguments.iter().map(|id| self.operand(*id)).collect();
                self.operation(op(*function), &operands)
            }
            Operation::Select(c, a, b) => {
                let operands = [*c, *a, *b].map(|id| self.operand(id));
                self.operation(Op::Select, &operands)
            }
            Operation::Over(a, divisor) => {
                let a = self.operand(*a);
                let factors =
                    [Constant::DivisorA, Constant::DivisorB].map(|form| self.call.constant(*divisor, form));
                self.operation(Op::Over, &[a, factors[0], factors[1]])
            }
            other => unreachable!("{other:?} is given to code, not computed by it"),
        }
    }

    fn operand(&mut self, id: ValueId) -> Operand {
        match self.places.get(&id) {
            Some(place) => *place,
            None => self.call.constant(id, Constant::Value),
        }
    }

    fn operation(&mut self, op: Op, operands: &[Operand]) -> Operand {
        let mut all = [operands[0]; 3];
        all[..operands.len()].copy_from_slice(operands);
        self.operations.push((op, all));
        Operand::Register(self.operations.len() - 1)
    }

    /// The same value in a register, where it is an input.
    pub fn own(&mut self, value: Operand) -> Operand {
        if matches!(value, Operand::Input(_)) { self.operation(Op::Same, &[value]) } else { value }
    }

    /// A value, 0 where the sample is not kept.
    pub fn kept(&mut self, kept: Operand, value: Operand) -> Operand {
        let zero = self.number(0.0);
        self.operation(Op::Select, &[kept, value, zero])
    }

    /// A derivative times the upstream, 0 where the sample is not kept.
    pub fn weighed(&mut self, kept: Option<Operand>, derivative: Operand) -> Operand {
        match kept {
            Some(kept) => self.operation(Op::Weigh, &[kept, derivative, Operand::Upstream]),
            None => self.operation(Op::Mul, &[derivative, Operand::Upstream]),
        }
    }

    /// A truth value that is true.
    pub fn truth(&mut self) -> Operand {
        self.number(1.0)
    }

    fn number(&mut self, number: f64) -> Operand {
        let constant = Constant::Value(self.call.fixed.scalars.len());
        self.call.fixed.scalars.push(Scalar::Number(number));
        self.call.fixed.constants.push(constant);
        Operand::Constant(self.call.fixed.constants.len() - 1)
    }
}

/// The instruction for a function: the one that is spelled as generated code spells it.
pub fn op(function: Function) -> Op {
    let row = row(function);
    let (Spelling::Method(word) | Spelling::Infix(word) | Spelling::Prefix(word)) = row.spelling;
    Op::named(word, row.arity).expect("every function has an instruction (see the test below)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_an_instruction() {
        for function in Function::ALL {
            let row = row(*function);
            let op = op(*function);
            assert_eq!(op.arity(), row.arity, "{function:?}");
        }
    }
}
