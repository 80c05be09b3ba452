//! The formulas of a loss for those who read it: value, derivatives, divisor and the locals they refer to.

use super::build::{Builder, subscript};
use super::{Maths, latex, mathml, text};
use crate::audit::locals;
use crate::derive::{Derived, Form, Gradient};
use crate::ir::{AxisId, ExprId, Loss};

/// What stands on the two sides of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equation {
    /// What is explained.
    pub left: Maths,
    /// `=`, or `+=` for one of several parts that are added.
    pub sign: &'static str,
    /// What it is.
    pub right: Maths,
}

/// Every formula of a loss. ℓ is the loss of one sample, ℒ the sum over the samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formulas {
    /// The value as the author wrote it, helpers put in.
    pub written: Equation,
    /// The value as it is computed.
    pub stable: Equation,
    /// The derivative with respect to each differentiable input.
    pub gradients: Vec<GradientFormulas>,
    /// The condition under which a sample counts.
    pub keep: Option<Maths>,
    /// What a kept sample adds to the divisor of the mean; `None` for 1.
    pub divisor: Option<Maths>,
    /// The definitions that all of these refer to.
    pub locals: Vec<Equation>,
}

/// One derivative: one equation, or two where samples also read elements of others; these are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradientFormulas {
    /// The input's name.
    pub input: String,
    /// As differentiation left it.
    pub raw: Vec<Equation>,
    /// As it is computed.
    pub stable: Vec<Equation>,
}

impl Formulas {
    /// Lays out the formulas of a loss.
    pub fn of(derived: &Derived) -> Formulas {
        let loss = &derived.loss;
        let locals = locals(derived, &roots(derived));
        let builder = Builder::new(loss, locals.iter().copied());
        let value = |id| Equation { left: Maths::Sign("ℓ"), sign: "=", right: builder.tree(id) };
        Formulas {
            written: value(derived.value.raw),
            stable: value(derived.value.stable),
            gradients: derived
                .gradients
                .iter()
                .map(|gradient| GradientFormulas {
                    input: loss.inputs[gradient.input].name.clone(),
                    raw: builder.gradient(derived, gradient, |form| form.raw),
                    stable: builder.gradient(derived, gradient, |form| form.stable),
                })
                .collect(),
            keep: loss.keep.map(|keep| builder.tree(keep)),
            divisor: derived.divisor.map(|form| builder.tree(form.raw)),
            locals: locals
                .iter()
                .map(|id| Equation { left: builder.local(*id), sign: "=", right: builder.tree(*id) })
                .collect(),
        }
    }
}

/// Everything that is shown.
fn roots(derived: &Derived) -> Vec<ExprId> {
    let shared = derived.gradients.iter().filter_map(|gradient| gradient.shared.as_ref());
    let forms = derived.gradients.iter().map(|gradient| gradient.own);
    let forms = forms.chain(shared.map(|shared| shared.form)).chain([derived.value]).chain(derived.divisor);
    forms.flat_map(|Form { raw, stable }| [raw, stable]).chain(derived.loss.keep).collect()
}

impl Builder<'_> {
    /// A derivative: at the sample's own elements, and at those that it reads of others.
    fn gradient(&self, derived: &Derived, gradient: &Gradient, which: fn(Form) -> ExprId) -> Vec<Equation> {
        let input = &derived.loss.inputs[gradient.input];
        let own = which(gradient.own);
        let element = |at: &dyn Fn(AxisId) -> AxisId| {
            let axes = input.axes.iter().map(|axis| at(*axis)).filter(|axis| *axis != AxisId::SAMPLES);
            let name = Maths::Name(input.name.clone());
            Maths::Derivative(Box::new(subscript(name, axes.map(|axis| self.axis(axis)).collect())))
        };
        let Some(shared) = &gradient.shared else {
            return vec![Equation { left: element(&|axis| axis), sign: "=", right: self.tree(own) }];
        };
        let moved = |axis| shared.at.iter().find(|(from, _)| *from == axis).map_or(axis, |(_, to)| *to);
        let alone = derived.loss.graph.is(own, 0.0);
        let sign = if alone { "=" } else { "+=" };
        let own = (!alone).then(|| Equation { left: element(&|axis| axis), sign, right: self.tree(own) });
        let right = self.tree(which(shared.form));
        own.into_iter().chain([Equation { left: element(&moved), sign, right }]).collect()
    }
}

impl Equation {
    /// A `math` element of MathML Core.
    pub fn mathml(&self) -> String {
        mathml::equation(self)
    }

    /// LaTeX for a displayed formula, without delimiters; it needs `amsmath`.
    pub fn latex(&self) -> String {
        latex::equation(self)
    }

    /// Lines for a terminal of that many columns, without a final line end.
    pub fn text(&self, width: usize) -> String {
        text::equation(self, width)
    }
}

impl Maths {
    /// One expression of a loss, locals written out.
    pub fn of(loss: &Loss, id: ExprId) -> Maths {
        Builder::new(loss, []).tree(id)
    }

    /// A `math` element of MathML Core.
    pub fn mathml(&self) -> String {
        mathml::display(self)
    }

    /// LaTeX, without delimiters; it needs `amsmath`.
    pub fn latex(&self) -> String {
        latex::tree(self)
    }

    /// Lines for a terminal of that many columns, without a final line end.
    pub fn text(&self, width: usize) -> String {
        text::display(self, width)
    }
}
