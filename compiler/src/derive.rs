//! A loss with its derivatives: as written, and in stable form.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::differentiate::{Derivative, Objective, Shared, differentiate};
use crate::ir::{AxisId, AxisSet, ExprId, Loss, Node};
use crate::ranges::Ranges;
use crate::rewrite::Trace;

/// A loss, its derivatives, and the stable form of both.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The loss as checked; its graph holds everything below.
    pub loss: Loss,
    /// The value.
    pub value: Form,
    /// The derivative with respect to each differentiable input.
    pub gradients: Vec<Gradient>,
    /// The condition under which a sample counts, in stable form.
    pub keep: Option<ExprId>,
    /// The summand of the divisor.
    pub divisor: Option<Form>,
    /// The derivatives of that summand, for the inputs that it reads.
    pub divisor_gradients: Vec<Gradient>,
    /// How each raw form became stable, step by step.
    pub trace: Trace,
}

/// One expression before and after rewriting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// As the author wrote it, or as differentiation left it.
    pub raw: ExprId,
    /// As it is computed.
    pub stable: ExprId,
}

/// The derivative with respect to one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gradient {
    /// The input.
    pub input: usize,
    /// The part where each sample reads its own elements, over the axes of the input.
    pub own: Form,
    /// The part where samples pick elements of others, summed over the samples.
    pub shared: Option<SharedForm>,
    /// Both parts in stable form, with the derivative of the result as a factor: what is computed over named
    /// axes, where that factor belongs inside of sums.
    pub weighed: Derivative,
}

/// See [`Gradient::shared`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedForm {
    /// The expression.
    pub form: Form,
    /// The index that stands for each sample axis of the input in it.
    pub at: Vec<(AxisId, AxisId)>,
}

/// The largest graph of a loss with its derivatives, before and after rewriting.
const MOST_NODES: usize = 60_000;

/// Differentiates a loss, then puts value and derivatives into stable form; `None`, with a diagnostic, where
/// that takes more indices or nodes than there may be.
pub fn derive(mut loss: Loss, diagnostics: &mut Diagnostics) -> Option<Derived> {
    diagnostics.enter(&loss.name);
    let span = loss.span;
    let mut refuse = |message: &str, note: String| {
        diagnostics.push(Diagnostic::new(&codes::TOO_DEEP, message, span).note(note));
    };
    let Some(raw) = raw(&mut loss) else {
        let note = format!("axes and indices are at most {} together", AxisSet::CAPACITY);
        refuse("the derivatives of this loss take too many indices", note);
        return None;
    };
    let derived = stable(loss, raw);
    if derived.is_none() {
        let note =
            format!("a loss has at most {MOST_NODES} nodes with its derivatives, before and after rewriting");
        refuse("the derivatives of this loss are too large", note);
    }
    derived
}

/// The derivatives of a loss as differentiation leaves them.
struct Raw {
    value: Vec<(usize, Derivative, Derivative)>,
    divisor: Vec<(usize, Derivative, Derivative)>,
}

fn raw(loss: &mut Loss) -> Option<Raw> {
    let wanted: Vec<usize> = (0..loss.inputs.len()).filter(|i| loss.inputs[*i].is_differentiable()).collect();
    let value = loss.value;
    let value = raw_gradients(loss, value, &wanted)?;
    let divisor = match loss.mean_by {
        None => Vec::new(),
        Some(by) => {
            let read = |i: &usize| {
                let leaf = loss.graph.add(Node::Input(*i));
                loss.graph.reads(by, leaf)
            };
            let read: Vec<usize> = wanted.iter().copied().filter(read).collect();
            raw_gradients(loss, by, &read)?
        }
    };
    Some(Raw { value, divisor })
}

/// `None` where the graph becomes too large.
fn stable(mut loss: Loss, raw: Raw) -> Option<Derived> {
    let mut ranges = Ranges::new(&loss);
    let mut trace = Trace::default();
    let mut form = |loss: &mut Loss, raw: ExprId| {
        let stable = trace.rewrite(&mut loss.graph, &mut ranges, raw);
        (loss.graph.len() <= MOST_NODES).then_some(Form { raw, stable })
    };
    let value = loss.value;
    let value = form(&mut loss, value)?;
    let mut gradient = |loss: &mut Loss, (input, plain, weighed): (usize, Derivative, Derivative)| {
        let own = form(loss, plain.own)?;
        let same = plain == weighed;
        let shared = match plain.shared {
            Some(Shared { value, at }) => Some(SharedForm { form: form(loss, value)?, at }),
            None => None,
        };
        let weighed = if same {
            let shared =
                shared.as_ref().map(|shared| Shared { value: shared.form.stable, at: shared.at.clone() });
            Derivative { own: own.stable, shared }
        } else {
            let own = form(loss, weighed.own)?.stable;
            let shared = match weighed.shared {
                Some(Shared { value, at }) => Some(Shared { value: form(loss, value)?.stable, at }),
                None => None,
            };
            Derivative { own, shared }
        };
        Some(Gradient { input, own, shared, weighed })
    };
    let gradients = raw.value.into_iter().map(|raw| gradient(&mut loss, raw)).collect::<Option<_>>()?;
    let divisor_gradients =
        raw.divisor.into_iter().map(|raw| gradient(&mut loss, raw)).collect::<Option<_>>()?;
    let divisor = match loss.mean_by {
        Some(by) => Some(form(&mut loss, by)?),
        None => None,
    };
    let keep = match loss.keep {
        Some(keep) => Some(form(&mut loss, keep)?.stable),
        None => None,
    };
    Some(Derived { loss, value, gradients, keep, divisor, divisor_gradients, trace })
}

/// The derivative of one output with respect to inputs: plain, and weighed by the derivative of the result.
fn raw_gradients(
    loss: &mut Loss,
    output: ExprId,
    inputs: &[usize],
) -> Option<Vec<(usize, Derivative, Derivative)>> {
    let elementwise = loss.is_elementwise();
    let leaves: Vec<ExprId> = inputs.iter().map(|i| loss.graph.add(Node::Input(*i))).collect();
    // Without named axes, a sum over samples is left to the sweep.
    let unsummed = if elementwise { loss.graph.samples } else { AxisSet::EMPTY };
    let one = loss.graph.real(1.0);
    let plain = differentiate(&mut loss.graph, Objective { output, seed: one, unsummed }, &leaves)?;
    let weighed = if elementwise {
        plain.clone()
    } else {
        let seed = loss.graph.add(Node::Upstream);
        differentiate(&mut loss.graph, Objective { output, seed, unsummed }, &leaves)?
    };
    let both = plain.into_iter().zip(weighed);
    Some(inputs.iter().copied().zip(both).map(|(input, (plain, weighed))| (input, plain, weighed)).collect())
}
