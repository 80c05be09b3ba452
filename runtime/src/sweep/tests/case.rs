//! Sweeps drawn at random, and what a loop over indices makes of them.

use std::array::from_fn;

use crate::carrier::Fx;
use crate::kernel::{Kernel, Sample};
use crate::real::{Float, Real};
use crate::sweep::isa::{Bound, Isa};
use crate::sweep::{Demand, Operand, Sink, Strided, StridedMut, Sweep, Upstream, run_lanes};

/// Three inputs, two of them differentiable; no operation that an instruction set could fuse.
#[derive(Clone, Copy)]
pub(super) struct Odd<T> {
    pub(super) limit: T,
}

impl<T: Float> Kernel<T, 3, 2> for Odd<T> {
    const TRANSCENDENTAL: bool = false;

    #[inline(always)]
    fn gradients<R: Real<Scalar = T>>(&self, [x, t, w]: [R; 3]) -> Sample<R, 2> {
        let d = x - t;
        Sample {
            value: d * d * w,
            gradient: [(d + d) * w, d * d],
            valid: (x <= R::of(self.limit)) & (t.abs() >= R::lit(0.0)),
            kept: true,
        }
    }
}

/// A small generator, since layouts are drawn in one go.
pub(super) struct Draw(pub(super) u64);

impl Draw {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % n as u64) as usize
    }

    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// An array with a layout of its own.
#[derive(Clone)]
pub(super) struct Array<E> {
    pub(super) data: Vec<E>,
    pub(super) first: usize,
    pub(super) strides: Vec<isize>,
}

impl<E: Copy> Array<E> {
    pub(super) fn draw(
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

    pub(super) fn place(&self, index: &[usize]) -> usize {
        let offset: isize = index.iter().zip(&self.strides).map(|(i, s)| *i as isize * s).sum();
        self.first.wrapping_add_signed(offset)
    }

    pub(super) fn pointer(&self) -> *const E {
        self.data.as_ptr().wrapping_add(self.first)
    }
}

pub(super) enum Input<T> {
    Splat(T),
    Float(Array<T>),
    Bool(Array<bool>),
    Int(Array<i64>),
}

impl<T: Float> Input<T> {
    pub(super) fn draw(draw: &mut Draw, shape: &[usize]) -> Self {
        let float = |draw: &mut Draw| T::from_f64(draw.below(4001) as f64 / 1000.0 - 2.0);
        match draw.below(8) {
            0 => Input::Splat(float(draw)),
            1 => Input::Bool(Array::draw(draw, shape, true, |draw| draw.one_in(2))),
            2 => Input::Int(Array::draw(draw, shape, true, |draw| draw.below(5) as i64 - 2)),
            number => Input::Float(Array::draw(draw, shape, number > 4, float)),
        }
    }

    pub(super) fn operand(&self) -> Operand<'_, T> {
        match self {
            Input::Splat(value) => Operand::Splat(*value),
            Input::Float(a) => Operand::Float(Strided { pointer: a.pointer(), strides: &a.strides }),
            Input::Bool(a) => Operand::Bool(Strided { pointer: a.pointer(), strides: &a.strides }),
            Input::Int(a) => Operand::Int(Strided { pointer: a.pointer(), strides: &a.strides }),
        }
    }

    pub(super) fn at(&self, index: &[usize]) -> T {
        match self {
            Input::Splat(value) => *value,
            Input::Float(a) => a.data[a.place(index)],
            Input::Bool(a) => T::from_f64(f64::from(u8::from(a.data[a.place(index)]))),
            Input::Int(a) => T::from_f64(a.data[a.place(index)] as f64),
        }
    }
}

#[derive(Clone)]
pub(super) enum Output<T> {
    Discard,
    Store(Array<T>),
    Fold(Array<T>),
}

impl<T: Float> Output<T> {
    pub(super) fn draw(draw: &mut Draw, shape: &[usize]) -> Self {
        let old = |draw: &mut Draw| T::from_f64(draw.below(9) as f64);
        match draw.below(5) {
            0 => Output::Discard,
            1 | 2 => Output::Fold(Array::draw(draw, shape, true, old)),
            _ => Output::Store(Array::draw(draw, shape, false, old)),
        }
    }

    pub(super) fn sink(&mut self) -> Sink<'_, T> {
        let mutable = |a: &'_ mut Array<T>| a.data.as_mut_ptr().wrapping_add(a.first);
        match self {
            Output::Discard => Sink::Discard,
            Output::Store(a) => Sink::Store(StridedMut { pointer: mutable(a), strides: &a.strides }),
            Output::Fold(a) => Sink::Fold(StridedMut { pointer: mutable(a), strides: &a.strides }),
        }
    }

    pub(super) fn array(&self) -> Option<&Array<T>> {
        match self {
            Output::Discard => None,
            Output::Store(a) | Output::Fold(a) => Some(a),
        }
    }

    pub(super) fn bits(&self) -> Vec<u64> {
        self.array().map_or(Vec::new(), |a| a.data.iter().map(|x| x.to_f64().to_bits()).collect())
    }
}

pub(super) fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> {
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
pub(super) struct Case<T> {
    pub(super) shape: Vec<usize>,
    pub(super) inputs: [Input<T>; 3],
    pub(super) each: Option<Input<T>>,
    pub(super) values: Output<T>,
    pub(super) gradients: [Output<T>; 2],
    pub(super) demand: Demand,
    pub(super) accumulate: bool,
}

impl<T: Float> Case<T> {
    pub(super) fn draw(shape: &[usize], draw: &mut Draw) -> Self {
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

    pub(super) fn run(&mut self, isa: Isa, worthwhile: usize, limit: f64) -> Result<f64, usize> {
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
    pub(super) fn naive(&self) -> (f64, Output<T>, [Output<T>; 2]) {
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

    pub(super) fn outputs(&self) -> Vec<Vec<u64>> {
        std::iter::once(&self.values).chain(&self.gradients).map(Output::bits).collect()
    }
}
