//! Classes and masks.

use super::oracle::arrays::Array;
use super::oracle::random::Random;
use super::{Inputs, Parameters, check, evaluate, rows};

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
