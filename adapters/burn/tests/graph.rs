//! Losses as nodes of burn's graph: nothing is cut, whatever stands before and behind them.

mod given;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use burn::module::Module;
use burn::nn::loss::Reduction;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{DType, GradientCheckpointingStrategy, Gradients, Int, Tensor};
use given::{Random, assert_near, device, flat, gradient, number, own, tensor};
use lossdef::losses::{CosineEmbedding, CrossEntropy, Mse, SmoothL1, TripletMargin};
use lossdef::{Loss as Formula, ReductionKind};
use lossdef_burn::{Call, Loss, LossConfig};

const REDUCTIONS: [ReductionKind; 5] = [
    ReductionKind::Mean,
    ReductionKind::Sum,
    ReductionKind::None,
    ReductionKind::BatchMean,
    ReductionKind::MeanOver(2.5),
];

/// Central differences of a number in every element of a leaf, given by its place among others.
fn differences<const N: usize>(
    leaves: &[(Vec<f64>, Vec<usize>); N],
    leaf: usize,
    value: impl Fn(&[(Vec<f64>, Vec<usize>); N]) -> f64,
) -> Vec<f64> {
    const STEP: f64 = 1e-6;
    let mut moved = leaves.clone();
    (0..leaves[leaf].0.len())
        .map(|element| {
            let mut at = |step: f64| {
                moved[leaf].0[element] = leaves[leaf].0[element] + step;
                value(&moved)
            };
            let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            moved[leaf].0[element] = leaves[leaf].0[element];
            slope
        })
        .collect()
}

/// A loss of three leaves.
type Run<'r> = &'r dyn Fn([&Tensor<2>; 3]) -> Tensor<1>;

/// A leaf of two axes, or of one in the last.
fn leaf((numbers, shape): &(Vec<f64>, Vec<usize>)) -> Tensor<2> {
    let shape = if let [rows, columns] = shape[..] { [rows, columns] } else { [1, shape[0]] };
    tensor(numbers.clone(), shape, DType::F64).require_grad()
}

/// Reduces a call to one number whose upstream derivatives differ from sample to sample, or from 1.
fn end<const D: usize>(call: Call<'_>, reduction: ReductionKind, uneven: &Tensor<D>) -> Tensor<1> {
    match reduction {
        ReductionKind::None => (call.forward_no_reduction::<D>() * uneven.clone()).sum(),
        _ => call.forward(reduction).square(),
    }
}

/// Two layers, and the loss of their output: the gradient of every parameter is that of finite differences, for every
/// reduction, and with numbers behind the loss that differ from sample to sample.
#[test]
fn gradients_through_a_network() {
    let mut random = Random(2);
    let x = random.tensor([6, 5], 1.0, DType::F64);
    let labels = Tensor::<1, Int>::from_data([0i64, 3, -100, 1, 1, 2], &device());
    let uneven = random.tensor([6], 2.0, DType::F64);
    let mut given = |rows: usize, columns: usize| (random.numbers(rows * columns, 1.0), vec![rows, columns]);
    let leaves = [given(5, 7), given(1, 7), given(7, 4), given(1, 4), given(1, 4)];
    let loss = LossConfig::new().with_parameter("label_smoothing", 0.2).init(CrossEntropy::dynamic());
    for reduction in REDUCTIONS {
        let run = |tensors: [&Tensor<2>; 5]| {
            let [w1, b1, w2, b2, weight] = tensors.map(Tensor::clone);
            let logits = (x.clone().matmul(w1) + b1).tanh().matmul(w2) + b2;
            let weight: Tensor<1> = (weight * 0.5 + 1.0).squeeze_dim(0);
            end(loss.on(logits, labels.clone()).input("weight", weight), reduction, &uneven)
        };
        let tensors = leaves.each_ref().map(leaf);
        let store = run(tensors.each_ref()).backward();
        for (place, tensor) in tensors.iter().enumerate() {
            let want =
                differences(&leaves, place, |leaves| number(&run(leaves.each_ref().map(leaf).each_ref())));
            assert_near(&gradient(&store, tensor), &want, 1e-7);
        }
    }
}

#[test]
fn every_differentiable_input_has_its_gradient() {
    let mut random = Random(3);
    let leaves = [(); 3].map(|()| (random.numbers(12, 1.0), vec![4, 3]));
    let sign = tensor(vec![1.0, -1.0, 1.0, -1.0], [4], DType::F64);
    let uneven = random.tensor([4], 1.0, DType::F64);
    let (cosine, triplet) = (Loss::new(CosineEmbedding::dynamic()), Loss::new(TripletMargin::dynamic()));
    for reduction in REDUCTIONS {
        let cosine = |[a, b, _]: [&Tensor<2>; 3]| {
            end(cosine.on(a.clone(), b.clone()).with(sign.clone()), reduction, &uneven)
        };
        let triplet = |[a, b, c]: [&Tensor<2>; 3]| {
            end(triplet.on(a.clone(), b.clone()).with(c.clone()), reduction, &uneven)
        };
        let losses: [(usize, Run<'_>); 2] = [(2, &cosine), (3, &triplet)];
        for (count, run) in losses {
            let tensors = leaves.each_ref().map(leaf);
            let store = run(tensors.each_ref()).backward();
            for (place, tensor) in tensors.iter().enumerate().take(count) {
                let want = differences(&leaves, place, |leaves| {
                    number(&run(leaves.each_ref().map(leaf).each_ref()))
                });
                assert_near(&gradient(&store, tensor), &want, 1e-8);
            }
        }
    }
}

/// Five leaves, of different shapes, where the operation has at most three parents.
#[test]
fn more_inputs_than_an_operation_has_parents() {
    let mut random = Random(4);
    let mut given = |rows: usize, columns: usize| (random.numbers(rows * columns, 1.0), vec![rows, columns]);
    let leaves = [given(3, 4), given(3, 4), given(3, 4), given(3, 4), given(1, 1)];
    let uneven = random.tensor([4, 3], 1.0, DType::F64);
    let many = Loss::new(own::Many::dynamic());
    for reduction in REDUCTIONS {
        let run = |[a, b, c, d, scale]: [&Tensor<2>; 5]| {
            let [a, b, c, d] = [a, b, c, d].map(|tensor| tensor.clone().transpose());
            let scale: Tensor<1> = scale.clone().squeeze_dim(0);
            end(many.on(a, b).with(c).with(d).input("scale", scale), reduction, &uneven)
        };
        let tensors = leaves.each_ref().map(leaf);
        let store = run(tensors.each_ref()).backward();
        for (place, tensor) in tensors.iter().enumerate() {
            let want =
                differences(&leaves, place, |leaves| number(&run(leaves.each_ref().map(leaf).each_ref())));
            assert_near(&gradient(&store, tensor), &want, 1e-7);
        }
    }
}

/// An error of the call comes before burn joins tensors, which it cannot of two types.
#[test]
fn many_inputs_of_two_types() {
    let leaf = |dtype| tensor(vec![1.0], [1], dtype).require_grad();
    let many = Loss::new(own::Many::dynamic());
    let call = many.on(leaf(DType::F32), leaf(DType::F32)).with(leaf(DType::F64)).with(leaf(DType::F32));
    let error = call.try_forward(Reduction::Mean).unwrap_err().to_string();
    assert!(error.starts_with("many: `c` has elements of type f64"), "{error}");
}

/// The same tensor as two inputs, and a leaf on both sides.
#[test]
fn one_leaf_as_two_inputs() {
    let x = tensor(vec![1.0, -2.0, 4.0], [3], DType::F64).require_grad();
    let mse = Loss::new(Mse::dynamic());
    let store = mse.forward(x.clone(), x.clone(), Reduction::Mean).backward();
    assert_eq!(gradient(&store, &x), [0.0; 3]);
    let store = mse.forward(x.clone(), x.clone().square(), Reduction::Sum).backward();
    let want: Vec<f64> = [1.0, -2.0, 4.0].iter().map(|x: &f64| 2.0 * (x - x * x) * (1.0 - 2.0 * x)).collect();
    assert_near(&gradient(&store, &x), &want, 1e-15);
}

/// One value for all samples is of shape `[1]`, reduced or not.
#[test]
fn a_value_without_samples() {
    let x = tensor(vec![1.0, 2.0, 3.0, 4.0], [2, 2], DType::F64).require_grad();
    let spread = Loss::new(own::Spread::dynamic());
    // The square of 30, the sum of all squares.
    let want = [120.0, 240.0, 360.0, 480.0];
    let each: Tensor<1> = spread.call().with(x.clone()).forward_no_reduction();
    assert_eq!(flat(&each), [900.0]);
    assert_near(
        &gradient(&(each * 3.0).backward(), &x),
        &want.iter().map(|x| 3.0 * x).collect::<Vec<_>>(),
        1e-15,
    );
    let sum = spread.call().with(x.clone()).forward(Reduction::Sum);
    assert_near(&gradient(&sum.backward(), &x), &want, 1e-15);
}

/// The derivative from above is multiplied in, and each value's own where they are not reduced.
#[test]
fn upstream_derivatives() {
    let x = tensor(vec![1.0, 2.0, 3.0], [3], DType::F32).require_grad();
    let zero = Tensor::<1>::zeros([3], &device());
    let mse = Loss::new(Mse::dynamic());
    let each: Tensor<1> = mse.forward_no_reduction(x.clone(), zero.clone());
    let factor = tensor(vec![0.0, -1.0, 10.0], [3], DType::F32);
    assert_eq!(gradient(&(each * factor).sum().backward(), &x), [0.0, -4.0, 60.0]);
    let sum = mse.forward(x.clone(), zero.clone(), Reduction::Sum);
    assert_eq!(gradient(&(sum * -0.5).backward(), &x), [-1.0, -2.0, -3.0]);
    // A derivative that burn repeats without copies.
    let each: Tensor<1> = mse.forward_no_reduction(x.clone(), zero);
    assert_near(&gradient(&each.mean().backward(), &x), &[2.0 / 3.0, 4.0 / 3.0, 2.0], 1e-7);
}

/// Counts what is asked for of a loss.
#[derive(Debug)]
struct Counted(&'static dyn Formula);

static GRADIENTS: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

impl Formula for Counted {
    fn spec(&self) -> &'static lossdef::spec::Spec {
        self.0.spec()
    }

    fn run_f32(
        &self,
        task: lossdef_runtime::task::Task<'_, '_, f32>,
    ) -> Result<lossdef_runtime::task::Outcome, lossdef::Error> {
        CALLS.fetch_add(1, Relaxed);
        // The fields are private, but what a task is asked for can be printed.
        let text = format!("{task:?}");
        let asked = text.split(" gradients: ").nth(1).and_then(|text| text.split(" denominators: ").next());
        GRADIENTS.fetch_add(asked.expect("a field").matches("Some(").count(), Relaxed);
        self.0.run_f32(task)
    }

    fn run_f64(
        &self,
        task: lossdef_runtime::task::Task<'_, '_, f64>,
    ) -> Result<lossdef_runtime::task::Outcome, lossdef::Error> {
        self.0.run_f64(task)
    }
}

/// Gradients are computed in the forward pass where they will be needed, and nowhere else.
#[test]
fn an_untracked_call_computes_no_gradient() {
    let counted: &'static dyn Formula = Box::leak(Box::new(Counted(SmoothL1::dynamic())));
    let loss = Loss::new(counted);
    let counts = |body: &dyn Fn()| {
        let before = (CALLS.load(Relaxed), GRADIENTS.load(Relaxed));
        body();
        (CALLS.load(Relaxed) - before.0, GRADIENTS.load(Relaxed) - before.1)
    };
    let mut random = Random(6);
    let (x, y) = (random.leaf([8, 3], 2.0, DType::F32), random.tensor([8, 3], 2.0, DType::F32));
    let plain = x.clone().inner();
    let untracked = |tensor: Tensor<1>| assert!(!tensor.is_tracked());
    let outside = || untracked(loss.forward(plain.clone(), y.clone().inner(), Reduction::Mean));
    assert_eq!(counts(&outside), (1, 0));
    let constant = || untracked(loss.forward(x.clone().set_require_grad(false), y.clone(), Reduction::Mean));
    assert_eq!(counts(&constant), (1, 0));
    // The target is a constant: one gradient, not two.
    let mean = || loss.forward(x.clone(), y.clone(), Reduction::Mean);
    assert_eq!(counts(&|| assert!(mean().is_tracked())), (1, 1));
    assert_eq!(counts(&|| drop(mean().backward())), (1, 1));
    let each = || loss.forward_no_reduction::<2>(x.clone(), y.clone());
    assert_eq!(counts(&|| assert!(each().is_tracked())), (1, 0));
    assert_eq!(counts(&|| drop(each().sum().backward())), (2, 1));
    // A constant that belongs to no graph beside a leaf of one.
    let mixed = loss.forward(x.clone(), y.clone().inner(), Reduction::Mean);
    assert!(mixed.is_tracked() && gradient(&mixed.backward(), &x).iter().any(|slope| *slope != 0.0));
    assert_eq!(flat(&mean()), flat(&loss.forward(plain, y.clone().inner(), Reduction::Mean)));
}

/// burn may throw values away in the forward pass and compute them again; the loss is kept.
#[test]
fn gradient_checkpointing() {
    let mut random = Random(7);
    let (numbers, target) = (random.numbers(12, 1.0), random.numbers(12, 1.0));
    let slopes =
        [GradientCheckpointingStrategy::Disabled, GradientCheckpointingStrategy::Balanced].map(|strategy| {
            let on = |numbers: &[f64]| {
                tensor(numbers.to_vec(), [4, 3], DType::F64).with_gradient_checkpointing_strategy(strategy)
            };
            let (x, y) = (on(&numbers).require_grad(), on(&target));
            let value =
                Loss::new(SmoothL1::dynamic()).forward(x.clone().exp().square(), y.exp(), Reduction::Mean);
            gradient(&value.exp().backward(), &x)
        });
    assert_eq!(slopes[0], slopes[1]);
    assert!(slopes[0].iter().all(|slope| *slope != 0.0));
}

/// Two losses of one output, added up, as the parts of a module, and an optimiser of burn.
#[test]
fn losses_are_tensors_and_modules() {
    #[derive(Module, Debug)]
    struct Model {
        layer: Linear,
        entropy: Loss,
        mse: Loss,
    }

    let mut random = Random(8);
    let mut model = Model {
        layer: LinearConfig::new(4, 3).init(&device()),
        entropy: Loss::new(CrossEntropy::dynamic()),
        mse: Loss::new(Mse::dynamic()),
    };
    assert!(format!("{model}").contains("cross_entropy"), "{model}");
    assert_eq!(model.num_params(), 4 * 3 + 3);
    let x = random.tensor([16, 4], 1.0, DType::F32);
    let (labels, target) = (random.labels(16, 3), random.tensor([16, 3], 1.0, DType::F32));
    let mut optimizer = SgdConfig::new().init();
    let mut values = Vec::new();
    for _ in 0..30 {
        let logits = model.layer.forward(x.clone());
        let value = model.entropy.forward(logits.clone(), labels.clone(), Reduction::Mean)
            + model.mse.forward(logits, target.clone(), Reduction::Auto) * 0.1;
        values.push(number(&value));
        let gradients = GradientsParams::from_grads(value.backward(), &model);
        model = optimizer.step(0.5, model, gradients);
    }
    assert!(values.windows(2).all(|pair| pair[1] < pair[0]), "{values:?}");
}

/// A graph can be walked once in burn; two graphs of one leaf add up where a loss stands in both.
#[test]
fn two_losses_of_one_leaf() {
    let mut random = Random(9);
    let (x, y) = (random.leaf([5], 1.0, DType::F64), random.tensor([5], 1.0, DType::F64));
    let mse = Loss::new(Mse::dynamic());
    let slopes = |store: &Gradients| gradient(store, &x);
    let one = slopes(&mse.forward(x.clone(), y.clone(), Reduction::Sum).backward());
    let (a, b) =
        (mse.forward(x.clone(), y.clone(), Reduction::Sum), mse.forward(x.clone(), y, Reduction::Sum));
    let want: Vec<f64> = one.iter().map(|slope| 4.0 * slope).collect();
    assert_near(&slopes(&(a + b * 3.0).backward()), &want, 1e-15);
}
