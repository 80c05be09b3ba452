//! Products of matrices over the samples of a tile: `Action::Product` and `Action::Total`.

use super::ground::Ground;
use super::layout::Base;
use crate::real::Float;

/// A matrix with a row for each sample of a tile, each row behind the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix {
    pub(super) base: Base,
    /// Elements from row to row.
    pub(super) row: usize,
    /// Elements in a row.
    pub(super) length: usize,
}

/// `into = left * right`, where `right` is the same for all samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product {
    pub(super) left: Matrix,
    pub(super) right: Base,
    /// Elements from one summand to the next, and from one result to the next.
    pub(super) right_strides: [isize; 2],
    pub(super) into: Matrix,
}

/// A matrix of the call += `transposed left * right`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total {
    pub(super) left: Matrix,
    pub(super) right: Matrix,
    /// Where the result begins, row-major without gaps.
    pub(super) start: usize,
}

impl Product {
    /// Runs for all samples of the tile.
    ///
    /// # Safety
    ///
    /// It must belong to the plan that `ground` was made for.
    pub(super) unsafe fn run<T: Float>(&self, ground: &Ground<'_, T>) {
        let Product { left, right, right_strides: [over, to], into } = *self;
        let sizes = [ground.count, left.length, into.length];
        // SAFETY: `left` and `into` have a row for each sample of the tile; the plan took the strides of
        // `right` from its array. `into` is a slot, which nothing else reads meanwhile.
        unsafe {
            gemm(
                sizes,
                (ground.pointer(left.base), [left.row as isize, 1]),
                (ground.pointer(right), [over, to]),
                0.0,
                (ground.pointer(into.base), into.row as isize),
            );
        }
    }
}

impl Total {
    /// Adds the samples of the tile that are kept.
    ///
    /// # Safety
    ///
    /// It must belong to the plan that `ground` was made for.
    pub(super) unsafe fn run<T: Float>(&self, ground: &Ground<'_, T>) {
        let Total { left, right, start } = *self;
        if ground.active.len() < ground.count {
            let mut active = ground.active.iter().peekable();
            for sample in 0..ground.count {
                if active.next_if(|next| **next == sample).is_some() {
                    continue;
                }
                for matrix in [left, right] {
                    let row = ground.pointer(matrix.base).wrapping_add(sample * matrix.row);
                    // SAFETY: the matrix is in the memory of the tile and has this row, which belongs to a
                    // sample that is not kept, so that nobody needs it.
                    unsafe { std::slice::from_raw_parts_mut(row, matrix.length) }.fill(T::from_f64(0.0));
                }
            }
        }
        let sizes = [left.length, ground.count, right.length];
        // SAFETY: both have a row for each sample of the tile; the plan has room for the result, which no
        // other thread adds to.
        unsafe {
            gemm(
                sizes,
                (ground.pointer(left.base), [1, left.row as isize]),
                (ground.pointer(right.base), [right.row as isize, 1]),
                1.0,
                (ground.matrices.add(start), right.length as isize),
            );
        }
    }
}

/// `c = a b + beta c` for matrices of `rows` x `over` and `over` x `columns`. Strides are those of rows and
/// of columns; columns of `c` lie side by side.
///
/// # Safety
///
/// All elements must be readable, those of `c` writable, and `c` overlap neither `a` nor `b`.
unsafe fn gemm<T: Float>(
    [rows, over, columns]: [usize; 3],
    (a, [ar, ac]): (*const T, [isize; 2]),
    (b, [br, bc]): (*const T, [isize; 2]),
    beta: f64,
    (c, cr): (*mut T, isize),
) {
    // SAFETY: passed on to the caller. `Float` is sealed: `T` is `f32` or `f64`, which differ in size.
    unsafe {
        if size_of::<T>() == size_of::<f32>() {
            let (a, b, c) = (a.cast(), b.cast(), c.cast());
            matrixmultiply::sgemm(rows, over, columns, 1.0, a, ar, ac, b, br, bc, beta as f32, c, cr, 1);
        } else {
            let (a, b, c) = (a.cast(), b.cast(), c.cast());
            matrixmultiply::dgemm(rows, over, columns, 1.0, a, ar, ac, b, br, bc, beta, c, cr, 1);
        }
    }
}
