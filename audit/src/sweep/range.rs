//! Between which magnitudes of what is put in the results of a loss are right.

use std::fmt;
use std::num::ParseFloatError;
use std::str::FromStr;

use lossdef_compiler::ir::Loss;
use rayon::prelude::*;

use super::{Point, Swept};
use crate::scene::{Element, Scene, parameter_sets};
use crate::ulp::Format;
use crate::wide::Wide;

/// Magnitudes: numbers that are 0, or lie between these two up to their sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

impl Span {
    /// All numbers.
    pub const ALL: Span = Span { least: 0.0, most: f64::INFINITY };

    /// What is wrong for ordinary numbers is no matter of magnitudes: from 2^-10 to 2^10.
    const ORDINARY: Span = Span { least: 1.0 / 1024.0, most: 1024.0 };

    /// Whether another one lies in it.
    pub fn holds(self, inner: Span) -> bool {
        inner.least >= self.least && inner.most <= self.most
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least > 0.0, self.most.is_finite()) {
            (false, false) => f.write_str("all"),
            (true, false) => write!(f, "from {:e}", self.least),
            (false, true) => write!(f, "to {:e}", self.most),
            (true, true) => write!(f, "{:e} to {:e}", self.least, self.most),
        }
    }
}

impl FromStr for Span {
    type Err = ParseFloatError;

    fn from_str(text: &str) -> Result<Span, ParseFloatError> {
        if text == "all" {
            return Ok(Span::ALL);
        }
        if let Some(least) = text.strip_prefix("from ") {
            return Ok(Span { least: least.parse()?, ..Span::ALL });
        }
        let (least, most) = text.split_once("to ").unwrap_or(("", text));
        let least = if least.is_empty() { 0.0 } else { least.trim().parse()? };
        Ok(Span { least, most: most.parse()? })
    }
}

impl Point {
    /// Whether something is wrong because of the magnitude of a number.
    fn is_beyond(&self) -> bool {
        self.fault.is_some() && !Span::ORDINARY.holds(self.span)
    }
}

/// The magnitudes of a call: of its inputs, and of parameters that do not stand at their defaults.
pub fn span_of(loss: &Loss, scene: &Scene) -> Span {
    let mut span = Span { least: f64::INFINITY, most: 0.0 };
    let defaults = parameter_sets(loss).swap_remove(0);
    for element in scene.everything(loss) {
        let size = scene.at(loss, element).abs();
        if size != 0.0 && !is_default(loss, scene, element, &defaults) {
            span.least = span.least.min(size);
            span.most = span.most.max(size);
        }
    }
    span
}

/// Whether it is a parameter at its default, as a number of either format.
fn is_default(loss: &Loss, scene: &Scene, element: Element, defaults: &[f64]) -> bool {
    let Some(at) = element.input.checked_sub(loss.inputs.len()) else { return false };
    let (x, default) = (scene.parameters[at].abs(), defaults[at].abs());
    x == default || x == f64::from(default as f32)
}

/// The span without a wrong result but for ordinary numbers that goes furthest from 1 in both directions, and then in
/// either; its ends are numbers of one digit.
pub fn widest(format: Format, points: &[Point]) -> Span {
    let wrong = points.iter().filter(|point| point.is_beyond());
    let wrong: Vec<Span> = wrong.map(|point| point.span).collect();
    let (smallest, largest) = (format.smallest().log2(), format.largest().log2());
    let mut ends: Vec<f64> = wrong.iter().map(|span| span.most).filter(|most| *most > 0.0).collect();
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    let mut best = ((f64::NEG_INFINITY, f64::NEG_INFINITY), Span::ALL);
    for most in ends.into_iter().map(below).chain([f64::INFINITY]) {
        let inside = wrong.iter().filter(|span| span.most <= most);
        let least = inside.map(|span| span.least).fold(0.0, f64::max);
        let least = if least > 0.0 { above(least) } else { 0.0 };
        // As parts of the whole way, which is not as long to both sides.
        let up = most.log2().min(largest) / largest;
        let down = least.log2().max(smallest) / smallest;
        let reach = (up.min(down), up + down);
        if reach >= best.0 {
            best = (reach, Span { least, most });
        }
    }
    best.1
}

/// The largest number of one digit below `x`; 0 where there is none.
fn below(x: f64) -> f64 {
    let exponent = x.log10().floor() as i32;
    let digits = (exponent - 1..=exponent + 1).flat_map(|e| (1..10).map(move |digit| short(digit, e)));
    digits.filter(|short| *short < x).fold(0.0, f64::max)
}

/// The smallest number of one digit above `x`.
fn above(x: f64) -> f64 {
    let exponent = x.log10().floor() as i32;
    let digits = (exponent - 1..=exponent + 1).flat_map(|e| (1..10).map(move |digit| short(digit, e)));
    digits.filter(|short| *short > x).fold(f64::INFINITY, f64::min)
}

fn short(digit: u32, exponent: i32) -> f64 {
    format!("{digit}e{exponent}").parse().unwrap_or(f64::INFINITY)
}

/// The wrong results that keep a span from being wider at either end.
pub fn nearest(format: Format, points: &[Point], span: Span) -> Vec<&Point> {
    let largest = format.largest();
    let wrong = || points.iter().filter(|point| point.is_beyond());
    let mut found = Vec::new();
    if span.most < largest {
        found.extend(
            wrong()
                .filter(|point| point.span.most > span.most && point.span.least >= span.least)
                .min_by(|a, b| a.span.most.total_cmp(&b.span.most)),
        );
    }
    if span.least > 0.0 {
        found.extend(
            wrong()
                .filter(|point| point.span.least < span.least && point.span.most <= span.most)
                .max_by(|a, b| a.span.least.total_cmp(&b.span.least)),
        );
    }
    found
}

/// Wrong results that are drawn towards ordinary numbers, each.
const DRAWN: usize = 32;

/// Halvings of the way.
const HALVINGS: usize = 10;

/// Calls between ordinary numbers and the wrong results that are closest to them, so that the ends of the span are
/// where things go wrong and not at some point of a grid.
pub fn towards_one(swept: &Swept<'_>) -> Vec<Point> {
    let size = |span: Span| span.most.log2().max(0.0) - span.least.log2().min(0.0);
    let mut wrong: Vec<&Point> = swept.points.iter().filter(|point| point.is_beyond()).collect();
    wrong.sort_by(|a, b| size(a.span).total_cmp(&size(b.span)));
    let end = |x: &f64| x.log2() as i64 / 4;
    let mut seen = Vec::new();
    wrong.retain(|point| {
        let key = (end(&point.span.least), end(&point.span.most), point.fault);
        let new = !seen.contains(&key) && seen.len() < DRAWN;
        if new {
            seen.push(key);
        }
        new
    });
    let drawn = wrong.into_par_iter().flat_map_iter(|point| {
        let mut found = Vec::new();
        let (mut right, mut wrong) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = (right + wrong) / 2.0;
            let Some(at) = shrunk(swept, &point.scene, middle).and_then(|scene| swept.look(scene)) else {
                break;
            };
            *(if at.fault.is_some() { &mut wrong } else { &mut right }) = middle;
            found.push(at);
        }
        found
    });
    drawn.collect()
}

/// The call with every exponent multiplied by a factor, rounded towards 0; `None` where a domain forbids that.
fn shrunk(swept: &Swept<'_>, scene: &Scene, factor: f64) -> Option<Scene> {
    let loss = swept.subject.loss();
    let defaults = parameter_sets(loss).swap_remove(0);
    let mut drawn = scene.clone();
    for element in scene.everything(loss) {
        let x = Wide::new(scene.at(loss, element));
        let Some(exponent) = x.exponent() else { continue };
        let moved = swept.format.round(&x.scaled((exponent as f64 * factor) as i64 - exponent));
        if !is_default(loss, scene, element, &defaults) {
            if !super::numbers::allowed(loss, element, moved) {
                return None;
            }
            drawn.set(element, moved);
        }
    }
    Some(drawn)
}
