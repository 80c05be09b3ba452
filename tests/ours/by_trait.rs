//! Calls through the object-safe trait, by the names of inputs and parameters.

use std::collections::BTreeMap;

use lossdef::Error;
use lossdef::dynamic::DynamicCall;
use lossdef_runtime::any::{AnyArray, AnyView};
use lossdef_runtime::dynamic::Element;
use lossdef_runtime::reduction::ReductionKind;
use ndarray::ArrayViewD;

use super::arrays::Arrays;
use crate::corpus::Answer;
use crate::corpus::call::{Aligned, Call, Reduction};
use crate::corpus::tensor::Sums;

/// What a call gives, or why it is refused. Every gradient is asked for.
pub fn answer<T: Element>(call: &Call, aligned: &Aligned) -> Result<Answer, Error>
where
    for<'a> AnyView<'a>: From<ArrayViewD<'a, T>>,
{
    let arrays = Arrays::<T>::new(call, aligned);
    let bound = || bind(call, &arrays);
    let mut asked = bound().reduction(kind(call.reduction));
    for (name, _) in arrays.iter() {
        asked = asked.gradient(name);
    }
    asked = match call.reduction {
        Reduction::None => asked.upstream_each(arrays.upstream_each()),
        _ => asked.upstream(arrays.upstream().to_f64()),
    };
    let evaluation = asked.evaluate()?;
    let mut output = Sums::plain(flat(evaluation.value.to_f64()));
    if call.reduction != Reduction::None {
        let each = bound().reduction(ReductionKind::None).evaluate()?;
        let magnitude: f64 = each.value.to_f64().iter().map(|x| x.abs()).sum();
        let divisor = match call.reduction {
            Reduction::Mean => bound().partial()?.partial.denominator,
            Reduction::BatchMean => aligned.shape.first().map_or(1.0, |n| *n as f64),
            Reduction::Sum | Reduction::None => 1.0,
        };
        output.magnitudes = vec![magnitude / divisor.abs()];
    }
    let gradients = evaluation.gradients.iter().map(|(name, array)| {
        let mut sums = aligned.sum_back(name, Sums::plain(flat(array.to_f64())));
        if call.reduction == Reduction::Mean {
            sums.magnitudes.extend(of_a_quotient(bound(), name, call.upstream[0])?);
        }
        Ok(((*name).to_owned(), sums))
    });
    Ok(Answer { output, gradients: gradients.collect::<Result<BTreeMap<_, _>, Error>>()? })
}

/// Where the divisor of the mean depends on an input, its derivative is a difference of two terms, N'/D and
/// D' N/D^2; these are the sums of their magnitudes. Empty where it does not.
pub fn of_a_quotient(bound: DynamicCall<'_>, input: &str, upstream: f64) -> Result<Vec<f64>, Error> {
    let parts = bound.gradient(input).denominator_gradient(input).partial()?;
    let (numerator, divisor) = (parts.partial.numerator, parts.partial.denominator);
    let slopes = |array: Option<&AnyArray>| flat(array.expect("it was asked for").to_f64());
    let of_divisor = slopes(parts.denominator_gradient(input));
    if of_divisor.iter().all(|slope| *slope == 0.0) {
        return Ok(Vec::new());
    }
    let terms = slopes(parts.numerator_gradient(input)).into_iter().zip(of_divisor);
    let magnitude =
        |(up, down): (f64, f64)| (up / divisor).abs() + (down * numerator / divisor / divisor).abs();
    Ok(terms.map(|pair| upstream.abs() * magnitude(pair)).collect())
}

/// A call with its inputs and parameters, from the catalogue.
pub fn bind<'a, T: Element>(call: &Call, arrays: &'a Arrays<T>) -> DynamicCall<'a>
where
    AnyView<'a>: From<ArrayViewD<'a, T>>,
{
    let loss = lossdef::losses::CATALOGUE.get(call.loss);
    let mut bound = loss.unwrap_or_else(|| panic!("the catalogue lacks `{}`", call.loss)).call();
    for (name, array) in arrays.iter() {
        bound = bound.input(name, array);
    }
    for (name, array) in arrays.labels() {
        bound = bound.input(name, array);
    }
    if let Some((axis, place)) = call.axis {
        bound = bound.axis(axis, place);
    }
    for (name, value) in &call.parameters {
        bound = bound.parameter(name, *value);
    }
    bound
}

fn kind(reduction: Reduction) -> ReductionKind {
    match reduction {
        Reduction::None => ReductionKind::None,
        Reduction::Mean => ReductionKind::Mean,
        Reduction::Sum => ReductionKind::Sum,
        Reduction::BatchMean => ReductionKind::BatchMean,
    }
}

/// The elements in row-major order.
fn flat(array: ndarray::ArrayD<f64>) -> Vec<f64> {
    array.iter().copied().collect()
}
