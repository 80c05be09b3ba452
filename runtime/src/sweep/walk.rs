//! Index walks: a stretch of samples of a strided array, as small rectangles.
//!
//! Input: a shape, the strides of one array, where the stretch starts and how long it is. Output: calls with
//! [`Piece`]s that cover the stretch in order, plus the copies between a piece and a buffer that need no
//! knowledge of sinks.

/// A rectangle of samples: `rows` times the last axis, or a part of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Offset of the first element, in elements.
    pub(super) offset: isize,
    /// Number of the first sample, counted from the start of the stretch.
    pub(super) at: usize,
    /// How many rows.
    pub(super) rows: usize,
    /// How many samples in each.
    pub(super) columns: usize,
    /// Distance between rows, in elements.
    pub(super) row_stride: isize,
    /// Distance between samples of a row, in elements.
    pub(super) stride: isize,
}

impl Piece {
    /// Calls `visit` with the number and the offset of every sample.
    #[inline(always)]
    pub(super) fn each(&self, mut visit: impl FnMut(usize, isize)) {
        #[inline(always)]
        fn rows(piece: &Piece, columns: usize, visit: &mut impl FnMut(usize, isize)) {
            let (mut at, mut start) = (piece.at, piece.offset);
            for _ in 0..piece.rows {
                let mut offset = start;
                for column in 0..columns {
                    visit(at + column, offset);
                    offset = offset.wrapping_add(piece.stride);
                }
                at += columns;
                start = start.wrapping_add(piece.row_stride);
            }
        }
        // Short rows are common (colours, coordinates, classes): spare them the loop.
        match self.columns {
            2 => rows(self, 2, &mut visit),
            3 => rows(self, 3, &mut visit),
            4 => rows(self, 4, &mut visit),
            columns => rows(self, columns, &mut visit),
        }
    }
}

/// Covers `length` samples from number `start` on, all of them in the shape.
pub(super) fn walk(
    shape: &[usize],
    strides: &[isize],
    start: usize,
    length: usize,
    mut visit: impl FnMut(Piece),
) {
    if length == 0 {
        return;
    }
    let Some((&columns, outer)) = shape.split_last() else {
        return visit(Piece { offset: 0, at: 0, rows: 1, columns: 1, row_stride: 0, stride: 0 });
    };
    let stride = strides[outer.len()];
    if outer.is_empty() {
        let offset = scaled(start, stride);
        return visit(Piece { offset, at: 0, rows: 1, columns: length, row_stride: 0, stride });
    }
    let row_stride = strides[outer.len() - 1];
    let mut short = [0usize; 8];
    let mut long;
    let index: &mut [usize] = if outer.len() <= short.len() {
        &mut short[..outer.len()]
    } else {
        long = vec![0; outer.len()];
        &mut long
    };
    let mut column = start % columns;
    let mut rest = start / columns;
    let mut base = 0isize;
    for axis in (0..outer.len()).rev() {
        index[axis] = rest % outer[axis];
        rest /= outer[axis];
        base = base.wrapping_add(scaled(index[axis], strides[axis]));
    }
    let last = outer.len() - 1;
    let mut at = 0;
    while at < length {
        let left = length - at;
        let rows = if column > 0 || left < columns {
            // A part of a row.
            let count = left.min(columns - column);
            let offset = base.wrapping_add(scaled(column, stride));
            visit(Piece { offset, at, rows: 1, columns: count, row_stride, stride });
            at += count;
            column += count;
            if column < columns {
                return;
            }
            column = 0;
            1
        } else {
            let rows = (outer[last] - index[last]).min(left / columns);
            visit(Piece { offset: base, at, rows, columns, row_stride, stride });
            at += rows * columns;
            rows
        };
        index[last] += rows;
        base = base.wrapping_add(scaled(rows, row_stride));
        let mut axis = last;
        while axis > 0 && index[axis] == outer[axis] {
            base = base.wrapping_sub(scaled(index[axis], strides[axis])).wrapping_add(strides[axis - 1]);
            index[axis] = 0;
            index[axis - 1] += 1;
            axis -= 1;
        }
    }
}

#[inline]
fn scaled(count: usize, stride: isize) -> isize {
    (count as isize).wrapping_mul(stride)
}
