//! Stretches of samples: whole groups and the rest, blocks with their buffers, chunks with their sums.
//!
//! Input: a [`Job`], which holds the lane loop, a collapsed shape and the way of every array. Output: the sum
//! of each chunk, in order. Invariant: a lane's sum depends on the number of the sample alone, not on blocks.

use std::array::from_fn;
use std::mem::MaybeUninit;
use std::ops::Range;

use super::Operand;
use super::body::{Block, Frame, LANES, Source, Tally, Target};
use super::isa::Lanes;
use super::operand::{Feed, Route, gather, tile};
use super::sink::Drain;
use crate::real::Float;

/// Samples whose sum is folded at once. Fixed, so that sums do not depend on threads.
pub(super) const CHUNK: usize = 32768;
/// The most samples that pass through buffers at once.
const BLOCK: usize = 1024;
/// Fewer are not worth a round; a job with so many arrays gets its buffers from the heap.
const SMALL_BLOCK: usize = 128;
/// Bytes of buffers on the stack, which fit a first-level cache.
const ARENA: usize = 32768;

/// A pass that is ready to run.
pub(super) struct Job<'p, T, const I: usize, const O: usize> {
    pub(super) lanes: &'p dyn Lanes<T, I, O>,
    pub(super) shape: &'p [usize],
    pub(super) samples: usize,
    pub(super) inputs: [Feed<'p, T>; I],
    pub(super) upstream: Feed<'p, T>,
    pub(super) values: Drain<'p, T>,
    pub(super) outputs: [Drain<'p, T>; O],
}

// SAFETY: pointers of feeds are only read. Those of drains are written at the samples of a chunk (and each
// chunk has one thread), or, for folds, by the thread that owns the whole job after all others are done.
unsafe impl<T: Float, const I: usize, const O: usize> Sync for Job<'_, T, I, O> {}

/// One group for every array: the repeated value of an input, or a rest that is less than a group.
struct Bay<T, const I: usize, const O: usize> {
    inputs: [Block<T>; I],
    upstream: Block<T>,
    values: Block<T>,
    outputs: [Block<T>; O],
}

/// Buffers on the stack.
#[repr(align(64))]
struct Arena(#[allow(dead_code, reason = "only its address is used")] [MaybeUninit<u8>; ARENA]);

impl<T: Float, const I: usize, const O: usize> Job<'_, T, I, O> {
    /// Number of chunks.
    #[inline]
    pub(super) fn chunks(&self) -> usize {
        self.samples.div_ceil(CHUNK)
    }

    /// Number of accumulators that the sinks need together.
    #[inline]
    pub(super) fn accumulators(&self) -> usize {
        self.drains().map(Drain::accumulators).sum()
    }

    /// Values first, then outputs.
    #[inline]
    pub(super) fn drains(&self) -> impl Iterator<Item = &Drain<'_, T>> {
        std::iter::once(&self.values).chain(&self.outputs)
    }

    /// Runs some chunks, in order, and hands their sums over. Tells whether every sample was valid.
    ///
    /// # Safety
    ///
    /// All arrays of the job must be as its parts ask for, and no other thread may run the same chunks.
    pub(super) unsafe fn run(
        &self,
        chunks: Range<usize>,
        sums: &mut [f64],
        each: &mut dyn FnMut(f64),
    ) -> bool {
        let value = |feed: &Feed<'_, T>| match feed.route {
            Route::Repeat(value) => Block([value; LANES]),
            _ => Block([T::default(); LANES]),
        };
        let mut bay = Bay {
            inputs: self.inputs.each_ref().map(value),
            upstream: value(&self.upstream),
            values: Block([T::default(); LANES]),
            outputs: [Block([T::default(); LANES]); O],
        };
        let bay = &raw mut bay;
        let direct = |feed: &Feed<'_, T>| matches!(feed.route, Route::Direct(_) | Route::Repeat(_));
        // SAFETY: `bay` lives until the end of this function; the rest is passed on to the caller.
        unsafe {
            if self.inputs.iter().all(direct) && direct(&self.upstream) && !self.drains().any(Drain::buffered)
            {
                self.run_direct(bay, chunks, each)
            } else {
                self.run_blocks(bay, chunks, sums, each)
            }
        }
    }

    /// # Safety
    ///
    /// As [`Self::run`]; every feed and drain is direct.
    unsafe fn run_direct(
        &self,
        bay: *mut Bay<T, I, O>,
        chunks: Range<usize>,
        each: &mut dyn FnMut(f64),
    ) -> bool {
        let mut valid = true;
        for chunk in chunks {
            let start = chunk * CHUNK;
            let length = CHUNK.min(self.samples - start);
            let mut tally = Tally::new();
            // SAFETY: no feed or drain needs a buffer; the rest is passed on to the caller.
            unsafe {
                let frame = self.frame(bay, start, std::ptr::null_mut(), 0);
                self.span(bay, &frame, length, &mut tally);
            }
            valid &= !tally.faulty();
            each(tally.total());
        }
        valid
    }

    /// # Safety
    ///
    /// As [`Self::run`].
    #[inline(never)]
    unsafe fn run_blocks(
        &self,
        bay: *mut Bay<T, I, O>,
        chunks: Range<usize>,
        sums: &mut [f64],
        each: &mut dyn FnMut(f64),
    ) -> bool {
        let mut arena = MaybeUninit::<Arena>::uninit();
        let mut heap: Vec<MaybeUninit<Block<T>>>;
        let capacity = ARENA / size_of::<T>();
        let (fixed, per_sample) = (self.room(0), self.room(1) - self.room(0));
        let block = (capacity.saturating_sub(fixed) / per_sample).min(BLOCK) / LANES * LANES;
        let enough = self.samples.min(CHUNK).next_multiple_of(LANES);
        let (buffers, block) = if block >= SMALL_BLOCK {
            (arena.as_mut_ptr().cast::<T>(), block.min(enough))
        } else {
            heap = Vec::new();
            heap.resize_with(self.room(SMALL_BLOCK).div_ceil(LANES), MaybeUninit::uninit);
            (heap.as_mut_ptr().cast::<T>(), SMALL_BLOCK)
        };
        let feeds = || self.inputs.iter().chain(std::iter::once(&self.upstream));

        let mut valid = true;
        // SAFETY: buffers are handed out in the order of `room`, each as large as it says. Feeds and drains are
        // asked for samples of the job only.
        unsafe {
            let mut place = buffers;
            for feed in feeds() {
                if let Route::Tile(period) = feed.route {
                    tile(feed.operand, self.shape, period, block + period - 1, place);
                }
                place = place.add(feed.room(block));
            }
        }
        for chunk in chunks {
            let end = self.samples.min((chunk + 1) * CHUNK);
            let mut start = chunk * CHUNK;
            let mut tally = Tally::new();
            while start < end {
                let length = block.min(end - start);
                // SAFETY: as above.
                unsafe {
                    let mut place = buffers;
                    for feed in feeds() {
                        if let Route::Gather = feed.route {
                            gather(feed.operand, self.shape, start, length, place);
                        }
                        place = place.add(feed.room(block));
                    }
                    let frame = self.frame(bay, start, buffers, block);
                    self.span(bay, &frame, length, &mut tally);

                    let mut place = buffers.add(feeds().map(|feed| feed.room(block)).sum());
                    let mut sums = &mut *sums;
                    for drain in self.drains() {
                        let (own, others) = sums.split_at_mut(drain.accumulators());
                        sums = others;
                        if drain.buffered() {
                            drain.empty(self.shape, start, length, place, own);
                            place = place.add(block);
                        }
                    }
                }
                start += length;
            }
            valid &= !tally.faulty();
            each(tally.total());
        }
        valid
    }

    /// How many elements of buffer blocks of `block` samples need.
    fn room(&self, block: usize) -> usize {
        let feeds = self.inputs.iter().chain(std::iter::once(&self.upstream));
        let drains = self.drains().filter(|drain| drain.buffered());
        feeds.map(|feed| feed.room(block)).sum::<usize>() + drains.count() * block
    }

    /// The pointers for samples from `start` on, where each array that needs a buffer finds its room, for
    /// blocks of `block` samples, in `buffers`, in order.
    ///
    /// # Safety
    ///
    /// `bay` must be valid.
    #[inline(always)]
    unsafe fn frame(
        &self,
        bay: *mut Bay<T, I, O>,
        start: usize,
        buffers: *mut T,
        block: usize,
    ) -> Frame<T, I, O> {
        let mut place = buffers;
        let mut source = |feed: &Feed<'_, T>, own: *const T| {
            let here = place;
            place = place.wrapping_add(feed.room(block));
            match feed.route {
                Route::Direct(pointer) => Source { pointer: pointer.wrapping_add(start), step: LANES },
                Route::Repeat(_) => Source { pointer: own, step: 0 },
                Route::Tile(period) => Source { pointer: here.wrapping_add(start % period), step: LANES },
                Route::Gather => Source { pointer: here, step: LANES },
            }
        };
        // SAFETY: `bay` is valid.
        let inputs = from_fn(|i| source(&self.inputs[i], unsafe { (&raw const (*bay).inputs[i].0).cast() }));
        // SAFETY: as above.
        let upstream = source(&self.upstream, unsafe { (&raw const (*bay).upstream.0).cast() });
        let mut target = |drain: &Drain<'_, T>, own: *mut T| match drain {
            Drain::Discard => Target { pointer: own, step: 0 },
            Drain::Direct(pointer) => Target { pointer: pointer.wrapping_add(start), step: LANES },
            Drain::Scatter { .. } | Drain::Fold(_) => {
                let here = place;
                place = place.wrapping_add(block);
                Target { pointer: here, step: LANES }
            }
        };
        // SAFETY: as above.
        let values = target(&self.values, unsafe { (&raw mut (*bay).values.0).cast() });
        // SAFETY: as above.
        let outputs = from_fn(|o| target(&self.outputs[o], unsafe { (&raw mut (*bay).outputs[o].0).cast() }));
        Frame { inputs, upstream, values, outputs }
    }

    /// Runs the lane loop over `length` samples.
    ///
    /// # Safety
    ///
    /// Every pointer of the frame with a step must be valid for `length` elements, one without for a group.
    #[inline]
    unsafe fn span(
        &self,
        bay: *mut Bay<T, I, O>,
        frame: &Frame<T, I, O>,
        length: usize,
        tally: &mut Tally<T>,
    ) {
        let (groups, rest) = (length / LANES, length % LANES);
        if groups > 0 {
            // SAFETY: passed on to the caller.
            unsafe { self.lanes.run(frame, groups, tally) };
        }
        if rest > 0 {
            // SAFETY: passed on to the caller.
            unsafe { self.rest(bay, &frame.advance(groups), rest, tally) };
        }
    }

    /// Runs less than a group: the last sample fills the lanes that are left, whose results are dropped.
    ///
    /// # Safety
    ///
    /// As [`Self::span`], with `0 < length < LANES`.
    #[inline(never)]
    unsafe fn rest(
        &self,
        bay: *mut Bay<T, I, O>,
        frame: &Frame<T, I, O>,
        length: usize,
        tally: &mut Tally<T>,
    ) {
        let source = |source: Source<T>, own: *mut T| {
            if source.step == 0 {
                return source;
            }
            // SAFETY: `length` elements can be read, and the bay's group belongs to this array alone.
            unsafe {
                own.copy_from_nonoverlapping(source.pointer, length);
                let last = source.pointer.add(length - 1).read();
                for lane in length..LANES {
                    own.add(lane).write(last);
                }
            }
            Source { pointer: own, step: 0 }
        };
        let target = |target: Target<T>, own: *mut T| {
            if target.step == 0 { target } else { Target { pointer: own, step: 0 } }
        };
        let copy = |target: Target<T>, own: *const T| {
            if target.step != 0 {
                // SAFETY: `length` elements can be written, and the lane loop has filled the bay's group.
                unsafe { target.pointer.copy_from_nonoverlapping(own, length) };
            }
        };
        // SAFETY: `bay` is valid, and the frame holds no pointer into a group that is written here.
        unsafe {
            let full = Frame {
                inputs: from_fn(|i| source(frame.inputs[i], (&raw mut (*bay).inputs[i].0).cast())),
                upstream: source(frame.upstream, (&raw mut (*bay).upstream.0).cast()),
                values: target(frame.values, (&raw mut (*bay).values.0).cast()),
                outputs: from_fn(|o| target(frame.outputs[o], (&raw mut (*bay).outputs[o].0).cast())),
            };
            let mut last = Tally::new();
            self.lanes.run(&full, 1, &mut last);
            copy(frame.values, (&raw const (*bay).values.0).cast());
            for (o, output) in frame.outputs.iter().enumerate() {
                copy(*output, (&raw const (*bay).outputs[o].0).cast());
            }
            for lane in 0..length {
                tally.sums[lane] += last.sums[lane];
                if last.faults[lane] != T::default() {
                    tally.faults[lane] = last.faults[lane];
                }
            }
        }
    }
}

/// The number, in row-major order, of the first invalid sample.
///
/// # Safety
///
/// The inputs must be readable at every sample of `shape`.
#[cold]
pub(super) unsafe fn first_invalid<T: Float, const I: usize, const O: usize>(
    lanes: &dyn Lanes<T, I, O>,
    shape: &[usize],
    samples: usize,
    inputs: &[Operand<'_, T>; I],
) -> usize {
    let mut blocks = [Block([T::default(); LANES]); I];
    let mut scratch = Block([T::default(); LANES]);
    let target = Target { pointer: scratch.0.as_mut_ptr(), step: 0 };
    for start in (0..samples).step_by(LANES) {
        let length = LANES.min(samples - start);
        for (input, block) in inputs.iter().zip(&mut blocks) {
            // SAFETY: these are samples of the shape, and the block holds a group.
            unsafe { gather(*input, shape, start, length, block.0.as_mut_ptr()) };
            let last = block.0[length - 1];
            block.0[length..].fill(last);
        }
        let one = Block([T::from_f64(1.0); LANES]);
        let frame = Frame {
            inputs: from_fn(|i| Source { pointer: blocks[i].0.as_ptr(), step: 0 }),
            upstream: Source { pointer: one.0.as_ptr(), step: 0 },
            values: target,
            outputs: [target; O],
        };
        let mut tally = Tally::new();
        // SAFETY: every pointer of the frame is good for one group.
        unsafe { lanes.run(&frame, 1, &mut tally) };
        let fault = |lane: &usize| tally.faults[*lane] != T::default();
        if let Some(lane) = (0..length).find(fault) {
            return start + lane;
        }
    }
    0
}
