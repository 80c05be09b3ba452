//! Tensors of the corpus as ndarray views that lie in memory as torch's did.

use lossdef_runtime::dynamic::Element;
use ndarray::{ArrayView, ArrayViewD, IxDyn, ShapeBuilder};

use crate::corpus::call::{Aligned, Call};
use crate::corpus::losses;
use crate::corpus::tensor::View;

/// A call's arrays in one element type.
pub struct Arrays<T> {
    pub shape: Vec<usize>,
    inputs: Vec<(String, View, Vec<T>)>,
    labels: Vec<(String, View, Vec<i64>)>,
    upstream: Vec<T>,
}

impl<T: Element> Arrays<T> {
    pub fn new(call: &Call, aligned: &Aligned) -> Arrays<T> {
        let convert = |data: &[f64]| data.iter().map(|x| T::from_f64(*x)).collect::<Vec<T>>();
        let labels = |name: &str| losses::input(call.loss, name).labels;
        let (whole, real): (Vec<_>, Vec<_>) = aligned.inputs.iter().partition(|(name, _)| labels(name));
        let round = |data: &[f64]| data.iter().map(|x| *x as i64).collect();
        Arrays {
            shape: aligned.shape.clone(),
            inputs: real
                .into_iter()
                .map(|(name, view)| (name.clone(), view.clone(), convert(&view.storage)))
                .collect(),
            labels: whole
                .into_iter()
                .map(|(name, view)| (name.clone(), view.clone(), round(&view.storage)))
                .collect(),
            upstream: convert(&call.upstream),
        }
    }

    /// The labels that the call gives, by name.
    pub fn labels(&self) -> impl Iterator<Item = (&str, ArrayViewD<'_, i64>)> {
        self.labels.iter().map(|(name, view, storage)| (name.as_str(), array(view, storage)))
    }

    /// The labels of one input, and how they lie in memory.
    pub fn label(&self, name: &str) -> (&View, &[i64]) {
        let found = self.labels.iter().find(|(own, _, _)| own == name);
        let (_, view, storage) = found.unwrap_or_else(|| panic!("the call has no labels `{name}`"));
        (view, storage)
    }

    /// The real inputs that the call gives, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, ArrayViewD<'_, T>)> {
        self.inputs.iter().map(|(name, view, storage)| (name.as_str(), array(view, storage)))
    }

    /// One input, where the call gives it.
    pub fn input(&self, name: &str) -> Option<ArrayViewD<'_, T>> {
        self.iter().find(|(own, _)| *own == name).map(|(_, view)| view)
    }

    /// The gradient from above, for a result of the sample shape.
    pub fn upstream_each(&self) -> ArrayViewD<'_, T> {
        ArrayView::from_shape(IxDyn(&self.shape), &self.upstream).expect("one number per sample")
    }

    /// The gradient from above, for a result that is a number.
    pub fn upstream(&self) -> T {
        let [upstream] = self.upstream[..] else { panic!("the gradient from above is not one number") };
        upstream
    }
}

/// Numbers that lie in memory as a view says.
pub fn array<'a, T>(view: &View, storage: &'a [T]) -> ArrayViewD<'a, T> {
    if view.shape.contains(&0) {
        return ArrayView::from_shape(IxDyn(&view.shape), &[]).expect("no elements");
    }
    let strides: Vec<usize> =
        view.strides.iter().map(|s| usize::try_from(*s).expect("torch has no negative strides")).collect();
    ArrayView::from_shape(IxDyn(&view.shape).strides(IxDyn(&strides)), &storage[view.offset..])
        .unwrap_or_else(|error| panic!("{:?} by {strides:?}: {error}", view.shape))
}
