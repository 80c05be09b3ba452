//! Slots that share memory: one is written for the first time when the other has been read for the last time.

use super::live::{Live, touch};
use super::program::{Life, Program};

/// For each slot, the one whose memory it uses: its own number, or an earlier user of as many elements. Only arrays
/// of a sample share, and only those that nothing in `keep` touches.
pub(super) fn share(program: &Program<'_>, live: &Live<'_>, size: impl Fn(&[usize]) -> usize) -> Vec<usize> {
    let mut spans: Vec<Option<(usize, usize)>> = vec![None; program.slots.len()];
    for (step, action) in live.rows.iter().enumerate() {
        touch(action, &mut |slot| {
            let (first, _) = spans[slot].unwrap_or((step, step));
            spans[slot] = Some((first, step));
        });
    }
    for action in &live.keep {
        touch(action, &mut |slot| spans[slot] = None);
    }
    let mut homes: Vec<usize> = (0..program.slots.len()).collect();
    let eligible = |slot: &usize| {
        let own = &program.slots[*slot];
        own.life == Life::Row && !own.loops.is_empty() && live.slots[*slot] && spans[*slot].is_some()
    };
    let mut order: Vec<usize> = homes.iter().copied().filter(eligible).collect();
    order.sort_by_key(|slot| spans[*slot]);
    // Homes with how many elements they have, and when they were used last.
    let mut used: Vec<(usize, usize, usize)> = Vec::new();
    for slot in order {
        let Some((first, last)) = spans[slot] else { continue };
        let elements = size(program.slots[slot].loops);
        match used.iter_mut().find(|home| home.1 == elements && home.2 < first) {
            Some(home) => {
                homes[slot] = home.0;
                home.2 = last;
            }
            None => used.push((slot, elements, last)),
        }
    }
    homes
}
