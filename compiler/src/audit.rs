//! Facts about a loss for those who review it: its derivatives before and after rewriting, the rules that
//! fired, and the conventions of the language that its gradient relies on.

use crate::derive::{Derived, Form, Gradient};
use crate::display::Printer;
use crate::ir::{ExprId, Function, Loss, Node, Reduction};

/// What a reviewer reads first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The declaration as written.
    pub formula: String,
    /// The value in stable form.
    pub value: String,
    /// The derivative with respect to each differentiable input.
    pub gradients: Vec<GradientAudit>,
    /// What a mean divides by, in words or as a formula.
    pub divisor: String,
    /// The definitions that the texts above refer to.
    pub locals: Vec<(String, String)>,
    /// Rules and how often they fired.
    pub rules: Vec<(&'static str, usize)>,
    /// Conventions that apply, each a sentence.
    pub conventions: Vec<String>,
}

/// One derivative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradientAudit {
    /// The input's name.
    pub input: String,
    /// As differentiation left it.
    pub raw: String,
    /// As it is computed.
    pub stable: String,
}

/// Collects the facts.
pub fn audit(derived: &Derived) -> Audit {
    let loss = &derived.loss;
    let written: Vec<ExprId> = [Some(loss.value), loss.keep, loss.mean_by].into_iter().flatten().collect();
    let shared = derived.gradients.iter().filter_map(|gradient| gradient.shared.as_ref());
    let forms = derived.gradients.iter().map(|gradient| gradient.own);
    let forms = forms.chain(shared.map(|shared| shared.form)).chain([derived.value]);
    let shown: Vec<ExprId> = forms.flat_map(|Form { raw, stable }| [raw, stable]).collect();
    let locals = locals(derived, &shown);
    let printer = Printer::new(loss, &loss.graph).by_name(locals.iter().copied());
    let gradients = derived.gradients.iter().map(|gradient| GradientAudit {
        input: loss.inputs[gradient.input].name.clone(),
        raw: both(loss, gradient, &printer, |form| form.raw),
        stable: both(loss, gradient, &printer, |form| form.stable),
    });
    let divisor = match (derived.divisor, derived.keep) {
        (Some(form), _) => format!("the sum of {}", printer.text(form.raw)),
        (None, Some(_)) => "the number of samples kept".to_owned(),
        (None, None) => "the number of samples".to_owned(),
    };
    Audit {
        formula: loss.text.clone(),
        value: printer.text(derived.value.stable),
        gradients: gradients.collect(),
        divisor,
        locals: locals
            .iter()
            .map(|id| (loss.graph.name(*id).unwrap_or_default().to_owned(), printer.text(*id)))
            .collect(),
        rules: derived.trace.counts().iter().collect(),
        conventions: conventions(derived, &written),
    }
}

/// The text of a derivative: where it has two parts, both, with the elements that the second stands at.
pub fn both(loss: &Loss, gradient: &Gradient, printer: &Printer<'_>, which: fn(Form) -> ExprId) -> String {
    let own = which(gradient.own);
    let Some(shared) = &gradient.shared else { return printer.text(own) };
    let names = loss.inputs[gradient.input].axes.iter().map(|axis| {
        let moved = shared.at.iter().find(|(from, _)| from == axis);
        loss.graph.axis_name(moved.map_or(*axis, |(_, to)| *to))
    });
    let names: Vec<&str> = names.collect();
    let picked = format!("at [{}]: {}", names.join(", "), printer.text(which(shared.form)));
    if loss.graph.is(own, 0.0) { picked } else { format!("{}; and {picked}", printer.text(own)) }
}

/// The locals that expressions refer to, definitions before their uses: nodes that the formula names and whose name
/// stands for one node only.
pub(crate) fn locals(derived: &Derived, shown: &[ExprId]) -> Vec<ExprId> {
    let graph = &derived.loss.graph;
    let first = graph.first_named();
    let is_leaf = |id: &ExprId| match graph.node(*id) {
        Node::Input(_) | Node::Member(_) | Node::Parameter(_) | Node::Real(_) | Node::Bool(_) => true,
        node => matches!(node, Node::Index(_) | Node::Gather(..)),
    };
    let is_local = |id: &ExprId| graph.name(*id).is_some_and(|name| first.get(name) == Some(id));
    graph.reachable(shown).into_iter().filter(|id| !is_leaf(id) && is_local(id)).collect()
}

/// The sentences that apply to the formula as written.
fn conventions(derived: &Derived, written: &[ExprId]) -> Vec<String> {
    let graph = &derived.loss.graph;
    let mut found: Vec<String> = Vec::new();
    let mut say = |sentence: &str| {
        if !found.iter().any(|known| known == sentence) {
            found.push(sentence.to_owned());
        }
    };
    for id in graph.reachable(written) {
        match graph.node(id) {
            Node::If(..) => say(
                "`if` and `[...]` differentiate the branch taken; nothing of the other reaches the gradient",
            ),
            Node::Stop(_) => say("`stop` hides part of the formula from differentiation"),
            Node::WithGrad(..) => say("WITH_GRAD: the gradient is not the derivative of the value"),
            Node::Apply(Function::Abs, _) => say("abs has derivative 0 at 0"),
            Node::Apply(Function::Sign, _) => say("sign has derivative 0 everywhere"),
            Node::Apply(Function::Relu, _) => say("relu has derivative 0 at 0"),
            Node::Apply(Function::Clamp, _) => say("clamp has derivative 0 at both ends"),
            Node::Apply(Function::Max | Function::Min, _) => {
                say("max and min share the gradient equally where both are equal")
            }
            Node::Apply(Function::Xlogy, _) => say("0 log 0 = 0, in value and derivatives"),
            Node::Reduce(Reduction::Max | Reduction::Min, ..) => {
                say("max and min over an axis share the gradient equally between those that attain them")
            }
            Node::Reduce(Reduction::Norm, ..) => say("norm has derivative 0 at the zero vector"),
            _ => {}
        }
        if let Node::Reduce(_, _, _, Some(_)) = graph.node(id) {
            say("what a filter leaves out reaches neither value nor gradient");
        }
    }
    if derived.keep.is_some() {
        say("a sample that is not kept contributes exactly 0, whatever it holds");
    }
    found
}
