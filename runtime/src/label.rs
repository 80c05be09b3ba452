//! Whole numbers as labels: the element types that they may have, and arrays of any of them.

use std::fmt::Debug;

use ndarray::ArrayD;

use crate::sweep::view::View;

/// An element type of labels: `i64`, `i32`, `u32`, `u8` or `usize`. Sealed: nothing else can implement it.
pub trait Label: Copy + Debug + Send + Sync + 'static + private::Sealed {
    #[doc(hidden)]
    fn labels(view: View<'_, Self>) -> Labels<'_>;
}

/// An array of labels, of any element type and dimension.
#[derive(Clone, Copy, Debug)]
pub enum Labels<'a> {
    /// Elements that are `i64`.
    I64(View<'a, i64>),
    /// Elements that are `i32`.
    I32(View<'a, i32>),
    /// Elements that are `u32`.
    U32(View<'a, u32>),
    /// Elements that are `u8`.
    U8(View<'a, u8>),
    /// Elements that are `usize`.
    Usize(View<'a, usize>),
}

macro_rules! label {
    ($($type:ident $variant:ident),*) => {$(
        impl private::Sealed for $type {}

        impl Label for $type {
            fn labels(view: View<'_, Self>) -> Labels<'_> {
                Labels::$variant(view)
            }
        }
    )*};
}

label!(i64 I64, i32 I32, u32 U32, u8 U8, usize Usize);

/// The same code for whatever the elements are.
macro_rules! each {
    ($labels:expr, $view:ident => $body:expr) => {
        match $labels {
            Labels::I64($view) => $body,
            Labels::I32($view) => $body,
            Labels::U32($view) => $body,
            Labels::U8($view) => $body,
            Labels::Usize($view) => $body,
        }
    };
}

impl<'a> Labels<'a> {
    /// The shape of the array.
    pub fn shape(&self) -> &'a [usize] {
        each!(self, view => view.shape())
    }

    /// The strides of the array, in elements.
    pub(crate) fn strides(&self) -> &'a [isize] {
        each!(self, view => view.strides())
    }

    /// The element that belongs to a sample, and where it stands in this array.
    pub(crate) fn at(&self, sample: &[usize]) -> Option<(i128, Vec<usize>)> {
        each!(self, view => view.at(sample).map(|(label, position)| (label as i128, position)))
    }

    /// A copy with elements of the type that sweeps read; `None` where they have it already.
    pub(crate) fn converted(&self) -> Option<ArrayD<i64>> {
        match self {
            Labels::I64(_) => None,
            Labels::I32(view) => Some(view.map(i64::from)),
            Labels::U32(view) => Some(view.map(i64::from)),
            Labels::U8(view) => Some(view.map(i64::from)),
            // What does not fit is no less refused in another place.
            Labels::Usize(view) => Some(view.map(|label| i64::try_from(label).unwrap_or(i64::MAX))),
        }
    }
}

mod private {
    pub trait Sealed {}
}
