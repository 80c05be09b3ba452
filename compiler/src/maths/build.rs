//! The layout of an expression, from the graph.

use super::{Fence, FoldSign, Level, Maths};
use crate::display::binders::{self, axis_names};
use crate::functions::row;
use crate::ir::{AxisId, AxisSet, ExprId, Function, Graph, Input, Loss, Node};
use std::cell::Cell;
use std::collections::HashSet;

/// More nodes than these are left out.
const LARGEST: usize = 1500;

/// What is nested deeper than this is left out.
const DEEPEST: usize = 200;

/// Lays out expressions of a loss.
pub(super) struct Builder<'a> {
    pub(super) graph: &'a Graph,
    pub(super) inputs: &'a [Input],
    parameters: Vec<&'a str>,
    axes: Vec<String>,
    /// Locals that are written by their names.
    pub(super) known: HashSet<ExprId>,
    /// How many nodes the tree under way has.
    size: Cell<usize>,
    /// How deep the node is that is being laid out.
    depth: Cell<usize>,
}

impl<'a> Builder<'a> {
    /// For the expressions of `loss`, these locals by name.
    pub(super) fn new(loss: &'a Loss, known: impl IntoIterator<Item = ExprId>) -> Self {
        Builder {
            graph: &loss.graph,
            inputs: &loss.inputs,
            parameters: loss.parameters.iter().map(|parameter| parameter.name.as_str()).collect(),
            axes: axis_names(loss, &loss.graph),
            known: known.into_iter().collect(),
            size: Cell::new(0),
            depth: Cell::new(0),
        }
    }

    /// An expression; `root` itself is written out even where it has a name.
    pub(super) fn tree(&self, root: ExprId) -> Maths {
        self.size.set(0);
        self.node(root)
    }

    /// A local by its name, at the position where its axes stand.
    pub(super) fn local(&self, id: ExprId) -> Maths {
        let name = Maths::Name(self.graph.name(id).unwrap_or_default().to_owned());
        subscript(name, self.positions(self.graph.type_of(id).axes))
    }

    /// An axis or index.
    pub(super) fn axis(&self, axis: AxisId) -> Maths {
        match axis {
            AxisId::SAMPLES => Maths::Words("samples"),
            _ => Maths::Name(self.axes[axis.0 as usize].clone()),
        }
    }

    /// The named axes of a set.
    fn positions(&self, axes: AxisSet) -> Vec<Maths> {
        axes.iter().filter(|axis| *axis != AxisId::SAMPLES).map(|axis| self.axis(axis)).collect()
    }

    pub(super) fn visit(&self, id: ExprId) -> Maths {
        if self.known.contains(&id) { self.local(id) } else { self.node(id) }
    }

    fn node(&self, id: ExprId) -> Maths {
        self.size.set(self.size.get() + 1);
        if self.size.get() > LARGEST || self.depth.get() == DEEPEST {
            return Maths::Sign("…");
        }
        self.depth.set(self.depth.get() + 1);
        let laid_out = self.form(id);
        self.depth.set(self.depth.get() - 1);
        laid_out
    }

    fn form(&self, id: ExprId) -> Maths {
        match self.graph.node(id) {
            Node::Real(bits) => number(f64::from_bits(*bits)),
            Node::Bool(truth) => Maths::Sign(if *truth { "⊤" } else { "⊥" }),
            Node::Input(_) | Node::Member(_) => self.leaf(id, &[]),
            Node::Gather(leaf, picks) => self.leaf(*leaf, picks),
            Node::Upstream => Maths::Words("upstream"),
            Node::Parameter(parameter) => Maths::Name(self.parameters[*parameter].to_owned()),
            Node::Index(axis) => self.axis(*axis),
            Node::Size(axis) => Maths::Call("size", vec![self.axis(*axis)]),
            Node::Apply(function, arguments) => self.apply(*function, arguments),
            Node::If(c, a, b) if self.graph.is(*a, 1.0) && self.graph.is(*b, 0.0) => {
                Maths::Fence(Fence::Square, Box::new(self.visit(*c)))
            }
            Node::If(..) => self.cases(id),
            Node::Stop(e) => Maths::Call("stop", vec![self.visit(*e)]),
            Node::WithGrad(v, g) => Maths::Call("with_grad", vec![self.visit(*v), self.visit(*g)]),
            Node::Reduce(..) => self.fold(id),
        }
    }

    /// `if`, and the `if`s behind its `else`, as one list of cases.
    fn cases(&self, id: ExprId) -> Maths {
        let mut cases = Vec::new();
        let mut rest = id;
        loop {
            let named = rest != id && self.known.contains(&rest);
            match *self.graph.node(rest) {
                Node::If(c, a, b) if !(named || self.graph.is(a, 1.0) && self.graph.is(b, 0.0)) => {
                    cases.push((self.case(a), Some(self.visit(c))));
                    rest = b;
                }
                _ => break,
            }
        }
        cases.push((self.case(rest), None));
        Maths::Cases(cases)
    }

    /// A value in a list of cases; another list would be read as part of this one.
    fn case(&self, id: ExprId) -> Maths {
        let value = self.visit(id);
        if value.ends_open() { Maths::Fence(Fence::Round, Box::new(value)) } else { value }
    }

    fn apply(&self, function: Function, arguments: &[ExprId]) -> Maths {
        let of = |i: usize| self.visit(arguments[i]);
        match function {
            Function::Add => add(of(0), false, of(1)),
            Function::Sub => add(of(0), true, of(1)),
            Function::Neg => negative(of(0)),
            Function::Mul => multiply(of(0), of(1)),
            Function::Div => Maths::Fraction(Box::new(of(0)), Box::new(of(1))),
            Function::Pow => Maths::Power(Box::new(of(0).before(Level::Atom)), Box::new(of(1))),
            Function::Sqrt => Maths::Root(Box::new(of(0))),
            Function::Abs => Maths::Fence(Fence::Bars, Box::new(of(0))),
            // The convention 0 log 0 = 0 is part of what is read.
            Function::Xlogy => multiply(of(0), Maths::Call("log", vec![of(1)])),
            Function::And => connect("∧", Level::And, of(0), of(1)),
            Function::Or => connect("∨", Level::Or, of(0), of(1)),
            Function::Not => match self.membership(arguments[0], true) {
                Some(membership) => membership,
                None => Maths::Not(Box::new(of(0).at(Level::Relation))),
            },
            Function::Lt | Function::Le | Function::Gt | Function::Ge | Function::Eq | Function::Ne => {
                relation(sign(function), of(0), of(1))
            }
            _ => Maths::Call(row(function).name, (0..arguments.len()).map(of).collect()),
        }
    }

    /// An input at positions, or a membership.
    fn leaf(&self, leaf: ExprId, picks: &[(AxisId, ExprId)]) -> Maths {
        let Node::Input(input) = *self.graph.node(leaf) else {
            return self.member(leaf, picks, false);
        };
        if let Some(index) = binders::label(self.graph, self.inputs, leaf, picks) {
            return self.axis(index);
        }
        let input = &self.inputs[input];
        self.at_positions(&input.name, &input.axes, picks)
    }

    /// A name with the positions of its axes: those that are picked, and the others as they stand.
    fn at_positions(&self, name: &str, axes: &[AxisId], picks: &[(AxisId, ExprId)]) -> Maths {
        let position = |axis: &AxisId| match picks.iter().find(|(picked, _)| picked == axis) {
            Some((_, position)) => Some(self.visit(*position)),
            None if *axis == AxisId::SAMPLES => None,
            None => Some(self.axis(*axis)),
        };
        subscript(Maths::Name(name.to_owned()), axes.iter().filter_map(position).collect())
    }

    /// `i ∈ Y`, or `i ∉ Y`, where the node is a membership.
    fn membership(&self, id: ExprId, negated: bool) -> Option<Maths> {
        match self.graph.node(id) {
            Node::Member(_) => Some(self.member(id, &[], negated)),
            Node::Gather(leaf, picks) if matches!(self.graph.node(*leaf), Node::Member(_)) => {
                Some(self.member(*leaf, picks, negated))
            }
            _ => None,
        }
    }

    fn member(&self, leaf: ExprId, picks: &[(AxisId, ExprId)], negated: bool) -> Maths {
        let Node::Member(input) = *self.graph.node(leaf) else { return Maths::Sign("…") };
        let set = &self.inputs[input];
        let crate::ir::Role::Set(into) = set.role else { return Maths::Sign("…") };
        let element = match picks.iter().find(|(axis, _)| *axis == into) {
            Some((_, position)) => self.visit(*position),
            None => self.axis(into),
        };
        let others = &set.axes[..set.axes.len().saturating_sub(1)];
        let set = self.at_positions(&set.name, others, picks);
        relation(if negated { "∉" } else { "∈" }, element, set)
    }
}

/// A name with positions, where there are any.
pub(super) fn subscript(name: Maths, positions: Vec<Maths>) -> Maths {
    if positions.is_empty() { name } else { Maths::Subscript(Box::new(name), positions) }
}

/// `-x`
pub(super) fn negative(x: Maths) -> Maths {
    Maths::Sum(vec![(true, x.at(Level::Product))])
}

/// `a + b`, or `a - b`. What stands on the left is taken apart, as it is computed first.
fn add(a: Maths, minus: bool, b: Maths) -> Maths {
    let mut terms = match a {
        Maths::Sum(terms) if !terms.last().is_some_and(|(_, last)| last.ends_open()) => terms,
        other => vec![(false, other.before(Level::Product))],
    };
    terms.push((minus, if matches!(b, Maths::Cases(_)) { b } else { b.at(Level::Product) }));
    Maths::Sum(terms)
}

/// `a b`. A sign of the first factor is one of the product.
fn multiply(a: Maths, b: Maths) -> Maths {
    let open = |factor: &Maths| factor.ends_open() || factor.level() == Level::Product;
    match a {
        Maths::Sum(mut terms) if terms.len() == 1 && terms[0].0 => {
            let (_, first) = terms.remove(0);
            negative(multiply(first, b))
        }
        Maths::Product(mut factors) if !factors.last().is_some_and(open) => {
            factors.push(b.at_right_of_product());
            Maths::Product(factors)
        }
        other => {
            let first = if open(&other) { Maths::Fence(Fence::Round, Box::new(other)) } else { other };
            Maths::Product(vec![first.at(Level::Fraction), b.at_right_of_product()])
        }
    }
}

impl Maths {
    /// As a last factor: a product keeps its parentheses, a large operator needs none.
    fn at_right_of_product(self) -> Maths {
        match self {
            Maths::Fold(..) | Maths::Cases(_) => self,
            other => other.at(Level::Fraction),
        }
    }
}

/// `a and b`, `a or b`
fn connect(sign: &'static str, level: Level, a: Maths, b: Maths) -> Maths {
    let mut operands = match a {
        Maths::Infix(known, operands) if known == sign => operands,
        other => vec![other.before(level)],
    };
    operands.push(match b {
        same @ Maths::Infix(known, _) if known == sign => Maths::Fence(Fence::Round, Box::new(same)),
        other => other.at(level),
    });
    Maths::Infix(sign, operands)
}

/// `a < b`
pub(super) fn relation(sign: &'static str, a: Maths, b: Maths) -> Maths {
    Maths::Infix(sign, vec![a.before(Level::Sum), b.at(Level::Sum)])
}

fn sign(comparison: Function) -> &'static str {
    match comparison {
        Function::Lt => "<",
        Function::Le => "≤",
        Function::Gt => ">",
        Function::Ge => "≥",
        Function::Eq => "=",
        _ => "≠",
    }
}

/// A number, with powers of ten where they are large or small.
fn number(x: f64) -> Maths {
    if x.is_nan() {
        return Maths::Words("NaN");
    }
    if x.is_sign_negative() {
        return negative(number(-x));
    }
    if x.is_infinite() {
        return Maths::Sign("∞");
    }
    if x == std::f64::consts::PI {
        return Maths::Sign("π");
    }
    if x == 0.0 || (1e-4..1e15).contains(&x) {
        return Maths::Number(x.to_string());
    }
    let text = format!("{x:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent = match exponent.strip_prefix('-') {
        Some(digits) => negative(Maths::Number(digits.to_owned())),
        None => Maths::Number(exponent.to_owned()),
    };
    let power = Maths::Power(Box::new(Maths::Number("10".to_owned())), Box::new(exponent));
    if mantissa == "1" { power } else { multiply(Maths::Number(mantissa.to_owned()), power) }
}

/// What a large operator or a word stands before.
pub(super) fn fold(sign: FoldSign, below: Vec<Maths>, body: Maths) -> Maths {
    let body = match sign {
        FoldSign::Large(_) => body.at_right_of_fold(),
        FoldSign::Word(_) => body,
    };
    Maths::Fold(sign, below, Box::new(body))
}

impl Maths {
    /// Behind a large operator, a product needs no parentheses.
    fn at_right_of_fold(self) -> Maths {
        match self {
            Maths::Cases(_) => self,
            other => other.at(Level::Product),
        }
    }
}
