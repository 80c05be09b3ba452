//! Trains a small network to read handwritten digits: first with cross entropy, then with a loss of its own.
//!
//! ```text
//! cargo run --release --example digits
//! ```
//!
//! It shows
//!
//! - a loss over an axis, that of the classes: `CrossEntropy` takes the logits of a batch, an array of shape
//!   `[samples, classes]`, and the labels as the bytes they are, an array of shape `[samples]`;
//! - how to write one, the `MarginCrossEntropy` of `digits.def`, and how to check its gradient;
//! - that a gradient from lossdef is all a network needs to be trained: forward and backward pass are
//!   `Network::step`, and everything else is an ordinary training loop over `ndarray`.
//!
//! To try a loss of your own, change the formula in `digits.def`.

use std::error::Error;

use lossdef::Sum;
use lossdef::losses::CrossEntropy;
use ndarray::{Array1, Array2, Axis, indices};

/// `MarginCrossEntropy`, compiled from its formula.
mod own {
    lossdef::losses! { "examples/digits.def" }
}

const PIXELS: usize = 64;
const HIDDEN: usize = 32;
const CLASSES: usize = 10;
const EPOCHS: usize = 20;
const BATCH: usize = 16;
const RATE: f32 = 0.05;
const MOMENTUM: f32 = 0.9;
const SEED: u64 = 1;

/// A loss with its settings: from logits and labels to the mean, and its derivative in every logit.
type Loss = fn(&Array2<f32>, &Array1<u8>) -> Result<(f32, Array2<f32>), lossdef::Error>;

fn main() -> Result<(), Box<dyn Error>> {
    let (train, test) = load()?;
    println!("{} images to train on, {} to test on\n", train.labels.len(), test.labels.len());

    let worst = check_gradient()?;
    println!("gradient of margin_cross_entropy: off by {worst:.1e} from central differences, at most\n");
    if worst > 1e-7 {
        return Err("the gradient is wrong".into());
    }

    let runs: [(&str, Loss); 2] = [
        ("cross_entropy", |x, y| CrossEntropy::new().label_smoothing(0.1).forward_backward(x, y)),
        ("margin_cross_entropy", |x, y| {
            own::MarginCrossEntropy::new().label_smoothing(0.1).forward_backward(x, y)
        }),
    ];
    let mut results = Vec::new();
    for (name, loss) in runs {
        println!("{name}");
        let mut random = Random(SEED);
        let mut network = Network::new(&mut random);
        for epoch in 1..=EPOCHS {
            let mut sum = 0.0;
            for batch in random.permutation(train.labels.len()).chunks(BATCH) {
                let batch = train.select(batch);
                sum += network.step(&batch, loss)? * batch.labels.len() as f32;
            }
            println!("  epoch {epoch:2}   training loss {:.4}", sum / train.labels.len() as f32);
        }
        results.push((name, network));
    }

    println!("\n{:22} test accuracy", "");
    for (name, network) in &results {
        let answers = network.answers(&test.images);
        let right = answers.iter().zip(&test.labels).filter(|(answer, label)| answer == label).count();
        let accuracy = 100.0 * right as f32 / test.labels.len() as f32;
        println!("{name:22} {accuracy:11.1} %");
        if accuracy < 95.0 {
            return Err(format!("{name} has learned less than it should").into());
        }
    }
    Ok(())
}

/// The largest difference between the gradient of our loss and central differences of its value, over all
/// logits of a few random samples. In `f64`, because differences lose half of the digits.
fn check_gradient() -> Result<f64, lossdef::Error> {
    const STEP: f64 = 1e-5;
    let mut random = Random(SEED);
    let loss = own::MarginCrossEntropy::new().margin(2.0).label_smoothing(0.1).reduction(Sum);
    let mut logits = Array2::from_shape_simple_fn((8, CLASSES), || 6.0 * f64::from(random.uniform()));
    let labels = Array1::from_shape_simple_fn(8, || random.below(CLASSES));

    let gradient = loss.backward(&logits, &labels, 1.0)?;
    let mut worst = 0.0;
    for at in indices(logits.dim()) {
        let logit = logits[at];
        let mut value = |logit| {
            logits[at] = logit;
            loss.forward(&logits, &labels)
        };
        let slope = (value(logit + STEP)? - value(logit - STEP)?) / (2.0 * STEP);
        logits[at] = logit;
        worst = f64::max(worst, (gradient[at] - slope).abs());
    }
    Ok(worst)
}

/// Images, a row of pixels from 0 to 1 each, and the digits that they show.
struct Data {
    images: Array2<f32>,
    labels: Array1<u8>,
}

impl Data {
    fn select(&self, which: &[usize]) -> Data {
        Data { images: self.images.select(Axis(0), which), labels: self.labels.select(Axis(0), which) }
    }
}

/// Reads the data set and splits it, always in the same way: 70 % to train on, 30 % to test on. A line is an
/// image, 64 pixels from `0` to `g`, which is 16, and the label behind a blank.
fn load() -> Result<(Data, Data), Box<dyn Error>> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for line in include_str!("data/digits.txt").lines() {
        let (image, label) = line.split_once(' ').ok_or("an image without a label")?;
        for pixel in image.chars() {
            pixels.push(pixel.to_digit(17).ok_or("a pixel that is none of 0 to g")? as f32 / 16.0);
        }
        labels.push(label.parse()?);
    }
    let images = Array2::from_shape_vec((labels.len(), PIXELS), pixels)?;
    let all = Data { images, labels: labels.into() };

    let order = Random(SEED).permutation(all.labels.len());
    let (train, test) = order.split_at(order.len() * 7 / 10);
    Ok((all.select(train), all.select(test)))
}

/// Two layers with tanh between them.
struct Network {
    first: Layer,
    second: Layer,
}

impl Network {
    fn new(random: &mut Random) -> Self {
        Network { first: Layer::new(PIXELS, HIDDEN, random), second: Layer::new(HIDDEN, CLASSES, random) }
    }

    /// Forward, the loss, and backward: changes the parameters, and returns the loss.
    fn step(&mut self, batch: &Data, loss: Loss) -> Result<f32, lossdef::Error> {
        let hidden = self.first.forward(&batch.images).mapv_into(f32::tanh);
        let logits = self.second.forward(&hidden);
        let (value, gradient) = loss(&logits, &batch.labels)?;
        let mut gradient = self.second.backward(&hidden, &gradient);
        gradient.zip_mut_with(&hidden, |g, tanh| *g *= 1.0 - tanh * tanh);
        self.first.backward(&batch.images, &gradient);
        Ok(value)
    }

    /// The digit with the largest logit, for every image.
    fn answers(&self, images: &Array2<f32>) -> Array1<u8> {
        let logits = self.second.forward(&self.first.forward(images).mapv_into(f32::tanh));
        logits.map_axis(Axis(1), |row| {
            let best = (0..).zip(row).max_by(|a, b| a.1.total_cmp(b.1));
            best.map_or(0, |(digit, _)| digit)
        })
    }
}

/// A linear layer, its parameters, and how fast they are moving.
struct Layer {
    weights: Array2<f32>,
    bias: Array2<f32>,
    velocity: (Array2<f32>, Array2<f32>),
}

impl Layer {
    fn new(inputs: usize, outputs: usize, random: &mut Random) -> Self {
        let scale = (3.0 / inputs as f32).sqrt();
        let weights = Array2::from_shape_simple_fn((inputs, outputs), || scale * random.uniform());
        let bias = Array2::zeros((1, outputs));
        Layer { velocity: (Array2::zeros(weights.dim()), bias.clone()), weights, bias }
    }

    fn forward(&self, x: &Array2<f32>) -> Array2<f32> {
        x.dot(&self.weights) + &self.bias
    }

    /// Makes a step against the gradient, given the derivative in the output; returns that in the input `x`.
    fn backward(&mut self, x: &Array2<f32>, gradient: &Array2<f32>) -> Array2<f32> {
        let input = gradient.dot(&self.weights.t());
        for (parameter, velocity, gradient) in [
            (&mut self.weights, &mut self.velocity.0, x.t().dot(gradient)),
            (&mut self.bias, &mut self.velocity.1, gradient.sum_axis(Axis(0)).insert_axis(Axis(0))),
        ] {
            *velocity *= MOMENTUM;
            velocity.scaled_add(-RATE, &gradient);
            *parameter += &*velocity;
        }
        input
    }
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
    fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    /// A whole number from 0 to `n - 1`.
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// The numbers below `n` in random order.
    fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }
}
