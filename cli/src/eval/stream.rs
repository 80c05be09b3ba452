//! Evaluation by chunks, in bounded memory.
//!
//! Input: a plan, the sources, and what is wanted. Output: the result and the gradients; those of arrays that are cut go
//! to a file row by row. What holds: sums over chunks are kept in `f64`, numerator and denominator apart, so that results
//! are those of one call over all samples up to the rounding of these sums.

use super::Reduction;
use super::ahead::Ahead;
use super::array::{Array, Kind};
use super::buffer::Buffer;
use super::chunk::Chunk;
use super::gradients::{Gradients, Scale};
use super::outputs::Outputs;
use super::plan::Chunks;
use super::progress::Progress;
use super::settings::Settings;
use super::source::Source;
use lossdef_runtime::partial::Partial;
use std::collections::BTreeMap;

/// The evaluation of one call.
pub struct Stream<'a> {
    /// What the call is.
    pub settings: &'a Settings<'a>,
    /// The arrays in their files.
    pub sources: &'a BTreeMap<String, Source>,
    /// How they are cut.
    pub chunks: &'a Chunks,
    /// Whether the floats of the call are `f32`.
    pub single: bool,
    kept: BTreeMap<&'static str, Array>,
    progress: Progress,
}

impl<'a> Stream<'a> {
    /// Reads what every chunk needs.
    pub fn new(
        settings: &'a Settings<'a>,
        sources: &'a BTreeMap<String, Source>,
        chunks: &'a Chunks,
    ) -> Result<Self, String> {
        let mut kept = BTreeMap::new();
        let mut single = None;
        for (input, cut) in settings.loss.spec().inputs.iter().zip(&chunks.cut) {
            let Some(source) = sources.get(input.name) else { continue };
            if let Kind::F32 | Kind::F64 = source.kind {
                single.get_or_insert(source.kind == Kind::F32);
            }
            if !cut {
                kept.insert(input.name, source.whole()?);
            }
        }
        let single = single.unwrap_or(false);
        let mut stream = Stream { settings, sources, chunks, single, kept, progress: Progress::hidden() };
        let passes = if stream.totals_first() { 2 } else { 1 };
        stream.progress = Progress::new(passes * stream.row_bytes() * chunks.all() as u64);
        Ok(stream)
    }

    /// Evaluates. Large results are written to files where `outputs` wants them.
    pub fn run(&self, outputs: &mut Outputs) -> Result<(), String> {
        let count = self.chunks.samples.iter().product::<usize>() as f64;
        let gradients = self.settings.wanted().next().is_some();
        let result = match self.settings.reduction {
            Reduction::None => {
                self.gradients(Scale::By(1.0), outputs)?;
                return Ok(());
            }
            Reduction::Sum if !gradients => self.totals()?.sum(),
            Reduction::Sum => self.gradients(Scale::By(1.0), outputs)?,
            Reduction::Mean if !gradients => self.totals()?.mean(),
            Reduction::Mean if self.totals_first() => {
                let totals = self.totals()?;
                self.gradients(Scale::mean(totals), outputs)?;
                totals.mean()
            }
            Reduction::Mean => self.gradients(Scale::By(1.0 / count), outputs)? / count,
        };
        outputs.value(Buffer::number(self.single, result).into_array());
        Ok(())
    }

    /// Whether the divisor of the mean costs a pass of its own: it must be known before the first gradient is written.
    fn totals_first(&self) -> bool {
        let mean = matches!(self.settings.reduction, Reduction::Mean);
        mean && self.settings.wanted().next().is_some() && self.settings.loss.spec().divisor.is_some()
    }

    /// Numerator and denominator over all samples.
    fn totals(&self) -> Result<Partial, String> {
        let mut totals = Partial::new(self.settings.loss.spec(), 0.0, 0.0);
        self.each(|chunk| {
            let part = chunk.call().partial();
            let merged = part.and_then(|part| totals.merge(part.partial));
            totals = merged.map_err(|error| chunk.explain(error))?;
            Ok(())
        })?;
        Ok(totals)
    }

    /// Writes scaled gradients, and the values where those are the result. Gives the numerator over all samples.
    fn gradients(&self, scale: Scale, outputs: &mut Outputs) -> Result<f64, String> {
        let mut gradients = Gradients::new(self, scale, outputs)?;
        self.each(|chunk| gradients.evaluate(chunk))?;
        Ok(gradients.finish(outputs))
    }

    /// Hands all chunks to `evaluate`, in order.
    fn each(&self, mut evaluate: impl FnMut(&Chunk<'_>) -> Result<(), String>) -> Result<(), String> {
        let (all, lengths) = (self.chunks.all(), self.chunks.lengths());
        std::thread::scope(|scope| {
            let ahead = self.cut().map(|(name, source)| (name, Ahead::new(scope, source, self.chunks)));
            let ahead: Vec<_> = ahead.collect();
            for start in (0..all).step_by(self.chunks.rows) {
                let rows = self.chunks.rows.min(all - start);
                let mut cut = Vec::with_capacity(ahead.len());
                for (name, ahead) in &ahead {
                    cut.push((*name, ahead.next()?.ok_or_else(|| format!("`{name}` ended early"))?));
                }
                evaluate(&Chunk {
                    settings: self.settings,
                    kept: &self.kept,
                    cut: &cut,
                    lengths,
                    start,
                    rows,
                })?;
                for ((_, array), (_, ahead)) in cut.into_iter().zip(&ahead) {
                    ahead.recycle(array);
                }
                self.progress.advance(self.row_bytes() * rows as u64);
            }
            // What is wrong with the end of a file is told behind its last row.
            ahead.iter().try_for_each(|(_, ahead)| ahead.next().map(drop))
        })
    }

    /// The inputs that are cut into rows.
    fn cut(&self) -> impl Iterator<Item = (&'static str, &'a Source)> {
        let inputs = self.settings.loss.spec().inputs.iter().zip(&self.chunks.cut);
        inputs
            .filter(|(_, cut)| **cut)
            .filter_map(|(input, _)| Some((input.name, self.sources.get(input.name)?)))
    }

    /// The bytes that are read for a row.
    fn row_bytes(&self) -> u64 {
        let bytes = |source: &Source| {
            source.shape[self.chunks.leading..].iter().product::<usize>() * source.kind.size()
        };
        self.cut().map(|(_, source)| bytes(source) as u64).sum()
    }
}
