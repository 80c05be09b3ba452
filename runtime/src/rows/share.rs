//! Slots that share memory: one is written for the first time when the other has been read for the last time, or by
//! the same pass, at each position after the other has been read there.

use super::lanes::LANES;
use super::live::{Live, touch};
use super::program::{Action, Life, Program, Write};

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
    let mut used: Vec<Home> = Vec::new();
    for slot in order {
        let Some((first, last)) = spans[slot] else { continue };
        let loops = program.slots[slot].loops;
        let elements = size(loops);
        let whole = loops.last().is_some_and(|inner| whole_groups(size(&[*inner])));
        let free = |home: &&mut Home| {
            let replaced = || match live.rows[first] {
                Action::Pass { loops, writes, .. } => {
                    whole && replaces(program, loops, writes, home.user, slot)
                }
                _ => false,
            };
            home.elements == elements && (home.last < first || home.last == first && replaced())
        };
        match used.iter_mut().find(free) {
            Some(home) => {
                homes[slot] = home.slot;
                (home.user, home.last) = (slot, last);
            }
            None => used.push(Home { slot, elements, user: slot, last }),
        }
    }
    homes
}

/// Memory that slots share.
struct Home {
    /// Its first user.
    slot: usize,
    elements: usize,
    /// Its last user so far, and the step that touches that last.
    user: usize,
    last: usize,
}

/// Whether the lane loop visits each position of a row once. At the end of a longer row, it goes over some again.
fn whole_groups(length: usize) -> bool {
    length < LANES || length.is_multiple_of(LANES)
}

/// Whether a pass over these loops that reads one slot stores the other at the same positions, and writes nothing else
/// to the first.
fn replaces(program: &Program<'_>, loops: &[usize], writes: &[Write<'_>], old: usize, new: usize) -> bool {
    let over = |slot: usize| program.slots[slot].loops == loops;
    let touches = |write: &&Write<'_>| matches!(**write, Write::Store(own) | Write::Fold(own) | Write::Total(own) if own == old);
    over(old)
        && over(new)
        && writes.contains(&Write::Store(new))
        && !writes.iter().any(|write| touches(&write))
}
