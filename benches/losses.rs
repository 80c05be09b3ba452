//! Every loss of `losses.def` against the memory floor: a step is the mean and its gradient with respect to the
//! first input, written into a buffer that is reused.
//!
//! The floor is a triad, `g = a - 3 b`, or with more arrays where the loss reads more, compiled for the same
//! instruction set. Loss and floor run in turns in one process; medians are compared. `--quick` is the guard of
//! CI: fewer sizes, and an error where a kernel has lost its vector code. It is no measurement. Losses over named
//! axes follow in a table of their own.
//!
//! ```text
//! cargo bench -p lossdef --bench losses            # the whole table
//! cargo bench -p lossdef --bench losses -- bce     # losses whose name contains `bce`
//! ```

mod axes;
mod floor;

use floor::{Element, floor};
use lossdef::Loss;
use lossdef::losses::{BceWithLogits, CATALOGUE, Mse, SmoothL1};
use lossdef::spec::{Domain, Spec};
use ndarray::{Array1, Zip};
use std::hint::black_box;
use std::time::Instant;

/// No kernel with its vector code takes as long per f32 element, on any machine with AVX2.
const LOST: f64 = 12.0;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let quick = words.iter().any(|word| word == "--quick");
    let filter = words.iter().find(|word| !word.starts_with("--")).cloned().unwrap_or_default();
    let wanted = |loss: &&dyn Loss| !axes::named(loss.spec()) && loss.spec().name.contains(&filter);
    let losses: Vec<&dyn Loss> = CATALOGUE.iter().filter(wanted).collect();
    let sizes: &[usize] = if quick { &[1_000, 100_000] } else { &[1_000, 100_000, 1_000_000, 10_000_000] };
    let threads: &[usize] = if quick { &[1] } else { &[1, 2] };

    let mut lost = Vec::new();
    for threads in threads.iter().copied() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
        pool.install(|| {
            println!("\n{threads} thread(s): ns per element, and the ratio to the floor over the same bytes");
            header(sizes);
            for loss in &losses {
                lost.extend(row::<f32>(*loss, sizes));
                row::<f64>(*loss, sizes);
            }
            lost.extend(axes::all(&filter, quick));
        });
    }
    if !quick && filter.is_empty() {
        small_calls();
        plain_code();
        accuracy();
    }
    assert!(lost.is_empty(), "no vector code any more: {}", lost.join(", "));
}

fn header(sizes: &[usize]) {
    print!("{:<26}", "");
    sizes.iter().for_each(|n| print!("{:>20}", format!("10^{}", n.ilog10())));
    println!();
}

/// One loss at every size; its name, where it is as slow as scalar code.
fn row<T: Element>(loss: &dyn Loss, sizes: &[usize]) -> Option<String> {
    let spec = loss.spec();
    print!("{:<26}", format!("{} {}", spec.name, T::NAME));
    let mut lost = None;
    for n in sizes.iter().copied() {
        let inputs: Vec<Array1<T>> = (0..required(spec)).map(|i| data(spec, i, n)).collect();
        let mut gradient = Array1::<T>::from_elem(n, T::of(0.0));
        let mut target = gradient.clone();
        let (step, bound) = compare(
            n,
            || {
                let mut call = loss.call();
                for (input, array) in spec.inputs.iter().zip(&inputs) {
                    call = call.input(input.name, T::view(array));
                }
                let call = call.gradient_into(spec.inputs[0].name, T::view_mut(&mut gradient));
                black_box(call.evaluate().expect("values in their domains"));
            },
            || {
                let slices: Vec<&[T]> =
                    inputs.iter().map(|array| array.as_slice().expect("contiguous")).collect();
                floor(&slices, target.as_slice_mut().expect("contiguous"));
            },
        );
        print!("{:>11.3} {:>7.2}x", step / n as f64, step / bound);
        if n >= 100_000 && T::NAME == "f32" && step / n as f64 > LOST {
            lost = Some(spec.name.to_owned());
        }
    }
    println!();
    lost
}

fn required(spec: &Spec) -> usize {
    spec.inputs.iter().filter(|input| input.default.is_none()).count()
}

/// Numbers in the domain of the input, between -4 and 4 where it has none.
fn data<T: Element>(spec: &Spec, input: usize, n: usize) -> Array1<T> {
    let (low, high) = match spec.inputs[input].domain {
        Some(Domain::Interval { low, high, .. }) => (low.max(-4.0) + 0.01, high.min(4.0) - 0.01),
        _ => (-4.0, 4.0),
    };
    let listed = match spec.inputs[input].domain {
        Some(Domain::Set(members)) => members,
        _ => &[],
    };
    let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(input as u64 + 1);
    Array1::from_shape_fn(n, |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let unit = (state >> 40) as f64 / (1u64 << 24) as f64;
        let member = listed.get((unit * listed.len() as f64) as usize);
        T::of(member.copied().unwrap_or(low + (high - low) * unit))
    })
}

/// Median nanoseconds of two things that run in turns.
fn compare(n: usize, mut a: impl FnMut(), mut b: impl FnMut()) -> (f64, f64) {
    let repeat = (200_000 / n).max(1);
    let rounds = if n >= 1_000_000 { 15 } else { 31 };
    let time = |f: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..repeat).for_each(|_| f());
        start.elapsed().as_secs_f64() * 1e9 / repeat as f64
    };
    time(&mut a);
    time(&mut b);
    let (mut first, mut second): (Vec<f64>, Vec<f64>) =
        (0..rounds).map(|_| (time(&mut a), time(&mut b))).unzip();
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    (median(&mut first), median(&mut second))
}

/// The typed interface at 10^3 elements, where a call must not allocate.
fn small_calls() {
    println!("\ntyped calls at 10^3 elements, into a buffer: nanoseconds per call");
    fn each<T: Element>() {
        let spec = Mse::SPEC;
        let (x, t) = (data::<T>(spec, 0, 1000), data::<T>(spec, 1, 1000));
        let mut g = x.clone();
        let mut print = |name: &str, step: &mut dyn FnMut(&mut Array1<T>)| {
            let (time, _) = compare(1000, || step(&mut g), || ());
            println!("{:<26}{time:>10.0}", format!("{name} {}", T::NAME));
        };
        print("mse", &mut |g| {
            black_box(Mse::new().on(&x, &t).forward_backward_into(g).expect("shapes agree"));
        });
        print("smooth_l1", &mut |g| {
            let loss = SmoothL1::new().beta(black_box(0.7));
            black_box(loss.on(&x, &t).forward_backward_into(g).expect("shapes agree"));
        });
        print("bce_with_logits", &mut |g| {
            black_box(BceWithLogits::new().on(&x, &t).forward_backward_into(g).expect("shapes agree"));
        });
    }
    each::<f32>();
    each::<f64>();
}

/// What one would write by hand with ndarray.
fn plain_code() {
    println!("\nagainst plain ndarray code at 10^6 f32 elements: how many times as fast");
    let n = 1_000_000;
    let (x, t) = (data::<f32>(Mse::SPEC, 0, n), data::<f32>(Mse::SPEC, 1, n).mapv(|t| (t + 4.0) / 8.0));
    let (mut g, mut h) = (x.clone(), x.clone());
    let scale = 1.0 / n as f32;
    let (ours, plain) = compare(
        n,
        || drop(black_box(Mse::new().on(&x, &t).forward_backward_into(&mut g))),
        || {
            let mut sum = 0.0;
            Zip::from(&mut h).and(&x).and(&t).for_each(|h, x, t| {
                let d = x - t;
                sum += d * d;
                *h = 2.0 * d * scale;
            });
            black_box(sum * scale);
        },
    );
    println!("{:<26}{:>10.1}", "mse", plain / ours);
    let (ours, plain) = compare(
        n,
        || drop(black_box(BceWithLogits::new().on(&x, &t).forward_backward_into(&mut g))),
        || {
            let mut sum = 0.0;
            Zip::from(&mut h).and(&x).and(&t).for_each(|h, &x, t| {
                sum += x.max(0.0) - x * t + (-x.abs()).exp().ln_1p();
                *h = (1.0 / (1.0 + (-x).exp()) - t) * scale;
            });
            black_box(sum * scale);
        },
    );
    println!("{:<26}{:>10.1}", "bce_with_logits", plain / ours);
}

/// A mean over 10^7 f32 elements against the same sum in f64.
fn accuracy() {
    let n = 10_000_000;
    let (x, t) = (data::<f32>(Mse::SPEC, 0, n), data::<f32>(Mse::SPEC, 1, n));
    let partial = Mse::new().on(&x, &t).partial().expect("shapes agree");
    let exact: f64 = x.iter().zip(&t).map(|(x, t)| f64::from((x - t) * (x - t))).sum();
    println!("\nmean over 10^7 f32: relative error {:.1e}", ((partial.sum() - exact) / exact).abs());
}
