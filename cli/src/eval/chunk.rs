//! One chunk: the arrays of its rows, as a call, and where its rows stand among all.

use super::array::Array;
use super::settings::Settings;
use lossdef_runtime::dynamic::DynamicCall;
use lossdef_runtime::error::Error;
use std::collections::BTreeMap;

/// See the module.
pub struct Chunk<'c> {
    /// What is the same for all chunks of a call.
    pub settings: &'c Settings<'c>,
    /// Arrays that every chunk is given whole.
    pub kept: &'c BTreeMap<&'static str, Array>,
    /// The rows of the other arrays.
    pub cut: &'c [(&'static str, Array)],
    /// The lengths of the leading axes, over which the rows are counted.
    pub lengths: &'c [usize],
    /// The first of its rows.
    pub start: usize,
    /// How many rows it has.
    pub rows: usize,
}

impl Chunk<'_> {
    /// A call with its arrays.
    pub fn call(&self) -> DynamicCall<'_> {
        let kept = self.kept.iter().map(|(name, array)| (*name, array));
        let cut = self.cut.iter().map(|(name, array)| (*name, array));
        kept.chain(cut).fold(self.settings.call(), |call, (name, array)| call.input(name, array.view()))
    }

    /// The shape of its rows of an array that is cut.
    pub fn shape(&self, whole: &[usize]) -> Vec<usize> {
        [&[self.rows], &whole[self.lengths.len()..]].concat()
    }

    /// An error of the call in words. Positions are those in the whole arrays.
    pub fn explain(&self, mut error: Error) -> String {
        let cut = |name: &str| self.cut.iter().any(|(known, _)| *known == name);
        let position = match &mut error {
            Error::Domain { input, position, .. }
            | Error::Label { input, position, .. }
            | Error::Inexact { input, position, .. } => Some(position).filter(|_| cut(input)),
            Error::Invalid { position, .. } => Some(position),
            _ => None,
        };
        if let Some(position) = position
            && let Some(row) = position.first()
        {
            let leading = self.place(row + self.start);
            position.splice(..1, leading);
        }
        error.to_string()
    }

    /// The position of a row on the leading axes.
    fn place(&self, mut row: usize) -> Vec<usize> {
        let mut place = vec![0; self.lengths.len()];
        for (at, length) in place.iter_mut().zip(self.lengths).rev() {
            (*at, row) = (row % length, row / length);
        }
        place
    }
}
