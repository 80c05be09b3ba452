//! Every loss of `losses.def`, and of `bits.def` with what those do without, gives read at run time the bits that
//! generated code gives.

use lossdef::spec::{AxisSpec, Domain, ParameterKind, Role, Spec};
use lossdef::{Catalogue, Loss, ReductionKind};
use lossdef_engine::any::{AnyArray, AnyView};
use lossdef_engine::dynamic::Evaluation;
use lossdef_engine::error::Error;
use lossdef_engine::{Module, load};
use ndarray::{ArrayD, IxDyn, ShapeBuilder, Slice};

mod more {
    lossdef::losses! { "tests/bits.def" }
}

/// Generated losses and the same ones read at run time.
fn both() -> [(&'static Catalogue, Module); 2] {
    let read = |text| load("losses.def", text).unwrap_or_else(|report| panic!("{report}"));
    [
        (&lossdef::losses::CATALOGUE, read(include_str!("../../losses.def"))),
        (&more::CATALOGUE, read(include_str!("bits.def"))),
    ]
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

/// What arrays are like.
#[derive(Clone, Copy, Debug)]
struct Case<'c> {
    samples: &'c [usize],
    /// Of every other axis.
    length: usize,
    layout: Layout,
    /// Whether numbers lie in their domains.
    inside: bool,
}

/// One array for each input.
fn inputs(spec: &Spec, case: Case<'_>, single: bool, seed: u64) -> Vec<Array> {
    let Case { samples, length, layout, inside } = case;
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
        let mut real = || numbers.inside(input.domain.as_ref().filter(|_| inside));
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
    let present = |input: usize| spec.inputs[input].default.is_none() || (given >> input) & 1 == 1;
    let call = |wanted: usize| {
        let mut call = loss.call();
        for (number, (input, array)) in spec.inputs.iter().zip(arrays).enumerate() {
            if present(number) {
                call = call.input(input.name, array.view(layout));
            }
        }
        for (parameter, value) in spec.parameters.iter().zip(parameters) {
            call = call.parameter(parameter.name, *value);
        }
        for gradient in spec.gradients.iter().filter(|gradient| present(gradient.input)).take(wanted) {
            call = call.gradient(spec.inputs[gradient.input].name);
        }
        call
    };
    let mut results = Vec::new();
    let mut push = |result: Result<Evaluation, Error>, beside: Option<AnyArray>| {
        results.push(result.map_err(|error| error.to_string()).map(|result| {
            let gradients = result.gradients.iter().map(|(_, gradient)| gradient);
            std::iter::once(&result.value).chain(gradients).chain(&beside).map(bits).collect()
        }));
    };
    for wanted in [0, 1, usize::MAX] {
        push(call(wanted).evaluate(), None);
    }
    push(call(usize::MAX).reduction(ReductionKind::Sum).upstream(1.7).evaluate(), None);
    push(call(usize::MAX).reduction(ReductionKind::BatchMean).evaluate(), None);
    let values = call(usize::MAX).unchecked().reduction(ReductionKind::None).evaluate();
    macro_rules! into_arrays {
        ($values:expr, $variant:ident) => {{
            let factors = $values.mapv(|x| if x.is_finite() { 0.5 + x } else { 2.0 });
            push(call(usize::MAX).reduction(ReductionKind::None).upstream_each(&factors).evaluate(), None);
            // In another order than the inputs.
            let mut buffer = ArrayD::zeros($values.raw_dim().f());
            let result = call(1).values_into(buffer.view_mut()).evaluate();
            push(result, Some(AnyArray::$variant(buffer)));
        }};
    }
    match values.as_ref().map(|result| &result.value) {
        Ok(AnyArray::F32(values)) => into_arrays!(values, F32),
        Ok(AnyArray::F64(values)) => into_arrays!(values, F64),
        Err(_) => {}
    }
    push(values, None);
    let mut partial = call(usize::MAX);
    for input in spec.divisor.iter().flat_map(|divisor| divisor.reads).filter(|input| present(**input)) {
        partial = partial.denominator_gradient(spec.inputs[*input].name);
    }
    let result = partial.partial();
    results.push(result.map_err(|error| error.to_string()).map(|result| {
        let numbers = vec![result.partial.mean().to_bits(), result.partial.sum().to_bits()];
        let gradients = result.numerator_gradients.iter().chain(&result.denominator_gradients);
        std::iter::once(numbers).chain(gradients.map(|(_, g)| bits(g))).collect()
    }));
    results
}

fn compare(case: Case<'_>) {
    for (generated, module) in both() {
        for (number, loss) in generated.iter().enumerate() {
            let read = module.get(loss.spec().name).expect("the same losses");
            compare_loss(loss, &read, case, number as u64);
        }
    }
}

fn compare_loss(loss: &dyn Loss, read: &dyn Loss, case: Case<'_>, seed: u64) {
    let spec = loss.spec();
    // A matrix of two long axes would take long.
    let named = |axes: &[AxisSpec]| axes.iter().filter(|axis| **axis != AxisSpec::Samples).count();
    let matrix = spec.inputs.iter().any(|input| named(input.axes) > 1);
    let case = Case { length: if matrix { case.length.min(40) } else { case.length }, ..case };
    let optional = spec.inputs.iter().any(|input| input.default.is_some());
    for single in [true, false] {
        let arrays = inputs(spec, case, single, seed);
        let mut computed = case.samples.contains(&0);
        for parameters in settings(spec) {
            for given in [usize::MAX, 0].into_iter().take(1 + usize::from(optional)) {
                let expected = all(loss, &arrays, case.layout, &parameters, given);
                let found = all(read, &arrays, case.layout, &parameters, given);
                computed |= expected.iter().any(Result::is_ok);
                assert!(
                    expected == found,
                    "{} at {case:?}, f32: {single}, {parameters:?}, given {given:b}\n{:?}",
                    spec.name,
                    expected.iter().zip(&found).enumerate().find(|(_, (a, b))| a != b)
                );
            }
        }
        assert!(computed, "{}: nothing but errors at {case:?}", spec.name);
    }
}

fn dense(samples: &[usize], length: usize) -> Case<'_> {
    Case { samples, length, layout: Layout::Dense, inside: true }
}

#[test]
fn descriptions_are_equal() {
    for (generated, module) in both() {
        assert!(generated.names().eq(module.names()));
        for loss in generated.iter() {
            assert_eq!(Some(loss.spec()), module.get(loss.spec().name).map(|read| read.spec()));
        }
    }
}

#[test]
fn results_are_equal_around_blocks() {
    for samples in [&[][..], &[0], &[1], &[33], &[3, 37]] {
        compare(dense(samples, 5));
    }
}

#[test]
fn results_are_equal_in_several_blocks() {
    let elementwise = |loss: &&dyn Loss| loss.spec().is_elementwise();
    for (generated, module) in both() {
        for loss in generated.iter().filter(elementwise) {
            // More than the 64 groups of 32 that a tape runs at a time.
            compare_loss(loss, &module.get(loss.spec().name).unwrap(), dense(&[2501], 1), 7);
        }
    }
}

#[test]
fn results_are_equal_along_long_rows() {
    compare(dense(&[3], 33));
    let [(generated, module), _] = both();
    for name in
        ["cross_entropy", "multi_margin", "multilabel_soft_margin", "triplet_margin", "cosine_embedding"]
    {
        let loss = generated.get(name).expect("it is there");
        // More than the 64 groups of 32 that a tape runs at a time.
        for length in [545, 2113] {
            compare_loss(loss, &module.get(name).unwrap(), dense(&[2], length), 5);
        }
    }
}

#[test]
fn results_are_equal_in_any_layout() {
    for layout in [Layout::Reversed, Layout::Sparse, Layout::Broadcast] {
        compare(Case { layout, ..dense(&[5, 13], 7) });
        compare(Case { layout, ..dense(&[2, 3], 40) });
    }
}

#[test]
fn results_and_errors_are_equal_outside_of_domains() {
    compare(Case { inside: false, ..dense(&[41], 6) });
}

#[test]
fn results_are_equal_with_threads() {
    let [(generated, module), _] = both();
    let long = [("huber", 1 << 20, 1), ("soft_margin", 1 << 18, 1), ("cross_entropy", 1 << 15, 9)];
    for (name, samples, length) in long {
        let loss = generated.get(name).expect("it is there");
        let spec = loss.spec();
        let arrays = inputs(spec, dense(&[samples + 77], length), true, 3);
        let result = |loss: &dyn Loss| {
            let call =
                spec.inputs.iter().zip(&arrays).fold(loss.call(), |call, (input, array)| {
                    call.input(input.name, array.view(Layout::Dense))
                });
            let result = call.gradient(spec.inputs[0].name).evaluate().unwrap();
            (bits(&result.value), bits(&result.gradients[0].1))
        };
        assert!(result(loss) == result(&module.get(name).unwrap()), "{name}");
    }
}
