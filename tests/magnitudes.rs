//! Results that are numbers although something on the way to them, as the formula is written, is none: value and
//! gradients in both formats, against numbers worked out beside them.

use lossdef::losses::CATALOGUE;
use lossdef::{Loss, ReductionKind};
use ndarray::{Array1, Array2};

mod own {
    lossdef::losses! { inline = r#"
        loss weighted(x, y, w) = w * (exp(x) * y)
        loss divided(x, y) = y / exp(x)
        loss shifted(x, y) = y * exp(x) - exp(x)
        loss gaussian(x, t, logvar) = (logvar + (x - t)^2 * exp(-logvar)) / 2
        loss cubed(x, w) = w * x^3
        loss scaled(x, y; s in (0, inf) = 1.0) = x^2 / (s * y^2)
            allow(L0703, "y is not 0 here")
        loss of_root(x in [1, inf), y in [1, inf)) = x / sqrt(x * y)
        loss direction(x[.., d], y[.., d]) = sum[d](unit[d](x) * unit[d](y))
            allow(L0703, "no vector is 0 here")
    "# }
}

/// What a loss of one sample gives: its value, and the derivatives that are asked for.
struct Case {
    loss: &'static dyn Loss,
    inputs: Vec<(&'static str, Vec<f64>)>,
    parameters: Vec<(&'static str, f64)>,
    wanted: Vec<&'static str>,
}

/// A loss of `losses.def`, or else one of this file.
fn of(name: &str, inputs: &[(&'static str, f64)]) -> Case {
    let vectors: Vec<(&'static str, &[f64])> =
        inputs.iter().map(|(name, x)| (*name, std::slice::from_ref(x))).collect();
    over_axes(name, &vectors)
}

fn over_axes(name: &str, inputs: &[(&'static str, &[f64])]) -> Case {
    let loss = CATALOGUE.get(name).or_else(|| own::CATALOGUE.get(name)).expect("a loss of a catalogue");
    Case {
        loss,
        inputs: inputs.iter().map(|(name, x)| (*name, x.to_vec())).collect(),
        parameters: Vec::new(),
        wanted: inputs.iter().map(|(name, _)| *name).collect(),
    }
}

impl Case {
    fn with(mut self, parameter: &'static str, value: f64) -> Case {
        self.parameters.push((parameter, value));
        self
    }

    /// The value, and the first element of each gradient.
    fn run<T: lossdef::Element>(&self) -> Vec<f64>
    where
        for<'a> &'a Array1<T>: Into<lossdef::any::AnyView<'a>>,
        for<'a> &'a Array2<T>: Into<lossdef::any::AnyView<'a>>,
    {
        let vector = |x: &[f64]| Array1::from_iter(x.iter().map(|x| T::from_f64(*x)));
        let flat: Vec<Array1<T>> = self.inputs.iter().map(|(_, x)| vector(x)).collect();
        let rows: Vec<Array2<T>> =
            flat.iter().map(|x| x.clone().into_shape_with_order((1, x.len())).expect("a row")).collect();
        let mut call = self.loss.call().reduction(ReductionKind::Sum);
        for (((name, _), flat), row) in self.inputs.iter().zip(&flat).zip(&rows) {
            call = if flat.len() == 1 { call.input(name, flat) } else { call.input(name, row) };
        }
        for (name, x) in &self.parameters {
            call = call.parameter(name, *x);
        }
        for name in &self.wanted {
            call = call.gradient(name);
        }
        let result = call.evaluate().expect("numbers");
        let mut all = vec![result.value.scalar().expect("a sum")];
        for name in &self.wanted {
            all.push(
                result
                    .gradient(name)
                    .expect("it was asked for")
                    .to_f64()
                    .iter()
                    .copied()
                    .next()
                    .expect("one"),
            );
        }
        all
    }

    /// Compares the value and the gradients, in the order of the inputs; NaN stands for what is not looked at.
    #[track_caller]
    fn gives<T: lossdef::Element>(&self, want: &[f64])
    where
        for<'a> &'a Array1<T>: Into<lossdef::any::AnyView<'a>>,
        for<'a> &'a Array2<T>: Into<lossdef::any::AnyView<'a>>,
    {
        let tolerance = if size_of::<T>() == 4 { 1e-5 } else { 1e-13 };
        let got = self.run::<T>();
        assert_eq!(got.len(), want.len());
        for (number, (got, want)) in got.iter().zip(want).enumerate() {
            let near = (got - want).abs() <= tolerance * want.abs();
            assert!(
                got == want || near || want.is_nan(),
                "{}, number {number}: {got:e} is not {want:e} of {:?}",
                self.loss.spec().name,
                self.inputs
            );
        }
    }
}

const OPEN: f64 = f64::NAN;
const BEYOND: f64 = f64::INFINITY;

/// `y exp(x)` where the exponential is no number.
fn times(x: f64, y: f64) -> f64 {
    (x / 2.0).exp() * y * (x / 2.0).exp()
}

#[test]
fn nothing_times_a_large_exponential_is_nothing() {
    // The derivative in the advantage is half of what lies beyond all numbers.
    let ppo = |x, a| of("ppo_clip", &[("log_prob", x), ("old_log_prob", 0.0), ("advantage", a)]);
    ppo(100.0, 0.0).gives::<f32>(&[0.0, 0.0, 0.0, -BEYOND]);
    ppo(1000.0, 0.0).gives::<f64>(&[0.0, 0.0, 0.0, -BEYOND]);
    let kl = |t, x| of("kl_div", &[("target", t), ("input", x)]).with("log_target", 1.0);
    kl(100.0, 100.0).gives::<f32>(&[0.0, BEYOND, -BEYOND]);
    kl(1000.0, 1000.0).gives::<f64>(&[0.0, BEYOND, -BEYOND]);
    // exp(t) (1 + t - x) is 0 at x = t + 1, where both terms of the derivative as written are beyond all numbers.
    kl(100.0, 101.0).gives::<f32>(&[-BEYOND, 0.0, -BEYOND]);
    kl(1000.0, 1001.0).gives::<f64>(&[-BEYOND, 0.0, -BEYOND]);
    of("weighted", &[("x", 300.0), ("y", 2.0), ("w", 0.0)]).gives::<f32>(&[0.0, 0.0, 0.0, BEYOND]);
    of("weighted", &[("x", 1e5), ("y", 2.0), ("w", 0.0)]).gives::<f64>(&[0.0, 0.0, 0.0, BEYOND]);
    of("divided", &[("x", -1e4), ("y", 0.0)]).gives::<f32>(&[0.0, 0.0, BEYOND]);
    of("shifted", &[("x", 200.0), ("y", 1.0)]).gives::<f32>(&[0.0, 0.0, BEYOND]);
    of("shifted", &[("x", 2000.0), ("y", 1.0)]).gives::<f64>(&[0.0, 0.0, BEYOND]);
}

#[test]
fn a_small_factor_brings_a_large_exponential_back() {
    for (x, y) in [(100.0, f64::from(-1e-20f32)), (120.0, f64::from(-1e-38f32)), (89.0, -0.5)] {
        let (want, inputs) = (times(x, y), [("log_prob", x), ("old_log_prob", 0.0), ("advantage", y)]);
        of("ppo_clip", &inputs).gives::<f32>(&[-want, -want, want, OPEN]);
    }
    for (x, y) in [(800.0, -1e-200), (1300.0, -1e-307), (710.0, -0.125)] {
        let (want, inputs) = (times(x, y), [("log_prob", x), ("old_log_prob", 0.0), ("advantage", y)]);
        of("ppo_clip", &inputs).gives::<f64>(&[-want, -want, want, OPEN]);
    }
    // The other way round: what is 0 by itself is none beside a large factor.
    let w = f64::from(1e30f32);
    of("weighted", &[("x", -120.0), ("y", 1.0), ("w", w)]).gives::<f32>(&[
        times(-120.0, w),
        times(-120.0, w),
        times(-120.0, w),
        0.0,
    ]);
    let want = times(-1000.0, 1e300);
    of("weighted", &[("x", -1000.0), ("y", 1.0), ("w", 1e300)]).gives::<f64>(&[want, want, want, 0.0]);
    let d = f64::from(1e15f32);
    let square = times(-100.0, d * d);
    of("gaussian", &[("x", d), ("t", 0.0), ("logvar", 100.0)]).gives::<f32>(&[
        (100.0 + square) / 2.0,
        times(-100.0, d),
        -times(-100.0, d),
        (1.0 - square) / 2.0,
    ]);
}

#[test]
fn a_weight_of_nothing_makes_nothing_of_any_square() {
    let mse = |d, w| of("mse", &[("input", d), ("target", 0.0), ("weight", w)]);
    mse(1.85e19, 0.0).gives::<f32>(&[0.0, 0.0, 0.0, BEYOND]);
    mse(1e30, 0.0).gives::<f32>(&[0.0, 0.0, 0.0, BEYOND]);
    mse(1e200, 0.0).gives::<f64>(&[0.0, 0.0, 0.0, BEYOND]);
    let (d, w) = (f64::from(1e20f32), f64::from(1e-30f32));
    mse(d, w).gives::<f32>(&[w * d * d, 2.0 * w * d, -2.0 * w * d, BEYOND]);
    mse(1e160, 1e-200).gives::<f64>(&[1e120, 2e-40, -2e-40, BEYOND]);
    // What the square would lose below the smallest number.
    let (d, w) = (f64::from(1e-25f32), f64::from(1e30f32));
    mse(d, w).gives::<f32>(&[w * d * d, 2.0 * w * d, -2.0 * w * d, 0.0]);
    mse(1e-170, 1e200).gives::<f64>(&[1e-140, 2e30, -2e30, 0.0]);

    let huber =
        |d, w, delta| of("huber", &[("input", d), ("target", 0.0), ("weight", w)]).with("delta", delta);
    huber(1e25, 0.0, 1e30).gives::<f32>(&[0.0, 0.0, 0.0, BEYOND]);
    huber(1e30, 0.0, 1e25).gives::<f32>(&[0.0, 0.0, 0.0, BEYOND]);
    huber(1e200, 0.0, 1e210).gives::<f64>(&[0.0, 0.0, 0.0, BEYOND]);
    let (d, w) = (f64::from(1e25f32), f64::from(1e-30f32));
    huber(d, w, 1e30).gives::<f32>(&[w * d * d / 2.0, w * d, -w * d, BEYOND]);
    huber(1e180, 1e-200, 1e190).gives::<f64>(&[5e159, 1e-20, -1e-20, BEYOND]);
    let w = f64::from(1e-20f32);
    of("cubed", &[("x", 1e13), ("w", 0.0)]).gives::<f32>(&[0.0, 0.0, BEYOND]);
    of("cubed", &[("x", 1e15), ("w", w)]).gives::<f32>(&[w * 1e15f32 as f64 * 1e30, 3.0 * w * 1e30, BEYOND]);
}

#[test]
fn squares_are_divided_before_they_overflow() {
    let smooth = |d, beta| of("smooth_l1", &[("input", d), ("target", 0.0)]).with("beta", beta);
    smooth(1e25, 1e30).gives::<f32>(&[5e19, 1e-5, -1e-5]);
    smooth(1e20, 2e20).gives::<f32>(&[2.5e19, 0.5, -0.5]);
    smooth(1e200, 1e210).gives::<f64>(&[5e189, 1e-10, -1e-10]);
    let nll = |d, v| of("gaussian_nll", &[("input", d), ("target", 0.0), ("var", v)]);
    let log = |v: f64| v.ln();
    nll(1e25, 1e30).gives::<f32>(&[5e19 + log(1e30) / 2.0, 1e-5, -1e-5, -5e-11]);
    nll(1e200, 1e210).gives::<f64>(&[5e189, 1e-10, -1e-10, -5e-21]);
    of("scaled", &[("x", 1e25), ("y", 1e25)]).gives::<f32>(&[1.0, OPEN, OPEN]);
    of("scaled", &[("x", 1e200), ("y", 1e200)]).gives::<f64>(&[1.0, OPEN, OPEN]);
}

#[test]
fn the_weight_comes_before_a_divisor_below_one() {
    let eps = 9.999999960041972e-13;
    let bce = |t, w| of("bce", &[("input", 0.0), ("target", t), ("weight", w)]);
    bce(-3.4e26, 0.0).gives::<f32>(&[0.0, 0.0, OPEN, OPEN]);
    bce(-1e30, 0.0).gives::<f32>(&[0.0, 0.0, OPEN, OPEN]);
    bce(-1e300, 0.0).gives::<f64>(&[0.0, 0.0, OPEN, OPEN]);
    let (t, w) = (f64::from(-1e30f32), f64::from(1e-20f32));
    bce(t, w).gives::<f32>(&[OPEN, -w * t / eps, OPEN, OPEN]);
    bce(-1e300, 1e-20).gives::<f64>(&[OPEN, 1e280 / eps, OPEN, OPEN]);
}

#[test]
fn angles_and_lengths_know_no_large_vectors() {
    let diagonal = 0.5f64.sqrt();
    let cosine = |x: f64, y: f64| {
        over_axes("cosine_embedding", &[("input1", &[x, 0.0]), ("input2", &[y, y]), ("target", &[1.0])])
    };
    // d/dx of 1 - cos is 0 along x; d/dy is -(1, -1) / (2 sqrt(2) y).
    for (x, y) in [(1e10, 1e10), (7.5e9, 2e12), (1e15, 1e15), (1.0, 1e18)] {
        cosine(x, y).gives::<f32>(&[1.0 - diagonal, OPEN, -diagonal / 2.0 / y, 0.0]);
    }
    for (x, y) in [(1e80, 1e80), (1e100, 1e120), (1e6, 1e150)] {
        cosine(x, y).gives::<f64>(&[1.0 - diagonal, OPEN, -diagonal / 2.0 / y, 0.0]);
    }
    // The same vector twice has the cosine 1 to the last bit.
    let same = |x: &[f64]| over_axes("cosine_embedding", &[("input1", x), ("input2", x), ("target", &[1.0])]);
    same(&[3.0, 0.7]).gives::<f32>(&[0.0, OPEN, OPEN, 0.0]);

    let triplet = |x: f64| {
        let inputs: [(&'static str, &[f64]); 3] =
            [("anchor", &[3.0 * x, 4.0 * x]), ("positive", &[0.0, 0.0]), ("negative", &[3.0 * x, 3.0 * x])];
        over_axes("triplet_margin", &inputs).with("eps", 0.0).with("margin", 1e-40)
    };
    for x in [1e25, 1e-20, 1e-30] {
        triplet(x).gives::<f32>(&[4.0 * x, 0.6, -0.6, 0.0]);
    }
    let unit = |x: f64, y: f64| over_axes("direction", &[("x", &[x, 0.0]), ("y", &[y, y])]);
    for (x, y) in [(1e25, 1e-25), (1e30, 1e38)] {
        unit(x, y).gives::<f32>(&[diagonal, 0.0, OPEN]);
    }
    of("of_root", &[("x", 1e30), ("y", 1e20)]).gives::<f32>(&[1e5, 5e-26, -5e-16]);
    of("of_root", &[("x", 1e300), ("y", 1e200)]).gives::<f64>(&[1e50, 5e-251, -5e-151]);
}
