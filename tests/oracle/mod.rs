//! The oracle: an independent evaluation of a formula as its author wrote it.
//!
//! It walks the syntax tree in forward mode over numbers of 32 digits and unbounded exponents ([`wide`]), so
//! that a naive formula needs no stable form, and it shares nothing with the compiler but the parser: the
//! derivatives are its own ([`dual`]). What the language lays down beyond calculus (kinks, `0 * log 0`, the
//! branch taken, filters, ties) is laid down here a second time. Named axes are positions ([`scope`]), over
//! which binders go one by one ([`binders`], [`folds`]); nothing is an array but what is given ([`arrays`]).

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(unreachable_pub, reason = "what is public here is public to the test program")]

pub mod arrays;
pub mod binders;
pub mod dual;
pub mod evaluation;
pub mod folds;
pub mod random;
pub mod scope;
pub mod wide;

use std::collections::BTreeMap;
use std::rc::Rc;

use arrays::{Array, SAMPLES};
use dual::Dual;
use lossdef_compiler::ast::{Decl, Domain, DomainKind, Expr, Item, Loss, Module};
use lossdef_compiler::diagnostic::Diagnostics;
use lossdef_compiler::parser;
use lossdef_compiler::source::SourceFile;
use scope::{Position, Scope};
use wide::Wide;

/// The losses of a text.
pub struct Oracle {
    module: Module,
    /// Whether `stop` and `with_grad` count for nothing, so that slopes are those of the values.
    blunt: bool,
}

/// One sample of a loss without axes: its value, what it adds to the divisor of the mean, and the slope of both
/// in every input of the loss, in the order of its declaration.
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

    /// The loss or helper of this name.
    fn item(&self, name: &str) -> Option<&Item> {
        self.module.items.iter().find(|item| match item {
            Item::Function(it) => it.name.name == name,
            Item::Loss(it) => it.name.name == name,
        })
    }

    /// A constant expression.
    fn constant(&self, expr: &Expr) -> Wide {
        Rc::new(Scope::new(self, Vec::new(), &[])).eval(expr, &Position::new()).value
    }

    /// Whether a number lies in a domain.
    fn inside(&self, domain: &Domain, x: f64) -> bool {
        let end = |expr: &Expr| self.constant(expr).round();
        match &domain.kind {
            DomainKind::Set(members) => members.iter().any(|member| end(member) == x),
            DomainKind::Interval { low, low_closed, high, high_closed } => {
                let (low, high) = (end(low), end(high));
                (low < x || (*low_closed && low == x)) && (x < high || (*high_closed && x == high))
            }
        }
    }

    /// Evaluates one sample of a loss without axes. `values` gives inputs and parameters by name; what it leaves
    /// out has its default. Domains are not looked at.
    pub fn sample(&self, loss: &str, values: &BTreeMap<&str, f64>) -> Sample {
        let decls = &self.loss(loss).inputs;
        let given = |decl: &Decl| {
            let name = decl.name.name.as_str();
            values.get_key_value(name).map(|(name, x)| (*name, Array::scalar(*x)))
        };
        let inputs = decls.iter().filter_map(given).collect();
        let run = self.run(loss, &inputs, values, false);
        let run = run.unwrap_or_else(|error| panic!("{loss} at {values:?}: {error}"));
        let slopes = |of: &Dual| {
            let slope = |decl: &Decl| run.first(&decl.name.name).map_or(Wide::ZERO, |first| of.slope(first));
            decls.iter().map(slope).collect()
        };
        let point = &run.points[0];
        Sample {
            value: point.value.value,
            slopes: slopes(&point.value),
            divisor: point.divisor.value,
            divisor_slopes: slopes(&point.divisor),
        }
    }
}

/// The axes that inputs name, in the order of declaration.
fn named_axes(decls: &[Decl]) -> Vec<&str> {
    let mut named = Vec::new();
    for (axis, _) in decls.iter().flat_map(arrays::axes) {
        if axis != SAMPLES && !named.contains(&axis) {
            named.push(axis);
        }
    }
    named
}
