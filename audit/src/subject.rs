//! The loss under audit: what the compiler knows of it, and a way to call it.

use lossdef_compiler::derive::Derived;
use lossdef_compiler::ir::{Loss, Node};
use lossdef_runtime::dynamic::Loss as Callable;

use crate::scene::Element;

/// See the module.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Formula and derivatives.
    pub derived: &'a Derived,
    /// The loss as it is called.
    pub callable: &'a dyn Callable,
}

impl Subject<'_> {
    /// The loss as checked.
    pub fn loss(&self) -> &Loss {
        &self.derived.loss
    }

    /// Whether the author parts gradient and value from each other (`stop`, `with_grad`).
    pub fn parts_ways(&self) -> bool {
        let graph = &self.loss().graph;
        let parts = |node: &Node| matches!(node, Node::Stop(_) | Node::WithGrad(..));
        graph.reachable(&[self.loss().value]).iter().any(|id| parts(graph.node(*id)))
    }

    /// The name of the derivative in an element.
    pub fn derivative(&self, element: Element, many: bool) -> String {
        let name = &self.loss().inputs[element.input].name;
        if many { format!("d/d {name}, element {}", element.flat) } else { format!("d/d {name}") }
    }
}
