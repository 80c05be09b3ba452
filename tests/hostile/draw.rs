//! Random calls of any loss, most of which are right in most respects.

use lossdef_runtime::dynamic::Loss;
use lossdef_runtime::reduction::ReductionKind;
use lossdef_runtime::spec::{AxisSpec, Domain, InputSpec, ParameterKind, ParameterSpec, Role, Spec};

use super::call::{Case, Target};
use super::memory::{Buffer, Memory, Stored, WHOLE, Wild};
use crate::oracle::random::Random;

/// Lengths around those at which something changes: lanes, blocks, tiles, periods, short rows and long ones.
const LENGTHS: [usize; 34] = [
    0, 1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 95, 96, 97, 127, 128, 129, 255,
    256, 257, 341, 511, 1023, 1024, 1025,
];
/// Lengths around a chunk of an elementwise loss.
const CHUNKS: [usize; 4] = [32_767, 32_768, 32_769, 65_537];
/// The most elements of a call, and the most steps of its longest loops.
const MOST: usize = 6000;
const STEPS: usize = 60_000;

/// Numbers that break formulas.
const HOSTILE: [f64; 18] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    1e-310,
    -1e-310,
    1e-45,
    5e-324,
    f64::MAX,
    f64::MIN,
    3.4e38,
    -3.4e38,
    1e-38,
    1.0,
    -1.0,
    88.8,
    -745.2,
];

/// Whether something happens that happens once in so many times.
fn once_in(random: &mut Random, times: usize) -> bool {
    random.below(times) == 0
}

fn pick<E: Copy>(random: &mut Random, all: &[E]) -> E {
    all[random.below(all.len())]
}

/// The lengths of every axis; those of the samples first.
struct Axes(Vec<Vec<usize>>);

impl Axes {
    fn draw(spec: &Spec, random: &mut Random) -> Axes {
        loop {
            let lengths = |axis: &AxisSpec, random: &mut Random| {
                let rank = if axis.is_open() { random.below(5) } else { 1 };
                let chunk = spec.is_elementwise() && rank == 1 && once_in(random, 40);
                (0..rank)
                    .map(|_| if chunk { pick(random, &CHUNKS) } else { pick(random, &LENGTHS) })
                    .collect()
            };
            let axes = Axes(spec.axes.iter().map(|axis| lengths(axis, random)).collect());
            let large = axes.0[0].len() == 1 && CHUNKS.contains(&axes.0[0][0]);
            let product = |lengths: &[usize]| {
                lengths.iter().fold(1usize, |all, length| all.saturating_mul((*length).max(1)))
            };
            let elements = |input: &InputSpec| product(&axes.shape(spec, input));
            let steps = product(&axes.0.concat());
            // Samples with a name may look at each other.
            let twice = if spec.samples == [0] { 1 } else { product(&axes.0[1]) };
            let few = spec.inputs.iter().all(|input| elements(input) <= MOST)
                && steps.saturating_mul(twice) <= STEPS;
            if few || large {
                return axes;
            }
        }
    }

    fn of(&self, spec: &Spec, axis: AxisSpec) -> &[usize] {
        let at = spec.axes.iter().position(|own| *own == axis);
        at.map_or(&[], |at| &self.0[at])
    }

    fn shape(&self, spec: &Spec, input: &InputSpec) -> Vec<usize> {
        input.axes.iter().flat_map(|axis| self.of(spec, *axis)).copied().collect()
    }
}

/// A shape that is almost this one.
fn wrong(mut shape: Vec<usize>, random: &mut Random) -> Vec<usize> {
    let at = random.below(shape.len() + 1);
    match random.below(5) {
        0 => shape.insert(at, pick(random, &[0, 1, 2, 5])),
        1 if at < shape.len() => drop(shape.remove(at)),
        2 if at < shape.len() => shape[at] += 1,
        3 if at < shape.len() => shape[at] = pick(random, &[0, 1, shape[at].saturating_sub(1)]),
        _ => shape.reverse(),
    }
    shape
}

/// A shape that broadcasts to this one.
fn broadcastable(mut shape: Vec<usize>, random: &mut Random) -> Vec<usize> {
    if once_in(random, 3) {
        shape.drain(..random.below(shape.len() + 1));
    }
    shape.iter_mut().for_each(|length| {
        if once_in(random, 4) {
            *length = 1;
        }
    });
    shape
}

fn inside(domain: Option<Domain>, random: &mut Random) -> f64 {
    match domain {
        None => 6.0 * random.unit() - 3.0,
        Some(Domain::Set(members)) => pick(random, members),
        Some(Domain::Interval { low, high, .. }) => {
            let low = if low.is_finite() { low } else { high.min(3.0) - 3.0 };
            low + (high.min(low + 3.0) - low) * (0.01 + 0.98 * random.unit())
        }
    }
}

/// A value of a parameter, and whether it is one that a formula can live with.
fn parameter(own: &ParameterSpec, random: &mut Random) -> (f64, bool) {
    let default = own.default.unwrap_or(1.0);
    match random.below(16) {
        0 => (
            pick(random, &[f64::NAN, f64::INFINITY, -1.0, 0.5, 1e300, -1e300, 9.1e15, 0.0, -0.0, 5e-324]),
            false,
        ),
        1..8 => match own.kind {
            ParameterKind::Bool => (random.below(2) as f64, true),
            ParameterKind::Int if own.domain.is_none() => (pick(random, &[default, 0.0, -1.0, 1.0]), true),
            ParameterKind::Int => (inside(own.domain, random).round(), true),
            ParameterKind::Real => (inside(own.domain, random), true),
        },
        _ => (default, true),
    }
}

/// Draws a call.
pub fn case(losses: &[&'static dyn Loss], random: &mut Random) -> Case {
    let loss = pick(random, losses);
    let spec = loss.spec();
    let axes = Axes::draw(spec, random);
    let single = once_in(random, 2);
    let wild = |random: &mut Random, most: Wild| if once_in(random, 8) { Wild::Tame } else { most };
    // Numbers that a formula can live with, in shapes that fit; then results in any layout are almost the same.
    let (mut sane, mut fits) = (true, true);
    let hostile = once_in(random, 3);
    sane &= !hostile;
    let parameters: Vec<(&'static str, f64)> = spec
        .parameters
        .iter()
        .map(|own| {
            let (value, fine) = parameter(own, random);
            sane &= fine;
            (own.name, value)
        })
        .collect();
    let broken = once_in(random, 8).then(|| random.below(spec.inputs.len()));
    let moved = moved(spec, &axes, random);
    let mut inputs = Vec::new();
    for (number, input) in spec.inputs.iter().enumerate() {
        let mut shape = axes.shape(spec, input);
        if let Some((axis, place)) = moved {
            shape = with_moved(spec, input, &axes, shape, axis, place);
        }
        if input.default.is_some() {
            if once_in(random, 2) {
                continue;
            }
            shape = broadcastable(shape, random);
        }
        if broken == Some(number) {
            (shape, fits) = (wrong(shape, random), false);
        }
        let wild = wild(random, Wild::Overlapping);
        let size = |name: &'static str| axes.of(spec, AxisSpec::Named(name)).first().copied().unwrap_or(0);
        let missing_type = once_in(random, 100);
        sane &= !missing_type;
        let memory = match (input.role, missing_type) {
            (Role::Real, false) | (Role::Bool | Role::Int | Role::Index(_) | Role::Set(_), true) => {
                let number = |random: &mut Random| match () {
                    () if hostile && once_in(random, 3) => pick(random, &HOSTILE),
                    () => inside(input.domain, random),
                };
                let other = once_in(random, 300);
                sane &= !other;
                if single != other {
                    Memory::F32(Stored::draw(random, &shape, wild, f32::NAN, |random| number(random) as f32))
                } else {
                    Memory::F64(Stored::draw(random, &shape, wild, f64::NAN, number))
                }
            }
            (Role::Bool, _) => {
                Memory::Bool(Stored::draw(random, &shape, wild, true, |random| once_in(random, 2)))
            }
            (role, _) => {
                let size = match role {
                    Role::Index(name) | Role::Set(name) => size(name) as i128,
                    _ => 3,
                };
                let kind = random.below(WHOLE.len());
                let ignored =
                    parameters.iter().find(|(name, _)| *name == "ignore_index").map(|(_, x)| *x as i128);
                let ends = matches!(role, Role::Set(_));
                Memory::draw(kind, random, &shape, wild, &mut |random| match () {
                    () if hostile && once_in(random, 40) => pick(
                        random,
                        &[i128::MIN, i128::MAX, -1, size, -100, i128::from(i64::MAX), 1 << 24, (1 << 53) + 1],
                    ),
                    () if ends && once_in(random, 4) => -1,
                    () if once_in(random, 5) && ignored.is_some() => ignored.unwrap_or(0),
                    () => random.below(size.max(1) as usize) as i128,
                })
            }
        };
        inputs.push((input.name, memory));
    }
    let samples: Vec<usize> = spec.samples.iter().flat_map(|axis| axes.0[*axis].clone()).collect();
    let reduction = match random.below(8) {
        0..2 => ReductionKind::Mean,
        2..4 => ReductionKind::Sum,
        4..6 => ReductionKind::None,
        6 => ReductionKind::BatchMean,
        _ => ReductionKind::MeanOver(pick(random, &[12.0, 3.5, 0.0, -1.0, 1e-300, f64::INFINITY, f64::NAN])),
    };
    let upstream = if sane { 2.0 * random.unit() - 1.0 } else { pick(random, &HOSTILE) };
    let each = (reduction == ReductionKind::None && once_in(random, 2) || once_in(random, 60)).then(|| {
        let shape = if once_in(random, 10) { wrong(samples.clone(), random) } else { samples.clone() };
        fits &= reduction == ReductionKind::None && shape == samples;
        let wild = wild(random, Wild::Overlapping);
        if single {
            Memory::F32(Stored::draw(random, &shape, wild, f32::NAN, |random| random.unit() as f32))
        } else {
            Memory::F64(Stored::draw(random, &shape, wild, f64::NAN, Random::unit))
        }
    });
    let mut targets = Vec::new();
    for (name, memory) in &inputs {
        let target = match random.below(4) {
            0 => continue,
            1 => Target::Owned,
            _ => {
                let shape = memory.shape().to_vec();
                let other = once_in(random, 100);
                let shape = if other { wrong(shape, random) } else { shape };
                fits &= shape == memory.shape();
                let wild = wild(random, Wild::Apart);
                let single = single != (other && once_in(random, 2));
                Target::Buffer(Buffer::draw(random, &shape, wild, single))
            }
        };
        targets.push((*name, target));
    }
    let values = once_in(random, 5).then(|| {
        let shape = if once_in(random, 20) { wrong(samples.clone(), random) } else { samples.clone() };
        let wild = wild(random, Wild::Apart);
        Buffer::draw(random, &shape, wild, single)
    });
    Case {
        loss,
        inputs,
        parameters,
        axis: moved.map(|(axis, place)| (spec.axes[axis].name(), place)),
        reduction,
        upstream,
        each,
        targets,
        values,
        unchecked: once_in(random, 6),
        partial: once_in(random, 8),
        sane: sane && fits,
    }
}

/// An axis that stands at another place, perhaps at none that there is.
fn moved(spec: &Spec, axes: &Axes, random: &mut Random) -> Option<(usize, usize)> {
    let beside = |axis: &usize| spec.inputs.iter().any(|input| movable(spec, input, *axis));
    let candidates: Vec<usize> = (1..spec.axes.len()).filter(beside).collect();
    let axis = (!candidates.is_empty() && once_in(random, 5)).then(|| pick(random, &candidates))?;
    Some((axis, random.below(axes.0[0].len() + axes.0[axis].len() + 1)))
}

fn movable(spec: &Spec, input: &InputSpec, axis: usize) -> bool {
    let sampled = spec.samples.iter().any(|own| input.axes.contains(&spec.axes[*own]));
    sampled && input.axes.len() > 1 && input.axes.contains(&spec.axes[axis])
}

fn with_moved(
    spec: &Spec,
    input: &InputSpec,
    axes: &Axes,
    shape: Vec<usize>,
    axis: usize,
    place: usize,
) -> Vec<usize> {
    let count = axes.0[axis].len();
    if !movable(spec, input, axis) || place + count > shape.len() {
        return shape;
    }
    let before = input.axes.iter().take_while(|own| **own != spec.axes[axis]);
    let at: usize = before.map(|own| axes.of(spec, *own).len()).sum();
    let mut rest = shape;
    let own: Vec<usize> = rest.drain(at..at + count).collect();
    rest.splice(place..place, own);
    rest
}
