//! Calls of torch that are several of ours.
//!
//! torch's `linear_cross_entropy` also takes a weight [c, s.., d], a linear layer of its own for each position of
//! `s`. Ours has one layer, so that such a call is one call for each position, whose sums are added up.

use super::call::Call;
use super::tensor::{Number, Tensor, indices, row_major};
use std::collections::BTreeMap;

/// One of the calls, and what it is of the whole.
pub struct Piece {
    pub call: Call,
    /// For each input that was cut: where each of its elements lies in the whole.
    takes: BTreeMap<String, Vec<usize>>,
    /// Where the value of each sample lies in the whole; `None` where this is all of it.
    samples: Option<Vec<usize>>,
}

impl Piece {
    /// Whether this is the whole call.
    pub fn is_whole(&self) -> bool {
        self.samples.is_none()
    }

    /// Where element `at` of an input lies in that of the whole call.
    pub fn element(&self, input: &str, at: usize) -> usize {
        self.takes.get(input).map_or(at, |takes| takes[at])
    }

    /// Where sample `at` lies among those of the whole call.
    pub fn sample(&self, at: usize) -> usize {
        self.samples.as_ref().map_or(at, |samples| samples[at])
    }
}

/// The calls that a call is.
pub fn pieces(call: &Call) -> Vec<Piece> {
    let weight = call.inputs.get("linear_weight").map_or(&[][..], |weight| &weight.shape);
    if weight.len() <= 2 {
        return vec![Piece { call: call.clone(), takes: BTreeMap::new(), samples: None }];
    }
    let places = &weight[1..weight.len() - 1];
    indices(places).map(|place| piece(call, places, &place)).collect()
}

/// The call at one position of `s`.
fn piece(call: &Call, places: &[usize], place: &[usize]) -> Piece {
    let (mut inputs, mut takes) = (call.inputs.clone(), BTreeMap::new());
    for (name, tensor) in &call.inputs {
        let before =
            match (name.as_str(), call.loss) {
                ("linear_weight" | "linear_bias" | "target", "linear_cross_entropy_prob") => {
                    if name == "target" { 2 } else { 1 }
                }
                ("linear_weight" | "linear_bias" | "target", _) => 1,
                _ => continue,
            };
        let (cut, taken) = cut(tensor, before, place);
        inputs.insert(name.clone(), cut);
        takes.insert(name.clone(), taken);
    }
    let batch = call.inputs["input"].shape[0];
    let strides = row_major(places);
    let offset: usize = place.iter().zip(strides).map(|(at, stride)| at * stride as usize).sum();
    let samples = (0..batch).map(|n| n * places.iter().product::<usize>() + offset).collect();
    Piece { call: Call { inputs, ..call.clone() }, takes, samples: Some(samples) }
}

/// The part of a tensor at one position of some axes, which stand behind `before` others, and where its elements
/// lie in the whole.
fn cut(tensor: &Tensor, before: usize, place: &[usize]) -> (Tensor, Vec<usize>) {
    let strides = row_major(&tensor.shape);
    let shape = [&tensor.shape[..before], &tensor.shape[before + place.len()..]].concat();
    let element = |index: Vec<usize>| -> usize {
        let whole = index[..before].iter().chain(place).chain(&index[before..]);
        whole.zip(&strides).map(|(at, stride)| at * *stride as usize).sum()
    };
    let taken: Vec<usize> = indices(&shape).map(element).collect();
    let data: Vec<Number> = taken.iter().map(|at| tensor.data[*at].clone()).collect();
    let dtype = tensor.dtype.clone();
    (Tensor { dtype, shape, data, strides: None, offset: None, storage: None }, taken)
}
