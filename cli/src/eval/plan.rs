//! Whether, and how, a loss is evaluated by chunks.
//!
//! Input: the arrays in their files and how they lie over the samples. Output: a [`Plan`]. Chunks are made where the value
//! over all samples is the sum of the values over parts, and where all arrays that have the first sample axis store
//! it outermost, so that a chunk is a run of bytes in each of them.

use super::Reduction;
use super::settings::Settings;
use super::source::Source;
use std::collections::BTreeMap;

/// The bytes of a chunk, over all arrays that are read and written. Two chunks of what is read are in memory at a time. They
/// should fit a cache, and be large beside what a call costs: it goes through all arrays that are given whole.
const CHUNK: std::ops::RangeInclusive<u64> = 4 << 20..=32 << 20;

/// From here on, a user is told why all arrays are in memory.
const LARGE: u64 = 256 << 20;

/// How the arrays are read.
pub enum Plan {
    /// All in one call.
    Whole {
        /// Why that is, where it matters.
        reason: Option<String>,
    },
    /// Chunk by chunk.
    Chunks(Chunks),
}

/// Rows along the first sample axis that are evaluated together.
pub struct Chunks {
    /// The sample shape.
    pub samples: Vec<usize>,
    /// How many rows a chunk has; the last one may have fewer.
    pub rows: usize,
    /// For each input of the loss, whether it is cut into rows. The others are given whole to every call.
    pub cut: Vec<bool>,
}

impl Plan {
    /// Checks the shapes of a call and decides. `rows` is how many rows a chunk shall have, where that is given.
    pub fn new(
        settings: &Settings<'_>,
        sources: &BTreeMap<String, Source>,
        rows: Option<usize>,
    ) -> Result<Plan, String> {
        let mut call = settings.full_call();
        let mut bytes = 0;
        for (name, source) in sources {
            let outline = source.kind.outline(&source.shape);
            call = call.input(
                name,
                outline.ok_or_else(|| format!("{name}: no array has shape {:?}", source.shape))?,
            );
            bytes += source.bytes()?;
        }
        let shapes = call.shapes().map_err(|error| error.to_string())?;
        let whole = |reason: String| Ok(Plan::Whole { reason: (bytes >= LARGE).then_some(reason) });
        let spec = settings.loss.spec();
        if !spec.additive {
            return whole(format!("the value of `{}` is not the sum of the values over parts", spec.name));
        }
        let Some(&length) = shapes.samples.first() else { return whole("there is one sample".to_owned()) };

        // The bytes of a row, of all that is read and written.
        let mut row = 0;
        let mut whole_bytes = bytes;
        let mut cut = vec![false; spec.inputs.len()];
        let wanted: Vec<usize> = settings.wanted().collect();
        for (index, (input, along)) in spec.inputs.iter().zip(&shapes.along).enumerate() {
            let (Some(source), Some(axis)) = (sources.get(input.name), along[0]) else { continue };
            if axis > 0 {
                return whole(format!("the first sample axis is axis {axis} of `{}`", input.name));
            }
            if source.fortran {
                return whole(format!("`{}` is stored in Fortran order", input.name));
            }
            cut[index] = true;
            whole_bytes -= source.bytes()?;
            let elements: usize = source.shape[1..].iter().product();
            row += elements * source.kind.size() * if wanted.contains(&index) { 2 } else { 1 };
        }
        if let Reduction::None = settings.reduction {
            row += shapes.samples[1..].iter().product::<usize>() * size_of::<f64>();
        }
        let chunk = whole_bytes.clamp(*CHUNK.start(), *CHUNK.end()) as usize;
        let rows = rows.unwrap_or(chunk / row.max(1)).max(1);
        if rows >= length || row == 0 {
            return Ok(Plan::Whole { reason: None });
        }
        Ok(Plan::Chunks(Chunks { samples: shapes.samples, rows, cut }))
    }
}
