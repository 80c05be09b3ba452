//! Whether, and how, a loss is evaluated by chunks.
//!
//! Input: the heads of the files. Output: a [`Plan`]. Chunks are made where the value over all samples is the sum of the values
//! over parts, and where all arrays that have the leading sample axes store them outermost, so that a chunk is a run of bytes
//! in each of them.

use super::Reduction;
use super::settings::Settings;
use super::source::Source;
use lossdef_runtime::dynamic::Shapes;
use lossdef_runtime::spec::AxisSpec;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The bytes of a chunk, over all arrays that are read and written. Two chunks of what is read are in memory at a time. They
/// should fit a cache, and be large beside what a call costs: it goes through all arrays that are given whole.
const CHUNK: RangeInclusive<u64> = 4 << 20..=32 << 20;

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

/// Samples that are evaluated together: rows, each of which is one position on the leading sample axes.
pub struct Chunks {
    /// The sample shape.
    pub samples: Vec<usize>,
    /// How many of its axes are leading ones. It is more than one where the rows would be too large.
    pub leading: usize,
    /// How many rows a chunk has; the last one may have fewer.
    pub rows: usize,
    /// For each input of the loss, whether it is cut into rows. The others are given whole to every call.
    pub cut: Vec<bool>,
}

impl Chunks {
    /// The lengths of the leading axes.
    pub fn lengths(&self) -> &[usize] {
        &self.samples[..self.leading]
    }

    /// The number of rows.
    pub fn all(&self) -> usize {
        self.lengths().iter().product()
    }
}

impl Plan {
    /// Checks the shapes of a call and decides. `bytes` is how large a chunk shall be, where that is given.
    pub fn new(
        settings: &Settings<'_>,
        sources: &BTreeMap<String, Source>,
        bytes: Option<u64>,
    ) -> Result<Plan, String> {
        let mut call = settings.full_call();
        let mut all = 0;
        for (name, source) in sources {
            let outline = source.kind.outline(&source.shape);
            let outline = outline.ok_or_else(|| format!("{name}: no array has shape {:?}", source.shape))?;
            call = call.input(name, outline);
            all += source.bytes()?;
        }
        let shapes = call.shapes().map_err(|error| error.to_string())?;
        match Plan::chunks(settings, sources, shapes, bytes)? {
            Ok(chunks) => Ok(Plan::Chunks(chunks)),
            Err(reason) => Ok(Plan::Whole { reason: (all >= LARGE).then_some(reason) }),
        }
    }

    /// The chunks, or why there are none.
    fn chunks(
        settings: &Settings<'_>,
        sources: &BTreeMap<String, Source>,
        shapes: Shapes,
        bytes: Option<u64>,
    ) -> Result<Result<Chunks, String>, String> {
        let spec = settings.loss.spec();
        if !spec.additive {
            return Ok(Err(format!("the value of `{}` is not the sum of the values over parts", spec.name)));
        }
        if shapes.samples.is_empty() {
            return Ok(Err("there is one sample".to_owned()));
        }
        // Axes are taken as one where the formula does not tell them apart, and where all of them stand in front.
        let mut most = if spec.samples == [0] && !settings.moves_axes() { shapes.samples.len() } else { 1 };
        let mut cut = vec![false; spec.inputs.len()];
        let mut kept = 0;
        for (index, (input, along)) in spec.inputs.iter().zip(&shapes.along).enumerate() {
            let Some(source) = sources.get(input.name) else { continue };
            match along[0] {
                Some(0) if source.fortran => {
                    return Ok(Err(format!("`{}` is stored in Fortran order", input.name)));
                }
                Some(0) => {
                    cut[index] = true;
                    let leading = along.iter().enumerate().take_while(|(at, axis)| **axis == Some(*at));
                    most = most.min(leading.count());
                }
                Some(axis) => {
                    return Ok(Err(format!("the first sample axis is axis {axis} of `{}`", input.name)));
                }
                None => {
                    kept += source.bytes()?;
                    if input.axes.contains(&AxisSpec::Samples) {
                        // It has to broadcast to the axes behind the leading ones alone.
                        let rank = shapes.samples.len() + input.axes.len() - 1;
                        most = most.min(rank.saturating_sub(source.shape.len())).max(1);
                    }
                }
            }
        }

        let bytes = bytes.unwrap_or(kept.clamp(*CHUNK.start(), *CHUNK.end()));
        let wanted: Vec<usize> = settings.wanted().collect();
        // The bytes of a row, of all that is read and written.
        let row = |leading: usize| -> u64 {
            let inputs = spec.inputs.iter().enumerate().filter(|(index, _)| cut[*index]);
            let arrays = inputs.filter_map(|(index, input)| Some((index, sources.get(input.name)?)));
            let read = arrays.map(|(index, source)| {
                let times = if wanted.contains(&index) { 2 } else { 1 };
                times * (source.kind.size() * source.shape[leading..].iter().product::<usize>()) as u64
            });
            let values = shapes.samples[leading..].iter().product::<usize>() * size_of::<f64>();
            let written = if let Reduction::None = settings.reduction { values as u64 } else { 0 };
            read.sum::<u64>() + written
        };
        let leading = (1..most).find(|leading| row(*leading) <= bytes).unwrap_or(most);
        let rows = usize::try_from(bytes / row(leading).max(1)).unwrap_or(usize::MAX).max(1);
        let chunks = Chunks { samples: shapes.samples, leading, rows, cut };
        if rows >= chunks.all() {
            return Ok(Err("one chunk holds all samples".to_owned()));
        }
        Ok(Ok(chunks))
    }
}
