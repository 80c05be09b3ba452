//! How far an honest evaluation may be off: every operation rounds its result once, and what its operands are off
//! goes through its slopes. To first order, and in wide numbers, so that the bound itself loses nothing.
//!
//! Where `FREE`, exponents have no bounds, inputs are exact, and so is an operation of IEEE 754 whose result the
//! format has: what is left is what terms lose that cancel, and nothing of what overflows or underflows.

use lossdef_compiler::ir::{Function, Reduction, Scalar};

use super::dual::Dual;
use super::{Number, table};
use crate::ulp::Format;
use crate::wide::Wide;

/// An exact value, how far a result in f64 (f32 where `SINGLE`) may be from it, and the largest number on the way.
#[derive(Clone, Debug)]
pub struct Bound<const SINGLE: bool, const FREE: bool> {
    /// The exact value.
    pub value: Wide,
    /// The bound, as a distance.
    pub error: Wide,
    /// The largest number that was met.
    pub peak: Wide,
}

impl<const SINGLE: bool, const FREE: bool> Bound<SINGLE, FREE> {
    fn format() -> Format {
        if SINGLE { Format::F32 } else { Format::F64 }
    }

    /// A number that may be off by one unit itself: an input, a parameter.
    pub fn given(x: f64) -> Self {
        let value = Wide::new(x);
        let error = if value.is_zero() || Self::is_exact(&value) { Wide::zero() } else { Self::unit(&value) };
        Bound { peak: value.abs(), value, error }
    }

    /// Whether the format has this number, but for its exponent, and that matters.
    fn is_exact(x: &Wide) -> bool {
        FREE && Self::format().fits(x)
    }

    fn unit(x: &Wide) -> Wide {
        match x.exponent() {
            Some(exponent) if FREE => Wide::one().scaled(exponent - Self::format().bits() + 1),
            None if FREE => Wide::zero(),
            _ => Self::format().unit(x),
        }
    }

    /// The result of an operation of these operands, with its slope in each of them.
    fn result(dual: Dual, operands: &[Self], roundings: usize) -> Self {
        let unit = &Self::unit(&dual.value) * &Wide::new(roundings as f64);
        let mut error = if dual.value.is_finite() { unit } else { Wide::zero() };
        let mut peak = dual.value.abs();
        for (at, operand) in operands.iter().enumerate() {
            let slope = dual.slope(at);
            if !operand.error.is_finite() {
                error = operand.error.clone();
            } else if !operand.error.is_zero() && !slope.is_zero() {
                error = &error + &(&slope.abs() * &operand.error);
            }
            if operand.peak > peak {
                peak = operand.peak.clone();
            }
        }
        Bound { value: dual.value, error, peak }
    }

    /// Whether more than the slope counts: this operand may lie on both sides of a kink, or its error is so large that
    /// a curve is no line there.
    fn is_rough(&self, function: Function) -> bool {
        use Function::{Abs, Clamp, Max, Min, Relu};
        let kinked = matches!(function, Abs | Clamp | Max | Min | Relu);
        let large = self.error.scaled(6) > Wide::one() || self.error.scaled(6) > self.value.abs();
        self.error.is_finite() && !self.error.is_zero() && (kinked || large)
    }

    /// How far the result moves if one operand moves as far as its error, to either side.
    fn moved(function: Function, operands: &[Self], at: usize, value: &Wide) -> Wide {
        let mut values: Vec<&Wide> = operands.iter().map(|operand| &operand.value).collect();
        let (here, error) = (&operands[at].value, &operands[at].error);
        let ends = [here + error, here - error];
        let moves = ends.each_ref().map(|end| {
            values[at] = end;
            (&table::value(function, &values) - value).abs()
        });
        // Beyond the end of a domain there is nothing to compare with.
        let [up, down] = moves.map(|far| if far.is_nan() { Wide::zero() } else { far });
        if up > down { up } else { down }
    }

    fn duals(operands: &[Self]) -> Vec<Dual> {
        operands.iter().enumerate().map(|(at, operand)| Dual::variable(operand.value.clone(), at)).collect()
    }
}

/// Whether the machine gives the nearest number.
fn is_rounded_once(function: Function) -> bool {
    use Function::{Abs, Add, Clamp, Div, Max, Min, Mul, Neg, Relu, Sign, Sqrt, Sub};
    matches!(function, Abs | Add | Clamp | Div | Max | Min | Mul | Neg | Relu | Sign | Sqrt | Sub)
}

impl<const SINGLE: bool, const FREE: bool> Number for Bound<SINGLE, FREE> {
    fn constant(x: f64) -> Self {
        let whole = x.fract() == 0.0 && x.abs() < 1e6;
        if whole || !x.is_finite() {
            Bound { value: Wide::new(x), error: Wide::zero(), peak: Wide::zero() }
        } else {
            Self::given(x)
        }
    }

    fn plain(&self) -> f64 {
        self.value.to_f64()
    }

    fn apply(function: Function, arguments: &[Self]) -> Self {
        let dual = Dual::apply(function, &Self::duals(arguments));
        let roundings = usize::from(!(is_rounded_once(function) && Self::is_exact(&dual.value)));
        let mut result = Self::result(dual, arguments, roundings);
        if let ([a, b], Scalar::Bool) = (arguments, function.result()) {
            // Rounding may decide a comparison of two that are this close.
            let error = &a.error + &b.error;
            let close = (&a.value - &b.value).abs() <= error.scaled(2);
            result.error = if close && !error.is_zero() { Wide::Infinite(false) } else { Wide::zero() };
        } else {
            let far = arguments.iter().enumerate().filter(|(_, operand)| operand.is_rough(function));
            let moves = far.map(|(at, _)| Self::moved(function, arguments, at, &result.value));
            result.error = moves.fold(result.error.clone(), |sum, more| &sum + &more);
        }
        if let (Function::Div, [_, below]) = (function, arguments)
            && below.error.scaled(1) >= below.value.abs()
        {
            // Nothing is known of a quotient whose divisor may be 0.
            result.error = Wide::Infinite(false);
        }
        result
    }

    fn fold(reduction: Reduction, values: &[Self]) -> Self {
        let mut result =
            Self::result(Dual::fold(reduction, &Self::duals(values)), values, values.len().max(1));
        if reduction == Reduction::Norm && !SINGLE {
            // Its squares are met on the way; those of f32 are f64.
            result.peak = &result.peak * &result.peak;
        }
        result
    }

    fn decided(truth: bool, by: &[Self]) -> Self {
        let open = by.iter().find(|operand| !operand.error.is_finite());
        let error = open.map_or(Wide::zero(), |operand| operand.error.clone());
        Bound { error, ..Self::constant(f64::from(u8::from(truth))) }
    }

    fn chosen(self, by: &Self) -> Self {
        if by.error.is_finite() { self } else { Bound { error: by.error.clone(), ..self } }
    }

    fn stop(self) -> Self {
        self
    }

    fn with_slopes(self, _: Self) -> Self {
        self
    }
}
