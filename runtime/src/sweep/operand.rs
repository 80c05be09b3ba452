//! Inputs: how the elements of an operand reach the lane loop.
//!
//! Input: an [`Operand`] under a collapsed shape. Output: a [`Feed`], which knows whether elements are read
//! where they lie, are the same for all samples, repeat with a short period, or must be gathered block by
//! block, and does the gathering. Invariant: an operand is readable at every sample of its shape.

use super::Operand;
use super::layout::{Form, form};
use super::walk::{Piece, walk};
use crate::real::Float;

/// The longest period that is laid out once instead of gathered again for each block.
pub(super) const PERIOD: usize = 256;

/// An operand and its way to the lane loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Feed<'p, T> {
    pub(super) operand: Operand<'p, T>,
    pub(super) route: Route<T>,
}

/// The way of an operand to the lane loop.
#[derive(Clone, Copy, Debug)]
pub(super) enum Route<T> {
    /// Read where it lies.
    Direct(*const T),
    /// One value.
    Repeat(T),
    /// The elements of so many samples, over and over.
    Tile(usize),
    /// Copied to a buffer first.
    Gather,
}

impl<'p, T: Float> Feed<'p, T> {
    /// The way for an operand.
    ///
    /// # Safety
    ///
    /// The operand must be readable at every sample of `shape`, which has at least one.
    #[inline]
    pub(super) unsafe fn new(shape: &[usize], operand: Operand<'p, T>) -> Self {
        let strides = match operand {
            Operand::Splat(value) => return Feed { operand, route: Route::Repeat(value) },
            Operand::Float(array) => array.strides,
            Operand::Bool(array) => array.strides,
            Operand::Int(array) => array.strides,
        };
        let route = match (form(shape, strides), operand) {
            (Form::Flat, Operand::Float(array)) => Route::Direct(array.pointer),
            (Form::Constant, _) => {
                let mut value = T::default();
                // SAFETY: there is a first sample, and the caller vouches for its element.
                unsafe { gather(operand, shape, 0, 1, &mut value) };
                Route::Repeat(value)
            }
            _ => match period(shape, strides) {
                Some(period) if period <= PERIOD => Route::Tile(period),
                _ => Route::Gather,
            },
        };
        Feed { operand, route }
    }

    /// How many elements of buffer it needs for blocks of `block` samples.
    #[inline]
    pub(super) fn room(&self, block: usize) -> usize {
        match self.route {
            Route::Direct(_) | Route::Repeat(_) => 0,
            Route::Tile(_) => block + PERIOD,
            Route::Gather => block,
        }
    }
}

/// After how many samples the elements repeat, where the outer axes have stride 0.
fn period(shape: &[usize], strides: &[isize]) -> Option<usize> {
    let first = strides.iter().zip(shape).position(|(stride, length)| *stride != 0 && *length != 1)?;
    (first > 0).then(|| shape[first..].iter().product())
}

/// A whole number as a `T`; NaN, which is in no domain, where `T` does not hold it.
#[inline(always)]
fn whole<T: Float>(x: i64) -> T {
    let near = T::from_f64(x as f64);
    let back = near.to_f64();
    let same = back < 9_223_372_036_854_775_808.0 && back as i64 == x;
    if same { near } else { T::from_f64(f64::NAN) }
}

/// Copies the elements of `length` samples from number `start` on to a buffer.
///
/// # Safety
///
/// The operand must be readable at these samples; `buffer` must be writable for `length` elements and not
/// overlap it.
#[inline(never)]
pub(super) unsafe fn gather<T: Float>(
    operand: Operand<'_, T>,
    shape: &[usize],
    start: usize,
    length: usize,
    buffer: *mut T,
) {
    match operand {
        Operand::Splat(value) => {
            for at in 0..length {
                // SAFETY: the buffer holds `length` elements.
                unsafe { buffer.add(at).write(value) };
            }
        }
        Operand::Float(array) => walk(shape, array.strides, start, length, |piece| {
            if piece.stride == 1 && piece.columns >= 16 {
                let (mut at, mut offset) = (piece.at, piece.offset);
                for _ in 0..piece.rows {
                    // SAFETY: a piece covers samples of the stretch, so both sides are in bounds.
                    unsafe {
                        buffer.add(at).copy_from_nonoverlapping(array.pointer.offset(offset), piece.columns);
                    }
                    at += piece.columns;
                    offset = offset.wrapping_add(piece.row_stride);
                }
            } else if piece.stride == 0 && piece.columns > 8 {
                // One read for a row, which `each` would not know.
                let rows = Piece { columns: 1, ..piece };
                rows.each(|row, offset| {
                    // SAFETY: as above; the row has `columns` samples.
                    unsafe {
                        let value = array.pointer.offset(offset).read();
                        let row = buffer.add(piece.at + (row - piece.at) * piece.columns);
                        for column in 0..piece.columns {
                            row.add(column).write(value);
                        }
                    }
                });
            } else {
                piece.each(|at, offset| {
                    // SAFETY: as above.
                    unsafe { buffer.add(at).write(array.pointer.offset(offset).read()) };
                });
            }
        }),
        Operand::Bool(array) => walk(shape, array.strides, start, length, |piece| {
            let (one, zero) = (T::from_f64(1.0), T::from_f64(0.0));
            piece.each(|at, offset| {
                // SAFETY: as above.
                unsafe { buffer.add(at).write(if array.pointer.offset(offset).read() { one } else { zero }) };
            });
        }),
        Operand::Int(array) => walk(shape, array.strides, start, length, |piece| {
            piece.each(|at, offset| {
                // SAFETY: as above.
                let value = whole(unsafe { array.pointer.offset(offset).read() });
                // SAFETY: as above.
                unsafe { buffer.add(at).write(value) };
            });
        }),
    }
}

/// Copies the first `period` elements to a buffer of `length`, over and over.
///
/// # Safety
///
/// That of [`gather`], for `period` samples and a buffer of `length` elements, which is not less.
pub(super) unsafe fn tile<T: Float>(
    operand: Operand<'_, T>,
    shape: &[usize],
    period: usize,
    length: usize,
    buffer: *mut T,
) {
    // SAFETY: passed on to the caller; a copy ends where the buffer does, and begins where its source ends.
    unsafe {
        gather(operand, shape, 0, period, buffer);
        let mut done = period;
        while done < length {
            let count = done.min(length - done);
            buffer.add(done).copy_from_nonoverlapping(buffer, count);
            done += count;
        }
    }
}
