//! The sweep against a loop over indices, for arrays of any layout.

use proptest::prelude::*;

use super::isa::Isa;
use super::*;
use crate::carrier::Fx;
use crate::kernel::Sample;
use crate::real::Real;

/// Three inputs, two of them differentiable; no operation that an instruction set could fuse.
#[derive(Clone, Copy)]
struct Odd<T> {
    limit: T,
}

impl<T: Float> Kernel<T, 3, 2> for Odd<T> {
    const TRANSCENDENTAL: bool = false;

    #[inline(always)]
    fn value<R: Real<Scalar = T>>(&self, inputs: [R; 3]) -> Sample<R, 0> {
        let Sample { value, valid, .. } = self.gradients(inputs);
        Sample { value, gradient: [], valid }
    }

    #[inline(always)]
    fn gradient<R: Real<Scalar = T>>(&self, inputs: [R; 3]) -> Sample<R, 1> {
        let Sample { value, gradient, valid } = self.gradients(inputs);
        Sample { value, gradient: [gradient[0]], valid }
    }

    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [x, t, w]: [R; 3]) -> Sample<R, 2> {
        let d = x - t;
        Sample { value: d * d * w, gradient: [(d + d) * w, d * d], valid: x <= R::of(self.limit) }
    }
}

/// A small generator, since layouts are drawn in one go.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// An array with a layout of its own.
#[derive(Clone)]
struct Array<E> {
    data: Vec<E>,
    first: usize,
    strides: Vec<isize>,
}

impl<E: Copy> Array<E> {
    fn draw(
        draw: &mut Draw,
        shape: &[usize],
        repeats: bool,
        mut element: impl FnMut(&mut Draw) -> E,
    ) -> Self {
        let axes = shape.len();
        let mut order: Vec<usize> = (0..axes).rev().collect();
        if draw.one_in(3) {
            for i in (1..axes).rev() {
                order.swap(i, draw.below(i + 1));
            }
        }
        let plain = draw.one_in(3);
        let mut strides = vec![0; axes];
        let (mut extent, mut first) = (1usize, 0usize);
        for axis in order {
            if repeats && draw.one_in(3) {
                continue;
            }
            if !plain && draw.one_in(4) {
                extent *= 2;
            }
            strides[axis] = extent as isize;
            if !plain && draw.one_in(4) {
                first += extent * (shape[axis].max(1) - 1);
                strides[axis] = -strides[axis];
            }
            extent *= shape[axis].max(1);
        }
        Array { data: (0..extent).map(|_| element(draw)).collect(), first, strides }
    }

    fn place(&self, index: &[usize]) -> usize {
        let offset: isize = index.iter().zip(&self.strides).map(|(i, s)| *i as isize * s).sum();
        self.first.wrapping_add_signed(offset)
    }

    fn pointer(&self) -> *const E {
        self.data.as_ptr().wrapping_add(self.first)
    }
}

enum Input<T> {
    Splat(T),
    Float(Array<T>),
    Bool(Array<bool>),
    Int(Array<i64>),
}

impl<T: Float> Input<T> {
    fn draw(draw: &mut Draw, shape: &[usize]) -> Self {
        let float = |draw: &mut Draw| T::from_f64(draw.below(4001) as f64 / 1000.0 - 2.0);
        match draw.below(8) {
            0 => Input::Splat(float(draw)),
            1 => Input::Bool(Array::draw(draw, shape, true, |draw| draw.one_in(2))),
            2 => Input::Int(Array::draw(draw, shape, true, |draw| draw.below(5) as i64 - 2)),
            number => Input::Float(Array::draw(draw, shape, number > 4, float)),
        }
    }

    fn operand(&self) -> Operand<'_, T> {
        match self {
            Input::Splat(value) => Operand::Splat(*value),
            Input::Float(a) => Operand::Float(Strided { pointer: a.pointer(), strides: &a.strides }),
            Input::Bool(a) => Operand::Bool(Strided { pointer: a.pointer(), strides: &a.strides }),
            Input::Int(a) => Operand::Int(Strided { pointer: a.pointer(), strides: &a.strides }),
        }
    }

    fn at(&self, index: &[usize]) -> T {
        match self {
            Input::Splat(value) => *value,
            Input::Float(a) => a.data[a.place(index)],
            Input::Bool(a) => T::from_f64(f64::from(u8::from(a.data[a.place(index)]))),
            Input::Int(a) => T::from_f64(a.data[a.place(index)] as f64),
        }
    }
}

#[derive(Clone)]
enum Output<T> {
    Discard,
    Store(Array<T>),
    Fold(Array<T>),
}

impl<T: Float> Output<T> {
    fn draw(draw: &mut Draw, shape: &[usize]) -> Self {
        let old = |draw: &mut Draw| T::from_f64(draw.below(9) as f64);
        match draw.below(5) {
            0 => Output::Discard,
            1 | 2 => Output::Fold(Array::draw(draw, shape, true, old)),
            _ => Output::Store(Array::draw(draw, shape, false, old)),
        }
    }

    fn sink(&mut self) -> Sink<'_, T> {
        let mutable = |a: &'_ mut Array<T>| a.data.as_mut_ptr().wrapping_add(a.first);
        match self {
            Output::Discard => Sink::Discard,
            Output::Store(a) => Sink::Store(StridedMut { pointer: mutable(a), strides: &a.strides }),
            Output::Fold(a) => Sink::Fold(StridedMut { pointer: mutable(a), strides: &a.strides }),
        }
    }

    fn array(&self) -> Option<&Array<T>> {
        match self {
            Output::Discard => None,
            Output::Store(a) | Output::Fold(a) => Some(a),
        }
    }

    fn bits(&self) -> Vec<u64> {
        self.array().map_or(Vec::new(), |a| a.data.iter().map(|x| x.to_f64().to_bits()).collect())
    }
}

fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let shape = shape.to_vec();
    (0..shape.iter().product()).map(move |mut flat: usize| {
        let mut index = vec![0; shape.len()];
        for axis in (0..shape.len()).rev() {
            index[axis] = flat % shape[axis];
            flat /= shape[axis];
        }
        index
    })
}

/// Everything a sweep needs, owned.
struct Case<T> {
    shape: Vec<usize>,
    inputs: [Input<T>; 3],
    each: Option<Input<T>>,
    values: Output<T>,
    gradients: [Output<T>; 2],
    demand: Demand,
    accumulate: bool,
}

impl<T: Float> Case<T> {
    fn draw(shape: &[usize], draw: &mut Draw) -> Self {
        Case {
            shape: shape.to_vec(),
            inputs: from_fn(|_| Input::draw(draw, shape)),
            each: draw.one_in(3).then(|| Input::draw(draw, shape)),
            values: if draw.one_in(2) { Output::Discard } else { Output::draw(draw, shape) },
            gradients: from_fn(|_| Output::draw(draw, shape)),
            demand: [Demand::Value, Demand::Gradient, Demand::Gradients, Demand::Gradients][draw.below(4)],
            accumulate: draw.one_in(4),
        }
    }

    fn run(&mut self, isa: Isa, worthwhile: usize, limit: f64) -> Result<f64, usize> {
        let sweep = Sweep {
            shape: &self.shape,
            inputs: self.inputs.each_ref().map(Input::operand),
            demand: self.demand,
            upstream: match &self.each {
                Some(input) => Upstream::Each(input.operand()),
                None => Upstream::Scale(0.5),
            },
            values: self.values.sink(),
            gradients: self.gradients.each_mut().map(Output::sink),
            accumulate: self.accumulate,
            check: true,
        };
        let kernel = Odd { limit: T::from_f64(limit) };
        run_lanes(&Bound { kernel, demand: self.demand, isa }, worthwhile, &sweep)
    }

    /// The sum, and what every sink must hold.
    fn naive(&self) -> (f64, Output<T>, [Output<T>; 2]) {
        let kernel = Odd { limit: T::from_f64(f64::INFINITY) };
        let (mut values, mut gradients) = (self.values.clone(), self.gradients.clone());
        let demanded = [0, 1, 2][self.demand as usize];
        let mut sum = 0.0;
        let mut folded: Vec<Vec<f64>> = Vec::new();
        for output in std::iter::once(&values).chain(&gradients) {
            folded.push(output.array().map_or(Vec::new(), |a| vec![0.0; a.data.len()]));
        }
        let mut touched = folded.clone();
        for index in indices(&self.shape) {
            let x = self.inputs.each_ref().map(|input| Fx::<T, false>::of(input.at(&index)));
            let sample = kernel.gradients(x);
            let factor = Fx::of(self.each.as_ref().map_or(T::from_f64(0.5), |each| each.at(&index)));
            let results = [sample.value, sample.gradient[0] * factor, sample.gradient[1] * factor];
            sum += results[0].get().to_f64();
            for (number, output) in [&self.values, &self.gradients[0], &self.gradients[1]].iter().enumerate()
            {
                if let Some(array) = output.array() {
                    folded[number][array.place(&index)] += results[number].get().to_f64();
                    touched[number][array.place(&index)] = 1.0;
                }
            }
        }
        for (number, output) in std::iter::once(&mut values).chain(&mut gradients).enumerate() {
            let add = number > 0 && self.accumulate;
            if number > demanded {
                continue;
            }
            if let Output::Store(array) | Output::Fold(array) = output {
                for (place, element) in array.data.iter_mut().enumerate() {
                    if touched[number][place] > 0.0 {
                        let old = if add { element.to_f64() } else { 0.0 };
                        *element = T::from_f64(old + folded[number][place]);
                    }
                }
            }
        }
        (sum, values, gradients)
    }

    fn outputs(&self) -> Vec<Vec<u64>> {
        std::iter::once(&self.values).chain(&self.gradients).map(Output::bits).collect()
    }
}

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
            let total = pool.install(|| case.run(Isa::best(), 0, f64::INFINITY)).unwrap();
            let bits = (total.to_bits(), case.outputs());
            assert_eq!(reference.get_or_insert_with(|| bits.clone()), &bits, "{threads} threads");
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
    fn value<R: Real<Scalar = T>>(&self, inputs: [R; I]) -> Sample<R, 0> {
        let Sample { value, valid, .. } = self.gradients(inputs);
        Sample { value, gradient: [], valid }
    }

    #[inline(always)]
    fn gradient<R: Real<Scalar = T>>(&self, inputs: [R; I]) -> Sample<R, 1> {
        let Sample { value, valid, .. } = self.gradients(inputs);
        Sample { value, gradient: [R::lit(1.0)], valid }
    }

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
