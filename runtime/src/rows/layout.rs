//! Which way lanes run, how many samples make a tile, and where slots lie in it.
//!
//! *Across*: one lane per sample, 32 samples a tile; everything over loops is an array of groups. *Along*:
//! lanes run along the innermost loop; everything over loops is an array per sample whose rows are filled up
//! to whole groups. In both, one number per sample is kept as an array over samples.

use super::lanes::LANES;
use super::steps::Steps;

/// Which way lanes run in a pass over loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Along the innermost loop.
    Along,
    /// Across samples.
    Across,
}

/// In what memory something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// The memory of a tile, from an element on.
    Tile(usize),
    /// The memory of the call, from an element on.
    Call(usize),
    /// An input.
    Input(usize),
}

/// How a sample leads to its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// All samples have the same.
    Same,
    /// One element per sample of the tile, side by side.
    Lane,
    /// Each sample of the tile has its own array, so many elements after the one before.
    Array(usize),
    /// By the offsets with this number.
    Offsets(usize),
}

/// Where the elements are that a pass reads or writes: a first one, the way to those of a sample, and steps
/// over the loops of the pass.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) by: By,
    /// One for each outer loop.
    pub(super) outer: Vec<Steps>,
    pub(super) inner: Steps,
}

impl Spot {
    /// What the positions of the outer loops add.
    #[inline(always)]
    pub(super) fn outside(&self, positions: &[usize]) -> isize {
        let mut offset = 0;
        for (steps, &position) in self.outer.iter().zip(positions) {
            offset += steps.offset(position);
        }
        offset
    }
}

/// A dense array over some loops in the memory of a tile or of a call.
#[derive(Clone, Debug)]
pub(super) struct Room {
    pub(super) base: Base,
    pub(super) by: By,
    /// Elements per sample (without lanes).
    pub(super) size: usize,
    /// Each dimension with its stride.
    pub(super) strides: Vec<isize>,
    /// All elements that it takes.
    pub(super) taken: usize,
}

impl Room {
    /// An array of these lengths for each sample of a tile of `lanes` samples (a multiple of 32), at `start`.
    pub(super) fn tile(layout: Layout, lengths: &[usize], samples: usize, start: usize) -> Room {
        if lengths.is_empty() {
            let taken = samples.next_multiple_of(LANES);
            return Room { base: Base::Tile(start), by: By::Lane, size: 1, strides: Vec::new(), taken };
        }
        match layout {
            Layout::Across => {
                let (strides, size) = dense(lengths, 1, LANES as isize);
                Room { base: Base::Tile(start), by: By::Lane, size, strides, taken: size * LANES }
            }
            Layout::Along => {
                let (strides, size) = dense(lengths, LANES, 1);
                // Rows that follow each other in memory do so in whole groups, too.
                Room { base: Base::Tile(start), by: By::Array(size), size, strides, taken: size * samples }
            }
        }
    }

    /// An array of these lengths for the call; one number fills a group.
    pub(super) fn call(lengths: &[usize], start: usize) -> Room {
        let (strides, size) = dense(lengths, LANES, 1);
        Room { base: Base::Call(start), by: By::Same, size, strides, taken: size.max(LANES) }
    }
}

/// Row-major strides for these lengths, where the last one is rounded up to a multiple of `whole`, and the
/// number of elements. Strides are multiplied by `factor`.
pub(super) fn dense(lengths: &[usize], whole: usize, factor: isize) -> (Vec<isize>, usize) {
    let mut strides = vec![0; lengths.len()];
    let mut size = 1;
    for (axis, &length) in lengths.iter().enumerate().rev() {
        strides[axis] = size as isize * factor;
        size *= if axis + 1 == lengths.len() { length.next_multiple_of(whole) } else { length };
    }
    (strides, size)
}
