//! Calls through the typed structs: one line per loss says which inputs and parameters it has, labels behind a bar.

use std::collections::BTreeMap;

use lossdef::losses as the;
use lossdef::{BatchMean, Error, Mean, Sum, Unreduced};
use lossdef_runtime::dynamic::Element;
use ndarray::{Array, ArrayD, IxDyn};

use super::arrays::{Arrays, array};
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

/// An element type of labels.
pub trait Labels: lossdef::Label {
    fn of(label: i64) -> Self;
}

impl Labels for i64 {
    fn of(label: i64) -> i64 {
        label
    }
}

impl Labels for i32 {
    fn of(label: i64) -> i32 {
        i32::try_from(label).expect("a label of the corpus is small")
    }
}

macro_rules! losses {
    ($($name:literal => $loss:ident, $grads:ident
        ($($required:ident),* $(| $label:ident)?; $($optional:ident),*; $($parameter:ident: $type:ident),*)
        $(with $axis:ident)?;)*) => {
        fn found<T: Element, L: Labels, R: Reduce>(
            call: &Call,
            arrays: &Arrays<T>,
            reduction: R,
        ) -> Result<Found, Error> {
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
                    $(if let Some((name, place)) = call.axis {
                        loss = loss.$axis(name, place);
                    })?
                    $(let $required = arrays.input(stringify!($required)).expect(stringify!($required));)*
                    $(let (view, storage) = arrays.label(stringify!($label));
                    let storage: Vec<L> = storage.iter().map(|label| L::of(*label)).collect();
                    let $label = array(view, &storage);)?
                    $(let $optional = arrays.input(stringify!($optional));)*
                    #[allow(unused_mut, reason = "a loss may have no optional inputs")]
                    let mut bound = loss.on($(&$required,)* $(&$label)?);
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
    (@i64 $value:expr) => { $value as i64 };
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
    "cross_entropy" => CrossEntropy, CrossEntropyGrads
        (input | target; weight; ignore_index: i64, label_smoothing: f64) with axis;
    "cross_entropy_prob" => CrossEntropyProb, CrossEntropyProbGrads
        (input, target; weight; label_smoothing: f64) with axis;
    "nll" => Nll, NllGrads(input | target; weight; ignore_index: i64) with axis;
    "multilabel_margin" => MultilabelMargin, MultilabelMarginGrads(input | target; ; );
    "multilabel_soft_margin" => MultilabelSoftMargin, MultilabelSoftMarginGrads(input, target; weight; );
    "cosine_embedding" => CosineEmbedding, CosineEmbeddingGrads(input1, input2, target; ; margin: f64);
    "multi_margin" => MultiMargin, MultiMarginGrads(input | target; weight; p: i64, margin: f64);
    "triplet_margin" => TripletMargin, TripletMarginGrads
        (anchor, positive, negative; ; margin: f64, p: f64, eps: f64, swap: bool);
    "triplet_margin_with_pairwise_distance" =>
        TripletMarginWithPairwiseDistance, TripletMarginWithPairwiseDistanceGrads
        (anchor, positive, negative; ; margin: f64, swap: bool);
    "triplet_margin_with_l1" => TripletMarginWithL1, TripletMarginWithL1Grads
        (anchor, positive, negative; ; margin: f64, swap: bool);
    "triplet_margin_with_squared_l2" => TripletMarginWithSquaredL2, TripletMarginWithSquaredL2Grads
        (anchor, positive, negative; ; margin: f64, swap: bool);
    "triplet_margin_with_linf" => TripletMarginWithLinf, TripletMarginWithLinfGrads
        (anchor, positive, negative; ; margin: f64, swap: bool);
    "triplet_margin_with_cosine_distance" =>
        TripletMarginWithCosineDistance, TripletMarginWithCosineDistanceGrads
        (anchor, positive, negative; ; margin: f64, swap: bool);
    "linear_cross_entropy" => LinearCrossEntropy, LinearCrossEntropyGrads
        (input, linear_weight | target; linear_bias, weight; ignore_index: i64, label_smoothing: f64);
    "linear_cross_entropy_prob" => LinearCrossEntropyProb, LinearCrossEntropyProbGrads
        (input, linear_weight, target; linear_bias, weight; label_smoothing: f64);
}

/// What a call gives, or why it is refused. Every gradient is asked for.
pub fn answer<T: Element, L: Labels>(call: &Call, aligned: &Aligned) -> Result<Answer, Error> {
    let arrays = Arrays::<T>::new(call, aligned);
    let (output, gradients) = match call.reduction {
        Reduction::None => found::<T, L, _>(call, &arrays, Unreduced),
        Reduction::Mean => found::<T, L, _>(call, &arrays, Mean),
        Reduction::Sum => found::<T, L, _>(call, &arrays, Sum),
        Reduction::BatchMean => found::<T, L, _>(call, &arrays, BatchMean),
    }?;
    let mut output = Sums::plain(output);
    if call.reduction != Reduction::None {
        // The terms as they are added up: those of the sum, over what turns the sum into this output.
        let (total, _) = found::<T, L, _>(call, &arrays, Sum)?;
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
    found::<f64, i64, _>(&call, &Arrays::<f64>::new(&call, aligned), Unreduced)
}

fn numbers<T: Element>(array: &ArrayD<T>) -> Vec<f64> {
    array.iter().map(|x| x.to_f64()).collect()
}
