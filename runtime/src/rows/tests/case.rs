//! What tests have in common: arrays with any strides, and calls in both layouts.

use std::ops::Range;

use crate::real::Float;
use crate::rows::layout::Layout;
use crate::rows::plan::Plan;
use crate::rows::{
    Data, Elements, Fault, Labels, Lanes, Program, RowAxis, RowInput, RowTarget, Rows, shards,
};
use crate::sweep::{Demand, StridedMut, Upstream};

/// Declares a stage: `stage!(Name [Kind, ..] |[inputs], position| outputs)`.
macro_rules! stage {
    ($name:ident [$($kind:ident),*] |[$($input:ident),*], $position:ident| $outputs:expr) => {
        #[derive(Clone, Copy)]
        struct $name;

        impl<T: $crate::real::Float>
            $crate::rows::Stage<T, { [$(stringify!($input)),*].len() }, { [$(stringify!($kind)),*].len() }>
            for $name
        {
            const KINDS: [$crate::rows::Kind; [$(stringify!($kind)),*].len()] =
                [$($crate::rows::Kind::$kind),*];

            #[inline(always)]
            fn run<R: $crate::real::Real<Scalar = T>>(
                &self,
                [$($input),*]: [R; [$(stringify!($input)),*].len()],
                $position: R,
            ) -> [R; [$(stringify!($kind)),*].len()] {
                let _ = $position;
                $outputs
            }
        }
    };
}
pub(super) use stage;

/// Numbers that look random.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }

    pub(super) fn number(&mut self) -> f64 {
        self.next() as f64 / (1u64 << 31) as f64 * 4.0 - 2.0
    }
}

/// How an array lies in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Order {
    RowMajor,
    ColumnMajor,
    /// Row-major, backwards along every axis.
    Backwards,
    /// Row-major, with gaps.
    Gaps,
}

pub(super) const ORDERS: [Order; 4] = [Order::RowMajor, Order::ColumnMajor, Order::Backwards, Order::Gaps];

/// An array.
#[derive(Clone, Debug)]
pub(super) struct Array<U> {
    pub(super) memory: Vec<U>,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<isize>,
    pub(super) start: isize,
}

impl<U: Copy + Default> Array<U> {
    pub(super) fn new(shape: &[usize], order: Order, mut element: impl FnMut(&[usize]) -> U) -> Self {
        let mut strides = vec![0isize; shape.len()];
        let mut size = 1;
        let axes: Vec<usize> = match order {
            Order::ColumnMajor => (0..shape.len()).collect(),
            _ => (0..shape.len()).rev().collect(),
        };
        for axis in axes {
            let gap = if order == Order::Gaps { 3 } else { 1 };
            strides[axis] = size as isize * gap;
            size *= shape[axis].max(1) * gap as usize;
        }
        let mut start = 0;
        if order == Order::Backwards {
            for (stride, length) in strides.iter_mut().zip(shape) {
                start += *stride * (*length as isize - 1).max(0);
                *stride = -*stride;
            }
        }
        let mut array = Array { memory: vec![U::default(); size], shape: shape.to_vec(), strides, start };
        let count: usize = shape.iter().product();
        for number in 0..count {
            let index = unravel(number, shape);
            let at = array.at(&index);
            array.memory[at] = element(&index);
        }
        array
    }

    fn at(&self, index: &[usize]) -> usize {
        let offset: isize = index.iter().zip(&self.strides).map(|(i, s)| *i as isize * s).sum();
        (self.start + offset) as usize
    }

    pub(super) fn get(&self, index: &[usize]) -> U {
        self.memory[self.at(index)]
    }

    pub(super) fn pointer(&self) -> *const U {
        self.memory.as_ptr().wrapping_offset(self.start)
    }

    /// An axis of this array: a plain one, or the axes of the sample shape in `samples`, which has `rank`
    /// axes.
    pub(super) fn axis(&self, axis: usize) -> RowAxis<'static> {
        RowAxis { steps: vec![(self.shape[axis], self.strides[axis])].leak(), samples: &[] }
    }

    pub(super) fn group(&self, axes: Range<usize>) -> RowAxis<'static> {
        let steps: Vec<_> = axes.map(|axis| (self.shape[axis], self.strides[axis])).collect();
        RowAxis { steps: steps.leak(), samples: &[] }
    }

    /// The first `count` axes, which are those of the sample shape.
    pub(super) fn samples(&self, count: usize) -> RowAxis<'static> {
        RowAxis { steps: &[], samples: self.strides[..count].to_vec().leak() }
    }
}

impl<T: Float> Array<T> {
    pub(super) fn input(&self, axes: Vec<RowAxis<'static>>) -> RowInput<'_, T> {
        RowInput { data: Data::Float(Elements::new(self.pointer())), axes: axes.leak() }
    }

    pub(super) fn target(&mut self, axes: Vec<RowAxis<'static>>) -> RowTarget<'static, T> {
        RowTarget { pointer: self.memory.as_mut_ptr().wrapping_offset(self.start), axes: axes.leak() }
    }
}

pub(super) fn unravel(mut number: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (place, length) in index.iter_mut().zip(shape).rev() {
        *place = number % length;
        number /= length;
    }
    index
}

/// A call that asks for everything.
pub(super) fn call<'a, T: Float>(
    program: &'a Program<'a>,
    stages: &'a [&'a dyn Lanes<T>],
    shape: &'a [usize],
    sizes: &'a [usize],
    inputs: &'a [RowInput<'a, T>],
    labels: &'a [Labels],
    gradients: &'a [Option<RowTarget<'a, T>>],
) -> Rows<'a, T> {
    Rows {
        program,
        stages,
        shape,
        sizes,
        inputs,
        labels,
        positions: &[],
        demand: Demand::Gradients,
        first: Some(0),
        upstream: Upstream::Scale(1.0),
        values: None::<&StridedMut<'_, T>>,
        gradients,
        accumulate: false,
        check: true,
    }
}

/// Runs a call in a layout.
pub(super) fn run<T: Float>(rows: &Rows<'_, T>, layout: Option<Layout>) -> Result<f64, Fault> {
    let plan = Plan::new(rows, layout)?;
    // SAFETY: tests describe arrays by their own strides.
    unsafe { shards::run(rows, &plan) }
}

pub(super) const LAYOUTS: [Option<Layout>; 3] = [None, Some(Layout::Along), Some(Layout::Across)];

/// Whether two numbers are the same up to rounding.
#[track_caller]
pub(super) fn close(a: f64, b: f64, tolerance: f64, what: impl std::fmt::Debug) {
    let same =
        a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()));
    assert!(same, "{a} is not {b}: {what:?}");
}

pub(super) fn threads<R: Send>(number: usize, then: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(number).build().unwrap().install(then)
}
