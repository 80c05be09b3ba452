//! Trains a few small models to tell malignant from benign tumours, one per loss, and compares them with
//! plain baselines on samples that were held out.
//!
//! ```text
//! cargo run --release --example train
//! ```
//!
//! Two things here are lossdef: the formulas in `train.def`, compiled where `losses!` stands, and the calls of
//! `forward_backward` in `main`. The rest is an ordinary training loop over `ndarray`. To try a loss of your
//! own, add its formula to `train.def` and a line to `runs`.

use std::error::Error;

use lossdef::losses::BceWithLogits;
use ndarray::{Array2, Axis, Zip};

/// `Focal` and `Brier`, compiled from their formulas.
mod own {
    lossdef::losses! { "examples/train.def" }
}

const EPOCHS: usize = 60;
const BATCH: usize = 32;
const RATE: f32 = 0.003;
const SEED: u64 = 7;

/// A loss with its settings: from logits and labels to the mean, and its derivative in every logit.
type Loss = fn(&Array2<f32>, &Array2<f32>) -> Result<(f32, Array2<f32>), lossdef::Error>;

fn main() -> Result<(), Box<dyn Error>> {
    let (train, test) = load()?;
    let features = train.x.ncols();
    println!("{} samples to train on, {} to test on, {features} features each\n", train.len(), test.len());

    let linear: &[usize] = &[features, 1];
    let hidden: &[usize] = &[features, 16, 1];
    let runs: [(&str, &[usize], Loss); 4] = [
        ("logistic regression, bce_with_logits", linear, |z, y| BceWithLogits::new().forward_backward(z, y)),
        ("hidden layer, bce_with_logits", hidden, |z, y| BceWithLogits::new().forward_backward(z, y)),
        ("hidden layer, focal", hidden, |z, y| own::Focal::new().alpha(0.5).forward_backward(z, y)),
        ("hidden layer, brier", hidden, |z, y| own::Brier::new().forward_backward(z, y)),
    ];

    let mut results = vec![("always the larger class", always(&train, &test))];
    for (name, sizes, loss) in runs {
        println!("{name}");
        let mut random = Random(SEED);
        let mut network = Network::new(sizes, &mut random);
        let mut adam = Adam::new(&network.parameters);
        for epoch in 1..=EPOCHS {
            let mut sum = 0.0;
            let order = random.permutation(train.len());
            for batch in order.chunks(BATCH) {
                let (x, y) = (train.x.select(Axis(0), batch), train.y.select(Axis(0), batch));
                let layers = network.forward(x);
                let (value, gradient) = loss(&layers[layers.len() - 1], &y)?;
                let gradients = network.backward(&layers, gradient);
                adam.step(&mut network.parameters, &gradients);
                sum += value * batch.len() as f32;
            }
            if epoch == 1 || epoch % (EPOCHS / 5) == 0 {
                let (mean, right) = (sum / train.len() as f32, accuracy(&network, &test));
                println!("  epoch {epoch:3}   training loss {mean:.5}   test accuracy {right:5.1} %");
            }
        }
        results.push((name, accuracy(&network, &test)));
    }

    println!("\n{:40} test accuracy", "");
    for (name, right) in results {
        println!("{name:40} {right:11.1} %");
    }
    Ok(())
}

/// Samples: a row of features each, and 1 for a malignant tumour, else 0.
struct Data {
    x: Array2<f32>,
    y: Array2<f32>,
}

impl Data {
    fn len(&self) -> usize {
        self.y.len()
    }
}

/// Reads the data set and splits it, always in the same way: 70 % to train on, 30 % to test on. Features are
/// scaled to mean 0 and deviation 1, as measured on the training part.
fn load() -> Result<(Data, Data), Box<dyn Error>> {
    let rows: Vec<&str> = include_str!("data/breast_cancer.csv").lines().skip(1).collect();
    let columns = rows[0].split(',').count();
    let numbers: Vec<f32> =
        rows.iter().flat_map(|row| row.split(',')).map(str::parse).collect::<Result<_, _>>()?;
    let table = Array2::from_shape_vec((rows.len(), columns), numbers)?;

    let order = Random(SEED).permutation(rows.len());
    let (train, test) = order.split_at(rows.len() * 7 / 10);
    let [train, test] = [train, test].map(|part| {
        let part = table.select(Axis(0), part);
        let (x, y) = part.view().split_at(Axis(1), columns - 1);
        Data { x: x.to_owned(), y: y.to_owned() }
    });
    let (mean, deviation) = (train.x.mean_axis(Axis(0)).ok_or("no data")?, train.x.std_axis(Axis(0), 0.0));
    Ok([train, test].map(|part| Data { x: (part.x - &mean) / &deviation, y: part.y }).into())
}

/// Layers of a network, with tanh between them: weights and biases in turns.
struct Network {
    parameters: Vec<Array2<f32>>,
}

impl Network {
    fn new(sizes: &[usize], random: &mut Random) -> Self {
        let layers = sizes.windows(2).flat_map(|size| {
            let scale = (3.0 / size[0] as f32).sqrt();
            let weights = Array2::from_shape_simple_fn((size[0], size[1]), || scale * random.uniform());
            [weights, Array2::zeros((1, size[1]))]
        });
        Network { parameters: layers.collect() }
    }

    /// The input, what each hidden layer makes of it, and the logits.
    fn forward(&self, x: Array2<f32>) -> Vec<Array2<f32>> {
        let mut layers = vec![x];
        for (i, layer) in self.parameters.chunks(2).enumerate() {
            let sum = layers[i].dot(&layer[0]) + &layer[1];
            let last = 2 * (i + 1) == self.parameters.len();
            layers.push(if last { sum } else { sum.mapv(f32::tanh) });
        }
        layers
    }

    /// The derivative in every parameter, given that in the logits.
    fn backward(&self, layers: &[Array2<f32>], mut gradient: Array2<f32>) -> Vec<Array2<f32>> {
        let mut gradients = Vec::new();
        for (i, layer) in self.parameters.chunks(2).enumerate().rev() {
            gradients.push(gradient.sum_axis(Axis(0)).insert_axis(Axis(0)));
            gradients.push(layers[i].t().dot(&gradient));
            gradient = gradient.dot(&layer[0].t());
            gradient.zip_mut_with(&layers[i], |g, tanh| *g *= 1.0 - tanh * tanh);
        }
        gradients.reverse();
        gradients
    }
}

/// The optimiser of Kingma and Ba (2015).
struct Adam {
    moments: Vec<(Array2<f32>, Array2<f32>)>,
    steps: i32,
}

impl Adam {
    fn new(parameters: &[Array2<f32>]) -> Self {
        let zeros = |p: &Array2<f32>| (Array2::zeros(p.dim()), Array2::zeros(p.dim()));
        Adam { moments: parameters.iter().map(zeros).collect(), steps: 0 }
    }

    fn step(&mut self, parameters: &mut [Array2<f32>], gradients: &[Array2<f32>]) {
        self.steps += 1;
        let (first, second) = (1.0 - 0.9f32.powi(self.steps), 1.0 - 0.999f32.powi(self.steps));
        for ((p, g), (m, v)) in parameters.iter_mut().zip(gradients).zip(&mut self.moments) {
            Zip::from(p).and(g).and(m).and(v).for_each(|p, g, m, v| {
                *m += 0.1 * (g - *m);
                *v += 0.001 * (g * g - *v);
                *p -= RATE * (*m / first) / ((*v / second).sqrt() + 1e-8);
            });
        }
    }
}

/// How many per cent of the samples a network gets right.
fn accuracy(network: &Network, data: &Data) -> f32 {
    let logits = network.forward(data.x.clone()).pop().expect("the logits come last");
    let right = logits.iter().zip(&data.y).filter(|(z, y)| (**z > 0.0) == (**y == 1.0)).count();
    100.0 * right as f32 / data.len() as f32
}

/// How many per cent are right for whoever always answers what is more frequent in training.
fn always(train: &Data, test: &Data) -> f32 {
    let answer = if train.y.sum() > train.len() as f32 / 2.0 { 1.0 } else { 0.0 };
    100.0 * test.y.iter().filter(|y| **y == answer).count() as f32 / test.len() as f32
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

    /// The numbers below `n` in random order.
    fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, (self.next() % (i as u64 + 1)) as usize);
        }
        order
    }
}
