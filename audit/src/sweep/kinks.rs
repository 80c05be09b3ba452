//! Where conditions of the formula change, and where results leave or reach the finite numbers: between which two
//! neighbours of the format.
//!
//! Comparisons, and the functions with a kink, are read from the graph as written.

use lossdef_compiler::ir::{ExprId, Function, Loss, Node};

use crate::oracle::{Evaluator, Number};
use crate::ours::ours;
use crate::scene::{Element, Scene};
use crate::subject::Subject;
use crate::theirs::plain_arrays;
use crate::ulp::Format;

/// At most this many changes are looked for between two points of a grid.
const CHANGES: usize = 3;

/// Two expressions that the formula compares; the second is 0 where there is none.
type Comparison = (ExprId, Option<ExprId>);

/// The comparisons of a formula, those of functions with a kink among them.
pub fn comparisons(loss: &Loss) -> Vec<Comparison> {
    let mut found = Vec::new();
    for id in loss.graph.reachable(&[loss.value]) {
        let Node::Apply(function, arguments) = loss.graph.node(id) else { continue };
        match (function, arguments.as_slice()) {
            (
                Function::Lt
                | Function::Le
                | Function::Gt
                | Function::Ge
                | Function::Eq
                | Function::Ne
                | Function::Max
                | Function::Min,
                [a, b],
            ) => found.push((*a, Some(*b))),
            (Function::Abs | Function::Relu | Function::Sign, [a]) => found.push((*a, None)),
            (Function::Clamp, [a, low, high]) => found.extend([(*a, Some(*low)), (*a, Some(*high))]),
            _ => {}
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The constants of a formula.
pub fn constants(loss: &Loss) -> Vec<f64> {
    let nodes = loss.graph.reachable(&[loss.value]);
    let mut found: Vec<f64> = nodes.into_iter().filter_map(|id| loss.graph.constant(id)).collect();
    found.retain(|x| x.is_finite());
    found.sort_by(f64::total_cmp);
    found.dedup();
    found
}

/// Finds the neighbours between which something changes, along one element.
pub struct Seeker<'a> {
    /// The loss.
    pub subject: &'a Subject<'a>,
    /// The format.
    pub format: Format,
    /// The comparisons of the formula.
    pub comparisons: &'a [Comparison],
}

impl Seeker<'_> {
    /// Numbers on both sides of changes between neighbouring points of a grid: of all, or of so many at even
    /// distances.
    pub fn along(&self, base: &Scene, element: Element, grid: &[f64], most: usize) -> Vec<f64> {
        let states: Vec<Vec<i8>> = grid.iter().map(|x| self.state(base, element, *x)).collect();
        let changes: Vec<usize> = (1..grid.len()).filter(|at| states[at - 1] != states[*at]).collect();
        let mut found = Vec::new();
        for change in 0..changes.len().min(most) {
            let at = changes[change * changes.len() / changes.len().min(most)];
            let sides = [at - 1, at].map(|at| (grid[at], &states[at]));
            self.between(base, element, sides[0], sides[1], CHANGES, &mut found);
        }
        found
    }

    fn between(
        &self,
        base: &Scene,
        element: Element,
        left: (f64, &Vec<i8>),
        right: (f64, &Vec<i8>),
        changes: usize,
        found: &mut Vec<f64>,
    ) {
        let (mut a, mut b) = (self.format.place(left.0), self.format.place(right.0));
        while b - a > 1 {
            let middle = a + (b - a) / 2;
            let x = self.format.number(middle);
            let state = self.state(base, element, x);
            if state == *left.1 {
                a = middle;
            } else {
                if state != *right.1 && changes > 1 {
                    self.between(base, element, (x, &state), right, changes - 1, found);
                }
                b = middle;
            }
        }
        found.extend([a - 1, a, b, b + 1].map(|place| self.format.number(place)));
    }

    /// How each comparison comes out, and what each result of the call is.
    fn state(&self, base: &Scene, element: Element, x: f64) -> Vec<i8> {
        let scene = base.with(element, x);
        let mut state = match self.format {
            Format::F32 => self.sides::<true>(&scene),
            Format::F64 => self.sides::<false>(&scene),
        };
        let loss = self.subject.loss();
        if let Ok(answer) = ours(loss, self.subject.callable, &scene, self.format == Format::F32) {
            let slopes = answer.gradients.iter().flatten().flatten();
            state.extend(answer.values.iter().chain(slopes).map(|result| kind(*result)));
        }
        state
    }

    fn sides<const SINGLE: bool>(&self, scene: &Scene) -> Vec<i8> {
        let loss = self.subject.loss();
        let arrays = plain_arrays::<SINGLE>(self.subject.derived, scene);
        let mut evaluator = Evaluator::new(&loss.graph, &loss.inputs, &arrays);
        let mut sides = Vec::new();
        for (a, b) in self.comparisons {
            let axes = |id: &ExprId| loss.graph.type_of(*id).axes;
            let all = b.iter().fold(axes(a), |all, b| all.union(axes(b)));
            for at in evaluator.positions(all.iter()) {
                let a = evaluator.value(*a, &at).plain();
                let b = b.map_or(0.0, |b| evaluator.value(b, &at).plain());
                sides.push(a.partial_cmp(&b).map_or(2, |order| order as i8));
            }
        }
        sides
    }
}

fn kind(x: f64) -> i8 {
    match x {
        x if x.is_nan() => 0,
        x if x.is_infinite() => 1,
        0.0 => 2,
        _ => 3,
    }
}
