//! The instructions of a tape: one row each, with the word by which generated code calls it. Behind them, the pairs
//! that are one instruction where nothing else reads the result of the first; `Less` begins the names of those that
//! take it away.

use super::OPERANDS;
use super::code::{Run, entry};
use crate::real::{Divisor, Float, Real};
use crate::sweep::isa::Isa;

/// What an instruction computes at one lane.
pub(crate) trait Apply {
    /// How many operands it reads.
    const ARITY: usize;

    /// The result; operands behind the arity are not read.
    fn apply<R: Real>(operands: [R; OPERANDS]) -> R;
}

#[inline(always)]
fn truth<R: Real>(x: R) -> bool {
    x != R::lit(0.0)
}

#[inline(always)]
fn number<R: Real>(x: bool) -> R {
    R::select(x, R::lit(1.0), R::lit(0.0))
}

/// The second operation with the result of the first in some place; the operands are those of the first, then the
/// other ones of the second.
#[inline(always)]
fn then<A: Apply, B: Apply, R: Real>(place: usize, operands: [R; OPERANDS]) -> R {
    let first = A::apply(operands);
    let mut arguments = [first; OPERANDS];
    for i in 0..B::ARITY {
        if i != place {
            arguments[i] = operands[A::ARITY + i - usize::from(i > place)];
        }
    }
    B::apply(arguments)
}

macro_rules! operations {
    (
        one {
            $($name:ident $word:literal $arity:literal
                |$a:pat_param, $b:pat_param, $c:pat_param| $body:expr;)+
        }
        two { $($pair:ident: $first:ident in $second:ident at $place:literal;)+ }
    ) => {
        /// An instruction. Truth values are numbers: 0 is false, what is written is 0 or 1.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is what its row says")]
        pub enum Op { $($name,)+ $($pair),+ }

        impl Op {
            /// Those that have a word: all but pairs.
            pub const ALL: &'static [Op] = &[$(Op::$name),+];

            /// The method of `Real`, or the sign, that it stands for; none for pairs.
            pub const fn word(self) -> &'static str {
                match self { $(Op::$name => $word,)+ $(Op::$pair => ""),+ }
            }

            /// The first and then the second, which reads the result in some place.
            pub(crate) fn pair(first: Op, second: Op, place: usize) -> Option<Op> {
                match (first, second, place) {
                    $((Op::$first, Op::$second, $place) => Some(Op::$pair),)+
                    _ => None,
                }
            }

            /// How many operands it reads.
            pub const fn arity(self) -> usize {
                match self { $(Op::$name => $arity,)+ $(Op::$pair => <rows::$pair as Apply>::ARITY),+ }
            }

            /// Computes one number.
            pub(crate) fn compute<R: Real>(self, operands: [R; OPERANDS]) -> R {
                match self {
                    $(Op::$name => rows::$name::apply(operands),)+
                    $(Op::$pair => rows::$pair::apply(operands)),+
                }
            }

            /// Its loop for an instruction set that the CPU has.
            pub(crate) fn code<T: Float>(self, isa: Isa) -> Run<T> {
                match self {
                    $(Op::$name => entry::<T, rows::$name>(isa),)+
                    $(Op::$pair => entry::<T, rows::$pair>(isa)),+
                }
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
                    fn apply<R: Real>([$a, $b, $c, _]: [R; OPERANDS]) -> R {
                        $body
                    }
                }
            )+
            $(
                pub(super) struct $pair;

                impl Apply for $pair {
                    const ARITY: usize = $first::ARITY + $second::ARITY - 1;

                    #[inline(always)]
                    fn apply<R: Real>(operands: [R; OPERANDS]) -> R {
                        then::<$first, $second, R>($place, operands)
                    }
                }
            )+
        }
    };
}

operations! {
    one {
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
        ExpTimes "exp_times" 2 |a, b, _| a.exp_times(b);
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
    two {
        AddAdd: Add in Add at 0;
        AddSub: Add in Sub at 0;
        LessAdd: Add in Sub at 1;
        AddMul: Add in Mul at 0;
        SubAdd: Sub in Add at 0;
        SubSub: Sub in Sub at 0;
        LessSub: Sub in Sub at 1;
        SubMul: Sub in Mul at 0;
        MulAdd: Mul in Add at 0;
        MulSub: Mul in Sub at 0;
        LessMul: Mul in Sub at 1;
        MulMul: Mul in Mul at 0;
        SubAbs: Sub in Abs at 0;
        SubRelu: Sub in Relu at 0;
        SubSign: Sub in Sign at 0;
        MulNeg: Mul in Neg at 0;
        SubOver: Sub in Over at 0;
        MulOver: Mul in Over at 0;
        NegAdd: Neg in Add at 0;
        LessNeg: Neg in Sub at 1;
        NegMul: Neg in Mul at 0;
        AbsAdd: Abs in Add at 0;
        AbsSub: Abs in Sub at 0;
        LessAbs: Abs in Sub at 1;
        AbsMul: Abs in Mul at 0;
        SignMul: Sign in Mul at 0;
        ReluAdd: Relu in Add at 0;
        ReluSub: Relu in Sub at 0;
        LessRelu: Relu in Sub at 1;
        ReluMul: Relu in Mul at 0;
        AbsNeg: Abs in Neg at 0;
        OverAdd: Over in Add at 0;
        OverSub: Over in Sub at 0;
        LessOver: Over in Sub at 1;
        OverMul: Over in Mul at 0;
        SelectAdd: Select in Add at 0;
        SelectSub: Select in Sub at 0;
        LessSelect: Select in Sub at 1;
        SelectMul: Select in Mul at 0;
        LtSelect: Lt in Select at 0;
        LeSelect: Le in Select at 0;
        GtSelect: Gt in Select at 0;
        GeSelect: Ge in Select at 0;
        EqSelect: Eq in Select at 0;
        NeSelect: Ne in Select at 0;
        AndSelect: And in Select at 0;
        OrSelect: Or in Select at 0;
        NotSelect: Not in Select at 0;
        TruthSelect: Truth in Select at 0;
    }
}

impl Op {
    /// The instruction of this word with so many operands.
    pub fn named(word: &str, arity: usize) -> Option<Op> {
        Op::ALL.iter().copied().find(|op| op.word() == word && op.arity() == arity)
    }
}
