//! Expressions: operators, names and types. Calls stand in `call`, binders and indexing in `axes`.

mod axes;
mod call;

use super::{Items, suggest::nearest};
use crate::ast::{self, BinaryOp, Decl, Expr, ExprKind, Ident, Local, Loss, Name, UnaryOp};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{Axis, AxisId, AxisSet, ExprId, Function, Graph, Node, Scalar, Type};
use crate::source::Span;
use std::collections::{HashMap, HashSet};

/// The deepest nesting, locals and helpers included, so that later passes may recurse.
const MOST_DEPTH: usize = 600;
/// How deep helpers call each other.
const MOST_HELPERS: usize = 64;
/// The largest graph of one loss.
const MOST_NODES: usize = 100_000;

/// The constants of the language.
pub(super) fn constant(name: &str) -> Option<f64> {
    match name {
        "inf" => Some(f64::INFINITY),
        "pi" => Some(std::f64::consts::PI),
        "true" | "false" => Some(f64::NAN),
        _ => None,
    }
}

/// Whether a name is a form of the language that is called like a function, beside the table's rows.
pub(super) fn is_built_in(name: &str) -> bool {
    call::SPECIAL.contains(&name) || axes::BINDERS.contains(&name) || axes::NORMALISERS.contains(&name)
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Binding<'a> {
    /// An input, parameter or argument whose node is known.
    Value(ExprId),
    /// A definition that is looked at when it is first used.
    Local(&'a Local),
    /// A named axis.
    Axis(AxisId),
}

/// The names that one declaration's text can see.
#[derive(Default)]
struct Frame<'a> {
    bindings: HashMap<&'a str, Binding<'a>>,
    /// Locals that are being lowered, or have been: `None` where that failed.
    locals: HashMap<&'a str, Option<Option<ExprId>>>,
    /// The locals in the order of the text.
    order: Vec<&'a Local>,
}

/// Turns expressions of one loss into nodes.
pub(super) struct Lowering<'a> {
    items: &'a Items<'a>,
    /// Helpers with mistakes of their own, which are reported already.
    broken: &'a HashSet<&'a str>,
    graph: &'a mut Graph,
    axes: &'a [Axis],
    diagnostics: &'a mut Diagnostics,
    frames: Vec<Frame<'a>>,
    /// Helpers and losses that are being inlined.
    active: Vec<&'a str>,
    /// Helpers and losses already inlined with these arguments.
    inlined: HashMap<(&'a str, Vec<ExprId>), Option<ExprId>>,
    /// The expression that is being lowered stands here.
    depth: usize,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(
        items: &'a Items<'a>,
        broken: &'a HashSet<&'a str>,
        graph: &'a mut Graph,
        axes: &'a [Axis],
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        let (frames, active, inlined) = (Vec::new(), Vec::new(), HashMap::new());
        Lowering { items, broken, graph, axes, diagnostics, frames, active, inlined, depth: 0 }
    }

    /// Opens the scope of the loss that is being checked.
    pub(super) fn enter_loss(&mut self, loss: &'a Loss) {
        let mut frame = Frame::default();
        for (i, decl) in loss.inputs.iter().enumerate() {
            let node = self.graph.add(Node::Input(i));
            self.graph.call(node, &decl.name.name);
            frame.bindings.insert(&decl.name.name, Binding::Value(node));
        }
        for (i, decl) in loss.parameters.iter().enumerate() {
            let node = self.graph.add(Node::Parameter(i));
            self.graph.call(node, &decl.name.name);
            frame.bindings.insert(&decl.name.name, Binding::Value(node));
        }
        for (i, axis) in self.axes.iter().enumerate() {
            if let Some(name) = axis_name(&loss.inputs, &axis.name) {
                frame.bindings.insert(name, Binding::Axis(AxisId(i as u8)));
            }
        }
        bind_locals(&mut frame, &loss.locals);
        self.active.push(&loss.name.name);
        self.frames.push(frame);
    }

    /// Opens the scope of a helper that is being checked on its own: its arguments stand for any numbers.
    pub(super) fn enter_function(&mut self, function: &'a ast::Function) {
        let mut frame = Frame::default();
        for (i, decl) in function.arguments.iter().chain(&function.parameters).enumerate() {
            let scalar = scalar_of(decl);
            self.graph.inputs.push(Type { scalar, axes: AxisSet::of(AxisId::SAMPLES) });
            let node = self.graph.add(Node::Input(i));
            frame.bindings.insert(&decl.name.name, Binding::Value(node));
        }
        bind_locals(&mut frame, &function.locals);
        self.active.push(&function.name.name);
        self.frames.push(frame);
    }

    /// Looks at the locals that the formula does not use, so that mistakes in them are found too.
    pub(super) fn finish_locals(&mut self) {
        for local in self.frame().order.clone() {
            self.local(local, local.name.span);
        }
    }

    fn frame(&mut self) -> &mut Frame<'a> {
        self.frames.last_mut().expect("a scope is open")
    }

    fn report(&mut self, diagnostic: Diagnostic) -> Option<ExprId> {
        self.diagnostics.push(diagnostic);
        None
    }

    /// An expression of a certain type.
    pub(super) fn scalar(&mut self, expr: &'a Expr, wanted: Scalar) -> Option<ExprId> {
        let id = self.expression(expr)?;
        let found = self.graph.type_of(id).scalar;
        if found == wanted {
            return Some(id);
        }
        let (message, advice) = match wanted {
            Scalar::Real => (
                "this is true or false, where a number is wanted",
                "write `[condition]` for 1 where it holds and 0 elsewhere",
            ),
            Scalar::Bool => {
                ("this is a number, where a condition is wanted", "compare it, for example `x > 0`")
            }
        };
        self.report(Diagnostic::new(&codes::WRONG_TYPE, message, expr.span).note(advice))
    }

    fn expression(&mut self, expr: &'a Expr) -> Option<ExprId> {
        self.depth += 1;
        let id = if self.diagnostics.has(&codes::TOO_DEEP) {
            None
        } else if self.depth > MOST_DEPTH || self.active.len() > MOST_HELPERS || self.graph.len() > MOST_NODES
        {
            self.report(Diagnostic::new(&codes::TOO_DEEP, "this formula is too large", expr.span).note(format!(
                "with all helpers inlined, a formula has at most {MOST_NODES} nodes, nested {MOST_DEPTH} deep, and \
                 helpers call each other {MOST_HELPERS} deep"
            )))
        } else {
            self.form(expr)
        };
        self.depth -= 1;
        self.graph.blame(id?, expr.span);
        id
    }

    fn form(&mut self, expr: &'a Expr) -> Option<ExprId> {
        match &expr.kind {
            ExprKind::Number(x) => Some(self.graph.real(*x)),
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Unary(UnaryOp::Neg, x) => {
                let x = self.scalar(x, Scalar::Real)?;
                Some(self.graph.negate(x))
            }
            ExprKind::Unary(UnaryOp::Not, x) => {
                let x = self.scalar(x, Scalar::Bool)?;
                Some(self.graph.apply(Function::Not, &[x]))
            }
            ExprKind::Binary(op, a, b) => {
                let function = function_of(*op);
                let (a, b) = (self.scalar(a, function.operand()), self.scalar(b, function.operand()));
                Some(self.graph.apply(function, &[a?, b?]))
            }
            ExprKind::If(condition, a, b) => {
                let condition = self.scalar(condition, Scalar::Bool);
                let first = self.expression(a);
                let wanted = first.map_or(Scalar::Real, |id| self.graph.type_of(id).scalar);
                let second = self.scalar(b, wanted);
                Some(self.graph.choose(condition?, first?, second?))
            }
            ExprKind::Indicator(condition) => {
                let condition = self.scalar(condition, Scalar::Bool)?;
                Some(self.graph.indicator(condition))
            }
            ExprKind::Membership { index, .. } => {
                self.expression(index);
                self.not_generated("membership in a set of labels", expr.span)
            }
        }
    }

    fn name(&mut self, name: &'a Name, span: Span) -> Option<ExprId> {
        if name.arguments.is_some() {
            return self.call(name, span);
        }
        let value = self.value_of(&name.ident)?;
        match &name.bracket {
            None => Some(value),
            Some(bracket) => self.index(value, bracket),
        }
    }

    fn value_of(&mut self, ident: &'a Ident) -> Option<ExprId> {
        let binding = self.frames.last().and_then(|frame| frame.bindings.get(ident.name.as_str()).copied());
        match binding {
            Some(Binding::Value(id)) => Some(id),
            Some(Binding::Local(local)) => self.local(local, ident.span),
            Some(Binding::Axis(axis)) => Some(self.graph.add(Node::Index(axis))),
            None => match (ident.name.as_str(), constant(&ident.name)) {
                ("true", _) => Some(self.graph.add(Node::Bool(true))),
                ("false", _) => Some(self.graph.add(Node::Bool(false))),
                (_, Some(x)) => Some(self.graph.real(x)),
                (_, None) => self.unknown(ident),
            },
        }
    }

    fn unknown(&mut self, ident: &Ident) -> Option<ExprId> {
        if crate::functions::by_name(&ident.name).is_some() || is_built_in(&ident.name) {
            return self.report(
                Diagnostic::new(&codes::UNKNOWN_NAME, format!("`{}` is a function", ident.name), ident.span)
                    .note(format!("call it: `{}(...)`", ident.name)),
            );
        }
        let mut diagnostic =
            Diagnostic::new(&codes::UNKNOWN_NAME, format!("unknown name `{}`", ident.name), ident.span)
                .label("not an input, parameter or local here");
        let frame = self.frames.last();
        let known = frame.into_iter().flat_map(|frame| frame.bindings.keys().copied());
        if let Some(meant) = nearest(&ident.name, known.chain(["inf", "pi", "true", "false"])) {
            diagnostic = diagnostic.suggest(format!("did you mean `{meant}`?"), ident.span, meant);
        }
        self.report(diagnostic)
    }

    /// The value of a local, lowered when it is first asked for.
    fn local(&mut self, local: &'a Local, used: Span) -> Option<ExprId> {
        let name = local.name.name.as_str();
        match self.frame().locals.get(name) {
            Some(Some(done)) => return *done,
            Some(None) => {
                return self.report(
                    Diagnostic::new(&codes::CYCLE, format!("`{name}` is defined by itself"), used)
                        .context(local.name.span, "defined here"),
                );
            }
            None => {}
        }
        self.frame().locals.insert(name, None);
        let value = match &local.indices {
            None => self.expression(&local.value),
            Some(_) => self.not_generated("locals over an axis", local.span),
        };
        if let Some(value) = value {
            self.graph.call(value, name);
        }
        self.frame().locals.insert(name, Some(value));
        value
    }
}

/// Whether an argument is a number or a truth value.
fn scalar_of(decl: &Decl) -> Scalar {
    match decl.role.as_ref().map(|role| role.kind.name.as_str()) {
        Some("bool") => Scalar::Bool,
        _ => Scalar::Real,
    }
}

fn bind_locals<'a>(frame: &mut Frame<'a>, locals: &'a [Local]) {
    for local in locals {
        frame.bindings.insert(&local.name.name, Binding::Local(local));
        frame.order.push(local);
    }
}

/// The name of an axis as a declaration spells it.
fn axis_name<'a>(inputs: &'a [Decl], name: &str) -> Option<&'a str> {
    use crate::ast::AxisDecl;
    inputs.iter().flat_map(|decl| decl.axes.iter().flatten()).find_map(|axis| match axis {
        AxisDecl::Axis(ident) | AxisDecl::Group(ident) if ident.name == name => Some(ident.name.as_str()),
        _ => None,
    })
}

fn function_of(op: BinaryOp) -> Function {
    match op {
        BinaryOp::Add => Function::Add,
        BinaryOp::Sub => Function::Sub,
        BinaryOp::Mul => Function::Mul,
        BinaryOp::Div => Function::Div,
        BinaryOp::Pow => Function::Pow,
        BinaryOp::Eq => Function::Eq,
        BinaryOp::Ne => Function::Ne,
        BinaryOp::Lt => Function::Lt,
        BinaryOp::Le => Function::Le,
        BinaryOp::Gt => Function::Gt,
        BinaryOp::Ge => Function::Ge,
        BinaryOp::And => Function::And,
        BinaryOp::Or => Function::Or,
    }
}
