//! A call, and what it gives in any layout and row by row.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lossdef_runtime::any::AnyArray;
use lossdef_runtime::dynamic::Loss;
use lossdef_runtime::error::Error;
use lossdef_runtime::reduction::ReductionKind;
use ndarray::ArrayD;

use super::memory::{Buffer, Memory};

/// Where a derivative goes.
#[derive(Clone, Debug)]
pub enum Target {
    Owned,
    Buffer(Buffer),
}

#[derive(Clone, Debug)]
pub struct Case {
    pub loss: &'static dyn Loss,
    pub inputs: Vec<(&'static str, Memory)>,
    pub parameters: Vec<(&'static str, f64)>,
    pub axis: Option<(&'static str, usize)>,
    pub reduction: ReductionKind,
    pub upstream: f64,
    pub each: Option<Memory>,
    pub targets: Vec<(&'static str, Target)>,
    pub values: Option<Buffer>,
    pub unchecked: bool,
    pub partial: bool,
    /// Whether all numbers are ones that formulas are made for.
    pub sane: bool,
}

/// All numbers of a call, by name.
pub type Numbers = Vec<(String, ArrayD<f64>)>;

impl Case {
    /// The same call with every array row by row.
    pub fn tame(&self) -> Case {
        let mut case = self.clone();
        case.inputs.iter_mut().for_each(|(_, memory)| *memory = memory.tame());
        case.each = case.each.as_ref().map(Memory::tame);
        case.values = case.values.as_ref().map(Buffer::tame);
        for (_, target) in &mut case.targets {
            if let Target::Buffer(buffer) = target {
                *buffer = buffer.tame();
            }
        }
        case
    }

    /// The shapes and settings, for a message.
    pub fn describe(&self) -> String {
        let shapes: Vec<_> = self.inputs.iter().map(|(name, memory)| (name, memory.shape())).collect();
        let targets: Vec<_> = self.targets.iter().map(|(name, _)| name).collect();
        format!(
            "{}: {shapes:?}, {:?}, {:?}, {:?}, gradients {targets:?}, values {}, unchecked {}, partial {}",
            self.loss.spec().name,
            self.parameters,
            self.axis,
            self.reduction,
            self.values.is_some(),
            self.unchecked,
            self.partial
        )
    }

    /// Evaluates it: all numbers or an error, and whether nothing was written beside the buffers. Panics are caught.
    pub fn run(&mut self) -> Result<(Result<Numbers, Error>, bool), String> {
        let caught = catch_unwind(AssertUnwindSafe(|| self.evaluate()));
        let result = caught.map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
        })?;
        let buffers = self.targets.iter().filter_map(|(_, target)| match target {
            Target::Owned => None,
            Target::Buffer(buffer) => Some(buffer),
        });
        let intact = buffers.chain(&self.values).all(Buffer::intact);
        Ok((result, intact))
    }

    fn evaluate(&mut self) -> Result<Numbers, Error> {
        let mut call = self.loss.call().reduction(self.reduction).upstream(self.upstream);
        for (name, memory) in &self.inputs {
            call = call.input(name, memory.view());
        }
        for (name, value) in &self.parameters {
            call = call.parameter(name, *value);
        }
        if let Some((axis, place)) = self.axis {
            call = call.axis(axis, place);
        }
        if let Some(each) = &self.each {
            call = call.upstream_each(each.view());
        }
        if let Some(values) = &mut self.values {
            call = call.values_into(values.view_mut());
        }
        if self.unchecked {
            call = call.unchecked();
        }
        let reads: Vec<&str> = self
            .loss
            .spec()
            .divisor
            .iter()
            .flat_map(|divisor| divisor.reads)
            .map(|input| self.loss.spec().inputs[*input].name)
            .collect();
        for (name, target) in &mut self.targets {
            if self.partial && reads.contains(name) {
                call = call.denominator_gradient(name);
            }
            call = match target {
                Target::Owned => call.gradient(name),
                Target::Buffer(buffer) => call.gradient_into(name, buffer.view_mut()),
            };
        }
        let mut numbers = Numbers::new();
        let mut add = |what: &str, arrays: Vec<(&str, AnyArray)>| {
            numbers.extend(arrays.iter().map(|(name, array)| (format!("{what}{name}"), array.to_f64())));
        };
        if self.partial {
            let found = call.partial()?;
            let number = |x: f64| AnyArray::from(ndarray::arr0(x).into_dyn());
            add("numerator", vec![("", number(found.partial.numerator))]);
            add("denominator", vec![("", number(found.partial.denominator))]);
            add("d/d", found.numerator_gradients);
            add("d denominator/d", found.denominator_gradients);
        } else {
            let found = call.evaluate()?;
            add("value", vec![("", found.value)]);
            add("d/d", found.gradients);
        }
        for (name, target) in &self.targets {
            if let Target::Buffer(buffer) = target {
                numbers.push((format!("d/d{name}"), buffer.numbers()));
            }
        }
        numbers.extend(self.values.iter().map(|values| (String::from("values"), values.numbers())));
        Ok(numbers)
    }
}
