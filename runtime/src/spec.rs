//! A loss described as data: what the catalogue, the dynamic interface and error messages read.

use std::fmt::{self, Display, Formatter};

/// Everything that is known of a loss without running it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Its name in the `.def` file.
    pub name: &'static str,
    /// Its documentation.
    pub doc: &'static str,
    /// The declaration as the author wrote it.
    pub formula: &'static str,
    /// Every axis that the inputs declare, in order; the first is always `AxisSpec::Samples`.
    pub axes: &'static [AxisSpec],
    /// The axes that the value varies over: indices into `axes`. `[0]` where `..` are the samples, empty where
    /// the value is one number.
    pub samples: &'static [usize],
    /// Tensors, in the order of the formula.
    pub inputs: &'static [InputSpec],
    /// Scalars, in the order of the formula.
    pub parameters: &'static [ParameterSpec],
    /// The derivative with respect to each differentiable input, in the language, in its stable form.
    pub gradients: &'static [GradientSpec],
    /// What `mean` divides by: `None` for the number of samples.
    pub divisor: Option<DivisorSpec>,
    /// Whether partial results of shards may be added.
    pub additive: bool,
}

impl Spec {
    /// Whether the loss names no axis, and so looks at one element of each input at a time.
    pub const fn is_elementwise(&self) -> bool {
        self.axes.len() == 1
    }

    /// Where an axis stands in `axes`.
    pub(crate) fn axis(&self, axis: AxisSpec) -> Option<usize> {
        self.axes.iter().position(|known| *known == axis)
    }
}

/// One tensor that a loss reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputSpec {
    /// Its name.
    pub name: &'static str,
    /// Its axes.
    pub axes: &'static [AxisSpec],
    /// What its elements are.
    pub role: Role,
    /// Where its elements must lie.
    pub domain: Option<Domain>,
    /// The value that stands for it when it is not given; such an input broadcasts to the shape that its axes
    /// have.
    pub default: Option<f64>,
}

/// One axis of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisSpec {
    /// `..`: the sample axes.
    Samples,
    /// A named axis.
    Named(&'static str),
    /// Any number of axes under one name.
    Group(&'static str),
}

impl AxisSpec {
    /// Its name; `..` for the sample axes.
    pub const fn name(&self) -> &'static str {
        match *self {
            AxisSpec::Samples => "..",
            AxisSpec::Named(name) | AxisSpec::Group(name) => name,
        }
    }

    /// Whether it stands for any number of axes.
    pub const fn is_open(&self) -> bool {
        !matches!(self, AxisSpec::Named(_))
    }
}

impl Display for AxisSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            AxisSpec::Samples => f.write_str(".."),
            AxisSpec::Named(name) => f.write_str(name),
            AxisSpec::Group(name) => write!(f, "{name}.."),
        }
    }
}

/// What the elements of an input are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A number that can be differentiated.
    Real,
    /// A whole number without an axis.
    Int,
    /// True or false.
    Bool,
    /// A position on an axis.
    Index(&'static str),
    /// A list of positions on an axis that ends at the first negative one.
    Set(&'static str),
}

/// One scalar parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParameterSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: ParameterKind,
    /// Where it must lie.
    pub domain: Option<Domain>,
    /// Its value when it is not given; booleans are 0 and 1. `None` where the caller must give it.
    pub default: Option<f64>,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A real number.
    Real,
    /// A whole number.
    Int,
    /// True or false.
    Bool,
}

/// A set of real numbers; NaN is outside of any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Domain {
    /// All numbers between two ends.
    Interval {
        /// Lower end.
        low: f64,
        /// Whether it belongs to the set.
        low_closed: bool,
        /// Upper end.
        high: f64,
        /// Whether it belongs to the set.
        high_closed: bool,
    },
    /// These numbers.
    Set(&'static [f64]),
}

/// The derivative with respect to one input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientSpec {
    /// Index of the input.
    pub input: usize,
    /// The derivative in the language.
    pub formula: &'static str,
}

/// What `mean` divides by, where that is not the number of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DivisorSpec {
    /// The summand of the divisor in the language.
    pub formula: &'static str,
    /// Indices of the differentiable inputs that it reads, in the order of the divisor kernel's outputs.
    pub reads: &'static [usize],
    /// Whether some samples may be left out (`keep`).
    pub filtered: bool,
}
