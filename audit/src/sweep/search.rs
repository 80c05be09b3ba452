//! The search for worse points: from the worst that is known and from anywhere, by small and large steps that are
//! kept when the error grows. Every step is a point of the sweep.

use rayon::prelude::*;

use super::numbers::{allowed, extremes};
use super::points::some_number;
use super::{Effort, Point, Swept};
use crate::scene::{Random, Scene};

/// Starts from the worst points of each kind.
const STARTS: usize = 3;

/// Searches for larger errors of values and of derivatives.
pub fn search(swept: &Swept<'_>, effort: Effort) -> Vec<Point> {
    let elementwise = swept.subject.loss().is_elementwise();
    let steps = match (effort, elementwise) {
        (Effort::Quick, true) => 160,
        (Effort::Quick, false) => 40,
        (Effort::Dense, true) => 1500,
        (Effort::Dense, false) => 200,
    };
    let climbs: Vec<(usize, usize)> =
        [0, 1].into_iter().flat_map(|kind| (0..STARTS).map(move |start| (kind, start))).collect();
    let seed = if effort == Effort::Quick { 17 } else { 19 };
    let found = climbs.into_par_iter().flat_map_iter(|(kind, start)| {
        let mut worst: Vec<&Point> = swept.points.iter().filter(|point| score(point, kind) > 0.0).collect();
        worst.sort_by(|a, b| score(b, kind).total_cmp(&score(a, kind)));
        // The second and third starts are not neighbours of the first.
        match worst.get(start * worst.len() / 64) {
            Some(point) => climb(swept, (*point).clone(), kind, steps, seed + (3 * kind + start) as u64),
            None => Vec::new(),
        }
    });
    found.collect()
}

/// How bad a point is, where it is not wrong altogether.
fn score(point: &Point, kind: usize) -> f64 {
    if point.fault.is_some() { -1.0 } else { point.figures[kind].ulp.max(point.figures[kind].scaled) }
}

fn climb(swept: &Swept<'_>, start: Point, kind: usize, steps: usize, seed: u64) -> Vec<Point> {
    let mut random = Random::new(seed);
    let mut best = start;
    let mut found = Vec::new();
    for _ in 0..steps {
        let Some(next) = step(swept, &best.scene, &mut random).and_then(|scene| swept.look(scene)) else {
            continue;
        };
        if score(&next, kind) > score(&best, kind) {
            best = next.clone();
        }
        found.push(next);
    }
    found
}

/// Another call, with one or two elements or parameters moved.
fn step(swept: &Swept<'_>, scene: &Scene, random: &mut Random) -> Option<Scene> {
    let (loss, format) = (swept.subject.loss(), swept.format);
    let all = scene.everything(loss);
    let mut next = scene.clone();
    for _ in 0..=random.below(2) {
        let element = all[random.below(all.len())];
        let x = next.at(loss, element);
        let exponent = if x == 0.0 { 0 } else { x.abs().log2().floor() as i64 };
        let moved = match random.below(9) {
            0 | 1 => format.step(x, random.below(7) as i64 - 3),
            2 => format.step(x, random.below(2001) as i64 - 1000),
            3 | 4 => some_number(format, exponent, random).copysign(x),
            5 => some_number(format, exponent + random.below(5) as i64 - 2, random),
            6 => -x,
            7 => {
                let other = all[random.below(all.len())];
                format.step(next.at(loss, other), random.below(5) as i64 - 2)
            }
            _ => {
                let numbers = extremes(format);
                numbers[random.below(numbers.len())]
            }
        };
        if !allowed(loss, element, moved) {
            return None;
        }
        next.set(element, moved);
    }
    Some(next)
}
