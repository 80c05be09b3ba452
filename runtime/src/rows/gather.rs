//! Elements picked by positions that were computed: `Action::Gather`.

use super::data::Data;
use super::ground::Ground;
use super::layout::{Base, By};
use super::pass::Desk;
use super::read::splat;
use super::steps::Steps;
use crate::real::Float;

/// A gather, resolved.
#[derive(Clone, Debug)]
pub(super) struct Gather {
    /// The lengths of the loops of the slot, and the lists that some of them visit.
    pub(super) lengths: Vec<usize>,
    pub(super) lists: Vec<Option<usize>>,
    /// What is read.
    pub(super) from: Place,
    /// The positions that slots hold.
    pub(super) picks: Vec<Pick>,
    /// The slot.
    pub(super) into: Place,
    /// Whether it is one number for the whole call, which fills a group.
    pub(super) lone: bool,
}

/// Where elements are, with steps over the loops of the slot.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) base: Base,
    pub(super) by: By,
    pub(super) steps: Vec<Steps>,
}

/// A position that a slot holds.
#[derive(Clone, Debug)]
pub(super) struct Pick {
    pub(super) slot: Place,
    /// How many positions the axis has, and how what is read lies along it.
    pub(super) length: usize,
    pub(super) axis: Steps,
}

impl Place {
    fn outside(&self, positions: &[usize]) -> isize {
        self.steps.iter().zip(positions).map(|(steps, &position)| steps.offset(position)).sum()
    }
}

impl Gather {
    /// Runs for all active samples.
    ///
    /// # Safety
    ///
    /// It must belong to the plan that `ground` was made for.
    pub(super) unsafe fn run<T: Float>(&self, ground: &Ground<'_, T>, desk: &mut Desk<T>) {
        let lengths = &mut desk.lengths[..self.lengths.len()];
        ground.bound(&self.lengths, &self.lists, None, lengths);
        if lengths.contains(&0) {
            return;
        }
        let from = ground.data(self.from.base);
        if let (true, [pick], By::Lane, false) =
            (self.lengths.is_empty(), &self.picks[..], self.into.by, self.lone)
            && pick.length > 0
        {
            let into = ground.pointer(self.into.base);
            match from {
                Data::Float(from) => {
                    // SAFETY: passed on to the caller.
                    return unsafe { self.one(ground, from.pointer, pick, into) };
                }
                Data::Splat(value) => {
                    // SAFETY: a number of each sample has room for all samples of a tile.
                    return unsafe { std::slice::from_raw_parts_mut(into, ground.lanes) }.fill(value);
                }
                _ => {}
            }
        }
        let into = ground.pointer(self.into.base);
        let nothing = self.picks.iter().any(|pick| pick.length == 0);
        let positions = &mut desk.positions[..self.lengths.len()];
        for position in positions.iter_mut() {
            *position = 0;
        }
        loop {
            let (source, target) = (self.from.outside(positions), self.into.outside(positions));
            for &sample in ground.active {
                let mut offset = source + ground.way(self.from.by, sample);
                for pick in &self.picks {
                    let place = pick.slot.outside(positions) + ground.way(pick.slot.by, sample);
                    // SAFETY: the slot has an element for these loops and this sample.
                    let value = unsafe { ground.pointer(pick.slot.base).offset(place).read() };
                    // NaN and negative numbers become 0.
                    let position = (value.to_f64() as usize).min(pick.length.saturating_sub(1));
                    offset += pick.axis.offset(position);
                }
                // SAFETY: all positions are inside of their axes (and where one has none, nothing is read),
                // and the slot has an element here.
                unsafe {
                    let value = if nothing { T::from_f64(0.0) } else { from.at(offset) };
                    into.offset(target + ground.way(self.into.by, sample)).write(value);
                }
            }
            if !advance(positions, lengths) {
                break;
            }
        }
        if self.lone {
            // SAFETY: the slot is a group, whose first lane was written.
            unsafe { splat(into.read(), into) };
        }
    }
}

impl Gather {
    /// The common case: one number per sample, picked from numbers by one position.
    ///
    /// # Safety
    ///
    /// As [`Gather::run`]; the axis of the pick has positions.
    #[inline]
    unsafe fn one<T: Float>(&self, ground: &Ground<'_, T>, from: *const T, pick: &Pick, into: *mut T) {
        let slot = ground.pointer(pick.slot.base);
        let last = pick.length as i64 - 1;
        let offsets = match self.from.by {
            By::Offsets(number) => Some(ground.offsets(number)),
            _ => None,
        };
        for &sample in ground.active {
            // SAFETY: slots have an element for this sample, and the position is inside of its axis.
            unsafe {
                let value = slot.offset(ground.way(pick.slot.by, sample)).read();
                let position = (value.to_f64() as i64).clamp(0, last) as usize;
                let way = offsets.map_or_else(|| ground.way(self.from.by, sample), |own| own[sample]);
                into.add(sample).write(from.offset(way + pick.axis.offset(position)).read());
            }
        }
    }
}

/// Goes on to the next position, row-major; false after the last.
#[inline(always)]
pub(super) fn advance(positions: &mut [usize], lengths: &[usize]) -> bool {
    for (position, &length) in positions.iter_mut().zip(lengths).rev() {
        *position += 1;
        if *position < length {
            return true;
        }
        *position = 0;
    }
    false
}
