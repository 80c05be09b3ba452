//! The closed set of functions and operators. What each of them is stands in its row of `functions`.

/// What the values of an expression are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// A number.
    Real,
    /// A truth value.
    Bool,
}

macro_rules! functions {
    ($($name:ident)*) => {
        /// A function or operator of the language, or one that only the compiler's own rewriting makes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is documented by its row of the table")]
        pub enum Function { $($name),* }

        impl Function {
            /// All of them, in the order of the table.
            pub const ALL: &[Function] = &[$(Function::$name),*];
        }
    };
}

functions! {
    Add Sub Mul Div Neg Pow Sqrt
    Lt Le Gt Ge Eq Ne And Or Not
    Exp Expm1 Log Log1p Log1mexp Xlogy ExpNonpos ExpTimes Log1pUnit
    Sigmoid LogSigmoid Softplus Logit Tanh Sinh Cosh LogCosh Erf
    Abs Sign Relu Clamp Max Min
    Sin Cos Tan Atan
}

impl Function {
    /// What it gives: truth values for comparisons and connectives, else numbers.
    pub fn result(self) -> Scalar {
        use Function::{And, Eq, Ge, Gt, Le, Lt, Ne, Not, Or};
        match self {
            Lt | Le | Gt | Ge | Eq | Ne | And | Or | Not => Scalar::Bool,
            _ => Scalar::Real,
        }
    }

    /// What it takes: truth values for connectives, else numbers.
    pub fn operand(self) -> Scalar {
        match self {
            Function::And | Function::Or | Function::Not => Scalar::Bool,
            _ => Scalar::Real,
        }
    }
}
