//! The sweep against a loop over indices, for arrays of any layout.

mod case;
pub(crate) mod meet;

use proptest::prelude::*;

use self::case::{Case, Draw, Odd, Output, indices};
use self::meet::Meet;
use super::isa::Isa;
use super::*;
use crate::kernel::Sample;
use crate::real::Real;

fn near<T: Float>(a: &Output<T>, b: &Output<T>, samples: usize) {
    let exact = !matches!(a, Output::Fold(_));
    let (Some(a), Some(b)) = (a.array(), b.array()) else { return };
    for (x, y) in a.data.iter().zip(&b.data) {
        let (x, y) = (x.to_f64(), y.to_f64());
        let tolerance = if size_of::<T>() == 4 { 1e-6 } else { 1e-12 };
        let close = if exact { x == y } else { (x - y).abs() <= tolerance * (y.abs() + samples as f64) };
        assert!(close, "{x} is not {y}");
    }
}

fn compare<T: Float>(shape: &[usize], seed: u64) {
    let samples: usize = shape.iter().product();
    let fresh = || Case::<T>::draw(shape, &mut Draw(seed | 1));
    let (sum, values, gradients) = fresh().naive();
    let mut reference = None;
    for isa in Isa::all() {
        for worthwhile in [usize::MAX, 0] {
            let mut case = fresh();
            let total = case.run(isa, worthwhile, f64::INFINITY).unwrap();
            assert!((total - sum).abs() <= 1e-12 * (sum.abs() + samples as f64), "{total} is not {sum}");
            near(&case.values, &values, samples);
            for (a, b) in case.gradients.iter().zip(&gradients) {
                near(a, b, samples);
            }
            let bits = (total.to_bits(), case.outputs());
            assert_eq!(reference.get_or_insert_with(|| bits.clone()), &bits);
        }
    }
    // The first invalid sample.
    let limit = 1.9;
    let case = fresh();
    let bad =
        indices(shape).position(|index| case.inputs[0].at(&index).to_f64() > T::from_f64(limit).to_f64());
    for isa in Isa::all() {
        assert_eq!(fresh().run(isa, 0, limit).err(), bad);
    }
}

fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        prop::collection::vec(1usize..7, 0..5),
        prop::collection::vec(1usize..5, 0..7),
        prop::collection::vec(2usize..3, 9..12),
        prop::sample::select(vec![31, 32, 33, 1023, 1024, 1025]).prop_map(|n| vec![n]),
        (1usize..80, 1usize..80).prop_map(|(a, b)| vec![a, b]),
        (prop::sample::select(vec![341, 1024, 1500]), 1usize..5).prop_map(|(a, b)| vec![a, b]),
        (1usize..5, prop::sample::select(vec![341, 1024, 1500])).prop_map(|(a, b)| vec![a, b]),
        (1usize..5, 100usize..300, 1usize..5).prop_map(|(a, b, c)| vec![a, b, c]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_layout_agrees_with_a_loop(shape in shapes(), seed in any::<u64>(), double in any::<bool>()) {
        if double { compare::<f64>(&shape, seed) } else { compare::<f32>(&shape, seed) }
    }
}

#[test]
fn chunk_borders() {
    for (number, n) in [32767, 32768, 32769, 65536, 100_001].into_iter().enumerate() {
        for seed in 1..6 {
            let seed = (seed << 32) + number as u64 * 0x9E37_79B9;
            compare::<f32>(&[n], seed);
            compare::<f64>(&[n / 3, 3], seed);
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for seed in 1..9u64 {
        let mut reference = None;
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut case =
                Case::<f32>::draw(&[70_001, 3], &mut Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
            let total = pool.install(|| case.run(Isa::chosen(), 0, f64::INFINITY)).unwrap();
            let bits = (total.to_bits(), case.outputs());
            assert_eq!(reference.get_or_insert_with(|| bits.clone()), &bits, "{threads} threads");
        }
    }
}

/// The derivative is 1, and threads meet before they know.
#[derive(Clone, Copy)]
struct Meeting<'m>(&'m Meet);

impl<T: Float> Kernel<T, 1, 1> for Meeting<'_> {
    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [x]: [R; 1]) -> Sample<R, 1> {
        self.0.come();
        Sample { value: x, gradient: [R::lit(1.0)], valid: true, kept: true }
    }
}

#[test]
fn threads_share_a_sweep_that_is_worth_it() {
    let enough = worthwhile(true);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    for (samples, expected) in [(enough, 4), (enough - 1, 1)] {
        for folded in [false, true] {
            let (meet, x) = (Meet::new(expected), vec![0.5f32; samples]);
            let mut dx = vec![0.0; if folded { 1 } else { samples }];
            let goal = StridedMut { pointer: dx.as_mut_ptr(), strides: if folded { &[0] } else { &[1] } };
            let sweep = Sweep {
                shape: &[samples],
                inputs: [Operand::Float(Strided { pointer: x.as_ptr(), strides: &[1] })],
                demand: Demand::Gradients,
                upstream: Upstream::Scale(1.0),
                values: Sink::Discard,
                gradients: [if folded { Sink::Fold(goal) } else { Sink::Store(goal) }],
                accumulate: false,
                check: true,
            };
            // What the arrays are made of outlives the call, but pointers do not say that they may go along.
            struct Along<S>(S);
            // SAFETY: each array is behind one pointer only.
            unsafe impl<S> Send for Along<S> {}
            let along = Along(sweep);
            let total = pool.install(|| {
                let along = along;
                run(Meeting(&meet), along.0)
            });
            assert_eq!(total, Ok(samples as f64 / 2.0));
            assert_eq!(meet.count(), expected, "{samples} samples, folded: {folded}");
        }
    }
}

#[test]
fn no_samples() {
    let mut folded = [7.0f32; 3];
    for (accumulate, expected) in [(true, 7.0), (false, 0.0)] {
        let sweep = Sweep {
            shape: &[0, 3],
            inputs: [Operand::Splat(1.0); 3],
            demand: Demand::Gradient,
            upstream: Upstream::Scale(1.0),
            values: Sink::Discard,
            gradients: [
                Sink::Fold(StridedMut { pointer: folded.as_mut_ptr(), strides: &[0, 1] }),
                Sink::Discard,
            ],
            accumulate,
            check: true,
        };
        assert_eq!(run(Odd { limit: 0.0 }, sweep), Ok(0.0));
        assert_eq!(folded, [expected; 3]);
    }
}

#[test]
fn a_whole_number_that_does_not_fit_is_invalid() {
    let run = |numbers: &[i64], check| {
        let sweep = Sweep {
            shape: &[numbers.len()],
            inputs: [
                Operand::Splat(0.0f32),
                Operand::Int(Strided { pointer: numbers.as_ptr(), strides: &[1] }),
                Operand::Splat(1.0),
            ],
            demand: Demand::Value,
            upstream: Upstream::Scale(1.0),
            values: Sink::Discard,
            gradients: [Sink::Discard, Sink::Discard],
            accumulate: false,
            check,
        };
        run(Odd { limit: 0.0 }, sweep)
    };
    let mut numbers = vec![1i64; 5000];
    numbers[10] = i64::MIN;
    assert!(run(&numbers, true).is_ok());
    numbers[4321] = (1 << 24) + 1;
    assert_eq!(run(&numbers, true), Err(4321));
    assert!(run(&numbers, false).is_ok());
    numbers[77] = i64::MAX;
    assert_eq!(run(&numbers, true), Err(77));
    assert_eq!(run(&[i64::MAX - 1], true), Err(0));
}

#[test]
fn sums_are_those_of_f64() {
    let x = vec![0.1f32; 1_000_000];
    let sweep = Sweep {
        shape: &[x.len()],
        inputs: [
            Operand::Float(Strided { pointer: x.as_ptr(), strides: &[1] }),
            Operand::Splat(0.0),
            Operand::Splat(1.0),
        ],
        demand: Demand::Value,
        upstream: Upstream::Scale(1.0),
        values: Sink::Discard,
        gradients: [Sink::Discard, Sink::Discard],
        accumulate: false,
        check: false,
    };
    let sum = run(Odd { limit: 1.0 }, sweep).unwrap();
    let expected = f64::from(0.1f32 * 0.1f32) * 1e6;
    assert!((sum - expected).abs() < 1e-12 * expected);
}

/// The sum of its inputs, each of which it multiplies by its number to have something to tell them apart.
#[derive(Clone, Copy)]
struct Many;

impl<T: Float, const I: usize> Kernel<T, I, I> for Many {
    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, inputs: [R; I]) -> Sample<R, I> {
        let mut value = R::lit(0.0);
        for (number, input) in inputs.into_iter().enumerate() {
            value = value + input * R::lit(number as f64 + 1.0);
        }
        Sample {
            value,
            gradient: from_fn(|number| inputs[number] * R::lit(number as f64 + 1.0)),
            valid: true,
            kept: true,
        }
    }
}

fn many<const I: usize>(samples: usize) {
    let x: Vec<f64> = (0..2 * samples).map(|i| (i % 1000) as f64).collect();
    let mut gradients = vec![vec![0.0; 3 * samples]; I];
    let sweep = Sweep {
        shape: &[samples],
        inputs: [Operand::Float(Strided { pointer: x.as_ptr(), strides: &[2] }); I],
        demand: Demand::Gradients,
        upstream: Upstream::Scale(2.0),
        values: Sink::Discard,
        gradients: {
            let mut left = gradients.iter_mut();
            from_fn(|_| {
                let data = left.next().expect("one for each input");
                Sink::Store(StridedMut { pointer: data.as_mut_ptr(), strides: &[3] })
            })
        },
        accumulate: false,
        check: true,
    };
    let total = run(Many, sweep).unwrap();
    let factor = (I * (I + 1) / 2) as f64;
    assert_eq!(total, x.iter().step_by(2).sum::<f64>() * factor);
    for (number, gradient) in gradients.iter().enumerate() {
        for (sample, gradient) in gradient.iter().step_by(3).enumerate() {
            assert_eq!(*gradient, x[2 * sample] * 2.0 * (number + 1) as f64);
        }
    }
}

#[test]
fn many_inputs() {
    many::<1>(1000);
    many::<7>(1000);
    many::<16>(40_000);
    many::<24>(5000);
}
