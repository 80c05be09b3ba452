//! The conformance corpus: its cases, what they become as calls of ours, and when an answer agrees.

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(unreachable_pub, reason = "what is public here is public to the test program")]

pub mod call;
pub mod differences;
pub mod judge;
pub mod losses;
pub mod pieces;
pub mod report;
pub mod tensor;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use call::Call;
use serde::Deserialize;
use tensor::{Number, Sums, Tensor};

/// Losses of the corpus that `losses.def` does not have. A loss that is in neither fails the test.
pub const NOT_YET: [&str; 1] = ["ctc_loss"];

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
    /// `null`: none is set.
    Nothing,
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

/// The corpus of the repository, whichever of its packages asks.
pub fn own_directory() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut places = package.ancestors().map(|folder| folder.join("tests/conformance"));
    places.find(|place| place.is_dir()).expect("the corpus is part of the repository")
}

/// Another corpus in the same format, whose cases `differences.json` need not know.
pub fn foreign() -> Option<PathBuf> {
    std::env::var_os("LOSSDEF_CONFORMANCE").map(PathBuf::from)
}

/// Whether we have a torch loss; `false` for one that is known not to be there yet.
fn ours(torch: &str) -> bool {
    let known = losses::ELEMENTWISE.contains(&torch) || losses::OVER_AXES.contains(&torch);
    assert!(known || NOT_YET.contains(&torch), "the corpus has an unknown loss `{torch}`");
    known
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
            match ours(&named.loss) {
                true => cases.push(parse(line, &path, number)),
                false => *missing.entry(named.loss).or_insert(0) += 1,
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
        .filter(|(number, line)| ours(&parse::<Named>(line, &path, *number).loss))
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
        Call::new(&self.loss, &self.params, &self.inputs, self.grad_output.numbers())
            .unwrap_or_else(|problem| panic!("{}: {problem}", self.id))
    }
}

impl Array {
    pub fn numbers(&self) -> Vec<f64> {
        self.data.iter().map(Number::get).collect()
    }
}
