//! A loss with its derivatives: as written, and in stable form.

use crate::differentiate::differentiate;
use crate::ir::{ExprId, Loss, Node};
use crate::ranges::Ranges;
use crate::rewrite::{Counts, rewrite};

/// A loss, its derivatives, and the stable form of both.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The loss as checked; its graph holds everything below.
    pub loss: Loss,
    /// The value.
    pub value: Form,
    /// The derivative with respect to each differentiable input.
    pub gradients: Vec<(usize, Form)>,
    /// The condition under which a sample counts, in stable form.
    pub keep: Option<ExprId>,
    /// The summand of the divisor.
    pub divisor: Option<Form>,
    /// The derivatives of that summand, for the inputs that it reads.
    pub divisor_gradients: Vec<(usize, Form)>,
    /// The rules that fired.
    pub rewrites: Counts,
}

/// One expression before and after rewriting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// As the author wrote it, or as differentiation left it.
    pub raw: ExprId,
    /// As it is computed.
    pub stable: ExprId,
}

/// Differentiates a loss, then puts value and derivatives into stable form.
pub fn derive(mut loss: Loss) -> Derived {
    let wanted: Vec<usize> = (0..loss.inputs.len()).filter(|i| loss.inputs[*i].is_differentiable()).collect();
    let leaves: Vec<ExprId> = wanted.iter().map(|i| loss.graph.add(Node::Input(*i))).collect();
    let raw = differentiate(&mut loss.graph, loss.value, &leaves);

    let read: Vec<(usize, ExprId)> = match loss.mean_by {
        None => Vec::new(),
        Some(by) => {
            wanted.iter().copied().zip(leaves).filter(|(_, leaf)| loss.graph.reads(by, *leaf)).collect()
        }
    };
    let read_leaves: Vec<ExprId> = read.iter().map(|(_, leaf)| *leaf).collect();
    let raw_divisor = match loss.mean_by {
        None => Vec::new(),
        Some(by) => differentiate(&mut loss.graph, by, &read_leaves),
    };

    let mut ranges = Ranges::new(&loss);
    let mut rewrites = Counts::default();
    let mut stable = |root: ExprId| rewrite(&mut loss.graph, &mut ranges, &[root], &mut rewrites)[0];
    let mut form = |raw: ExprId| Form { raw, stable: stable(raw) };
    let value = form(loss.value);
    let gradients = wanted.into_iter().zip(raw.into_iter().map(&mut form)).collect();
    let divisor = loss.mean_by.map(&mut form);
    let divisor_gradients =
        read.iter().map(|(i, _)| *i).zip(raw_divisor.into_iter().map(&mut form)).collect();
    let keep = loss.keep.map(&mut form).map(|form| form.stable);
    Derived { loss, value, gradients, keep, divisor, divisor_gradients, rewrites }
}
