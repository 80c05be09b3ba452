//! The sweep: a loss in one format over the whole range of every input, held against exact arithmetic.
//!
//! ```text
//! numbers ── points ── measure ── search ── range ── row ── table
//!     kinks ──┘
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
mod row;
mod search;
pub mod table;

use lossdef_compiler::CompiledLoss;
use lossdef_runtime::dynamic::Loss;
use rayon::prelude::*;

use crate::scene::Scene;
use crate::subject::Subject;
use crate::ulp::Format;
use measure::{Fault, Grade, judge};
pub use range::Span;
pub use row::{Case, Figures, Row};

/// How thorough a sweep is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Some exponents: a second or two for a loss.
    Quick,
    /// All that a quick sweep looks at, and every exponent, more pairs, a longer search.
    Dense,
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
}

/// A loss that was swept in one format.
pub struct Swept<'a> {
    subject: Subject<'a>,
    format: Format,
    points: Vec<Point>,
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
        };
        let Point { scene, figures, fault, .. } = &mut point;
        let accepted = judge(&self.subject, scene, self.format, &mut |quantity, _, _, grade| {
            figures[quantity.kind()].add(grade);
            if let Grade::Wrong(found) = grade {
                *fault = (*fault).max(Some(found));
            }
        });
        accepted.then_some(point)
    }
}
