//! What a loss takes of memory: nothing without a gradient, the gradient with one, and no copy of an input.

#![allow(unsafe_code, reason = "an allocator cannot be written without")]

mod given;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use candle_core::{DType, Result, Tensor};
use given::Random;
use lossdef::losses::{BceWithLogits, CrossEntropy};
use lossdef_candle::{Loss, Reduction};

/// Counts the bytes that are in use, and the most that were.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed on to the system's allocator; what is not here goes through these two.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(LIVE.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that a computation takes beyond what was in use before, in multiples of `unit` bytes.
fn peak<X>(unit: usize, body: impl FnOnce() -> Result<X>) -> Result<(X, f64)> {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = body()?;
    Ok((result, (PEAK.load(Relaxed) - before) as f64 / unit as f64))
}

/// What the kernels work in, which does not grow with the input: far less than a copy of it.
const LITTLE: f64 = 0.2;

// One test, because the counters are those of the process.
#[test]
fn peaks() -> Result<()> {
    let mut random = Random(31);
    let (rows, columns) = (4096, 64);
    let unit = rows * columns * size_of::<f32>();
    let logits = random.var((rows, columns), 4.0, DType::F32)?;
    let target = random.tensor((rows, columns), 4.0, DType::F32)?.gt(0.0)?.to_dtype(DType::F32)?;
    let labels = random.labels(rows, columns as u32)?;
    for (loss, target) in [(BceWithLogits::dynamic(), &target), (CrossEntropy::dynamic(), &labels)] {
        let mean = Loss::new(loss);
        // What is set up once: threads, the choice of the instruction set.
        mean.forward(&logits, target)?;
        for logits in [Tensor::clone(&logits), logits.t()?.contiguous()?.t()?] {
            let plain = logits.detach();
            let (_, untracked) = peak(unit, || mean.forward(&plain, target))?;
            assert!(untracked < LITTLE, "a value alone took {untracked} times its input");
            let before = LIVE.load(Relaxed);
            let (value, tracked) = peak(unit, || mean.forward(&logits, target))?;
            assert!(
                (1.0..1.0 + LITTLE).contains(&tracked),
                "with a gradient it took {tracked} times its input"
            );
            assert!(LIVE.load(Relaxed) - before < unit + unit / 10, "more than the gradient is kept");
            // candle's zeros, and their sum with the gradient; the sum remains. Then the same for the transposition.
            let (_, backward) = peak(unit, || value.backward())?;
            let more = if logits.is_contiguous() { 0.0 } else { 2.0 };
            assert!(backward < more + 2.0 + LITTLE, "the backward pass took {backward} times the input");
            drop(value);
            let (_, step) = peak(unit, || mean.forward(&logits, target)?.backward())?;
            assert!(step < more + 3.0 + LITTLE, "a step took {step} times the input");
        }
    }
    let each = Loss::new(BceWithLogits::dynamic()).reduction(Reduction::None);
    let (_, unreduced) = peak(unit, || each.forward(&logits, &target))?;
    assert!((1.0..1.0 + LITTLE).contains(&unreduced), "the values took {unreduced} times the input");
    Ok(())
}
