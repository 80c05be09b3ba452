//! Calls through the typed structs: one line per loss says which inputs and parameters it has.

use std::collections::BTreeMap;

use lossdef::losses as the;
use lossdef::{BatchMean, Error, Mean, Sum, Unreduced};
use lossdef_runtime::dynamic::Element;
use ndarray::{Array, ArrayD, IxDyn};

use super::arrays::Arrays;
use super::by_trait::{bind, of_a_quotient};
use crate::corpus::Answer;
use crate::corpus::call::{Aligned, Call, Reduction};
use crate::corpus::tensor::Sums;

/// The output and the gradients of a typed call, in row-major order.
type Found = (Vec<f64>, Vec<(&'static str, Vec<f64>)>);

/// A reduction as the tests need it: what comes from above, and its result as numbers.
trait Reduce: lossdef::Reduction {
    fn call<T: Element, A>(
        arrays: &Arrays<T>,
        backward: impl FnOnce(Self::Upstream<'_, T, IxDyn>) -> Result<A, Error>,
    ) -> Result<A, Error>;
    fn flat<T: Element>(output: Self::Output<T, IxDyn>) -> Vec<f64>;
}

macro_rules! to_a_number {
    ($($reduction:ident)*) => {$(
        impl Reduce for $reduction {
            fn call<T: Element, A>(
                arrays: &Arrays<T>,
                backward: impl FnOnce(T) -> Result<A, Error>,
            ) -> Result<A, Error> {
                backward(arrays.upstream())
            }

            fn flat<T: Element>(output: T) -> Vec<f64> {
                vec![output.to_f64()]
            }
        }
    )*};
}

to_a_number!(Mean Sum BatchMean);

impl Reduce for Unreduced {
    fn call<T: Element, A>(
        arrays: &Arrays<T>,
        backward: impl FnOnce(&ndarray::ArrayRef<T, IxDyn>) -> Result<A, Error>,
    ) -> Result<A, Error> {
        backward(&arrays.upstream_each())
    }

    fn flat<T: Element>(output: Array<T, IxDyn>) -> Vec<f64> {
        numbers(&output)
    }
}

macro_rules! losses {
    ($($name:literal => $loss:ident, $grads:ident
        ($($required:ident),*; $($optional:ident),*; $($parameter:ident: $type:ident),*);)*) => {
        fn found<T: Element, R: Reduce>(call: &Call, arrays: &Arrays<T>, reduction: R) -> Result<Found, Error> {
            match call.loss {
                $($name => {
                    #[allow(unused_mut, reason = "a loss may have no parameters")]
                    let mut loss = the::$loss::new().reduction(reduction);
                    for (name, value) in &call.parameters {
                        match name.as_str() {
                            $(stringify!($parameter) => loss = loss.$parameter(losses!(@$type *value)),)*
                            _ => panic!("`{}` has an unknown parameter `{name}` = {value}", call.loss),
                        }
                    }
                    $(let $required = arrays.input(stringify!($required)).expect(stringify!($required));)*
                    $(let $optional = arrays.input(stringify!($optional));)*
                    #[allow(unused_mut, reason = "a loss may have no optional inputs")]
                    let mut bound = loss.on($(&$required),*);
                    $(if let Some(array) = &$optional {
                        bound = bound.$optional(array);
                    })*
                    let output = R::flat::<T>(bound.forward()?);
                    $(let mut $required = ArrayD::from_elem($required.raw_dim(), T::default());)*
                    $(let mut $optional = $optional.as_ref().map(|array| ArrayD::from_elem(array.raw_dim(), T::default()));)*
                    R::call(arrays, |upstream| {
                        #[allow(unused_mut, reason = "a loss may have no optional inputs")]
                        let mut buffers = the::$grads::new()$(.$required(&mut $required))*;
                        $(if let Some(array) = &mut $optional {
                            buffers = buffers.$optional(array);
                        })*
                        bound.backward_into(upstream, buffers)
                    })?;
                    #[allow(unused_mut, reason = "a loss may have no optional inputs")]
                    let mut gradients = vec![$((stringify!($required), numbers(&$required))),*];
                    $(gradients.extend($optional.map(|array| (stringify!($optional), numbers(&array))));)*
                    Ok((output, gradients))
                })*
                other => panic!("`{other}` is not among the typed calls of this test"),
            }
        }
    };
    (@f64 $value:expr) => { $value };
    (@bool $value:expr) => { $value != 0.0 };
}

losses! {
    "l1" => L1, L1Grads(input, target; weight; );
    "mse" => Mse, MseGrads(input, target; weight; );
    "huber" => Huber, HuberGrads(input, target; weight; delta: f64);
    "smooth_l1" => SmoothL1, SmoothL1Grads(input, target; ; beta: f64);
    "kl_div" => KlDiv, KlDivGrads(input, target; ; log_target: bool);
    "bce" => Bce, BceGrads(input, target; weight; );
    "bce_with_logits" => BceWithLogits, BceWithLogitsGrads(input, target; weight, pos_weight; );
    "margin_ranking" => MarginRanking, MarginRankingGrads(input1, input2, target; ; margin: f64);
    "hinge_embedding" => HingeEmbedding, HingeEmbeddingGrads(input, target; ; margin: f64);
    "soft_margin" => SoftMargin, SoftMarginGrads(input, target; ; );
    "poisson_nll" => PoissonNll, PoissonNllGrads(input, target; ; log_input: bool, full: bool, eps: f64);
    "gaussian_nll" => GaussianNll, GaussianNllGrads(input, target, var; ; full: bool, eps: f64);
}

/// What a call gives, or why it is refused. Every gradient is asked for.
pub fn answer<T: Element>(call: &Call, aligned: &Aligned) -> Result<Answer, Error> {
    let arrays = Arrays::<T>::new(call, aligned);
    let (output, gradients) = match call.reduction {
        Reduction::None => found(call, &arrays, Unreduced),
        Reduction::Mean => found(call, &arrays, Mean),
        Reduction::Sum => found(call, &arrays, Sum),
        Reduction::BatchMean => found(call, &arrays, BatchMean),
    }?;
    let mut output = Sums::plain(output);
    if call.reduction != Reduction::None {
        // The terms as they are added up: those of the sum, over what turns the sum into this output.
        let (total, _) = found(call, &arrays, Sum)?;
        let (terms, _) = unreduced(call, aligned)?;
        let magnitude: f64 = terms.iter().map(|x| x.abs()).sum();
        let share = if total[0] == 0.0 { 1.0 } else { (output.values[0] / total[0]).abs() };
        output.magnitudes = vec![magnitude * share];
    }
    let gradients = gradients.into_iter().map(|(name, values)| {
        let mut sums = aligned.sum_back(name, Sums::plain(values));
        if call.reduction == Reduction::Mean {
            let double = Arrays::<f64>::new(call, aligned);
            sums.magnitudes.extend(of_a_quotient(bind(call, &double), name, call.upstream[0])?);
        }
        Ok((name.to_owned(), sums))
    });
    Ok(Answer { output, gradients: gradients.collect::<Result<BTreeMap<_, _>, Error>>()? })
}

/// The value of every sample.
fn unreduced(call: &Call, aligned: &Aligned) -> Result<Found, Error> {
    let count = aligned.shape.iter().product();
    let call = Call { reduction: Reduction::None, upstream: vec![1.0; count], ..call.clone() };
    found(&call, &Arrays::<f64>::new(&call, aligned), Unreduced)
}

fn numbers<T: Element>(array: &ArrayD<T>) -> Vec<f64> {
    array.iter().map(|x| x.to_f64()).collect()
}
