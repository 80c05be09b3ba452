//! The losses that torch does not have, against their definitions: each is computed a second time in plain Rust
//! from the text of the paper that defines it, value by value, and its gradients are held against central
//! differences of that.
//!
//! The generated loss answers, and the oracle, that is, the formula of `losses.def` as it is written; both have to
//! say the same.

mod given;
mod oracle;

use std::collections::BTreeMap;

use given::{Given, How};
use lossdef::ReductionKind;
use ndarray::{ArrayD, IxDyn};
use oracle::Oracle;
use oracle::arrays::Array;
use oracle::random::Random;
use oracle::wide::Wide;

/// Inputs by name.
type Inputs = BTreeMap<&'static str, Array>;

/// Parameters by name.
type Parameters = BTreeMap<&'static str, f64>;

/// Samples, and the gradient of their sum in each real input.
struct Answer {
    values: Vec<f64>,
    gradients: BTreeMap<String, Vec<f64>>,
}

/// What the generated loss says, which the oracle has to confirm.
fn evaluate(loss: &str, inputs: &Inputs, parameters: &Parameters) -> Answer {
    let (ours, oracle) = (generated(loss, inputs, parameters), as_written(loss, inputs, parameters));
    let confirm = |what: &str, got: &[f64], want: &[f64]| {
        assert_eq!(got.len(), want.len(), "{loss}: {what}");
        for (got, want) in got.iter().zip(want) {
            let close = got == want || (got - want).abs() <= 1e-12 * want.abs().max(1.0);
            assert!(close, "{loss}: {what} is {got} as generated, {want} to the oracle");
        }
    };
    confirm("the value", &ours.values, &oracle.values);
    for (name, gradient) in &oracle.gradients {
        confirm(name, &ours.gradients[name], gradient);
    }
    ours
}

fn generated(loss: &str, inputs: &Inputs, parameters: &Parameters) -> Answer {
    let array = |of: &Array| {
        ArrayD::from_shape_vec(IxDyn(&of.shape), of.data.clone()).expect("as many numbers as the shape says")
    };
    let call = Given {
        loss: lossdef::losses::CATALOGUE.get(loss).unwrap_or_else(|| panic!("there is no loss `{loss}`")),
        inputs: inputs.iter().map(|(name, of)| (*name, array(of))).collect(),
        parameters: parameters.clone(),
    };
    let ones = vec![1.0; call.samples().iter().product()];
    let found = call.evaluate(&How::plain(ReductionKind::None, ones));
    let found = found.unwrap_or_else(|error| panic!("{loss}: {error}"));
    let flat = |array: &ArrayD<f64>| array.iter().copied().collect::<Vec<f64>>();
    Answer {
        values: flat(&found.value),
        gradients: found.gradients.iter().map(|(name, of)| ((*name).to_owned(), flat(of))).collect(),
    }
}

fn as_written(loss: &str, inputs: &Inputs, parameters: &Parameters) -> Answer {
    let oracle = Oracle::of_losses_def();
    let run = oracle.evaluate(loss, inputs, parameters).unwrap_or_else(|error| panic!("{loss}: {error}"));
    let gradients = run.gradients(|_| (Wide::ONE, Wide::ZERO));
    let numbers =
        gradients.into_iter().map(|(name, of)| (name.to_owned(), of.iter().map(|x| x.sum.round()).collect()));
    Answer {
        values: run.points.iter().map(|point| point.value.value.round()).collect(),
        gradients: numbers.collect(),
    }
}

/// Holds a loss against its definition, in value and in gradient.
#[track_caller]
fn check(
    loss: &str,
    inputs: &Inputs,
    parameters: &Parameters,
    definition: impl Fn(&Inputs, &Parameters) -> Vec<f64>,
) {
    let ours = evaluate(loss, inputs, parameters);
    let want = definition(inputs, parameters);
    assert_eq!(ours.values.len(), want.len(), "{loss}: the number of values");
    for (got, want) in ours.values.iter().zip(&want) {
        let close = (got - want).abs() <= 1e-11 * want.abs().max(1.0);
        assert!(close, "{loss} at {inputs:?} with {parameters:?}: {got}, by definition {want}");
    }
    let total = |inputs: &Inputs| definition(inputs, parameters).iter().sum::<f64>();
    for (name, gradient) in &ours.gradients {
        for (at, got) in gradient.iter().enumerate() {
            let moved = |by: f64| {
                let mut inputs = inputs.clone();
                inputs.get_mut(name.as_str()).expect("an input").data[at] += by;
                total(&inputs)
            };
            // Of fourth order, so that the step may be long enough for rounding to stay small.
            let step = 1e-3;
            let quotient = |h: f64| (moved(h) - moved(-h)) / (2.0 * h);
            let want = (4.0 * quotient(step) - quotient(2.0 * step)) / 3.0;
            let close = (got - want).abs() <= 1e-8 * want.abs().max(1.0);
            assert!(
                close,
                "{loss}, {name}[{at}] at {inputs:?} with {parameters:?}: {got}, difference {want}"
            );
        }
    }
}

fn rows(array: &Array) -> impl Iterator<Item = &[f64]> {
    array.data.chunks(array.shape.last().copied().unwrap_or(1))
}

/// Lin et al. 2017: `p_t` is the probability of the label that holds, and the loss is
/// `-alpha_t (1 - p_t)^gamma log(p_t)`.
#[test]
fn focal() {
    let mut random = Random(1);
    for gamma in [0.0, 0.5, 1.0, 2.0, 5.0] {
        for alpha in [0.0, 0.25, 1.0] {
            // A label is a class here, so that its own derivative, which the paper does not have, is that of the
            // interpolation between both.
            let inputs = Inputs::from([
                ("input", random.array(&[20], -4.0, 4.0)),
                ("target", random.labels(&[20], 2)),
            ]);
            let parameters = Parameters::from([("alpha", alpha), ("gamma", gamma)]);
            check("sigmoid_focal", &inputs, &parameters, |inputs, parameters| {
                let one = |x: f64, label: bool| {
                    let probability = x.exp() / (x.exp() + 1.0);
                    let p_t = if label { probability } else { 1.0 - probability };
                    let alpha_t = if label { parameters["alpha"] } else { 1.0 - parameters["alpha"] };
                    -alpha_t * (1.0 - p_t).powf(parameters["gamma"]) * p_t.ln()
                };
                let pairs = inputs["input"].data.iter().zip(&inputs["target"].data);
                pairs.map(|(x, y)| y * one(*x, true) + (1.0 - y) * one(*x, false)).collect()
            });
        }
    }
    // With gamma = 2, what is classified with p_t = 0.9 has a hundredth of its cross entropy.
    let sure =
        Inputs::from([("input", Array::new(&[1], vec![9f64.ln()])), ("target", Array::new(&[1], vec![1.0]))]);
    let value = |gamma: f64| {
        evaluate("sigmoid_focal", &sure, &Parameters::from([("alpha", 1.0), ("gamma", gamma)])).values[0]
    };
    assert!((value(0.0) / value(2.0) - 100.0).abs() < 1e-9);
}

/// Milletari et al. 2016: `D = 2 sum p g / (sum p^2 + sum g^2)`.
#[test]
fn dice() {
    let mut random = Random(2);
    for smooth in [0.0, 1e-5, 1.0] {
        for shape in [&[4, 6][..], &[3, 2, 4], &[1, 1, 2, 3]] {
            let inputs = Inputs::from([
                ("input", random.array(shape, 0.01, 0.99)),
                ("target", random.array(shape, 0.01, 0.99)),
            ]);
            let parameters = Parameters::from([("smooth", smooth)]);
            check("dice", &inputs, &parameters, |inputs, parameters| {
                by_mask(inputs, |p, g| {
                    let (mut numerator, mut denominator) = (0.0, 0.0);
                    for (p, g) in p.iter().zip(g) {
                        numerator += 2.0 * p * g;
                        denominator += p * p + g * g;
                    }
                    let smooth = parameters["smooth"];
                    1.0 - (numerator + smooth) / (denominator + smooth)
                })
            });
        }
    }
    // Two of three marked pixels in common, of which one mask marks three and the other two.
    let masks = Inputs::from([
        ("input", Array::new(&[1, 4], vec![1.0, 1.0, 1.0, 0.0])),
        ("target", Array::new(&[1, 4], vec![1.0, 1.0, 0.0, 0.0])),
    ]);
    let value = evaluate("dice", &masks, &Parameters::from([("smooth", 0.0)])).values[0];
    assert!((value - 0.2).abs() < 1e-15);
}

/// Salehi et al. 2017: with `p0` the probability of the lesion and `p1` that of the rest, and `g0`, `g1`
/// likewise, the index is `sum p0 g0 / (sum p0 g0 + alpha sum p0 g1 + beta sum p1 g0)`.
#[test]
fn tversky() {
    let mut random = Random(3);
    for (alpha, beta) in [(0.5, 0.5), (0.3, 0.7), (1.0, 1.0), (0.0, 1.0)] {
        let inputs = Inputs::from([
            ("input", random.array(&[3, 2, 5], 0.01, 0.99)),
            ("target", random.array(&[3, 2, 5], 0.01, 0.99)),
        ]);
        let parameters = Parameters::from([("alpha", alpha), ("beta", beta), ("smooth", 0.0)]);
        check("tversky", &inputs, &parameters, |inputs, _| {
            by_mask(inputs, |p, g| {
                let sum = |of: fn(f64, f64) -> f64| p.iter().zip(g).map(|(p, g)| of(*p, *g)).sum::<f64>();
                let [both, false_positive, false_negative] =
                    [sum(|p, g| p * g), sum(|p, g| p * (1.0 - g)), sum(|p, g| (1.0 - p) * g)];
                1.0 - both / (both + alpha * false_positive + beta * false_negative)
            })
        });
    }
    // With alpha = beta = 1 the index is the Tanimoto coefficient: 2 common pixels of 3 that are marked.
    let masks = Inputs::from([
        ("input", Array::new(&[1, 4], vec![1.0, 1.0, 1.0, 0.0])),
        ("target", Array::new(&[1, 4], vec![1.0, 1.0, 0.0, 0.0])),
    ]);
    let parameters = Parameters::from([("alpha", 1.0), ("beta", 1.0), ("smooth", 0.0)]);
    assert!((evaluate("tversky", &masks, &parameters).values[0] - 1.0 / 3.0).abs() < 1e-15);
}

/// One value for each mask of a batch.
fn by_mask(inputs: &Inputs, value: impl Fn(&[f64], &[f64]) -> f64) -> Vec<f64> {
    let pixels = inputs["input"].shape[1..].iter().product();
    let masks = inputs["input"].data.chunks(pixels).zip(inputs["target"].data.chunks(pixels));
    masks.map(|(p, g)| value(p, g)).collect()
}

/// Van den Oord et al. 2018, equation 4: `-log(f(x_i, c_i) / sum_j f(x_j, c_i))`, with
/// `f = exp(similarity / temperature)`.
#[test]
fn info_nce() {
    let mut random = Random(4);
    for temperature in [0.07, 0.5, 1.0] {
        let inputs = Inputs::from([
            ("query", random.array(&[4, 3], -0.5, 0.5)),
            ("key", random.array(&[4, 3], -0.5, 0.5)),
        ]);
        let parameters = Parameters::from([("temperature", temperature)]);
        check("info_nce", &inputs, &parameters, |inputs, parameters| {
            let density = |query: &[f64], key: &[f64]| {
                let similarity: f64 = query.iter().zip(key).map(|(a, b)| a * b).sum();
                (similarity / parameters["temperature"]).exp()
            };
            let own = |(at, query): (usize, &[f64])| {
                let all: Vec<f64> = rows(&inputs["key"]).map(|key| density(query, key)).collect();
                -(all[at] / all.iter().sum::<f64>()).ln()
            };
            rows(&inputs["query"]).enumerate().map(own).collect()
        });
    }
    // Nothing to tell apart: every key is as likely as every other.
    let same = Inputs::from([
        ("query", Array::new(&[5, 2], vec![0.5; 10])),
        ("key", Array::new(&[5, 2], vec![0.5; 10])),
    ]);
    let value = evaluate("info_nce", &same, &Parameters::new()).values[3];
    assert!((value - 5f64.ln()).abs() < 1e-14);
}

/// Koenker & Bassett 1978: errors above count `q`, those below `1 - q`.
#[test]
fn quantile() {
    let mut random = Random(5);
    for q in [0.1, 0.5, 0.95] {
        let target = random.array(&[30], -2.0, 2.0);
        let inputs = Inputs::from([("input", random.beside(&target)), ("target", target)]);
        check("quantile", &inputs, &Parameters::from([("q", q)]), |inputs, parameters| {
            let q = parameters["q"];
            let pairs = inputs["input"].data.iter().zip(&inputs["target"].data);
            pairs.map(|(x, y)| (y - x).abs() * if y >= x { q } else { 1.0 - q }).collect()
        });
    }
}

/// The logarithm of `(e^d + e^-d) / 2`.
#[test]
fn log_cosh() {
    let mut random = Random(6);
    let inputs =
        Inputs::from([("input", random.array(&[30], -3.0, 3.0)), ("target", random.array(&[30], -3.0, 3.0))]);
    check("log_cosh", &inputs, &Parameters::new(), |inputs, _| {
        let pairs = inputs["input"].data.iter().zip(&inputs["target"].data);
        pairs.map(|(x, y)| (((x - y).exp() + (y - x).exp()) / 2.0).ln()).collect()
    });
}

/// Leng et al. 2022: the series of the cross entropy, `sum_j (1 - p)^j / j`, with `epsilon` added to the
/// coefficient of its first term.
#[test]
fn poly1() {
    let mut random = Random(7);
    for epsilon in [-1.0, 0.0, 1.0, 2.5] {
        let inputs =
            Inputs::from([("input", random.array(&[6, 3], -1.0, 1.0)), ("target", random.labels(&[6], 3))]);
        check("poly1_cross_entropy", &inputs, &Parameters::from([("epsilon", epsilon)]), |inputs, _| {
            let one = |(logits, label): (&[f64], &f64)| {
                let total: f64 = logits.iter().map(|x| x.exp()).sum();
                let miss = 1.0 - logits[*label as usize].exp() / total;
                let term = |j: i32| miss.powi(j) / f64::from(j);
                (1..2000).map(term).sum::<f64>() + epsilon * miss
            };
            rows(&inputs["input"]).zip(&inputs["target"].data).map(one).collect()
        });
    }
}

/// Rafailov et al. 2023, equation 7, with the ratios of probabilities that stand there.
#[test]
fn dpo() {
    let mut random = Random(8);
    for beta in [0.1, 0.5, 2.0] {
        let mut column = || random.array(&[20], -4.0, -0.1);
        let inputs = Inputs::from([
            ("policy_chosen", column()),
            ("policy_rejected", column()),
            ("reference_chosen", column()),
            ("reference_rejected", column()),
        ]);
        check("dpo", &inputs, &Parameters::from([("beta", beta)]), |inputs, _| {
            let probability = |name: &str, at: usize| inputs[name].data[at].exp();
            let one = |at: usize| {
                let chosen = probability("policy_chosen", at) / probability("reference_chosen", at);
                let rejected = probability("policy_rejected", at) / probability("reference_rejected", at);
                -(1.0 / (1.0 + (beta * rejected.ln() - beta * chosen.ln()).exp())).ln()
            };
            (0..20).map(one).collect()
        });
    }
    // A policy that is the reference does not tell the answers apart.
    let even: Inputs = ["policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected"]
        .map(|name| (name, Array::new(&[1], vec![-1.0])))
        .into();
    assert!((evaluate("dpo", &even, &Parameters::new()).values[0] - 2f64.ln()).abs() < 1e-15);
}

/// Schulman et al. 2017, figure 1: for a positive advantage the ratio is cut off above, for a negative one below.
#[test]
fn ppo() {
    let mut random = Random(9);
    for epsilon in [0.1, 0.2, 0.3] {
        let ratios = [0.5, 0.75, 0.93, 1.0, 1.06, 1.25, 1.5, 3.0];
        let old = random.array(&[8], -3.0, -0.1);
        let log_prob: Vec<f64> =
            old.data.iter().zip(ratios).map(|(old, ratio): (&f64, f64)| old + ratio.ln()).collect();
        for advantage in [-1.5, 0.75] {
            let inputs = Inputs::from([
                ("log_prob", Array::new(&[8], log_prob.clone())),
                ("old_log_prob", old.clone()),
                ("advantage", Array::new(&[8], vec![advantage; 8])),
            ]);
            check("ppo_clip", &inputs, &Parameters::from([("epsilon", epsilon)]), |inputs, _| {
                let one = |at: usize| {
                    let ratio = inputs["log_prob"].data[at].exp() / inputs["old_log_prob"].data[at].exp();
                    let advantage = inputs["advantage"].data[at];
                    let cut =
                        if advantage > 0.0 { ratio.min(1.0 + epsilon) } else { ratio.max(1.0 - epsilon) };
                    -cut * advantage
                };
                (0..8).map(one).collect()
            });
        }
    }
}

/// Kingma & Welling 2014: the integral of `q(z) log(q(z) / p(z))`, one component at a time.
#[test]
fn vae_gaussian_kl() {
    let mut random = Random(10);
    let inputs = Inputs::from([
        ("mu", random.array(&[3, 2], -1.5, 1.5)),
        ("logvar", random.array(&[3, 2], -1.0, 1.0)),
    ]);
    check("vae_gaussian_kl", &inputs, &Parameters::new(), |inputs, _| {
        let one = |(mu, logvar): (&f64, &f64)| {
            let deviation = (logvar / 2.0).exp();
            let log_density = |z: f64, mean: f64, deviation: f64| {
                let scaled = (z - mean) / deviation;
                -scaled * scaled / 2.0 - deviation.ln() - (2.0 * std::f64::consts::PI).ln() / 2.0
            };
            // The trapezoid rule is exact to rounding for an integrand that falls off like this one.
            let step = deviation / 8.0;
            let integrand = |k: i32| {
                let z = mu + f64::from(k) * step;
                let own = log_density(z, *mu, deviation);
                own.exp() * (own - log_density(z, 0.0, 1.0))
            };
            step * (-100..=100).map(integrand).sum::<f64>()
        };
        let components: Vec<f64> = inputs["mu"].data.iter().zip(&inputs["logvar"].data).map(one).collect();
        components.chunks(2).map(|own| own.iter().sum()).collect()
    });
}

/// Where vectors coincide, no corpus says what the p-norm's derivative is; it is a kink, and 0 as that of every
/// norm. A single component that is 0 has no share either.
#[test]
fn triplets_of_equal_vectors() {
    for p in [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, f64::INFINITY] {
        let parameters = Parameters::from([("p", p), ("eps", 0.0), ("margin", 5.0)]);
        let vectors = |positive: [f64; 2]| {
            Inputs::from([
                ("anchor", Array::new(&[1, 2], vec![1.0, 2.0])),
                ("positive", Array::new(&[1, 2], positive.to_vec())),
                ("negative", Array::new(&[1, 2], vec![1.0, 2.0])),
            ])
        };
        let equal = evaluate("triplet_margin", &vectors([1.0, 2.0]), &parameters);
        assert_eq!(equal.values, [5.0], "p = {p}");
        assert!(equal.gradients.values().flatten().all(|slope| *slope == 0.0), "p = {p}");
        // One component differs, by 2; the length is 2 in every norm but that of p = 0, which counts.
        let apart = evaluate("triplet_margin", &vectors([3.0, 2.0]), &parameters);
        let (length, slope) = if p == 0.0 { (1.0, 0.0) } else { (2.0, 1.0) };
        assert!((apart.values[0] - 5.0 - length).abs() < 1e-14, "p = {p}: {}", apart.values[0]);
        let gradient = &apart.gradients["positive"];
        assert!((gradient[0] - slope).abs() < 1e-14 && gradient[1] == 0.0, "p = {p}: {gradient:?}");
    }
    // The cosine of a vector of length 0 is 0.
    let vectors = Inputs::from([
        ("anchor", Array::new(&[1, 2], vec![0.0, 0.0])),
        ("positive", Array::new(&[1, 2], vec![3.0, 4.0])),
        ("negative", Array::new(&[1, 2], vec![1.0, 2.0])),
    ]);
    let value = evaluate("triplet_margin_with_cosine_distance", &vectors, &Parameters::new()).values[0];
    assert_eq!(value, 1.0);
}
