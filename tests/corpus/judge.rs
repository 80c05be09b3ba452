//! When an answer agrees with torch's.

use super::tensor::{Number, Sums};
use super::{Answer, Case, Expected};

/// One number that differs.
#[derive(Clone, Debug)]
pub struct Difference {
    /// `output` or `grad NAME`.
    pub tensor: String,
    /// Its place in row-major order.
    pub at: usize,
    pub got: f64,
    pub want: f64,
}

/// How exactly to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Against torch's float64: 1e-12 of the README's measure.
    Double,
    /// Against torch's float64 as well: no worse than four times torch's own float32, or 2e-6.
    Single,
}

/// Added to what float64 may be off by: torch's `sigmoid(100)` is 1, and 4e-44 is lost.
const TINY: f64 = 1e-40;

/// Every number of an answer that does not agree.
pub fn judge(case: &Case, answer: &Answer, precision: Precision) -> Vec<Difference> {
    let torch = &case.f64;
    let single = case.f32.as_ref().filter(|_| precision == Precision::Single);
    let mut found = Vec::new();
    let want = torch.output.numbers();
    let rough = single.map(|single| single.output.numbers());
    compare("output", &answer.output, &want, rough.as_deref(), precision, &mut found);
    for (name, got) in &answer.gradients {
        if case.nondifferentiable.contains(name) || !torch.grads.contains_key(name) {
            continue;
        }
        let want = gradient(torch, name, got.values.len());
        let rough = single.map(|single| gradient(single, name, got.values.len()));
        compare(&format!("grad {name}"), got, &want, rough.as_deref(), precision, &mut found);
    }
    for name in torch.grads.keys() {
        assert!(answer.gradients.contains_key(name), "{}: there is no gradient of `{name}`", case.id);
    }
    found
}

/// The expected gradient; where torch has none, it is zero.
fn gradient(expected: &Expected, name: &str, size: usize) -> Vec<f64> {
    match &expected.grads[name] {
        Some(data) => data.iter().map(Number::get).collect(),
        None => vec![0.0; size],
    }
}

fn compare(
    tensor: &str,
    sums: &Sums,
    want: &[f64],
    rough: Option<&[f64]>,
    precision: Precision,
    found: &mut Vec<Difference>,
) {
    assert_eq!(sums.values.len(), want.len(), "{tensor} has another size than torch's");
    let largest = want.iter().filter(|x| x.is_finite()).fold(0.0, |a: f64, x| a.max(x.abs()));
    let measure = |want: f64| want.abs().max(1e-3 * largest).max(1e-3);
    let theirs = rough.map_or(0.0, |rough| {
        let errors = rough.iter().zip(want).map(|(r, w)| (r - w).abs() / measure(*w));
        errors.filter(|e| e.is_finite()).fold(0.0, f64::max)
    });
    for (at, (&got, &want)) in sums.values.iter().zip(want).enumerate() {
        let near = |allowed: f64| want.is_finite() && (got - want).abs() <= allowed;
        let agrees = same(got, want)
            || match precision {
                Precision::Double => {
                    let allowed = 1e-12 * (want.abs().max(1e-3 * largest) + sums.magnitude(at));
                    near(allowed + TINY)
                }
                Precision::Single => {
                    let allowed = (4.0 * theirs).max(2e-6) * measure(want);
                    // Where float32 has no such number, infinity is right; where torch's own float32 is lost
                    // on the way to the number, ours may be lost in the same way.
                    let lost = rough.is_some_and(|r| !r[at].is_finite() && same(got, r[at]));
                    near(allowed) || same(got, f64::from(want as f32)) || lost
                }
            };
        if !agrees {
            found.push(Difference { tensor: tensor.into(), at, got, want });
        }
    }
}

/// nan equals nan, an infinity equals itself, the sign of zero does not count.
pub fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}
