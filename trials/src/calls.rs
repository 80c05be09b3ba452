//! Calls of any loss: arrays for its inputs, numbers for its parameters, and what comes back.

use lossdef_runtime::any::{AnyArray, AnyView};
use lossdef_runtime::dynamic::{DynamicCall, Loss};
use lossdef_runtime::reduction::ReductionKind;
use lossdef_runtime::spec::{AxisSpec, Domain, InputSpec, ParameterKind, ParameterSpec, Role, Spec};
use ndarray::{ArrayD, IxDyn};

use crate::formulas::Choices;

/// Numbers at which formulas break.
const HOSTILE: [f64; 22] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    5e-324,
    -5e-324,
    1e-300,
    3.5e38,
    1e-40,
    710.0,
    -746.0,
    89.0,
    -104.0,
    9_007_199_254_740_993.0,
    2.5,
];

/// An array of a type that an input may have.
#[derive(Clone, Debug)]
pub(crate) enum Array {
    Single(ArrayD<f32>),
    Double(ArrayD<f64>),
    Truth(ArrayD<bool>),
    Whole(ArrayD<i64>),
}

impl Array {
    fn view(&self) -> AnyView<'_> {
        match self {
            Array::Single(array) => array.view().into(),
            Array::Double(array) => array.view().into(),
            Array::Truth(array) => array.view().into(),
            Array::Whole(array) => array.view().into(),
        }
    }

    /// The elements as numbers.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        match self {
            Array::Single(array) => array.iter().map(|x| f64::from(*x)).collect(),
            Array::Double(array) => array.iter().copied().collect(),
            Array::Truth(array) => array.iter().map(|x| f64::from(u8::from(*x))).collect(),
            Array::Whole(array) => array.iter().map(|x| *x as f64).collect(),
        }
    }

    /// The lengths of the axes.
    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Array::Single(array) => array.shape(),
            Array::Double(array) => array.shape(),
            Array::Truth(array) => array.shape(),
            Array::Whole(array) => array.shape(),
        }
    }
}

/// What arrays are like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// The number of samples.
    pub(crate) samples: usize,
    /// The length of every other axis, more or less.
    pub(crate) length: usize,
    /// Whether real inputs are in single precision.
    pub(crate) single: bool,
    /// Whether numbers may be any.
    pub(crate) hostile: bool,
}

/// Inputs and parameters of a call; optional inputs may be missing.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) inputs: Vec<Option<Array>>,
    pub(crate) parameters: Vec<f64>,
    /// A derivative with respect to the result.
    pub(crate) upstream: f64,
}

/// Random inputs and parameters.
pub(crate) fn given(spec: &Spec, scale: Scale, choices: &mut impl Choices) -> Given {
    let inputs = spec.inputs.iter().map(|input| {
        let missing = input.default.is_some() && choices.chance(40);
        (!missing).then(|| array(input, scale, choices))
    });
    let inputs = inputs.collect();
    let parameters = spec.parameters.iter().map(|own| parameter(own, choices)).collect();
    Given { inputs, parameters, upstream: 2.0 * choices.unit() - 0.75 }
}

/// The length of an axis; labels point into that.
fn length(name: &str, scale: Scale) -> usize {
    scale.length + name.bytes().next().map_or(0, |letter| usize::from(letter % 3))
}

fn array(input: &InputSpec, scale: Scale, choices: &mut impl Choices) -> Array {
    let of = |axis: &AxisSpec| match axis {
        AxisSpec::Samples => vec![scale.samples],
        // Samples that look at each other.
        AxisSpec::Named("n") => vec![scale.samples.min(5)],
        AxisSpec::Named(name) => vec![length(name, scale)],
        AxisSpec::Group(_) => vec![2, scale.length.min(3)],
    };
    let mut shape: Vec<usize> = input.axes.iter().flat_map(of).collect();
    if input.default.is_some() && choices.chance(30) {
        shape.iter_mut().for_each(|length| *length = 1);
    }
    let count = shape.iter().product();
    let element = |choices: &mut dyn FnMut() -> f64| choices();
    let mut number = || match input.role {
        Role::Real => real(input.domain.as_ref(), scale, choices),
        Role::Int => whole(input.domain.as_ref(), choices),
        Role::Bool => f64::from(u8::from(choices.chance(50))),
        Role::Index(axis) => choices.below(length(axis, scale)) as f64,
        // Lists that end early, and labels that come twice.
        Role::Set(axis) => choices.below(length(axis, scale) + 1) as f64 - 1.0,
    };
    let numbers: Vec<f64> = (0..count).map(|_| element(&mut number)).collect();
    let array = ArrayD::from_shape_vec(IxDyn(&shape), numbers).expect("that many numbers");
    match input.role {
        Role::Real if scale.single => Array::Single(array.mapv(|x| x as f32)),
        Role::Real => Array::Double(array),
        Role::Bool => Array::Truth(array.mapv(|x| x != 0.0)),
        _ => Array::Whole(array.mapv(|x| x as i64)),
    }
}

fn real(domain: Option<&Domain>, scale: Scale, choices: &mut impl Choices) -> f64 {
    if scale.hostile && choices.chance(40) {
        return *choices.pick(&HOSTILE);
    }
    let between = |low: f64, high: f64, part: f64| low + (high - low) * (0.01 + 0.98 * part);
    match domain {
        // Ties, and zeros.
        None if choices.chance(20) => *choices.pick(&[0.0, 1.0, -1.0, 0.5]),
        None => between(-1.6, 1.6, choices.unit()),
        Some(Domain::Interval { low, high, .. }) => {
            between(low.max(-1.6), high.min(low.max(-1.6) + 3.0), choices.unit())
        }
        Some(Domain::Set(values)) => values[choices.below(values.len())],
    }
}

fn whole(domain: Option<&Domain>, choices: &mut impl Choices) -> f64 {
    match domain {
        Some(Domain::Set(values)) => values[choices.below(values.len())],
        Some(Domain::Interval { low, high, .. }) => {
            let (low, high) = (low.max(-3.0).ceil(), high.min(4.0).floor());
            low + choices.below((high - low) as usize + 1) as f64
        }
        None => choices.below(7) as f64 - 3.0,
    }
}

fn parameter(own: &ParameterSpec, choices: &mut impl Choices) -> f64 {
    if let Some(default) = own.default.filter(|_| choices.chance(30)) {
        return default;
    }
    let tame = Scale { samples: 1, length: 1, single: false, hostile: false };
    match (own.kind, own.domain.as_ref()) {
        (ParameterKind::Bool, _) => f64::from(u8::from(choices.chance(50))),
        (ParameterKind::Int, domain) => whole(domain, choices),
        (ParameterKind::Real, domain) => real(domain, tame, choices),
    }
}

impl Given {
    /// A call with all gradients of the inputs that are given.
    pub(crate) fn call<'a>(&'a self, loss: &'a dyn Loss, reduction: ReductionKind) -> DynamicCall<'a> {
        let spec = loss.spec();
        let mut call = loss.call().reduction(reduction);
        for (input, array) in spec.inputs.iter().zip(&self.inputs) {
            if let Some(array) = array {
                call = call.input(input.name, array.view());
            }
        }
        for (parameter, value) in spec.parameters.iter().zip(&self.parameters) {
            call = call.parameter(parameter.name, *value);
        }
        for gradient in spec.gradients.iter().filter(|gradient| self.inputs[gradient.input].is_some()) {
            call = call.gradient(spec.inputs[gradient.input].name);
        }
        call
    }

    /// Everything that a loss says of these inputs, in bits; or the error as text.
    pub(crate) fn everything(&self, loss: &dyn Loss) -> Vec<Result<Vec<Vec<u64>>, String>> {
        let calls = [
            self.call(loss, ReductionKind::Mean),
            self.call(loss, ReductionKind::Mean).unchecked(),
            self.call(loss, ReductionKind::Sum).unchecked().upstream(self.upstream),
            self.call(loss, ReductionKind::None).unchecked().upstream(self.upstream),
        ];
        let mut results: Vec<Result<Vec<Vec<u64>>, String>> = calls
            .into_iter()
            .map(|call| {
                let found = call.evaluate().map_err(|error| error.to_string())?;
                let gradients = found.gradients.iter().map(|(_, gradient)| bits(gradient));
                Ok(std::iter::once(bits(&found.value)).chain(gradients).collect())
            })
            .collect();
        let mut call = self.call(loss, ReductionKind::Mean).unchecked();
        for input in loss.spec().divisor.iter().flat_map(|divisor| divisor.reads) {
            if self.inputs[*input].is_some() {
                call = call.denominator_gradient(loss.spec().inputs[*input].name);
            }
        }
        results.push(call.partial().map_err(|error| error.to_string()).map(|found| {
            let numbers = vec![found.partial.numerator, found.partial.denominator];
            let gradients = found.numerator_gradients.iter().chain(&found.denominator_gradients);
            std::iter::once(numbers.into_iter().map(bits_of).collect())
                .chain(gradients.map(|(_, gradient)| bits(gradient)))
                .collect()
        }));
        results
    }
}

/// The bits of numbers; those of a NaN mean nothing.
fn bits(array: &AnyArray) -> Vec<u64> {
    array.to_f64().iter().copied().map(bits_of).collect()
}

fn bits_of(x: f64) -> u64 {
    if x.is_nan() { u64::MAX } else { x.to_bits() }
}
