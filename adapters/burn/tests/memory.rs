//! What a loss takes of memory: nothing without a gradient, the gradient with one, and no copy of an input.

#![allow(unsafe_code, reason = "an allocator cannot be written without")]

mod given;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use burn::nn::loss::Reduction;
use burn::tensor::{DType, Tensor};
use given::{Random, device};
use lossdef::losses::{BceWithLogits, CrossEntropy};
use lossdef_burn::{Input, Loss};

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
fn peak<X>(unit: usize, body: impl FnOnce() -> X) -> (X, f64) {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = body();
    (result, (PEAK.load(Relaxed) - before) as f64 / unit as f64)
}

/// What the kernels work in, which does not grow with the input: far less than a copy of it.
const LITTLE: f64 = 0.2;

// One test, because the counters are those of the process.
#[test]
fn peaks() {
    let mut random = Random(31);
    let (rows, columns) = (4096, 64);
    let unit = rows * columns * size_of::<f32>();
    let logits = random.leaf([rows, columns], 4.0, DType::F32);
    let zeros = Tensor::<2>::zeros([columns, rows], &device());
    let turned = (logits.clone().set_require_grad(false).transpose() + zeros).require_grad();
    let target: Input = random.tensor([rows, columns], 4.0, DType::F32).sign().clamp_min(0.0).into();
    let labels: Input = random.labels(rows, columns as u64).into();
    for (formula, target) in [(BceWithLogits::dynamic(), &target), (CrossEntropy::dynamic(), &labels)] {
        let loss = Loss::new(formula);
        let mean = |logits: &Tensor<2>| loss.forward(logits.clone(), target.clone(), Reduction::Mean);
        // What is set up once: threads, the choice of the instruction set, the graph.
        mean(&logits).backward();
        for logits in [logits.clone(), turned.clone().transpose()] {
            let plain = logits.clone().inner();
            let (_, untracked) = peak(unit, || mean(&plain));
            assert!(untracked < LITTLE, "a value alone took {untracked} times its input");
            let before = LIVE.load(Relaxed);
            let (value, tracked) = peak(unit, || mean(&logits));
            assert!(
                (1.0..1.0 + LITTLE).contains(&tracked),
                "with a gradient it took {tracked} times its input"
            );
            assert!(LIVE.load(Relaxed) - before < unit + unit / 10, "more than the gradient is kept");
            let (_, backward) = peak(unit, || value.backward());
            assert!(backward < 1.0 + LITTLE, "the backward pass took {backward} times the input");
        }
    }
    let loss = Loss::new(BceWithLogits::dynamic());
    let (_, unreduced) = peak(unit, || loss.forward_no_reduction::<2>(logits.clone(), target.clone()));
    assert!((1.0..1.0 + LITTLE).contains(&unreduced), "the values took {unreduced} times the input");
}
