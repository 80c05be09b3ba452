//! Nodes back to the language, with as few parentheses as it takes.
//!
//! What is printed parses again, but for what only differentiation and rewriting make. Picks and binders are
//! written in `axes`; `binders` reads what a fold binds.

mod axes;
pub(crate) mod binders;

use crate::functions::{Form, row};
use crate::ir::{ExprId, Function, Graph, Input, Loss, Node};
use std::cell::Cell;
use std::collections::HashSet;

/// Longer text than this is cut: a shared subexpression is written out each time it is read.
const LONGEST: usize = 4000;

/// What is nested deeper than this is left out: derivatives are deeper than the formula, which has a limit.
const DEEPEST: usize = 700;

/// The precedence of an `if`, of comparisons, of sums, and of what cannot be taken apart.
const IF: u8 = 0;
const COMPARISON: u8 = 4;
const SUM: u8 = 5;
const ATOM: u8 = 9;

/// Writes expressions of a loss in the language.
pub struct Printer<'a> {
    graph: &'a Graph,
    inputs: &'a [Input],
    parameters: Vec<&'a str>,
    /// What axes and indices are called; no two alike.
    axes: Vec<String>,
    /// Locals that are written by their names.
    known: HashSet<ExprId>,
    /// How deep the node is that is being written, and whether one was too deep.
    depth: Cell<usize>,
    too_deep: Cell<bool>,
}

impl<'a> Printer<'a> {
    /// For the expressions of `loss` in `graph`, locals written out.
    pub fn new(loss: &'a Loss, graph: &'a Graph) -> Self {
        Printer {
            graph,
            inputs: &loss.inputs,
            parameters: loss.parameters.iter().map(|parameter| parameter.name.as_str()).collect(),
            axes: binders::axis_names(loss, graph),
            known: HashSet::new(),
            depth: Cell::new(0),
            too_deep: Cell::new(false),
        }
    }

    /// Writes these nodes, which must have names, by name from now on.
    pub fn by_name(mut self, nodes: impl IntoIterator<Item = ExprId>) -> Self {
        self.known.extend(nodes.into_iter().filter(|id| self.graph.name(*id).is_some()));
        self
    }

    /// An expression; `root` itself is written out even where it has a name. A text that ends in dots is not all of
    /// it.
    pub fn text(&self, root: ExprId) -> String {
        let mut text = String::new();
        self.too_deep.set(false);
        self.write(&mut text, root, IF, true);
        if text.len() >= LONGEST || self.too_deep.get() {
            text.truncate(LONGEST);
            text.push_str(" ...");
        }
        text
    }

    fn write(&self, out: &mut String, id: ExprId, outer: u8, root: bool) {
        if out.len() >= LONGEST {
            return;
        }
        if let Some(name) = self.graph.name(id).filter(|_| !root && self.known.contains(&id)) {
            out.push_str(name);
            return;
        }
        if self.depth.get() >= DEEPEST {
            self.too_deep.set(true);
            out.push_str("...");
            return;
        }
        self.depth.set(self.depth.get() + 1);
        let inner = self.precedence(id);
        if inner < outer {
            out.push('(');
        }
        match self.graph.node(id) {
            Node::Real(bits) => out.push_str(&number(f64::from_bits(*bits))),
            Node::Bool(truth) => out.push_str(&truth.to_string()),
            Node::Input(_) | Node::Member(_) => self.leaf(out, id, &[]),
            Node::Gather(leaf, picks) => self.leaf(out, *leaf, picks),
            Node::Upstream => out.push_str("upstream"),
            Node::Parameter(parameter) => out.push_str(self.parameters[*parameter]),
            Node::Index(axis) => out.push_str(self.axis(*axis)),
            Node::Size(axis) => out.push_str(&format!("size({})", self.axis(*axis))),
            Node::Apply(function, arguments) => self.apply(out, *function, arguments),
            Node::If(c, a, b) if self.graph.is(*a, 1.0) && self.graph.is(*b, 0.0) => {
                self.list(out, "[", &[*c], "]");
            }
            Node::If(c, a, b) => {
                for (word, part) in [("if ", c), (" then ", a), (" else ", b)] {
                    out.push_str(word);
                    self.write(out, *part, IF, false);
                }
            }
            Node::Stop(e) => self.list(out, "stop(", &[*e], ")"),
            Node::WithGrad(v, g) => self.list(out, "with_grad(", &[*v, *g], ")"),
            Node::Reduce(..) => self.fold(out, id),
        }
        if inner < outer {
            out.push(')');
        }
        self.depth.set(self.depth.get() - 1);
    }

    fn precedence(&self, id: ExprId) -> u8 {
        match self.graph.node(id) {
            Node::Member(_) => COMPARISON,
            Node::Gather(leaf, _) if matches!(self.graph.node(*leaf), Node::Member(_)) => COMPARISON,
            Node::Apply(Function::Not, operand) if self.is_member(operand[0]) => COMPARISON,
            Node::Apply(function, _) => match row(*function).form {
                Form::Infix(precedence) | Form::Prefix(precedence) => precedence,
                Form::Call | Form::Internal => ATOM,
            },
            Node::If(_, a, b) if self.graph.is(*a, 1.0) && self.graph.is(*b, 0.0) => ATOM,
            Node::If(..) => IF,
            Node::Real(bits) if f64::from_bits(*bits).is_sign_negative() => SUM,
            _ => ATOM,
        }
    }

    fn apply(&self, out: &mut String, function: Function, arguments: &[ExprId]) {
        let row = row(function);
        match (row.form, arguments) {
            (Form::Infix(precedence), &[a, b]) => {
                // `^` binds to the right and takes any prefix on its right; comparisons do not chain.
                let (left, right) = match function {
                    Function::Pow => (ATOM, precedence - 1),
                    Function::Add | Function::Mul | Function::And | Function::Or => {
                        (precedence, precedence + 1)
                    }
                    Function::Sub | Function::Div => (precedence, precedence + 1),
                    _ => (precedence + 1, precedence + 1),
                };
                self.write(out, a, left, false);
                match function {
                    Function::Pow => out.push('^'),
                    _ => out.push_str(&format!(" {} ", row.name)),
                }
                self.write(out, b, right, false);
            }
            (Form::Prefix(_), &[a]) if function == Function::Not && self.is_member(a) => {
                self.membership(out, a, true);
            }
            (Form::Prefix(precedence), &[a]) => {
                out.push_str(row.name);
                if function == Function::Not {
                    out.push(' ');
                }
                self.write(out, a, precedence, false);
            }
            _ => self.list(out, &format!("{}(", row.name), arguments, ")"),
        }
    }

    fn list(&self, out: &mut String, open: &str, items: &[ExprId], close: &str) {
        out.push_str(open);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            self.write(out, *item, IF, false);
        }
        out.push_str(close);
    }
}

/// A number as the language writes it. NaN, which it cannot write, is `inf - inf`.
pub fn number(x: f64) -> String {
    if x.is_nan() {
        "(inf - inf)".to_owned()
    } else if x.is_infinite() {
        if x > 0.0 { "inf" } else { "-inf" }.to_owned()
    } else if x != 0.0 && !(1e-4..1e15).contains(&x.abs()) {
        format!("{x:e}")
    } else {
        x.to_string()
    }
}
