//! An array of any element type that an input may have, and its elements as bytes.

use lossdef_runtime::any::AnyView;
use ndarray::{ArrayD, ArrayView, IxDyn, ShapeBuilder};
use std::io::{self, ErrorKind, Read};

/// So many elements are made room for before it is known that they are there.
const STEP: usize = 1 << 20;

/// Elements that are stored one behind the other.
trait Stored: Copy + Default {
    /// Fills `data` from the front; gives the number of bytes that there were.
    fn fill(data: &mut [Self], from: &mut dyn Read, swapped: bool) -> io::Result<usize>;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Stored for $number {
            fn fill(data: &mut [Self], from: &mut dyn Read, swapped: bool) -> io::Result<usize> {
                let read = read_full(from, bytemuck::cast_slice_mut(data))?;
                if swapped {
                    for number in data {
                        *number = Self::from_ne_bytes({
                            let mut bytes = number.to_ne_bytes();
                            bytes.reverse();
                            bytes
                        });
                    }
                }
                Ok(read)
            }
        }
    )*};
}

numbers!(f32, f64, i64, i32, i16, i8, u64, u32, u16, u8);

impl Stored for bool {
    fn fill(data: &mut [Self], from: &mut dyn Read, _: bool) -> io::Result<usize> {
        let mut bytes = [0; 1 << 14];
        let mut read = 0;
        for part in data.chunks_mut(bytes.len()) {
            let bytes = &mut bytes[..part.len()];
            read += read_full(from, bytes)?;
            part.iter_mut().zip(bytes).for_each(|(truth, byte)| *truth = *byte != 0);
        }
        Ok(read)
    }
}

/// Reads until the buffer is full or there is no more.
fn read_full(from: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut full = 0;
    while full < buffer.len() {
        match from.read(&mut buffer[full..]) {
            Ok(0) => break,
            Ok(read) => full += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(full)
}

/// Why an array could not be read.
pub enum Unread {
    /// There are so many whole elements, and no more.
    CutOff(usize),
    /// What the system or the decoder says.
    Failed(io::Error),
}

/// Reads `count` elements over what is in `data`.
fn read<T: Stored>(
    data: &mut Vec<T>,
    count: usize,
    from: &mut dyn Read,
    swapped: bool,
) -> Result<(), Unread> {
    data.truncate(count);
    // A length in a broken head must not ask for memory; what is there decides.
    let mut end = if data.is_empty() { STEP.min(count) } else { data.len() };
    let mut start = 0;
    while start < count {
        data.resize(end, T::default());
        let read = T::fill(&mut data[start..end], from, swapped).map_err(Unread::Failed)?;
        let whole = read / size_of::<T>();
        if whole < end - start {
            return Err(Unread::CutOff(start + whole));
        }
        (start, end) = (end, (2 * end).min(count));
    }
    Ok(())
}

macro_rules! arrays {
    ($($variant:ident $element:ty),*) => {
        /// An array from a file.
        pub enum Array {
            $(#[doc = concat!("Of `", stringify!($element), "`.")] $variant(ArrayD<$element>)),*
        }

        /// An element type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $(#[doc = concat!("`", stringify!($element), "`.")] $variant),*
        }

        impl Array {
            /// The array for a call.
            pub fn view(&self) -> AnyView<'_> {
                match self { $(Array::$variant(array) => array.into()),* }
            }
        }

        impl Kind {
            /// The bytes of an element.
            pub fn size(self) -> usize {
                match self { $(Kind::$variant => size_of::<$element>()),* }
            }

            /// Reads an array, in the memory of `spare` where that is one of this type.
            pub fn read(
                self,
                shape: &[usize],
                fortran: bool,
                spare: Option<Array>,
                from: &mut dyn Read,
                swapped: bool,
            ) -> Result<Array, Unread> {
                let count = shape.iter().product();
                let shape = IxDyn(shape).set_f(fortran);
                match self {
                    $(Kind::$variant => {
                        let mut data = match spare {
                            Some(Array::$variant(array)) => array.into_raw_vec_and_offset().0,
                            _ => Vec::new(),
                        };
                        read::<$element>(&mut data, count, from, swapped)?;
                        let array = ArrayD::from_shape_vec(shape, data);
                        array.map(Array::$variant).map_err(|error| Unread::Failed(io::Error::other(error)))
                    })*
                }
            }

            /// An array of one shape and no memory, for calls that look at no element.
            pub fn outline(self, shape: &[usize]) -> Option<AnyView<'static>> {
                let shape = IxDyn(shape).strides(IxDyn(&vec![0; shape.len()]));
                match self {
                    $(Kind::$variant => {
                        const ONE: &[$element] = &[unit::$variant];
                        ArrayView::from_shape(shape, ONE).ok().map(AnyView::from)
                    })*
                }
            }
        }
    };
}

/// An element of each type.
#[expect(non_upper_case_globals, reason = "they are called as the variants are")]
mod unit {
    pub const F32: f32 = 0.0;
    pub const F64: f64 = 0.0;
    pub const Bool: bool = false;
    pub const I64: i64 = 0;
    pub const I32: i32 = 0;
    pub const I16: i16 = 0;
    pub const I8: i8 = 0;
    pub const U64: u64 = 0;
    pub const U32: u32 = 0;
    pub const U16: u16 = 0;
    pub const U8: u8 = 0;
}

arrays!(F32 f32, F64 f64, Bool bool, I64 i64, I32 i32, I16 i16, I8 i8, U64 u64, U32 u32, U16 u16, U8 u8);
