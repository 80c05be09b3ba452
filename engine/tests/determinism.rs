//! Losses that are read at run time have the same bits for any number of threads, from whatever thread a call is made,
//! and on all instruction sets with fused multiply-add.

#[path = "../../tests/exact/mod.rs"]
mod exact;
#[path = "../../tests/given/mod.rs"]
mod given;
#[path = "../../tests/oracle/mod.rs"]
mod oracle;

use exact::contexts::Expected;
use exact::{Exact, large, losses, sets, whole};
use lossdef_engine::{Module, load};

/// The losses, read at run time.
fn module() -> Module {
    load("losses.def", include_str!("../../losses.def")).unwrap_or_else(|report| panic!("{report}"))
}

fn calls(large_ones: bool) -> Vec<Exact> {
    let module = module();
    let mut calls = Vec::new();
    for (number, loss) in losses().enumerate() {
        let read = module.get(loss.spec().name).expect("the same losses").dynamic();
        let given = match large_ones {
            true => large(loss, number as u64).swap_remove(0),
            false => whole(loss, &[5, 7], [35, 33], number as u64),
        };
        for single in [true, false] {
            // A large call takes long: of each loss one.
            if !large_ones || single == number.is_multiple_of(2) {
                calls.push(Exact::new(&given, single).with(read));
            }
        }
    }
    calls
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let calls = calls(true);
    Expected::new(&calls).in_pools(false);
}

#[test]
fn calls_in_the_midst_of_other_work_give_the_same_bits() {
    let calls = calls(false);
    let expected = Expected::new(&calls);
    expected.with_many_callers();
    expected.in_the_midst_of_a_pool(3);
}

#[test]
fn results_are_written() {
    sets::write(&calls(false));
}

#[test]
fn instruction_sets_with_fused_multiply_add_give_the_same_bits() {
    sets::compare(&calls(false), "results_are_written");
}
