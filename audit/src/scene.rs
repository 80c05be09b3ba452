//! A call to check: every input as numbers, every parameter; and where such calls come from.
//!
//! Sample axes and groups are one axis each, of a few positions. An input that is not given has its default.

use lossdef_compiler::ir::{AxisId, Domain, Input, Loss, Parameter, ParameterKind, Role};

use crate::ulp::Format;

/// Inputs and parameters of one call.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The size of every axis that is no index, by its number.
    pub sizes: Vec<usize>,
    /// The elements of every input over its axes, the last one varying fastest; `None` where it is not given.
    pub inputs: Vec<Option<Vec<f64>>>,
    /// The parameters; truth values are 0 and 1.
    pub parameters: Vec<f64>,
}

/// An element of an input, or a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// The input; from the number of inputs on, a parameter.
    pub input: usize,
    /// Its place among the elements of the input.
    pub flat: usize,
}

/// Numbers without a pattern, the same in every run.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    /// The next number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }
}

impl Scene {
    /// A call with these parameters at random numbers; `full` gives optional inputs, too.
    pub fn random(loss: &Loss, parameters: Vec<f64>, full: bool, random: &mut Random) -> Scene {
        Scene::of_samples(2, loss, parameters, full, random)
    }

    fn of_samples(
        samples: usize,
        loss: &Loss,
        parameters: Vec<f64>,
        full: bool,
        random: &mut Random,
    ) -> Scene {
        let sizes = sizes(loss, samples);
        let length = |input: &Input| input.axes.iter().map(|axis| sizes[usize::from(axis.0)]).product();
        let inputs = loss.inputs.iter().map(|input| {
            (full || input.default.is_none()).then(|| {
                let count: usize = length(input);
                (0..count).map(|at| number(input, &sizes, at, random)).collect()
            })
        });
        let inputs = inputs.collect();
        Scene { sizes, inputs, parameters }
    }

    /// A quiet call to vary one element of: plain numbers, required inputs only. Each `turn` gives others.
    pub fn plain(loss: &Loss, parameters: Vec<f64>, turn: usize) -> Scene {
        Scene::quiet(2, loss, parameters, turn, false)
    }

    /// A quiet call of as few samples as the loss can be told by, with optional inputs given: their defaults in turn 0,
    /// other numbers in the others.
    pub fn small(loss: &Loss, parameters: Vec<f64>, turn: usize) -> Scene {
        let (graph, own) = (&loss.graph, loss.samples());
        let mut axes = (0..graph.axes.len()).map(|axis| AxisId(axis as u8));
        // Samples that look at each other have to be several.
        let samples =
            if axes.any(|axis| graph.base(axis) != axis && own.contains(graph.base(axis))) { 3 } else { 1 };
        let mut scene = Scene::quiet(samples, loss, parameters, turn, true);
        for (input, elements) in loss.inputs.iter().zip(&mut scene.inputs) {
            if let (0, Some(default), Some(elements)) = (turn, input.default, elements) {
                elements.fill(default);
            }
        }
        scene
    }

    fn quiet(samples: usize, loss: &Loss, parameters: Vec<f64>, turn: usize, full: bool) -> Scene {
        let mut scene = Scene::of_samples(samples, loss, parameters, full, &mut Random::new(7));
        for (input, elements) in loss.inputs.iter().zip(&mut scene.inputs) {
            let Some(elements) = elements else { continue };
            let near = match input.role {
                Role::Real | Role::Int => candidates(input.domain.as_ref()),
                Role::Bool => vec![1.0, 0.0],
                Role::Index(axis) => (0..scene.sizes[usize::from(axis.0)]).map(|at| at as f64).collect(),
                Role::Set(_) => continue,
            };
            // Elements of one sample differ, those of the next sample are turned by one more.
            for (at, x) in elements.iter_mut().enumerate() {
                *x = near[(at + turn) % near.len()];
            }
        }
        scene
    }

    /// The elements that are differentiated, and the parameters that are real numbers.
    pub fn everything(&self, loss: &Loss) -> Vec<Element> {
        let real = loss.parameters.iter().enumerate().filter(|(_, own)| own.kind == ParameterKind::Real);
        let parameters = real.map(|(at, _)| Element { input: loss.inputs.len() + at, flat: 0 });
        self.elements(loss).into_iter().chain(parameters).collect()
    }

    /// The number at an element.
    pub fn at(&self, loss: &Loss, element: Element) -> f64 {
        match element.input.checked_sub(loss.inputs.len()) {
            Some(parameter) => self.parameters[parameter],
            None => self.inputs[element.input].as_ref().map_or(f64::NAN, |elements| elements[element.flat]),
        }
    }

    /// The same with an element set, or a parameter.
    pub fn with(&self, element: Element, x: f64) -> Scene {
        let mut scene = self.clone();
        scene.set(element, x);
        scene
    }

    /// Sets an element, or a parameter.
    pub fn set(&mut self, element: Element, x: f64) {
        match element.input.checked_sub(self.inputs.len()) {
            Some(parameter) => self.parameters[parameter] = x,
            None => {
                if let Some(elements) = &mut self.inputs[element.input] {
                    elements[element.flat] = x;
                }
            }
        }
    }

    /// The same with numbers that f32 has.
    pub fn single(&self) -> Scene {
        let mut scene = self.clone();
        let round = |x: &mut f64| *x = f64::from(*x as f32);
        scene.inputs.iter_mut().flatten().flatten().for_each(round);
        scene.parameters.iter_mut().for_each(round);
        scene
    }

    /// The elements that are differentiated.
    pub fn elements(&self, loss: &Loss) -> Vec<Element> {
        let real = loss.inputs.iter().enumerate().filter(|(_, input)| input.is_differentiable());
        real.flat_map(|(input, _)| {
            let count = self.inputs[input].as_ref().map_or(0, Vec::len);
            (0..count).map(move |flat| Element { input, flat })
        })
        .collect()
    }

    /// Inputs and parameters in words, for a report.
    pub fn describe(&self, loss: &Loss) -> Vec<(String, String)> {
        self.describe_in(Format::F64, loss)
    }

    /// The same with as few digits as tell numbers of a format apart.
    pub fn describe_in(&self, format: Format, loss: &Loss) -> Vec<(String, String)> {
        let numbers = |elements: &[f64]| {
            let all: Vec<String> = elements.iter().map(|x| format.text(*x)).collect();
            if all.len() == 1 { all[0].clone() } else { format!("[{}]", all.join(", ")) }
        };
        let inputs = loss.inputs.iter().zip(&self.inputs).filter_map(|(input, elements)| {
            elements.as_ref().map(|elements| (input.name.clone(), numbers(elements)))
        });
        let parameters = loss.parameters.iter().zip(&self.parameters).map(|(parameter, value)| {
            let text = match parameter.kind {
                ParameterKind::Bool => (*value != 0.0).to_string(),
                _ => format.text(*value),
            };
            (parameter.name.clone(), text)
        });
        inputs.chain(parameters).collect()
    }
}

/// One sample for an elementwise loss, else so many on each axis of samples and a few positions on the others.
fn sizes(loss: &Loss, count: usize) -> Vec<usize> {
    let samples = loss.samples();
    let of = |axis: AxisId| match () {
        () if axis == AxisId::SAMPLES => 1,
        () if samples.contains(axis) => count,
        () => 3,
    };
    (0..loss.graph.axes.len()).map(|axis| of(AxisId(axis as u8))).collect()
}

fn number(input: &Input, sizes: &[usize], at: usize, random: &mut Random) -> f64 {
    match input.role {
        Role::Bool => random.below(2) as f64,
        Role::Index(axis) => random.below(sizes[usize::from(axis.0)]) as f64,
        Role::Set(axis) => {
            // A list that ends before its last place.
            let row = input.axes.last().map_or(1, |axis| sizes[usize::from(axis.0)]);
            if at % row + 1 == row { -1.0 } else { random.below(sizes[usize::from(axis.0)]) as f64 }
        }
        Role::Int | Role::Real => {
            let near = candidates(input.domain.as_ref());
            match (&input.domain, random.below(3)) {
                (Some(Domain::Set(_)), _) | (_, 0) => near[random.below(near.len())],
                _ if input.role == Role::Int => near[random.below(near.len())],
                (Some(Domain::Interval { low, high, .. }), _) => {
                    let (low, high) = (low.max(-4.0), high.min(4.0));
                    low + (high - low) * (0.01 + 0.98 * random.unit())
                }
                (None, _) if input.default.is_some() => 0.25 + 2.0 * random.unit(),
                (None, _) => -4.0 + 8.0 * random.unit(),
            }
        }
    }
}

/// Telling numbers of a domain: whole ones, halves, and the ends.
pub fn candidates(domain: Option<&Domain>) -> Vec<f64> {
    let plain = [1.0, 0.0, -1.0, 0.5, 2.0, -0.5, 0.25];
    let Some(domain) = domain else { return plain.to_vec() };
    if let Domain::Set(members) = domain {
        return members.clone();
    }
    let mut found: Vec<f64> = plain.into_iter().filter(|x| domain.contains(*x)).collect();
    if let Domain::Interval { low, high, .. } = domain {
        found.extend(
            [*low, *high].into_iter().filter(|x| x.is_finite() && domain.contains(*x) && !plain.contains(x)),
        );
        if found.is_empty() {
            found.push(low.max(-f64::MAX) / 2.0 + high.min(f64::MAX) / 2.0);
        }
    }
    found
}

/// The parameters of the checks: the defaults, and each parameter moved by itself.
pub fn parameter_sets(loss: &Loss) -> Vec<Vec<f64>> {
    let usual = |parameter: &Parameter| {
        parameter.default.unwrap_or_else(|| match parameter.kind {
            ParameterKind::Bool => 0.0,
            _ => candidates(parameter.domain.as_ref())[0],
        })
    };
    let defaults: Vec<f64> = loss.parameters.iter().map(usual).collect();
    let mut sets = vec![defaults.clone()];
    for (at, parameter) in loss.parameters.iter().enumerate() {
        let near = match parameter.kind {
            ParameterKind::Bool => vec![0.0, 1.0],
            ParameterKind::Int if parameter.domain.is_none() => vec![],
            _ => candidates(parameter.domain.as_ref()),
        };
        let others = near.into_iter().filter(|x| *x != defaults[at]);
        sets.extend(others.take(2).map(|x| {
            let mut set = defaults.clone();
            set[at] = x;
            set
        }));
    }
    sets
}
