//! The way of an expression from as written to as computed, one rule after the other.

use lossdef_compiler::derive::{Derived, Form};
use lossdef_compiler::display::Printer;
use lossdef_compiler::ir::{ExprId, Loss};
use lossdef_compiler::maths::Maths;

/// Longer expressions are not shown whole at every step.
const SHORT: usize = 240;

/// Longer expressions than this are shown as text.
const READABLE: usize = 400;

/// A formula to show.
#[derive(Clone, Debug, Default)]
pub struct Typeset {
    /// In the language.
    pub text: String,
    /// As MathML, where it is short enough to be read.
    pub mathml: Option<String>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Derivation {
    /// What it is: the value, or a derivative.
    pub what: String,
    /// As written, or as differentiation left it.
    pub raw: Typeset,
    /// The steps.
    pub steps: Vec<Step>,
    /// As it is computed.
    pub stable: Typeset,
}

/// One firing of a rule.
#[derive(Clone, Debug)]
pub struct Step {
    /// The name of the rule.
    pub rule: &'static str,
    /// Why it is valid.
    pub why: &'static str,
    /// The part that it changed.
    pub before: Typeset,
    /// What stands there now.
    pub after: Typeset,
    /// The whole after it, where that is short.
    pub whole: Option<Typeset>,
}

/// The value and every derivative.
pub fn all(derived: &Derived) -> Vec<Derivation> {
    let mut found = vec![derivation(derived, "value".to_owned(), derived.value)];
    for gradient in &derived.gradients {
        let name = &derived.loss.inputs[gradient.input].name;
        found.push(derivation(derived, format!("d/d {name}"), gradient.own));
        if let Some(shared) = &gradient.shared {
            found.push(derivation(derived, format!("d/d {name}, where other samples pick it"), shared.form));
        }
    }
    found
}

/// The condition under which a sample counts.
pub fn keep(derived: &Derived) -> Option<Typeset> {
    derived.keep.map(|keep| typeset(&derived.loss, keep))
}

fn derivation(derived: &Derived, what: String, form: Form) -> Derivation {
    // Expressions between the steps are nodes of a copy.
    let mut loss = derived.loss.clone();
    let wholes = derived.trace.replay(&mut loss.graph, form.raw);
    let show = |id: ExprId| typeset(&loss, id);
    let steps = derived.trace.of(form.raw).iter().zip(wholes).map(|(step, whole)| Step {
        rule: step.rule.name,
        why: step.rule.why,
        before: show(step.before),
        after: show(step.after),
        whole: Some(show(whole))
            .filter(|whole| whole.text.len() <= SHORT && whole.text != show(step.after).text),
    });
    let steps = steps.collect();
    Derivation { what, raw: show(form.raw), steps, stable: show(form.stable) }
}

/// An expression as text and, where it is not too long, as mathematics.
fn typeset(loss: &Loss, id: ExprId) -> Typeset {
    let text = Printer::new(loss, &loss.graph).text(id);
    let mathml = (text.len() <= READABLE).then(|| Maths::of(loss, id).mathml());
    Typeset { text, mathml }
}
