//! What the formula as written gives for a call: exactly, by wide numbers in forward mode, and naively, by
//! machine numbers that are rounded after every operation.

use lossdef_compiler::derive::{Derived, Gradient};
use lossdef_compiler::ir::{AxisId, ExprId};

use crate::oracle::dual::Dual;
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
}

/// Lays the inputs of a call over the axes of the loss.
fn arrays<N>(derived: &Derived, scene: &Scene, number: impl Fn(Element, f64) -> N, plain: impl Fn(f64) -> N) -> Arrays<N>
where
    N: Clone,
{
    let inputs = derived.loss.inputs.iter().enumerate().map(|(input, declared)| {
        match &scene.inputs[input] {
            Some(elements) => {
                let each = elements.iter().enumerate();
                each.map(|(flat, x)| number(Element { input, flat }, *x)).collect()
            }
            None => {
                let count = declared.axes.iter().map(|axis| scene.sizes[usize::from(axis.0)]).product();
                vec![plain(declared.default.unwrap_or(f64::NAN)); count]
            }
        }
    });
    let inputs = inputs.collect();
    let parameters = scene.parameters.iter().map(|x| plain(*x)).collect();
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
        values: samples.into_iter().map(|sample| sample.value).collect(),
        slopes: (0..wanted.len()).map(|at| total.slope(at)).collect(),
    }
}

/// The naive values, and the naive derivative of their sum in one element: the raw derivative, evaluated as it
/// stands.
pub fn naive<const SINGLE: bool>(derived: &Derived, scene: &Scene, element: Element) -> (Vec<f64>, f64) {
    let loss = &derived.loss;
    let arrays = arrays(derived, scene, |_, x| Plain::<SINGLE>::constant(x), Plain::constant);
    let mut evaluator = Evaluator::new(&loss.graph, &loss.inputs, &arrays);
    let values = evaluator.positions(loss.samples().iter());
    let values = values.iter().map(|at| evaluator.value(loss.value, at).0).collect();
    let Some(gradient) = derived.gradients.iter().find(|gradient| gradient.input == element.input) else {
        return (values, 0.0);
    };
    let axes = &loss.inputs[element.input].axes;
    let Some(at) = evaluator.positions(axes.iter().copied()).into_iter().nth(element.flat) else {
        return (values, 0.0);
    };
    (values, slope(&mut evaluator, derived, gradient, &at))
}

fn slope<const SINGLE: bool>(
    evaluator: &mut Evaluator<'_, Plain<SINGLE>>,
    derived: &Derived,
    gradient: &Gradient,
    at: &Positions,
) -> f64 {
    let mut total = Plain::<SINGLE>::constant(0.0);
    let mut add = |evaluator: &mut Evaluator<'_, Plain<SINGLE>>, id: ExprId, at: &Positions| {
        // Without named axes, the sum over the samples of an input without `..` is not written out.
        let free = derived.loss.graph.type_of(id).axes;
        let open: Vec<AxisId> =
            free.iter().filter(|axis| !at.iter().any(|(known, _)| known == axis)).collect();
        for more in evaluator.positions(open) {
            let there: Positions = at.iter().copied().chain(more).collect();
            let term = evaluator.value(id, &there);
            total = Plain::apply(lossdef_compiler::ir::Function::Add, &[total, term]);
        }
    };
    add(evaluator, gradient.own.raw, at);
    if let Some(shared) = &gradient.shared {
        let there = at.iter().map(|(axis, position)| {
            let index = shared.at.iter().find(|(from, _)| from == axis);
            (index.map_or(*axis, |(_, index)| *index), *position)
        });
        add(evaluator, shared.form.raw, &there.collect());
    }
    total.0
}
