//! Trains a small network of burn to read handwritten digits, though a third of its labels are wrong: with cross entropy,
//! and with a loss of its own that is made for such labels.
//!
//! ```text
//! cargo run --release --manifest-path adapters/Cargo.toml -p lossdef-burn --features train --example digits
//! ```
//!
//! What is lossdef here is the formula in `digits.def`, compiled where `losses!` stands, the two losses in `main`, and the
//! field `loss` of the network, a module as any other. Layers, optimiser, data loaders, metrics and the training loop,
//! burn's `Learner`, are burn's; what it reports is printed, and the curves of both runs are drawn into `burn-digits.svg`
//! in the folder `target`. The data set, its source and its licence are described in `examples/data/README.md` of the
//! repository. To try a loss of your own, change the formula.

#[path = "digits/data.rs"]
mod data;
#[path = "digits/report.rs"]
mod report;

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex};

use burn::data::dataloader::{DataLoader, DataLoaderBuilder};
use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::nn::loss::Reduction;
use burn::nn::{Linear, LinearConfig};
use burn::optim::AdamWConfig;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor};
use burn::train::metric::{AccuracyMetric, LossMetric};
use burn::train::{ClassificationOutput, InferenceStep, Learner, SupervisedTraining, TrainOutput, TrainStep};
use data::{Batch, Batches, CLASSES, Image, PIXELS};
use lossdef::losses::CrossEntropy;
use lossdef_burn::{Loss, LossConfig};
use report::{Curves, Report};

/// `GeneralizedCrossEntropy`, compiled from its formula.
mod own {
    lossdef::losses! { "examples/digits.def" }
}

const HIDDEN: usize = 64;
const EPOCHS: usize = 60;
const BATCH: usize = 32;
const RATE: f64 = 3e-3;
const SEED: u64 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let (train, test) = data::load(SEED)?;
    let (images, tests) = (train.len(), test.len());
    println!("{images} images to train on, a third of them under a wrong label; {tests} to test on");

    let config = LossConfig::new().with_parameter("q", 0.8);
    let losses = [Loss::new(CrossEntropy::dynamic()), config.init(own::GeneralizedCrossEntropy::dynamic())];
    let mut runs = Vec::new();
    for loss in losses {
        println!("\n{loss}");
        runs.push((loss.name(), fit(loss, train.clone(), test.clone())));
    }

    println!("\n{:26} test accuracy", "");
    for (name, curves) in &runs {
        println!("{name:26} {:11.1} %", curves.accuracy());
    }
    let program = std::env::current_exe()?;
    let picture = program.ancestors().nth(3).unwrap_or(Path::new(".")).join("burn-digits.svg");
    std::fs::write(&picture, report::draw(&runs))?;
    println!("\nthe curves are in {}", picture.display());
    if runs[1].1.accuracy() < runs[0].1.accuracy() + 2.0 {
        return Err("the loss that is made for wrong labels should be ahead".into());
    }
    Ok(())
}

/// Trains a network with burn's `Learner`.
fn fit(loss: Loss, train: Vec<Image>, test: Vec<Image>) -> Curves {
    let device = Device::flex();
    device.seed(SEED);
    let loader = |images: Vec<Image>| -> Arc<dyn DataLoader<Batch>> {
        DataLoaderBuilder::new(Batches).batch_size(BATCH).shuffle(SEED).build(InMemDataset::new(images))
    };
    let curves = Arc::new(Mutex::new(Curves::default()));
    let folder = std::env::temp_dir().join(format!("lossdef-burn-digits-{}", std::process::id()));
    let training = SupervisedTraining::new(&folder, loader(train), loader(test))
        .metrics((AccuracyMetric::new(), LossMetric::new()))
        .renderer(Box::new(Report::new(curves.clone())))
        .with_application_logger(None)
        .num_epochs(EPOCHS);
    let network = Network::new(loss, &device.autodiff());
    training.launch(Learner::new(network, AdamWConfig::new().init(), RATE));
    let _ = std::fs::remove_dir_all(folder);
    let curves = curves.lock().expect("the training is over");
    curves.clone()
}

/// Two layers with a rectifier between them, and what they are trained for.
#[derive(Module, Debug)]
struct Network {
    first: Linear,
    second: Linear,
    loss: Loss,
}

impl Network {
    fn new(loss: Loss, device: &Device) -> Self {
        Network {
            first: LinearConfig::new(PIXELS, HIDDEN).init(device),
            second: LinearConfig::new(HIDDEN, CLASSES).init(device),
            loss,
        }
    }

    fn output(&self, images: Tensor<2>, labels: Tensor<1, Int>) -> ClassificationOutput {
        let logits = self.second.forward(relu(self.first.forward(images)));
        let loss = self.loss.forward(logits.clone(), labels.clone(), Reduction::Mean);
        ClassificationOutput::new(loss, logits, labels)
    }
}

impl TrainStep for Network {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let output = self.output(batch.images, batch.labels);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Network {
    type Input = Batch;
    type Output = ClassificationOutput;

    /// Without a graph, the loss computes no gradient.
    fn step(&self, batch: Batch) -> ClassificationOutput {
        self.output(batch.images, batch.labels)
    }
}
