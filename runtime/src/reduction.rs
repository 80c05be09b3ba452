//! How the values of the samples become the result: a type parameter of a typed call.

use std::fmt::Debug;

use ndarray::{Array, ArrayRef, Dimension};

use crate::dynamic::Element;
use crate::error::Error;
use crate::sweep::view::{View, ViewMut};
use crate::task::Factor;

/// A reduction as a value, for calls whose reduction is known at run time only.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ReductionKind {
    /// See [`Mean`].
    #[default]
    Mean,
    /// See [`Sum`].
    Sum,
    /// See [`Unreduced`].
    None,
    /// See [`BatchMean`].
    BatchMean,
    /// See [`MeanOver`].
    MeanOver(f64),
}

/// The mean over the samples that are kept, as the formula defines it (`mean by`). The default.
///
/// Over nothing, that is where both the sum and its divisor are 0, it is NaN and its gradient is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mean;

/// The sum over the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum;

/// No reduction: one value per sample, 0 where a sample is not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unreduced;

/// The sum over the samples divided by the size of the first sample axis; by 1 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchMean;

/// The sum over the samples divided by a number that the caller supplies, for instance the number of tokens
/// in all micro-batches of one optimiser step. That number is a constant: it is not differentiated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanOver(
    /// The divisor.
    pub f64,
);

/// A reduction as a type: [`Mean`], [`Sum`], [`BatchMean`], [`MeanOver`] give a number, [`Unreduced`] an array.
pub trait Reduction: Copy + Debug + PartialEq + Send + Sync + 'static + private::Sealed {
    /// The result: `T`, or an array of the sample shape.
    type Output<T: Element, D: Dimension>;
    /// A derivative with respect to the result: `T`, or `&ArrayRef<T, D>` of the sample shape.
    type Upstream<'u, T: Element, D: Dimension + 'u>;
    #[doc(hidden)]
    type Values<T: Element, D: Dimension>;

    /// The reduction as a value.
    fn kind(self) -> ReductionKind;
    #[doc(hidden)]
    fn reserve<T: Element, D: Dimension>(
        make: impl FnOnce() -> Result<Array<T, D>, Error>,
    ) -> Result<Self::Values<T, D>, Error>;
    #[doc(hidden)]
    fn view<T: Element, D: Dimension>(values: &mut Self::Values<T, D>) -> Option<ViewMut<'_, T>>;
    #[doc(hidden)]
    fn finish<T: Element, D: Dimension>(values: Self::Values<T, D>, result: f64) -> Self::Output<T, D>;
    #[doc(hidden)]
    fn factor<'u, T: Element, D: Dimension + 'u>(upstream: Self::Upstream<'u, T, D>) -> Factor<'u, T>;
}

macro_rules! to_a_number {
    ($($reduction:ident => |$this:pat_param| $kind:expr;)*) => {$(
        impl private::Sealed for $reduction {}

        impl Reduction for $reduction {
            type Output<T: Element, D: Dimension> = T;
            type Upstream<'u, T: Element, D: Dimension + 'u> = T;
            type Values<T: Element, D: Dimension> = ();

            fn kind(self) -> ReductionKind {
                let $this = self;
                $kind
            }

            fn reserve<T: Element, D: Dimension>(
                _: impl FnOnce() -> Result<Array<T, D>, Error>,
            ) -> Result<(), Error> {
                Ok(())
            }

            fn view<T: Element, D: Dimension>(_: &mut ()) -> Option<ViewMut<'_, T>> {
                None
            }

            fn finish<T: Element, D: Dimension>(_: (), result: f64) -> T {
                T::from_f64(result)
            }

            fn factor<'u, T: Element, D: Dimension + 'u>(upstream: T) -> Factor<'u, T> {
                Factor::Same(upstream.to_f64())
            }
        }
    )*};
}

to_a_number! {
    Mean => |_| ReductionKind::Mean;
    Sum => |_| ReductionKind::Sum;
    BatchMean => |_| ReductionKind::BatchMean;
    MeanOver => |MeanOver(divisor)| ReductionKind::MeanOver(divisor);
}

impl private::Sealed for Unreduced {}

impl Reduction for Unreduced {
    type Output<T: Element, D: Dimension> = Array<T, D>;
    type Upstream<'u, T: Element, D: Dimension + 'u> = &'u ArrayRef<T, D>;
    type Values<T: Element, D: Dimension> = Array<T, D>;

    fn kind(self) -> ReductionKind {
        ReductionKind::None
    }

    fn reserve<T: Element, D: Dimension>(
        make: impl FnOnce() -> Result<Array<T, D>, Error>,
    ) -> Result<Array<T, D>, Error> {
        make()
    }

    fn view<T: Element, D: Dimension>(values: &mut Array<T, D>) -> Option<ViewMut<'_, T>> {
        Some(ViewMut::of(values))
    }

    fn finish<T: Element, D: Dimension>(values: Array<T, D>, _: f64) -> Array<T, D> {
        values
    }

    fn factor<'u, T: Element, D: Dimension + 'u>(upstream: &'u ArrayRef<T, D>) -> Factor<'u, T> {
        Factor::Each(View::of(upstream))
    }
}

mod private {
    pub trait Sealed {}
}
