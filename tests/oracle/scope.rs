//! The names that an expression sees, and what an expression is at one position of every axis.
//!
//! A position is a number for each axis and each index that is bound. So an array is never built: `x` is the
//! element of `x` there, `x[j]` is that element elsewhere, and a binder visits positions one after the other.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use lossdef_compiler::ast::{
    Argument, BinaryOp, Bracket, BracketItem, Decl, Expr, ExprKind, Item, Local, Name, UnaryOp,
};

use super::Oracle;
use super::arrays::{Placed, SAMPLES};
use super::dual::Dual;
use super::folds;

/// A position on every axis and of every index that is bound.
pub type Position<'a> = BTreeMap<&'a str, usize>;

/// The names of a loss or a helper.
pub struct Scope<'a> {
    pub oracle: &'a Oracle,
    /// How many positions each axis has, in the order of declaration.
    pub axes: Vec<(&'a str, usize)>,
    pub bound: HashMap<&'a str, Bound<'a>>,
    locals: HashMap<&'a str, &'a Local>,
    /// What has been worked out before, by expression and position.
    known: RefCell<HashMap<(*const Expr, Position<'a>), Dual>>,
}

/// What an input, an argument or a parameter stands for.
pub enum Bound<'a> {
    /// A number that is the same everywhere.
    Number(Dual),
    /// An array; `true` where it is differentiated.
    Array(Rc<Placed<'a>>, bool),
    /// An argument of a helper: the text of the caller, at the caller's position.
    Text(Text<'a>),
}

/// See [`Bound::Text`].
pub struct Text<'a> {
    expr: &'a Expr,
    scope: Rc<Scope<'a>>,
    position: Position<'a>,
    /// The helper's axes and what the caller calls them.
    axes: Vec<(&'a str, &'a str)>,
    /// The axes that its declaration names, in order.
    own: Vec<&'a str>,
}

impl Text<'_> {
    fn eval(&self, position: &Position<'_>) -> Dual {
        let mut there = self.position.clone();
        for (helper, caller) in &self.axes {
            if let Some(at) = position.get(helper) {
                there.insert(caller, *at);
            }
        }
        self.scope.eval(self.expr, &there)
    }
}

impl<'a> Scope<'a> {
    pub fn new(oracle: &'a Oracle, axes: Vec<(&'a str, usize)>, locals: &'a [Local]) -> Scope<'a> {
        let locals = locals.iter().map(|local| (local.name.name.as_str(), local)).collect();
        Scope { oracle, axes, bound: HashMap::new(), locals, known: RefCell::default() }
    }

    pub fn size(&self, axis: &str) -> Option<usize> {
        self.axes.iter().find(|(name, _)| *name == axis).map(|(_, size)| *size)
    }

    pub fn local(&self, word: &str) -> Option<&'a Local> {
        self.locals.get(word).copied()
    }

    /// The value of an expression at a position.
    pub fn eval(self: &Rc<Self>, expr: &'a Expr, at: &Position<'a>) -> Dual {
        match &expr.kind {
            ExprKind::Number(x) => Dual::number(*x),
            ExprKind::Name(name) => self.name(name, expr, at),
            ExprKind::Unary(UnaryOp::Neg, x) => self.eval(x, at).neg(),
            ExprKind::Unary(UnaryOp::Not, x) => Dual::truth(!self.eval(x, at).is_true()),
            ExprKind::Binary(op, a, b) => self.binary(*op, a, b, at),
            // Only the branch taken is evaluated. It is no product any more, whatever it was.
            ExprKind::If(condition, a, b) => {
                self.eval(if self.eval(condition, at).is_true() { a } else { b }, at).plain()
            }
            ExprKind::Indicator(condition) => Dual::truth(self.eval(condition, at).is_true()),
            ExprKind::Membership { index, negated, set } => {
                let label = self.eval(index, at).value.round();
                let member = self.labels(&set.name, at).iter().any(|own| *own as f64 == label);
                Dual::truth(member != *negated)
            }
        }
    }

    fn binary(self: &Rc<Self>, op: BinaryOp, a: &'a Expr, b: &'a Expr, at: &Position<'a>) -> Dual {
        let x = self.eval(a, at);
        match op {
            BinaryOp::And => return Dual::truth(x.is_true() && self.eval(b, at).is_true()),
            BinaryOp::Or => return Dual::truth(x.is_true() || self.eval(b, at).is_true()),
            _ => {}
        }
        let y = self.eval(b, at);
        match op {
            BinaryOp::Add => x.add(&y),
            BinaryOp::Sub => x.sub(&y),
            BinaryOp::Mul => x.mul(&y),
            BinaryOp::Div => x.div(&y),
            BinaryOp::Pow => x.pow(&y),
            BinaryOp::Eq => Dual::truth(x.value == y.value),
            BinaryOp::Ne => Dual::truth(x.value != y.value),
            BinaryOp::Lt => Dual::truth(x.value < y.value),
            BinaryOp::Le => Dual::truth(x.value <= y.value),
            BinaryOp::Gt => Dual::truth(x.value > y.value),
            BinaryOp::Ge => Dual::truth(x.value >= y.value),
            BinaryOp::And | BinaryOp::Or => unreachable!("answered above"),
        }
    }

    /// The labels in a set at a position: those before the first negative one.
    pub fn labels(&self, set: &str, at: &Position<'a>) -> Vec<usize> {
        let Some(Bound::Array(array, _)) = self.bound.get(set) else { panic!("`{set}` is no set") };
        let storage = *array.axes.last().expect("a set has an axis");
        let size = self.size(storage).expect("the axis of a set has a size");
        let label =
            |k: usize| array.data[array.at(|axis| if axis == storage { k } else { position_on(at, axis) })];
        (0..size).map(label).take_while(|label| *label >= 0.0).map(|label| label as usize).collect()
    }

    fn name(self: &Rc<Self>, name: &'a Name, expr: &'a Expr, at: &Position<'a>) -> Dual {
        let word = name.ident.name.as_str();
        match (&name.bracket, &name.arguments) {
            (None, None) => self.word(word, &[], at),
            (Some(bracket), None) => self.word(word, &self.picks(bracket, at), at),
            (Some(bracket), Some(arguments)) if folds::BINDERS.contains(&word) => {
                self.known(expr, at, |at| self.binder(word, bracket, only(arguments), at))
            }
            (Some(bracket), Some(arguments)) if folds::NORMALISERS.contains(&word) => {
                self.known(expr, at, |at| self.normaliser(word, bracket, only(arguments), at))
            }
            (Some(bracket), Some(arguments)) => self.helper(word, Some(bracket), arguments, at),
            (None, Some(arguments)) => self.call(word, arguments, at),
        }
    }

    /// A result that is worked out once for each position.
    fn known(&self, expr: &'a Expr, at: &Position<'a>, work: impl FnOnce(&Position<'a>) -> Dual) -> Dual {
        let key = (std::ptr::from_ref(expr), at.clone());
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let value = work(at);
        self.known.borrow_mut().insert(key, value.clone());
        value
    }

    /// The positions that a bracket picks, one for each leading axis.
    fn picks(self: &Rc<Self>, bracket: &'a Bracket, at: &Position<'a>) -> Vec<usize> {
        let pick = |item: &'a BracketItem| match item {
            BracketItem::Group(None, _) => None,
            BracketItem::Group(Some(group), _) => Some(position_on(at, &group.name)),
            BracketItem::Expr(expr) => Some(self.eval(expr, at).value.round() as usize),
        };
        bracket.items.iter().filter_map(pick).collect()
    }

    /// A word, with positions picked on its leading axes.
    fn word(self: &Rc<Self>, word: &'a str, picks: &[usize], at: &Position<'a>) -> Dual {
        match word {
            "inf" => return Dual::number(f64::INFINITY),
            "pi" => return Dual::number(std::f64::consts::PI),
            "true" | "false" => return Dual::truth(word == "true"),
            _ => {}
        }
        if let Some(bound) = self.bound.get(word) {
            return match bound {
                Bound::Number(value) => value.clone(),
                Bound::Array(array, differentiated) => {
                    let there = moved(at, array.axes.iter().copied().filter(|axis| *axis != SAMPLES), picks);
                    let element = array.at(|axis| position_on(&there, axis));
                    let value = super::wide::Wide::new(array.data[element]);
                    match differentiated {
                        true => Dual::variable(value, array.first + element),
                        false => Dual::constant(value),
                    }
                }
                Bound::Text(text) => text.eval(&moved(at, text.own.iter().copied(), picks)),
            };
        }
        if let Some(local) = self.locals.get(word) {
            let there = match &local.indices {
                Some(indices) => moved(at, indices.iter().map(|index| index.name.name.as_str()), picks),
                None => moved(at, self.varies_over(word).into_iter().filter(|_| !picks.is_empty()), picks),
            };
            return self.known(&local.value, &there, |there| self.eval(&local.value, there));
        }
        let position = at.get(word).unwrap_or_else(|| panic!("`{word}` is not known here"));
        Dual::number(*position as f64)
    }

    /// The named axes that a local without indices varies over, in the order of declaration.
    fn varies_over(&self, word: &str) -> Vec<&'a str> {
        let mut found = BTreeSet::new();
        self.free(&self.locals[word].value, &mut found);
        self.axes
            .iter()
            .map(|(axis, _)| *axis)
            .filter(|axis| *axis != SAMPLES && found.contains(axis))
            .collect()
    }

    fn call(self: &Rc<Self>, word: &'a str, arguments: &'a [Argument], at: &Position<'a>) -> Dual {
        if word == "size" {
            let ExprKind::Name(axis) = &only(arguments).kind else { panic!("`size` takes an axis") };
            let size = self.size(&axis.ident.name);
            return Dual::number(size.unwrap_or_else(|| panic!("`{}` is no axis", axis.ident.name)) as f64);
        }
        if word == "sqrt"
            && let Some(length) = self.length(only(arguments), at)
        {
            return length;
        }
        if self.oracle.item(word).is_some() && !matches!(word, "stop" | "with_grad") {
            return self.helper(word, None, arguments, at);
        }
        let given: Vec<Dual> = arguments.iter().map(|argument| self.eval(&argument.value, at)).collect();
        match (word, given.as_slice()) {
            ("stop" | "with_grad", [value, ..]) if self.oracle.blunt => value.clone().plain(),
            ("stop", [value]) => Dual::constant(value.value),
            ("with_grad", [value, slope]) => slope.clone().with_value(value.value),
            _ => Dual::call(word, &given).unwrap_or_else(|| panic!("there is no function `{word}`")),
        }
    }

    /// `sqrt(sum[d](x^2))` is read as `norm[d](x)`.
    fn length(self: &Rc<Self>, argument: &'a Expr, at: &Position<'a>) -> Option<Dual> {
        let ExprKind::Name(Name { ident, bracket: Some(bracket), arguments: Some(inner) }) = &argument.kind
        else {
            return None;
        };
        match &only(inner).kind {
            ExprKind::Binary(BinaryOp::Pow, base, power)
                if ident.name == "sum" && matches!(power.kind, ExprKind::Number(2.0)) =>
            {
                Some(self.binder("norm", bracket, base, at))
            }
            _ => None,
        }
    }

    /// A call of a helper or of another loss, which gives its value for this sample.
    fn helper(
        self: &Rc<Self>,
        word: &str,
        bracket: Option<&'a Bracket>,
        arguments: &'a [Argument],
        at: &Position<'a>,
    ) -> Dual {
        let (inner, body) = self.inside(word, bracket, arguments, at);
        let axes = inner.axes.iter().zip(names(bracket));
        let there = axes.filter_map(|((own, _), caller)| Some((*own, *at.get(caller)?))).collect();
        inner.eval(body, &there)
    }

    /// The scope inside of a helper that is called, and its body.
    pub fn inside(
        self: &Rc<Self>,
        word: &str,
        bracket: Option<&'a Bracket>,
        arguments: &'a [Argument],
        at: &Position<'a>,
    ) -> (Rc<Scope<'a>>, &'a Expr) {
        let called = self.oracle.item(word).unwrap_or_else(|| panic!("there is no function `{word}`"));
        let (own, first, second, locals, body): (Vec<&str>, _, _, _, _) = match called {
            Item::Function(it) => {
                let axes = it.axes.iter().map(|axis| axis.name.as_str()).collect();
                (axes, &it.arguments, &it.parameters, &it.locals, &it.body)
            }
            Item::Loss(it) => {
                (super::named_axes(&it.inputs), &it.inputs, &it.parameters, &it.locals, &it.body)
            }
        };
        // A loss over axes may be called without a bracket, where its axes have the caller's names.
        let callers = if bracket.is_some() { names(bracket) } else { own.clone() };
        assert_eq!(own.len(), callers.len(), "`{word}` has the axes {own:?}");
        let axes: Vec<(&str, &str)> = own.iter().copied().zip(callers).collect();
        let sizes = axes.iter().map(|(own, caller)| {
            (*own, self.size(caller).unwrap_or_else(|| panic!("`{caller}` is no axis here")))
        });
        let mut inner = Scope::new(self.oracle, sizes.collect(), locals);
        for (place, decl) in first.iter().chain(second).enumerate() {
            let by_name = |a: &Argument| a.name.as_ref().is_some_and(|n| n.name == decl.name.name);
            let by_place = arguments.get(place).filter(|a| a.name.is_none()).map(|_| place);
            let value = match (arguments.iter().position(by_name).or(by_place), &decl.default) {
                (Some(given), _) => self.argument(&arguments[given].value, decl, &axes, at),
                (None, Some(default)) => {
                    Bound::Number(Rc::new(Scope::new(self.oracle, Vec::new(), &[])).eval(default, at))
                }
                (None, None) => panic!("`{word}` is called without `{}`", decl.name.name),
            };
            inner.bound.insert(&decl.name.name, value);
        }
        (Rc::new(inner), body)
    }

    /// An argument stands for its text; the name of an input stands for the input.
    fn argument(
        self: &Rc<Self>,
        expr: &'a Expr,
        decl: &'a Decl,
        axes: &[(&'a str, &'a str)],
        at: &Position<'a>,
    ) -> Bound<'a> {
        let declared = super::arrays::axes(decl).into_iter().map(|(axis, _)| axis);
        let own = match &decl.axes {
            Some(_) => declared.filter(|axis| *axis != SAMPLES).collect(),
            None => axes.iter().map(|(own, _)| *own).collect(),
        };
        Bound::Text(Text { expr, scope: self.clone(), position: at.clone(), axes: axes.to_vec(), own })
    }
}

/// The position on an axis, which must be bound.
pub fn position_on(at: &Position<'_>, axis: &str) -> usize {
    *at.get(axis).unwrap_or_else(|| panic!("`{axis}` is neither reduced nor picked"))
}

/// The axes that a bracket names.
pub fn names(bracket: Option<&Bracket>) -> Vec<&str> {
    let name = |item| match item {
        &BracketItem::Group(None, _) => SAMPLES,
        BracketItem::Group(Some(group), _) => group.name.as_str(),
        BracketItem::Expr(Expr { kind: ExprKind::Name(name), .. }) => name.ident.name.as_str(),
        BracketItem::Expr(other) => panic!("an axis is a name: {other:?}"),
    };
    bracket.map_or_else(Vec::new, |bracket| bracket.items.iter().map(name).collect())
}

/// A position with some axes moved.
fn moved<'a>(at: &Position<'a>, axes: impl Iterator<Item = &'a str>, picks: &[usize]) -> Position<'a> {
    let mut there = at.clone();
    there.extend(axes.zip(picks.iter().copied()));
    there
}

/// The only argument.
fn only(arguments: &[Argument]) -> &Expr {
    let [Argument { name: None, value }] = arguments else { panic!("one argument: {arguments:?}") };
    value
}
