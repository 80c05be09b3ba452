//! The places of a formula at which a number stops being one, each once.

use super::number::Causes;
use crate::ir::ExprId;
use std::collections::HashMap;

/// What happens at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// An infinity that is the true result: `log(0)`, `1 / 0`.
    Pole,
    /// No result: the logarithm of a negative number, the mean of nothing.
    Undefined,
    /// A result beyond the largest number, at ordinary arguments: `exp(100)`. By itself as it should be.
    Overflow,
    /// An overflow that makes a NaN: `inf / inf`, `inf - inf`, `0 * inf`.
    Lost,
    /// An overflow, or something rounded to 0, whose true result is an ordinary number again: `log(exp(100))`.
    Hidden,
    /// A result that is rounded to 0 at ordinary arguments: `exp(-200)`. By itself as it should be.
    Small,
    /// A result that is rounded to the end that it approaches: `tanh(20)`. By itself as it should be.
    Saturated,
}

/// One place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cause {
    /// The operation.
    pub node: ExprId,
    /// What happens there.
    pub kind: Kind,
    /// The operand that brings it about.
    pub operand: ExprId,
    /// For an exponential, what it takes: the expression that grows, and whether it grows up.
    pub direction: Option<((ExprId, ExprId), bool)>,
    /// What it is made of.
    pub from: Causes,
}

/// All places that were found.
#[derive(Debug, Default)]
pub(super) struct Table {
    causes: Vec<Cause>,
    places: HashMap<(ExprId, Kind), usize>,
}

impl Table {
    /// Notes a place, or finds it.
    pub fn add(&mut self, cause: Cause) -> Causes {
        let key = (cause.node, cause.kind);
        if let Some(place) = self.places.get(&key) {
            self.causes[*place].from = self.causes[*place].from.and(cause.from);
            return Causes::of(*place);
        }
        let place = self.causes.len().min(Causes::PLACES - 1);
        if place == self.causes.len() {
            self.causes.push(cause);
        }
        self.places.insert(key, place);
        Causes::of(place)
    }

    /// The cause at a place.
    pub fn get(&self, place: usize) -> &Cause {
        &self.causes[place]
    }

    /// Those of a set that are of one kind.
    pub fn of_kind(&self, set: Causes, kind: Kind) -> Causes {
        let places = set.iter().filter(|place| self.causes[*place].kind == kind);
        places.map(Causes::of).fold(Causes::NONE, Causes::and)
    }

    /// The NaN of an infinite value of one set meeting one of another where neither can win (`inf - inf`).
    pub fn clash(&mut self, node: ExprId, one: Causes, other: Causes) -> Causes {
        if one.is_empty() || other.is_empty() {
            return Causes::NONE;
        }
        let large = [one, other].map(|set| self.of_kind(set, Kind::Overflow));
        let all = one.and(other);
        let rest = all.without(large[0].and(large[1]));
        if self.meet(large[0], large[1]) {
            rest.and(self.made_of(node, Kind::Lost, large[0].and(large[1])))
        } else {
            rest
        }
    }

    /// The NaN of infinite values where the operation has no answer: `0 * inf`, `sin(inf)`.
    pub fn nothing_from(&mut self, node: ExprId, infinite: Causes) -> Causes {
        let large = self.of_kind(infinite, Kind::Overflow);
        let rest = infinite.without(large);
        rest.and(self.made_of(node, Kind::Lost, large))
    }

    /// Infinite values of which an operation makes ordinary ones: what overflowed to get there is hidden.
    pub fn hide(&mut self, node: ExprId, infinite: Causes) -> Causes {
        let large = self.of_kind(infinite, Kind::Overflow);
        infinite.without(large).and(self.made_of(node, Kind::Hidden, large))
    }

    /// What becomes, at a node, of something that is no hazard by itself.
    pub fn made_of(&mut self, node: ExprId, kind: Kind, from: Causes) -> Causes {
        let Some(first) = from.iter().next() else { return Causes::NONE };
        let Cause { node: operand, direction, .. } = self.causes[first];
        self.add(Cause { node, kind, operand, direction, from })
    }

    /// Whether any of one set can happen at the same inputs as any of another.
    pub fn meet(&self, one: Causes, other: Causes) -> bool {
        one.iter().any(|a| other.iter().any(|b| self.coincide(a, b)))
    }

    /// Whether two exponentials can be that large or small at the same inputs: not where one grows as the other
    /// shrinks.
    fn coincide(&self, a: usize, b: usize) -> bool {
        match (self.causes[a].direction, self.causes[b].direction) {
            (Some((core, up)), Some((other, also_up))) => core != other || up == also_up,
            _ => true,
        }
    }
}
