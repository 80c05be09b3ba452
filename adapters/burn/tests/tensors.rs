//! What a tensor may be: element types, layouts, sizes; and what it may not.

mod given;

use burn::nn::loss::Reduction;
use burn::tensor::{Bool, DType, Device, GradientCheckpointingStrategy, Int, Tensor, TensorData};
use given::{Random, assert_near, device, flat, gradient, number, own, tensor};
use lossdef::ReductionKind;
use lossdef::losses::{Bce, CrossEntropy, Huber, Mse, TripletMargin};
use lossdef_burn::{Error, Loss, LossConfig};

/// Every layout gives the value and the gradient of its contiguous copy.
#[test]
fn layouts() {
    let mut random = Random(11);
    let base = random.leaf([6, 8, 5], 3.0, DType::F32);
    let row = random.leaf([1, 1, 5], 3.0, DType::F32);
    let layouts: [(&str, &Tensor<3>, &dyn Fn() -> Tensor<3>); 8] = [
        ("whole", &base, &|| base.clone()),
        ("transposed", &base, &|| base.clone().swap_dims(0, 2)),
        ("permuted", &base, &|| base.clone().permute([1, 2, 0])),
        ("narrowed inside", &base, &|| base.clone().narrow(1, 2, 3)),
        ("with an offset", &base, &|| base.clone().narrow(0, 4, 2)),
        ("narrowed, then transposed", &base, &|| base.clone().narrow(2, 1, 3).swap_dims(0, 1)),
        ("reversed", &base, &|| base.clone().flip([0, 2])),
        ("repeated", &row, &|| row.clone().expand([4, 7, 5])),
    ];
    let huber = Loss::new(Huber::dynamic());
    for (name, leaf, layout) in layouts {
        let shape = layout().dims();
        let (target, uneven) = (random.tensor(shape, 3.0, DType::F32), random.tensor(shape, 1.0, DType::F32));
        let run = |x: Tensor<3>, y: Tensor<3>| {
            let each: Tensor<3> = huber.forward_no_reduction(x.clone(), y.clone());
            let (values, mean) = (flat(&each), huber.forward(x, y, Reduction::Mean));
            let mut all = [values, flat(&mean)].concat();
            let slopes = gradient(&((each * uneven.clone()).sum() + mean).backward(), leaf);
            all.extend(slopes);
            all
        };
        println!("{name}");
        // A copy of the same numbers, from which the graph leads back.
        let copy = layout() + Tensor::zeros(shape, &device());
        let want = run(copy, target.clone());
        // Sums follow the order in memory, so that their last bit may differ.
        let turned =
            target.clone().swap_dims(0, 2) + Tensor::zeros([shape[2], shape[1], shape[0]], &device());
        for target in [target, turned.swap_dims(0, 2)] {
            assert_near(&run(layout(), target), &want, 4e-7);
        }
    }
}

/// Logits and labels as a model for images has them: `[N, C, H, W]` and `[N, H, W]`.
#[test]
fn classes_on_another_axis() {
    let mut random = Random(12);
    let logits = random.leaf([2, 5, 3, 4], 3.0, DType::F64);
    let labels = random.labels(24, 5).reshape([2, 3, 4]);
    let moved = logits.clone().permute([0, 2, 3, 1]);
    let moved = Loss::new(CrossEntropy::dynamic()).forward(moved, labels.clone(), Reduction::Mean);
    let placed = LossConfig::new().with_axis("c", 1).init(CrossEntropy::dynamic());
    let placed = placed.forward(logits.clone(), labels, Reduction::Mean);
    assert_near(&[number(&placed)], &[number(&moved)], 1e-15);
    let [placed, moved] = [placed, moved].map(|value| gradient(&value.backward(), &logits));
    assert_near(&placed, &moved, 1e-15);
}

#[test]
fn labels_of_every_type() {
    let mut random = Random(13);
    let logits = random.leaf([12, 6], 3.0, DType::F32);
    let labels: Vec<i64> = random.labels(24, 6).into_data().iter().collect();
    let second: Vec<i64> = labels.iter().skip(1).step_by(2).copied().collect();
    let entropy = Loss::new(CrossEntropy::dynamic());
    let run = |labels: Tensor<1, Int>| {
        let value = entropy.forward(logits.clone(), labels, Reduction::Mean);
        (number(&value), gradient(&value.backward(), &logits))
    };
    let want = run(Tensor::from_data(TensorData::new(second, [12]), &device()));
    let types =
        [DType::U8, DType::U16, DType::U32, DType::U64, DType::I8, DType::I16, DType::I32, DType::I64];
    for dtype in types {
        let data = TensorData::new(labels.clone(), [12, 2]);
        let labels = Tensor::<2, Int>::from_data(data, (&device(), dtype));
        assert_eq!(labels.dtype(), dtype);
        // With a stride and an offset.
        let got = run(labels.narrow(1, 1, 1).squeeze_dim(1));
        assert_eq!(got.0, want.0, "{dtype:?}");
        assert_eq!(got.1, want.1, "{dtype:?}");
    }
}

/// A comparison gives truth values; whole numbers other than labels.
#[test]
fn truth_values_and_whole_numbers() {
    let x = tensor(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3], DType::F32).require_grad();
    let mask = tensor(vec![2.0, 1.0, 1.0, 2.0, 2.0, 2.0], [3, 2], DType::F32).transpose().greater_scalar(1.5);
    let level = Tensor::<2, Int>::from_data([[1, 2, 3], [-1, 0, 2]], &device());
    let masked = Loss::new(own::Masked::dynamic());
    let value = masked.on(x.clone(), x.zeros_like()).with(mask).with(level).forward(Reduction::Sum);
    assert_eq!(number(&value), 1.0 + 27.0 + 72.0);
    assert_eq!(gradient(&value.backward(), &x), [2.0, 0.0, 18.0, 0.0, 0.0, 24.0]);
}

/// Whole numbers and truth values are numbers where a formula takes these, as targets are in burn's own losses.
#[test]
fn whole_targets_are_numbers() {
    let x = tensor(vec![1.5, -2.0, 0.25], [3], DType::F32).require_grad();
    let mse = Loss::new(Mse::dynamic());
    let want = mse.forward(x.clone(), tensor(vec![1.0, 0.0, 1.0], [3], DType::F32), Reduction::Sum);
    let int = Tensor::<1, Int>::from_data([1, 0, 1], &device());
    let bool = Tensor::<1, Bool>::from_data([true, false, true], &device());
    assert_eq!(number(&mse.forward(x.clone(), int, Reduction::Sum)), number(&want));
    let value = mse.forward(x.clone(), bool, Reduction::Sum);
    assert_eq!(number(&value), number(&want));
    assert_eq!(gradient(&value.backward(), &x), gradient(&want.backward(), &x));
    // In double precision where the other inputs are.
    let wide =
        Tensor::<1, Int>::from_data(TensorData::new(vec![(1i64 << 53) - 1], [1]), (&device(), DType::I64));
    let value = mse.forward(tensor(vec![0.0], [1], DType::F64), wide.clone(), Reduction::Sum);
    assert_eq!(number(&value), ((1i64 << 53) - 1) as f64 * ((1i64 << 53) - 1) as f64);
    let error = mse.try_forward(tensor(vec![0.0], [1], DType::F32), wide, Reduction::Sum).unwrap_err();
    let message =
        "mse: `target` is 9007199254740991 at [0], which the float type of the call cannot hold exactly";
    assert_eq!(error.to_string(), message);
    // The largest of a type is rounded up, and the conversion back would hide it; those of small types are exact.
    let limits = [
        (DType::I64, i64::MAX, false),
        (DType::I32, i32::MAX.into(), false),
        (DType::I8, 127, true),
        (DType::U8, 255, true),
    ];
    for (dtype, largest, exact) in limits {
        let whole = Tensor::<1, Int>::from_data(TensorData::new(vec![0, largest], [2]), (&device(), dtype));
        let result = mse.try_forward(tensor(vec![0.0; 2], [2], DType::F32), whole, Reduction::Sum);
        assert_eq!(result.is_ok(), exact, "{dtype:?}");
    }
}

#[test]
fn optional_inputs_broadcast() {
    let x = tensor(vec![1.0, 2.0, 3.0, 4.0], [2, 2], DType::F64).require_grad();
    let weight = tensor(vec![1.0, 3.0], [2], DType::F64).require_grad();
    let call = |loss: &Loss| loss.on(x.clone(), x.zeros_like()).forward(Reduction::Sum);
    let mse = Loss::new(Mse::dynamic());
    let value = mse.on(x.clone(), x.zeros_like()).input("weight", weight.clone()).forward(Reduction::Sum);
    assert_eq!(number(&value), 1.0 + 3.0 * 4.0 + 9.0 + 3.0 * 16.0);
    let store = value.backward();
    assert_eq!(gradient(&store, &x), [2.0, 12.0, 6.0, 24.0]);
    assert_eq!(gradient(&store, &weight), [10.0, 20.0]);
    // As part of the configuration; a tensor of the call comes first.
    let constant = LossConfig::new().with_input("weight", [1.0, 3.0]).init(Mse::dynamic());
    let value = call(&constant);
    assert_eq!(number(&value), 70.0);
    assert_eq!(gradient(&value.backward(), &x), [2.0, 12.0, 6.0, 24.0]);
    let own =
        constant.on(x.clone(), x.zeros_like()).input("weight", weight.ones_like()).forward(Reduction::Sum);
    assert_eq!(number(&own), number(&call(&mse)));
    // One number for all, of shape [1] because burn has no other.
    let scaled = LossConfig::new().with_input("scale", [2.0]).init(own::Many::dynamic());
    let [a, b, c, d] = [(); 4].map(|()| x.clone());
    let value = scaled.on(a, b).with(c).with(d).forward(Reduction::Sum);
    assert_eq!(number(&value), 2.0 * 30.0);
}

#[test]
fn no_samples() {
    let none = Tensor::<2>::zeros([0, 3], &device()).require_grad();
    let mse = Loss::new(Mse::dynamic());
    let value = mse.forward(none.clone(), none.zeros_like(), Reduction::Sum);
    assert_eq!(number(&value), 0.0);
    assert_eq!(gradient(&value.backward(), &none), [0.0; 0]);
    let each: Tensor<2> = mse.forward_no_reduction(none.clone(), none.zeros_like());
    assert_eq!(each.dims(), [0, 3]);
}

#[test]
fn errors_name_the_loss_and_the_input() {
    let logits = Tensor::<2>::zeros([4, 3], &device()).require_grad();
    let labels = Tensor::<1, Int>::from_data([0, 1, 2, 0], &device());
    let entropy = Loss::new(CrossEntropy::dynamic());
    let mse = Loss::new(Mse::dynamic());
    let refused = |result: Result<Tensor<1>, Error>| result.expect_err("the call is accepted").to_string();
    let mean = Reduction::Mean;

    let outside = Tensor::<1, Int>::from_data([0, 1, 3, 0], &device());
    assert_eq!(
        refused(entropy.try_forward(logits.clone(), outside, mean.clone())),
        "cross_entropy: `target` is 3 at [2], but axis `c` has positions 0 to 2"
    );
    let shape = refused(entropy.try_forward(logits.clone(), labels.clone().narrow(0, 0, 3), mean.clone()));
    assert!(shape.contains("cross_entropy") && shape.contains("`target` of shape [3]"), "{shape}");
    // Nothing is cut in silence where labels lead to a leaf.
    let column: Tensor<1> = logits.clone().narrow(1, 0, 1).squeeze_dim(1);
    let kind = refused(entropy.try_forward(logits.clone(), column, mean.clone()));
    assert!(
        kind.contains("cross_entropy: `target` has elements of type f32 but must have whole numbers"),
        "{kind}"
    );

    let wide = Tensor::<2>::zeros([4, 3], (&device(), DType::F64));
    let mixed = refused(mse.try_forward(logits.clone(), wide.clone(), mean.clone()));
    assert!(mixed.contains("mse: `target` has elements of type f64 but must have f32"), "{mixed}");
    for (dtype, name) in [(DType::BF16, "bf16"), (DType::F16, "f16")] {
        let half = refused(mse.try_forward(logits.clone().cast(dtype), logits.clone(), mean.clone()));
        assert!(half.contains(&format!("mse: `input` has elements of type {name}")), "{half}");
        assert!(half.contains("`cast`"), "{half}");
    }
    // Through a cast, gradients find their way back.
    let half = logits.clone().cast(DType::F16);
    let value = mse.forward(half.cast(DType::F32) + 1.0, logits.zeros_like(), Reduction::Sum);
    assert_eq!(gradient(&value.backward(), &logits), [2.0; 12]);

    let above =
        refused(Loss::new(Bce::dynamic()).try_forward(logits.clone() + 1.5, logits.clone(), mean.clone()));
    assert_eq!(above, "bce: `input` is 1.5 at [0, 0], outside of [0, 1]");
    let unchecked = LossConfig::new().with_checked(false).init(Bce::dynamic());
    assert!(unchecked.try_forward(logits.clone() + 1.5, logits.clone(), mean.clone()).is_ok());

    let name = refused(
        entropy.on(logits.clone(), labels.clone()).input("wait", logits.clone()).try_forward(mean.clone()),
    );
    assert_eq!(name, "cross_entropy: there is no input `wait`; inputs are `input`, `target`, `weight`");
    let missing = refused(entropy.call().with(logits.clone()).try_forward(mean.clone()));
    assert_eq!(missing, "cross_entropy: required input `target` was not given");
    let many =
        refused(entropy.on(logits.clone(), labels.clone()).with(labels.clone()).try_forward(mean.clone()));
    assert_eq!(many, "cross_entropy: there is no required input for tensor 3; those are input, target");
    assert_eq!(refused(entropy.call().try_forward(mean.clone())), "cross_entropy: no tensor was given");
    let unreduced = refused(entropy.try_forward(logits.clone(), labels.clone(), ReductionKind::None));
    assert!(
        unreduced.contains("cross_entropy") && unreduced.contains("`forward_no_reduction`"),
        "{unreduced}"
    );
    let rank = entropy.try_forward_no_reduction::<2>(logits.clone(), labels.clone()).unwrap_err();
    assert_eq!(
        rank.to_string(),
        "cross_entropy: the values have shape [4], which a tensor of 2 axes cannot hold"
    );

    let unknown = |config: LossConfig| config.try_init(CrossEntropy::dynamic()).unwrap_err().to_string();
    let parameter = unknown(LossConfig::new().with_parameter("smoothing", 0.1));
    assert!(
        parameter.starts_with("cross_entropy: there is no parameter `smoothing`; parameters are"),
        "{parameter}"
    );
    let constant = unknown(LossConfig::new().with_input("weights", [1.0]));
    assert!(constant.starts_with("cross_entropy: there is no input `weights`"), "{constant}");
    let smoothing = LossConfig::new().with_parameter("label_smoothing", 2.0).init(CrossEntropy::dynamic());
    let value = refused(smoothing.try_forward(logits.clone(), labels.clone(), mean.clone()));
    assert_eq!(value, "cross_entropy: parameter `label_smoothing` is 2, outside of [0, 1]");
    let axis = LossConfig::new().with_axis("k", 1).init(CrossEntropy::dynamic());
    let axis = refused(axis.try_forward(logits.clone(), labels, mean.clone()));
    assert!(axis.starts_with("cross_entropy: no axis `k`"), "{axis}");

    let balanced = logits.zeros_like().set_require_grad(false);
    let balanced = Tensor::<2>::from_data(balanced.into_data(), &Device::flex().autodiff())
        .with_gradient_checkpointing_strategy(GradientCheckpointingStrategy::Balanced);
    let strategies = refused(mse.try_forward(logits, balanced, mean));
    assert!(
        strategies.starts_with("mse: `target` has another gradient checkpointing strategy"),
        "{strategies}"
    );
}

/// `forward` panics with the message of `try_forward`, as burn's own losses do.
#[test]
#[should_panic(expected = "triplet_margin: required input `negative` was not given")]
fn forward_panics_with_the_message() {
    let x = Tensor::<2>::zeros([4, 3], &device());
    let _ = Loss::new(TripletMargin::dynamic()).forward(x.clone(), x, Reduction::Mean);
}

/// A backend whose tensors are copied to the host and back.
#[cfg(feature = "ndarray")]
#[test]
fn another_backend() {
    #[allow(deprecated, reason = "burn still has this backend")]
    let other = Device::ndarray().autodiff();
    let mut random = Random(14);
    let (numbers, labels) = (random.numbers(24, 3.0), random.labels(6, 4));
    let run = |device: &Device| {
        let logits = Tensor::<2>::from_data(TensorData::new(numbers.clone(), [6, 4]), (device, DType::F32));
        let logits = logits.require_grad();
        let labels = Tensor::<1, Int>::from_data(labels.to_data(), device);
        let mask = Tensor::<2>::from_data(logits.to_data(), device).greater_scalar(0.0);
        let level = Tensor::<2, Int>::ones([6, 4], device);
        let entropy = Loss::new(CrossEntropy::dynamic());
        let each: Tensor<1> = entropy.forward_no_reduction(logits.clone(), labels.clone());
        let mean = entropy.forward(logits.clone(), labels, Reduction::Mean);
        let masked = Loss::new(own::Masked::dynamic());
        let masked = masked.on(logits.clone(), logits.zeros_like()).with(mask).with(level);
        let masked = masked.forward(Reduction::Sum);
        let value = each.square().sum() * 3.0 + mean * 0.5 + masked;
        (flat(&value), gradient(&value.backward(), &logits))
    };
    let (want, got) = (run(&device()), run(&other));
    assert_near(&got.0, &want.0, 1e-6);
    assert_near(&got.1, &want.1, 1e-6);

    let (here, there) = (Tensor::<1>::zeros([2], &device()), Tensor::<1>::zeros([2], &other));
    let error = Loss::new(Mse::dynamic()).try_forward(here, there, Reduction::Mean).unwrap_err().to_string();
    assert!(
        error.starts_with("mse: `target` is on NdArray") && error.contains("`input` is on Flex"),
        "{error}"
    );
}
