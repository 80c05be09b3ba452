//! Binders and normalisers: which positions they visit, and which axes remain.

use std::collections::BTreeSet;
use std::rc::Rc;

use lossdef_compiler::ast::{Bracket, BracketItem, Expr, ExprKind, Name};

use super::arrays::SAMPLES;
use super::dual::Dual;
use super::folds;
use super::scope::{Bound, Position, Scope, names};

/// What one entry of a binder's bracket goes over.
enum Domain<'a> {
    /// `c`: the axis itself.
    Axis(&'a str),
    /// `j in c`: an index over an axis.
    Index(&'a str, &'a str),
    /// `j in Y`: the labels of a set.
    Labels(&'a str, &'a str),
}

impl<'a> Scope<'a> {
    /// `sum[c | filter](body)` at a position.
    pub fn binder(
        self: &Rc<Self>,
        word: &str,
        bracket: &'a Bracket,
        body: &'a Expr,
        at: &Position<'a>,
    ) -> Dual {
        let mut terms = Vec::new();
        for there in self.positions(bracket, at) {
            terms.push(self.eval(body, &there).plain());
        }
        folds::fold(word, &terms)
    }

    /// `softmax[c](body)` at a position.
    pub fn normaliser(
        self: &Rc<Self>,
        word: &str,
        bracket: &'a Bracket,
        body: &'a Expr,
        at: &Position<'a>,
    ) -> Dual {
        let all = self.positions(bracket, at);
        let all: Vec<Dual> = all.iter().map(|there| self.eval(body, there).plain()).collect();
        folds::normalise(word, &self.eval(body, at), &all)
    }

    /// The positions that pass the filter.
    fn positions(self: &Rc<Self>, bracket: &'a Bracket, at: &Position<'a>) -> Vec<Position<'a>> {
        let mut positions = vec![at.clone()];
        for item in &bracket.items {
            let mut more = Vec::new();
            for position in &positions {
                let (name, values) = match self.domain(item) {
                    Domain::Axis(axis) => (axis, (0..self.size(axis).expect("a size")).collect()),
                    Domain::Index(index, axis) => (index, (0..self.size(axis).expect("a size")).collect()),
                    Domain::Labels(index, set) => (index, self.labels(set, position)),
                };
                more.extend(values.into_iter().map(|value| {
                    let mut there = position.clone();
                    there.insert(name, value);
                    there
                }));
            }
            positions = more;
        }
        if let Some(filter) = &bracket.filter {
            positions.retain(|there| self.eval(filter, there).is_true());
        }
        positions
    }

    fn domain(&self, item: &'a BracketItem) -> Domain<'a> {
        let expr = match item {
            BracketItem::Group(None, _) => return Domain::Axis(SAMPLES),
            BracketItem::Group(Some(group), _) => return Domain::Axis(&group.name),
            BracketItem::Expr(expr) => expr,
        };
        match &expr.kind {
            ExprKind::Name(Name { ident, bracket: None, arguments: None }) => Domain::Axis(&ident.name),
            ExprKind::Membership { index, negated: false, set } => {
                let ExprKind::Name(index) = &index.kind else { panic!("an index is a name: {index:?}") };
                match self.size(&set.name) {
                    Some(_) => Domain::Index(&index.ident.name, &set.name),
                    None => Domain::Labels(&index.ident.name, &set.name),
                }
            }
            _ => panic!("a binder goes over an axis or a set: {expr:?}"),
        }
    }

    /// Collects the axes and indices that an expression varies over.
    pub fn free(&self, expr: &'a Expr, found: &mut BTreeSet<&'a str>) {
        match &expr.kind {
            ExprKind::Number(_) => {}
            ExprKind::Unary(_, x) | ExprKind::Indicator(x) => self.free(x, found),
            ExprKind::Binary(_, a, b) => [a, b].into_iter().for_each(|x| self.free(x, found)),
            ExprKind::If(a, b, c) => [a, b, c].into_iter().for_each(|x| self.free(x, found)),
            ExprKind::Membership { index, set, .. } => {
                self.free(index, found);
                self.free_set(&set.name, found);
            }
            ExprKind::Name(name) => self.free_name(name, found),
        }
    }

    /// The axes of a set but its last one, along which its labels stand.
    fn free_set(&self, set: &'a str, found: &mut BTreeSet<&'a str>) {
        if let Some(Bound::Array(array, _)) = self.bound.get(set) {
            found.extend(&array.axes[..array.axes.len() - 1]);
        }
    }

    fn free_name(&self, name: &'a Name, found: &mut BTreeSet<&'a str>) {
        let word = name.ident.name.as_str();
        let mut own = BTreeSet::new();
        for argument in name.arguments.iter().flatten() {
            self.free(&argument.value, &mut own);
        }
        let Some(bracket) = &name.bracket else {
            if name.arguments.is_none() {
                self.free_word(word, 0, found);
            }
            if word != "size" {
                found.extend(own);
            }
            return;
        };
        if name.arguments.is_none() {
            for item in &bracket.items {
                if let BracketItem::Expr(expr) = item {
                    self.free(expr, found);
                }
            }
            return self.free_word(word, bracket.items.len(), found);
        }
        if folds::NORMALISERS.contains(&word) {
            return found.extend(own);
        }
        if !folds::BINDERS.contains(&word) {
            // A helper over an axis has reduced it; one that has not would have to be looked into.
            for axis in names(Some(bracket)) {
                own.remove(axis);
            }
            return found.extend(own);
        }
        if let Some(filter) = &bracket.filter {
            self.free(filter, &mut own);
        }
        for item in &bracket.items {
            let (Domain::Axis(name) | Domain::Index(name, _) | Domain::Labels(name, _)) = self.domain(item);
            own.remove(name);
        }
        for item in &bracket.items {
            if let Domain::Labels(_, set) = self.domain(item) {
                self.free_set(set, &mut own);
            }
        }
        found.extend(own);
    }

    /// The axes of a word, but for the first few named ones, which are picked.
    fn free_word(&self, word: &'a str, picked: usize, found: &mut BTreeSet<&'a str>) {
        match self.bound.get(word) {
            Some(Bound::Array(array, _)) => {
                let named = array.axes.iter().copied().filter(|axis| *axis != SAMPLES);
                found.extend(named.skip(picked));
                found.extend(array.axes.iter().copied().filter(|axis| *axis == SAMPLES));
            }
            Some(Bound::Number(_) | Bound::Text(_)) => {}
            None => match self.local(word) {
                Some(local) => {
                    let mut own = BTreeSet::new();
                    self.free(&local.value, &mut own);
                    match &local.indices {
                        Some(indices) => {
                            for index in indices.iter().take(picked) {
                                own.remove(index.name.name.as_str());
                            }
                        }
                        None => {
                            let leading = self.axes.iter().map(|(axis, _)| *axis);
                            let leading = leading.filter(|axis| *axis != SAMPLES && own.contains(axis));
                            for axis in leading.take(picked).collect::<Vec<_>>() {
                                own.remove(axis);
                            }
                        }
                    }
                    found.extend(own);
                }
                None if !matches!(word, "inf" | "pi" | "true" | "false") => {
                    found.insert(word);
                }
                None => {}
            },
        }
    }
}
