//! How long losses take that are read at run time, beside generated code, in one run, in turns. A word behind
//! `--` picks the losses whose names have it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use lossdef::Loss;
use lossdef::losses::CATALOGUE;
use ndarray::{Array1, Array2};

/// The shortest of some runs, of both in turns.
fn best(mut runs: [&mut dyn FnMut(); 2]) -> [Duration; 2] {
    let mut best = [Duration::MAX; 2];
    for _ in 0..15 {
        for (run, best) in runs.iter_mut().zip(&mut best) {
            let start = Instant::now();
            run();
            *best = start.elapsed().min(*best);
        }
    }
    best
}

fn report(name: &str, [generated, read]: [Duration; 2]) {
    let ratio = read.as_secs_f64() / generated.as_secs_f64();
    println!(
        "{name:32} {:9.1} us generated {:9.1} us read {ratio:6.2}",
        generated.as_secs_f64() * 1e6,
        read.as_secs_f64() * 1e6
    );
}

fn main() {
    let picked = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let module =
        lossdef_engine::load("losses.def", include_str!("../../losses.def")).expect("losses compile");
    let x = Array1::from_shape_fn(1_000_000, |i| 0.05 + 0.9 * ((i * 7919 % 1000) as f32 / 1000.0));
    let y = Array1::from_shape_fn(1_000_000, |i| 0.05 + 0.9 * ((i * 104_729 % 1000) as f32 / 1000.0));
    for loss in CATALOGUE.iter().filter(|loss| loss.spec().is_elementwise()) {
        let spec = loss.spec();
        if !spec.name.contains(&picked) {
            continue;
        }
        let run = |loss: &dyn Loss, gradient: bool| {
            let mut call = loss.call();
            for (number, input) in spec.inputs.iter().filter(|input| input.default.is_none()).enumerate() {
                call = call.input(input.name, if number % 2 == 0 { &x } else { &y });
            }
            if gradient {
                call = call.gradient(spec.inputs[spec.gradients[0].input].name);
            }
            black_box(call.evaluate().expect("a result"));
        };
        let read = module.get(spec.name).expect("the same losses");
        for gradient in [false, true] {
            let times = best([&mut || run(loss, gradient), &mut || run(&read, gradient)]);
            report(&format!("{}{}", spec.name, if gradient { " and gradient" } else { "" }), times);
        }
    }
    let input =
        Array2::from_shape_fn((1024, 1000), |(i, j)| ((i * 7919 + j * 31) % 1000) as f32 / 100.0 - 5.0);
    let target = Array1::from_shape_fn(1024, |i| (i * 37 % 1000) as i64);
    for name in ["cross_entropy", "nll", "multi_margin", "poly1_cross_entropy"]
        .into_iter()
        .filter(|name| name.contains(&picked))
    {
        let (Some(loss), Some(read)) = (CATALOGUE.get(name), module.get(name)) else { continue };
        let run = |loss: &dyn Loss| {
            let call = loss.call().input("input", &input).input("target", &target).gradient("input");
            black_box(call.evaluate().expect("a result"));
        };
        report(&format!("{name} [1024, 1000]"), best([&mut || run(loss), &mut || run(&read)]));
    }
}
