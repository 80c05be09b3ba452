//! Calls of torch that are several of ours: their sums, and the gradients of these, added up.

use std::collections::BTreeMap;

use lossdef::Error;

use super::Way;
use super::arrays::Arrays;
use super::by_trait::bind;
use crate::corpus::Answer;
use crate::corpus::call::{Aligned, Call, Reduction};
use crate::corpus::pieces::{Piece, pieces};
use crate::corpus::tensor::Sums;

/// What a call gives, in as many calls as it takes.
pub fn answer(call: &Call, way: Way) -> Result<Answer, Error> {
    let pieces = pieces(call);
    if pieces.iter().all(Piece::is_whole) {
        return way(call, &call.aligned());
    }
    let aligned: Vec<Aligned> = pieces.iter().map(|piece| piece.call.aligned()).collect();
    let mut divisor = 1.0;
    if call.reduction == Reduction::Mean {
        let parts = pieces.iter().zip(&aligned).map(|(piece, aligned)| {
            let arrays = Arrays::<f64>::new(&piece.call, aligned);
            Ok(bind(&piece.call, &arrays).partial()?.partial.denominator)
        });
        divisor = parts.sum::<Result<f64, Error>>()?;
    }
    let size = if call.reduction == Reduction::None { call.upstream.len() } else { 1 };
    let mut output = zeros(size);
    let mut gradients = BTreeMap::new();
    for (piece, aligned) in pieces.iter().zip(&aligned) {
        let own = way(&scaled(call, piece, aligned, divisor), aligned)?;
        for (at, value) in own.output.values.iter().enumerate() {
            let to = if call.reduction == Reduction::None { piece.sample(at) } else { 0 };
            output.values[to] += value / divisor;
            output.magnitudes[to] += own.output.magnitude(at) / divisor.abs();
        }
        for (name, sums) in own.gradients {
            let whole = gradients.entry(name.clone()).or_insert_with(|| zeros(call.inputs[&name].data.len()));
            for (at, value) in sums.values.iter().enumerate() {
                whole.values[piece.element(&name, at)] += value;
                whole.magnitudes[piece.element(&name, at)] += value.abs().max(sums.magnitude(at));
            }
        }
    }
    Ok(Answer { output, gradients })
}

/// A piece as a call of its own, unreduced or summed.
fn scaled(call: &Call, piece: &Piece, aligned: &Aligned, divisor: f64) -> Call {
    let (reduction, upstream) = match call.reduction {
        Reduction::None => {
            let count: usize = aligned.shape.iter().product();
            (Reduction::None, (0..count).map(|at| call.upstream[piece.sample(at)]).collect())
        }
        _ => (Reduction::Sum, vec![call.upstream[0] / divisor]),
    };
    Call { reduction, upstream, ..piece.call.clone() }
}

fn zeros(size: usize) -> Sums {
    Sums { values: vec![0.0; size], magnitudes: vec![0.0; size] }
}
