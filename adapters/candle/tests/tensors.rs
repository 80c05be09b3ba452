//! What a tensor may be: element types, layouts, sizes; and what it may not.

mod given;

use candle_core::{DType, Device, Result, Tensor, Var};
use given::{Random, assert_near, flat, gradient, number, own};
use lossdef::losses::{Bce, CrossEntropy, Huber, Mse};
use lossdef_candle::{Loss, Reduction, loss};

/// A way to look at a variable.
type Layout<'l> = &'l dyn Fn() -> Result<Tensor>;

/// Every layout gives the value and the gradient of its contiguous copy.
#[test]
fn layouts() -> Result<()> {
    let mut random = Random(11);
    let base = random.var((6, 8, 5), 3.0, DType::F32)?;
    let row = random.var((1, 5), 3.0, DType::F32)?;
    let layouts: [(&str, &Var, Layout<'_>); 7] = [
        ("whole", &base, &|| Ok(base.as_tensor().clone())),
        ("transposed", &base, &|| base.transpose(0, 2)),
        ("permuted", &base, &|| base.permute((1, 2, 0))),
        ("narrowed inside", &base, &|| base.narrow(1, 2, 3)),
        ("with an offset", &base, &|| base.narrow(0, 4, 2)),
        ("narrowed, then transposed", &base, &|| base.narrow(2, 1, 3)?.transpose(0, 1)),
        ("broadcast", &row, &|| row.broadcast_as((4, 7, 5))),
    ];
    for (name, variable, layout) in layouts {
        let shape = layout()?.shape().clone();
        let (target, each) =
            (random.tensor(&shape, 3.0, DType::F32)?, random.tensor(&shape, 1.0, DType::F32)?);
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
            let huber = Loss::new(Huber::dynamic()).reduction(reduction);
            let run = |x: Tensor, y: Tensor| -> Result<(Vec<f64>, Vec<f64>)> {
                let value = huber.forward(&x, &y)?;
                let end =
                    if reduction == Reduction::None { (&value * &each)?.sum_all()? } else { value.clone() };
                Ok((flat(&value), gradient(&end.backward()?, variable)))
            };
            println!("{name}, {reduction:?}");
            let want = run(layout()?.force_contiguous()?, target.clone())?;
            // Sums follow the order in memory, so that their last bit may differ.
            for target in [target.clone(), target.t()?.contiguous()?.t()?] {
                let got = run(layout()?, target)?;
                assert_near(&got.0, &want.0, 2e-7);
                assert_near(&got.1, &want.1, 4e-7);
            }
        }
    }
    Ok(())
}

/// Logits and labels as a model for images has them: `[N, C, H, W]` and `[N, H, W]`.
#[test]
fn classes_on_another_axis() -> Result<()> {
    let mut random = Random(12);
    let logits = random.var((2, 5, 3, 4), 3.0, DType::F64)?;
    let labels = random.labels(24, 5)?.reshape((2, 3, 4))?;
    let moved = loss(CrossEntropy::dynamic(), &[&logits.permute((0, 2, 3, 1))?, &labels])?;
    let placed = Loss::new(CrossEntropy::dynamic()).axis("c", 1).forward(&logits, &labels)?;
    assert_near(&[number(&placed)], &[number(&moved)], 1e-15);
    let slopes = [placed, moved].map(|value| value.backward().map(|store| gradient(&store, &logits)));
    let [placed, moved] = slopes;
    assert_near(&placed?, &moved?, 1e-15);
    Ok(())
}

#[test]
fn labels_of_every_type() -> Result<()> {
    let mut random = Random(13);
    let logits = random.var((12, 6), 3.0, DType::F32)?;
    let labels = random.labels(24, 6)?.reshape((12, 2))?;
    let want = loss(CrossEntropy::dynamic(), &[&logits, &labels.get_on_dim(1, 1)?.contiguous()?])?;
    let slopes = gradient(&want.backward()?, &logits);
    for dtype in [DType::U8, DType::U32, DType::I16, DType::I32, DType::I64] {
        // With a stride and an offset.
        let value = loss(CrossEntropy::dynamic(), &[&logits, &labels.to_dtype(dtype)?.get_on_dim(1, 1)?])?;
        assert_eq!(number(&value), number(&want), "{dtype:?}");
        assert_eq!(gradient(&value.backward()?, &logits), slopes, "{dtype:?}");
    }
    Ok(())
}

/// A comparison gives 0 and 1 as `u8`, which stands for truth values; whole numbers other than labels.
#[test]
fn truth_values_and_whole_numbers() -> Result<()> {
    let x = Var::new(&[[1f32, 2.0, 3.0], [4.0, 5.0, 6.0]], &Device::Cpu)?;
    let y = x.zeros_like()?;
    let mask = Tensor::new(&[[2f32, 1.0], [1.0, 2.0], [2.0, 2.0]], &Device::Cpu)?.t()?.gt(1.5)?;
    let level = Tensor::new(&[[1i64, 2, 3], [-1, 0, 2]], &Device::Cpu)?;
    let masked = Loss::new(own::Masked::dynamic()).reduction(Reduction::Sum);
    let value = masked.on(&[&x, &y, &mask, &level]).forward()?;
    assert_eq!(number(&value), 1.0 + 27.0 + 72.0);
    assert_eq!(gradient(&value.backward()?, &x), [2.0, 0.0, 18.0, 0.0, 0.0, 24.0]);
    let wide = (mask.to_dtype(DType::I64)? * -7.0)?;
    assert_eq!(number(&masked.on(&[&x, &y, &wide, &level]).forward()?), 100.0);
    Ok(())
}

#[test]
fn optional_inputs_broadcast() -> Result<()> {
    let (x, y) = (
        Var::new(&[[1f64, 2.0], [3.0, 4.0]], &Device::Cpu)?,
        Tensor::zeros((2, 2), DType::F64, &Device::Cpu)?,
    );
    let weight = Var::new(&[1f64, 3.0], &Device::Cpu)?;
    let sum = Loss::new(Mse::dynamic()).reduction(Reduction::Sum);
    let value = sum.on(&[&x, &y]).input("weight", &weight).forward()?;
    let store = value.backward()?;
    assert_eq!(number(&value), 1.0 + 3.0 * 4.0 + 9.0 + 3.0 * 16.0);
    assert_eq!(gradient(&store, &x), [2.0, 12.0, 6.0, 24.0]);
    assert_eq!(gradient(&store, &weight), [10.0, 20.0]);
    Ok(())
}

#[test]
fn no_samples_and_one() -> Result<()> {
    let none = Var::zeros((0, 3), DType::F32, &Device::Cpu)?;
    let sum = Loss::new(Mse::dynamic()).reduction(Reduction::Sum);
    let value = sum.forward(&none, &none.detach())?;
    assert_eq!(number(&value), 0.0);
    assert_eq!(gradient(&value.backward()?, &none), [0.0; 0]);
    let each = sum.reduction(Reduction::None).forward(&none, &none.detach())?;
    assert_eq!(each.dims(), [0, 3]);
    let empty = Tensor::zeros((4, 3), DType::F32, &Device::Cpu)?.narrow(0, 4, 0)?;
    assert_eq!(
        number(&Loss::new(Mse::dynamic()).reduction(Reduction::Sum).forward(&empty, &none.detach())?),
        0.0
    );
    let (x, y) = (Var::new(3f64, &Device::Cpu)?, Tensor::new(1f64, &Device::Cpu)?);
    assert_eq!(gradient(&loss(Mse::dynamic(), &[&x, &y])?.backward()?, &x), [4.0]);
    Ok(())
}

/// The message of a call that must fail; behind its first line, candle may put a backtrace.
fn refused(result: Result<Tensor>) -> String {
    let message = result.expect_err("the call is accepted").to_string();
    message.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn errors_name_the_loss_and_the_input() -> Result<()> {
    let cpu = &Device::Cpu;
    let logits = Var::zeros((4, 3), DType::F32, cpu)?;
    let labels = Tensor::new(&[0u32, 1, 2, 0], cpu)?;
    let of = |target: &Tensor| refused(loss(CrossEntropy::dynamic(), &[&logits, target]));

    assert_eq!(
        of(&Tensor::new(&[0u32, 1, 3, 0], cpu)?),
        "cross_entropy: `target` is 3 at [2], but axis `c` has positions 0 to 2"
    );
    let shape = of(&labels.narrow(0, 0, 3)?);
    assert!(shape.contains("cross_entropy") && shape.contains("`target` of shape [3]"), "{shape}");
    let kind = of(&labels.to_dtype(DType::F32)?);
    assert!(
        kind.contains("cross_entropy: `target` has elements of type f32 but must have whole numbers"),
        "{kind}"
    );
    // Nothing is cut in silence where labels lead to a variable, either.
    assert_eq!(of(&logits.get_on_dim(1, 0)?), kind);

    let wide = Tensor::zeros((4, 3), DType::F64, cpu)?;
    let mixed = refused(loss(Mse::dynamic(), &[&logits, &wide]));
    assert!(mixed.contains("mse: `target` has elements of type f64 but must have f32"), "{mixed}");
    let whole = refused(loss(Mse::dynamic(), &[&logits, &wide.to_dtype(DType::U32)?]));
    assert!(whole.contains("mse: `target` has elements of type u32 but must have float elements"), "{whole}");
    for (dtype, name) in [(DType::BF16, "bf16"), (DType::F16, "f16")] {
        let half = refused(loss(Mse::dynamic(), &[&logits.to_dtype(dtype)?, &wide]));
        assert!(half.contains(&format!("mse: `input` has elements of type {name}")), "{half}");
        assert!(half.contains("`to_dtype`"), "{half}");
    }
    let outside = refused(loss(Bce::dynamic(), &[&logits.affine(1.0, 1.5)?, &logits.detach()]));
    assert_eq!(outside, "bce: `input` is 1.5 at [0, 0], outside of [0, 1]");
    assert!(
        Loss::new(Bce::dynamic()).unchecked().forward(&logits.affine(1.0, 1.5)?, &logits.detach()).is_ok()
    );

    let entropy = Loss::new(CrossEntropy::dynamic());
    let name = refused(entropy.on(&[&logits, &labels]).input("wait", &logits).forward());
    assert_eq!(name, "cross_entropy: there is no input `wait`; inputs are `input`, `target`, `weight`");
    let missing = refused(entropy.on(&[logits.as_tensor()]).forward());
    assert_eq!(missing, "cross_entropy: required input `target` was not given");
    let many = refused(entropy.on(&[&logits, &labels, &labels]).forward());
    assert_eq!(many, "cross_entropy: 3 tensors for the required inputs, which are `input`, `target`");
    let parameter = refused(entropy.clone().parameter("smoothing", 0.1).forward(&logits, &labels));
    assert!(parameter.contains("cross_entropy: there is no parameter `smoothing`"), "{parameter}");
    let value = refused(entropy.clone().parameter("label_smoothing", 1.5).forward(&logits, &labels));
    assert!(value.contains("cross_entropy: parameter `label_smoothing` is 1.5"), "{value}");
    let axis = refused(entropy.clone().axis("k", 1).forward(&logits, &labels));
    assert!(axis.contains("cross_entropy: no axis `k`"), "{axis}");
    let unknown = Loss::named("cross_entrpy").expect_err("a loss of this name").to_string();
    assert!(unknown.starts_with("there is no loss `cross_entrpy`; losses are l1, mse, "), "{unknown}");
    Ok(())
}
