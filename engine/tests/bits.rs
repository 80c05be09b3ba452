//! Every loss of `losses.def`, read at run time, gives the bits that generated code gives.

use lossdef::losses::CATALOGUE;
use lossdef::spec::{AxisSpec, Domain, ParameterKind, Role, Spec};
use lossdef::{Loss, ReductionKind};
use lossdef_engine::any::{AnyArray, AnyView};
use lossdef_engine::{Module, load};
use ndarray::{ArrayD, IxDyn, Slice};

const TEXT: &str = include_str!("../../losses.def");

fn module() -> Module {
    load("losses.def", TEXT).expect("the losses of the crate compile")
}

/// Numbers that look random (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn inside(&mut self, domain: Option<&Domain>) -> f64 {
        match domain {
            None => 6.0 * self.next() - 3.0,
            Some(Domain::Interval { low, high, .. }) => {
                let (low, high) = (low.max(-3.0), high.min(low.max(-3.0) + 3.0));
                low + (high - low) * (0.01 + 0.98 * self.next())
            }
            Some(Domain::Set(values)) => values[(self.next() * values.len() as f64) as usize],
        }
    }
}

/// How arrays lie in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    Dense,
    Reversed,
    Sparse,
    Broadcast,
}

#[derive(Clone, Debug)]
enum Array {
    F32(ArrayD<f32>),
    F64(ArrayD<f64>),
    Bool(ArrayD<bool>),
    Int(ArrayD<i64>),
}

impl Array {
    fn view(&self, layout: Layout) -> AnyView<'_> {
        fn lay<T>(array: &ArrayD<T>, layout: Layout) -> ndarray::ArrayViewD<'_, T> {
            let mut view = array.view();
            if layout == Layout::Sparse {
                for axis in 0..view.ndim() {
                    view.slice_axis_inplace(ndarray::Axis(axis), Slice::from(..).step_by(2));
                }
            }
            view
        }
        match self {
            Array::F32(array) => lay(array, layout).into(),
            Array::F64(array) => lay(array, layout).into(),
            Array::Bool(array) => lay(array, layout).into(),
            Array::Int(array) => lay(array, layout).into(),
        }
    }
}

/// One array for each input, for these samples and this length of every other axis.
fn inputs(
    spec: &Spec,
    samples: &[usize],
    length: usize,
    single: bool,
    layout: Layout,
    seed: u64,
) -> Vec<Array> {
    let mut numbers = Numbers(seed);
    let size = |axis: &AxisSpec| match axis {
        AxisSpec::Samples => samples.to_vec(),
        AxisSpec::Named(name) => vec![length + name.len() % 2],
        AxisSpec::Group(_) => vec![2, length],
    };
    let classes = |name: &str| length + name.len() % 2;
    let make = |input: &lossdef::spec::InputSpec| {
        let mut shape: Vec<usize> = input.axes.iter().flat_map(size).collect();
        if layout == Layout::Broadcast && input.default.is_some() {
            shape.iter_mut().step_by(2).for_each(|length| *length = 1);
        }
        if layout == Layout::Sparse {
            shape.iter_mut().for_each(|length| *length = (2 * *length).saturating_sub(1));
        }
        let count: usize = shape.iter().product();
        let mut dimension = IxDyn(&shape);
        let mut reverse = false;
        if layout == Layout::Reversed {
            shape.reverse();
            (dimension, reverse) = (IxDyn(&shape), true);
        }
        let mut real = || numbers.inside(input.domain.as_ref());
        let turned = |array: ArrayD<f64>| if reverse { array.reversed_axes() } else { array };
        let reals = match input.role {
            Role::Real => (0..count).map(|_| real()).collect(),
            Role::Bool => (0..count).map(|_| (real() > 0.0) as u8 as f64).collect(),
            Role::Int => (0..count).map(|_| real().round()).collect(),
            Role::Index(axis) => {
                let ignores = spec.parameters.iter().any(|parameter| parameter.name == "ignore_index");
                let label = |x: f64| {
                    if ignores && x < -2.5 {
                        -100.0
                    } else {
                        ((x + 3.0) / 6.0 * classes(axis) as f64).floor()
                    }
                };
                (0..count).map(|_| label(real())).collect()
            }
            Role::Set(axis) => {
                let label = |x: f64| ((x + 3.0) / 6.0 * (classes(axis) + 1) as f64).floor() - 1.0;
                (0..count).map(|_| label(real())).collect::<Vec<f64>>()
            }
        };
        let array = turned(ArrayD::from_shape_vec(dimension, reals).unwrap());
        match input.role {
            Role::Real if single => Array::F32(array.map(|x| *x as f32)),
            Role::Real => Array::F64(array),
            Role::Bool => Array::Bool(array.map(|x| *x != 0.0)),
            _ => Array::Int(array.map(|x| *x as i64)),
        }
    };
    spec.inputs.iter().map(make).collect()
}

/// Several settings of the parameters; the first are the defaults.
fn settings(spec: &Spec) -> Vec<Vec<f64>> {
    let mut numbers = Numbers(9);
    let mut given = |parameter: &lossdef::spec::ParameterSpec| match parameter.kind {
        ParameterKind::Bool => (numbers.next() < 0.5) as u8 as f64,
        ParameterKind::Int if parameter.domain.is_none() => 1.0,
        _ => numbers.inside(parameter.domain.as_ref()).abs(),
    };
    let mut all = vec![spec.parameters.iter().map(|p| p.default.unwrap_or(1.0)).collect::<Vec<f64>>()];
    for _ in 0..2 {
        all.push(spec.parameters.iter().map(&mut given).collect());
    }
    for (number, parameter) in spec.parameters.iter().enumerate() {
        let others = match (parameter.kind, parameter.domain) {
            (ParameterKind::Bool, _) => vec![0.0, 1.0],
            (_, Some(Domain::Set(values))) => values.to_vec(),
            _ => continue,
        };
        for value in others {
            let mut setting = all[0].clone();
            setting[number] = value;
            all.push(setting);
        }
    }
    all
}

fn bits(array: &AnyArray) -> Vec<u64> {
    array.to_f64().iter().map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() }).collect()
}

/// Everything that a loss says about some inputs, in bits; or the error as text.
fn all(
    loss: &dyn Loss,
    arrays: &[Array],
    layout: Layout,
    parameters: &[f64],
    given: usize,
) -> Vec<Result<Vec<Vec<u64>>, String>> {
    let spec = loss.spec();
    let call = |wanted: usize| {
        let mut call = loss.call();
        for (number, (input, array)) in spec.inputs.iter().zip(arrays).enumerate() {
            if input.default.is_none() || (given >> number) & 1 == 1 {
                call = call.input(input.name, array.view(layout));
            }
        }
        for (parameter, value) in spec.parameters.iter().zip(parameters) {
            call = call.parameter(parameter.name, *value);
        }
        let present = |input: usize| spec.inputs[input].default.is_none() || (given >> input) & 1 == 1;
        for gradient in spec.gradients.iter().filter(|gradient| present(gradient.input)).take(wanted) {
            call = call.gradient(spec.inputs[gradient.input].name);
        }
        call
    };
    let mut results = Vec::new();
    for reduction in [ReductionKind::Mean, ReductionKind::Sum, ReductionKind::None, ReductionKind::BatchMean]
    {
        for wanted in [0, 1, usize::MAX] {
            let result = call(wanted)
                .reduction(reduction)
                .upstream(if reduction == ReductionKind::Sum { 1.7 } else { 1.0 })
                .evaluate();
            results.push(result.map_err(|error| error.to_string()).map(|result| {
                std::iter::once(bits(&result.value))
                    .chain(result.gradients.iter().map(|(_, g)| bits(g)))
                    .collect()
            }));
        }
    }
    let result = call(usize::MAX).partial();
    results.push(result.map_err(|error| error.to_string()).map(|result| {
        let numbers = vec![result.partial.mean().to_bits(), result.partial.sum().to_bits()];
        std::iter::once(numbers).chain(result.numerator_gradients.iter().map(|(_, g)| bits(g))).collect()
    }));
    results
}

fn compare(samples: &[usize], length: usize, layout: Layout) {
    let module = module();
    for (number, loss) in CATALOGUE.iter().enumerate() {
        let spec = loss.spec();
        let read = module.get(spec.name).expect("the same losses");
        // A matrix of two long axes would take long.
        let named = |axes: &[AxisSpec]| axes.iter().filter(|axis| **axis != AxisSpec::Samples).count();
        let matrix = spec.inputs.iter().any(|input| named(input.axes) > 1);
        let length = if matrix { length.min(40) } else { length };
        for single in [true, false] {
            let arrays = inputs(spec, samples, length, single, layout, number as u64);
            let mut computed = samples.contains(&0);
            for parameters in settings(spec) {
                for given in [usize::MAX, 0] {
                    let expected = all(loss, &arrays, layout, &parameters, given);
                    let found = all(&read, &arrays, layout, &parameters, given);
                    computed |= expected.iter().any(Result::is_ok);
                    assert!(
                        expected == found,
                        "{} at {samples:?} and {length}, {layout:?}, f32: {single}, {parameters:?}, given {given:b}\n{:?}",
                        spec.name,
                        expected.iter().zip(&found).enumerate().find(|(_, (a, b))| a != b)
                    );
                }
            }
            assert!(computed, "{}: nothing but errors at {samples:?}, {length}", spec.name);
        }
    }
}

#[test]
fn descriptions_are_equal() {
    let module = module();
    assert!(CATALOGUE.names().eq(module.names()));
    for loss in CATALOGUE.iter() {
        assert_eq!(Some(loss.spec()), module.get(loss.spec().name).map(|read| read.spec()));
    }
}

#[test]
fn results_are_equal_around_blocks() {
    for samples in [&[][..], &[0], &[1], &[33], &[513], &[3, 37]] {
        compare(samples, 5, Layout::Dense);
    }
}

#[test]
fn results_are_equal_along_long_rows() {
    for length in [33, 545] {
        compare(&[3], length, Layout::Dense);
    }
}

#[test]
fn results_are_equal_in_any_layout() {
    for layout in [Layout::Reversed, Layout::Sparse, Layout::Broadcast] {
        compare(&[5, 61], 7, layout);
        compare(&[2, 3], 40, layout);
    }
}
