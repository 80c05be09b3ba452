//! Losses over named axes: rows against the memory floor over the same bytes, a linear layer with its loss against
//! the three products of matrices that it needs at least, and how much memory that takes beside the arrays.

pub mod memory;

use crate::compare;
use crate::floor::floor;
use lossdef::Loss;
use lossdef::losses::CATALOGUE;
use lossdef::spec::{AxisSpec, Spec};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array, Array1, Array2, Axis, Dimension, ShapeBuilder};
use std::hint::black_box;

/// No row takes as long per f32 element with its vector code, on any machine with AVX2.
const LOST: f64 = 6.0;
/// How many times as long as its products of matrices a linear layer with its loss takes at most.
const LINEAR_LOST: f64 = 4.0;

/// Whether a loss has axes beside those of the samples.
pub fn named(spec: &Spec) -> bool {
    spec.axes.iter().any(|axis| !matches!(axis, AxisSpec::Samples))
}

/// The whole table; gives the losses that are as slow as scalar code.
pub fn all(filter: &str, quick: bool) -> Vec<String> {
    println!("\nlosses over axes, f32, the mean and one gradient: microseconds, and the ratio to the floor");
    let sizes = |sizes: &'static [[usize; 2]]| if quick { &sizes[..1] } else { sizes };
    let mut lost = Vec::new();
    let wanted = |name: &str| CATALOGUE.get(name).filter(|_| name.contains(filter));
    for (name, arrays, all) in [
        ("cross_entropy", 1, &[[1024, 1000], [2048, 32000], [65536, 10], [65536, 128]][..]),
        ("multi_margin", 1, &[[1024, 1000], [65536, 128], [65536, 10]]),
        ("cosine_embedding", 2, &[[1024, 1000], [65536, 128], [65536, 10]]),
    ] {
        let Some(loss) = wanted(name) else { continue };
        for &[n, c] in sizes(all) {
            let (step, bound) = rows(loss, arrays, n, c);
            line(name, &format!("[{n}, {c}]"), step, bound);
            if step / (n * c * arrays) as f64 > LOST {
                lost.push(name.to_owned());
            }
        }
    }
    if let Some(loss) = wanted("multilabel_margin") {
        for labels in [5, 64] {
            let step = multilabel(loss, 1024, 64, labels);
            line(loss.spec().name, &format!("[1024, 64], 1 to {labels} labels"), step, f64::NAN);
        }
    }
    if let Some(loss) = wanted("linear_cross_entropy") {
        let all: &[[usize; 3]] =
            if quick { &[[256, 64, 2000]] } else { &[[256, 64, 2000], [2048, 512, 32000]] };
        for &[n, d, c] in all {
            let ratio = linear(loss, n, d, c);
            if ratio > LINEAR_LOST {
                lost.push(loss.spec().name.to_owned());
            }
        }
    }
    lost
}

fn line(name: &str, size: &str, step: f64, bound: f64) {
    print!("{:<46}{:>12.1}", format!("{name} {size}"), step * 1e-3);
    if bound.is_nan() { println!() } else { println!("{:>8.2}x", step / bound) }
}

/// Numbers that look random, from 0 to 1.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1u64 << 24) as f64
    }

    fn below(&mut self, end: usize) -> i64 {
        (self.unit() * end as f64) as i64
    }

    /// Numbers between -1 and 1.
    fn array<D: Dimension>(&mut self, shape: impl ShapeBuilder<Dim = D>) -> Array<f32, D> {
        Array::from_shape_simple_fn(shape, || self.unit() as f32 * 2.0 - 1.0)
    }
}

/// A loss of one or two matrices, and the floor.
fn rows(loss: &dyn Loss, arrays: usize, n: usize, c: usize) -> (f64, f64) {
    let mut random = Random(7);
    let matrices: Vec<Array2<f32>> = (0..arrays).map(|_| random.array((n, c))).collect();
    let classes = Array1::from_shape_simple_fn(n, || random.below(c));
    let signs = classes.mapv(|class| if class % 2 == 0 { 1.0f32 } else { -1.0 });
    let (mut gradient, mut copy) = (matrices[0].clone(), vec![0.0f32; n * c]);
    let slices: Vec<&[f32]> = matrices.iter().map(|matrix| matrix.as_slice().expect("contiguous")).collect();
    compare(
        n * c,
        || {
            let mut call = loss.call();
            for (input, matrix) in loss.spec().inputs.iter().zip(&matrices) {
                call = call.input(input.name, matrix);
            }
            call = if arrays == 1 { call.input("target", &classes) } else { call.input("target", &signs) };
            let call = call.gradient_into(loss.spec().inputs[0].name, &mut gradient);
            black_box(call.evaluate().expect("labels are classes"));
        },
        || floor(&slices, &mut copy),
    )
}

/// Multilabel margin with 1 to `most` labels for each sample, on one thread.
fn multilabel(loss: &dyn Loss, n: usize, c: usize, most: usize) -> f64 {
    let mut random = Random(7);
    let input: Array2<f32> = random.array((n, c));
    let mut target = Array2::from_elem((n, c), -1i64);
    for mut row in target.axis_iter_mut(Axis(0)) {
        let labels = 1 + random.below(most) as usize;
        row.iter_mut().take(labels).for_each(|label| *label = random.below(c));
    }
    let mut gradient = input.clone();
    let step = || {
        let call = loss.call().input("input", &input).input("target", &target);
        black_box(call.gradient_into("input", &mut gradient).evaluate().expect("labels are classes"));
    };
    compare(n * c, step, || ()).0
}

/// A linear layer with its loss and the gradients of input and weight, beside the products of matrices alone.
fn linear(loss: &dyn Loss, n: usize, d: usize, c: usize) -> f64 {
    let mut random = Random(7);
    let (input, weight): (Array2<f32>, Array2<f32>) = (random.array((n, d)), random.array((c, d)));
    let classes = Array1::from_shape_simple_fn(n, || random.below(c));
    let (mut of_input, mut of_weight) = (input.clone(), weight.clone());
    let mut extra = 0;
    let mut step = || {
        let call =
            loss.call().input("input", &input).input("linear_weight", &weight).input("target", &classes);
        let call = call.gradient_into("input", &mut of_input).gradient_into("linear_weight", &mut of_weight);
        extra = memory::most(|| drop(black_box(call.evaluate().expect("labels are classes"))));
    };
    let (mut own, mut bound) = (Vec::new(), Vec::new());
    let rounds = if n * c > 1 << 24 { 3 } else { 15 };
    let (mut input_slope, mut weight_slope) = (input.clone(), weight.clone());
    let mut logits = Array2::<f32>::zeros((n, c));
    let mut products = || {
        general_mat_mul(1.0, &input, &weight.t(), 0.0, &mut logits);
        general_mat_mul(1.0, &logits, &weight, 0.0, &mut input_slope);
        general_mat_mul(1.0, &logits.t(), &input, 0.0, &mut weight_slope);
        black_box((&input_slope, &weight_slope));
    };
    let time = |f: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        f();
        start.elapsed().as_secs_f64() * 1e9
    };
    for _ in 0..rounds {
        own.push(time(&mut step));
        bound.push(time(&mut products));
    }
    let middle = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (own, bound) = (middle(&mut own), middle(&mut bound));
    line(loss.spec().name, &format!("[{n}, {d}] x {c}"), own, bound);
    let share = extra as f64 / (n * c * size_of::<f32>()) as f64;
    println!(
        "{:<46}{:>12.1} MB, {share:.3} of the logits",
        "  memory beside the arrays",
        extra as f64 * 1e-6
    );
    own / bound
}
