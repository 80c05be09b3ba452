//! The sweep: a loss in one format over the whole range of every input, held against exact arithmetic.
//!
//! ```text
//! numbers ── points ─┐
//!     kinks ──┘      ├─ measure ── search ── range ── table
//! ```
//!
//! What comes out is a [`Row`]: the largest errors, and between which magnitudes of the inputs they hold. A quick
//! sweep looks at some of the points of a dense one, so that it can be held against what that has found. Nothing
//! depends on the clock or on chance.

mod kinks;
mod measure;
mod numbers;
mod points;
mod range;
mod search;

use lossdef_compiler::CompiledLoss;
use lossdef_runtime::dynamic::Loss;
use rayon::prelude::*;

use crate::scene::Scene;
use crate::subject::Subject;
use crate::ulp::Format;
use measure::{Fault, Grade, Quantity, judge};
pub use range::Span;

/// How thorough a sweep is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Some exponents: a second or two for a loss.
    Quick,
    /// All that a quick sweep looks at, and every exponent, more pairs, a longer search.
    Dense,
}

/// The largest errors of one kind of result; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// In units in the last place, where the last bits of inputs and parameters move the exact result by at most 4.
    pub ulp: f64,
    /// Elsewhere, in units of what these last bits move it, and half a unit in the last place.
    pub scaled: f64,
    /// Of results that are off by more than 16 of these units, because terms of the stable form cancel: in units of
    /// what one rounding of each operation moves the result.
    pub terms: f64,
    /// The largest result that lost digits to an underflow.
    pub faint: f64,
}

impl Figures {
    fn join(&mut self, other: &Figures) {
        self.ulp = self.ulp.max(other.ulp);
        self.scaled = self.scaled.max(other.scaled);
        self.terms = self.terms.max(other.terms);
        self.faint = self.faint.max(other.faint);
    }

    fn add(&mut self, grade: Grade) {
        match grade {
            Grade::Units(x) => self.ulp = self.ulp.max(x),
            Grade::Inputs(x) => self.scaled = self.scaled.max(x),
            Grade::Terms(x) => self.terms = self.terms.max(x),
            Grade::Faint(x) => self.faint = self.faint.max(x),
            _ => {}
        }
    }

    /// All of them, with their names.
    pub fn named(&self) -> [(&'static str, f64); 4] {
        [("ULP", self.ulp), ("scaled", self.scaled), ("terms", self.terms), ("faint", self.faint)]
    }
}

/// What one call came to.
#[derive(Clone, Debug)]
struct Point {
    scene: Scene,
    /// The smallest and the largest magnitude of what is put in, but for 0 and for parameters at their defaults.
    span: Span,
    /// Of the values and of the derivatives.
    figures: [Figures; 2],
    fault: Option<Fault>,
    /// Whether the formula itself is no number here.
    undefined: bool,
}

/// A loss that was swept in one format.
pub struct Swept<'a> {
    subject: Subject<'a>,
    format: Format,
    points: Vec<Point>,
}

/// A result, in words.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is the worst of.
    pub what: String,
    /// The result, what is right, and the inputs.
    pub text: String,
}

/// What a sweep finds within a span of magnitudes.
#[derive(Clone, Debug)]
pub struct Row {
    /// The loss.
    pub loss: String,
    /// The format.
    pub format: Format,
    /// Between which magnitudes of the inputs it holds.
    pub span: Span,
    /// The errors of values and of derivatives.
    pub figures: [Figures; 2],
    /// The worst cases.
    pub cases: Vec<Case>,
    /// Wrong results within the span.
    pub faults: Vec<Case>,
    /// The calls.
    pub points: usize,
}

/// Sweeps a loss: `compiled` is what it should be, `callable` is what is called.
pub fn sweep<'a>(
    compiled: &'a CompiledLoss,
    callable: &'a dyn Loss,
    format: Format,
    effort: Effort,
) -> Swept<'a> {
    let subject = Subject { derived: &compiled.derived, callable };
    let mut swept = Swept { subject, format, points: Vec::new() };
    swept.add(points::points(&subject, format, Effort::Quick));
    swept.points.extend(search::search(&swept, Effort::Quick));
    if effort == Effort::Dense {
        swept.add(points::points(&subject, format, Effort::Dense));
        swept.points.extend(search::search(&swept, Effort::Dense));
    }
    swept.points.extend(range::towards_one(&swept));
    swept
}

impl Swept<'_> {
    fn add(&mut self, scenes: Vec<Scene>) {
        let points = scenes.into_par_iter().map(|scene| self.look(scene)).collect::<Vec<_>>();
        self.points.extend(points.into_iter().flatten());
    }

    /// One call.
    fn look(&self, scene: Scene) -> Option<Point> {
        let mut point = Point {
            span: range::span_of(self.subject.loss(), &scene),
            scene,
            figures: [Figures::default(); 2],
            fault: None,
            undefined: false,
        };
        let Point { scene, figures, fault, undefined, .. } = &mut point;
        let accepted = judge(&self.subject, scene, self.format, &mut |quantity, _, _, grade| {
            figures[usize::from(matches!(quantity, Quantity::Slope(_)))].add(grade);
            match grade {
                Grade::Wrong(found) => *fault = (*fault).max(Some(found)),
                Grade::Undefined => *undefined = true,
                _ => {}
            }
        });
        accepted.then_some(point)
    }

    /// The widest span of magnitudes in which nothing is wrong.
    pub fn span(&self) -> Span {
        range::widest(self.format, &self.points)
    }

    /// What was found within a span.
    pub fn row(&self, span: Span) -> Row {
        let inside: Vec<&Point> = self.points.iter().filter(|point| span.holds(point.span)).collect();
        let mut figures = [Figures::default(); 2];
        let mut cases = Vec::new();
        for (kind, name) in ["value", "gradient"].into_iter().enumerate() {
            let mut worst: [Option<&Point>; 4] = [None; 4];
            for point in &inside {
                let (known, new) = (figures[kind].named(), point.figures[kind].named());
                for at in 0..4 {
                    if new[at].1 > known[at].1 {
                        worst[at] = Some(point);
                    }
                }
                figures[kind].join(&point.figures[kind]);
            }
            for (at, point) in worst.into_iter().enumerate() {
                let Some(point) = point else { continue };
                let (unit, largest) = figures[kind].named()[at];
                let wanted = |quantity: Quantity, grade: Grade| {
                    let mut own = Figures::default();
                    own.add(grade);
                    matches!(quantity, Quantity::Slope(_)) == (kind == 1) && own.named()[at].1 == largest
                };
                cases.extend(self.describe(point, format!("{name}, {unit}"), &wanted));
            }
        }
        let mut wrong: Vec<&&Point> = inside.iter().filter(|point| point.fault.is_some()).collect();
        wrong.sort_by_key(|point| std::cmp::Reverse(point.fault));
        let faults = wrong.into_iter().take(3).filter_map(|point| {
            let fault = point.fault?;
            self.describe(point, fault.says().to_owned(), &|_, grade| grade == Grade::Wrong(fault))
        });
        if let Some(point) = inside.iter().find(|point| point.undefined) {
            cases.extend(self.describe(point, "no number by the formula itself".to_owned(), &|_, grade| {
                grade == Grade::Undefined
            }));
        }
        let faults = faults.collect();
        let loss = self.subject.loss().name.clone();
        Row { loss, format: self.format, span, figures, cases, faults, points: self.points.len() }
    }

    /// What is wrong just outside of a span: the reason for it.
    pub fn beyond(&self, span: Span) -> Vec<Case> {
        let points = range::nearest(self.format, &self.points, span);
        let cases = points.into_iter().filter_map(|point| {
            let fault = point.fault?;
            self.describe(point, fault.says().to_owned(), &|_, grade| grade == Grade::Wrong(fault))
        });
        cases.collect()
    }

    fn describe(
        &self,
        point: &Point,
        what: String,
        wanted: &dyn Fn(Quantity, Grade) -> bool,
    ) -> Option<Case> {
        let loss = self.subject.loss();
        let mut found = None;
        judge(&self.subject, &point.scene, self.format, &mut |quantity, got, right, grade| {
            if found.is_some() || !wanted(quantity, grade) {
                return;
            }
            let name = match quantity {
                Quantity::Value(_) => "value".to_owned(),
                Quantity::Slope(element) => {
                    let many = point.scene.inputs[element.input].as_ref().is_some_and(|all| all.len() > 1);
                    self.subject.derivative(element, many)
                }
            };
            let given: Vec<String> = point
                .scene
                .describe(loss)
                .into_iter()
                .map(|(name, text)| format!("{name} = {text}"))
                .collect();
            let right = self.format.round(right);
            let text = format!("{name} is {got:e}, exactly {right:e}, at {}", given.join(", "));
            found = Some(Case { what: what.clone(), text });
        });
        found
    }
}
