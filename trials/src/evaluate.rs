//! Random losses at random arrays, hostile numbers among them: no panic, the same bits with one thread and with two,
//! and of tame formulas the values that plain loops over the graph give.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use lossdef_compiler::CompiledLoss;
use lossdef_compiler::evaluate::axes::{Arrays, Evaluator, Positions};
use lossdef_compiler::ir::{AxisId, Input};
use lossdef_engine::load;
use lossdef_runtime::dynamic::Loss;
use lossdef_runtime::reduction::ReductionKind;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::calls::{Given, Scale, given};
use crate::compile::sound;
use crate::formulas::{Choices, Kind, file};

/// Pools of one thread and of two.
static POOLS: LazyLock<[ThreadPool; 2]> = LazyLock::new(|| {
    [1, 2].map(|threads| ThreadPoolBuilder::new().num_threads(threads).build().expect("threads"))
});

/// Bytes as decisions that lead to a loss and to arrays.
pub fn evaluate(bytes: &[u8]) {
    let mut choices = Unstructured::new(bytes);
    let wild = choices.chance(50);
    let kind = Kind::random(wild, &mut choices);
    let text = file("trial", kind, &mut choices);
    let compiled = sound(&text);
    let compiled = compiled.losses.last().expect("the loss that was written");
    let module = load("f.def", &text).unwrap_or_else(|report| panic!("{report}\n{text}"));
    let loss = module.get("trial").expect("the loss that was written").dynamic();
    let many = if loss.spec().is_elementwise() { 40_000 } else { 300 };
    let samples = *choices.pick(&[1, 2, 3, 33, 0, many]);
    let scale = Scale {
        samples,
        length: *choices.pick(&[2, 1, 3, 35, 0]),
        single: choices.chance(50),
        hostile: choices.chance(50),
    };
    let given = given(loss.spec(), scale, &mut choices);
    let [one, two] = [0, 1].map(|pool: usize| POOLS[pool].install(|| given.everything(loss)));
    assert!(one == two, "threads change bits with {scale:?}\n{text}\n{given:?}");
    if !wild && !scale.hostile && !scale.single && samples < 100 && scale.length > 0 {
        plainly(compiled, loss, &given, &text);
    }
}

/// Holds the value of every sample against plain loops.
fn plainly(compiled: &CompiledLoss, loss: &dyn Loss, given: &Given, text: &str) {
    let of = &compiled.derived.loss;
    let Ok(found) = given.call(loss, ReductionKind::None).unchecked().evaluate() else { return };
    let found = found.value.to_f64();
    let sizes = sizes(compiled, given);
    let count = |input: &Input| input.axes.iter().map(|axis| sizes[usize::from(axis.0)]).product();
    let inputs = of.inputs.iter().zip(&given.inputs).map(|(input, array)| {
        let numbers =
            array.as_ref().map_or_else(|| vec![input.default.unwrap_or(f64::NAN)], |array| array.numbers());
        // What is missing, and what broadcasts, is one number.
        if numbers.len() == 1 { vec![numbers[0]; count(input)] } else { numbers }
    });
    let arrays = Arrays {
        inputs: inputs.collect(),
        parameters: given.parameters.clone(),
        upstream: vec![1.0; found.len()],
        sizes: sizes.clone(),
    };
    let axes: Vec<AxisId> = of.graph.samples.iter().collect();
    let mut evaluator = Evaluator::new(&of.graph, &of.inputs, &arrays);
    let mut all = |root| evaluator.array(root, &axes, &Positions::new());
    let kept = compiled.derived.keep.map(&mut all);
    for (at, (want, got)) in all(compiled.derived.value.stable).into_iter().zip(&found).enumerate() {
        let want = if kept.as_ref().is_some_and(|kept| kept[at] == 0.0) { 0.0 } else { want };
        // What no number stands for, and the product of many, is no matter of digits.
        let near = (got - want).abs() <= 1e-7 * (1.0 + want.abs());
        assert!(
            near || !want.is_finite() || want.abs() > 1e6,
            "sample {at} is {got:e}, by plain loops {want:e}\n{text}\n{given:?}"
        );
    }
}

/// The length of every axis, by its number.
fn sizes(compiled: &CompiledLoss, given: &Given) -> Vec<usize> {
    let of = &compiled.derived.loss;
    let length = |axis: AxisId| {
        let inputs = of.inputs.iter().zip(&given.inputs).filter(|(input, _)| input.default.is_none());
        let mut lengths = inputs.filter_map(|(input, array)| {
            let (array, at) = (array.as_ref()?, input.axes.iter().position(|own| *own == axis)?);
            // A group stands for the axes that the others leave.
            let shape = array.shape();
            let many = shape.len() + 1 - input.axes.len();
            let group = input.axes.iter().position(|own| of.graph.axes[usize::from(own.0)].group);
            let start = if group.is_some_and(|group| group < at) { at + many - 1 } else { at };
            let own = if group == Some(at) { many } else { 1 };
            Some(shape[start..start + own].iter().product())
        });
        lengths.next().unwrap_or(1)
    };
    (0..of.graph.axes.len()).map(|axis| length(AxisId(axis as u8))).collect()
}
