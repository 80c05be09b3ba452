//! Arguments to try, and the worst error over them.

use crate::functions::{Function, Level};
use crate::oracle;

/// The largest error found, and where.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Worst {
    /// In units in the last place.
    pub(crate) error: f64,
    /// The argument.
    pub(crate) x: f64,
}

const CHUNK: usize = 4096;

/// Every `stride`-th bit pattern of f32.
pub(crate) fn single_arguments(stride: u32) -> Vec<f32> {
    let edges = [
        0.0f32,
        1.0,
        88.0,
        88.8,
        104.0,
        0.5,
        1.2,
        0.6,
        0.9486,
        f32::INFINITY,
        f32::MAX,
        f32::MIN_POSITIVE,
        1e-45,
    ];
    let edges =
        edges.into_iter().flat_map(|x| (0..200).map(move |i| x.to_bits().wrapping_add(i).wrapping_sub(100)));
    let edges: Vec<f32> = edges.flat_map(|b| [f32::from_bits(b), -f32::from_bits(b)]).collect();
    (0..=u32::MAX).step_by(stride as usize).map(f32::from_bits).chain(edges).collect()
}

/// `count` numbers of each kind: any bit pattern, any exponent down to 2^-60, uniform over intervals.
pub(crate) fn double_arguments(count: usize) -> Vec<f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut all = Vec::new();
    let edges = [
        0.0,
        1.0,
        0.5,
        0.6,
        1.2,
        0.9486,
        2.395,
        5.93,
        709.78,
        745.13,
        710.47,
        37.0,
        40.0,
        f64::INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        1e-310,
    ];
    for x in edges {
        for i in 0..200 {
            let x = f64::from_bits(f64::to_bits(x).wrapping_add(i).wrapping_sub(100));
            all.extend([x, -x]);
        }
    }
    for _ in 0..count {
        all.push(f64::from_bits(random()));
        let mantissa = random() >> 12 | (random() & 1) << 63;
        all.push(f64::from_bits(mantissa | (1023 - 60 + random() % 64) << 52));
        for width in [0.5, 1.5, 3.0, 6.0, 40.0, 750.0] {
            all.push(width * ((random() >> 11) as f64 * 2f64.powi(-52) - 1.0));
        }
    }
    all
}

macro_rules! worst {
    ($name:ident, $float:ty, $field:ident, $error:path) => {
        /// The worst error of a function over these arguments.
        pub(crate) fn $name(function: &Function, level: Level, arguments: &[$float]) -> Worst {
            let mut worst = Worst::default();
            let mut results = [0.0; CHUNK];
            for chunk in arguments.chunks(CHUNK) {
                (function.$field)(level, chunk, &mut results[..chunk.len()]);
                for (&x, &y) in chunk.iter().zip(&results) {
                    if !oracle::in_domain(function.name, x.into()) {
                        continue;
                    }
                    let error = $error(function.name, x, y);
                    if error > worst.error || error.is_nan() {
                        worst = Worst { error, x: x.into() };
                    }
                }
            }
            worst
        }
    };
}
worst!(worst_single, f32, single, oracle::error_single);
worst!(worst_double, f64, double, oracle::error_double);

/// The worst errors of `x^y` in f32 and f64 over about `40 * count` pairs. The special values meet each
/// other first.
pub(crate) fn worst_pow(level: Level, count: usize) -> (Worst, Worst) {
    let special = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 1e300, 9_007_199_254_740_991.0, f64::INFINITY, f64::NAN];
    let special = special.map(|x| [x, -x]).concat();
    let mut pairs: Vec<(f64, f64)> = Vec::new();
    for &x in &special {
        pairs.extend(special.iter().map(|&y| (x, y)));
    }
    let all = double_arguments(count);
    for (i, &x) in all.iter().enumerate() {
        // Some power, a small one, a whole one, and one that nearly over- or underflows.
        let y = all[(i * 7 + 3) % all.len()];
        let edge = 740.0 / x.abs().ln() * (y * 1e-3).clamp(-1.0, 1.0);
        pairs.extend([(x, y), (x, y % 4.0), (x, (y % 40.0).round()), (x, edge), (x, edge * 0.12)]);
    }
    macro_rules! worst {
        ($float:ty, $pow:path, $error:path) => {{
            let x: Vec<$float> = pairs.iter().map(|p| p.0 as $float).collect();
            let y: Vec<$float> = pairs.iter().map(|p| p.1 as $float).collect();
            let mut z = vec![0.0; x.len()];
            $pow(level, &x, &y, &mut z);
            let mut worst = Worst::default();
            for ((&x, &y), &z) in x.iter().zip(&y).zip(&z) {
                let error = $error(x, y, z);
                if error > worst.error || error.is_nan() {
                    worst = Worst { error, x: x.into() };
                }
            }
            worst
        }};
    }
    (
        worst!(f32, crate::functions::pow_single, oracle::pow_error_single),
        worst!(f64, crate::functions::pow_double, oracle::pow_error_double),
    )
}
