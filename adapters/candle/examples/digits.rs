//! Trains a small network of candle to read handwritten digits, though a third of its labels are wrong: with cross
//! entropy, and with a loss of its own that is made for such labels.
//!
//! ```text
//! cargo run --release --manifest-path adapters/Cargo.toml --example digits
//! ```
//!
//! What is lossdef here is the formula in `digits.def`, compiled where `losses!` stands, and the two losses in `main`.
//! Variables, layers, optimiser and training loop are candle's. The curves of both runs are drawn into
//! `candle-digits.svg` in the folder `target`. The data set, its source and its licence are described in
//! `examples/data/README.md` of the repository. To try a loss of your own, change the formula.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{AdamW, Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap, linear};
use lossdef::losses::CrossEntropy;
use lossdef_candle::Loss;

/// `GeneralizedCrossEntropy`, compiled from its formula.
mod own {
    lossdef::losses! { "examples/digits.def" }
}

const PIXELS: usize = 64;
const HIDDEN: usize = 64;
const CLASSES: u32 = 10;
const EPOCHS: usize = 60;
const BATCH: usize = 32;
const WRONG: f64 = 0.33;
const SEED: u64 = 1;

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let (train, test) = load()?;
    println!(
        "{} images to train on, a third of them under a wrong label; {} to test on",
        train.len(),
        test.len()
    );
    let losses = [
        ("cross_entropy", Loss::new(CrossEntropy::dynamic())),
        ("generalized_cross_entropy", Loss::new(own::GeneralizedCrossEntropy::dynamic()).parameter("q", 0.8)),
    ];
    let mut runs = Vec::new();
    for (name, loss) in losses {
        println!("\n{name}");
        let (curve, accuracy) = fit(&loss, &train, &test)?;
        runs.push(Run { name, curve, accuracy });
    }
    println!("\n{:26} test accuracy", "");
    for run in &runs {
        println!("{:26} {:11.1} %", run.name, 100.0 * run.accuracy);
    }
    let program = std::env::current_exe()?;
    let folder = program.ancestors().nth(3).unwrap_or(Path::new("."));
    let picture = folder.join("candle-digits.svg");
    std::fs::write(&picture, draw(&runs))?;
    println!("\nthe curves are in {}", picture.display());
    if runs[1].accuracy < runs[0].accuracy + 0.02 {
        return Err("the loss that is made for wrong labels should be ahead".into());
    }
    Ok(())
}

/// Trains a network. Returns the training loss of every epoch, and the accuracy on the test set.
fn fit(loss: &Loss, train: &Data, test: &Data) -> Result<(Vec<f32>, f32)> {
    let mut random = Random(SEED);
    let variables = VarMap::new();
    let network = Network::new(VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu))?;
    start(&variables, &mut random)?;
    let mut optimizer = AdamW::new(variables.all_vars(), ParamsAdamW { lr: 3e-3, ..Default::default() })?;
    let mut curve = Vec::new();
    for epoch in 1..=EPOCHS {
        let mut sum = 0.0;
        for batch in random.permutation(train.len()).chunks(BATCH) {
            let which = Tensor::new(batch, &Device::Cpu)?;
            let logits = network.forward(&train.images.index_select(&which, 0)?)?;
            let value = loss.forward(&logits, &train.labels.index_select(&which, 0)?)?;
            optimizer.backward_step(&value)?;
            sum += value.to_scalar::<f32>()? * batch.len() as f32;
        }
        curve.push(sum / train.len() as f32);
        if epoch % 10 == 0 {
            let accuracy = 100.0 * test.accuracy(&network)?;
            println!(
                "  epoch {epoch:2}   training loss {:.4}   test accuracy {accuracy:.1} %",
                curve[epoch - 1]
            );
        }
    }
    Ok((curve, test.accuracy(&network)?))
}

/// Two layers with a rectifier between them.
struct Network {
    first: Linear,
    second: Linear,
}

impl Network {
    fn new(variables: VarBuilder<'_>) -> Result<Self> {
        Ok(Network {
            first: linear(PIXELS, HIDDEN, variables.pp("first"))?,
            second: linear(HIDDEN, CLASSES as usize, variables.pp("second"))?,
        })
    }
}

impl Module for Network {
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        self.second.forward(&self.first.forward(images)?.relu()?)
    }
}

/// Starts the variables from numbers that are the same in every run, which candle's own are not on a CPU.
fn start(variables: &VarMap, random: &mut Random) -> Result<()> {
    let variables = variables.data().lock().expect("one thread");
    let mut named: Vec<_> = variables.iter().collect();
    named.sort_by_key(|(name, _)| *name);
    for (_, variable) in named {
        let scale = (variable.dims().get(1).copied().unwrap_or(PIXELS) as f64).sqrt().recip();
        let numbers: Vec<f32> =
            (0..variable.elem_count()).map(|_| (scale * random.uniform()) as f32).collect();
        variable.set(&Tensor::from_vec(numbers, variable.shape(), &Device::Cpu)?)?;
    }
    Ok(())
}

/// Images, a row of pixels from 0 to 1 each, and the digits that they are said to show.
struct Data {
    images: Tensor,
    labels: Tensor,
}

impl Data {
    fn new(images: &[(Vec<f32>, u8)]) -> Result<Data> {
        let pixels: Vec<f32> = images.iter().flat_map(|(pixels, _)| pixels).copied().collect();
        let labels: Vec<u8> = images.iter().map(|(_, label)| *label).collect();
        let count = labels.len();
        Ok(Data {
            images: Tensor::from_vec(pixels, (count, PIXELS), &Device::Cpu)?,
            labels: Tensor::from_vec(labels, count, &Device::Cpu)?,
        })
    }

    fn len(&self) -> usize {
        self.labels.elem_count()
    }

    /// The share of images for which the largest logit is that of the label.
    fn accuracy(&self, network: &Network) -> Result<f32> {
        let answers = network.forward(&self.images)?.argmax(1)?;
        let right = answers.eq(&self.labels.to_dtype(DType::U32)?)?;
        right.to_dtype(DType::F32)?.mean_all()?.to_scalar()
    }
}

/// Reads the data set and splits it, always in the same way: 70 % to train on, of which a third get a label at random,
/// and 30 % to test on. A line is an image, 64 pixels from `0` to `g`, which is 16, and the label behind a blank.
fn load() -> std::result::Result<(Data, Data), Box<dyn Error>> {
    let mut images = Vec::new();
    for line in include_str!("../../../examples/data/digits.txt").lines() {
        let (image, label) = line.split_once(' ').ok_or("an image without a label")?;
        let pixels = image.chars().map(|pixel| pixel.to_digit(17).map(|pixel| pixel as f32 / 16.0));
        let pixels = pixels.collect::<Option<Vec<f32>>>().ok_or("a pixel that is none of 0 to g")?;
        images.push((pixels, label.parse::<u8>()?));
    }
    let mut random = Random(SEED);
    let order = random.permutation(images.len());
    let mut images: Vec<_> = order.into_iter().map(|at| images[at as usize].clone()).collect();
    let test = images.split_off(images.len() * 7 / 10);
    for (_, label) in &mut images {
        if random.uniform().abs() < WRONG {
            *label = (random.next() % u64::from(CLASSES)) as u8;
        }
    }
    Ok((Data::new(&images)?, Data::new(&test)?))
}

/// What a loss came to.
struct Run {
    name: &'static str,
    curve: Vec<f32>,
    accuracy: f32,
}

/// The training losses over the epochs, as SVG. Each curve is relative to where it starts, for the scales differ.
fn draw(runs: &[Run]) -> String {
    let (width, height, edge) = (480.0, 300.0, 40.0);
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' font-family='sans-serif' font-size='12'>\n\
         <rect width='{width}' height='{height}' fill='white'/>\n\
         <path d='M{edge} {edge} V{} H{}' fill='none' stroke='gray'/>\n\
         <text x='{edge}' y='20'>training loss, as a share of that of the first epoch</text>\n\
         <text x='{}' y='{}' text-anchor='end'>epoch {EPOCHS}</text>\n",
        height - edge,
        width - edge,
        width - edge,
        height - edge + 16.0,
    );
    for ((run, colour), line) in runs.iter().zip(["#c03028", "#2860b0"]).zip([60.0, 76.0]) {
        let first = f64::from(run.curve[0]);
        let points = run.curve.iter().enumerate().map(|(epoch, loss)| {
            let x = edge + (width - 2.0 * edge) * epoch as f64 / (EPOCHS - 1) as f64;
            let y = height - edge - (height - 2.0 * edge) * f64::from(*loss) / first;
            format!("{x:.1},{y:.1}")
        });
        let _ = writeln!(
            svg,
            "<polyline points='{}' fill='none' stroke='{colour}' stroke-width='1.5'/>\n\
             <text x='{}' y='{line}' text-anchor='end' fill='{colour}'>{}: {:.1} % of the test images</text>",
            points.collect::<Vec<_>>().join(" "),
            width - edge,
            run.name,
            100.0 * run.accuracy
        );
    }
    svg + "</svg>\n"
}

/// A small generator of random numbers (SplitMix64), so that every run is the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between -1 and 1.
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// The numbers below `n` in random order.
    fn permutation(&mut self, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        for i in (1..n).rev() {
            order.swap(i, (self.next() % (i as u64 + 1)) as usize);
        }
        order
    }
}
