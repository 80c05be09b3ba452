//! Which of our losses answers for a function of torch, and what its inputs are.

use std::collections::BTreeMap;

use super::Setting;
use super::tensor::Tensor;

/// The functions of torch that look at one sample at a time and that `losses.def` has.
pub const ELEMENTWISE: [&str; 12] = [
    "l1_loss",
    "mse_loss",
    "huber_loss",
    "smooth_l1_loss",
    "kl_div",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "margin_ranking_loss",
    "hinge_embedding_loss",
    "soft_margin_loss",
    "poisson_nll_loss",
    "gaussian_nll_loss",
];

/// The functions of torch that look along an axis and that `losses.def` has.
pub const OVER_AXES: [&str; 9] = [
    "cross_entropy",
    "nll_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "cosine_embedding_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
    "multi_margin_loss",
    "linear_cross_entropy",
];

/// How an input of a loss is declared.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Whether it has the sample axes.
    pub samples: bool,
    /// Its named axes, which stand behind those.
    pub named: &'static [&'static str],
    /// Whether it holds labels: whole numbers, without a derivative.
    pub labels: bool,
    pub optional: bool,
}

impl Input {
    const fn over(named: &'static [&'static str]) -> Input {
        Input { samples: true, named, labels: false, optional: false }
    }

    const fn shared(named: &'static [&'static str]) -> Input {
        Input { samples: false, ..Input::over(named) }
    }

    const fn labels(self) -> Input {
        Input { labels: true, ..self }
    }

    const fn optional(self) -> Input {
        Input { optional: true, ..self }
    }
}

/// The declaration of an input of one of our losses.
pub fn input(loss: &str, name: &str) -> Input {
    let one = Input::over(&[]);
    match (loss, name) {
        ("multilabel_soft_margin", "weight") => Input::over(&["c"]).optional(),
        ("multilabel_soft_margin", _) => Input::over(&["c"]),
        ("multilabel_margin", "target") => Input::over(&["c"]).labels(),
        ("multilabel_margin", _) => Input::over(&["c"]),
        ("cross_entropy" | "nll" | "multi_margin", "target") | ("linear_cross_entropy", "target") => {
            one.labels()
        }
        ("cross_entropy_prob" | "linear_cross_entropy_prob", "target") => Input::over(&["c"]),
        ("cross_entropy" | "cross_entropy_prob" | "nll" | "multi_margin", "input") => Input::over(&["c"]),
        ("linear_cross_entropy" | "linear_cross_entropy_prob", "input") => Input::over(&["d"]),
        ("linear_cross_entropy" | "linear_cross_entropy_prob", "linear_weight") => Input::shared(&["c", "d"]),
        (
            "cross_entropy"
            | "cross_entropy_prob"
            | "nll"
            | "multi_margin"
            | "linear_cross_entropy"
            | "linear_cross_entropy_prob",
            "weight",
        ) => Input::shared(&["c"]).optional(),
        (_, "linear_bias") => Input::shared(&["c"]).optional(),
        ("cosine_embedding", "input1" | "input2") => Input::over(&["d"]),
        (_, "anchor" | "positive" | "negative") => Input::over(&["d"]),
        (_, "weight" | "pos_weight") => one.optional(),
        _ => one,
    }
}

/// What a function of torch is called with.
pub struct Asked {
    pub loss: &'static str,
    pub params: BTreeMap<String, Setting>,
    pub inputs: BTreeMap<String, Tensor>,
    /// Where an axis stands that our declaration has last.
    pub axis: Option<(&'static str, usize)>,
}

/// Our loss for a call of torch, with the parameters and tensors that it takes; an error where ours cannot even
/// be written.
pub fn asked(
    torch: &str,
    params: &BTreeMap<String, Setting>,
    inputs: &BTreeMap<String, Tensor>,
) -> Result<Asked, String> {
    let (mut params, mut inputs) = (params.clone(), inputs.clone());
    let probabilities = inputs.get("target").is_some_and(|target| target.dtype.starts_with("float"));
    let mut axis = None;
    let loss = match torch {
        "l1_loss" => "l1",
        "mse_loss" => "mse",
        "huber_loss" => "huber",
        "smooth_l1_loss" => "smooth_l1",
        "kl_div" => "kl_div",
        "binary_cross_entropy" => "bce",
        "binary_cross_entropy_with_logits" => "bce_with_logits",
        "margin_ranking_loss" => "margin_ranking",
        "hinge_embedding_loss" => "hinge_embedding",
        "soft_margin_loss" => "soft_margin",
        "poisson_nll_loss" => "poisson_nll",
        "gaussian_nll_loss" => "gaussian_nll",
        "cross_entropy" | "nll_loss" => {
            let rank = inputs["input"].shape.len();
            axis = (rank > 0).then(|| ("c", usize::from(rank > 1)));
            match (torch, probabilities) {
                ("cross_entropy", true) => "cross_entropy_prob",
                ("cross_entropy", false) => "cross_entropy",
                _ => "nll",
            }
        }
        "linear_cross_entropy" if probabilities => "linear_cross_entropy_prob",
        "linear_cross_entropy" => "linear_cross_entropy",
        "multilabel_margin_loss" => {
            // One number is one class.
            for name in ["input", "target"] {
                at_least_one_axis(&mut inputs, name);
            }
            "multilabel_margin"
        }
        "multilabel_soft_margin_loss" => "multilabel_soft_margin",
        "multi_margin_loss" => {
            at_least_one_axis(&mut inputs, "input");
            // A single label of shape [1] labels a single sample that torch lets go without its axis.
            if inputs["target"].shape == [1] && inputs["input"].shape.len() == 1 {
                let classes = inputs["input"].shape[0];
                inputs.insert("input".into(), inputs["input"].reshaped(&[1, classes]));
            }
            "multi_margin"
        }
        "cosine_embedding_loss" => "cosine_embedding",
        "triplet_margin_loss" => "triplet_margin",
        "triplet_margin_with_distance_loss" => match params.remove("distance_function") {
            Some(Setting::Word(word)) => match word.as_str() {
                "pairwise_distance" => "triplet_margin_with_pairwise_distance",
                "l1" => "triplet_margin_with_l1",
                "squared_l2" => "triplet_margin_with_squared_l2",
                "linf" => "triplet_margin_with_linf",
                "cosine_distance" => "triplet_margin_with_cosine_distance",
                other => return Err(format!("unknown distance `{other}`")),
            },
            other => return Err(format!("unknown distance {other:?}")),
        },
        other => panic!("`{other}` has no loss of ours"),
    };
    if loss.ends_with("_prob") {
        // Probabilities cannot be ignored, and ours does not take the parameter.
        match params.remove("ignore_index") {
            None | Some(Setting::Nothing) => {}
            Some(Setting::Number(x)) if x.get() == -100.0 => {}
            Some(other) => return Err(format!("{loss} takes no ignore_index: {other:?}")),
        }
    }
    // None is ignored: no label of a case is -100.
    params.retain(|_, setting| !matches!(setting, Setting::Nothing));
    Ok(Asked { loss, params, inputs, axis })
}

fn at_least_one_axis(inputs: &mut BTreeMap<String, Tensor>, name: &str) {
    if inputs[name].shape.is_empty() {
        inputs.insert(name.into(), inputs[name].reshaped(&[1]));
    }
}
