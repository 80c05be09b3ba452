//! Results have the same bits for any number of threads, from whatever thread a call is made, in every run.

mod exact;
mod given;
mod oracle;

use exact::contexts::{Expected, merged, pool};
use exact::plans::facts;
use exact::sets;
use exact::{Exact, large, losses, parts, whole};

/// Whether everything is tried in every way, which takes minutes.
fn deep() -> bool {
    std::env::var_os("LOSSDEF_DEEP").is_some()
}

/// Calls of all losses, large ones: in a quick run one for each loss, in either float type.
fn large_calls() -> Vec<Exact> {
    let mut calls = Vec::new();
    for (number, loss) in losses().enumerate() {
        let all = large(loss, number as u64);
        for single in [true, false] {
            for (at, given) in all.iter().enumerate() {
                if deep() || (at == number % all.len() && single == (number % 3 > 0)) {
                    calls.push(Exact::new(given, single));
                }
            }
        }
    }
    calls
}

/// Calls of all losses in both float types, so small that one thread does all.
fn small_calls() -> Vec<Exact> {
    let all = losses().enumerate().flat_map(|(number, loss)| {
        let call = |samples: &[usize], named| whole(loss, samples, named, number as u64);
        // Sums of products in more than one block.
        let long = facts(loss.spec().name).contracts.then(|| call(&[9], [21, 300]));
        std::iter::once(call(&[5, 7], [35, 33])).chain(long)
    });
    all.flat_map(|given| [true, false].map(|single| Exact::new(&given, single))).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let calls = large_calls();
    Expected::new(&calls).in_pools(deep());
}

#[test]
fn many_callers_at_once_get_the_same_bits() {
    let calls = small_calls();
    Expected::new(&calls).with_many_callers();
}

#[test]
fn calls_in_the_midst_of_other_work_give_the_same_bits() {
    let calls = small_calls();
    let expected = Expected::new(&calls);
    for threads in [1, 3] {
        expected.in_the_midst_of_a_pool(threads);
    }
}

#[test]
fn partial_results_that_are_merged_in_order_have_the_same_bits() {
    for (number, loss) in losses().enumerate() {
        for single in [true, false] {
            let given = whole(loss, &[61, 3], [35, 33], number as u64);
            let parts: Vec<Exact> = parts(&given, 5).iter().map(|part| Exact::new(part, single)).collect();
            if !parts.is_empty() {
                let expected = pool(1).install(|| merged(&parts));
                for threads in [2, 8] {
                    let found = pool(threads).install(|| merged(&parts));
                    assert!(found == expected, "{}: other bits with {threads} threads", loss.spec().name);
                }
            }
        }
    }
}

#[test]
fn results_are_written() {
    sets::write(&small_calls());
}

#[test]
fn instruction_sets_with_fused_multiply_add_give_the_same_bits() {
    sets::compare(&small_calls(), "results_are_written");
}

#[test]
fn results_of_another_machine_have_the_same_bits() {
    sets::compare_with_another(&small_calls());
}
