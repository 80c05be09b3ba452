//! Number types: [`Float`], the element of an array, and [`Real`], what generated code computes with.

use std::fmt::{Debug, Display};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// An element type of arrays: `f32` or `f64`.
pub trait Float: Copy + Default + PartialEq + PartialOrd + Debug + Display + Send + Sync + 'static {
    /// The nearest value; infinite where it overflows.
    fn from_f64(x: f64) -> Self;
    /// The same value.
    fn to_f64(self) -> f64;
}

/// The number type of generated code: one element, in a form that LLVM turns into vector lanes.
///
/// Comparisons give `bool`; [`select`](Real::select) evaluates both sides. Methods follow the functions of
/// the language; all of them propagate NaN.
pub trait Real:
    Copy
    + PartialEq
    + PartialOrd
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// The element type behind it.
    type Scalar: Float;

    /// A constant of the formula.
    fn lit(x: f64) -> Self;
    /// A value held for the whole call: a parameter, or something computed from parameters.
    fn of(x: Self::Scalar) -> Self;
    /// The element.
    fn get(self) -> Self::Scalar;
    /// `a` where `condition` holds, else `b`.
    fn select(condition: bool, a: Self, b: Self) -> Self;
    /// `self / divisor`, as multiplications.
    fn over(self, divisor: Divisor<Self::Scalar>) -> Self;
}

/// A divisor that is the same for a whole call, kept as its inverse in two factors, so that `x / d` is
/// `x * a * b` even where `1 / d` itself is not a normal number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divisor<T> {
    /// First factor.
    pub a: T,
    /// Second factor.
    pub b: T,
}
