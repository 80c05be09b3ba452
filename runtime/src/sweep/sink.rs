//! Outputs: how what the lane loop gives reaches a sink.
//!
//! Input: a [`Sink`] under a collapsed shape. Output: a [`Drain`], which knows whether elements are written
//! where they belong or pass through a block buffer, and empties that buffer. Sums over repeated elements are
//! kept in f64, in accumulators that the caller owns, one set per shard.

use super::layout::{Form, form};
use super::walk::walk;
use super::{Sink, StridedMut};
use crate::real::Float;

/// A sink and the way to it.
#[derive(Clone, Debug)]
pub(super) enum Drain<'p, T> {
    /// Nothing is kept.
    Discard,
    /// Written in place.
    Direct(*mut T),
    /// Copied from a buffer, or added.
    Scatter {
        /// The first element.
        pointer: *mut T,
        /// One stride per axis.
        strides: &'p [isize],
        /// Whether to add.
        add: bool,
    },
    /// Added up.
    Fold(Fold<'p, T>),
}

/// A sink that several samples share.
#[derive(Clone, Debug)]
pub(super) struct Fold<'p, T> {
    pointer: *mut T,
    strides: &'p [isize],
    add: bool,
    /// Strides in the accumulators; empty where there is only one.
    dense: Vec<isize>,
    /// Number of accumulators.
    pub(super) size: usize,
}

impl<'p, T: Float> Drain<'p, T> {
    /// The way to a sink.
    pub(super) fn new(shape: &[usize], sink: &Sink<'p, T>, add: bool) -> Self {
        match sink {
            Sink::Discard => Drain::Discard,
            Sink::Store(array) => Drain::store(shape, array, add),
            Sink::Fold(array) => {
                let shared = |(length, stride): (&usize, &isize)| *stride == 0 && *length != 1;
                if shape.iter().zip(array.strides).any(shared) {
                    Drain::Fold(Fold::new(shape, array, add))
                } else {
                    Drain::store(shape, array, add)
                }
            }
        }
    }

    fn store(shape: &[usize], array: &StridedMut<'p, T>, add: bool) -> Self {
        if !add && form(shape, array.strides) == Form::Flat {
            Drain::Direct(array.pointer)
        } else {
            Drain::Scatter { pointer: array.pointer, strides: array.strides, add }
        }
    }

    /// Whether output passes through a buffer.
    #[inline]
    pub(super) fn buffered(&self) -> bool {
        matches!(self, Drain::Scatter { .. } | Drain::Fold(_))
    }

    /// How many accumulators it needs.
    #[inline]
    pub(super) fn accumulators(&self) -> usize {
        match self {
            Drain::Fold(fold) => fold.size,
            _ => 0,
        }
    }

    /// Empties the buffer of a block: `length` samples from number `start` on.
    ///
    /// # Safety
    ///
    /// `buffer` must be readable for `length` elements; the sink must be writable at these samples, and no
    /// other thread may touch them meanwhile.
    #[inline(never)]
    pub(super) unsafe fn empty(
        &self,
        shape: &[usize],
        start: usize,
        length: usize,
        buffer: *const T,
        sums: &mut [f64],
    ) {
        match self {
            Drain::Discard | Drain::Direct(_) => {}
            Drain::Scatter { pointer, strides, add } => walk(shape, strides, start, length, |piece| {
                if *add {
                    piece.each(|at, offset| {
                        // SAFETY: a piece covers samples of the block, so both sides are in bounds.
                        unsafe {
                            let place = pointer.offset(offset);
                            place.write(plus(place.read(), buffer.add(at).read()));
                        }
                    });
                } else {
                    piece.each(|at, offset| {
                        // SAFETY: as above.
                        unsafe { pointer.offset(offset).write(buffer.add(at).read()) };
                    });
                }
            }),
            Drain::Fold(fold) => {
                // SAFETY: the caller vouches for the buffer.
                let buffer = unsafe { std::slice::from_raw_parts(buffer, length) };
                fold.add_up(shape, start, buffer, sums);
            }
        }
    }

    /// Writes what was added up.
    ///
    /// # Safety
    ///
    /// The sink must be writable, and no other thread may touch it.
    pub(super) unsafe fn finish(&self, shape: &[usize], sums: &[f64]) {
        if let Drain::Fold(fold) = self {
            // SAFETY: passed on to the caller.
            unsafe { fold.write(shape, sums) };
        }
    }
}

impl<'p, T: Float> Fold<'p, T> {
    fn new(shape: &[usize], array: &StridedMut<'p, T>, add: bool) -> Self {
        let (pointer, strides) = (array.pointer, array.strides);
        if form(shape, strides) == Form::Constant {
            return Fold { pointer, strides, add, dense: Vec::new(), size: 1 };
        }
        let mut size = 1;
        let mut dense = vec![0isize; shape.len()];
        for axis in (0..shape.len()).rev() {
            if strides[axis] != 0 {
                dense[axis] = size as isize;
                size *= shape[axis];
            }
        }
        Fold { pointer, strides, add, dense, size }
    }

    fn add_up(&self, shape: &[usize], start: usize, buffer: &[T], sums: &mut [f64]) {
        if self.dense.is_empty() {
            sums[0] += sum(buffer);
            return;
        }
        walk(shape, &self.dense, start, buffer.len(), |piece| {
            let part = &buffer[piece.at..piece.at + piece.rows * piece.columns];
            let place = piece.offset as usize;
            match (piece.row_stride, piece.stride) {
                (step, 0) => match piece.columns {
                    2 => sum_short_rows::<T, 2>(part, &mut sums[place..], step as usize),
                    3 => sum_short_rows::<T, 3>(part, &mut sums[place..], step as usize),
                    4 => sum_short_rows::<T, 4>(part, &mut sums[place..], step as usize),
                    columns => {
                        for (row, elements) in part.chunks_exact(columns).enumerate() {
                            sums[place + row * step as usize] += sum(elements);
                        }
                    }
                },
                // As many rows at a time as make a vector.
                (0, 1) if piece.rows > 1 => match piece.columns {
                    2 => sum_columns::<T, 16>(part, &mut sums[place..place + 2]),
                    3 => sum_columns::<T, 24>(part, &mut sums[place..place + 3]),
                    4 => sum_columns::<T, 16>(part, &mut sums[place..place + 4]),
                    columns => {
                        for elements in part.chunks_exact(columns) {
                            add_to(&mut sums[place..], elements);
                        }
                    }
                },
                (step, 1) => {
                    for (row, elements) in part.chunks_exact(piece.columns).enumerate() {
                        add_to(&mut sums[place + row * step as usize..], elements);
                    }
                }
                _ => piece.each(|at, offset| sums[offset as usize] += buffer[at].to_f64()),
            }
        });
    }

    /// # Safety
    ///
    /// The sink must be writable, and no other thread may touch it.
    unsafe fn write(&self, shape: &[usize], sums: &[f64]) {
        let kept = |(length, stride): (&usize, &isize)| if *stride == 0 { 1 } else { *length };
        let small: Vec<usize> = shape.iter().zip(self.strides).map(kept).collect();
        walk(&small, self.strides, 0, self.size, |piece| {
            piece.each(|at, offset| {
                // SAFETY: the offset is that of an element which some sample has.
                unsafe {
                    let place = self.pointer.offset(offset);
                    let old = if self.add { place.read().to_f64() } else { 0.0 };
                    place.write(T::from_f64(old + sums[at]));
                }
            });
        });
    }
}

/// Writes 0 to a sink that is added up over no samples at all.
///
/// # Safety
///
/// The sink must be writable.
pub(super) unsafe fn clear<T: Float>(shape: &[usize], sink: &Sink<'_, T>, add: bool) {
    let Sink::Fold(array) = sink else { return };
    if add {
        return;
    }
    let kept = |(length, stride): (&usize, &isize)| if *stride == 0 { 1 } else { *length };
    let small: Vec<usize> = shape.iter().zip(array.strides).map(kept).collect();
    walk(&small, array.strides, 0, small.iter().product(), |piece| {
        // SAFETY: the offset is that of an element of the sink.
        piece.each(|_, offset| unsafe { array.pointer.offset(offset).write(T::from_f64(0.0)) });
    });
}

#[inline(always)]
fn plus<T: Float>(a: T, b: T) -> T {
    // Rounding a sum of two `f32` first to f64 changes nothing.
    T::from_f64(a.to_f64() + b.to_f64())
}

/// The sum of a buffer, in f64 lanes that are folded in a fixed order.
fn sum<T: Float>(buffer: &[T]) -> f64 {
    let mut lanes = [0.0f64; 16];
    let mut groups = buffer.chunks_exact(16);
    for group in &mut groups {
        for (lane, x) in lanes.iter_mut().zip(group) {
            *lane += x.to_f64();
        }
    }
    for (lane, x) in lanes.iter_mut().zip(groups.remainder()) {
        *lane += x.to_f64();
    }
    let mut width = 8;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

fn add_to<T: Float>(sums: &mut [f64], elements: &[T]) {
    for (sum, x) in sums.iter_mut().zip(elements) {
        *sum += x.to_f64();
    }
}

/// Adds up rows of `COLUMNS` elements, each into a place of its own.
fn sum_short_rows<T: Float, const COLUMNS: usize>(rows: &[T], sums: &mut [f64], step: usize) {
    for (row, elements) in rows.as_chunks::<COLUMNS>().0.iter().enumerate() {
        let mut sum = elements[0].to_f64();
        for x in &elements[1..] {
            sum += x.to_f64();
        }
        sums[row * step] += sum;
    }
}

/// Adds up columns of short rows: `sums.len()` of them, of which `WIDTH` is a multiple.
fn sum_columns<T: Float, const WIDTH: usize>(rows: &[T], sums: &mut [f64]) {
    let mut lanes = [0.0f64; WIDTH];
    let (groups, rest) = rows.as_chunks::<WIDTH>();
    for group in groups {
        for (lane, x) in lanes.iter_mut().zip(group) {
            *lane += x.to_f64();
        }
    }
    add_to(&mut lanes, rest);
    for row in lanes.chunks_exact(sums.len()) {
        for (sum, lane) in sums.iter_mut().zip(row) {
            *sum += lane;
        }
    }
}
