//! Between rows in memory and groups of lanes: what a tile whose lanes run across samples reads and writes.
//!
//! A group has one element for each of 32 samples; groups follow each other, one for each position. Blocks of four
//! samples and four positions go through registers, where LLVM makes shuffles of the exchange.

use super::lanes::LANES;

/// Samples, and positions, of a block.
const BLOCK: usize = 4;

/// Brings rows of `length` elements, the one of each lane at an offset from `from`, into groups at `to`.
///
/// # Safety
///
/// The rows must be readable, and the groups writable, and both apart. There are 32 offsets.
#[inline]
pub(super) unsafe fn gather_rows<T: Copy + Default>(
    from: *const T,
    offsets: &[isize],
    length: usize,
    to: *mut T,
) {
    let (blocks, _) = offsets.as_chunks::<BLOCK>();
    for (block, offsets) in blocks.iter().take(LANES / BLOCK).enumerate() {
        let rows = offsets.map(|offset| from.wrapping_offset(offset));
        let to = to.wrapping_add(block * BLOCK);
        let mut at = 0;
        while at + BLOCK <= length {
            // SAFETY: the caller vouches for all positions below `length`.
            unsafe {
                let square = rows.map(|row| row.add(at).cast::<[T; BLOCK]>().read_unaligned());
                for (next, column) in exchanged(square).into_iter().enumerate() {
                    to.add((at + next) * LANES).cast::<[T; BLOCK]>().write_unaligned(column);
                }
            }
            at += BLOCK;
        }
        for at in at..length {
            // SAFETY: as above.
            unsafe {
                let column = rows.map(|row| row.add(at).read());
                to.add(at * LANES).cast::<[T; BLOCK]>().write_unaligned(column);
            }
        }
    }
}

/// Brings groups at `from` into rows of `length` elements, the one of each of these lanes at its offset from `to`.
///
/// # Safety
///
/// The groups must be readable, and the rows of `lanes` writable, and both apart. There are 32 offsets.
#[inline]
pub(super) unsafe fn scatter_rows<T: Copy + Default>(
    from: *const T,
    lanes: &[usize],
    offsets: &[isize],
    length: usize,
    to: *mut T,
) {
    let mut rest = lanes;
    while let Some((&first, others)) = rest.split_first() {
        let neighbours = rest.first_chunk::<BLOCK>().filter(|four| four[BLOCK - 1] == first + BLOCK - 1);
        let Some(four) = neighbours else {
            // SAFETY: passed on to the caller.
            unsafe { scatter_row(from.add(first), 0, length, to.offset(offsets[first])) };
            rest = others;
            continue;
        };
        rest = &rest[BLOCK..];
        let rows = four.map(|lane| to.wrapping_offset(offsets[lane]));
        let from = from.wrapping_add(first);
        let mut at = 0;
        while at + BLOCK <= length {
            // SAFETY: the caller vouches for all positions below `length`.
            unsafe {
                let group = |next: usize| from.add((at + next) * LANES).cast::<[T; BLOCK]>().read_unaligned();
                let square = exchanged([group(0), group(1), group(2), group(3)]);
                for (row, part) in rows.iter().zip(square) {
                    row.add(at).cast::<[T; BLOCK]>().write_unaligned(part);
                }
            }
            at += BLOCK;
        }
        for (lane, row) in rows.into_iter().enumerate() {
            // SAFETY: as above.
            unsafe { scatter_row(from.add(lane), at, length, row) };
        }
    }
}

/// Brings the elements of one lane, from a position on, into its row.
///
/// # Safety
///
/// As [`scatter_rows`].
#[inline]
unsafe fn scatter_row<T: Copy>(from: *const T, start: usize, length: usize, row: *mut T) {
    for at in start..length {
        // SAFETY: passed on to the caller.
        unsafe { row.add(at).write(from.add(at * LANES).read()) };
    }
}

/// Rows as columns.
#[inline(always)]
fn exchanged<T: Copy + Default>(square: [[T; BLOCK]; BLOCK]) -> [[T; BLOCK]; BLOCK] {
    let mut columns = [[T::default(); BLOCK]; BLOCK];
    for (at, row) in square.iter().enumerate() {
        for (column, x) in columns.iter_mut().zip(row) {
            column[at] = *x;
        }
    }
    columns
}
