//! A line of the corpus as a call of ours: tensors, parameters, and where their axes stand.

use std::collections::BTreeMap;

use super::Setting;
use super::losses::{self, Asked, Input};
use super::tensor::{self, Sums, Tensor, View};

/// How a call reduces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    None,
    Mean,
    Sum,
    BatchMean,
}

/// A case as a call of ours.
#[derive(Clone, Debug)]
pub struct Call {
    /// Our name of the loss.
    pub loss: &'static str,
    pub reduction: Reduction,
    /// Parameters by name, flags as 0 and 1.
    pub parameters: BTreeMap<String, f64>,
    /// Tensors by name, as given.
    pub inputs: BTreeMap<String, Tensor>,
    /// The gradient from above: one number per sample, or one.
    pub upstream: Vec<f64>,
    /// Where an axis stands, in the tensors that have sample axes as well, which our declaration has last.
    pub axis: Option<(&'static str, usize)>,
}

/// A call whose required inputs have been repeated to one sample shape, as ours asks for.
#[derive(Clone, Debug)]
pub struct Aligned {
    /// The sample shape.
    pub shape: Vec<usize>,
    /// Views by name, with their axes where torch has them; those that may be left out keep their shape.
    pub inputs: BTreeMap<String, View>,
    /// The shape under which each required input was given, which its gradient is summed back to.
    pub own_shapes: BTreeMap<String, Vec<usize>>,
    /// Whether some required input had to be repeated.
    pub repeated: bool,
    /// As [`Call::axis`].
    axis: Option<(&'static str, usize)>,
    loss: &'static str,
}

impl Call {
    /// The call that a line of the corpus describes; an error where ours cannot even be written.
    pub fn new(
        torch: &str,
        params: &BTreeMap<String, Setting>,
        inputs: &BTreeMap<String, Tensor>,
        upstream: Vec<f64>,
    ) -> Result<Call, String> {
        let Asked { loss, params, mut inputs, axis } = losses::asked(torch, params, inputs)?;
        let mut parameters = BTreeMap::new();
        let mut reduction = Err(String::from("the reduction is missing"));
        for (name, setting) in params {
            match (name.as_str(), setting) {
                ("reduction", Setting::Word(word)) => reduction = Reduction::named(&word),
                // torch takes the variance as a plain number too; for us it is an input of one element.
                ("var", Setting::Number(x)) => {
                    inputs.insert(name, Tensor::scalar(x.get()));
                }
                (_, Setting::Flag(on)) => {
                    parameters.insert(name, f64::from(u8::from(on)));
                }
                (_, Setting::Number(x)) => {
                    parameters.insert(name, x.get());
                }
                (_, other) => panic!("unknown parameter {name} = {other:?} of {torch}"),
            }
        }
        Ok(Call { loss, reduction: reduction?, parameters, inputs, upstream, axis })
    }

    /// Repeats the required inputs to their common sample shape, by strides of 0.
    pub fn aligned(&self) -> Aligned {
        let views: BTreeMap<&str, View> =
            self.inputs.iter().map(|(name, tensor)| (name.as_str(), self.view(name, tensor))).collect();
        let samples = views.iter().filter(|(name, _)| self.varies(name));
        let shape = tensor::common_shape(samples.clone().map(|(name, view)| self.samples(name, &view.shape)));
        let mut repeated = false;
        let mut own_shapes = BTreeMap::new();
        let inputs = self.inputs.keys().map(|name| {
            let mut view = views[name.as_str()].clone();
            if self.varies(name) {
                own_shapes.insert(name.clone(), place(self.moves(name), view.clone()).shape);
                let own = self.samples(name, &view.shape);
                repeated |= own != shape || view.shape.len() != self.inputs[name].shape.len();
                let full = [shape.as_slice(), &view.shape[own.len()..]].concat();
                view = view.broadcast(&full);
            }
            (name.clone(), place(self.moves(name), view))
        });
        let inputs = inputs.collect();
        Aligned { inputs, shape, own_shapes, repeated, axis: self.axis, loss: self.loss }
    }

    /// The inputs as they are given, whatever their shapes.
    pub fn as_given(&self) -> Aligned {
        let inputs: BTreeMap<String, View> =
            self.inputs.iter().map(|(name, tensor)| (name.clone(), tensor.view())).collect();
        let first = self.inputs.iter().find(|(name, _)| self.varies(name));
        let shape = first.map_or(Vec::new(), |(name, tensor)| {
            let shape = self.view(name, tensor).shape;
            self.samples(name, &shape).to_vec()
        });
        let own_shapes = BTreeMap::new();
        Aligned { shape, inputs, own_shapes, repeated: false, axis: self.axis, loss: self.loss }
    }

    /// Whether an input is required and has sample axes.
    fn varies(&self, name: &str) -> bool {
        let Input { samples, optional, .. } = losses::input(self.loss, name);
        samples && !optional
    }

    /// The part of a shape that are sample axes, with the named ones last.
    fn samples<'a>(&self, name: &str, shape: &'a [usize]) -> &'a [usize] {
        let named = losses::input(self.loss, name).named.len();
        &shape[..shape.len().saturating_sub(named)]
    }

    /// A tensor with its named axes last, as our declaration has them. A variance that lacks the last axis gets
    /// one of length 1, under which torch broadcasts it.
    fn view(&self, name: &str, tensor: &Tensor) -> View {
        let mut view = tensor.view();
        if name == "var"
            && self.inputs["input"].shape.split_last().is_some_and(|(_, rest)| rest == view.shape)
        {
            view.shape.push(1);
            view.strides.push(0);
        }
        match self.moves(name) {
            Some(at) if at < view.shape.len() => view.moved(at, view.shape.len() - 1),
            _ => view,
        }
    }

    fn moves(&self, name: &str) -> Option<usize> {
        moves(self.loss, self.axis, name)
    }
}

/// Where the axis of an input stands that our declaration has last.
fn moves(loss: &str, axis: Option<(&str, usize)>, name: &str) -> Option<usize> {
    let Input { samples, named, .. } = losses::input(loss, name);
    axis.filter(|(axis, _)| samples && named.contains(axis)).map(|(_, at)| at)
}

/// Puts the last axis where torch has it.
fn place(moves: Option<usize>, view: View) -> View {
    match moves {
        Some(at) if at < view.shape.len() => view.moved(view.shape.len() - 1, at),
        _ => view,
    }
}

impl Aligned {
    /// Whether the required inputs agree in shape and the others broadcast to it, which is all that we ask of a
    /// loss without named axes.
    pub fn fits(&self) -> bool {
        self.inputs.iter().all(|(name, view)| {
            let Input { optional, named, samples, .. } = losses::input(self.loss, name);
            match optional {
                _ if !named.is_empty() || !samples => false,
                false => view.shape == self.shape,
                true => {
                    let mut pairs = view.shape.iter().rev().zip(self.shape.iter().rev());
                    view.shape.len() <= self.shape.len() && pairs.all(|(own, all)| own == all || *own == 1)
                }
            }
        })
    }

    /// An input with its axes in the order of our declaration.
    pub fn declared(&self, name: &str) -> View {
        let view = self.inputs[name].clone();
        match moves(self.loss, self.axis, name) {
            Some(at) => view.moved(at, self.inputs[name].shape.len() - 1),
            None => view,
        }
    }

    /// Numbers in the order of our declaration in the order of torch's axes.
    pub fn as_torch<T: Clone>(&self, name: &str, numbers: &[T]) -> Vec<T> {
        let view = View { storage: Vec::new(), offset: 0, ..self.declared(name) };
        let plain = View { strides: tensor::row_major(&view.shape), ..view };
        place(moves(self.loss, self.axis, name), plain).places().map(|at| numbers[at].clone()).collect()
    }

    /// The gradient of an input in the shape under which torch had it.
    pub fn sum_back(&self, name: &str, gradient: Sums) -> Sums {
        match self.own_shapes.get(name) {
            Some(own) => tensor::sum_back(gradient, &self.inputs[name].shape, own),
            None => gradient,
        }
    }
}

impl Reduction {
    /// The reduction of this name.
    pub fn named(word: &str) -> Result<Reduction, String> {
        match word {
            "none" => Ok(Reduction::None),
            "mean" => Ok(Reduction::Mean),
            "sum" => Ok(Reduction::Sum),
            "batchmean" => Ok(Reduction::BatchMean),
            _ => Err(format!("no reduction is called `{word}`")),
        }
    }
}
