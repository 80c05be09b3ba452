//! Calls of any loss whose results are compared to the last bit: arrays are made once, and results are kept as one
//! number for each array, made of all of its bits.

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(unreachable_pub, reason = "what is public here is public to the test program")]

pub mod contexts;
pub mod plans;
pub mod sets;

use lossdef_runtime::any::{AnyArray, AnyView};
use lossdef_runtime::dynamic::{DynamicCall, Loss};
use lossdef_runtime::partial::Partial;
use lossdef_runtime::reduction::ReductionKind;
use lossdef_runtime::spec::{AxisSpec, Role};
use lossdef_runtime::{rows, sweep};
use ndarray::{ArrayD, Axis, IxDyn};

use self::plans::facts;
use crate::given::Given;
use crate::given::points::{complete, sizes};
use crate::oracle::random::Random;

/// An array of a call.
#[derive(Clone, Debug)]
pub enum Array {
    Single(ArrayD<f32>),
    Double(ArrayD<f64>),
    Truths(ArrayD<bool>),
    Labels(ArrayD<i64>),
}

impl Array {
    fn real(array: &ArrayD<f64>, single: bool) -> Array {
        if single { Array::Single(array.mapv(|x| x as f32)) } else { Array::Double(array.clone()) }
    }

    pub fn view(&self) -> AnyView<'_> {
        match self {
            Array::Single(array) => array.into(),
            Array::Double(array) => array.into(),
            Array::Truths(array) => array.into(),
            Array::Labels(array) => array.into(),
        }
    }

    pub fn shape(&self) -> &[usize] {
        match self {
            Array::Single(array) => array.shape(),
            Array::Double(array) => array.shape(),
            Array::Truths(array) => array.shape(),
            Array::Labels(array) => array.shape(),
        }
    }
}

/// What a call is asked for, beside all gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Mean,
    Sum,
    /// One value per sample, with a derivative from above for each.
    Each,
    /// Numerator and denominator, and the gradients of both.
    Partial,
}

pub const WAYS: [Way; 4] = [Way::Mean, Way::Sum, Way::Each, Way::Partial];

/// For each result its name and all its bits, stirred. All NaN are one.
pub type Bits = Vec<(String, u64)>;

/// A call with all of its arrays.
#[derive(Clone, Debug)]
pub struct Exact {
    pub loss: &'static dyn Loss,
    /// Whether real arrays are `f32`.
    pub single: bool,
    pub arrays: Vec<(&'static str, Array)>,
    parameters: Vec<(&'static str, f64)>,
    upstream: Array,
}

impl Exact {
    pub fn new(given: &Given, single: bool) -> Exact {
        let array = |(name, array): (&&'static str, &ArrayD<f64>)| {
            let array = match given.spec(name).role {
                Role::Real => Array::real(array, single),
                Role::Bool => Array::Truths(array.mapv(|x| x != 0.0)),
                _ => Array::Labels(array.mapv(|x| x as i64)),
            };
            (*name, array)
        };
        let samples = IxDyn(&given.samples());
        let mut next = 0.0;
        let upstream = ArrayD::from_shape_simple_fn(samples, || {
            next = (next + 0.618_033_988_75) % 1.0;
            2.0 * next - 0.5
        });
        Exact {
            loss: given.loss,
            single,
            arrays: given.inputs.iter().map(array).collect(),
            parameters: given.parameters.iter().map(|(name, value)| (*name, *value)).collect(),
            upstream: Array::real(&upstream, single),
        }
    }

    /// Another loss that takes the same inputs.
    pub fn with(mut self, loss: &'static dyn Loss) -> Exact {
        self.loss = loss;
        self
    }

    /// The call with all inputs, which asks for all gradients.
    fn call(&self) -> DynamicCall<'_> {
        let mut call = self.loss.call();
        for (name, array) in &self.arrays {
            call = call.input(name, array.view());
        }
        for (name, value) in &self.parameters {
            call = call.parameter(name, *value);
        }
        let gradients = self.loss.spec().gradients.iter();
        for gradient in gradients.map(|gradient| self.loss.spec().inputs[gradient.input].name) {
            if self.arrays.iter().any(|(name, _)| *name == gradient) {
                call = call.gradient(gradient);
            }
        }
        call
    }

    /// All results by name.
    pub fn results(&self, way: Way) -> Vec<(String, AnyArray)> {
        let kind = match way {
            Way::Mean => ReductionKind::Mean,
            Way::Sum => ReductionKind::Sum,
            Way::Each => ReductionKind::None,
            Way::Partial => return self.partial(),
        };
        let mut call = self.call().reduction(kind);
        call = if way == Way::Each { call.upstream_each(self.upstream.view()) } else { call.upstream(1.7) };
        let found = call.evaluate().unwrap_or_else(|error| panic!("{error}"));
        let gradients = found.gradients.into_iter().map(|(name, array)| (format!("d/d{name}"), array));
        std::iter::once((String::from("value"), found.value)).chain(gradients).collect()
    }

    /// The numerator and the denominator.
    pub fn numbers(&self) -> Partial {
        self.call().partial().unwrap_or_else(|error| panic!("{error}")).partial
    }

    fn partial(&self) -> Vec<(String, AnyArray)> {
        let spec = self.loss.spec();
        let mut call = self.call();
        for input in spec.divisor.iter().flat_map(|divisor| divisor.reads) {
            let name = spec.inputs[*input].name;
            if self.arrays.iter().any(|(own, _)| *own == name) {
                call = call.denominator_gradient(name);
            }
        }
        let found = call.partial().unwrap_or_else(|error| panic!("{error}"));
        let number = |x: f64| AnyArray::from(ArrayD::from_elem(IxDyn(&[]), x));
        let (sum, divisor) = (found.partial.numerator, found.partial.denominator);
        let mut all =
            vec![(String::from("numerator"), number(sum)), (String::from("denominator"), number(divisor))];
        for (of, gradients) in
            [("numerator", found.numerator_gradients), ("denominator", found.denominator_gradients)]
        {
            all.extend(gradients.into_iter().map(|(name, array)| (format!("d {of}/d{name}"), array)));
        }
        all
    }

    /// The bits of all results.
    pub fn bits(&self, way: Way) -> Bits {
        self.results(way).into_iter().map(|(name, array)| (name, stirred(&array))).collect()
    }
}

fn stirred(array: &AnyArray) -> u64 {
    let stir = |all: u64, bits: u64| (all ^ bits).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    match array {
        AnyArray::F32(array) => {
            array.iter().fold(1, |all, x| stir(all, if x.is_nan() { 0 } else { u64::from(x.to_bits()) + 1 }))
        }
        AnyArray::F64(array) => {
            array.iter().fold(1, |all, x| stir(all, if x.is_nan() { u64::MAX } else { x.to_bits() }))
        }
    }
}

/// The losses of `losses.def`.
pub fn losses() -> impl Iterator<Item = &'static dyn Loss> {
    lossdef::losses::CATALOGUE.iter()
}

/// A call with axes of these lengths (two named ones at most) and all inputs.
pub fn whole(loss: &'static dyn Loss, samples: &[usize], named: [usize; 2], seed: u64) -> Given {
    let sizes = sizes(loss, samples, &named);
    complete(loss, &sizes, &mut Random(seed))
}

/// Calls so large that threads share them: with short rows, and with long ones.
pub fn large(loss: &'static dyn Loss, seed: u64) -> Vec<Given> {
    let spec = loss.spec();
    let named = spec.axes.iter().filter(|axis| **axis != AxisSpec::Samples).count();
    let set = spec.inputs.iter().any(|input| matches!(input.role, Role::Set(_)));
    let shapes: Vec<(Vec<usize>, [usize; 2])> = match named {
        0 => vec![(vec![sweep::worthwhile(facts(spec.name).transcendental).div_ceil(5) + 13, 5], [1, 1])],
        // The samples have a name, and look at each other or not.
        _ if spec.samples != [0] && facts(spec.name).contracts => vec![(vec![], [301, 31])],
        _ if spec.samples != [0] => vec![(vec![], [301, 1000])],
        // Sums of matrices for each shard, and one that all share.
        _ if facts(spec.name).contracts => vec![(vec![9001], [7, 5]), (vec![100], [300, 11])],
        // Every label meets every class.
        _ if set => vec![(vec![3701], [9, 9]), (vec![97], [67, 70])],
        _ => vec![(vec![29_501], [9, 9]), (vec![4001], [67, 70])],
    };
    let all: Vec<Given> = shapes.iter().map(|(samples, named)| whole(loss, samples, *named, seed)).collect();
    for given in &all {
        assert!(work(given) >= least(loss), "{}: one thread does all", spec.name);
    }
    all
}

/// About how many elements the longest pass over a call visits.
fn work(given: &Given) -> usize {
    let spec = given.loss.spec();
    let samples: usize = given.samples().iter().product();
    let sampled = |name| {
        let axes = given.spec(name).axes;
        spec.samples.iter().any(|axis| axes.contains(&spec.axes[*axis]))
    };
    let rows = given.inputs.iter().map(|(name, array)| array.len() / if sampled(name) { samples } else { 1 });
    let longest = rows.max().unwrap_or(1);
    // Every sample looks at all others, or every label at all positions.
    let others = if spec.samples != [0] && facts(spec.name).contracts { samples } else { 1 };
    let sets = spec.inputs.iter().filter(|input| matches!(input.role, Role::Set(_))).count();
    samples * others * longest.pow(1 + sets as u32)
}

/// From how many elements on threads share a call.
fn least(loss: &dyn Loss) -> usize {
    match loss.spec().is_elementwise() {
        true => sweep::worthwhile(facts(loss.spec().name).transcendental),
        false => rows::WORTHWHILE,
    }
}

/// The parts of a call along the first sample axis, where partial results of parts can be merged.
pub fn parts(given: &Given, count: usize) -> Vec<Given> {
    let spec = given.loss.spec();
    let samples = given.samples();
    if !spec.additive || samples.is_empty() {
        return Vec::new();
    }
    let border = |number: usize| number * samples[0] / count;
    let part = |number: usize| {
        let mut part = given.clone();
        for (name, array) in &mut part.inputs {
            let axes = given.spec(name).axes;
            let whole = array.ndim() + 1 == samples.len() + axes.len() && array.shape()[0] == samples[0];
            if axes.first() == Some(&AxisSpec::Samples) && whole {
                *array = array.slice_axis(Axis(0), (border(number)..border(number + 1)).into()).to_owned();
            }
        }
        part
    };
    (0..count).map(part).collect()
}
