//! The two losses of a pair at the same points: how far apart they are, in units of the last place.

use std::fmt::{self, Display, Formatter};

use lossdef_runtime::any::{AnyArray, AnyView};
use lossdef_runtime::dynamic::Loss;
use lossdef_runtime::reduction::ReductionKind;
use lossdef_runtime::spec::{AxisSpec, Role};
use ndarray::{ArrayD, IxDyn};

use super::exceptions::{At, Exception};
use super::points::{Format, LENGTH, Points};

/// What two texts of one function may differ by, in units of the last place.
pub const MOST: u64 = 2;

/// The largest distance of one result, where that is too large.
pub struct Worst {
    /// `value`, or the input whose gradient it is.
    pub what: String,
    pub ulps: u64,
    /// That of the naive text and that of the stable one.
    pub results: [f64; 2],
    /// The numbers of each input.
    pub sample: Vec<Vec<f64>>,
}

impl Display for Worst {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [naive, stable] = self.results;
        let (what, ulps, sample) = (&self.what, self.ulps, &self.sample);
        write!(f, "{what}: {ulps} ULP apart, {naive:e} and {stable:e}, at {sample:?}")
    }
}

enum Array {
    Single(ArrayD<f32>),
    Double(ArrayD<f64>),
    Labels(ArrayD<i64>),
}

/// All results of a loss: the values, and the gradients by name.
fn results(loss: &dyn Loss, points: &Points, format: Format) -> Vec<(String, AnyArray)> {
    let spec = loss.spec();
    let array = |(input, numbers): (&lossdef_runtime::spec::InputSpec, &Vec<f64>)| {
        let size = |axis: &AxisSpec| if *axis == AxisSpec::Samples { points.samples } else { LENGTH };
        let shape: Vec<usize> = input.axes.iter().map(size).collect();
        let array = ArrayD::from_shape_vec(IxDyn(&shape), numbers.clone()).expect("one number per element");
        match input.role {
            Role::Real if format.single => Array::Single(array.mapv(|x| x as f32)),
            Role::Real => Array::Double(array),
            _ => Array::Labels(array.mapv(|x| x as i64)),
        }
    };
    let arrays: Vec<Array> = spec.inputs.iter().zip(&points.inputs).map(array).collect();
    let mut call = loss.call().unchecked().reduction(ReductionKind::None);
    for (input, array) in spec.inputs.iter().zip(&arrays) {
        let view: AnyView<'_> = match array {
            Array::Single(array) => array.into(),
            Array::Double(array) => array.into(),
            Array::Labels(array) => array.into(),
        };
        call = call.input(input.name, view);
    }
    for gradient in spec.gradients {
        call = call.gradient(spec.inputs[gradient.input].name);
    }
    let found = call.evaluate().unwrap_or_else(|error| panic!("{error}"));
    let gradients = found.gradients.into_iter().map(|(name, array)| (name.to_owned(), array));
    std::iter::once((String::from("value"), found.value)).chain(gradients).collect()
}

/// The distance of two numbers: how many lie between them, and one more; none where both are NaN.
fn distance(a: f64, b: f64, format: Format) -> u64 {
    if a == b || a.is_nan() && b.is_nan() {
        return 0;
    }
    if !a.is_finite() || !b.is_finite() {
        return u64::MAX;
    }
    let place = |x: f64| {
        let magnitude =
            if format.single { u64::from((x.abs() as f32).to_bits()) } else { x.abs().to_bits() } as i128;
        if x < 0.0 { -magnitude } else { magnitude }
    };
    (place(a) - place(b)).unsigned_abs() as u64
}

/// The steps by which inputs are moved: a root of the spacing of numbers near 1.
const STEPS: [f64; 2] = [1.0 / 4096.0, 1.0 / 67_108_864.0];

/// By how much the last bit of the inputs moves the results of some samples.
fn moved(loss: &dyn Loss, points: &Points, format: Format, result: usize) -> Vec<f64> {
    let step = STEPS[usize::from(!format.single)];
    let at = |points: &Points| results(loss, points, format)[result].1.to_f64();
    let here = at(points);
    let mut total = vec![0.0; here.len()];
    for (input, numbers) in points.inputs.iter().enumerate() {
        if loss.spec().inputs[input].role != Role::Real {
            continue;
        }
        let each = numbers.len() / points.samples;
        for place in 0..each {
            let mut beside = points.clone();
            let own = beside.inputs[input].iter_mut().skip(place).step_by(each);
            own.for_each(|x| *x = format.rounded(*x * (1.0 + step)));
            let moves =
                at(&beside).iter().zip(&here).map(|(a, b)| (a - b).abs() * step * 2.0).collect::<Vec<f64>>();
            total.iter_mut().zip(moves).for_each(|(total, one)| *total += one);
        }
    }
    total
}

/// A point at which two texts differ: its place among the results, by how much, and both results.
type Apart = (usize, u64, f64, f64);

/// Compares two losses, where no exception holds; of each exception, tells whether it was needed.
pub fn compare(
    pair: [&dyn Loss; 2],
    points: &Points,
    format: Format,
    exceptions: &[&Exception],
) -> (Vec<Worst>, Vec<bool>) {
    let [naive, stable] = pair.map(|loss| results(loss, points, format));
    let mut needed = vec![false; exceptions.len()];
    let mut all = Vec::new();
    for (result, ((what, one), (_, other))) in naive.iter().zip(&stable).enumerate() {
        let (one, other) = (one.to_f64(), other.to_f64());
        let each = one.len() / points.samples;
        let distances = one.iter().zip(&other).map(|(a, b)| (distance(*a, *b, format), *a, *b)).enumerate();
        let mut apart: Vec<Apart> = distances
            .filter(|(_, (ulps, ..))| *ulps > MOST)
            .map(|(at, (ulps, a, b))| (at, ulps, a, b))
            .collect();
        for (number, exception) in exceptions.iter().enumerate() {
            if apart.is_empty() || !(exception.of.is_empty() || exception.of.contains(&what.as_str())) {
                continue;
            }
            let before = apart.len();
            match exception.at {
                At::Samples(holds) => apart.retain(|(at, ..)| !holds(&points.sample(at / each))),
                At::Within(most) => apart.retain(|(_, ulps, ..)| *ulps > most),
                At::IllConditioned => {
                    let samples: Vec<usize> = apart.iter().map(|(at, ..)| at / each).collect();
                    let moves = moved(pair[1], &points.only(&samples), format, result);
                    let own =
                        apart.iter().enumerate().map(|(place, (at, ..))| moves[place * each + at % each]);
                    let mut own = own.collect::<Vec<f64>>().into_iter();
                    apart.retain(|(_, _, a, b)| own.next().is_none_or(|moved| (a - b).abs() > moved));
                }
            }
            needed[number] |= apart.len() < before;
        }
        let worst = apart.into_iter().max_by_key(|(_, ulps, ..)| *ulps);
        if let Some((at, ulps, a, b)) = worst {
            all.push(Worst { what: what.clone(), ulps, results: [a, b], sample: points.sample(at / each) });
        }
    }
    (all, needed)
}
