//! Distances between numbers and between vectors.

use super::oracle::arrays::Array;
use super::oracle::random::Random;
use super::{Inputs, Parameters, check, evaluate, rows};

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
