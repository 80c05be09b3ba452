//! Expressions: operators, names and types.
//!
//! What else a name may lead to stands in files of its own: calls in `call` and `inline`, binders in `binders`,
//! brackets behind values in `picks`, definitions in `locals`; `frame` holds the names that a text can see.

mod binders;
mod call;
mod fit;
mod frame;
mod inline;
mod locals;
mod picks;

use super::{Items, NODES_OF_FILE, suggest::nearest};
use crate::ast::{BinaryOp, Decl, Expr, ExprKind, Ident, Loss, Name, UnaryOp};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{AxisId, AxisSet, ExprId, Function, Graph, Input, Node, Scalar};
use crate::source::Span;
use frame::{Binding, Frame};
use std::collections::{HashMap, HashSet};

/// The deepest nesting, locals and helpers included, so that later passes may recurse.
const MOST_DEPTH: usize = 600;
/// How deep helpers call each other.
const MOST_HELPERS: usize = 64;
/// The largest graph of one loss.
const MOST_NODES: usize = 20_000;
/// Beside this many errors, nobody looks for what an unknown name may mean.
const MOST_SUGGESTIONS: usize = 100;

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
    call::SPECIAL.contains(&name) || binders::BINDERS.contains(&name) || binders::NORMALISERS.contains(&name)
}

/// Whether a call by this name means the language's own.
pub(super) fn is_function(name: &str) -> bool {
    crate::functions::by_name(name).is_some() || is_built_in(name)
}

/// A helper or loss, the axes that stand for its own, and its arguments.
type Call<'a> = (&'a str, Vec<AxisId>, Vec<ExprId>);

/// Turns expressions of one loss into nodes.
pub(super) struct Lowering<'a> {
    items: &'a Items<'a>,
    /// Helpers with mistakes of their own, which are reported already.
    broken: &'a HashSet<&'a str>,
    /// What the graph's inputs are.
    inputs: &'a [Input],
    graph: &'a mut Graph,
    /// How many nodes the graph may have.
    room: usize,
    diagnostics: &'a mut Diagnostics,
    frames: Vec<Frame<'a>>,
    /// Helpers and losses that are being inlined.
    active: Vec<&'a str>,
    /// Helpers and losses already inlined with these axes and arguments.
    inlined: HashMap<Call<'a>, Option<ExprId>>,
    /// Indices that may not be bound again: those of the binders around, and those of locals.
    taken: AxisSet,
    /// Indices of the local that is looked at whose axis its uses have yet to tell, and which use told it.
    pending: HashMap<AxisId, Option<Span>>,
    /// Such indices that are free.
    spare: Vec<AxisId>,
    /// The expression that is being lowered stands here.
    depth: usize,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(
        items: &'a Items<'a>,
        broken: &'a HashSet<&'a str>,
        inputs: &'a [Input],
        graph: &'a mut Graph,
        room: usize,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Lowering {
            items,
            broken,
            inputs,
            graph,
            room: room.min(MOST_NODES),
            diagnostics,
            frames: Vec::new(),
            active: Vec::new(),
            inlined: HashMap::new(),
            taken: AxisSet::EMPTY,
            pending: HashMap::new(),
            spare: Vec::new(),
            depth: 0,
        }
    }

    /// Opens the scope of the loss that is being checked.
    pub(super) fn enter_loss(&mut self, loss: &'a Loss) {
        let mut frame = Frame::default();
        for (i, decl) in loss.inputs.iter().enumerate() {
            let node = self.input(i);
            self.graph.call(node, &decl.name.name);
            frame.bind(&decl.name, Binding::Value(node, Some(decl)));
        }
        for (i, decl) in loss.parameters.iter().enumerate() {
            let node = self.graph.add(Node::Parameter(i));
            self.graph.call(node, &decl.name.name);
            frame.bind(&decl.name, Binding::Value(node, None));
        }
        for name in super::axes::named_axes(&loss.inputs) {
            if let Some(axis) = self.graph.axes.iter().position(|axis| axis.name == name.name) {
                frame.bind_axis(name, AxisId(axis as u8));
            }
        }
        frame.bind_locals(&loss.locals);
        self.active.push(&loss.name.name);
        self.frames.push(frame);
    }

    /// Opens the scope of a helper that is being checked on its own: its arguments stand for any numbers.
    pub(super) fn enter_function(&mut self, function: &'a crate::ast::Function) {
        let mut frame = Frame { helper: true, ..Frame::default() };
        for (i, name) in function.axes.iter().enumerate() {
            frame.bind_axis(name, AxisId(i as u8 + 1));
        }
        for (i, decl) in function.arguments.iter().chain(&function.parameters).enumerate() {
            let node = self.input(i);
            frame.bind(&decl.name, Binding::Value(node, Some(decl)));
        }
        frame.bind_locals(&function.locals);
        self.active.push(&function.name.name);
        self.frames.push(frame);
    }

    /// The node of an input; for a set, that of its membership, since a set is no number.
    fn input(&mut self, input: usize) -> ExprId {
        let node = match self.inputs[input].role {
            crate::ir::Role::Set(_) => Node::Member(input),
            _ => Node::Input(input),
        };
        self.graph.add(node)
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

    fn report<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
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
        } else if self.depth > MOST_DEPTH || self.active.len() > MOST_HELPERS || self.graph.len() > self.room
        {
            let note = if self.graph.len() > self.room && self.room < MOST_NODES {
                format!(
                    "with all helpers inlined, the formulas of a file have at most {NODES_OF_FILE} nodes together, \
                     and one for each byte"
                )
            } else {
                format!(
                    "with all helpers inlined, a formula has at most {MOST_NODES} nodes, nested {MOST_DEPTH} \
                     deep, and helpers call each other {MOST_HELPERS} deep"
                )
            };
            let message = "this formula is too large";
            self.report(Diagnostic::new(&codes::TOO_DEEP, message, expr.span).note(note))
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
            ExprKind::Membership { index, negated, set } => self.membership(index, *negated, set),
        }
    }

    fn name(&mut self, name: &'a Name, span: Span) -> Option<ExprId> {
        if name.arguments.is_some() {
            return self.call(name, span);
        }
        match &name.bracket {
            None => self.value_of(&name.ident),
            Some(bracket) => self.picked(&name.ident, bracket),
        }
    }

    /// What a name without a bracket is.
    fn value_of(&mut self, ident: &'a Ident) -> Option<ExprId> {
        match self.frames.last().and_then(|frame| frame.find(&ident.name)) {
            Some(Binding::Value(id, _)) if matches!(self.graph.node(id), Node::Member(_)) => self.report(
                Diagnostic::new(
                    &codes::WRONG_TYPE,
                    format!("`{}` is a set of labels, not a number", ident.name),
                    ident.span,
                )
                .note(format!("visit it with `sum[j in {0}](...)`, or ask `i in {0}`", ident.name)),
            ),
            Some(Binding::Value(id, _) | Binding::Index(id)) => Some(id),
            Some(Binding::Local(local)) => self.plain_local(local, ident),
            Some(Binding::Axis(axis)) => Some(self.graph.add(Node::Index(axis))),
            None => match (ident.name.as_str(), constant(&ident.name)) {
                ("true", _) => Some(self.graph.add(Node::Bool(true))),
                ("false", _) => Some(self.graph.add(Node::Bool(false))),
                (_, Some(x)) => Some(self.graph.real(x)),
                (_, None) => self.unknown(ident),
            },
        }
    }

    fn unknown<T>(&mut self, ident: &Ident) -> Option<T> {
        if crate::functions::by_name(&ident.name).is_some() || is_built_in(&ident.name) {
            return self.report(
                Diagnostic::new(&codes::UNKNOWN_NAME, format!("`{}` is a function", ident.name), ident.span)
                    .note(format!("call it: `{}(...)`", ident.name)),
            );
        }
        let mut diagnostic =
            Diagnostic::new(&codes::UNKNOWN_NAME, format!("unknown name `{}`", ident.name), ident.span)
                .label("not an input, parameter or local here");
        if self.diagnostics.errors() >= MOST_SUGGESTIONS {
            return self.report(diagnostic);
        }
        let frame = self.frames.last();
        let hidden = frame.is_some_and(|frame| frame.hidden.contains(&ident.name.as_str()));
        let constants = ["inf", "pi", "true", "false"].into_iter().filter(|_| ident.name.len() > 1);
        let known: Vec<&str> = frame.into_iter().flat_map(Frame::names).chain(constants).collect();
        if hidden {
            let note = "a local does not see the indices around its use; give it one";
            diagnostic = diagnostic.note(format!("{note}: `name[{}] = ...`", ident.name));
        } else if let Some(meant) = nearest(&ident.name, known.into_iter()) {
            diagnostic = diagnostic.suggest(format!("did you mean `{meant}`?"), ident.span, meant);
        }
        self.report(diagnostic)
    }
}

/// Whether an argument is a number or a truth value.
fn scalar_of(decl: &Decl) -> Scalar {
    match decl.role.as_ref().map(|role| role.kind.name.as_str()) {
        Some("bool") => Scalar::Bool,
        _ => Scalar::Real,
    }
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
