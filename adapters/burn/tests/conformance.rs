//! The conformance corpus of lossdef, what PyTorch computes, through tensors of burn: every case of every loss, in
//! float64 and float32, with the gradient of every real input by `backward`. What differs from PyTorch is what the
//! repository lists; see `tests/conformance/README.md` there.

#[path = "../../../tests/ours/arrays.rs"]
#[allow(dead_code, reason = "the part of it that typed calls use is not used here")]
mod arrays;
#[path = "../../../tests/ours/by_trait.rs"]
mod by_trait;
#[path = "../../../tests/corpus/mod.rs"]
mod corpus;
mod given;

use std::collections::BTreeMap;

use burn::tensor::{DType, Gradients, Int, Tensor, TensorData};
use corpus::call::{Aligned, Call, Reduction};
use corpus::judge::Precision;
use corpus::report::{Outcome, run};
use corpus::tensor::Sums;
use corpus::{Answer, losses, pieces};
use given::{device, flat, gradient, tensor};
use lossdef_burn::{Error, Input, LossConfig};

/// Runs a generic function for the number of axes that a shape has.
macro_rules! by_rank {
    ($shape:expr, $function:ident($($argument:expr),*)) => {
        match $shape.len() {
            0 | 1 => $function::<1>($($argument),*),
            2 => $function::<2>($($argument),*),
            3 => $function::<3>($($argument),*),
            4 => $function::<4>($($argument),*),
            5 => $function::<5>($($argument),*),
            6 => $function::<6>($($argument),*),
            axes => panic!("tensors of {axes} axes"),
        }
    };
}

#[test]
fn in_float64() {
    run("through burn, float64", Precision::Double, |_, call| {
        compare(call, DType::F64, by_trait::answer::<f64>)
    });
}

#[test]
fn in_float32() {
    run("through burn, float32", Precision::Single, |_, call| {
        compare(call, DType::F32, by_trait::answer::<f32>)
    });
}

/// What burn gives, or the message of its error, which must be that of a call without burn.
fn compare(
    call: &Call,
    dtype: DType,
    bare: fn(&Call, &Aligned) -> Result<Answer, lossdef::Error>,
) -> Outcome {
    if !pieces::pieces(call).iter().all(pieces::Piece::is_whole) {
        return Outcome::Aside("they are several calls of ours");
    }
    let aligned = call.aligned();
    let elementwise =
        lossdef::losses::CATALOGUE.get(call.loss).is_some_and(|loss| loss.spec().is_elementwise());
    if !elementwise && aligned.inputs.values().any(|view| view.shape.is_empty()) {
        return Outcome::Aside("burn has no tensor without axes");
    }
    let empty = |(name, own): (&String, &Vec<usize>)| {
        let shape = &aligned.inputs[name].shape;
        own != shape && shape.contains(&0)
    };
    if aligned.own_shapes.iter().any(empty) {
        return Outcome::Aside("burn repeats no tensor 0 times");
    }
    Outcome::Done(match (through(call, &aligned, dtype), bare(call, &aligned)) {
        (Ok(mut answer), Ok(bare)) => {
            // How large the terms are that cancel in a sum, by which it is judged.
            answer.output.magnitudes = bare.output.magnitudes;
            for (name, sums) in bare.gradients {
                answer.gradients.get_mut(&name).expect("a gradient").magnitudes = sums.magnitudes;
            }
            Ok(answer)
        }
        (Err(Error::Loss(error)), Err(bare)) => {
            let (error, bare) = (error.to_string(), bare.to_string());
            // One number is of shape [1] in burn.
            assert_eq!(
                error.replace("[1]", "[]").replace("[0]", "[]"),
                bare.replace("[1]", "[]").replace("[0]", "[]")
            );
            Err(bare)
        }
        (Ok(_), Err(bare)) => Err(format!("burn accepts what is refused: {bare}")),
        (Err(error), _) => Err(format!("only burn refuses: {error}")),
    })
}

/// The gradient of a leaf.
type Slopes = Box<dyn Fn(&Gradients) -> Vec<f64>>;

/// A call as a graph: leaves, repeated by burn where torch does so, the loss, and the gradient from above.
fn through(call: &Call, aligned: &Aligned, dtype: DType) -> Result<Answer, Error> {
    let mut config = LossConfig::new();
    for (name, value) in &call.parameters {
        config = config.with_parameter(name, *value);
    }
    if let Some((axis, place)) = call.axis {
        config = config.with_axis(axis, place);
    }
    let loss =
        config.try_init(lossdef::losses::CATALOGUE.get(call.loss).expect("a loss of the catalogue"))?;
    let mut leaves: BTreeMap<String, Slopes> = BTreeMap::new();
    let mut bound = loss.call();
    for (name, view) in &aligned.inputs {
        let own = aligned.own_shapes.get(name).unwrap_or(&view.shape);
        let (numbers, given) = (call.inputs[name].numbers(), call.inputs[name].dtype.as_str());
        bound = bound.input(
            name,
            if losses::input(call.loss, name).labels {
                by_rank!(view.shape, labels(numbers, own, &view.shape, given))
            } else {
                let (input, slopes) = by_rank!(view.shape, leaf(numbers, own, &view.shape, dtype));
                leaves.insert(name.clone(), slopes);
                input
            },
        );
    }
    let (values, store) = match call.reduction {
        Reduction::None => by_rank!(aligned.shape, each(bound, &call.upstream, dtype))?,
        Reduction::Mean => end(bound.try_forward(lossdef::ReductionKind::Mean)?, &call.upstream, dtype),
        Reduction::Sum => end(bound.try_forward(lossdef::ReductionKind::Sum)?, &call.upstream, dtype),
        Reduction::BatchMean => {
            end(bound.try_forward(lossdef::ReductionKind::BatchMean)?, &call.upstream, dtype)
        }
    };
    let gradients = leaves.iter().map(|(name, slopes)| (name.clone(), Sums::plain(slopes(&store))));
    Ok(Answer { gradients: gradients.collect(), output: Sums::plain(values) })
}

fn each<const D: usize>(
    bound: lossdef_burn::Call<'_>,
    upstream: &[f64],
    dtype: DType,
) -> Result<(Vec<f64>, Gradients), Error> {
    Ok(end(bound.try_forward_no_reduction::<D>()?, upstream, dtype))
}

fn end<const D: usize>(value: Tensor<D>, upstream: &[f64], dtype: DType) -> (Vec<f64>, Gradients) {
    let upstream = tensor(upstream.to_vec(), value.dims(), dtype);
    (flat(&value), (value * upstream).sum().backward())
}

/// A shape of as many axes, with axes of length 1 before those that it has.
fn padded<const D: usize>(shape: &[usize]) -> [usize; D] {
    let mut padded = [1; D];
    padded[D - shape.len()..].copy_from_slice(shape);
    padded
}

fn leaf<const D: usize>(numbers: Vec<f64>, own: &[usize], shape: &[usize], dtype: DType) -> (Input, Slopes) {
    let leaf = tensor(numbers, padded::<D>(own), dtype).require_grad();
    let repeated = if own == shape { leaf.clone() } else { leaf.clone().expand(padded::<D>(shape)) };
    (repeated.into(), Box::new(move |store| gradient(store, &leaf)))
}

fn labels<const D: usize>(numbers: Vec<f64>, own: &[usize], shape: &[usize], dtype: &str) -> Input {
    let dtype = match dtype {
        "uint8" => DType::U8,
        "int32" => DType::I32,
        _ => DType::I64,
    };
    let numbers: Vec<i64> = numbers.into_iter().map(|number| number as i64).collect();
    let data = TensorData::new(numbers, padded::<D>(own));
    let labels = Tensor::<D, Int>::from_data(data, (&device(), dtype));
    if own == shape { labels.into() } else { labels.expand(padded::<D>(shape)).into() }
}
