//! The instructions of a tape: one row each, with the word by which generated code calls it.

use super::code::{Run, entry};
use crate::real::{Divisor, Float, Real};
use crate::sweep::isa::Isa;

/// What an instruction computes at one lane.
pub(crate) trait Apply {
    /// How many operands it reads.
    const ARITY: usize;

    /// The result; operands behind the arity are 0.
    fn apply<R: Real>(operands: [R; 3]) -> R;
}

#[inline(always)]
fn truth<R: Real>(x: R) -> bool {
    x != R::lit(0.0)
}

#[inline(always)]
fn number<R: Real>(x: bool) -> R {
    R::select(x, R::lit(1.0), R::lit(0.0))
}

macro_rules! operations {
    ($($name:ident $word:literal $arity:literal |$a:pat_param, $b:pat_param, $c:pat_param| $body:expr;)+) => {
        /// An instruction. Truth values are numbers: 0 is false, what is written is 0 or 1.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is what its row says")]
        pub enum Op { $($name),+ }

        impl Op {
            /// All of them.
            pub const ALL: &'static [Op] = &[$(Op::$name),+];

            /// The method of `Real`, or the sign, that it stands for.
            pub const fn word(self) -> &'static str {
                match self { $(Op::$name => $word),+ }
            }

            /// How many operands it reads.
            pub const fn arity(self) -> usize {
                match self { $(Op::$name => $arity),+ }
            }

            /// Computes one number.
            pub(crate) fn compute<R: Real>(self, operands: [R; 3]) -> R {
                match self { $(Op::$name => rows::$name::apply(operands)),+ }
            }

            /// Its loop for an instruction set that the CPU has.
            pub(crate) fn code<T: Float>(self, isa: Isa) -> Run<T> {
                match self { $(Op::$name => entry::<T, rows::$name>(isa)),+ }
            }
        }

        /// The instructions as types.
        mod rows {
            use super::*;
            $(
                pub(super) struct $name;

                impl Apply for $name {
                    const ARITY: usize = $arity;

                    #[inline(always)]
                    fn apply<R: Real>([$a, $b, $c]: [R; 3]) -> R {
                        $body
                    }
                }
            )+
        }
    };
}

operations! {
    Add "+" 2 |a, b, _| a + b;
    Sub "-" 2 |a, b, _| a - b;
    Mul "*" 2 |a, b, _| a * b;
    Div "/" 2 |a, b, _| a / b;
    Neg "-" 1 |a, _, _| -a;
    Pow "pow" 2 |a, b, _| a.pow(b);
    Sqrt "sqrt" 1 |a, _, _| a.sqrt();
    Lt "<" 2 |a, b, _| number(a < b);
    Le "<=" 2 |a, b, _| number(a <= b);
    Gt ">" 2 |a, b, _| number(a > b);
    Ge ">=" 2 |a, b, _| number(a >= b);
    Eq "==" 2 |a, b, _| number(a == b);
    Ne "!=" 2 |a, b, _| number(a != b);
    And "&" 2 |a, b, _| number(truth(a) & truth(b));
    Or "|" 2 |a, b, _| number(truth(a) | truth(b));
    Not "!" 1 |a, _, _| number(!truth(a));
    Exp "exp" 1 |a, _, _| a.exp();
    Expm1 "expm1" 1 |a, _, _| a.expm1();
    Log "log" 1 |a, _, _| a.log();
    Log1p "log1p" 1 |a, _, _| a.log1p();
    Log1mexp "log1mexp" 1 |a, _, _| a.log1mexp();
    Xlogy "xlogy" 2 |a, b, _| a.xlogy(b);
    ExpNonpos "exp_nonpos" 1 |a, _, _| a.exp_nonpos();
    Log1pUnit "log1p_unit" 1 |a, _, _| a.log1p_unit();
    Sigmoid "sigmoid" 1 |a, _, _| a.sigmoid();
    LogSigmoid "log_sigmoid" 1 |a, _, _| a.log_sigmoid();
    Softplus "softplus" 1 |a, _, _| a.softplus();
    Logit "logit" 1 |a, _, _| a.logit();
    Tanh "tanh" 1 |a, _, _| a.tanh();
    Sinh "sinh" 1 |a, _, _| a.sinh();
    Cosh "cosh" 1 |a, _, _| a.cosh();
    LogCosh "log_cosh" 1 |a, _, _| a.log_cosh();
    Erf "erf" 1 |a, _, _| a.erf();
    Abs "abs" 1 |a, _, _| a.abs();
    Sign "sign" 1 |a, _, _| a.sign();
    Relu "relu" 1 |a, _, _| a.relu();
    Clamp "clamp" 3 |a, b, c| a.clamp(b, c);
    Max "max" 2 |a, b, _| a.max(b);
    Min "min" 2 |a, b, _| a.min(b);
    Sin "sin" 1 |a, _, _| a.sin();
    Cos "cos" 1 |a, _, _| a.cos();
    Tan "tan" 1 |a, _, _| a.tan();
    Atan "atan" 1 |a, _, _| a.atan();
    Select "select" 3 |c, a, b| R::select(truth(c), a, b);
    Over "over" 3 |x, a, b| x.over(Divisor { a: a.get(), b: b.get() });
    Truth "truth" 1 |a, _, _| number(truth(a));
    Same "same" 1 |a, _, _| a;
    Weigh "weigh" 3 |c, a, b| R::select(truth(c), a * b, R::lit(0.0));
}

impl Op {
    /// The instruction of this word with so many operands.
    pub fn named(word: &str, arity: usize) -> Option<Op> {
        Op::ALL.iter().copied().find(|op| op.word() == word && op.arity() == arity)
    }
}
