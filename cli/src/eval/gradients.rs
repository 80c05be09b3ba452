//! The pass over the chunks that writes gradients, and values where there is no reduction.
//!
//! Input: the chunks, and what gradients are multiplied by. Output: rows of those of arrays that are cut, sums over the
//! chunks of the others, and the sum of the values.

use super::Reduction;
use super::buffer::Buffer;
use super::chunk::Chunk;
use super::outputs::{Output, Outputs, Rows};
use super::stream::Stream;
use lossdef_runtime::error::Error;
use lossdef_runtime::partial::Partial;
use lossdef_runtime::reduction::ReductionKind;

/// What the gradient of the sum becomes.
#[derive(Clone, Copy)]
pub enum Scale {
    /// A multiple of it.
    By(f64),
    /// The gradient of a mean with this numerator and denominator, whose denominator may be differentiated, too.
    Quotient(Partial),
    /// That of a mean over nothing: 0.
    Zero,
}

impl Scale {
    /// That of the mean.
    pub fn mean(totals: Partial) -> Scale {
        let nothing = totals.numerator == 0.0 && totals.denominator == 0.0;
        if nothing { Scale::Zero } else { Scale::Quotient(totals) }
    }

    /// What a call multiplies gradients by.
    fn upstream(self) -> f64 {
        match self {
            Scale::By(factor) => factor,
            Scale::Quotient(totals) => 1.0 / totals.denominator,
            Scale::Zero => 0.0,
        }
    }
}

/// See the module.
pub struct Gradients {
    scale: Scale,
    values: Option<(Buffer, Rows)>,
    slots: Vec<Slot>,
    numerator: f64,
    single: bool,
}

/// The gradient with respect to one input.
struct Slot {
    input: &'static str,
    /// That of a chunk.
    part: Buffer,
    /// That of the divisor, where the divisor reads this input.
    divisor: Option<Buffer>,
    place: Place,
}

/// Where a gradient goes.
enum Place {
    /// To a file: its rows belong to the chunk.
    Rows(Rows),
    /// Into a sum over the chunks.
    Sum(Buffer),
}

impl Gradients {
    /// Nothing yet.
    pub fn new(stream: &Stream<'_>, scale: Scale, outputs: &Outputs) -> Result<Self, String> {
        let (spec, single) = (stream.settings.loss.spec(), stream.single);
        let values = match stream.settings.reduction {
            Reduction::None => {
                let rows = outputs.rows(single, &stream.chunks.samples)?;
                Some((Buffer::zeros(single, &[]), rows))
            }
            Reduction::Mean | Reduction::Sum => None,
        };
        let reads = match (scale, spec.divisor) {
            (Scale::Quotient(_), Some(divisor)) => divisor.reads,
            _ => &[],
        };
        let slot = |index: usize| {
            let input = spec.inputs[index].name;
            let shape = stream.sources.get(input).map_or(&[][..], |source| &source.shape);
            let place = match stream.chunks.cut[index] {
                true => Place::Rows(outputs.rows(single, shape)?),
                false => Place::Sum(Buffer::zeros(false, shape)),
            };
            let divisor = reads.contains(&index).then(|| Buffer::zeros(single, &[]));
            Ok(Slot { input, part: Buffer::zeros(single, &[]), divisor, place })
        };
        let slots = stream.settings.wanted().map(slot).collect::<Result<_, String>>()?;
        Ok(Gradients { scale, values, slots, numerator: 0.0, single })
    }

    /// Evaluates a chunk, and keeps what comes out.
    pub fn evaluate(&mut self, chunk: &Chunk<'_>) -> Result<(), String> {
        self.call(chunk).map_err(|error| chunk.explain(error))?;
        if let Some((values, rows)) = &mut self.values {
            rows.append(values)?;
        }
        for Slot { part, place, .. } in &mut self.slots {
            match place {
                Place::Rows(rows) => rows.append(part)?,
                Place::Sum(sum) => sum.add(part, 1.0),
            }
        }
        Ok(())
    }

    fn call(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let mut call = chunk.call().reduction(ReductionKind::Sum).upstream(self.scale.upstream());
        if let Some((values, rows)) = &mut self.values {
            values.resize(&chunk.shape(rows.shape()));
            call = call.values_into(values.view_mut());
        }
        for Slot { input, part, place, .. } in &mut self.slots {
            match place {
                Place::Rows(rows) => part.resize(&chunk.shape(rows.shape())),
                Place::Sum(sum) => part.resize(sum.shape()),
            }
            call = call.gradient_into(input, part.view_mut());
        }
        self.numerator += call.evaluate()?.numerator;
        match self.scale {
            Scale::By(_) => Ok(()),
            Scale::Quotient(totals) => self.quotient(chunk, totals),
            Scale::Zero => {
                self.slots.iter_mut().for_each(|slot| slot.part.clear());
                Ok(())
            }
        }
    }

    /// Subtracts the share of the divisor: `d(N/D) = dN/D - dD * N/D^2`.
    fn quotient(&mut self, chunk: &Chunk<'_>, totals: Partial) -> Result<(), Error> {
        if self.slots.iter().all(|slot| slot.divisor.is_none()) {
            return Ok(());
        }
        let mut call = chunk.call();
        for Slot { input, part, divisor, .. } in &mut self.slots {
            if let Some(divisor) = divisor {
                divisor.resize(part.shape());
                call = call.denominator_gradient_into(input, divisor.view_mut());
            }
        }
        call.partial()?;
        for Slot { part, divisor, .. } in &mut self.slots {
            if let Some(divisor) = divisor {
                part.add(divisor, -totals.mean() / totals.denominator);
            }
        }
        Ok(())
    }

    /// Hands the results on, and gives the sum of the values.
    pub fn finish(self, outputs: &mut Outputs) -> f64 {
        if let Some((_, rows)) = self.values {
            outputs.push("value".to_owned(), Output::Rows(rows.finish()));
        }
        for Slot { input, place, .. } in self.slots {
            let output = match place {
                Place::Rows(rows) => Output::Rows(rows.finish()),
                Place::Sum(sum) => Output::Held(sum.rounded(self.single).into_array()),
            };
            outputs.push(format!("grad_{input}"), output);
        }
        self.numerator
    }
}
