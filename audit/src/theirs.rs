//! What the formula as written gives for a call: exactly, by wide numbers in forward mode, and naively, by
//! machine numbers that are rounded after every operation.

use lossdef_compiler::derive::{Derived, Form, Gradient};
use lossdef_compiler::ir::{AxisId, ExprId, Reduction};

use crate::oracle::bound::Bound;
use crate::oracle::dual::{Dual, Through};
use crate::oracle::plain::Plain;
use crate::oracle::{Arrays, Evaluator, Number, Positions};
use crate::scene::{Element, Scene};
use crate::wide::Wide;

/// The exact answer to a call.
#[derive(Clone, Debug)]
pub struct Exact {
    /// One value for each sample; 0 where it is not kept.
    pub values: Vec<Wide>,
    /// The derivative of their sum in each element that was asked for.
    pub slopes: Vec<Wide>,
    /// The values with their slopes, sample by sample.
    samples: Vec<Dual>,
}

impl Exact {
    /// To first order, how far the value of a sample moves if each element that was asked for moves this far.
    pub fn reach(&self, sample: usize, moves: &[Wide]) -> Wide {
        reach(&self.samples[sample], moves)
    }
}

fn reach(dual: &Dual, moves: &[Wide]) -> Wide {
    let parts = dual.slopes.iter().map(|(at, slope)| &slope.abs() * &moves[*at]);
    parts.fold(Wide::zero(), |sum, part| &sum + &part)
}

/// Lays the inputs of a call over the axes of the loss.
fn arrays<N>(
    derived: &Derived,
    scene: &Scene,
    number: impl Fn(Element, f64) -> N,
    plain: impl Fn(f64) -> N,
) -> Arrays<N>
where
    N: Clone,
{
    let inputs = derived.loss.inputs.iter().enumerate().map(|(input, declared)| match &scene.inputs[input] {
        Some(elements) => {
            let each = elements.iter().enumerate();
            each.map(|(flat, x)| number(Element { input, flat }, *x)).collect()
        }
        None => {
            let count = declared.axes.iter().map(|axis| scene.sizes[usize::from(axis.0)]).product();
            vec![plain(declared.default.unwrap_or(f64::NAN)); count]
        }
    });
    let inputs = inputs.collect();
    let count = derived.loss.inputs.len();
    let parameters = scene.parameters.iter().enumerate();
    let parameters = parameters.map(|(at, x)| number(Element { input: count + at, flat: 0 }, *x)).collect();
    Arrays { sizes: scene.sizes.clone(), inputs, parameters }
}

/// The exact values, and slopes by forward mode in these elements. One element may stand elsewhere than the call
/// has it, as no machine number could.
pub fn exact(derived: &Derived, scene: &Scene, wanted: &[Element], moved: Option<(Element, &Wide)>) -> Exact {
    let number = |element: Element, x: f64| {
        let value = match moved {
            Some((there, value)) if there == element => value.clone(),
            _ => Wide::new(x),
        };
        match wanted.iter().position(|asked| *asked == element) {
            Some(at) => Dual::variable(value, at),
            None => Dual::fixed(value),
        }
    };
    let loss = &derived.loss;
    let arrays = arrays(derived, scene, number, Dual::constant);
    let mut evaluator = Evaluator::new(&loss.graph, &loss.inputs, &arrays);
    let mut samples = Vec::new();
    for at in evaluator.positions(loss.samples().iter()) {
        let kept = loss.keep.is_none_or(|keep| evaluator.value(keep, &at).plain() != 0.0);
        samples.push(if kept { evaluator.value(loss.value, &at) } else { Dual::constant(0.0) });
    }
    let total = Dual::sum(&samples);
    Exact {
        values: samples.iter().map(|sample| sample.value.clone()).collect(),
        slopes: (0..wanted.len()).map(|at| total.slope(at)).collect(),
        samples,
    }
}

/// The inputs of a call in machine numbers.
pub fn plain_arrays<const SINGLE: bool>(derived: &Derived, scene: &Scene) -> Arrays<Plain<SINGLE>> {
    arrays(derived, scene, |_, x| Plain::constant(x), Plain::constant)
}

/// The naive value of the first sample, and the naive derivative of the sum in one element: the raw forms,
/// evaluated as they stand.
pub fn naive<const SINGLE: bool>(derived: &Derived, scene: &Scene, element: Element) -> (f64, f64) {
    let arrays = plain_arrays::<SINGLE>(derived, scene);
    let (value, slope) = evaluate(derived, &arrays, element, |form| form.raw);
    (value.0, slope.0)
}

/// How far value and derivative may be off where the stable forms are evaluated with every operation rounded.
pub fn bounds<const SINGLE: bool, const FREE: bool>(
    derived: &Derived,
    scene: &Scene,
    element: Element,
) -> [Bound<SINGLE, FREE>; 2] {
    let arrays = arrays(derived, scene, |_, x| Bound::<SINGLE, FREE>::given(x), Bound::given);
    evaluate(derived, &arrays, element, |form| form.stable).into()
}

/// The same for the value of every sample and for the derivative in each of these elements.
pub fn all_bounds<const SINGLE: bool, const FREE: bool>(
    derived: &Derived,
    scene: &Scene,
    elements: &[Element],
) -> (Vec<Bound<SINGLE, FREE>>, Vec<Bound<SINGLE, FREE>>) {
    let arrays = arrays(derived, scene, |_, x| Bound::<SINGLE, FREE>::given(x), Bound::given);
    evaluate_all(derived, &arrays, elements, |form| form.stable)
}

/// To first order, how far the exact derivative in each of these elements moves if each of `moving` moves so far.
pub fn slope_reach(
    derived: &Derived,
    scene: &Scene,
    elements: &[Element],
    moving: &[Element],
    moves: &[Wide],
) -> Vec<Wide> {
    let number = |element: Element, x: f64| match moving.iter().position(|known| *known == element) {
        Some(at) => Through(Dual::variable(Wide::new(x), at)),
        None => Through(Dual::constant(x)),
    };
    let arrays = arrays(derived, scene, number, Through::constant);
    let (_, slopes) = evaluate_all(derived, &arrays, elements, |form| form.raw);
    slopes.iter().map(|slope| reach(&slope.0, moves)).collect()
}

/// The value of the first sample, and the derivative of the sum of all in one element.
fn evaluate<N: Number>(
    derived: &Derived,
    arrays: &Arrays<N>,
    element: Element,
    which: fn(Form) -> ExprId,
) -> (N, N) {
    let loss = &derived.loss;
    let mut evaluator = Evaluator::new(&loss.graph, &loss.inputs, arrays);
    let first = evaluator.positions(loss.samples().iter()).swap_remove(0);
    let value = evaluator.value(which(derived.value), &first);
    let slope = slope_in(&mut evaluator, derived, element, which);
    (value, slope)
}

/// The value of every sample, and the derivative of their sum in each of these elements.
fn evaluate_all<N: Number>(
    derived: &Derived,
    arrays: &Arrays<N>,
    elements: &[Element],
    which: fn(Form) -> ExprId,
) -> (Vec<N>, Vec<N>) {
    let loss = &derived.loss;
    let mut evaluator = Evaluator::new(&loss.graph, &loss.inputs, arrays);
    let samples = evaluator.positions(loss.samples().iter());
    let values = samples.iter().map(|at| evaluator.value(which(derived.value), at)).collect();
    let slopes = elements.iter().map(|element| slope_in(&mut evaluator, derived, *element, which)).collect();
    (values, slopes)
}

fn slope_in<N: Number>(
    evaluator: &mut Evaluator<'_, N>,
    derived: &Derived,
    element: Element,
    which: fn(Form) -> ExprId,
) -> N {
    let gradient = derived.gradients.iter().find(|gradient| gradient.input == element.input);
    let axes = derived.loss.inputs.get(element.input).map(|input| input.axes.clone()).unwrap_or_default();
    let at = evaluator.positions(axes).into_iter().nth(element.flat);
    match (gradient, at) {
        (Some(gradient), Some(at)) => slope(evaluator, derived, gradient, &at, which),
        _ => N::constant(0.0),
    }
}

fn slope<N: Number>(
    evaluator: &mut Evaluator<'_, N>,
    derived: &Derived,
    gradient: &Gradient,
    at: &Positions,
    which: fn(Form) -> ExprId,
) -> N {
    let mut terms = Vec::new();
    let mut add = |id: ExprId, at: &Positions| {
        // Without named axes, the sum over the samples of an input without `..` is not written out.
        let free = derived.loss.graph.type_of(id).axes;
        let open: Vec<AxisId> =
            free.iter().filter(|axis| !at.iter().any(|(known, _)| known == axis)).collect();
        for more in evaluator.positions(open) {
            let there: Positions = at.iter().copied().chain(more).collect();
            terms.push(evaluator.value(id, &there));
        }
    };
    add(which(gradient.own), at);
    if let Some(shared) = &gradient.shared {
        let there = at.iter().map(|(axis, position)| {
            let index = shared.at.iter().find(|(from, _)| from == axis);
            (index.map_or(*axis, |(_, index)| *index), *position)
        });
        add(which(shared.form), &there.collect());
    }
    if terms.len() == 1 { terms.remove(0) } else { N::fold(Reduction::Sum, &terms) }
}
