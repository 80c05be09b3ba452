//! Machine numbers rounded after every operation: what a program that spells the formula as written computes.

use lossdef_compiler::functions::row;
use lossdef_compiler::ir::{Function, Reduction};

use super::Number;

/// An f64, or an f32 where `SINGLE`.
#[derive(Clone, Copy, Debug)]
pub struct Plain<const SINGLE: bool>(pub f64);

impl<const SINGLE: bool> Plain<SINGLE> {
    fn rounded(x: f64) -> Self {
        Plain(if SINGLE { f64::from(x as f32) } else { x })
    }
}

impl<const SINGLE: bool> Number for Plain<SINGLE> {
    fn constant(x: f64) -> Self {
        Plain::rounded(x)
    }

    fn plain(&self) -> f64 {
        self.0
    }

    fn apply(function: Function, arguments: &[Self]) -> Self {
        let values: Vec<f64> = arguments.iter().map(|argument| argument.0).collect();
        Plain::rounded((row(function).evaluate)(&values))
    }

    fn fold(reduction: Reduction, values: &[Self]) -> Self {
        let truth = |x: bool| Plain(f64::from(u8::from(x)));
        let count = values.len() as f64;
        let chain = |start: f64, f: fn(f64, f64) -> f64| {
            values.iter().fold(Plain(start), |folded, value| Self::rounded(f(folded.0, value.0)))
        };
        let nan = values.iter().any(|value| value.0.is_nan());
        match reduction {
            Reduction::Sum => chain(0.0, |a, b| a + b),
            Reduction::Excess => chain(-1.0, |a, b| a + b),
            Reduction::Mean => Self::rounded(chain(0.0, |a, b| a + b).0 / count),
            Reduction::Prod => chain(1.0, |a, b| a * b),
            Reduction::Max | Reduction::Min if nan => Plain(f64::NAN),
            Reduction::Max => chain(f64::NEG_INFINITY, f64::max),
            Reduction::Min => chain(f64::INFINITY, f64::min),
            Reduction::LogSumExp => {
                let sum = values
                    .iter()
                    .fold(Plain(0.0), |sum, value| Self::rounded(sum.0 + Self::rounded(value.0.exp()).0));
                Self::rounded(sum.0.ln())
            }
            Reduction::Norm => {
                let sum = values
                    .iter()
                    .fold(Plain(0.0), |sum, value| Self::rounded(sum.0 + Self::rounded(value.0 * value.0).0));
                Self::rounded(sum.0.sqrt())
            }
            Reduction::Any => truth(values.iter().any(|value| value.0 != 0.0)),
            Reduction::All => truth(values.iter().all(|value| value.0 != 0.0)),
            Reduction::Count => Plain(values.iter().filter(|value| value.0 != 0.0).count() as f64),
        }
    }

    fn stop(self) -> Self {
        self
    }

    fn with_slopes(self, _: Self) -> Self {
        self
    }
}
