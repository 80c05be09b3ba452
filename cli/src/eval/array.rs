//! An array of any element type that an input may have.

use lossdef_runtime::any::AnyView;
use ndarray::ArrayD;

macro_rules! arrays {
    ($($variant:ident $element:ty),*) => {
        /// An array from a file.
        pub enum Array {
            $(#[doc = concat!("Of `", stringify!($element), "`.")] $variant(ArrayD<$element>)),*
        }

        impl Array {
            /// The array for a call.
            pub fn view(&self) -> AnyView<'_> {
                match self { $(Array::$variant(array) => array.into()),* }
            }
        }

        $(impl From<ArrayD<$element>> for Array {
            fn from(array: ArrayD<$element>) -> Array { Array::$variant(array) }
        })*
    };
}

arrays!(F32 f32, F64 f64, Bool bool, I64 i64, I32 i32, I16 i16, I8 i8, U64 u64, U32 u32, U16 u16, U8 u8);
