//! Losses as nodes of candle's graph: nothing is cut, whatever stands before and behind them.

mod given;

use candle_core::{DType, Device, Module, Result, Tensor, Var};
use candle_nn::{Linear, Optimizer, SGD};
use given::{Random, assert_near, flat, gradient, number, own};
use lossdef::losses::{CosineEmbedding, CrossEntropy, Mse, SmoothL1, TripletMargin};
use lossdef_candle::{Loss, Reduction, loss};

/// Central differences of a number in every element of a variable.
fn differences(variable: &Var, value: impl Fn() -> Result<Tensor>) -> Result<Vec<f64>> {
    const STEP: f64 = 1e-6;
    let (shape, before) = (variable.shape().clone(), flat(variable));
    let at = |elements: &[f64]| -> Result<f64> {
        variable.set(&Tensor::from_slice(elements, shape.clone(), &Device::Cpu)?)?;
        Ok(number(&value()?))
    };
    let mut slopes = Vec::new();
    for element in 0..before.len() {
        let mut moved = before.clone();
        moved[element] = before[element] + STEP;
        let above = at(&moved)?;
        moved[element] = before[element] - STEP;
        slopes.push((above - at(&moved)?) / (2.0 * STEP));
    }
    at(&before)?;
    Ok(slopes)
}

/// Two layers, and the loss of their output: the gradient of every parameter is that of finite differences, for every
/// reduction, and with numbers behind the loss that differ from sample to sample.
#[test]
fn gradients_through_a_network() -> Result<()> {
    let mut random = Random(2);
    let x = random.tensor((6, 5), 1.0, DType::F64)?;
    let labels = Tensor::new(&[0i64, 3, -100, 1, 1, 2], &Device::Cpu)?;
    let weight = random.var(4, 0.5, DType::F64)?;
    let uneven = random.tensor(6, 2.0, DType::F64)?;
    let parameters = [
        random.var((7, 5), 1.0, DType::F64)?,
        random.var(7, 1.0, DType::F64)?,
        random.var((4, 7), 1.0, DType::F64)?,
        random.var(4, 1.0, DType::F64)?,
    ];
    let [w1, b1, w2, b2] = parameters.each_ref().map(|variable| variable.as_tensor().clone());
    let (first, second) = (Linear::new(w1, Some(b1)), Linear::new(w2, Some(b2)));
    for reduction in
        [Reduction::Mean, Reduction::Sum, Reduction::None, Reduction::BatchMean, Reduction::MeanOver(2.5)]
    {
        let loss = Loss::new(CrossEntropy::dynamic()).parameter("label_smoothing", 0.2).reduction(reduction);
        let value = || -> Result<Tensor> {
            let logits = second.forward(&first.forward(&x)?.tanh()?)?;
            let weight = weight.affine(1.0, 1.0)?;
            let value = loss.on(&[&logits, &labels]).input("weight", &weight).forward()?;
            match reduction {
                Reduction::None => (value * &uneven)?.sum_all(),
                _ => value.sqr(),
            }
        };
        let store = value()?.backward()?;
        for variable in parameters.iter().chain([&weight]) {
            assert_near(&gradient(&store, variable), &differences(variable, value)?, 1e-7);
        }
    }
    Ok(())
}

#[test]
fn every_differentiable_input_has_its_gradient() -> Result<()> {
    let mut random = Random(3);
    let (a, b) = (random.var((4, 3), 1.0, DType::F64)?, random.var((4, 3), 1.0, DType::F64)?);
    let c = random.var((4, 3), 1.0, DType::F64)?;
    let (sign, each) =
        (Tensor::new(&[1f64, -1.0, 1.0, -1.0], &Device::Cpu)?, random.tensor(4, 1.0, DType::F64)?);
    for reduction in [Reduction::Mean, Reduction::None] {
        let end = |value: Tensor| match reduction {
            Reduction::None => (value * &each)?.sum_all(),
            _ => Ok(value),
        };
        let cosine = Loss::new(CosineEmbedding::dynamic()).reduction(reduction);
        let value = || end(cosine.on(&[&a, &b, &sign]).forward()?);
        let store = value()?.backward()?;
        for variable in [&a, &b] {
            assert_near(&gradient(&store, variable), &differences(variable, value)?, 1e-8);
        }
        let triplet = Loss::new(TripletMargin::dynamic()).reduction(reduction);
        let value = || end(triplet.on(&[&a, &b, &c]).forward()?);
        let store = value()?.backward()?;
        for variable in [&a, &b, &c] {
            assert_near(&gradient(&store, variable), &differences(variable, value)?, 1e-8);
        }
    }
    Ok(())
}

/// Five variables, of different shapes, where an operation of candle takes three tensors.
#[test]
fn more_inputs_than_an_operation_takes() -> Result<()> {
    let mut random = Random(4);
    let inputs = (0..4).map(|_| random.var((3, 4), 1.0, DType::F64)).collect::<Result<Vec<_>>>()?;
    let (scale, each) = (random.var((), 1.0, DType::F64)?, random.tensor((4, 3), 1.0, DType::F64)?);
    for reduction in [Reduction::Mean, Reduction::None] {
        let many = Loss::new(own::Many::dynamic()).reduction(reduction);
        let value = || -> Result<Tensor> {
            // One of them transposed twice, so that it is not contiguous.
            let turned = inputs[1].t()?;
            let [a, c, d] = [&inputs[0], &inputs[2], &inputs[3]].map(|variable| variable.t());
            let value = many.on(&[&a?, &turned, &c?, &d?]).input("scale", &scale).forward()?;
            if reduction == Reduction::None { (value * &each)?.sum_all() } else { Ok(value) }
        };
        let store = value()?.backward()?;
        for variable in inputs.iter().chain([&scale]) {
            assert_near(&gradient(&store, variable), &differences(variable, value)?, 1e-8);
        }
    }
    Ok(())
}

/// The same tensor as two inputs, and a variable on both sides.
#[test]
fn one_variable_as_two_inputs() -> Result<()> {
    let x = Var::new(&[1f64, -2.0, 4.0], &Device::Cpu)?;
    let store = loss(Mse::dynamic(), &[&x, &x])?.backward()?;
    assert_eq!(gradient(&store, &x), [0.0; 3]);
    let store = Loss::new(Mse::dynamic()).reduction(Reduction::Sum).forward(&x, &x.sqr()?)?.backward()?;
    let want: Vec<f64> = [1.0, -2.0, 4.0].iter().map(|x: &f64| 2.0 * (x - x * x) * (1.0 - 2.0 * x)).collect();
    assert_near(&gradient(&store, &x), &want, 1e-15);
    Ok(())
}

#[test]
fn backward_twice() -> Result<()> {
    let mut random = Random(5);
    let (x, y) = (random.var((8, 3), 2.0, DType::F32)?, random.tensor((8, 3), 2.0, DType::F32)?);
    for reduction in [Reduction::Mean, Reduction::None] {
        let value = Loss::new(SmoothL1::dynamic()).reduction(reduction).forward(&x, &y)?;
        let first = gradient(&value.backward()?, &x);
        assert!(first.iter().any(|slope| *slope != 0.0));
        assert_eq!(gradient(&value.backward()?, &x), first);
        // A second graph on top of the same node, with another factor.
        let doubled = gradient(&(&value * 2.0)?.backward()?, &x);
        assert_near(&doubled, &first.iter().map(|slope| 2.0 * slope).collect::<Vec<_>>(), 1e-7);
        assert_eq!(gradient(&value.backward()?, &x), first);
    }
    Ok(())
}

/// The result leads nowhere where no input does, and nowhere but to the inputs that do.
#[test]
fn without_variables() -> Result<()> {
    let mut random = Random(6);
    let (x, y) = (random.tensor((8, 3), 2.0, DType::F32)?, random.tensor((8, 3), 2.0, DType::F32)?);
    let variable = Var::from_tensor(&x)?;
    for reduction in [Reduction::Mean, Reduction::None] {
        let mse = Loss::new(Mse::dynamic()).reduction(reduction);
        let (plain, tracked) = (mse.forward(&x, &y)?, mse.forward(&variable, &y)?);
        assert!(!plain.track_op() && tracked.track_op());
        assert_eq!(flat(&plain), flat(&tracked));
        let store = tracked.backward()?;
        assert!(store.get(&variable).is_some() && store.get(&y).is_none());
        assert!(!mse.forward(&variable.detach(), &y)?.track_op());
    }
    // Labels that were computed from variables are whole numbers, at which candle's graph ends.
    let labels = variable.argmax(1)?;
    let store = loss(CrossEntropy::dynamic(), &[&variable, &labels])?.backward()?;
    assert!(store.get(&variable).is_some());
    Ok(())
}

/// Two losses of one output, added up, and an optimiser of candle.
#[test]
fn losses_are_tensors() -> Result<()> {
    let mut random = Random(7);
    let (w, x) = (random.var((3, 4), 1.0, DType::F32)?, random.tensor((16, 4), 1.0, DType::F32)?);
    let (labels, target) = (random.labels(16, 3)?, random.tensor((16, 3), 1.0, DType::F32)?);
    let mut optimizer = SGD::new(vec![w.clone()], 0.5)?;
    let mut values = Vec::new();
    for _ in 0..30 {
        let logits = x.matmul(&w.t()?)?;
        let value = (loss(CrossEntropy::dynamic(), &[&logits, &labels])?
            + (loss(Mse::dynamic(), &[&logits, &target])? * 0.1)?)?;
        optimizer.backward_step(&value)?;
        values.push(number(&value));
    }
    assert!(values.windows(2).all(|pair| pair[1] < pair[0]), "{values:?}");
    Ok(())
}

/// Where candle is told to keep gradients in the graph, ours are no constants, but cannot be differentiated.
#[test]
fn second_derivatives_are_refused() -> Result<()> {
    const ATTACHED: &str = "CANDLE_GRAD_DO_NOT_DETACH";
    if std::env::var_os(ATTACHED).is_none() {
        // candle reads the variable once, so that it has to be there from the start.
        let program = std::env::current_exe()?;
        let mut again = std::process::Command::new(program);
        let status = again.args(["--exact", "second_derivatives_are_refused"]).env(ATTACHED, "1").status()?;
        assert!(status.success());
        return Ok(());
    }
    let x = Var::new(&[1f64, -2.0], &Device::Cpu)?;
    for reduction in [Reduction::Mean, Reduction::None] {
        let mse = Loss::new(Mse::dynamic()).reduction(reduction);
        let store = mse.forward(&x, &x.zeros_like()?)?.backward()?;
        let penalty = store.get(&x).expect("a gradient").sqr()?.sum_all()?;
        let error = penalty.backward().expect_err("a second derivative").to_string();
        assert!(error.contains("backward is not supported for the gradient of a loss of lossdef"), "{error}");
    }
    let candle = candle_nn::loss::mse(&x, &x.zeros_like()?)?.backward()?;
    assert!(candle.get(&x).expect("a gradient").track_op(), "the variable is not read any more");
    Ok(())
}

#[test]
fn one_loss_serves_all_threads() -> Result<()> {
    let loss = Loss::new(SmoothL1::dynamic()).parameter("beta", 0.5);
    let slopes = |seed| -> Result<Vec<f64>> {
        let mut random = Random(seed);
        let (x, y) = (random.var((40, 50), 2.0, DType::F32)?, random.tensor((40, 50), 2.0, DType::F32)?);
        Ok(gradient(&loss.forward(&x, &y)?.backward()?, &x))
    };
    let together = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|seed| scope.spawn(move || slopes(seed))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).collect::<Result<Vec<_>>>()
    });
    assert_eq!(together?, (0..4).map(slopes).collect::<Result<Vec<_>>>()?);
    Ok(())
}
