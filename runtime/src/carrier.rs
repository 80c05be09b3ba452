//! The carrier of generated code: [`Fx`], an element together with the decision whether the instruction set
//! fuses multiply and add.
//!
//! `Fx<T, true>` belongs inside functions compiled with a fused multiply-add (`#[target_feature]`):
//! elsewhere its `mul_add` is a library call per element, some 70 times slower, though not wrong. Everything
//! is `#[inline(always)]` and free of branches, so that the loop around it becomes vector code.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::math::{erf, exp, hyperbolic, log, logistic};
use crate::real::{Divisor, Float, Real};

/// An element of type `T` whose `mul_add` is fused if `FUSED`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(transparent)]
pub struct Fx<T, const FUSED: bool>(T);

impl<T: Float> Fx<T, false> {
    /// Wraps an element.
    #[inline(always)]
    pub fn new(x: T) -> Self {
        Self(x)
    }
}

impl<T: Float> Fx<T, true> {
    /// Wraps an element. Only for functions compiled with a fused multiply-add.
    #[inline(always)]
    #[allow(dead_code, reason = "the generic code goes through Real::of")]
    pub(crate) fn new(x: T) -> Self {
        Self(x)
    }
}

impl<T: Float, const FUSED: bool> PartialOrd for Fx<T, FUSED> {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.0.partial_cmp(&other.0)
    }

    #[inline(always)]
    fn lt(&self, other: &Self) -> bool {
        self.0 < other.0
    }

    #[inline(always)]
    fn le(&self, other: &Self) -> bool {
        self.0 <= other.0
    }

    #[inline(always)]
    fn gt(&self, other: &Self) -> bool {
        self.0 > other.0
    }

    #[inline(always)]
    fn ge(&self, other: &Self) -> bool {
        self.0 >= other.0
    }
}

macro_rules! operator {
    ($name:ident, $method:ident, $op:tt) => {
        impl<T: Float, const FUSED: bool> $name for Fx<T, FUSED> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0 $op other.0)
            }
        }
    };
}
operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

impl<T: Float, const FUSED: bool> Neg for Fx<T, FUSED> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// What the vector math needs beside [`Real`].
impl<T: Float, const FUSED: bool> Fx<T, FUSED> {
    /// `max(self, low)` in one instruction; `low` is not NaN, NaN in `self` stays.
    #[inline(always)]
    pub(crate) fn at_least(self, low: f64) -> Self {
        let low = Self::lit(low);
        if self < low { low } else { self }
    }

    /// `min(self, high)` in one instruction; `high` is not NaN, NaN in `self` stays.
    #[inline(always)]
    pub(crate) fn at_most(self, high: f64) -> Self {
        let high = Self::lit(high);
        if self > high { high } else { self }
    }

    /// `self` with its sign flipped where `other` is negative.
    #[inline(always)]
    pub(crate) fn xor_sign(self, other: Self) -> Self {
        Self(T::xor_sign(self.0, other.0))
    }

    /// `c[0] + c[1] x + c[2] x^2 + ...` at `x = self`.
    #[inline(always)]
    pub(crate) fn horner<const N: usize>(self, c: [f64; N]) -> Self {
        let mut y = Self::lit(c[N - 1]);
        for i in (0..N - 1).rev() {
            y = y.mul_add(self, Self::lit(c[i]));
        }
        y
    }
}

/// Methods of [`Real`] that are one call of another module.
macro_rules! forward {
    ($($module:ident: $($name:ident)+;)+) => { $($(
        #[inline(always)]
        fn $name(self) -> Self {
            $module::$name(self)
        }
    )+)+ };
}

/// Methods of [`Real`] that are the element's own.
macro_rules! element {
    ($($name:ident)+) => { $(
        #[inline(always)]
        fn $name(self) -> Self {
            Self(self.0.$name())
        }
    )+ };
}

impl<T: Float, const FUSED: bool> Real for Fx<T, FUSED> {
    type Scalar = T;

    #[inline(always)]
    fn lit(x: f64) -> Self {
        Self(T::from_f64(x))
    }

    #[inline(always)]
    fn of(x: T) -> Self {
        Self(x)
    }

    #[inline(always)]
    fn get(self) -> T {
        self.0
    }

    #[inline(always)]
    fn select(condition: bool, a: Self, b: Self) -> Self {
        if condition { a } else { b }
    }

    #[inline(always)]
    fn over(self, divisor: Divisor<T>) -> Self {
        Self(self.0 * divisor.a * divisor.b)
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        if FUSED { Self(self.0.fused_mul_add(a.0, b.0)) } else { self * a + b }
    }

    element!(abs sqrt sin cos tan atan);

    #[inline(always)]
    fn sign(self) -> Self {
        let zero = Self::lit(0.0);
        Self::select(self > zero, Self::lit(1.0), Self::select(self < zero, Self::lit(-1.0), self))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // NaN in `other` makes the comparison false and is taken; NaN in `self` is put back.
        let larger = Self::select(self > other, self, other);
        Self::select(self.0.is_nan(), self, larger)
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        let smaller = Self::select(self < other, self, other);
        Self::select(self.0.is_nan(), self, smaller)
    }

    #[inline(always)]
    fn clamp(self, low: Self, high: Self) -> Self {
        self.max(low).min(high)
    }

    #[inline(always)]
    fn relu(self) -> Self {
        self.at_least(0.0)
    }

    forward! {
        exp: exp exp_nonpos expm1;
        log: log log1p log1p_unit log1mexp;
        logistic: sigmoid softplus log_sigmoid;
        hyperbolic: tanh sinh cosh log_cosh;
        erf: erf;
    }

    #[inline(always)]
    fn exp_times(self, y: Self) -> Self {
        exp::exp_times(self, y)
    }

    #[inline(always)]
    fn pow(self, y: Self) -> Self {
        Self(T::pow::<FUSED>(self.0, y.0))
    }

    #[inline(always)]
    fn xlogy(self, y: Self) -> Self {
        let zero = Self::lit(0.0);
        // `&`, not `&&`: no branch.
        Self::select((self == zero) & (y == zero), zero, self * y.log())
    }
}
