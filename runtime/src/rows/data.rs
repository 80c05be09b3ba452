//! Elements in memory, of any type that an input may have, read as numbers.

use std::marker::PhantomData;

use super::steps::Steps;
use crate::real::Float;

/// Where the elements of an input are: the one at the first position of every axis.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a, T> {
    /// The same value everywhere.
    Splat(T),
    /// Numbers.
    Float(Elements<'a, T>),
    /// True is 1, false is 0.
    Bool(Elements<'a, bool>),
    /// Whole numbers; one that `T` cannot hold exactly becomes NaN. So do those below.
    I64(Elements<'a, i64>),
    /// Whole numbers.
    I32(Elements<'a, i32>),
    /// Whole numbers that are not negative.
    U32(Elements<'a, u32>),
    /// Whole numbers that are not negative.
    U8(Elements<'a, u8>),
    /// Whole numbers that are not negative.
    Usize(Elements<'a, usize>),
}

/// A pointer to elements that are borrowed for `'a`.
#[derive(Debug)]
pub struct Elements<'a, U> {
    pub(super) pointer: *const U,
    borrow: PhantomData<&'a U>,
}

impl<U> Clone for Elements<'_, U> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<U> Copy for Elements<'_, U> {}

impl<U> Elements<'_, U> {
    /// The elements around `pointer`. To use it is what needs care: see [`run`](super::run).
    pub const fn new(pointer: *const U) -> Self {
        Elements { pointer, borrow: PhantomData }
    }
}

/// A whole number as a `T`; NaN, which is in no domain, where `T` does not hold it.
#[inline(always)]
fn whole<T: Float>(x: i64) -> T {
    let near = T::from_f64(x as f64);
    let back = near.to_f64();
    let same = back < 9_223_372_036_854_775_808.0 && back as i64 == x;
    if same { near } else { T::from_f64(f64::NAN) }
}

/// Something that can be read as a number.
pub(super) trait Stored: Copy {
    /// As a number; NaN where `T` does not hold it.
    fn number<T: Float>(self) -> T;
    /// As a whole number.
    fn label(self) -> i64;
}

impl Stored for bool {
    #[inline(always)]
    fn number<T: Float>(self) -> T {
        T::from_f64(f64::from(u8::from(self)))
    }

    #[inline(always)]
    fn label(self) -> i64 {
        i64::from(self)
    }
}

macro_rules! stored {
    ($($whole:ty)+) => { $(
        impl Stored for $whole {
            #[inline(always)]
            fn number<T: Float>(self) -> T {
                whole(self.label())
            }

            #[inline(always)]
            fn label(self) -> i64 {
                i64::try_from(self).unwrap_or(i64::MAX)
            }
        }
    )+ };
}
stored!(i64 i32 u32 u8 usize);

/// Runs an expression for whichever type the elements have; `number` turns one into a `T`.
macro_rules! each_type {
    ($data:expr, splat: $value:ident => $splat:expr, $pointer:ident, $number:ident => $body:expr) => {
        match $data {
            Data::Splat($value) => $splat,
            Data::Float(elements) => {
                let ($pointer, $number) = (elements.pointer, |x: T| x);
                $body
            }
            Data::Bool(elements) => {
                let ($pointer, $number) = (elements.pointer, |x: bool| Stored::number::<T>(x));
                $body
            }
            Data::I64(elements) => {
                let ($pointer, $number) = (elements.pointer, |x: i64| Stored::number::<T>(x));
                $body
            }
            Data::I32(elements) => {
                let ($pointer, $number) = (elements.pointer, |x: i32| Stored::number::<T>(x));
                $body
            }
            Data::U32(elements) => {
                let ($pointer, $number) = (elements.pointer, |x: u32| Stored::number::<T>(x));
                $body
            }
            Data::U8(elements) => {
                let ($pointer, $number) = (elements.pointer, |x: u8| Stored::number::<T>(x));
                $body
            }
            Data::Usize(elements) => {
                let ($pointer, $number) = (elements.pointer, |x: usize| Stored::number::<T>(x));
                $body
            }
        }
    };
}

impl<T: Float> Data<'_, T> {
    /// The element at an offset.
    ///
    /// # Safety
    ///
    /// There must be one.
    #[inline]
    pub(super) unsafe fn at(&self, offset: isize) -> T {
        each_type!(*self, splat: value => value, pointer, number => {
            // SAFETY: passed on to the caller.
            number(unsafe { pointer.offset(offset).read() })
        })
    }

    /// The element at an offset, as a label.
    ///
    /// # Safety
    ///
    /// As [`Self::at`].
    #[inline]
    pub(super) unsafe fn label(&self, offset: isize) -> i64 {
        // SAFETY: passed on to the caller.
        unsafe {
            match *self {
                Data::Splat(value) => value.to_f64() as i64,
                Data::Float(elements) => elements.pointer.offset(offset).read().to_f64() as i64,
                Data::Bool(elements) => elements.pointer.offset(offset).read().label(),
                Data::I64(elements) => elements.pointer.offset(offset).read(),
                Data::I32(elements) => elements.pointer.offset(offset).read().label(),
                Data::U32(elements) => elements.pointer.offset(offset).read().label(),
                Data::U8(elements) => elements.pointer.offset(offset).read().label(),
                Data::Usize(elements) => elements.pointer.offset(offset).read().label(),
            }
        }
    }

    /// Whether a label of some samples is no position below `size`.
    ///
    /// # Safety
    ///
    /// There must be labels at the offsets of all lanes.
    #[inline]
    pub(super) unsafe fn any_beyond(&self, size: usize, offsets: &[isize], lanes: &[usize]) -> bool {
        /// A label as a number that is large if it is negative.
        trait Positive: Copy {
            fn positive(self) -> u64;
        }
        macro_rules! positive {
            ($($whole:ty)+) => { $(
                impl Positive for $whole {
                    #[inline(always)]
                    fn positive(self) -> u64 {
                        self as i64 as u64
                    }
                }
            )+ };
        }
        positive!(i64 i32 u32 u8 usize bool);
        /// The same for one type.
        ///
        /// # Safety
        ///
        /// As [`Data::any_beyond`].
        #[inline(always)]
        unsafe fn any<U: Positive>(
            pointer: *const U,
            size: usize,
            offsets: &[isize],
            lanes: &[usize],
        ) -> bool {
            let mut beyond = false;
            for &lane in lanes {
                // SAFETY: passed on to the caller.
                beyond |= unsafe { pointer.offset(offsets[lane]).read() }.positive() >= size as u64;
            }
            beyond
        }
        // SAFETY: passed on to the caller.
        unsafe {
            match *self {
                Data::Splat(_) | Data::Float(_) => true,
                Data::Bool(elements) => any(elements.pointer, size, offsets, lanes),
                Data::I64(elements) => any(elements.pointer, size, offsets, lanes),
                Data::I32(elements) => any(elements.pointer, size, offsets, lanes),
                Data::U32(elements) => any(elements.pointer, size, offsets, lanes),
                Data::U8(elements) => any(elements.pointer, size, offsets, lanes),
                Data::Usize(elements) => any(elements.pointer, size, offsets, lanes),
            }
        }
    }

    /// How many of the labels at the first `length` positions of an axis come before the first negative one.
    ///
    /// # Safety
    ///
    /// They must exist, counted from `offset`.
    pub(super) unsafe fn labels(&self, offset: isize, axis: &Steps, length: usize) -> usize {
        each_type!(*self, splat: value => if value.to_f64() < 0.0 { 0 } else { length }, pointer, number => {
            // SAFETY: passed on to the caller.
            let label = |at: isize| number(unsafe { pointer.offset(offset + at).read() }).to_f64();
            let ends = |at: &usize| label(axis.offset(*at)) < 0.0;
            (0..length).find(ends).unwrap_or(length)
        })
    }

    /// Copies the elements at the first `length` positions of an axis to a buffer, `step` elements apart.
    ///
    /// # Safety
    ///
    /// They must exist, counted from `offset`, and the buffer must be writable at as many steps.
    #[inline]
    pub(super) unsafe fn copy(
        &self,
        offset: isize,
        axis: &Steps,
        length: usize,
        buffer: *mut T,
        step: usize,
    ) {
        if let (Data::Float(elements), Steps::Even(1)) = (self, axis) {
            // SAFETY: passed on to the caller.
            return unsafe { spread(elements.pointer.offset(offset), 1, buffer, step, length) };
        }
        each_type!(*self, splat: value => {
            for at in 0..length {
                // SAFETY: the caller vouches for the buffer.
                unsafe { buffer.add(at * step).write(value) };
            }
        }, pointer, number => {
            axis.walk(length, |at, along| {
                // SAFETY: the caller vouches for the elements and the buffer.
                unsafe { buffer.add(at * step).write(number(pointer.offset(offset + along).read())) };
            });
        });
    }

    /// Copies one element of each of some samples to neighbouring places of a buffer.
    ///
    /// # Safety
    ///
    /// There must be elements at `offset` from each of `samples`, and room for all of them.
    #[inline]
    pub(super) unsafe fn pick(&self, samples: &[isize], offset: isize, buffer: *mut T) {
        each_type!(*self, splat: value => {
            for lane in 0..samples.len() {
                // SAFETY: the caller vouches for the buffer.
                unsafe { buffer.add(lane).write(value) };
            }
        }, pointer, number => {
            for (lane, &sample) in samples.iter().enumerate() {
                // SAFETY: the caller vouches for the elements and the buffer.
                unsafe { buffer.add(lane).write(number(pointer.offset(sample + offset).read())) };
            }
        });
    }
}

/// Copies elements that are `step` apart to places that are `to_step` apart.
///
/// # Safety
///
/// Both must be valid for `length` steps, and apart.
#[inline(always)]
pub(super) unsafe fn spread<T: Copy>(from: *const T, step: usize, to: *mut T, to_step: usize, length: usize) {
    const UNROLLED: usize = 4;
    let mut at = 0;
    while at + UNROLLED <= length {
        for next in at..at + UNROLLED {
            // SAFETY: the caller vouches for all steps below `length`.
            unsafe { to.add(next * to_step).write(from.add(next * step).read()) };
        }
        at += UNROLLED;
    }
    for next in at..length {
        // SAFETY: as above.
        unsafe { to.add(next * to_step).write(from.add(next * step).read()) };
    }
}
