//! Measures the vector math: the worst error of every function, and its time per element.
//!
//! `cargo run --release --example ulp_sweep [STRIDE] [COUNT]` tries every STRIDE-th bit pattern of f32 and
//! 8 COUNT numbers of f64.

#[path = "../tests/ulp/double_double.rs"]
mod double_double;
#[path = "../tests/ulp/functions.rs"]
mod functions;
#[path = "../tests/ulp/measure.rs"]
mod measure;
#[path = "../tests/ulp/oracle.rs"]
mod oracle;

use std::hint::black_box;
use std::time::Instant;

use functions::{FUNCTIONS, Level};
use measure::Worst;

/// The best time per element, in nanoseconds, over 4096 arguments in [-2, 2).
fn time<T: Copy>(run: impl Fn(&[T], &mut [T]), from: impl Fn(f64) -> T) -> f64 {
    let x: Vec<T> = (0..4096).map(|i| from(f64::from(i) / 1024.0 - 2.0)).collect();
    let mut y = x.clone();
    let mut best = f64::INFINITY;
    for _ in 0..100 {
        let start = Instant::now();
        for _ in 0..4 {
            run(black_box(&x), black_box(&mut y));
        }
        best = best.min(start.elapsed().as_nanos() as f64 / (4.0 * 4096.0));
    }
    best
}

/// One line of the table of errors: f32 and f64, fused and not.
fn print_errors(name: &str, run: impl Fn(bool, Level) -> Worst) {
    let levels = Level::available();
    print!("{name:12}");
    for is_single in [true, false] {
        for fused in [true, false] {
            let level = levels.iter().rev().find(|l| l.is_fused() == fused);
            let worst = level.map(|&level| run(is_single, level));
            let cell = worst.map_or(String::new(), |Worst { error, x }| format!("{error:.3} ({x:e})"));
            print!("{cell:28}");
        }
    }
    println!();
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u32>().expect("a whole number"));
    let single = measure::single_arguments(arguments.next().unwrap_or(4001));
    let count = arguments.next().unwrap_or(20_000) as usize;
    let double = measure::double_arguments(count);
    println!("{} f32 arguments, {} f64 arguments", single.len(), double.len());

    println!("\nworst error in units in the last place (at)");
    println!("{:12}{:28}{:28}{:28}{:28}", "", "f32 fused", "f32", "f64 fused", "f64");
    for function in FUNCTIONS {
        print_errors(function.name, |is_single, level| match is_single {
            true => measure::worst_single(function, level, &single),
            false => measure::worst_double(function, level, &double),
        });
    }
    print_errors("pow", |is_single, level| {
        let (single, double) = measure::worst_pow(level, count / 4);
        if is_single { single } else { double }
    });

    println!("\nnanoseconds per element");
    print!("{:12}", "");
    let levels = Level::available();
    for kind in ["f32", "f64"] {
        for level in &levels {
            print!("{:>14}", format!("{kind} {level:?}"));
        }
    }
    println!();
    for function in FUNCTIONS {
        print!("{:12}", function.name);
        for &level in &levels {
            print!("{:14.2}", time(|x, y| (function.single)(level, x, y), |x| x as f32));
        }
        for &level in &levels {
            print!("{:14.2}", time(|x, y| (function.double)(level, x, y), |x| x));
        }
        println!();
    }
    print!("{:12}", "pow");
    for &level in &levels {
        print!("{:14.2}", time(|x, y| functions::pow_single(level, x, x, y), |x| x as f32 + 2.0));
    }
    for &level in &levels {
        print!("{:14.2}", time(|x, y| functions::pow_double(level, x, x, y), |x| x + 2.0));
    }
    println!();
}
