//! Ours beside burn's own losses, where these are right: value and gradient of every input that leads to a leaf.

mod given;

use burn::nn::loss::*;
use burn::tensor::{DType, Int, Tensor};
use given::{Random, assert_near, device, gradient, number, tensor};
use lossdef::losses;
use lossdef_burn::{Input, Loss, LossConfig};

/// Both float types, and how far the results may lie apart, as a share of the largest number.
const BOTH: [(DType, f64); 2] = [(DType::F32, 2e-6), (DType::F64, 1e-13)];

/// Compares value and gradient, with a factor behind the loss.
#[track_caller]
fn compare<const D: usize>(
    leaves: &[&Tensor<D>],
    share: f64,
    ours: impl Fn() -> Tensor<1>,
    theirs: impl Fn() -> Tensor<1>,
) {
    let (ours, theirs) = (ours() * -1.5, theirs() * -1.5);
    assert_near(&[number(&ours)], &[number(&theirs)], share);
    let (our_slopes, their_slopes) = (ours.backward(), theirs.backward());
    for leaf in leaves {
        assert_near(&gradient(&our_slopes, leaf), &gradient(&their_slopes, leaf), share);
    }
}

/// One of lossdef's losses on two inputs.
fn ours(loss: &Loss, x: &Tensor<2>, y: impl Into<Input>, reduction: &Reduction) -> Tensor<1> {
    loss.forward(x.clone(), y, reduction.clone())
}

#[test]
fn elementwise() {
    let mut random = Random(41);
    for (dtype, share) in BOTH {
        for size in [1.0, 30.0] {
            let (x, y) = (random.leaf([17, 9], size, dtype), random.leaf([17, 9], size, dtype));
            let sign = random.tensor([17, 9], 1.0, dtype).sign();
            let both = [&x, &y];
            for reduction in [Reduction::Mean, Reduction::Sum, Reduction::Auto] {
                let r = &reduction;
                let of = |loss: Loss| {
                    let (x, y) = (x.clone(), y.clone());
                    move || ours(&loss, &x, y.clone(), r)
                };
                let mse = MseLoss::new();
                compare(&both, share, of(Loss::new(losses::Mse::dynamic())), || {
                    mse.forward(x.clone(), y.clone(), r.clone())
                });
                let l1 = LpLossConfig::l1();
                compare(&both, share, of(Loss::new(losses::L1::dynamic())), || {
                    l1.forward(x.clone(), y.clone(), r.clone())
                });
                let huber = HuberLossConfig::new(1.75).init();
                let config = LossConfig::new().with_parameter("delta", 1.75);
                compare(&both, share, of(config.init(losses::Huber::dynamic())), || {
                    huber.forward(x.clone(), y.clone(), r.clone())
                });
                let smooth = SmoothL1LossConfig::new().with_beta(0.5).init();
                let config = LossConfig::new().with_parameter("beta", 0.5);
                compare(&both, share, of(config.init(losses::SmoothL1::dynamic())), || {
                    smooth.forward_with_reduction(x.clone(), y.clone(), r.clone())
                });
                let loss = Loss::new(losses::SoftMargin::dynamic());
                compare(
                    &[&x],
                    // burn drops what is left of a logarithm beyond 20.
                    share.max(1e-9),
                    || ours(&loss, &x, sign.clone(), r),
                    || SoftMarginLoss::new().forward(x.clone(), sign.clone(), r.clone()),
                );
                let hinge = HingeEmbeddingLossConfig::new().with_margin(0.5).init();
                let loss =
                    LossConfig::new().with_parameter("margin", 0.5).init(losses::HingeEmbedding::dynamic());
                compare(
                    &[&x],
                    share,
                    || ours(&loss, &x, sign.clone(), r),
                    || hinge.forward(x.clone(), sign.clone(), r.clone()),
                );
                let ranking = MarginRankingLossConfig::new().with_margin(0.5).init();
                let loss =
                    LossConfig::new().with_parameter("margin", 0.5).init(losses::MarginRanking::dynamic());
                compare(
                    &both,
                    share,
                    || loss.on(x.clone(), y.clone()).with(sign.clone()).forward(r.clone()),
                    || ranking.forward(x.clone(), y.clone(), sign.clone(), r.clone()),
                );
            }
        }
    }
}

#[test]
fn likelihoods() {
    let mut random = Random(42);
    for (dtype, share) in BOTH {
        let x = random.leaf([17, 9], 3.0, dtype);
        let counts = random.tensor([17, 9], 4.0, dtype).abs().add_scalar(1.5);
        let r = Reduction::Mean;
        let poisson = PoissonNllLossConfig::new().with_full(true).init();
        let loss = LossConfig::new().with_parameter("full", true).init(losses::PoissonNll::dynamic());
        compare(
            &[&x],
            // burn has the pi of `f32`.
            share.max(1e-8),
            || ours(&loss, &x, counts.clone(), &r),
            || poisson.forward(x.clone(), counts.clone(), r.clone()),
        );
        let (y, width) = (random.leaf([17, 9], 3.0, dtype), random.tensor([17, 9], 1.0, dtype));
        let var = (width.abs() + 0.1).require_grad();
        let normal = GaussianNLLLossConfig::new().with_full(true).init();
        let loss = LossConfig::new().with_parameter("full", true).init(losses::GaussianNll::dynamic());
        compare(
            &[&x, &y, &var],
            share,
            || loss.on(x.clone(), y.clone()).with(var.clone()).forward(r.clone()),
            || normal.forward(x.clone(), y.clone(), var.clone(), r.clone()),
        );
        // Probabilities below 1, where burn's clamp does not act.
        let target = random.tensor([17, 9], 1.0, dtype).abs().clamp_min(1e-3).require_grad();
        for log_target in [false, true] {
            let theirs = KLDivLossConfig::new().with_log_target(log_target).init();
            let config = LossConfig::new().with_parameter("log_target", log_target);
            let loss = config.init(losses::KlDiv::dynamic());
            for reduction in [Reduction::Mean, Reduction::Sum, Reduction::BatchMean] {
                compare(
                    &[&x, &target],
                    // The derivative of burn's division by a number has the digits of `f32`.
                    if matches!(reduction, Reduction::BatchMean) { share.max(1e-7) } else { share },
                    || ours(&loss, &x, target.clone(), &reduction),
                    || theirs.forward(x.clone(), target.clone(), reduction.clone()),
                );
            }
        }
    }
}

#[test]
fn binary_cross_entropy() {
    let mut random = Random(43);
    // In double precision, burn's own panics: its targets become numbers of the device's float type.
    let (dtype, share) = BOTH[0];
    for size in [1.0, 12.0] {
        let x = random.leaf([31, 5], size, dtype);
        let labels: Tensor<2, Int> = random.labels(31 * 5, 2).reshape([31, 5]);
        let r = Reduction::Mean;
        let config = BinaryCrossEntropyLossConfig::new().with_logits(true);
        let theirs = config.init(&device());
        let loss = Loss::new(losses::BceWithLogits::dynamic());
        compare(
            &[&x],
            share,
            || ours(&loss, &x, labels.clone(), &r),
            || theirs.forward(x.clone(), labels.clone()),
        );
        let p = tensor(random.numbers(31 * 5, 0.49).into_iter().map(|p| p + 0.5).collect(), [31, 5], dtype);
        let p = p.require_grad();
        let theirs = BinaryCrossEntropyLossConfig::new().init(&device());
        let loss = Loss::new(losses::Bce::dynamic());
        compare(
            &[&p],
            4.0 * share,
            || ours(&loss, &p, labels.clone(), &r),
            || theirs.forward(p.clone(), labels.clone()),
        );
    }
}

#[test]
fn cross_entropy() {
    let mut random = Random(44);
    let mean = Reduction::Mean;
    for (dtype, share) in BOTH {
        for (samples, classes) in [(1, 2), (16, 10), (33, 129)] {
            let logits = random.leaf([samples, classes], 8.0, dtype);
            let labels = random.labels(samples, classes as u64);
            let weights: Vec<f32> = (0..classes).map(|class| 0.5 + (class % 7) as f32).collect();
            let wide: Vec<f64> = weights.iter().map(|weight| f64::from(*weight)).collect();
            let (theirs, config) = (CrossEntropyLossConfig::new(), LossConfig::new());
            let smoothing = f64::from(0.1f32);
            let settings = [
                (theirs.clone(), config.clone()),
                (
                    theirs.clone().with_smoothing(Some(0.1)),
                    config.clone().with_parameter("label_smoothing", smoothing),
                ),
                (
                    theirs.clone().with_pad_tokens(Some(vec![1])),
                    config.clone().with_parameter("ignore_index", 1.0),
                ),
                (
                    theirs.clone().with_weights(Some(weights.clone())),
                    config.clone().with_input("weight", wide.clone()),
                ),
                (
                    theirs
                        .with_weights(Some(weights))
                        .with_smoothing(Some(0.1))
                        .with_pad_tokens(Some(vec![0])),
                    config
                        .with_input("weight", wide)
                        .with_parameter("label_smoothing", smoothing)
                        .with_parameter("ignore_index", 0.0),
                ),
            ];
            for (theirs, config) in settings {
                if dtype == DType::F64 && (theirs.weights.is_some() || theirs.smoothing.is_some()) {
                    // burn has weights and smoothed targets of the device's float type.
                    continue;
                }
                let (theirs, loss) = (theirs.init(&device()), config.init(losses::CrossEntropy::dynamic()));
                if samples == 1 && theirs.pad_tokens.is_some() {
                    continue;
                }
                compare(
                    &[&logits],
                    share,
                    || ours(&loss, &logits, labels.clone(), &mean),
                    || theirs.forward(logits.clone(), labels.clone()),
                );
            }
        }
    }
}

#[test]
fn over_axes() {
    let mut random = Random(45);
    for (dtype, share) in BOTH {
        let (a, b) = (random.leaf([16, 7], 2.0, dtype), random.leaf([16, 7], 2.0, dtype));
        let c = random.leaf([16, 7], 2.0, dtype);
        let sign: Tensor<1, Int> = random.labels(16, 2) * 2 - 1;
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let theirs =
                CosineEmbeddingLossConfig::new().with_margin(0.25).with_reduction(reduction.clone()).init();
            let loss =
                LossConfig::new().with_parameter("margin", 0.25).init(losses::CosineEmbedding::dynamic());
            // burn has a floor under the lengths, torch and ours a number beside their squares.
            compare(
                &[&a, &b],
                share.max(1e-11),
                || loss.on(a.clone(), b.clone()).with(sign.clone()).forward(reduction.clone()),
                || theirs.forward(a.clone(), b.clone(), sign.clone()),
            );
            let theirs = TripletMarginLossConfig::new().init();
            let loss = LossConfig::new().with_parameter("eps", 0.0).init(losses::TripletMargin::dynamic());
            compare(
                &[&a, &b, &c],
                share,
                || loss.on(a.clone(), b.clone()).with(c.clone()).forward(reduction.clone()),
                || theirs.forward(a.clone(), b.clone(), c.clone(), reduction.clone()),
            );
            let labels = random.labels(16, 7);
            for p in [1, 2] {
                let theirs = MultiMarginLossConfig::new().with_p(p).init();
                let loss = LossConfig::new().with_parameter("p", f64::from(p));
                let loss = loss.init(losses::MultiMargin::dynamic());
                compare(
                    &[&a],
                    share,
                    || ours(&loss, &a, labels.clone(), &reduction),
                    || theirs.forward(a.clone(), labels.clone(), reduction.clone()),
                );
            }
        }
    }
}

/// Where burn's own are right on large numbers, ours are the same.
#[test]
fn extreme_inputs() {
    let mean = Reduction::Mean;
    for (dtype, share) in BOTH {
        let large = if dtype == DType::F32 { 1e30 } else { 1e150 };
        let numbers = vec![0.0, 1e4, -1e4, large, 0.0, -large, -large, -large, -large];
        let logits = tensor(numbers, [3, 3], dtype).require_grad();
        let entropy =
            (CrossEntropyLossConfig::new().init(&device()), Loss::new(losses::CrossEntropy::dynamic()));
        for labels in [[1, 0, 2], [0, 1, 0], [2, 2, 1]] {
            let labels = Tensor::<1, Int>::from_data(labels, &device());
            compare(
                &[&logits],
                share,
                || ours(&entropy.1, &logits, labels.clone(), &mean),
                || entropy.0.forward(logits.clone(), labels.clone()),
            );
        }
        let small = (logits.clone().inner() * 1e-20).autodiff().require_grad();
        let zero = small.zeros_like();
        compare(
            &[&small],
            share,
            || ours(&Loss::new(losses::Mse::dynamic()), &small, zero.clone(), &mean),
            || MseLoss::new().forward(small.clone(), zero.clone(), mean.clone()),
        );
        let bce = (
            BinaryCrossEntropyLossConfig::new().with_logits(true).init(&device()),
            Loss::new(losses::BceWithLogits::dynamic()),
        );
        if dtype == DType::F64 {
            continue; // burn's own panics there.
        }
        let truth = Tensor::<2, Int>::from_data([[0, 1, 1], [1, 0, 0], [0, 0, 1]], &device());
        compare(
            &[&logits],
            share,
            || ours(&bce.1, &logits, truth.clone(), &mean),
            || bce.0.forward(logits.clone(), truth.clone()),
        );
    }
}
