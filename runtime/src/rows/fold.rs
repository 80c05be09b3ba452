//! What is folded: from one number for each lane to one for the row.
//!
//! Everything here is compiled once for each element type, and not for each stage.

use super::lanes::{Block, LANES};
use super::stage::Kind;
use crate::carrier::Fx;
use crate::real::Real;

impl Kind {
    /// What folding starts with.
    pub(super) const fn neutral(self) -> f64 {
        match self {
            Kind::Each | Kind::Sum | Kind::Excess | Kind::Norm => 0.0,
            Kind::Prod => 1.0,
            Kind::Max => f64::NEG_INFINITY,
            Kind::Min => f64::INFINITY,
        }
    }

    /// Joins two results.
    #[inline(always)]
    pub(super) fn join(self, a: f64, b: f64) -> f64 {
        let (x, y) = (Fx::<f64, false>::of(a), Fx::<f64, false>::of(b));
        match self {
            Kind::Each | Kind::Sum | Kind::Excess => a + b,
            Kind::Norm => a.hypot(b),
            Kind::Prod => a * b,
            Kind::Max => x.max(y).get(),
            Kind::Min => x.min(y).get(),
        }
    }
}

/// Finishes what the lane loop leaves: where folds are `joined`, it brings those of all lanes to the first one; it takes
/// the one away from sums of `Kind::Excess`, and the root of those of `Kind::Norm`.
///
/// # Safety
///
/// `folds` must point at two blocks for each of the kinds, as the lane loop leaves them, which nobody else
/// uses.
#[inline]
pub(super) unsafe fn finish(kinds: &[Kind], folds: *mut Block<f64>, joined: bool) {
    for (number, kind) in kinds.iter().enumerate() {
        if *kind == Kind::Each {
            continue;
        }
        // SAFETY: passed on to the caller.
        let lanes = unsafe { &mut (*folds.add(number)).0 };
        if *kind == Kind::Excess {
            // SAFETY: as above; it is another block.
            let ones = unsafe { &mut (*folds.add(kinds.len() + number)).0 };
            excess(lanes, ones, joined);
            continue;
        }
        if joined {
            join(*kind, lanes);
        }
        if *kind == Kind::Norm {
            lanes.iter_mut().for_each(|lane| *lane = lane.sqrt());
        }
    }
}

/// Adds the number of ones, less one.
fn excess(lanes: &mut [f64; LANES], ones: &mut [f64; LANES], joined: bool) {
    if joined {
        join(Kind::Sum, lanes);
        join(Kind::Sum, ones);
    }
    for (lane, ones) in lanes.iter_mut().zip(ones) {
        *lane += *ones - 1.0;
    }
}

/// Joins all lanes to the first one, in a fixed order.
fn join(kind: Kind, lanes: &mut [f64; LANES]) {
    #[inline(always)]
    fn tree(lanes: &mut [f64; LANES], join: impl Fn(f64, f64) -> f64) {
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                lanes[lane] = join(lanes[lane], lanes[lane + width]);
            }
            width /= 2;
        }
    }
    match kind {
        Kind::Each => {}
        Kind::Sum | Kind::Excess | Kind::Norm => tree(lanes, |a, b| a + b),
        Kind::Prod => tree(lanes, |a, b| a * b),
        Kind::Max | Kind::Min => {
            let mut nan = false;
            for lane in lanes.iter() {
                nan |= lane.is_nan();
            }
            if nan {
                lanes[0] = f64::NAN;
            } else if kind == Kind::Max {
                tree(lanes, |a, b| if a > b { a } else { b });
            } else {
                tree(lanes, |a, b| if a < b { a } else { b });
            }
        }
    }
}
