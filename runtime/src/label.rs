//! Whole numbers as labels: the element types that they may have, and arrays of any of them.

use std::fmt::Debug;

use ndarray::ArrayD;

use crate::sweep::view::View;

/// An element type of labels: a whole number of 8 to 64 bits, signed or not, or `usize`. Sealed: nothing else can
/// implement it.
///
/// Losses over named axes read `i64`, `i32`, `u32`, `u8` and `usize` where they stand; arrays of other types, and
/// in losses that look at one element at a time all but `i64`, are copied for the call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no element type of labels",
    label = "expected an array of whole numbers",
    note = "labels are arrays of `i64`, `i32`, `i16`, `i8`, `u64`, `u32`, `u16`, `u8` or `usize`; real inputs are arrays of `f32` or `f64`",
    note = "did you swap two inputs, as `input` and `target`? they stand in the order of the formula"
)]
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
    /// Elements that are `i16`.
    I16(View<'a, i16>),
    /// Elements that are `i8`.
    I8(View<'a, i8>),
    /// Elements that are `u64`.
    U64(View<'a, u64>),
    /// Elements that are `u32`.
    U32(View<'a, u32>),
    /// Elements that are `u16`.
    U16(View<'a, u16>),
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

label!(i64 I64, i32 I32, i16 I16, i8 I8, u64 U64, u32 U32, u16 U16, u8 U8, usize Usize);

/// The same code for whatever the elements are.
macro_rules! each {
    ($labels:expr, $view:ident => $body:expr) => {
        match $labels {
            Labels::I64($view) => $body,
            Labels::I32($view) => $body,
            Labels::I16($view) => $body,
            Labels::I8($view) => $body,
            Labels::U64($view) => $body,
            Labels::U32($view) => $body,
            Labels::U16($view) => $body,
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

    /// A copy with elements that are `i64`; `None` where they are.
    pub(crate) fn converted(&self) -> Option<ArrayD<i64>> {
        match self {
            Labels::I64(_) => None,
            labels => Some(each!(labels, view => view.map(whole))),
        }
    }
}

/// As an `i64`; what does not fit is no less refused in another place.
fn whole(label: impl TryInto<i64>) -> i64 {
    label.try_into().unwrap_or(i64::MAX)
}

mod private {
    pub trait Sealed {}
}
