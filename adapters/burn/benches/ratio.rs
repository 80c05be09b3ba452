//! A training step's share of the loss, value and gradient of the logits, against burn's own losses; and what the adapter
//! adds to the bare kernel.
//!
//! Ours and burn's run in turns in one process; medians are compared. Both go through burn's `backward`.
//!
//! ```text
//! cargo bench --manifest-path adapters/Cargo.toml -p lossdef-burn --bench ratio
//! ```

use std::hint::black_box;
use std::time::{Duration, Instant};

use burn::nn::loss::{BinaryCrossEntropyLossConfig, CrossEntropyLossConfig, MseLoss, Reduction};
use burn::tensor::{Device, Int, Tensor, TensorData};
use lossdef::losses::{BceWithLogits, CrossEntropy, Mse};
use lossdef_burn::Loss;
use ndarray::Array1;

/// How long the runs of one row take together, at most about.
const PATIENCE: Duration = Duration::from_secs(6);

fn main() {
    println!("instruction set {}; times are medians, the quartiles behind them", lossdef::instruction_set());
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
        pool.install(|| {
            against_burn(threads);
            over_the_kernel(threads);
        });
    }
}

fn against_burn(threads: usize) {
    let device = Device::flex().autodiff();
    println!("\nforward and backward, both on {threads} thread(s)\n");
    println!("| loss | shape | lossdef | burn | ratio |");
    println!("|---|---|---|---|---|");
    let mean = || Reduction::Mean;
    let (ours, theirs) = (Loss::new(CrossEntropy::dynamic()), CrossEntropyLossConfig::new().init(&device));
    for (samples, classes) in [(1024, 1000), (2048, 32000)] {
        let logits = leaf([samples, classes], 1, 8.0, &device);
        let labels = (0..samples as u32).map(|i| (i.wrapping_mul(2_654_435_761) % classes as u32) as i64);
        let labels = TensorData::new(labels.collect::<Vec<_>>(), [samples]);
        let labels = Tensor::<1, Int>::from_data(labels, &device);
        row(
            "cross_entropy",
            &[samples, classes],
            || ours.forward(logits.clone(), labels.clone(), mean()).backward(),
            || theirs.forward(logits.clone(), labels.clone()).backward(),
        );
    }
    let logits = leaf([1_000_000], 2, 6.0, &device);
    let truth = leaf([1_000_000], 3, 1.0, &device).inner().autodiff().greater_scalar(0.0);
    let (floats, whole) = (truth.clone().float(), truth.int());
    let ours = Loss::new(BceWithLogits::dynamic());
    let theirs = BinaryCrossEntropyLossConfig::new().with_logits(true).init(&device);
    for (name, floats) in [("bce_with_logits", Some(floats)), ("bce_with_logits, whole targets", None)] {
        row(
            name,
            &[1_000_000],
            || match &floats {
                Some(target) => ours.forward(logits.clone(), target.clone(), mean()).backward(),
                None => ours.forward(logits.clone(), whole.clone(), mean()).backward(),
            },
            || theirs.forward(logits.clone(), whole.clone()).backward(),
        );
    }
    let (ours, theirs) = (Loss::new(Mse::dynamic()), MseLoss::new());
    for count in [1_000_000, 1_000] {
        let (input, target) = (leaf([count], 4, 3.0, &device), leaf([count], 5, 3.0, &device).detach());
        let target = target.set_require_grad(false);
        row(
            "mse",
            &[count],
            || ours.forward(input.clone(), target.clone(), mean()).backward(),
            || theirs.forward(input.clone(), target.clone(), mean()).backward(),
        );
    }
}

fn row<A, B>(name: &str, shape: &[usize], mut ours: impl FnMut() -> A, mut theirs: impl FnMut() -> B) {
    let [ours, theirs] = in_turns([&mut || drop(black_box(ours())), &mut || drop(black_box(theirs()))]);
    println!("| `{name}` | {shape:?} | {ours} | {theirs} | {:.2} |", theirs.median / ours.median);
}

/// The forward pass, which computes the gradient as well, against the same call without burn.
fn over_the_kernel(threads: usize) {
    let device = Device::flex().autodiff();
    println!("\nvalue and gradient without burn's backward pass, {threads} thread(s)\n");
    println!(
        "| loss | elements | through burn | bare kernel, into a buffer that is reused | the adapter adds |"
    );
    println!("|---|---|---|---|---|");
    for count in [1_000_000, 1_000] {
        for formula in [Mse::dynamic(), BceWithLogits::dynamic()] {
            let loss = Loss::new(formula);
            let (x, y) = (numbers(count, 6, 3.0), numbers(count, 7, 3.0));
            let y: Vec<f32> = y.into_iter().map(|y| f32::from(y > 0.0)).collect();
            let input = Tensor::<1>::from_data(TensorData::new(x.clone(), [count]), &device).require_grad();
            let target = Tensor::<1>::from_data(TensorData::new(y.clone(), [count]), &device);
            let (x, y) = (Array1::from(x), Array1::from(y));
            let mut buffer = Array1::<f32>::zeros(count);
            let bare = || formula.call().input("input", &x).input("target", &y);
            let [through, alone] = in_turns([
                &mut || drop(black_box(loss.forward(input.clone(), target.clone(), Reduction::Mean))),
                &mut || {
                    drop(black_box(bare().gradient_into("input", &mut buffer).evaluate().expect("a value")))
                },
            ]);
            let more = 1e6 * (through.median - alone.median);
            println!("| `{}` | {count} | {through} | {alone} | {more:.1} us |", formula.spec().name);
        }
    }
}

/// Median and quartiles, in seconds.
struct Times {
    median: f64,
    quartiles: [f64; 2],
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit =
            |seconds: f64| if self.median < 1e-4 { (1e6 * seconds, "us") } else { (1e3 * seconds, "ms") };
        let ([low, high], (median, name)) = (self.quartiles.map(|time| unit(time).0), unit(self.median));
        write!(f, "{median:.2} {name} ({low:.2} to {high:.2})")
    }
}

/// Runs some functions in turns, after a few runs that do not count.
fn in_turns<const N: usize>(mut functions: [&mut dyn FnMut(); N]) -> [Times; N] {
    let mut times = [const { Vec::new() }; N];
    let start = Instant::now();
    while start.elapsed() < PATIENCE && times[0].len() < 2003 || times[0].len() < 7 {
        for (function, times) in functions.iter_mut().zip(&mut times) {
            let start = Instant::now();
            function();
            times.push(start.elapsed().as_secs_f64());
        }
    }
    times.map(|mut times| {
        times.drain(..2);
        times.sort_by(f64::total_cmp);
        let at = |quarter: usize| times[times.len() * quarter / 4];
        Times { median: at(2), quartiles: [at(1), at(3)] }
    })
}

fn leaf<const D: usize>(shape: [usize; D], seed: u32, size: f32, device: &Device) -> Tensor<D> {
    let data = TensorData::new(numbers(shape.iter().product(), seed, size), shape);
    Tensor::from_data(data, device).require_grad()
}

/// Numbers between -`size` and `size`, the same in every run.
fn numbers(count: usize, seed: u32, size: f32) -> Vec<f32> {
    let number = |i: u32| {
        (i.wrapping_add(seed << 20).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count as u32).map(|i| size * number(i)).collect()
}
