//! The conformance corpus of lossdef, what PyTorch computes, through tensors of candle: every case of every loss, in
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

use candle_core::{DType, Device, Result, Tensor, Var};
use corpus::call::{Aligned, Call, Reduction};
use corpus::judge::Precision;
use corpus::report::{Outcome, run};
use corpus::tensor::Sums;
use corpus::{Answer, losses, pieces};
use given::{flat, gradient};
use lossdef_candle::Loss;

#[test]
fn in_float64() {
    run("through candle, float64", Precision::Double, |_, call| {
        compare(call, DType::F64, by_trait::answer::<f64>)
    });
}

#[test]
fn in_float32() {
    run("through candle, float32", Precision::Single, |_, call| {
        compare(call, DType::F32, by_trait::answer::<f32>)
    });
}

/// What candle gives, or the message of its error, which must be that of a call without candle.
fn compare(
    call: &Call,
    dtype: DType,
    bare: fn(&Call, &Aligned) -> std::result::Result<Answer, lossdef::Error>,
) -> Outcome {
    if !pieces::pieces(call).iter().all(pieces::Piece::is_whole) {
        return Outcome::Aside("they are several calls of ours");
    }
    let aligned = call.aligned();
    Outcome::Done(match (through(call, &aligned, dtype), bare(call, &aligned)) {
        (Ok(mut answer), Ok(bare)) => {
            // How large the terms are that cancel in a sum, by which it is judged.
            answer.output.magnitudes = bare.output.magnitudes;
            for (name, sums) in bare.gradients {
                answer.gradients.get_mut(&name).expect("a gradient").magnitudes = sums.magnitudes;
            }
            Ok(answer)
        }
        (Err(error), Err(bare)) => {
            let (error, bare) = (error.to_string(), bare.to_string());
            assert!(error.starts_with(&bare), "{error} is not {bare}");
            Err(bare)
        }
        (Ok(_), Err(bare)) => Err(format!("candle accepts what is refused: {bare}")),
        (Err(error), Ok(_)) => Err(format!("only candle refuses: {error}")),
    })
}

/// A call as a graph: variables, repeated by candle where torch does so, the loss, and the gradient from above.
fn through(call: &Call, aligned: &Aligned, dtype: DType) -> Result<Answer> {
    let mut loss = Loss::named(call.loss)?.reduction(match call.reduction {
        Reduction::None => lossdef_candle::Reduction::None,
        Reduction::Mean => lossdef_candle::Reduction::Mean,
        Reduction::Sum => lossdef_candle::Reduction::Sum,
        Reduction::BatchMean => lossdef_candle::Reduction::BatchMean,
    });
    for (name, value) in &call.parameters {
        loss = loss.parameter(name, *value);
    }
    if let Some((axis, place)) = call.axis {
        loss = loss.axis(axis, place);
    }
    let (mut variables, mut inputs) = (BTreeMap::new(), BTreeMap::new());
    for (name, view) in &aligned.inputs {
        let shape = aligned.own_shapes.get(name).unwrap_or(&view.shape).clone();
        let tensor = Tensor::from_vec(call.inputs[name].numbers(), shape, &Device::Cpu)?;
        let own = if losses::input(call.loss, name).labels {
            tensor.to_dtype(match call.inputs[name].dtype.as_str() {
                "uint8" => DType::U8,
                "int32" => DType::I32,
                _ => DType::I64,
            })?
        } else {
            let variable = Var::from_tensor(&tensor.to_dtype(dtype)?)?;
            variables.insert(name.clone(), variable.clone());
            variable.into_inner()
        };
        inputs.insert(name.as_str(), own.broadcast_as(view.shape.as_slice())?);
    }
    let mut bound = loss.on(&[]);
    for (name, tensor) in &inputs {
        bound = bound.input(name, tensor);
    }
    let value = bound.forward()?;
    let upstream = Tensor::from_slice(&call.upstream, value.shape(), &Device::Cpu)?.to_dtype(dtype)?;
    let store = (&value * upstream)?.sum_all()?.backward()?;
    let gradients = variables.iter().map(|(name, variable)| {
        let values = if variable.elem_count() > 0 { gradient(&store, variable) } else { Vec::new() };
        (name.clone(), Sums::plain(values))
    });
    Ok(Answer { gradients: gradients.collect(), output: Sums::plain(flat(&value)) })
}
