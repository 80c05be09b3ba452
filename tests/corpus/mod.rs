//! The conformance corpus: its cases, what they become as calls of ours, and when an answer agrees.

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(unreachable_pub, reason = "what is public here is public to the test program")]

pub mod differences;
pub mod judge;
pub mod report;
pub mod tensor;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use tensor::{Number, Sums, Tensor, View};

/// torch's name of each loss of `losses.def` and ours.
pub const LOSSES: [(&str, &str); 12] = [
    ("l1_loss", "l1"),
    ("mse_loss", "mse"),
    ("huber_loss", "huber"),
    ("smooth_l1_loss", "smooth_l1"),
    ("kl_div", "kl_div"),
    ("binary_cross_entropy", "bce"),
    ("binary_cross_entropy_with_logits", "bce_with_logits"),
    ("margin_ranking_loss", "margin_ranking"),
    ("hinge_embedding_loss", "hinge_embedding"),
    ("soft_margin_loss", "soft_margin"),
    ("poisson_nll_loss", "poisson_nll"),
    ("gaussian_nll_loss", "gaussian_nll"),
];

/// Losses of the corpus that are not in `losses.def` yet. A loss that is in neither list fails the test.
pub const NOT_YET: [&str; 10] = [
    "cross_entropy",
    "nll_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "cosine_embedding_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
    "multi_margin_loss",
    "ctc_loss",
    "linear_cross_entropy",
];

/// The inputs that may be left out.
pub const OPTIONAL: [&str; 2] = ["weight", "pos_weight"];

/// One line of `<loss>.jsonl`.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub id: String,
    pub loss: String,
    pub source: String,
    pub group: String,
    pub desc: String,
    pub tags: Vec<String>,
    pub params: BTreeMap<String, Setting>,
    pub inputs: BTreeMap<String, Tensor>,
    pub nondifferentiable: Vec<String>,
    pub grad_output: Array,
    pub f64: Expected,
    pub f32: Option<Expected>,
    /// The exact output, where torch's is far from it.
    pub math_output: Option<Exact>,
}

/// One number, or one for each sample.
#[derive(Deserialize, Clone, Debug)]
#[serde(untagged)]
pub enum Exact {
    One(Number),
    Each(Vec<Number>),
}

/// What torch answers.
#[derive(Deserialize, Clone, Debug)]
pub struct Expected {
    pub output: Array,
    pub grads: BTreeMap<String, Option<Vec<Number>>>,
}

/// Numbers with a shape.
#[derive(Deserialize, Clone, Debug)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<Number>,
}

/// The value of a parameter.
#[derive(Deserialize, Clone, Debug)]
#[serde(untagged)]
pub enum Setting {
    Flag(bool),
    Number(Number),
    Word(String),
}

/// One line of `errors.jsonl`.
#[derive(Deserialize, Clone, Debug)]
pub struct Rejected {
    pub id: String,
    pub loss: String,
    pub desc: String,
    pub params: BTreeMap<String, Setting>,
    pub inputs: BTreeMap<String, Tensor>,
    pub error: Rejection,
}

/// How torch rejects it.
#[derive(Deserialize, Clone, Debug)]
pub struct Rejection {
    pub kind: String,
    pub message: String,
}

/// How a call reduces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    None,
    Mean,
    Sum,
    BatchMean,
}

/// A case as a call of ours.
#[derive(Clone, Debug)]
pub struct Call {
    /// Our name of the loss.
    pub loss: &'static str,
    pub reduction: Reduction,
    /// Parameters by name, flags as 0 and 1.
    pub parameters: BTreeMap<String, f64>,
    /// Tensors by name, as given.
    pub inputs: BTreeMap<String, Tensor>,
    /// The gradient from above: one number per sample, or one.
    pub upstream: Vec<f64>,
}

/// A call whose required inputs have been repeated to one shape, as ours asks for.
#[derive(Clone, Debug)]
pub struct Aligned {
    /// The sample shape.
    pub shape: Vec<usize>,
    /// Views by name; those that may be left out keep their shape.
    pub inputs: BTreeMap<String, View>,
    /// The shape under which each required input was given, which its gradient is summed back to.
    pub own_shapes: BTreeMap<String, Vec<usize>>,
    /// Whether some required input had to be repeated.
    pub repeated: bool,
}

/// What an implementation gives: the output, and a gradient for every input.
#[derive(Clone, Debug)]
pub struct Answer {
    pub output: Sums,
    pub gradients: BTreeMap<String, Sums>,
}

/// Where the corpus lies.
pub fn directory() -> PathBuf {
    foreign().unwrap_or_else(own_directory)
}

/// The corpus of the repository.
pub fn own_directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// Another corpus in the same format, whose cases `differences.json` need not know.
pub fn foreign() -> Option<PathBuf> {
    std::env::var_os("LOSSDEF_CONFORMANCE").map(PathBuf::from)
}

/// Our name of a torch loss; `None` for one that is known not to be there yet.
pub fn our_name(torch: &str) -> Option<&'static str> {
    let ours = LOSSES.iter().find(|(name, _)| *name == torch).map(|(_, ours)| *ours);
    assert!(ours.is_some() || NOT_YET.contains(&torch), "the corpus has an unknown loss `{torch}`");
    ours
}

/// All cases, and how many there are of each loss that is not there yet.
pub fn cases() -> (Vec<Case>, BTreeMap<String, usize>) {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory())
        .unwrap_or_else(|error| panic!("{}: {error}", directory().display()))
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl") && !path.ends_with("errors.jsonl"))
        .collect();
    files.sort();
    let (mut cases, mut missing) = (Vec::new(), BTreeMap::new());
    for path in files {
        for (number, line) in read(&path).lines().enumerate() {
            let named: Named = parse(line, &path, number);
            match our_name(&named.loss) {
                Some(_) => cases.push(parse(line, &path, number)),
                None => *missing.entry(named.loss).or_insert(0) += 1,
            }
        }
    }
    assert!(!cases.is_empty(), "{} holds no case", directory().display());
    (cases, missing)
}

/// The rejected calls of our losses.
pub fn rejected() -> Vec<Rejected> {
    let path = directory().join("errors.jsonl");
    let text = read(&path);
    let lines = text.lines().enumerate();
    lines
        .filter(|(number, line)| our_name(&parse::<Named>(line, &path, *number).loss).is_some())
        .map(|(number, line)| parse(line, &path, number))
        .collect()
}

#[derive(Deserialize)]
struct Named {
    loss: String,
}

fn read(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn parse<'a, T: Deserialize<'a>>(line: &'a str, path: &std::path::Path, number: usize) -> T {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{}:{}: {error}", path.display(), number + 1))
}

impl Case {
    pub fn is(&self, tag: &str) -> bool {
        self.tags.iter().any(|t| t == tag)
    }

    /// Whether the corpus itself says that torch's answer is torch's own here.
    pub fn exempt(&self) -> bool {
        ["torch_grad_artifact", "torch_value_artifact", "nonfinite_convention", "nonfinite_input"]
            .iter()
            .any(|tag| self.is(tag))
    }

    pub fn call(&self) -> Call {
        call(&self.loss, &self.params, &self.inputs, self.grad_output.numbers())
            .unwrap_or_else(|problem| panic!("{}: {problem}", self.id))
    }
}

/// The call that a line of the corpus describes; an error where its reduction is not one of ours.
pub fn call(
    torch: &str,
    params: &BTreeMap<String, Setting>,
    inputs: &BTreeMap<String, Tensor>,
    upstream: Vec<f64>,
) -> Result<Call, String> {
    let loss = our_name(torch).ok_or_else(|| format!("`{torch}` is not there yet"))?;
    let (mut parameters, mut inputs) = (BTreeMap::new(), inputs.clone());
    let mut reduction = Err(String::from("the reduction is missing"));
    for (name, setting) in params {
        match (name.as_str(), setting) {
            ("reduction", Setting::Word(word)) => reduction = Reduction::named(word),
            // torch takes the variance as a plain number too; for us it is an input of one element.
            ("var", Setting::Number(x)) => {
                inputs.insert(name.clone(), Tensor::scalar(x.get()));
            }
            (_, Setting::Flag(on)) => {
                parameters.insert(name.clone(), f64::from(u8::from(*on)));
            }
            (_, Setting::Number(x)) => {
                parameters.insert(name.clone(), x.get());
            }
            (_, Setting::Word(word)) => panic!("unknown parameter {name} = {word} of {torch}"),
        }
    }
    Ok(Call { loss, reduction: reduction?, parameters, inputs, upstream })
}

impl Call {
    /// Repeats the required inputs to their common shape, by strides of 0.
    pub fn aligned(&self) -> Aligned {
        let required = self.inputs.iter().filter(|(name, _)| !OPTIONAL.contains(&name.as_str()));
        let own_shapes: BTreeMap<String, Vec<usize>> =
            required.map(|(name, tensor)| (name.clone(), self.own_shape(name, tensor))).collect();
        let shape = tensor::common_shape(own_shapes.values().map(Vec::as_slice));
        let mut repeated = false;
        let inputs = self.inputs.iter().map(|(name, tensor)| {
            let mut view = tensor.view();
            if let Some(own) = own_shapes.get(name) {
                repeated |= view.shape != shape;
                if own.len() > view.shape.len() {
                    view.shape.push(1);
                    view.strides.push(0);
                }
                view = view.broadcast(&shape);
            }
            (name.clone(), view)
        });
        Aligned { inputs: inputs.collect(), shape, own_shapes, repeated }
    }

    /// The inputs as they are given, whatever their shapes.
    pub fn as_given(&self) -> Aligned {
        let inputs = self.inputs.iter().map(|(name, tensor)| (name.clone(), tensor.view())).collect();
        let first = self.inputs.iter().find(|(name, _)| !OPTIONAL.contains(&name.as_str()));
        let shape = first.map_or(Vec::new(), |(_, tensor)| tensor.shape.clone());
        Aligned { shape, inputs, own_shapes: BTreeMap::new(), repeated: false }
    }

    /// The shape under which torch broadcasts a tensor: a variance that lacks the last axis gets one of
    /// length 1.
    fn own_shape(&self, name: &str, tensor: &Tensor) -> Vec<usize> {
        let mut shape = tensor.shape.clone();
        if name == "var" && self.inputs["input"].shape.split_last().is_some_and(|(_, rest)| rest == shape) {
            shape.push(1);
        }
        shape
    }
}

impl Aligned {
    /// Whether the required inputs agree in shape and the others broadcast to it, which is all that we ask.
    pub fn fits(&self) -> bool {
        self.inputs.iter().all(|(name, view)| match OPTIONAL.contains(&name.as_str()) {
            false => view.shape == self.shape,
            true => {
                let mut pairs = view.shape.iter().rev().zip(self.shape.iter().rev());
                view.shape.len() <= self.shape.len() && pairs.all(|(own, all)| own == all || *own == 1)
            }
        })
    }

    /// The gradient of an input in the shape under which torch had it.
    pub fn sum_back(&self, name: &str, gradient: Vec<f64>) -> Sums {
        match self.own_shapes.get(name) {
            Some(own) => tensor::sum_back(&gradient, &self.shape, own),
            None => Sums::plain(gradient),
        }
    }
}

impl Reduction {
    /// The reduction of this name.
    pub fn named(word: &str) -> Result<Reduction, String> {
        match word {
            "none" => Ok(Reduction::None),
            "mean" => Ok(Reduction::Mean),
            "sum" => Ok(Reduction::Sum),
            "batchmean" => Ok(Reduction::BatchMean),
            _ => Err(format!("no reduction is called `{word}`")),
        }
    }
}

impl Array {
    pub fn numbers(&self) -> Vec<f64> {
        self.data.iter().map(Number::get).collect()
    }
}
