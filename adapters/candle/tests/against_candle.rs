//! Values and gradients against candle's own losses, where these are right; and where they are not, both.

mod given;

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::loss as candle;
use given::{Random, assert_near, flat, gradient, number};
use lossdef::losses::{BceWithLogits, CrossEntropy, Huber, Mse, Nll};
use lossdef_candle::{Loss, loss};

const BOTH: [(DType, f64); 2] = [(DType::F32, 2e-6), (DType::F64, 1e-14)];

/// Compares a loss with that of candle, as part of a longer graph: the logits are a product, and the result is scaled.
fn compare(
    logits: &Var,
    share: f64,
    ours: impl Fn(&Tensor) -> Result<Tensor>,
    theirs: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<()> {
    let run = |loss: &dyn Fn(&Tensor) -> Result<Tensor>| -> Result<(Tensor, Vec<f64>)> {
        let value = loss(&logits.affine(1.5, 0.25)?)?;
        let store = (&value * 3.0)?.backward()?;
        Ok((value, gradient(&store, logits)))
    };
    let (ours, theirs) = (run(&ours)?, run(&theirs)?);
    assert_eq!((ours.0.dims(), ours.0.dtype()), (theirs.0.dims(), theirs.0.dtype()));
    assert_near(&flat(&ours.0), &flat(&theirs.0), share);
    assert_near(&ours.1, &theirs.1, share);
    Ok(())
}

#[test]
fn random_inputs() -> Result<()> {
    let mut random = Random(1);
    for (dtype, share) in BOTH {
        for (samples, classes) in [(1, 1), (1, 7), (33, 10), (64, 129)] {
            let logits = random.var((samples, classes), 8.0, dtype)?;
            let labels = random.labels(samples, classes as u32)?;
            compare(
                &logits,
                share,
                |x| loss(CrossEntropy::dynamic(), &[x, &labels]),
                |x| candle::cross_entropy(x, &labels),
            )?;
            compare(&logits, share, |x| loss(Nll::dynamic(), &[x, &labels]), |x| candle::nll(x, &labels))?;
            let target = random.tensor((samples, classes), 8.0, dtype)?;
            compare(&logits, share, |x| loss(Mse::dynamic(), &[x, &target]), |x| candle::mse(x, &target))?;
            let huber = Loss::new(Huber::dynamic()).parameter("delta", 1.75);
            compare(&logits, share, |x| huber.forward(x, &target), |x| candle::huber(x, &target, 1.75))?;
            let truth = target.gt(0.0)?.to_dtype(dtype)?;
            // Beyond, candle's own is rounded away.
            let logits = Var::from_tensor(&(&*logits / 8.0)?)?;
            compare(
                &logits,
                share,
                |x| loss(BceWithLogits::dynamic(), &[x, &truth]),
                |x| candle::binary_cross_entropy_with_logit(x, &truth),
            )?;
        }
    }
    Ok(())
}

/// Where candle's own are right on large numbers, ours are the same.
#[test]
fn extreme_inputs() -> Result<()> {
    for (dtype, share) in BOTH {
        let large = if dtype == DType::F32 { 1e30 } else { 1e150 };
        let logits =
            Tensor::new(&[[0.0, 1e4, -1e4], [large, 0.0, -large], [-large, -large, -large]], &Device::Cpu)?;
        let logits = Var::from_tensor(&logits.to_dtype(dtype)?)?;
        for labels in [[1u32, 0, 2], [0, 1, 0], [2, 2, 1]] {
            let labels = Tensor::new(&labels, &Device::Cpu)?;
            compare(
                &logits,
                share,
                |x| loss(CrossEntropy::dynamic(), &[x, &labels]),
                |x| candle::cross_entropy(x, &labels),
            )?;
        }
        let (small, zero) = (logits.affine(1e-20, 0.0)?, logits.zeros_like()?);
        let small = Var::from_tensor(&small)?;
        compare(&small, share, |x| loss(Mse::dynamic(), &[x, &zero]), |x| candle::mse(x, &zero))?;
    }
    Ok(())
}

/// huggingface/candle#2561: sigmoid, then the logarithm of it and of what it lacks to 1.
#[test]
fn fault_of_bce_with_logit() -> Result<()> {
    let logits = Var::new(&[100f32, -100.0, 20.0], &Device::Cpu)?;
    let target = Tensor::new(&[0f32, 1.0, 0.0], &Device::Cpu)?;
    let run = |value: Tensor| -> Result<(f64, Vec<f64>)> {
        let store = value.backward()?;
        Ok((number(&value), gradient(&store, &logits)))
    };

    let (value, slopes) = run(candle::binary_cross_entropy_with_logit(&logits, &target)?)?;
    assert!(!value.is_finite(), "candle has mended its value: {value}");
    assert!(slopes.iter().any(|slope| slope.is_nan()), "candle has mended its gradient: {slopes:?}");

    let (value, slopes) = run(loss(BceWithLogits::dynamic(), &[&logits, &target])?)?;
    assert_near(&[value], &[220.0 / 3.0], 1e-7);
    assert_near(&slopes, &[1.0 / 3.0, -1.0 / 3.0, 1.0 / 3.0], 1e-7);

    // A confident right answer: about exp(-20), which candle loses.
    let (logit, one) = (Tensor::new(&[20f32], &Device::Cpu)?, Tensor::new(&[1f32], &Device::Cpu)?);
    let theirs = number(&candle::binary_cross_entropy_with_logit(&logit, &one)?);
    assert!(theirs.is_nan(), "candle has mended it: {theirs}");
    assert_near(&[number(&loss(BceWithLogits::dynamic(), &[&logit, &one])?)], &[2.061_153_620_3e-9], 1e-7);
    Ok(())
}

/// A label of -100 says that a sample does not count. candle looks for class -100.
#[test]
fn fault_of_cross_entropy_with_ignored_labels() -> Result<()> {
    let logits = Var::new(&[[1f64, 2.0, 3.0], [0.0, 5.0, 1.0], [2.0, 2.0, 2.0]], &Device::Cpu)?;
    let labels = Tensor::new(&[2i64, -100, 0], &Device::Cpu)?;

    let error = candle::cross_entropy(&logits, &labels).expect_err("candle takes -100").to_string();
    assert!(error.contains("index"), "{error}");

    let value = loss(CrossEntropy::dynamic(), &[&logits, &labels])?;
    let slopes = gradient(&value.backward()?, &logits);
    let kept = logits.index_select(&Tensor::new(&[0u32, 2], &Device::Cpu)?, 0)?;
    let want = candle::cross_entropy(&kept, &Tensor::new(&[2u32, 0], &Device::Cpu)?)?;
    assert_near(&[number(&value)], &[number(&want)], 1e-15);
    assert_eq!(&slopes[3..6], [0.0; 3]);
    assert_near(&slopes, &gradient(&want.backward()?, &logits), 1e-15);
    Ok(())
}

/// Far from 0, `max + log(sum)` loses the digits of a small loss; candle subtracts the logarithm last.
#[test]
fn small_losses_keep_their_digits() -> Result<()> {
    let logits = Tensor::new(&[[12f32, -12.0]], &Device::Cpu)?;
    let label = Tensor::new(&[0u32], &Device::Cpu)?;
    let want = (-24f64).exp().ln_1p();
    assert_near(&[number(&loss(CrossEntropy::dynamic(), &[&logits, &label])?)], &[want], 1e-6);
    let theirs = number(&candle::cross_entropy(&logits, &label)?);
    assert!((theirs - want).abs() > 0.1 * want, "candle has mended it: {theirs:e}, where {want:e} is right");
    Ok(())
}
