//! The accuracy of the vector math: no function may be worse than its bound, on any instruction set.
//!
//! Samples; `cargo run --release --example ulp_sweep 1` tries every f32.

mod double_double;
mod exp_times;
mod functions;
mod measure;
mod oracle;

use functions::{FUNCTIONS, Level};
use measure::Worst;

/// The largest error allowed, in units in the last place, for f32 and f64: with a fused multiply-add, and
/// without where that is worse.
fn bounds(name: &str) -> (f64, f64) {
    match name {
        "exp" | "exp_nonpos" => (0.9, 0.9),
        "log" | "log1p_unit" => (0.9, 0.9),
        "log1p" | "log1mexp" => (1.0, 1.0),
        "cosh" => (1.1, 1.1),
        "sinh" => (1.2, 1.2),
        "erf" => (1.3, 1.4),
        "tanh" => (1.4, 1.4),
        "sigmoid" => (1.5, 2.4),
        "logit" => (1.5, 1.5),
        "log_cosh" => (1.6, 2.0),
        "expm1" | "softplus" | "log_sigmoid" => (1.6, 1.6),
        _ => panic!("no bound for {name}"),
    }
}

fn check(kind: &str, run: impl Fn(&functions::Function, Level) -> Worst) {
    let mut failures = Vec::new();
    for level in Level::available() {
        for function in FUNCTIONS {
            let (fused, plain) = bounds(function.name);
            let bound = if level.is_fused() { fused } else { plain };
            let Worst { error, x } = run(function, level);
            if error.is_nan() || error > bound {
                failures.push(format!("{kind} {} {level:?}: {error} > {bound} at {x:e}", function.name));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn f32_errors_stay_within_bounds() {
    let arguments = measure::single_arguments(40_009);
    check("f32", |function, level| measure::worst_single(function, level, &arguments));
}

#[test]
fn f64_errors_stay_within_bounds() {
    let arguments = measure::double_arguments(2_500);
    check("f64", |function, level| measure::worst_double(function, level, &arguments));
}

#[test]
fn pow_errors_stay_within_bounds() {
    for level in Level::available() {
        let (single, double) = measure::worst_pow(level, 2_000);
        assert!(single.error <= 0.6, "f32 {level:?} {single:?}");
        assert!(double.error <= 1.3, "f64 {level:?} {double:?}");
    }
}

#[test]
fn instruction_sets_with_fused_multiply_add_agree_to_the_bit() {
    let levels = Level::available();
    let fused: Vec<Level> = levels.into_iter().filter(|level| level.is_fused()).collect();
    let arguments = measure::double_arguments(200);
    for function in FUNCTIONS {
        let results = fused.iter().map(|&level| {
            let mut y = vec![0.0; arguments.len()];
            (function.double)(level, &arguments, &mut y);
            y.iter().map(|y| if y.is_nan() { 0 } else { y.to_bits() }).collect::<Vec<u64>>()
        });
        let results: Vec<_> = results.collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{}", function.name);
    }
}
