//! The functions of the language in wide numbers: value and partial derivatives, one row each, written down here
//! from the reference (`docs/language.md`) and not from the compiler's table.

use lossdef_compiler::ir::Function;

use crate::wide::{Wide, pi};

fn truth(x: bool) -> Wide {
    Wide::new(f64::from(u8::from(x)))
}

/// The value of a function.
pub fn value(function: Function, x: &[&Wide]) -> Wide {
    let one = Wide::one();
    match (function, x) {
        (Function::Add, [a, b]) => *a + *b,
        (Function::Sub, [a, b]) => *a - *b,
        (Function::Mul, [a, b]) => *a * *b,
        (Function::Div, [a, b]) => *a / *b,
        (Function::Neg, [a]) => -*a,
        (Function::Pow, [a, b]) => a.pow(b),
        (Function::Sqrt, [a]) => a.sqrt(),
        (Function::Lt, [a, b]) => truth(a < b),
        (Function::Le, [a, b]) => truth(a <= b),
        (Function::Gt, [a, b]) => truth(a > b),
        (Function::Ge, [a, b]) => truth(a >= b),
        (Function::Eq, [a, b]) => truth(a == b),
        (Function::Ne, [a, b]) => truth(a != b),
        (Function::And, [a, b]) => truth(!a.is_zero() && !b.is_zero()),
        (Function::Or, [a, b]) => truth(!a.is_zero() || !b.is_zero()),
        (Function::Not, [a]) => truth(a.is_zero()),
        (Function::Exp | Function::ExpNonpos, [a]) => a.exp(),
        (Function::ExpTimes, [a, b]) => &a.exp() * *b,
        (Function::Expm1, [a]) => &a.exp() - &one,
        (Function::Log, [a]) => a.ln(),
        (Function::Log1p | Function::Log1pUnit, [a]) => (&one + a).ln(),
        (Function::Log1mexp, [a]) => (&one - &a.exp()).ln(),
        (Function::Xlogy, [a, b]) if a.is_zero() && b.is_zero() => Wide::zero(),
        (Function::Xlogy, [a, b]) => *a * &b.ln(),
        (Function::Sigmoid, [a]) => a.sigmoid(),
        (Function::LogSigmoid, [a]) => a.sigmoid().ln(),
        (Function::Softplus, [a]) => a.softplus(),
        (Function::Logit, [a]) => (*a / &(&one - a)).ln(),
        (Function::Tanh, [a]) => a.tanh(),
        (Function::Sinh, [a]) => a.sinh(),
        (Function::Cosh, [a]) => a.cosh(),
        (Function::LogCosh, [a]) => a.cosh().ln(),
        (Function::Erf, [a]) => a.erf(),
        (Function::Abs, [a]) => a.abs(),
        (Function::Sign, [a]) => a.sign(),
        (Function::Relu, [a]) => {
            if a.is_negative() {
                Wide::zero()
            } else {
                (*a).clone()
            }
        }
        (Function::Clamp, [a, low, high]) => {
            let above = if a < low { low } else { a };
            (if above > high { *high } else { *above }).clone()
        }
        (Function::Max | Function::Min, [a, b]) if a.is_nan() || b.is_nan() => Wide::Nan,
        (Function::Max, [a, b]) => (if a > b { *a } else { *b }).clone(),
        (Function::Min, [a, b]) => (if a < b { *a } else { *b }).clone(),
        (Function::Sin, [a]) => a.sin(),
        (Function::Cos, [a]) => a.cos(),
        (Function::Tan, [a]) => a.tan(),
        (Function::Atan, [a]) => a.atan(),
        _ => Wide::Nan,
    }
}

/// The derivative with respect to one argument; `None` where the convention is that nothing flows.
pub fn partial(function: Function, x: &[&Wide], value: &Wide, which: usize) -> Option<Wide> {
    let (one, two) = (Wide::one(), Wide::new(2.0));
    let flows = |condition: bool| condition.then(Wide::one);
    let v = *x.first()?;
    Some(match function {
        Function::Add => one,
        Function::Sub => {
            if which == 0 {
                one
            } else {
                -&one
            }
        }
        Function::Mul => x[1 - which].clone(),
        Function::Div if which == 0 => &one / x[1],
        Function::Div => -&(value / x[1]),
        Function::Neg => -&one,
        Function::Pow if which == 0 => {
            if x[1].is_zero() {
                return None;
            }
            x[1] * &v.pow(&(x[1] - &one))
        }
        Function::Pow if value.is_zero() && v.is_zero() => Wide::zero(),
        Function::Pow => value * &v.ln(),
        Function::Sqrt => &one / &(&two * value),
        Function::Exp | Function::ExpNonpos => value.clone(),
        Function::ExpTimes if which == 0 => value.clone(),
        Function::ExpTimes => v.exp(),
        Function::Expm1 => v.exp(),
        Function::Log => &one / v,
        Function::Log1p | Function::Log1pUnit => &one / &(&one + v),
        Function::Log1mexp => &one / &(&one - &(-v).exp()),
        Function::Xlogy if v.is_zero() && x[1].is_zero() => return None,
        Function::Xlogy if which == 0 => x[1].ln(),
        Function::Xlogy => v / x[1],
        Function::Sigmoid => &v.sigmoid() * &(-v).sigmoid(),
        Function::LogSigmoid => (-v).sigmoid(),
        Function::Softplus => v.sigmoid(),
        Function::Logit => &one / &(v * &(&one - v)),
        Function::Tanh => {
            let twice = v.scaled(1);
            (&twice.sigmoid() * &(-&twice).sigmoid()).scaled(2)
        }
        Function::Sinh => v.cosh(),
        Function::Cosh => v.sinh(),
        Function::LogCosh => v.tanh(),
        Function::Erf => &(-&(v * v)).exp().scaled(1) / &pi().sqrt(),
        Function::Abs => v.sign(),
        Function::Sign => Wide::zero(),
        Function::Relu => return flows(v.is_positive()),
        Function::Clamp => {
            return flows(match which {
                0 => v > x[1] && v < x[2],
                1 => v < x[1],
                _ => v > x[2],
            });
        }
        Function::Max | Function::Min => {
            let (mine, other) = (x[which], x[1 - which]);
            if mine == other {
                return Some(Wide::new(0.5));
            }
            return flows(if function == Function::Max { mine > other } else { mine < other });
        }
        Function::Sin => v.cos(),
        Function::Cos => -&v.sin(),
        Function::Tan => &one + &(value * value),
        Function::Atan => &one / &(&one + &(v * v)),
        Function::Lt | Function::Le | Function::Gt | Function::Ge | Function::Eq | Function::Ne => {
            return None;
        }
        Function::And | Function::Or | Function::Not => return None,
    })
}
