//! Sweeps against a plain loop over the same bytes.
//!
//! Prints nanoseconds per element and, beside each, the ratio to a triad `g = x - 3 t` that reads and writes
//! as many arrays. Everything that is compared runs in turns, and medians are shown.

use std::hint::black_box;
use std::time::Instant;

use lossdef_runtime::kernel::{Kernel, Sample};
use lossdef_runtime::real::{Divisor, Float, Real};
use lossdef_runtime::sweep::{self, Demand, Operand, Sink, Strided, StridedMut, Sweep, Upstream};

/// (x - t)^2
#[derive(Clone, Copy)]
struct Mse;

impl<T: Float> Kernel<T, 2, 1> for Mse {
    const TRANSCENDENTAL: bool = false;

    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [x, t]: [R; 2]) -> Sample<R, 1> {
        let d = x - t;
        Sample { value: d * d, gradient: [d + d], valid: true, kept: true }
    }
}

/// w (x - t)^2
#[derive(Clone, Copy)]
struct Weighted;

impl<T: Float> Kernel<T, 3, 3> for Weighted {
    const TRANSCENDENTAL: bool = false;

    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [x, t, w]: [R; 3]) -> Sample<R, 3> {
        let d = x - t;
        let dx = (d + d) * w;
        Sample { value: d * d * w, gradient: [dx, -dx, d * d], valid: true, kept: true }
    }
}

/// d^2 / (2 beta) where |d| < beta, else |d| - beta / 2
#[derive(Clone, Copy)]
struct SmoothL1<T> {
    beta: T,
    half_beta: T,
    over_beta: Divisor<T>,
}

impl<T: Float> SmoothL1<T> {
    fn new(beta: f64) -> Self {
        let (over_beta, half_beta) = (Divisor::new(beta), T::from_f64(beta / 2.0));
        SmoothL1 { beta: T::from_f64(beta), half_beta, over_beta }
    }
}

impl<T: Float> Kernel<T, 2, 1> for SmoothL1<T> {
    const TRANSCENDENTAL: bool = false;

    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [x, t]: [R; 2]) -> Sample<R, 1> {
        let d = x - t;
        let a = d.abs();
        let near = a < R::of(self.beta);
        let slope = d.over(self.over_beta);
        Sample {
            value: R::select(near, R::lit(0.5) * d * slope, a - R::of(self.half_beta)),
            gradient: [R::select(near, slope, d.sign())],
            valid: true,
            kept: true,
        }
    }
}

/// max(x, 0) - x t + log1p(exp(-|x|)), for t in [0, 1]
#[derive(Clone, Copy)]
struct Bce;

impl<T: Float> Kernel<T, 2, 1> for Bce {
    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [x, t]: [R; 2]) -> Sample<R, 1> {
        let (zero, one) = (R::lit(0.0), R::lit(1.0));
        let e = (-x.abs()).exp_nonpos();
        let value = x.relu() - x * t + e.log1p_unit();
        let sigmoid = R::select(x < zero, e, one) / (one + e);
        Sample { value, gradient: [sigmoid - t], valid: (t >= zero) & (t <= one), kept: true }
    }
}

#[inline(always)]
fn triad_body<T: Float>(inputs: &[&[T]], outputs: &mut [&mut [T]]) {
    let three = T::from_f64(3.0);
    let n = inputs[0].len();
    match (inputs, outputs) {
        ([x, t], [g]) => {
            for ((g, x), t) in g.iter_mut().zip(&x[..n]).zip(&t[..n]) {
                *g = *x - three * *t;
            }
        }
        ([x, t, w], [a, b, c]) => {
            let sinks = a.iter_mut().zip(b.iter_mut()).zip(c.iter_mut());
            for ((((a, b), c), x), (t, w)) in sinks.zip(&x[..n]).zip(t[..n].iter().zip(&w[..n])) {
                *a = *x - three * *t;
                *b = *t - three * *w;
                *c = *w - three * *x;
            }
        }
        _ => unreachable!(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi1,bmi2")]
fn triad_v4<T: Float>(inputs: &[&[T]], outputs: &mut [&mut [T]]) {
    triad_body(inputs, outputs);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
fn triad_v3<T: Float>(inputs: &[&[T]], outputs: &mut [&mut [T]]) {
    triad_body(inputs, outputs);
}

fn triad<T: Float>(inputs: &[&[T]], outputs: &mut [&mut [T]]) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl") {
            // SAFETY: CPUs with these have the others.
            return unsafe { triad_v4(inputs, outputs) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: just detected; bmi comes with avx2.
            return unsafe { triad_v3(inputs, outputs) };
        }
    }
    triad_body(inputs, outputs);
}

fn operand<T>(x: &[T]) -> Operand<'_, T> {
    // SAFETY: every sweep here has as many samples as the slices have elements.
    Operand::Float(unsafe { Strided::new(x.as_ptr(), &[1]) })
}

fn sink<T>(x: &mut [T]) -> Sink<'_, T> {
    // SAFETY: as above.
    Sink::Store(unsafe { StridedMut::new(x.as_mut_ptr(), &[1]) })
}

fn step<T: Float, K: Kernel<T, I, O>, const I: usize, const O: usize>(
    kernel: K,
    shape: &[usize],
    demand: Demand,
    inputs: [Operand<'_, T>; I],
    gradients: [Sink<'_, T>; O],
) {
    let sum = sweep::run(
        kernel,
        Sweep {
            shape,
            inputs,
            demand,
            upstream: Upstream::Scale(1.0 / shape[0] as f64),
            values: Sink::Discard,
            gradients,
            accumulate: false,
            check: true,
        },
    );
    black_box(sum.unwrap_or(0.0));
}

/// A step whose weight, and so the derivative with respect to it, has other strides than the samples.
fn fold<T: Float>(
    shape: &[usize; 2],
    inputs: [&[T]; 2],
    weight: &[T],
    strides: &[isize],
    outputs: &mut [Vec<T>],
) {
    let samples = [shape[1] as isize, 1];
    // SAFETY: the slices have an element for each sample.
    let [x, t] = inputs.map(|x| Operand::Float(unsafe { Strided::new(x.as_ptr(), &samples) }));
    // SAFETY: as above, or fewer where strides are 0.
    let weight = unsafe { Strided::new(weight.as_ptr(), strides) };
    let [dx, dw] = outputs else { return };
    // SAFETY: as above.
    let dx = Sink::Store(unsafe { StridedMut::new(dx.as_mut_ptr(), &samples) });
    // SAFETY: as above.
    let dw = Sink::Fold(unsafe { StridedMut::new(dw.as_mut_ptr(), strides) });
    step(Weighted, shape, Demand::Gradients, [x, t, Operand::Float(weight)], [dx, Sink::Discard, dw]);
}

/// Median seconds of each contestant, which run in turns.
fn medians(rounds: usize, repeats: usize, contestants: &mut [(&str, &mut dyn FnMut())]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(rounds); contestants.len()];
    for round in 0..=rounds {
        for (times, (_, contestant)) in times.iter_mut().zip(contestants.iter_mut()) {
            // What ran before has left other arrays in the caches.
            contestant();
            let start = Instant::now();
            for _ in 0..repeats {
                contestant();
            }
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() / repeats as f64);
            }
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect()
}

fn table<T: Float>(name: &str, n: usize, threads: usize) {
    let draw = |seed: u64| {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 40) as f64 / (1u64 << 24) as f64
            })
            .collect::<Vec<f64>>()
    };
    let x: Vec<T> = draw(1).into_iter().map(|x| T::from_f64(x * 8.0 - 4.0)).collect();
    let t: Vec<T> = draw(2).into_iter().map(T::from_f64).collect();
    let w: Vec<T> = draw(3).into_iter().map(T::from_f64).collect();
    let zero = T::from_f64(0.0);
    let mut outputs = [vec![zero; n], vec![zero; n], vec![zero; n]];
    let cell = std::cell::RefCell::new(&mut outputs);
    let beta = black_box(0.7);
    let (shape, rows, batch) = ([n], [n / 4, 4], [8, n / 8]);
    let smooth = SmoothL1::<T>::new(beta);
    let column = [T::from_f64(0.5); 4];
    let mut run: [(&str, &mut dyn FnMut()); 8] = [
        ("triad 2-1", &mut || {
            let mut o = cell.borrow_mut();
            triad(&[&x, &t], &mut [&mut o[0]]);
            black_box(&mut o[0][0]);
        }),
        ("mse", &mut || {
            let mut o = cell.borrow_mut();
            step(Mse, &shape, Demand::Gradient, [operand(&x), operand(&t)], [sink(&mut o[0])]);
        }),
        ("mse, weight 1", &mut || {
            let mut o = cell.borrow_mut();
            let inputs = [operand(&x), operand(&t), Operand::Splat(T::from_f64(1.0))];
            let gradients = [sink(&mut o[0]), Sink::Discard, Sink::Discard];
            step(Weighted, &shape, Demand::Gradient, inputs, gradients);
        }),
        ("mse, weight [4]", &mut || {
            let mut o = cell.borrow_mut();
            // SAFETY: every element of a row has a column.
            let weight = unsafe { Strided::new(column.as_ptr(), &[0, 1]) };
            // SAFETY: rows of 4 cover the slices.
            let [x, t] = [&x, &t].map(|x| Operand::Float(unsafe { Strided::new(x.as_ptr(), &[4, 1]) }));
            // SAFETY: as above.
            let gradient = Sink::Store(unsafe { StridedMut::new(o[0].as_mut_ptr(), &[4, 1]) });
            let inputs = [x, t, Operand::Float(weight)];
            step(Weighted, &rows, Demand::Gradient, inputs, [gradient, Sink::Discard, Sink::Discard]);
        }),
        ("mse, weight rows", &mut || {
            let mut o = cell.borrow_mut();
            // SAFETY: there are more weights than rows.
            let weight = unsafe { Strided::new(w.as_ptr(), &[1, 0]) };
            // SAFETY: rows of 4 cover the slices.
            let [x, t] = [&x, &t].map(|x| Operand::Float(unsafe { Strided::new(x.as_ptr(), &[4, 1]) }));
            // SAFETY: as above.
            let gradient = Sink::Store(unsafe { StridedMut::new(o[0].as_mut_ptr(), &[4, 1]) });
            let inputs = [x, t, Operand::Float(weight)];
            step(Weighted, &rows, Demand::Gradient, inputs, [gradient, Sink::Discard, Sink::Discard]);
        }),
        ("smooth_l1", &mut || {
            let mut o = cell.borrow_mut();
            step(smooth, &shape, Demand::Gradient, [operand(&x), operand(&t)], [sink(&mut o[0])]);
        }),
        ("bce", &mut || {
            let mut o = cell.borrow_mut();
            step(Bce, &shape, Demand::Gradient, [operand(&x), operand(&t)], [sink(&mut o[0])]);
        }),
        ("mse, x strided", &mut || {
            let mut o = cell.borrow_mut();
            // SAFETY: half of the slice, every other element.
            let half = Operand::Float(unsafe { Strided::new(x.as_ptr(), &[2]) });
            step(Mse, &[n / 2], Demand::Gradient, [half, operand(&t)], [sink(&mut o[0])]);
        }),
    ];
    let mut shared: [(&str, &mut dyn FnMut()); 5] = [
        ("triad 2-1", &mut || {
            let mut o = cell.borrow_mut();
            triad(&[&x, &t], &mut [&mut o[0]]);
            black_box(&mut o[0][0]);
        }),
        ("mse, fold to [4]", &mut || fold(&rows, [&x, &t], &column, &[0, 1], &mut cell.borrow_mut()[..2])),
        ("mse, fold rows", &mut || fold(&rows, [&x, &t], &w, &[1, 0], &mut cell.borrow_mut()[..2])),
        ("mse, fold to 1", &mut || fold(&rows, [&x, &t], &column, &[0, 0], &mut cell.borrow_mut()[..2])),
        ("mse, fold batch", &mut || fold(&batch, [&x, &t], &w, &[0, 1], &mut cell.borrow_mut()[..2])),
    ];
    let mut wide: [(&str, &mut dyn FnMut()); 2] = [
        ("triad 3-3", &mut || {
            let mut o = cell.borrow_mut();
            let [a, b, c] = &mut **o;
            triad(&[&x, &t, &w], &mut [a, b, c]);
            black_box(&mut o[0][0]);
        }),
        ("mse, 3 in 3 out", &mut || {
            let mut o = cell.borrow_mut();
            let [a, b, c] = &mut **o;
            let inputs = [operand(&x), operand(&t), operand(&w)];
            step(Weighted, &shape, Demand::Gradients, inputs, [sink(a), sink(b), sink(c)]);
        }),
    ];
    let rounds = (30_000_000 / n).clamp(9, 101);
    // Apart, since more arrays take the room of others in the caches.
    for race in [&mut run[..], &mut wide[..], &mut shared[..]] {
        let times = medians(rounds, (100_000 / n).max(1), race);
        for ((label, _), time) in race.iter().zip(&times) {
            let (ns, ratio, micros) = (time * 1e9 / n as f64, time / times[0], time * 1e6);
            println!("{name} {n:>9} x{threads}  {label:<16} {ns:>7.3} ns/el {ratio:>5.2}  {micros:>9.2} us");
        }
    }
    println!();
}

fn main() {
    let only: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let Ok(pool) = pool else { return };
        for n in [1_000, 100_000, 1_000_000, 10_000_000] {
            if only.is_empty() || only.contains(&n) {
                pool.install(|| table::<f32>("f32", n, threads));
                pool.install(|| table::<f64>("f64", n, threads));
            }
        }
    }
}
