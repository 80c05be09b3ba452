//! What a sweep comes to: the largest errors within a span of magnitudes, and the calls behind them.

use super::measure::{Fault, Grade, Quantity, judge};
use super::range::{Span, nearest, towards_one, widest};
use super::{Point, Swept};
use crate::ulp::Format;

/// The largest errors of one kind of result; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// In units in the last place, where the last bits of inputs and parameters move the exact result by at most 4.
    pub ulp: f64,
    /// Elsewhere, in units of what these last bits move it, and half a unit in the last place.
    pub scaled: f64,
    /// Where terms of the stable form cancel: in units of what one rounding of each operation moves the result.
    pub terms: f64,
    /// The largest result that lost digits because numbers on the way are among the smallest of the format.
    pub faint: f64,
}

impl Figures {
    /// The names of the figures.
    pub const NAMES: [&'static str; 4] = ["ULP", "scaled", "terms", "faint"];

    /// All of them, in the order of their names.
    pub fn all(&self) -> [f64; 4] {
        [self.ulp, self.scaled, self.terms, self.faint]
    }

    pub(super) fn add(&mut self, grade: Grade) {
        let (figure, x) = match grade {
            Grade::Units(x) => (&mut self.ulp, x),
            Grade::Inputs(x) => (&mut self.scaled, x),
            Grade::Terms(x) => (&mut self.terms, x),
            Grade::Faint(x) => (&mut self.faint, x),
            _ => return,
        };
        *figure = figure.max(x);
    }

    fn join(&mut self, other: &Figures) {
        self.ulp = self.ulp.max(other.ulp);
        self.scaled = self.scaled.max(other.scaled);
        self.terms = self.terms.max(other.terms);
        self.faint = self.faint.max(other.faint);
    }
}

/// A result, in words.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is an example of.
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
    /// The calls behind these errors.
    pub worst: Vec<Case>,
    /// Wrong results within the span, one of each kind.
    pub wrong: Vec<Case>,
    /// Wrong results that are closest to the span from outside.
    pub beyond: Vec<Case>,
    /// The calls of the sweep.
    pub points: usize,
}

/// The two kinds of results.
const KINDS: [&str; 2] = ["value", "gradient"];

impl Swept<'_> {
    /// What was found, within the widest span of magnitudes in which nothing is wrong but for ordinary numbers. For its
    /// ends, it makes calls between ordinary numbers and what is wrong.
    pub fn row(&mut self) -> Row {
        let more = towards_one(self);
        self.points.extend(more);
        self.within(widest(self.format, &self.points))
    }

    /// What was found within a span. A quick sweep finds nothing here that a dense one has not found.
    pub fn within(&self, span: Span) -> Row {
        let inside: Vec<&Point> = self.points.iter().filter(|point| span.holds(point.span)).collect();
        let mut figures = [Figures::default(); 2];
        for point in &inside {
            for (all, own) in figures.iter_mut().zip(&point.figures) {
                all.join(own);
            }
        }
        let beyond = nearest(self.format, &self.points, span);
        Row {
            loss: self.subject.loss().name.clone(),
            format: self.format,
            span,
            figures,
            worst: (0..2).flat_map(|kind| self.worst(&inside, kind, &figures[kind])).collect(),
            wrong: self.wrong(&inside),
            beyond: beyond.into_iter().filter_map(|point| self.fault(point)).collect(),
            points: self.points.len(),
        }
    }

    /// For each figure the first point that comes to it.
    fn worst(&self, inside: &[&Point], kind: usize, figures: &Figures) -> Vec<Case> {
        let cases = (0..4).filter(|at| figures.all()[*at] > 0.0).filter_map(|at| {
            let largest = figures.all()[at];
            let point = inside.iter().find(|point| point.figures[kind].all()[at] == largest)?;
            self.describe(point, format!("{}, {}", KINDS[kind], Figures::NAMES[at]), &|quantity, grade| {
                let mut own = Figures::default();
                own.add(grade);
                quantity.kind() == kind && own.all()[at] == largest
            })
        });
        cases.collect()
    }

    fn wrong(&self, inside: &[&Point]) -> Vec<Case> {
        let kinds = Fault::ALL.iter().filter_map(|fault| {
            let point = inside.iter().find(|point| point.fault == Some(*fault))?;
            self.fault(point)
        });
        kinds.collect()
    }

    fn fault(&self, point: &Point) -> Option<Case> {
        let fault = point.fault?;
        self.describe(point, fault.says().to_owned(), &|_, grade| grade == Grade::Wrong(fault))
    }

    fn describe(
        &self,
        point: &Point,
        what: String,
        wanted: &dyn Fn(Quantity, Grade) -> bool,
    ) -> Option<Case> {
        let (loss, format) = (self.subject.loss(), self.format);
        let mut found = None;
        judge(&self.subject, &point.scene, format, &mut |quantity, got, right, grade| {
            if found.is_some() || !wanted(quantity, grade) {
                return;
            }
            let name = match quantity {
                Quantity::Value(_) => KINDS[0].to_owned(),
                Quantity::Slope(element) => {
                    let many = point.scene.inputs[element.input].as_ref().is_some_and(|all| all.len() > 1);
                    self.subject.derivative(element, many)
                }
            };
            let given = point.scene.describe_in(format, loss);
            let given: Vec<String> =
                given.into_iter().map(|(name, text)| format!("{name} = {text}")).collect();
            let (got, right) = (format.text(got), format.text(format.round(right)));
            let text = format!("{name} is {got}, exactly {right}, at {}", given.join(", "));
            found = Some(Case { what: what.clone(), text });
        });
        found
    }
}
