//! A training step's share of the loss, value and gradient of the logits, against candle's own losses; and what the
//! adapter adds to the bare kernel.
//!
//! Ours and candle's run in turns in one process; medians are compared. Both go through candle's `backward`, which
//! adds every gradient to a tensor of zeros.
//!
//! ```text
//! cargo bench --manifest-path adapters/Cargo.toml -p lossdef-candle --bench ratio
//! cargo bench --manifest-path adapters/Cargo.toml -p lossdef-candle --bench ratio -- kernel   # or: candle
//! ```

use std::hint::black_box;
use std::time::{Duration, Instant};

use candle_core::{CpuStorage, DType, Device, Result, Shape, Storage, Tensor, Var};
use candle_nn::loss as candle;
use lossdef::losses::{BceWithLogits, CrossEntropy, Mse};
use lossdef_candle::loss;
use ndarray::{Array1, ArrayView1};

/// How long the runs of one row take together, at most about.
const PATIENCE: Duration = Duration::from_secs(6);

fn main() -> Result<()> {
    println!("instruction set {}; times are medians, the quartiles behind them", lossdef::instruction_set());
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted =
        |part: &str| words.iter().all(|word| word == "--bench") || words.iter().any(|word| word == part);
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
        pool.install(|| {
            if wanted("candle") {
                against_candle(threads)?;
            }
            if wanted("kernel") { over_the_kernel(threads) } else { Ok(()) }
        })?;
    }
    Ok(())
}

fn against_candle(threads: usize) -> Result<()> {
    println!("\nforward and backward, lossdef on {threads} thread(s)\n");
    println!("| loss | shape | lossdef | candle-nn | ratio |");
    println!("|---|---|---|---|---|");
    for (samples, classes) in [(1024, 1000), (2048, 32000)] {
        let logits = Var::from_tensor(&numbers((samples, classes), 1, 8.0)?)?;
        let labels = (0..samples as u32).map(|i| i.wrapping_mul(2_654_435_761) % classes as u32);
        let labels = Tensor::from_iter(labels, &Device::Cpu)?;
        row(
            "cross_entropy",
            logits.shape(),
            || loss(CrossEntropy::dynamic(), &[&logits, &labels])?.backward(),
            || candle::cross_entropy(&logits, &labels)?.backward(),
        )?;
    }
    let logits = Var::from_tensor(&numbers(1_000_000, 2, 6.0)?)?;
    let target = numbers(1_000_000, 3, 1.0)?.gt(0.0)?.to_dtype(DType::F32)?;
    row(
        "bce_with_logits",
        logits.shape(),
        || loss(BceWithLogits::dynamic(), &[&logits, &target])?.backward(),
        || candle::binary_cross_entropy_with_logit(&logits, &target)?.backward(),
    )?;
    for count in [1_000_000, 1_000] {
        let (input, target) = (Var::from_tensor(&numbers(count, 4, 3.0)?)?, numbers(count, 5, 3.0)?);
        row(
            "mse",
            input.shape(),
            || loss(Mse::dynamic(), &[&input, &target])?.backward(),
            || candle::mse(&input, &target)?.backward(),
        )?;
    }
    Ok(())
}

fn row<A, B>(
    name: &str,
    shape: &Shape,
    mut ours: impl FnMut() -> Result<A>,
    mut theirs: impl FnMut() -> Result<B>,
) -> Result<()> {
    let [ours, theirs] = in_turns([&mut || ours().map(drop), &mut || theirs().map(drop)])?;
    println!("| `{name}` | {:?} | {ours} | {theirs} | {:.2} |", shape.dims(), theirs.median / ours.median);
    Ok(())
}

/// The forward pass, which computes the gradient as well, against the same call without candle.
fn over_the_kernel(threads: usize) -> Result<()> {
    println!("\nvalue and gradient without candle's backward pass, {threads} thread(s)\n");
    println!(
        "| loss | elements | through candle | bare kernel | the adapter adds | into a buffer that is reused |"
    );
    println!("|---|---|---|---|---|---|");
    for count in [1_000_000, 1_000] {
        for formula in [Mse::dynamic(), BceWithLogits::dynamic()] {
            let (input, target) =
                (numbers(count, 6, 3.0)?, numbers(count, 7, 3.0)?.gt(0.0)?.to_dtype(DType::F32)?);
            let variable = Var::from_tensor(&input)?;
            // The same memory for all.
            let ((x, _), (y, _)) = (variable.storage_and_layout(), target.storage_and_layout());
            let (x, y) = (elements(&x), elements(&y));
            let mut buffer = Array1::<f32>::zeros(count);
            let bare = || formula.call().input("input", x).input("target", y);
            let [through, alone, reused] = in_turns([
                &mut || loss(formula, &[&variable, &target]).map(|value| drop(black_box(value))),
                &mut || {
                    bare()
                        .gradient("input")
                        .evaluate()
                        .map(|e| drop(black_box(e)))
                        .map_err(candle_core::Error::wrap)
                },
                &mut || {
                    let call = bare().gradient_into("input", &mut buffer);
                    call.evaluate().map(|e| drop(black_box(e))).map_err(candle_core::Error::wrap)
                },
            ])?;
            let more = 100.0 * (through.median / alone.median - 1.0);
            println!(
                "| `{}` | {count} | {through} | {alone} | {more:.1} % | {reused} |",
                formula.spec().name
            );
        }
    }
    Ok(())
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
fn in_turns<const N: usize>(mut functions: [&mut dyn FnMut() -> Result<()>; N]) -> Result<[Times; N]> {
    let mut times = [const { Vec::new() }; N];
    let start = Instant::now();
    while start.elapsed() < PATIENCE && times[0].len() < 2003 || times[0].len() < 7 {
        for (function, times) in functions.iter_mut().zip(&mut times) {
            let start = Instant::now();
            function()?;
            times.push(start.elapsed().as_secs_f64());
        }
    }
    Ok(times.map(|mut times| {
        times.drain(..2);
        times.sort_by(f64::total_cmp);
        let at = |quarter: usize| times[times.len() * quarter / 4];
        Times { median: at(2), quartiles: [at(1), at(3)] }
    }))
}

/// Numbers between -`size` and `size`, the same in every run.
fn numbers(shape: impl Into<Shape>, seed: u32, size: f32) -> Result<Tensor> {
    let shape = shape.into();
    let number = |i: u32| {
        (i.wrapping_add(seed << 20).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let data: Vec<f32> = (0..shape.elem_count() as u32).map(|i| size * number(i)).collect();
    Tensor::from_vec(data, shape, &Device::Cpu)
}

fn elements(storage: &Storage) -> ArrayView1<'_, f32> {
    match storage {
        Storage::Cpu(CpuStorage::F32(data)) => ArrayView1::from(data),
        _ => panic!("numbers on the CPU"),
    }
}
