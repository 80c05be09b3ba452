//! Products of matrices over the samples of a tile: `Action::Product` and `Action::Total`.

use rayon::prelude::*;

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

/// A matrix += `transposed left * right`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total {
    pub(super) left: Matrix,
    pub(super) right: Matrix,
    pub(super) into: Sums,
    /// Elements from row to row and from column to column of the result.
    pub(super) strides: [isize; 2],
}

/// Where sums of outer products are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sums {
    /// Among the accumulators of matrices, from one on.
    Matrices(usize),
    /// In the target of a derivative.
    Target(usize),
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
            let product = Gemm {
                sizes,
                a: (ground.pointer(left.base), [left.row as isize, 1]),
                b: (ground.pointer(right), [over, to]),
                beta: 0.0,
                c: (ground.pointer(into.base), [into.row as isize, 1]),
            };
            product.run(ground.split);
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
        let Total { left, right, into, strides } = *self;
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
        let sums = match into {
            Sums::Matrices(start) => ground.matrices.wrapping_add(start),
            Sums::Target(goal) => ground.goals[goal].target.pointer,
        };
        // SAFETY: both have a row for each sample of the tile; the plan has room for the result, or it is a target
        // with these strides, which no other thread adds to.
        unsafe {
            let product = Gemm {
                sizes,
                a: (ground.pointer(left.base), [1, left.row as isize]),
                b: (ground.pointer(right.base), [right.row as isize, 1]),
                beta: 1.0,
                c: (sums, strides),
            };
            product.run(ground.split);
        }
    }
}

/// `c = a b + beta c` for matrices of rows x summands and summands x columns, each with strides of its rows and of
/// its columns.
#[derive(Clone, Copy)]
struct Gemm<T> {
    sizes: [usize; 3],
    a: (*const T, [isize; 2]),
    b: (*const T, [isize; 2]),
    beta: f64,
    c: (*mut T, [isize; 2]),
}

/// Something that threads may share.
#[derive(Clone, Copy)]
struct Shared<T>(T);

// SAFETY: threads write apart from each other, see `Gemm::run`.
unsafe impl<T: Float> Sync for Shared<Gemm<T>> {}

impl<T: Float> Shared<Gemm<T>> {
    fn part(&self, part: usize, parts: usize) -> Gemm<T> {
        self.0.part(part, parts)
    }
}

impl<T: Float> Gemm<T> {
    /// Runs, on all threads if it is to be `split`. An element is the same sum in the same order then.
    ///
    /// # Safety
    ///
    /// All elements must be readable, those of `c` writable and apart, and `c` overlap neither `a` nor `b`.
    unsafe fn run(self, split: bool) {
        /// Rows or columns that are worth a thread.
        const PART: usize = 128;
        let [rows, _, columns] = self.sizes;
        let parts = (rows.max(columns) / PART).min(2 * rayon::current_num_threads());
        if !split || rayon::current_num_threads() == 1 || parts < 2 {
            // SAFETY: passed on to the caller.
            return unsafe { self.single() };
        }
        let shared = Shared(self);
        (0..parts).into_par_iter().for_each(|part| {
            // SAFETY: passed on to the caller; parts have no element of `c` in common.
            unsafe { shared.part(part, parts).single() };
        });
    }

    /// Some of the rows or, where there are more of them, of the columns.
    fn part(self, part: usize, parts: usize) -> Self {
        let [rows, over, columns] = self.sizes;
        let (a, b, c) = (self.a, self.b, self.c);
        let range = |length: usize| (part * length / parts, (part + 1) * length / parts);
        if rows > columns {
            let (start, end) = range(rows);
            let (above, below) = (start as isize * a.1[0], start as isize * c.1[0]);
            let (a, c) = ((a.0.wrapping_offset(above), a.1), (c.0.wrapping_offset(below), c.1));
            return Gemm { sizes: [end - start, over, columns], a, c, ..self };
        }
        let (start, end) = range(columns);
        let (above, below) = (start as isize * b.1[1], start as isize * c.1[1]);
        let (b, c) = ((b.0.wrapping_offset(above), b.1), (c.0.wrapping_offset(below), c.1));
        Gemm { sizes: [rows, over, end - start], b, c, ..self }
    }

    /// Runs on this thread.
    ///
    /// # Safety
    ///
    /// As [`Self::run`].
    unsafe fn single(self) {
        let [mut rows, over, mut columns] = self.sizes;
        let ((mut a, [mut ar, mut ac]), (mut b, [mut br, mut bc])) = (self.a, self.b);
        let (c, [mut cr, mut cc]) = self.c;
        if cr == 1 && cc != 1 {
            // The transposed product, whose columns lie side by side.
            (rows, columns, cr, cc) = (columns, rows, cc, cr);
            (a, ar, ac, b, br, bc) = (b, bc, br, a, ac, ar);
        }
        let beta = self.beta;
        // SAFETY: passed on to the caller. `Float` is sealed: `T` is `f32` or `f64`, which differ in size.
        unsafe {
            if size_of::<T>() == size_of::<f32>() {
                let (a, b, c) = (a.cast(), b.cast(), c.cast());
                let beta = beta as f32;
                matrixmultiply::sgemm(rows, over, columns, 1.0, a, ar, ac, b, br, bc, beta, c, cr, cc);
            } else {
                let (a, b, c) = (a.cast(), b.cast(), c.cast());
                matrixmultiply::dgemm(rows, over, columns, 1.0, a, ar, ac, b, br, bc, beta, c, cr, cc);
            }
        }
    }
}
