//! What depends on parameters alone: computed once per call, in f64, as generated constructors do.

use super::machine::Aligned;
use super::{LANES, OPERANDS, Op};
use crate::carrier::Fx;
use crate::real::{Divisor, Float, Real};

/// A value of the call; operands are numbers of values before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A number of the formula.
    Number(f64),
    /// A parameter.
    Parameter(usize),
    /// An operation; as many operands as it takes are read.
    Apply(Op, [usize; 3]),
    /// The first, divided by a divisor with the value of the second.
    Over(usize, usize),
}

/// A value of the call in the form in which tapes read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// Rounded to the element type.
    Value(usize),
    /// The first factor of the divisor with this value.
    DivisorA(usize),
    /// The second one.
    DivisorB(usize),
}

/// All values of the call that a kernel or a stage reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fixed {
    /// How they are computed.
    pub scalars: Vec<Scalar>,
    /// What tapes read, by number.
    pub constants: Vec<Constant>,
}

impl Fixed {
    /// The constants, each filling a group.
    pub(crate) fn evaluate<T: Float>(&self, parameters: &[f64]) -> Vec<Aligned<T>> {
        let mut values: Vec<Fx<f64, false>> = Vec::with_capacity(self.scalars.len());
        for scalar in &self.scalars {
            values.push(match scalar {
                Scalar::Number(x) => Real::lit(*x),
                Scalar::Parameter(number) => Real::of(parameters[*number]),
                Scalar::Over(a, divisor) => values[*a].over(Divisor::new(values[*divisor].get())),
                Scalar::Apply(op, operands) => {
                    let mut arguments = [Real::lit(0.0); OPERANDS];
                    for (argument, operand) in arguments.iter_mut().zip(&operands[..op.arity()]) {
                        *argument = values[*operand];
                    }
                    op.compute(arguments)
                }
            });
        }
        let constant = |constant: &Constant| match constant {
            Constant::Value(value) => T::from_f64(values[*value].get()),
            Constant::DivisorA(value) => Divisor::<T>::new(values[*value].get()).a,
            Constant::DivisorB(value) => Divisor::<T>::new(values[*value].get()).b,
        };
        self.constants.iter().map(|known| Aligned([constant(known); LANES])).collect()
    }
}
