//! Arrays whose element type and dimension are known at run time only.

use ndarray::{
    ArrayBase, ArrayD, ArrayRef, ArrayView, ArrayViewMut, Data, DataMut, Dimension, IxDyn, ViewRepr,
};

// `ArrayViewD` and `ArrayViewMutD` with the element type spelled out: as ndarray's aliases have it, through an
// associated type, the enums below could not be used for a shorter lifetime than their own.
type ReadD<'a, T> = ArrayBase<ViewRepr<&'a T>, IxDyn, T>;
type WriteD<'a, T> = ArrayBase<ViewRepr<&'a mut T>, IxDyn, T>;

/// An array to read: any element type that an input may have, any dimension, any strides.
///
/// Made with `into` from `&array`, `array.view()` or an `&ArrayRef`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AnyView<'a> {
    /// Numbers.
    F32(ReadD<'a, f32>),
    /// Numbers.
    F64(ReadD<'a, f64>),
    /// Truth values.
    Bool(ReadD<'a, bool>),
    /// Whole numbers.
    I64(ReadD<'a, i64>),
    /// Whole numbers.
    I32(ReadD<'a, i32>),
    /// Whole numbers.
    I16(ReadD<'a, i16>),
    /// Whole numbers.
    I8(ReadD<'a, i8>),
    /// Whole numbers.
    U64(ReadD<'a, u64>),
    /// Whole numbers.
    U32(ReadD<'a, u32>),
    /// Whole numbers.
    U16(ReadD<'a, u16>),
    /// Whole numbers.
    U8(ReadD<'a, u8>),
    /// Whole numbers.
    Usize(ReadD<'a, usize>),
}

/// An array to write, of either float type, any dimension, any strides.
///
/// Made with `into` from `&mut array`, `array.view_mut()` or an `&mut ArrayRef`.
#[derive(Debug)]
pub enum AnyViewMut<'a> {
    /// Numbers in single precision.
    F32(WriteD<'a, f32>),
    /// Numbers in double precision.
    F64(WriteD<'a, f64>),
}

/// An owned array of either float type.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyArray {
    /// Numbers in single precision.
    F32(ArrayD<f32>),
    /// Numbers in double precision.
    F64(ArrayD<f64>),
}

macro_rules! views {
    ($($variant:ident $element:ty),*) => {$(
        impl<'a, D: Dimension> From<ArrayView<'a, $element, D>> for AnyView<'a> {
            fn from(view: ArrayView<'a, $element, D>) -> Self {
                AnyView::$variant(view.into_dyn())
            }
        }

        impl<'a, D: Dimension> From<&'a ArrayRef<$element, D>> for AnyView<'a> {
            fn from(array: &'a ArrayRef<$element, D>) -> Self {
                AnyView::$variant(array.view().into_dyn())
            }
        }

        impl<'a, S: Data<Elem = $element>, D: Dimension> From<&'a ArrayBase<S, D, $element>> for AnyView<'a> {
            fn from(array: &'a ArrayBase<S, D, $element>) -> Self {
                AnyView::$variant(array.view().into_dyn())
            }
        }
    )*};
}

views!(F32 f32, F64 f64, Bool bool, I64 i64, I32 i32, I16 i16, I8 i8, U64 u64, U32 u32, U16 u16, U8 u8, Usize usize);

macro_rules! views_mut {
    ($($variant:ident $element:ty),*) => {$(
        impl<'a, D: Dimension> From<ArrayViewMut<'a, $element, D>> for AnyViewMut<'a> {
            fn from(view: ArrayViewMut<'a, $element, D>) -> Self {
                AnyViewMut::$variant(view.into_dyn())
            }
        }

        impl<'a, D: Dimension> From<&'a mut ArrayRef<$element, D>> for AnyViewMut<'a> {
            fn from(array: &'a mut ArrayRef<$element, D>) -> Self {
                AnyViewMut::$variant(array.view_mut().into_dyn())
            }
        }

        impl<'a, S: DataMut<Elem = $element>, D: Dimension> From<&'a mut ArrayBase<S, D, $element>>
            for AnyViewMut<'a>
        {
            fn from(array: &'a mut ArrayBase<S, D, $element>) -> Self {
                AnyViewMut::$variant(array.view_mut().into_dyn())
            }
        }

        impl From<ArrayD<$element>> for AnyArray {
            fn from(array: ArrayD<$element>) -> Self {
                AnyArray::$variant(array)
            }
        }
    )*};
}

views_mut!(F32 f32, F64 f64);

impl AnyView<'_> {
    /// The name of the element type.
    pub fn element_type(&self) -> &'static str {
        match self {
            AnyView::F32(_) => "f32",
            AnyView::F64(_) => "f64",
            AnyView::Bool(_) => "bool",
            AnyView::I64(_) => "i64",
            AnyView::I32(_) => "i32",
            AnyView::I16(_) => "i16",
            AnyView::I8(_) => "i8",
            AnyView::U64(_) => "u64",
            AnyView::U32(_) => "u32",
            AnyView::U16(_) => "u16",
            AnyView::U8(_) => "u8",
            AnyView::Usize(_) => "usize",
        }
    }
}

impl AnyArray {
    /// The name of the element type.
    pub fn element_type(&self) -> &'static str {
        match self {
            AnyArray::F32(_) => "f32",
            AnyArray::F64(_) => "f64",
        }
    }

    /// The shape; empty for a number.
    pub fn shape(&self) -> &[usize] {
        match self {
            AnyArray::F32(array) => array.shape(),
            AnyArray::F64(array) => array.shape(),
        }
    }

    /// The same numbers in double precision, which holds both types exactly.
    pub fn to_f64(&self) -> ArrayD<f64> {
        match self {
            AnyArray::F32(array) => array.mapv(f64::from),
            AnyArray::F64(array) => array.clone(),
        }
    }

    /// The number, where this is one (shape `[]`, or a single element).
    pub fn scalar(&self) -> Option<f64> {
        match self {
            AnyArray::F32(array) if array.len() == 1 => array.first().copied().map(f64::from),
            AnyArray::F64(array) if array.len() == 1 => array.first().copied(),
            _ => None,
        }
    }

    /// The array, where its elements are `f32`.
    pub fn as_f32(&self) -> Option<&ArrayD<f32>> {
        match self {
            AnyArray::F32(array) => Some(array),
            AnyArray::F64(_) => None,
        }
    }

    /// The array, where its elements are `f64`.
    pub fn as_f64(&self) -> Option<&ArrayD<f64>> {
        match self {
            AnyArray::F64(array) => Some(array),
            AnyArray::F32(_) => None,
        }
    }
}
