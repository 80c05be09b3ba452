//! Where a pair is compared: numbers of every size and the special ones, alone, crossed with each other, and in rows.

use lossdef_runtime::spec::{AxisSpec, Domain, InputSpec, Role, Spec};

use super::oracle::random::Random;

/// The length of every named axis.
pub const LENGTH: usize = 4;

/// How many samples are drawn where not all can be taken.
const DRAWN: usize = 8000;

/// A float type, as far as points depend on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Format {
    pub single: bool,
    /// The exponents of the smallest and the largest power of 2.
    exponents: (i32, i32),
    /// Exponentials of this are finite, those of a little more are not.
    end: f64,
}

pub const F32: Format = Format { single: true, exponents: (-149, 127), end: 88.0 };
pub const F64: Format = Format { single: false, exponents: (-1074, 1023), end: 709.0 };

impl Format {
    pub fn rounded(self, x: f64) -> f64 {
        if self.single { f64::from(x as f32) } else { x }
    }

    /// The next number away from 0.
    fn next(self, x: f64) -> f64 {
        if self.single { f64::from(f32::from_bits((x as f32).to_bits() + 1)) } else { x.next_up() }
    }

    /// Numbers that are not like others, without their signs.
    fn special(self) -> Vec<f64> {
        let largest = if self.single { f64::from(f32::MAX) } else { f64::MAX };
        let smallest = if self.single { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
        let around = |x: f64| [x / (1.0 + 1e-3), x, self.next(x), x * (1.0 + 1e-3)];
        let mut numbers = vec![0.0, f64::INFINITY, largest, smallest, f64::NAN];
        for x in [0.25, 0.5, 1.0, 2.0, self.end, self.end + 1.0] {
            numbers.extend(around(x));
        }
        numbers
    }

    /// Powers of 2 from end to end and numbers between them, without their signs.
    fn sizes(self, step: usize) -> impl Iterator<Item = f64> {
        (self.exponents.0..=self.exponents.1)
            .step_by(step)
            .flat_map(|exponent| {
                [1.0, 1.0 + 0.618 * f64::from(1 + exponent.rem_euclid(3)) / 2.0].map(|x| (x, exponent))
            })
            .map(|(x, exponent)| x * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2))
            .filter(|x| x.is_finite())
    }

    /// Numbers with both signs: every size where `step` is 1, and where exponentials do something.
    fn line(self, step: usize) -> Vec<f64> {
        let ordinary = (1..400 / step).map(|i| f64::from(i as u32) * (self.end + 20.0) * step as f64 / 400.0);
        let numbers = self.special().into_iter().chain(self.sizes(step)).chain(ordinary);
        let mut numbers: Vec<f64> = numbers.flat_map(|x| [x, -x]).map(|x| self.rounded(x)).collect();
        numbers.retain(|x| !x.is_infinite() || self.special().contains(&x.abs()));
        numbers
    }

    /// A number of any size, or an ordinary one.
    fn draw(self, random: &mut Random) -> f64 {
        let line = self.special();
        let sign = if random.unit() < 0.5 { -1.0 } else { 1.0 };
        let (low, high) = self.exponents;
        let x = match random.below(16) {
            0 => line[random.below(line.len())],
            1..=4 => {
                (1.0 + random.unit())
                    * 2f64.powf(f64::from(low) + 1.0 + random.unit() * f64::from(high - low - 2))
            }
            5..=7 => (1.0 + random.unit()) * 2f64.powi(random.below(20) as i32 - 14),
            8..=10 => (self.end + 20.0) * random.unit(),
            _ => 4.0 * random.unit(),
        };
        self.rounded(sign * x)
    }
}

/// The numbers of all inputs of some samples, input by input.
#[derive(Clone)]
pub struct Points {
    pub inputs: Vec<Vec<f64>>,
    pub samples: usize,
}

impl Points {
    /// The numbers of one sample.
    pub fn sample(&self, at: usize) -> Vec<Vec<f64>> {
        let numbers = |numbers: &Vec<f64>| {
            let each = numbers.len() / self.samples;
            numbers[at * each..(at + 1) * each].to_vec()
        };
        self.inputs.iter().map(numbers).collect()
    }

    /// Some of the samples, in this order.
    pub fn only(&self, samples: &[usize]) -> Points {
        let mut only = Points { inputs: vec![Vec::new(); self.inputs.len()], samples: samples.len() };
        for at in samples {
            only.inputs.iter_mut().zip(self.sample(*at)).for_each(|(all, own)| all.extend(own));
        }
        only
    }
}

/// Where losses with these inputs are compared.
pub fn points(spec: &Spec, format: Format) -> Points {
    let all_plain = spec.inputs.iter().all(|input| input.axes == [AxisSpec::Samples]);
    match spec.inputs.len() {
        1 if all_plain => crossed(spec, &[format.line(1)]),
        2 if all_plain => {
            let step = if format.single { 9 } else { 60 };
            let mut points = crossed(spec, &[format.line(step), format.line(step)]);
            beside(spec, format, &mut points);
            points
        }
        _ => drawn(spec, format),
    }
}

/// Every number of one input with every number of the other.
fn crossed(spec: &Spec, lines: &[Vec<f64>]) -> Points {
    let lines: Vec<Vec<f64>> =
        spec.inputs.iter().zip(lines).map(|(input, line)| allowed(input, line)).collect();
    let samples = lines.iter().map(Vec::len).product();
    let mut every = 1;
    let inputs = lines.iter().map(|line| {
        let numbers = (0..samples).map(|sample| line[sample / every % line.len()]).collect();
        every *= line.len();
        numbers
    });
    Points { inputs: inputs.collect(), samples }
}

/// Numbers that are nearly equal.
fn beside(spec: &Spec, format: Format, points: &mut Points) {
    let mut random = Random(5);
    for _ in 0..DRAWN / 2 {
        let x = format.draw(&mut random);
        let y = format.rounded(x + x * 2f64.powi(-(random.below(30) as i32)));
        if contains(&spec.inputs[0], x) && contains(&spec.inputs[1], y) {
            points.inputs[0].push(x);
            points.inputs[1].push(y);
            points.samples += 1;
        }
    }
}

fn drawn(spec: &Spec, format: Format) -> Points {
    let mut random = Random(3);
    let mut inputs: Vec<Vec<f64>> = vec![Vec::new(); spec.inputs.len()];
    for _ in 0..DRAWN {
        let offset = if random.unit() < 0.2 { format.draw(&mut random) } else { 0.0 };
        for (input, numbers) in spec.inputs.iter().zip(&mut inputs) {
            let named = input.axes.iter().filter(|axis| **axis != AxisSpec::Samples).count();
            for _ in 0..LENGTH.pow(named as u32) {
                numbers.push(match input.role {
                    Role::Real => element(input, offset, format, &mut random),
                    _ => random.below(LENGTH) as f64,
                });
            }
        }
    }
    Points { inputs, samples: DRAWN }
}

fn element(input: &InputSpec, offset: f64, format: Format, random: &mut Random) -> f64 {
    if let Some(Domain::Set(numbers)) = input.domain {
        return numbers[random.below(numbers.len())];
    }
    for _ in 0..20 {
        let x = format.rounded(offset + format.draw(random));
        if contains(input, x) {
            return x;
        }
    }
    0.5
}

/// Numbers that an input may be, NaN among them.
fn allowed(input: &InputSpec, line: &[f64]) -> Vec<f64> {
    match input.domain {
        Some(Domain::Set(numbers)) => numbers.to_vec(),
        _ => line.iter().copied().filter(|x| contains(input, *x)).collect(),
    }
}

fn contains(input: &InputSpec, x: f64) -> bool {
    match input.domain {
        None => true,
        Some(Domain::Set(numbers)) => numbers.contains(&x),
        Some(Domain::Interval { low, low_closed, high, high_closed }) => {
            x.is_nan() || (low < x || low_closed && low == x) && (x < high || high_closed && x == high)
        }
    }
}
