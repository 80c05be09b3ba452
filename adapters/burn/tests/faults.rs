//! Faults of burn's own losses beside ours, both as numbers. A test that fails because burn has mended one is good news.

mod given;

use burn::nn::loss::*;
use burn::tensor::{DType, Gradients, Int, Tensor};
use given::{assert_near, device, flat, gradient, number, tensor};
use lossdef::losses;
use lossdef_burn::{Loss, LossConfig};

fn slopes<const D: usize>(value: &Tensor<1>, leaf: &Tensor<D>) -> Vec<f64> {
    let store: Gradients = value.backward();
    gradient(&store, leaf)
}

fn row(numbers: &[f64]) -> Tensor<1> {
    tensor(numbers.to_vec(), [numbers.len()], DType::F32).require_grad()
}

/// tracel-ai/burn#5373, infinity and a gradient that is not a number, is mended in 0.22. What is left: beyond 20, the
/// smooth part is dropped, which is 2e-9 there, where `f64` has seven more digits.
#[test]
fn soft_margin_of_a_large_margin() {
    let run = |dtype: DType, margin: f64| {
        let x = tensor(vec![-margin], [1], dtype).require_grad();
        let y = tensor(vec![1.0], [1], dtype);
        let theirs = SoftMarginLoss::new().forward(x.clone(), y.clone(), Reduction::Sum);
        let ours = Loss::new(losses::SoftMargin::dynamic()).forward(x.clone(), y, Reduction::Sum);
        [(number(&theirs), slopes(&theirs, &x)[0]), (number(&ours), slopes(&ours, &x)[0])]
    };
    assert_eq!(run(DType::F32, 100.0), [(100.0, -1.0); 2]);
    let [theirs, ours] = run(DType::F64, 20.5);
    assert_eq!(theirs, (20.5, -1.0), "burn has mended it");
    let rest = (-20.5f64).exp();
    assert_near(&[ours.0 - 20.5], &[rest.ln_1p()], 1e-6);
    assert_near(&[1.0 + ours.1], &[rest / (1.0 + rest)], 1e-6);
}

/// A confident right answer has a small loss; burn adds 1 to it before it takes the logarithm.
#[test]
fn cross_entropy_of_a_confident_answer() {
    let logits = tensor(vec![12.0, -12.0], [1, 2], DType::F32);
    let label = Tensor::<1, Int>::from_data([0], &device());
    let want = (-24f64).exp().ln_1p();
    let theirs = CrossEntropyLossConfig::new().init(&device());
    assert_eq!(number(&theirs.forward(logits.clone(), label.clone())), 0.0, "burn has mended it");
    let ours = Loss::new(losses::CrossEntropy::dynamic()).forward(logits, label, Reduction::Mean);
    assert_near(&[number(&ours)], &[want], 1e-6);
}

/// In double precision, pi is that of `f32`, and whole targets are of the device's float type.
#[test]
fn double_precision() {
    let count = tensor(vec![3.0], [1], DType::F64);
    let zero = count.zeros_like();
    let want = 1.0 + 3.0 * 3f64.ln() - 3.0 + (2.0 * std::f64::consts::PI * 3.0).ln() / 2.0;
    let theirs = PoissonNllLossConfig::new().with_full(true).init();
    let off = (number(&theirs.forward(zero.clone(), count.clone(), Reduction::Sum)) - want).abs();
    assert!(off > 1e-9, "burn has mended it: {off:e}");
    let ours = LossConfig::new().with_parameter("full", true).init(losses::PoissonNll::dynamic());
    assert_near(&[number(&ours.forward(zero, count.clone(), Reduction::Sum))], &[want], 1e-15);

    let one = Tensor::<1, Int>::from_data([1], &device());
    let theirs = BinaryCrossEntropyLossConfig::new().with_logits(true).init(&device());
    let (x, y) = (count.clone(), one.clone());
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| theirs.forward(x, y)));
    assert!(panics.is_err(), "burn takes double precision");
    let ours = Loss::new(losses::BceWithLogits::dynamic()).forward(count, one, Reduction::Mean);
    assert_near(&[number(&ours)], &[(-3f64).exp().ln_1p()], 1e-15);
}

/// The value is cut off at 100, but its gradient is 0 times infinity. A sigmoid of 17 is 1 in `f32`.
#[test]
fn binary_cross_entropy_of_a_certain_answer() {
    let (p, truth) = (row(&[1.0, 0.0, 0.5]), Tensor::<1, Int>::from_data([1, 0, 1], &device()));
    let theirs = BinaryCrossEntropyLossConfig::new().init(&device()).forward(p.clone(), truth.clone());
    assert_near(&[number(&theirs)], &[2f64.ln() / 3.0], 1e-6);
    assert!(slopes(&theirs, &p)[..2].iter().all(|slope| slope.is_nan()), "burn has mended its gradient");

    let ours = Loss::new(losses::Bce::dynamic()).forward(p.clone(), truth, Reduction::Mean);
    assert_near(&[number(&ours)], &[2f64.ln() / 3.0], 1e-6);
    assert_near(&slopes(&ours, &p), &[0.0, 0.0, -2.0 / 3.0], 1e-6);
}

/// The length of a difference that is 0 has the gradient 0 times infinity.
#[test]
fn triplet_margin_of_an_anchor_on_its_positive() {
    let at = |numbers: [f64; 2]| tensor(numbers.to_vec(), [1, 2], DType::F32).require_grad();
    let (anchor, positive, negative) = (at([1.0, 2.0]), at([1.0, 2.0]), at([1.0, 2.5]));
    let mean = Reduction::Mean;
    let theirs = TripletMarginLossConfig::new().init();
    let theirs = theirs.forward(anchor.clone(), positive.clone(), negative.clone(), mean.clone());
    assert_near(&[number(&theirs)], &[0.5], 1e-6);
    assert!(slopes(&theirs, &anchor).iter().all(|slope| slope.is_nan()), "burn has mended its gradient");

    let ours = LossConfig::new().with_parameter("eps", 0.0).init(losses::TripletMargin::dynamic());
    let ours = ours.on(anchor.clone(), positive).with(negative).forward(mean);
    assert_near(&[number(&ours)], &[0.5], 1e-6);
    assert_near(&slopes(&ours, &anchor), &[0.0, 1.0], 1e-6);
}

/// A vector of zeros has no direction: the cosine is 0 by torch's convention, and its gradient is finite.
#[test]
fn cosine_embedding_of_a_zero_vector() {
    let at = |numbers: [f64; 2]| tensor(numbers.to_vec(), [1, 2], DType::F32).require_grad();
    let (zero, other) = (at([0.0, 0.0]), at([3.0, 4.0]));
    let sign = Tensor::<1, Int>::from_data([1], &device());
    let theirs = CosineEmbeddingLossConfig::new().init().forward(zero.clone(), other.clone(), sign.clone());
    assert!(slopes(&theirs, &zero).iter().all(|slope| slope.is_nan()), "burn has mended its gradient");

    let ours = Loss::new(losses::CosineEmbedding::dynamic());
    let ours = ours.on(zero.clone(), other).with(sign).forward(Reduction::Mean);
    assert_eq!(number(&ours), 1.0);
    assert!(slopes(&ours, &zero).iter().all(|slope| slope.is_finite()));
}

/// A target above 1, as of counts or of weights: its logarithm is cut off at that of 1.
#[test]
fn kl_div_of_a_target_above_one() {
    let (x, y) = (row(&[0.5, -1.0]), tensor(vec![2.0, 4.0], [2], DType::F32));
    let theirs = KLDivLossConfig::new().init().forward_no_reduction(x.clone(), y.clone());
    assert_eq!(flat(&theirs), [-1.0, 4.0], "burn has mended its value");

    let ours: Tensor<1> = Loss::new(losses::KlDiv::dynamic()).forward_no_reduction(x, y);
    assert_near(&flat(&ours), &[2.0 * 2f64.ln() - 1.0, 4.0 * 4f64.ln() + 4.0], 1e-6);
}

/// The part for large counts is computed for a count of 0 too, and masked afterwards.
#[test]
fn poisson_of_a_count_of_zero() {
    let (x, counts) = (row(&[0.5, 1.0]), row(&[0.0, 3.0]));
    let mean = Reduction::Mean;
    let theirs = PoissonNllLossConfig::new().with_full(true).init();
    let theirs = theirs.forward(x.clone(), counts.clone(), mean.clone());
    assert!(number(&theirs).is_finite());
    assert!(slopes(&theirs, &counts)[0].is_nan(), "burn has mended its gradient");

    let ours = LossConfig::new().with_parameter("full", true).init(losses::PoissonNll::dynamic());
    let ours = ours.forward(x, counts.clone(), mean);
    assert_near(&[number(&ours)], &[number(&theirs)], 1e-6);
    let of_three = -1.0 + 3f64.ln() + 1.0 / 6.0;
    assert_near(&slopes(&ours, &counts), &[-0.25, of_three / 2.0], 1e-6);
}

/// `margin^2 + small - margin^2`: what is left of a small hinge under a large margin.
#[test]
fn multi_margin_of_small_hinges() {
    let scores = tensor(vec![1000.0, 0.001], [1, 2], DType::F32).require_grad();
    let label = Tensor::<1, Int>::from_data([0], &device());
    let theirs = MultiMarginLossConfig::new().with_margin(1000.0).with_p(2).init();
    let theirs = theirs.forward(scores.clone(), label.clone(), Reduction::Mean);
    assert_eq!(number(&theirs), 0.0, "burn has mended its value");

    let ours = LossConfig::new().with_parameter("margin", 1000.0).with_parameter("p", 2.0);
    let ours = ours.init(losses::MultiMargin::dynamic()).forward(scores, label, Reduction::Mean);
    // The hinge is rounded to a multiple of 2^-14, the spacing of numbers near 1000.
    let hinge = f64::from(1000.0f32 - 1000.0 + 0.001f32);
    assert_near(&[number(&ours)], &[hinge * hinge / 2.0], 0.1);
}

/// A label of -100 says that a sample does not count. burn looks for class -100, and its list of padding labels
/// holds no negative ones.
#[test]
fn cross_entropy_with_ignored_labels() {
    let logits = tensor(vec![1.0, 2.0, 3.0, 0.0, 5.0, 1.0, 2.0, 2.0, 2.0], [3, 3], DType::F32).require_grad();
    let labels = Tensor::<1, Int>::from_data([2, -100, 0], &device());
    let theirs = CrossEntropyLossConfig::new().init(&device());
    let (x, y) = (logits.clone(), labels.clone());
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| number(&theirs.forward(x, y))));
    let kept = Tensor::<1, Int>::from_data([0, 2], &device());
    let want = theirs.forward(logits.clone().select(0, kept), Tensor::from_data([2, 0], &device()));
    assert!(panics.is_err() || panics.is_ok_and(|value| value != number(&want)), "burn takes -100");

    let ours = Loss::new(losses::CrossEntropy::dynamic()).forward(logits.clone(), labels, Reduction::Mean);
    assert_near(&[number(&ours)], &[number(&want)], 1e-6);
    assert_near(&slopes(&ours, &logits), &slopes(&want, &logits), 1e-6);
}

/// A padding label beyond the classes is read before it is masked.
#[test]
fn cross_entropy_with_a_padding_label_beyond_the_classes() {
    let logits = tensor(vec![1.0, 2.0, 0.0, 5.0], [2, 2], DType::F32).require_grad();
    let labels = Tensor::<1, Int>::from_data([1, 255], &device());
    let theirs = CrossEntropyLossConfig::new().with_pad_tokens(Some(vec![255])).init(&device());
    let (x, y) = (logits.clone(), labels.clone());
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| number(&theirs.forward(x, y))));
    assert!(panics.is_err(), "burn masks before it reads: {panics:?}");

    let ours = LossConfig::new().with_parameter("ignore_index", 255.0).init(losses::CrossEntropy::dynamic());
    let ours = ours.forward(logits, labels, Reduction::Mean);
    assert_near(&[number(&ours)], &[(-1f64).exp().ln_1p()], 1e-6);
}

/// A column beside a row: burn repeats both, and the mean is one over all pairs.
#[test]
fn mse_of_a_column_and_a_row() {
    let column = tensor(vec![1.0, 2.0, 3.0], [3, 1], DType::F32);
    let line = tensor(vec![1.0, 2.0, 3.0], [1, 3], DType::F32);
    let theirs = MseLoss::new().forward(column.clone(), line.clone(), Reduction::Mean);
    assert_near(&[number(&theirs)], &[12.0 / 9.0], 1e-6);

    let error = Loss::new(losses::Mse::dynamic()).try_forward(column, line, Reduction::Mean).unwrap_err();
    assert_eq!(
        error.to_string(),
        "mse: `input` has shape [3, 1] but `target` has shape [1, 3]; required inputs must have the same shape"
    );
}

/// What burn's losses do not offer panics there; here every reduction is one of every loss.
#[test]
fn batch_mean_of_mse() {
    let (x, y) = (row(&[1.0, 3.0]), row(&[0.0, 0.0]));
    let (a, b) = (x.clone(), y.clone());
    let theirs = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        MseLoss::new().forward(a, b, Reduction::BatchMean)
    }));
    assert!(theirs.is_err(), "burn has it now");

    let ours = Loss::new(losses::Mse::dynamic()).forward(x, y, Reduction::BatchMean);
    assert_eq!(number(&ours), 5.0);
}

/// A variance below the floor gets no gradient in burn, and so stays there; torch and ours let it through.
#[test]
fn gaussian_nll_of_a_variance_below_the_floor() {
    let (x, y, var) = (row(&[1.0]), row(&[0.5]), row(&[1e-9]));
    let mean = Reduction::Mean;
    let theirs = GaussianNLLLossConfig::new().init().forward(x.clone(), y.clone(), var.clone(), mean.clone());
    assert_eq!(slopes(&theirs, &var), [0.0], "burn has mended its gradient");

    let ours = Loss::new(losses::GaussianNll::dynamic()).on(x, y).with(var.clone()).forward(mean);
    assert_near(&[number(&ours)], &[number(&theirs)], 1e-6);
    // (1/v - d^2/v^2) / 2 at the floor of 1e-6.
    assert_near(&slopes(&ours, &var), &[(1e6 - 0.25e12) / 2.0], 1e-6);
}
