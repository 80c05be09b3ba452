//! Scratch memory: rooms are handed out while a call is planned, and are all there when it runs.

use super::lanes::{Block, LANES};

/// Hands out rooms, each at the start of a group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rooms {
    taken: usize,
}

impl Rooms {
    /// A room for so many elements, and at least for one group: where it begins.
    pub(super) fn take(&mut self, elements: usize) -> usize {
        let start = self.taken;
        self.taken += elements.max(1).next_multiple_of(LANES);
        start
    }

    /// How many elements all rooms have.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Makes room for the rooms of another list, which are not needed at the same time.
    pub(super) fn share(&mut self, other: Rooms) {
        self.taken = self.taken.max(other.taken);
    }
}

/// The rooms of a list, all elements 0.
#[derive(Debug)]
pub(super) struct Arena<T> {
    blocks: Vec<Block<T>>,
}

impl<T: Copy + Default> Arena<T> {
    pub(super) fn new(rooms: Rooms) -> Self {
        Arena { blocks: vec![Block([T::default(); LANES]); rooms.taken.div_ceil(LANES)] }
    }

    /// The first element.
    pub(super) fn pointer(&mut self) -> *mut T {
        self.blocks.as_mut_ptr().cast()
    }

    /// All elements.
    pub(super) fn elements(&mut self) -> &mut [T] {
        let length = self.blocks.len() * LANES;
        // SAFETY: a block is an array of `LANES` elements without padding (its size is a multiple of 64
        // bytes).
        unsafe { std::slice::from_raw_parts_mut(self.pointer(), length) }
    }
}
