//! Calls into the caller's buffers do not allocate, where all arrays are laid out alike.

mod formulas;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use formulas::{Masked, Mse, MseGrads, SmoothL1, SmoothL1Grads};
use lossdef_runtime::reduction::{Sum, Unreduced};
use ndarray::Array2;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn without_allocation<X>(body: impl FnOnce() -> X) -> X {
    let before = COUNT.get();
    let result = body();
    assert_eq!(COUNT.get() - before, 0, "the call allocated");
    result
}

#[test]
fn into_buffers() {
    let (x, t) = (Array2::from_elem((20, 50), 0.25f32), Array2::from_elem((20, 50), 0.75f32));
    let (keep, w) = (x.mapv(|x| x > 0.0), &x + 1.0);
    let (mut gx, mut gt, mut gw, mut values) = (x.clone(), x.clone(), x.clone(), x.clone());
    // Once for what is set up once: threads, the choice of the instruction set.
    SmoothL1::new().forward(&x, &t).unwrap();

    without_allocation(|| SmoothL1::new().beta(0.5).forward(&x, &t).unwrap());
    without_allocation(|| SmoothL1::new().on(&x, &t).forward_backward_into(&mut gx).unwrap());
    without_allocation(|| {
        let grads = SmoothL1Grads::new().input(&mut gx).target(&mut gt);
        SmoothL1::new().reduction(Sum).on(&x, &t).backward_into(2.0, grads).unwrap();
    });
    without_allocation(|| SmoothL1::new().reduction(Unreduced).on(&x, &t).forward_into(&mut values).unwrap());
    without_allocation(|| {
        let loss = Mse::new().reduction(Unreduced);
        loss.on(&x, &t).values_and_gradients_into(&mut values, &mut gx).unwrap();
    });
    without_allocation(|| Masked::new().on(&x, &t, &keep).forward_backward_into(&mut gx).unwrap());
    without_allocation(|| Masked::new().on(&x, &t, &keep).partial_into(&mut gx).unwrap());
    without_allocation(|| {
        let grads = MseGrads::new().input(&mut gx).weight(&mut gw);
        Mse::new().on(&x, &t).weight(&w).forward_backward_into(grads).unwrap()
    });
}
