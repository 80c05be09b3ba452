//! The oracle: an independent evaluation of an elementwise formula as its author wrote it.
//!
//! It walks the syntax tree in forward mode over numbers of 32 digits and unbounded exponents ([`wide`]), so
//! that a naive formula needs no stable form, and it shares nothing with the compiler but the parser: the
//! derivatives are its own ([`dual`]). What the language lays down beyond calculus (kinks, `0 * log 0`, the
//! branch taken) is laid down here a second time.

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(unreachable_pub, reason = "what is public here is public to the test program")]

pub mod dual;
pub mod wide;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use dual::Dual;
use lossdef_compiler::ast::{
    Argument, BinaryOp, Decl, Domain, DomainKind, Expr, ExprKind, Item, Local, Loss, Module, Name, UnaryOp,
};
use lossdef_compiler::diagnostic::Diagnostics;
use lossdef_compiler::parser;
use lossdef_compiler::source::SourceFile;
use wide::Wide;

/// The losses of a text.
pub struct Oracle {
    module: Module,
    /// Whether `stop` and `with_grad` count for nothing, so that slopes are those of the values.
    blunt: bool,
}

/// One sample: its value, what it adds to the divisor of the mean, and the slope of both in every input of
/// the loss, in the order of its declaration.
pub struct Sample {
    pub value: Wide,
    pub slopes: Vec<Wide>,
    pub divisor: Wide,
    pub divisor_slopes: Vec<Wide>,
}

impl Oracle {
    /// Parses a text; what the parser says against it ends the test.
    pub fn new(name: &str, text: &str) -> Oracle {
        let mut diagnostics = Diagnostics::new();
        let module = parser::parse(&SourceFile::new(name, text), &mut diagnostics);
        let found = diagnostics.finish();
        assert!(found.is_empty(), "{name} does not parse: {found:#?}");
        Oracle { module, blunt: false }
    }

    /// The same losses, but with the slopes of their values, whatever `stop` and `with_grad` say.
    pub fn blunt(mut self) -> Oracle {
        self.blunt = true;
        self
    }

    /// The losses of the repository's own `losses.def`.
    pub fn of_losses_def() -> Oracle {
        Oracle::new("losses.def", include_str!("../../losses.def"))
    }

    pub fn losses(&self) -> impl Iterator<Item = &Loss> {
        self.module.items.iter().filter_map(|item| match item {
            Item::Loss(loss) => Some(loss),
            Item::Function(_) => None,
        })
    }

    pub fn loss(&self, name: &str) -> &Loss {
        self.losses()
            .find(|loss| loss.name.name == name)
            .unwrap_or_else(|| panic!("there is no loss `{name}`"))
    }

    /// The first input or parameter whose value lies outside of its declared domain.
    pub fn outside(&self, loss: &str, values: &BTreeMap<&str, f64>) -> Option<&str> {
        let loss = self.loss(loss);
        let end = |expr: &Expr| Scope::new(self, 0, &[]).eval(expr).value.round();
        let inside = |domain: &Domain, x: f64| match &domain.kind {
            DomainKind::Set(members) => members.iter().any(|member| end(member) == x),
            DomainKind::Interval { low, low_closed, high, high_closed } => {
                let (low, high) = (end(low), end(high));
                (low < x || (*low_closed && low == x)) && (x < high || (*high_closed && x == high))
            }
        };
        let decls =
            loss.inputs.iter().chain(&loss.parameters).map(|decl| (decl.name.name.as_str(), &decl.domain));
        decls
            .filter_map(|(name, domain)| Some((name, domain.as_ref()?, *values.get(name)?)))
            .find(|(_, domain, x)| !inside(domain, *x))
            .map(|(name, _, _)| name)
    }

    /// Evaluates one sample. `values` gives inputs and parameters by name; what it leaves out has its default.
    pub fn sample(&self, loss: &str, values: &BTreeMap<&str, f64>) -> Sample {
        let loss = self.loss(loss);
        let inputs = loss.inputs.len();
        let value_of = |decl: &Decl| match (values.get(decl.name.name.as_str()), &decl.default) {
            (Some(value), _) => Wide::new(*value),
            (None, Some(default)) => Scope::new(self, inputs, &[]).eval(default).value,
            (None, None) => panic!("`{}` is not given", decl.name.name),
        };
        let mut scope = Scope::new(self, inputs, &loss.locals);
        for (place, decl) in loss.inputs.iter().enumerate() {
            scope.bind(decl, Dual::variable(value_of(decl), place, inputs));
        }
        for decl in &loss.parameters {
            scope.bind(decl, Dual::constant(value_of(decl), inputs));
        }
        let nothing = Dual::constant(Wide::ZERO, inputs);
        let kept = loss.keep.as_ref().is_none_or(|keep| scope.eval(keep).is_true());
        let value = if kept { scope.eval(&loss.body) } else { nothing.clone() };
        let divisor = match &loss.mean_by {
            _ if !kept => nothing,
            Some(weight) => scope.eval(weight),
            None => Dual::constant(Wide::ONE, inputs),
        };
        let slopes = |of: &Dual| of.slopes.iter().map(|s| s.unwrap_or(Wide::ZERO)).collect();
        Sample {
            value: value.value,
            slopes: slopes(&value),
            divisor: divisor.value,
            divisor_slopes: slopes(&divisor),
        }
    }
}

/// The names that an expression sees.
struct Scope<'a> {
    oracle: &'a Oracle,
    inputs: usize,
    bound: HashMap<&'a str, Dual>,
    locals: HashMap<&'a str, &'a Expr>,
    known: RefCell<HashMap<&'a str, Rc<Dual>>>,
}

impl<'a> Scope<'a> {
    fn new(oracle: &'a Oracle, inputs: usize, locals: &'a [Local]) -> Scope<'a> {
        let locals = locals
            .iter()
            .map(|local| {
                assert!(
                    local.indices.is_none(),
                    "the oracle knows elementwise formulas only: `{}`",
                    local.name.name
                );
                (local.name.name.as_str(), &local.value)
            })
            .collect();
        Scope { oracle, inputs, bound: HashMap::new(), locals, known: RefCell::default() }
    }

    fn bind(&mut self, decl: &'a Decl, value: Dual) {
        self.bound.insert(&decl.name.name, value.plain());
    }

    fn number(&self, x: f64) -> Dual {
        Dual::constant(Wide::new(x), self.inputs)
    }

    fn truth(&self, x: bool) -> Dual {
        self.number(f64::from(u8::from(x)))
    }

    fn eval(&self, expr: &'a Expr) -> Dual {
        match &expr.kind {
            ExprKind::Number(x) => self.number(*x),
            ExprKind::Name(name) => self.name(name),
            ExprKind::Unary(UnaryOp::Neg, x) => self.eval(x).neg(),
            ExprKind::Unary(UnaryOp::Not, x) => self.truth(!self.eval(x).is_true()),
            ExprKind::Binary(op, a, b) => self.binary(*op, a, b),
            // Only the branch taken is evaluated. It is no product any more, whatever it was.
            ExprKind::If(condition, a, b) => {
                self.eval(if self.eval(condition).is_true() { a } else { b }).plain()
            }
            ExprKind::Indicator(condition) => self.truth(self.eval(condition).is_true()),
            ExprKind::Membership { .. } => panic!("the oracle knows elementwise formulas only: {expr:?}"),
        }
    }

    fn binary(&self, op: BinaryOp, a: &'a Expr, b: &'a Expr) -> Dual {
        let x = self.eval(a);
        match op {
            BinaryOp::And => return self.truth(x.is_true() && self.eval(b).is_true()),
            BinaryOp::Or => return self.truth(x.is_true() || self.eval(b).is_true()),
            _ => {}
        }
        let y = self.eval(b);
        match op {
            BinaryOp::Add => x.add(&y),
            BinaryOp::Sub => x.sub(&y),
            BinaryOp::Mul => x.mul(&y),
            BinaryOp::Div => x.div(&y),
            BinaryOp::Pow => x.pow(&y),
            BinaryOp::Eq => self.truth(x.value == y.value),
            BinaryOp::Ne => self.truth(x.value != y.value),
            BinaryOp::Lt => self.truth(x.value < y.value),
            BinaryOp::Le => self.truth(x.value <= y.value),
            BinaryOp::Gt => self.truth(x.value > y.value),
            BinaryOp::Ge => self.truth(x.value >= y.value),
            BinaryOp::And | BinaryOp::Or => unreachable!("answered above"),
        }
    }

    fn name(&self, name: &'a Name) -> Dual {
        let word = name.ident.name.as_str();
        assert!(name.bracket.is_none(), "the oracle knows elementwise formulas only: `{word}[...]`");
        let Some(arguments) = &name.arguments else {
            return self.word(word);
        };
        let given: Vec<Dual> = arguments.iter().map(|argument| self.eval(&argument.value)).collect();
        match (word, given.as_slice()) {
            ("stop" | "with_grad", [value, ..]) if self.oracle.blunt => value.clone().plain(),
            ("stop", [value]) => Dual::constant(value.value, self.inputs),
            ("with_grad", [value, slope]) => slope.clone().with_value(value.value),
            _ => match Dual::call(word, &given) {
                Some(value) => value,
                None => self.helper(word, arguments, &given),
            },
        }
    }

    fn word(&self, word: &'a str) -> Dual {
        match word {
            "inf" => self.number(f64::INFINITY),
            "pi" => self.number(std::f64::consts::PI),
            "true" | "false" => self.truth(word == "true"),
            _ => {
                if let Some(value) = self.bound.get(word) {
                    return value.clone();
                }
                if let Some(value) = self.known.borrow().get(word) {
                    return Dual::clone(value);
                }
                let expr = self.locals.get(word).unwrap_or_else(|| panic!("`{word}` is not known"));
                let value = self.eval(expr);
                self.known.borrow_mut().insert(word, Rc::new(value.clone()));
                value
            }
        }
    }

    /// A call of a helper or of another loss, which gives its value for this sample.
    fn helper(&self, word: &str, arguments: &'a [Argument], given: &[Dual]) -> Dual {
        let called = self.oracle.module.items.iter().find_map(|item| match item {
            Item::Function(it) if it.name.name == word => {
                Some((&it.arguments, &it.parameters, &it.locals, &it.body))
            }
            Item::Loss(it) if it.name.name == word => {
                Some((&it.inputs, &it.parameters, &it.locals, &it.body))
            }
            _ => None,
        });
        let (first, second, locals, body) = called.unwrap_or_else(|| panic!("there is no function `{word}`"));
        let mut scope = Scope::new(self.oracle, self.inputs, locals);
        for (place, decl) in first.iter().chain(second).enumerate() {
            let by_name = |a: &Argument| a.name.as_ref().is_some_and(|n| n.name == decl.name.name);
            let by_place = arguments.get(place).filter(|a| a.name.is_none()).map(|_| place);
            let value = match (arguments.iter().position(by_name).or(by_place), &decl.default) {
                (Some(at), _) => given[at].clone(),
                (None, Some(default)) => scope.eval(default),
                (None, None) => panic!("`{word}` is called without `{}`", decl.name.name),
            };
            // An argument stands for its text, so a product stays a product.
            scope.bound.insert(&decl.name.name, value);
        }
        scope.eval(body)
    }
}
