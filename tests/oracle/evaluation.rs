//! A whole call: every sample of a loss, and the gradient of what becomes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lossdef_compiler::ast::{Decl, Loss};

use super::Oracle;
use super::arrays::{self, Array, Placed, SAMPLES, Shapes};
use super::dual::Dual;
use super::scope::{Bound, Position, Scope};
use super::wide::Wide;

/// One sample: its value and what it adds to the divisor of the mean.
pub struct Point {
    pub value: Dual,
    pub divisor: Dual,
}

/// All samples of a call.
pub struct Run {
    /// The shape of the samples.
    pub shape: Vec<usize>,
    /// In row-major order.
    pub points: Vec<Point>,
    /// For each real input that was given: its name, the number of its first element, and how many it has.
    pub inputs: Vec<(String, usize, usize)>,
}

/// A number, and the sum of the magnitudes of the terms that it is the sum of.
#[derive(Clone, Copy, Debug)]
pub struct Total {
    pub sum: Wide,
    pub magnitude: Wide,
}

impl Total {
    pub const ZERO: Total = Total { sum: Wide::ZERO, magnitude: Wide::ZERO };

    pub fn add(&mut self, term: Wide) {
        self.sum = self.sum + term;
        self.magnitude = self.magnitude + term.abs();
    }
}

impl Oracle {
    /// Evaluates a call; an error where something does not fit or lies outside of its domain.
    pub fn evaluate(
        &self,
        loss: &str,
        inputs: &BTreeMap<&str, Array>,
        parameters: &BTreeMap<&str, f64>,
    ) -> Result<Run, String> {
        for decl in &self.loss(loss).parameters {
            let name = decl.name.name.as_str();
            if let (Some(domain), Some(x)) = (&decl.domain, parameters.get(name))
                && !self.inside(domain, *x)
            {
                return Err(format!("`{name}` = {x} is outside of its domain"));
            }
        }
        self.run(loss, inputs, parameters, true)
    }

    /// As [`Oracle::evaluate`], whatever domains say.
    pub fn evaluate_unchecked(
        &self,
        loss: &str,
        inputs: &BTreeMap<&str, Array>,
        parameters: &BTreeMap<&str, f64>,
    ) -> Result<Run, String> {
        self.run(loss, inputs, parameters, false)
    }

    /// As [`Oracle::evaluate`]; elements are checked where `checked`.
    pub(super) fn run(
        &self,
        name: &str,
        inputs: &BTreeMap<&str, Array>,
        parameters: &BTreeMap<&str, f64>,
        checked: bool,
    ) -> Result<Run, String> {
        let loss = self.loss(name);
        let shapes = arrays::shapes(&loss.inputs, inputs)?;
        let (scope, placed) = self.scope(loss, inputs, parameters, &shapes)?;
        let over = sample_axes(loss, &scope);
        let shape: Vec<usize> = over.iter().flat_map(|axis| shapes[axis].iter().copied()).collect();
        let mut points = Vec::new();
        for at in positions(&over, &scope) {
            let kept = loss.keep.as_ref().is_none_or(|keep| scope.eval(keep, &at).is_true());
            if !kept {
                points.push(Point { value: Dual::number(0.0), divisor: Dual::number(0.0) });
                continue;
            }
            if checked {
                let sample = at.get(SAMPLES).copied().unwrap_or(0);
                placed.iter().try_for_each(|(decl, array)| self.check(decl, array, sample, &scope))?;
            }
            let divisor = loss.mean_by.as_ref().map_or_else(|| Dual::number(1.0), |by| scope.eval(by, &at));
            points.push(Point { value: scope.eval(&loss.body, &at), divisor });
        }
        let real = placed.iter().filter(|(decl, _)| decl.role.is_none());
        let inputs =
            real.map(|(decl, array)| (decl.name.name.clone(), array.first, array.data.len())).collect();
        Ok(Run { shape, points, inputs })
    }

    /// The scope of a loss, and its inputs as far as they are given.
    #[allow(clippy::type_complexity, reason = "the pair has no name of its own")]
    fn scope<'a>(
        &'a self,
        loss: &'a Loss,
        inputs: &'a BTreeMap<&str, Array>,
        parameters: &BTreeMap<&str, f64>,
        shapes: &Shapes<'a>,
    ) -> Result<(Rc<Scope<'a>>, Vec<(&'a Decl, Rc<Placed<'a>>)>), String> {
        let size = |axis: &'a str| Some((axis, shapes.get(axis)?.iter().product()));
        let axes = std::iter::once(SAMPLES).chain(super::named_axes(&loss.inputs)).filter_map(size);
        let mut scope = Scope::new(self, axes.collect(), &loss.locals);
        let (mut placed, mut first) = (Vec::new(), 0);
        for decl in &loss.inputs {
            let bound = match (inputs.get(decl.name.name.as_str()), &decl.default) {
                (Some(array), _) => {
                    let array = Rc::new(arrays::place(decl, array, shapes, first)?);
                    first += array.data.len();
                    placed.push((decl, array.clone()));
                    Bound::Array(array, decl.role.is_none())
                }
                (None, Some(default)) => Bound::Number(Dual::constant(self.constant(default))),
                (None, None) => return Err(format!("`{}` is not given", decl.name.name)),
            };
            scope.bound.insert(&decl.name.name, bound);
        }
        for decl in &loss.parameters {
            let value = match (parameters.get(decl.name.name.as_str()), &decl.default) {
                (Some(x), _) => Wide::new(*x),
                (None, Some(default)) => self.constant(default),
                (None, None) => return Err(format!("`{}` is not given", decl.name.name)),
            };
            scope.bound.insert(&decl.name.name, Bound::Number(Dual::constant(value)));
        }
        Ok((Rc::new(scope), placed))
    }

    /// Checks the elements of an input that one sample reads.
    fn check(&self, decl: &Decl, array: &Placed<'_>, sample: usize, scope: &Scope<'_>) -> Result<(), String> {
        let name = &decl.name.name;
        let places = array.elements_of(sample);
        let values = places.iter().map(|at| array.data[*at]);
        if let Some(axis) = decl.role.as_ref().and_then(|role| role.axis.as_ref()) {
            let size = scope.size(&axis.name).ok_or_else(|| format!("`{}` has no size", axis.name))? as f64;
            let set = decl.role.as_ref().is_some_and(|role| role.kind.name == "set");
            // Behind the first negative label, a set may hold anything.
            let mut labels = values.clone().take_while(|label| !set || *label >= 0.0);
            if let Some(label) = labels.find(|label| !(0.0..size).contains(label)) {
                return Err(format!("`{name}` holds {label}, but `{}` has {size} positions", axis.name));
            }
        }
        let Some(domain) = &decl.domain else { return Ok(()) };
        match values.into_iter().find(|x| !self.inside(domain, *x)) {
            Some(x) => Err(format!("`{name}` holds {x}, which is outside of its domain")),
            None => Ok(()),
        }
    }
}

/// The axes that the value varies over: the sample axes of the loss.
fn sample_axes<'a>(loss: &'a Loss, scope: &Scope<'a>) -> Vec<&'a str> {
    let mut free = BTreeSet::new();
    scope.free(&loss.body, &mut free);
    let has_samples = scope.size(SAMPLES).is_some();
    let axes = scope.axes.iter().map(|(axis, _)| *axis);
    axes.filter(|axis| if has_samples { *axis == SAMPLES } else { free.contains(axis) }).collect()
}

/// Every position on some axes, in row-major order.
fn positions<'a>(over: &[&'a str], scope: &Scope<'a>) -> Vec<Position<'a>> {
    let mut positions = vec![Position::new()];
    for axis in over {
        let size = scope.size(axis).expect("a sample axis has a size");
        let with = |at: &Position<'a>, i: usize| {
            let mut at = at.clone();
            at.insert(axis, i);
            at
        };
        positions = positions.iter().flat_map(|at| (0..size).map(move |i| with(at, i))).collect();
    }
    positions
}

impl Run {
    /// The number of the first element of an input that was given.
    pub fn first(&self, input: &str) -> Option<usize> {
        self.inputs.iter().find(|(name, _, _)| name == input).map(|(_, first, _)| *first)
    }

    /// The sum of the values.
    pub fn numerator(&self) -> Total {
        total(self.points.iter().map(|point| point.value.value))
    }

    /// The sum of what the samples add to the divisor.
    pub fn divisor(&self) -> Total {
        total(self.points.iter().map(|point| point.divisor.value))
    }

    /// The gradient of the sum over the samples of `by_value * value + by_divisor * divisor`, by input.
    pub fn gradients<'a>(&'a self, factors: impl Fn(usize) -> (Wide, Wide)) -> BTreeMap<&'a str, Vec<Total>> {
        let count = self.inputs.iter().map(|(_, first, count)| first + count).max().unwrap_or(0);
        let mut all = vec![Total::ZERO; count];
        for (at, point) in self.points.iter().enumerate() {
            let (by_value, by_divisor) = factors(at);
            for (element, slope) in &point.value.slopes {
                all[*element].add(by_value * *slope);
            }
            for (element, slope) in point.divisor.slopes.iter().filter(|(_, slope)| !slope.is_zero()) {
                if !by_divisor.is_zero() {
                    all[*element].add(by_divisor * *slope);
                }
            }
        }
        let own = |(name, first, count): &'a (String, usize, usize)| {
            (name.as_str(), all[*first..first + count].to_vec())
        };
        self.inputs.iter().map(own).collect()
    }
}

fn total(terms: impl Iterator<Item = Wide>) -> Total {
    let mut total = Total::ZERO;
    terms.for_each(|term| total.add(term));
    total
}
