//! Losses known at run time only: one object-safe trait, calls by name, and the catalogue of a `.def` file.

mod call;
mod run;
mod shapes;

use std::fmt::{self, Debug, Formatter};
use std::marker::PhantomData;

pub use self::call::{DynamicCall, Evaluation, PartialEvaluation};
pub use self::shapes::Shapes;
use crate::error::Error;
use crate::evaluate::evaluate;
use crate::formula::Formula;
use crate::real::Float;
use crate::spec::Spec;
use crate::task::{Outcome, Task};

/// Any loss: what it is, as data, and a way to call it by the names of its inputs.
///
/// ```text
/// let loss = catalogue.get("smooth_l1").unwrap();
/// let result = loss.call().input("input", &x).input("target", &y).parameter("beta", 0.5).gradient("input").evaluate()?;
/// ```
///
/// A typed loss, `SmoothL1`, is none itself; `SmoothL1::dynamic()` gives the loss, without the settings. Code that is
/// generic over typed losses takes a closure, which has settings and types: `|x, y| loss.forward_backward(x, y)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no loss that is called by the names of its inputs",
    label = "expected a `&dyn lossdef::Loss`",
    note = "such code takes `&dyn lossdef::Loss`, which `Mse::dynamic()` and `CATALOGUE.get(\"mse\")` give",
    note = "code that is generic over typed losses takes a closure: `|x, y| Mse::new().forward_backward(x, y)`"
)]
pub trait Loss: Debug + Send + Sync {
    /// The loss as data.
    fn spec(&self) -> &'static Spec;
    #[doc(hidden)]
    fn run_f32(&self, task: Task<'_, '_, f32>) -> Result<Outcome, Error>;
    #[doc(hidden)]
    fn run_f64(&self, task: Task<'_, '_, f64>) -> Result<Outcome, Error>;
}

/// An element type for which every loss is compiled: `f32` or `f64`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no element type of real inputs",
    label = "expected an array of `f32` or `f64`",
    note = "real inputs are arrays of `f32` or `f64`; code that is generic over both has the bound `lossdef::Element`",
    note = "did you swap two inputs, as `input` and `target`? they stand in the order of the formula"
)]
pub trait Element: Float {
    #[doc(hidden)]
    fn run(loss: &dyn Loss, task: Task<'_, '_, Self>) -> Result<Outcome, Error>;
}

impl Element for f32 {
    fn run(loss: &dyn Loss, task: Task<'_, '_, f32>) -> Result<Outcome, Error> {
        loss.run_f32(task)
    }
}

impl Element for f64 {
    fn run(loss: &dyn Loss, task: Task<'_, '_, f64>) -> Result<Outcome, Error> {
        loss.run_f64(task)
    }
}

impl<'l> dyn Loss + 'l {
    /// A call without inputs yet.
    pub fn call(&self) -> DynamicCall<'_> {
        DynamicCall::new(self)
    }
}

/// A formula behind the trait [`Loss`].
pub struct Dynamic<F>(PhantomData<fn() -> F>);

impl<F: Formula> Dynamic<F> {
    /// The loss.
    pub const LOSS: &'static dyn Loss = &Dynamic::<F>(PhantomData);
}

impl<F: Formula> Debug for Dynamic<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Dynamic({})", F::SPEC.name)
    }
}

impl<F: Formula> Loss for Dynamic<F> {
    fn spec(&self) -> &'static Spec {
        F::SPEC
    }

    fn run_f32(&self, task: Task<'_, '_, f32>) -> Result<Outcome, Error> {
        evaluate::<F, f32>(task)
    }

    fn run_f64(&self, task: Task<'_, '_, f64>) -> Result<Outcome, Error> {
        evaluate::<F, f64>(task)
    }
}

/// The losses of a `.def` file.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue(&'static [&'static dyn Loss]);

impl Catalogue {
    /// A catalogue of these losses.
    pub const fn new(losses: &'static [&'static dyn Loss]) -> Self {
        Catalogue(losses)
    }

    /// The loss of this name.
    pub fn get(&self, name: &str) -> Option<&'static dyn Loss> {
        self.iter().find(|loss| loss.spec().name == name)
    }

    /// All losses, in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'static dyn Loss> + use<> {
        self.0.iter().copied()
    }

    /// The names of all losses, in the order of the file.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &'static str> + use<> {
        self.iter().map(|loss| loss.spec().name)
    }
}

impl IntoIterator for Catalogue {
    type Item = &'static dyn Loss;
    type IntoIter = std::iter::Copied<std::slice::Iter<'static, &'static dyn Loss>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().copied()
    }
}
