//! Policies and distributions.

use super::oracle::arrays::Array;
use super::oracle::random::Random;
use super::{Inputs, Parameters, check, evaluate};

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
