//! The calls of a sweep, without the search: a list that is the same every time.
//!
//! Every element goes through the exponents of the format while the others stand at plain numbers, and while they
//! stand at the edges of the format; pairs go through all corners together; all elements are put at random places;
//! numbers stand next to the constants, kinks and thresholds of the formula, and next to each other.

use std::collections::HashSet;

use rayon::prelude::*;

use super::Effort;
use super::kinks::{Seeker, comparisons, constants};
use super::numbers::{allowed, corners, extremes, mentioned, parameters};
use crate::checks::accuracy::grid;
use crate::scene::{Element, Random, Scene};
use crate::subject::Subject;
use crate::ulp::Format;

/// The calls.
pub fn points(subject: &Subject<'_>, format: Format, effort: Effort) -> Vec<Scene> {
    let mut plan =
        Plan { subject, format, effort, elementwise: subject.loss().is_elementwise(), scenes: vec![] };
    for (at, set) in parameters(subject.loss(), format).into_iter().enumerate() {
        plan.add_all(&set, at == 0);
    }
    let mut seen = HashSet::new();
    plan.scenes.retain(|scene| seen.insert(key(scene)));
    plan.scenes
}

fn key(scene: &Scene) -> Vec<u64> {
    let inputs = scene.inputs.iter().flatten().flatten();
    inputs.chain(&scene.parameters).map(|x| x.to_bits()).collect()
}

/// Scenes of one kind, for the defaults of the parameters: so many remain in a quick sweep of a loss without axes, and
/// over axes, where a call costs more, a part of them.
const SCENES: usize = 800;

struct Plan<'a> {
    subject: &'a Subject<'a>,
    format: Format,
    effort: Effort,
    elementwise: bool,
    scenes: Vec<Scene>,
}

impl Plan<'_> {
    /// One of two numbers, by how thorough the sweep is.
    fn either<T>(&self, quick: T, dense: T) -> T {
        if self.effort == Effort::Quick { quick } else { dense }
    }

    /// Less for other parameters than the defaults, and where a call has many elements.
    fn share(&self, main: bool, count: usize) -> usize {
        count / if main { 1 } else { 6 } / if self.elementwise { 1 } else { 6 }
    }

    fn add_all(&mut self, parameters: &[f64], main: bool) {
        let turns = match (main, self.effort) {
            (true, Effort::Dense) => 5,
            (true, Effort::Quick) if self.elementwise => 3,
            (true, Effort::Quick) => 2,
            (false, _) => self.either(1, 2),
        };
        let bases: Vec<Scene> = (0..turns).map(|turn| self.base(parameters, turn)).collect();
        let kinds: [&dyn Fn(&mut Self); 6] = [
            &|plan| plan.along(&bases, main),
            &|plan| plan.among_extremes(&bases[0], main),
            &|plan| plan.pairs(&bases[0], main),
            &|plan| plan.scattered(&bases[0], main),
            &|plan| plan.edges(&bases, parameters, main),
            &|plan| plan.close(&bases[0], main),
        ];
        for kind in kinds {
            let start = self.scenes.len();
            kind(self);
            self.thin(start, self.share(main, self.either(SCENES, 3 * SCENES)));
        }
        if main && self.effort == Effort::Dense {
            self.every_exponent(&bases[0]);
        }
    }

    /// Keeps so many of the scenes from `start` on, at even distances.
    fn thin(&mut self, start: usize, most: usize) {
        let count = self.scenes.len() - start;
        if count > most {
            let kept = (0..most).map(|at| start + at * count / most);
            let kept: Vec<Scene> = kept.map(|at| self.scenes[at].clone()).collect();
            self.scenes.truncate(start);
            self.scenes.extend(kept);
        }
    }

    fn base(&self, parameters: &[f64], turn: usize) -> Scene {
        let scene = Scene::small(self.subject.loss(), parameters.to_vec(), turn);
        if self.format == Format::F32 { scene.single() } else { scene }
    }

    fn push(&mut self, scene: Scene, moved: &[Element]) {
        let loss = self.subject.loss();
        if moved.iter().all(|element| allowed(loss, *element, scene.at(loss, *element))) {
            self.scenes.push(scene);
        }
    }

    /// The elements that move by themselves: the first of each input, over axes the last as well.
    fn movers(&self, base: &Scene) -> Vec<Element> {
        let all = base.elements(self.subject.loss());
        let first = |at: usize| at == 0 || all[at].input != all[at - 1].input;
        let last = |at: usize| at + 1 == all.len() || all[at].input != all[at + 1].input;
        let chosen = (0..all.len()).filter(|at| first(*at) || (last(*at) && self.effort == Effort::Dense));
        chosen.map(|at| all[at]).collect()
    }

    fn grid(&self, element: Element, stride: usize, significands: usize) -> Vec<f64> {
        grid(self.format, stride, significands, self.subject.loss().inputs[element.input].domain.as_ref())
    }

    fn strides(&self, main: bool) -> usize {
        match (self.format, self.effort, main) {
            (_, Effort::Dense, true) => 1,
            (Format::F32, Effort::Dense, false) => 8,
            (Format::F64, Effort::Dense, false) => 64,
            (Format::F32, Effort::Quick, true) => 4,
            (Format::F64, Effort::Quick, true) => 32,
            (Format::F32, Effort::Quick, false) => 32,
            (Format::F64, Effort::Quick, false) => 256,
        }
    }

    fn along(&mut self, bases: &[Scene], main: bool) {
        for (turn, base) in bases.iter().enumerate() {
            for element in self.movers(base) {
                let significands = if main && turn == 0 { self.either(1, 4) } else { 1 };
                for x in self.grid(element, self.strides(main), significands) {
                    self.push(base.with(element, x), &[element]);
                }
            }
        }
    }

    /// The first element of each input at every exponent of the format, with both signs.
    fn every_exponent(&mut self, base: &Scene) {
        for element in self.movers(base).into_iter().filter(|element| element.flat == 0) {
            for x in self.grid(element, 1, 1) {
                self.push(base.with(element, x), &[element]);
            }
        }
    }

    fn among_extremes(&mut self, base: &Scene, main: bool) {
        let all = base.elements(self.subject.loss());
        let stride = self.strides(main) * self.either(8, 16);
        for x in if main { extremes(self.format) } else { corners(self.format) } {
            let mut others = base.clone();
            for element in &all {
                if allowed(self.subject.loss(), *element, x) {
                    others.set(*element, x);
                }
            }
            self.push(others.clone(), &all);
            let movers = self.movers(base);
            for element in &movers {
                let grid = self.grid(*element, stride, 1);
                let step = self.either(6, 1) * if main { 1 } else { 4 };
                for x in grid.into_iter().step_by(step) {
                    self.push(others.with(*element, x), &[*element]);
                }
            }
        }
    }

    /// All corners of two elements: of different inputs, and the first two of one input.
    fn pairs(&mut self, base: &Scene, main: bool) {
        let all = base.elements(self.subject.loss());
        let mut pairs = Vec::new();
        for (at, a) in all.iter().enumerate() {
            for b in &all[at + 1..] {
                let near = a.flat == 0 && (b.flat == 0 || (b.input == a.input && b.flat == 1));
                if near || (self.effort == Effort::Dense && main) {
                    pairs.push((*a, *b));
                }
            }
        }
        let numbers = if main && (self.elementwise || self.effort == Effort::Dense) {
            extremes(self.format)
        } else {
            corners(self.format)
        };
        let stride = if main { 1 } else { self.either(7, 2) };
        for (a, b) in pairs {
            for (at, x) in numbers.iter().enumerate() {
                for y in numbers.iter().skip(at % stride).step_by(stride) {
                    self.push(base.with(a, *x).with(b, *y), &[a, b]);
                }
            }
        }
    }

    /// Every element somewhere: at edges, at any exponent, at ordinary numbers.
    fn scattered(&mut self, base: &Scene, main: bool) {
        let loss = self.subject.loss();
        let all = base.elements(loss);
        let numbers = extremes(self.format);
        let (least, most) = self.format.exponents();
        let mut random = Random::new(11);
        for at in 0..self.share(main, self.either(900, 12_000)) {
            // Now and then all exponents are close to one another.
            let centre = least + random.below((most - least) as usize) as i64;
            let mut scene = base.clone();
            for element in &all {
                let exponent = match at % 6 {
                    0 => None,
                    1 => Some(least - self.format.bits() + random.below((most - least + 50) as usize) as i64),
                    2 | 3 => Some(random.below(12) as i64 - 6),
                    4 => Some((centre + random.below(24) as i64 - 12).clamp(least - 20, most)),
                    _ => Some(random.below(60) as i64 - 30),
                };
                let x = match exponent {
                    None => numbers[random.below(numbers.len())],
                    Some(exponent) => some_number(self.format, exponent, &mut random),
                };
                if allowed(loss, *element, x) {
                    scene.set(*element, x);
                } else if allowed(loss, *element, x.abs()) {
                    scene.set(*element, x.abs());
                }
            }
            self.push(scene, &all);
        }
    }

    /// Next to constants, parameters, kinks and thresholds.
    fn edges(&mut self, bases: &[Scene], parameters: &[f64], main: bool) {
        let loss = self.subject.loss();
        let (comparisons, constants) = (comparisons(loss), constants(loss));
        let seeker = Seeker { subject: self.subject, format: self.format, comparisons: &comparisons };
        let bases = if main { bases } else { &bases[..1] };
        let changes = self.share(main, self.either(48, 240));
        let coarse = self.strides(main) * self.either(2, 4);
        let mut tasks: Vec<(&Scene, Element)> = Vec::new();
        for base in bases {
            tasks.extend(self.movers(base).into_iter().map(|element| (base, element)));
        }
        let found: Vec<Vec<f64>> = tasks
            .par_iter()
            .map(|(base, element)| {
                let grid = self.grid(*element, coarse, 1);
                let mut near = seeker.along(base, *element, &grid, changes);
                for x in mentioned(loss, &constants, parameters) {
                    let x = self.format.round(&crate::wide::Wide::new(x));
                    near.extend([-2, -1, 0, 1, 2].map(|places| self.format.step(x, places)));
                }
                near
            })
            .collect();
        for ((base, element), near) in tasks.into_iter().zip(found) {
            for x in near {
                self.push(base.with(element, x), &[element]);
            }
        }
    }

    /// Numbers that differ in their last places, and vectors that do.
    fn close(&mut self, base: &Scene, main: bool) {
        let loss = self.subject.loss();
        let all = base.elements(loss);
        let (least, most) = self.format.exponents();
        let half = 1i64 << (self.format.bits() / 2);
        let mut random = Random::new(13);
        let apart = [0, 1, -1, 2, -3, 8, 1000, -half];
        let exponents = self.share(main, self.either(24, 160)).max(4);
        for turn in 0..exponents {
            let exponent = match turn % 4 {
                0 | 1 => random.below(16) as i64 - 8,
                2 => random.below(80) as i64 - 40,
                _ => least + random.below((most - least) as usize) as i64,
            };
            let x = some_number(self.format, exponent, &mut random);
            for (at, a) in all.iter().enumerate().filter(|(_, a)| a.flat == 0) {
                for b in &all[at + 1..] {
                    if !(b.flat == 0 || (b.input == a.input && b.flat == 1)) {
                        continue;
                    }
                    for places in apart {
                        let y = self.format.step(x, places);
                        self.push(base.with(*a, x).with(*b, y), &[*a, *b]);
                    }
                    self.push(base.with(*a, x).with(*b, -x), &[*a, *b]);
                }
            }
            if !self.elementwise {
                self.alike(base, exponent, turn, &mut random);
            }
        }
    }

    /// Inputs of one size that hold the same numbers, but for their last places.
    fn alike(&mut self, base: &Scene, exponent: i64, turn: usize, random: &mut Random) {
        let loss = self.subject.loss();
        let all = base.elements(loss);
        let apart = [0, 1, 3, 1000][turn % 4];
        let mut scene = base.clone();
        let longest = all.iter().map(|element| element.flat).max().unwrap_or(0);
        for flat in 0..=longest {
            let x = some_number(self.format, exponent, random);
            for element in all.iter().filter(|element| element.flat == flat) {
                let y = self.format.step(x, random.below(2 * apart + 1) as i64 - apart as i64);
                for y in [y, y.abs(), random.unit()] {
                    let y = self.format.round(&crate::wide::Wide::new(y));
                    if allowed(loss, *element, y) {
                        scene.set(*element, y);
                        break;
                    }
                }
            }
        }
        self.push(scene, &all);
    }
}

/// A number of this exponent, of either sign.
pub fn some_number(format: Format, exponent: i64, random: &mut Random) -> f64 {
    let size = crate::wide::Wide::new(1.0 + random.unit()).scaled(exponent);
    let size = format.round(&size).min(format.largest());
    if random.below(2) == 0 { size } else { -size }
}
