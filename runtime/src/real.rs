//! Number types: [`Float`], the element of an array, and [`Real`], what generated code computes with.
//!
//! Generated code is written once, over `R: Real`; the runtime calls it with a carrier
//! ([`Fx`](crate::carrier::Fx)) for the element type and the instruction set at hand.

use std::fmt::{Debug, Display};
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::math::Element;

/// An element type of arrays: `f32` or `f64`. Sealed: nothing else can implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no element type of real inputs",
    label = "expected an array of `f32` or `f64`",
    note = "real inputs are arrays of `f32` or `f64`; code that is generic over both has the bound `lossdef::Element`",
    note = "did you swap two inputs, as `input` and `target`? they stand in the order of the formula"
)]
pub trait Float:
    Element + Copy + Default + PartialEq + PartialOrd + Debug + Display + Send + Sync + 'static
{
    /// The nearest value; infinite where it overflows.
    fn from_f64(x: f64) -> Self;
    /// The same value.
    fn to_f64(self) -> f64;
}

impl Float for f32 {
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Float for f64 {
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
}

/// The number type of generated code: one element, in a form that LLVM turns into vector lanes.
///
/// Comparisons give `bool`; [`select`](Real::select) evaluates both sides. Methods follow the functions of
/// the language; all of them propagate NaN (but [`pow`](Real::pow) follows IEEE 754).
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
    /// `self * a + b`, rounded once where the instruction set has a fused multiply-add, else twice.
    fn mul_add(self, a: Self, b: Self) -> Self;

    /// The absolute value.
    fn abs(self) -> Self;
    /// -1, 0 or 1.
    fn sign(self) -> Self;
    /// The square root; NaN below 0.
    fn sqrt(self) -> Self;
    /// The larger of two; NaN if one of them is.
    fn max(self, other: Self) -> Self;
    /// The smaller of two; NaN if one of them is.
    fn min(self, other: Self) -> Self;
    /// `self` moved into `[low, high]`; NaN if one of the three is.
    fn clamp(self, low: Self, high: Self) -> Self;
    /// `max(self, 0)`.
    fn relu(self) -> Self;

    /// e to the power of `self`.
    fn exp(self) -> Self;
    /// [`exp`](Real::exp) where `self <= 0` is known: a little cheaper. Wrong above 0.
    fn exp_nonpos(self) -> Self;
    /// `exp(self) * y`, infinite or 0 only where the product itself is that large or small: where `y` is 0 it is
    /// 0, however large the exponential; it is so for an infinite `self`, too.
    fn exp_times(self, y: Self) -> Self;
    /// `exp(self) - 1`.
    fn expm1(self) -> Self;
    /// The natural logarithm; -inf at 0, NaN below.
    fn log(self) -> Self;
    /// `log(1 + self)`.
    fn log1p(self) -> Self;
    /// [`log1p`](Real::log1p) where `0 <= self <= 1` is known: cheaper. Wrong elsewhere.
    fn log1p_unit(self) -> Self;
    /// `log(1 - exp(self))`: -inf at 0, NaN above.
    fn log1mexp(self) -> Self;
    /// `self` to the power of `y`, with the special cases of IEEE 754: `0^0 = 1`, and a negative base has
    /// a power where `y` is a whole number.
    fn pow(self, y: Self) -> Self;
    /// `self * log(y)`, but 0 where both `self` and `y` are 0.
    fn xlogy(self, y: Self) -> Self;

    /// `1 / (1 + exp(-self))`.
    fn sigmoid(self) -> Self;
    /// `log(1 + exp(self))`.
    fn softplus(self) -> Self;
    /// `log(sigmoid(self))`.
    fn log_sigmoid(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// `log(x / (1 - x))`, without cancellation near 1/2; infinite at 0 and 1, NaN outside.
    #[inline(always)]
    fn logit(self) -> Self {
        // With m the distance to the nearer end, log((1 - m) / m) = log1p((1 - 2 m) / m): from m = 1/4 on, both
        // differences are exact. Where the quotient would overflow, 1 - m is 1.
        let (half, one, two) = (Self::lit(0.5), Self::lit(1.0), Self::lit(2.0));
        let low = self < half;
        let m = Self::select(low, self, one - self);
        let magnitude = Self::select(m < Self::lit(1e-30), -m.log(), ((one - two * m) / m).log1p());
        Self::select(low, -magnitude, magnitude)
    }
    /// The hyperbolic sine.
    fn sinh(self) -> Self;
    /// The hyperbolic cosine.
    fn cosh(self) -> Self;
    /// `log(cosh(self))`.
    fn log_cosh(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;

    /// The sine; one library call per element.
    fn sin(self) -> Self;
    /// The cosine; one library call per element.
    fn cos(self) -> Self;
    /// The tangent; one library call per element.
    fn tan(self) -> Self;
    /// The arc tangent; one library call per element.
    fn atan(self) -> Self;
}

/// A divisor that is the same for a whole call, kept as its inverse in two factors, so that `x / d` is
/// `x * a * b` even where `1 / d` itself is not a normal number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divisor<T> {
    /// First factor.
    pub a: T,
    /// Second factor: 1 unless `1 / d` overflows or is subnormal, then a power of two.
    pub b: T,
}

impl<T: Float> Divisor<T> {
    /// The divisor `d`, rounded to `T`.
    ///
    /// `x * a * b` differs from `x / d` by at most one unit in the last place, not at all where `d` is a
    /// power of two, and gives the same infinities, zeros and NaN where `d` is 0, infinite or NaN.
    pub fn new(d: f64) -> Self {
        let d = T::from_f64(d);
        let (zero, one) = (T::from_f64(0.0), T::from_f64(1.0));
        let inverse = one / d;
        let ordinary = T::MIN_NORMAL <= inverse.abs() && inverse.abs() < T::INFINITY;
        if ordinary || d == zero || d.is_nan() || d.abs() == T::INFINITY {
            return Self { a: inverse, b: one };
        }
        // Scaling d by a power of two is exact. |a| >= 1 where d is tiny, |a| < 1 where it is huge: x * a
        // neither under- nor overflows unless x / d does.
        let b = if d.abs() < one { T::DIVISOR_SCALE } else { one / T::DIVISOR_SCALE };
        Self { a: one / (d * b), b }
    }
}
