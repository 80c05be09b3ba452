//! Numbers and conditions: leaves, operators, functions, branches, locals.

use super::words::{TAME, WILD};
use super::{Choices, Here, Samples, Writer};

impl<C: Choices> Writer<'_, C> {
    /// A position on `c` or `d`: one that is bound, or a label.
    pub(super) fn position(&mut self, here: &Here, axis: char) -> Option<String> {
        let (mut list, label) = if axis == 'c' { (here.c.clone(), "t") } else { (here.d.clone(), "k") };
        match self.kind.samples {
            Samples::Alone => return None,
            Samples::Dots => list.push(label.into()),
            Samples::Named if !here.n.is_empty() => {
                let n = self.choices.pick(&here.n).clone();
                list.push(format!("{label}[{n}]"));
            }
            Samples::Named => {}
        }
        (!list.is_empty()).then(|| self.choices.pick(&list).clone())
    }

    /// An element of an input that has the sample axes.
    pub(super) fn element(&mut self, input: &str, rest: &[String], here: &Here) -> Option<String> {
        let mut positions = rest.to_vec();
        if self.kind.samples == Samples::Named {
            if here.n.is_empty() {
                return None;
            }
            positions.insert(0, self.choices.pick(&here.n).clone());
        }
        Some(if positions.is_empty() { input.into() } else { format!("{input}[{}]", positions.join(", ")) })
    }

    fn leaf(&mut self, here: &Here) -> String {
        let (c, d) = (self.position(here, 'c'), self.position(here, 'd'));
        let choice = self.choices.below(24);
        let axes = self.kind.samples != Samples::Alone;
        let found = match (choice, c, d) {
            (0 | 1, ..) if here.has("c") && self.sees_sample(here) => Some("x".into()),
            (0..=4, Some(c), _) => self.element("x", &[c], here),
            (5 | 6, _, Some(d)) => self.element("y", &[d], here),
            (0..=4 | 7, ..) => self.element("u", &[], here),
            (5 | 6, ..) => self.element("v", &[], here),
            (8, ..) if here.has("c") => Some("w".into()),
            (8 | 9, Some(c), _) => Some(format!("w[{c}]")),
            (10, Some(c), Some(d)) => Some(format!("m[{d}, {c}]")),
            (11, Some(c), _) if here.c.contains(&c) => Some(format!("0.3 * {c}")),
            (12, ..) if axes => Some("p / size(c)".into()),
            (13 | 14, ..) => self.use_of_local(here),
            (15, ..) => self.element("v", &[], here),
            (16, ..) => self.element("h", &[], here),
            (17, ..) => Some("g".into()),
            (18, ..) => self.element("i", &[], here),
            (19, ..) => Some((*self.choices.pick(&["p", "l", "j", "pi"])).into()),
            (20, ..) if self.kind.wild => Some((*self.choices.pick(&["inf", "1e300", "1e-300", "0"])).into()),
            _ => None,
        };
        found.unwrap_or_else(|| (*self.choices.pick(&["0.5", "1", "2", "p", "-0.75"])).into())
    }

    /// A local at positions that are bound.
    fn use_of_local(&mut self, here: &Here) -> Option<String> {
        // In a loss over `n` a local stands for its value at `n`, which has to be there.
        if self.open == 0 || !self.sees_sample(here) {
            return None;
        }
        let at = if self.kind.samples == Samples::Alone { 0 } else { self.choices.below(self.open) };
        let text = match at {
            0 => "a".into(),
            1 if here.has("c") && self.choices.chance(50) => "q".into(),
            1 => format!("q[{}]", self.position(here, 'c')?),
            2 => format!("s_[{}, {}]", self.position(here, 'c')?, self.position(here, 'c')?),
            _ => format!("r[{}, {}]", self.position(here, 'c')?, self.position(here, 'd')?),
        };
        self.locals[at] = true;
        Some(text)
    }

    /// The definition of a local.
    pub(super) fn local(&mut self, at: usize) -> String {
        let here = self.outside();
        let depth = self.kind.depth.saturating_sub(2).max(1);
        match at {
            0 => format!("a = {}", self.number(&here, depth)),
            1 if self.choices.chance(50) => {
                let word = *self.choices.pick(&["softmax", "log_softmax", "unit"]);
                format!("q[c] = {word}[c]({})", self.number(&here.with('c', "c"), depth))
            }
            1 => format!("q[c] = {}", self.number(&here.with('c', "c"), depth)),
            2 => {
                let inside = here.with('c', "b1").with('c', "b2");
                format!("s_[b1 in c, b2 in c] = {}", self.number(&inside, depth))
            }
            _ => {
                let inside = here.with('c', "b1").with('d', "b2");
                format!("r[b1 in c, b2 in d] = {}", self.number(&inside, depth))
            }
        }
    }

    /// A number.
    pub(super) fn number(&mut self, here: &Here, depth: usize) -> String {
        if depth == 0 {
            return self.leaf(here);
        }
        let less = depth - 1;
        match self.choices.below(16) {
            0 => self.leaf(here),
            1..=4 => {
                let op = *self.choices.pick(&["+", "-", "*"]);
                format!("({} {op} {})", self.number(here, less), self.number(here, less))
            }
            5 => format!("({}) / (1 + ({})^2)", self.number(here, less), self.number(here, less)),
            6..=9 => self.function(here, less),
            10 | 11 => {
                let condition = self.truth(here, less);
                format!("(if {condition} then {} else {})", self.number(here, less), self.number(here, less))
            }
            12 => format!("[{}] * ({})", self.truth(here, less), self.number(here, less)),
            13 if self.kind.samples != Samples::Alone => self.normalised(here, less),
            _ if self.kind.samples != Samples::Alone => self.fold(here, less),
            _ => self.function(here, less),
        }
    }

    fn function(&mut self, here: &Here, depth: usize) -> String {
        let wild = self.kind.wild && self.choices.chance(50);
        let function = *self.choices.pick(if wild { WILD } else { TAME });
        let mut text = function.to_owned();
        if function.contains('@') {
            text = text.replace('@', &self.number(here, depth));
        }
        text.replace('#', &self.number(here, depth))
    }

    /// A condition.
    pub(super) fn truth(&mut self, here: &Here, depth: usize) -> String {
        let depth = depth.min(1);
        let c = self.position(here, 'c');
        let choice = self.choices.below(12);
        match (choice, c) {
            (0 | 1, Some(c)) if here.c.contains(&c) => {
                let other = self.position(here, 'c').unwrap_or_else(|| c.clone());
                format!("{c} {} {other}", self.choices.pick(&["==", "!=", "<", ">="]))
            }
            (2 | 3, Some(c)) if self.sees_sample(here) => {
                format!("{c} {} S", self.choices.pick(&["in", "not in"]))
            }
            (4, Some(_)) => {
                let word = *self.choices.pick(&["any", "all"]);
                format!("{word}[c]({} > 0.3)", self.number(&here.with('c', "c"), depth))
            }
            (5, Some(_)) => {
                format!("count[c]({} < 0.2) > 1", self.number(&here.with('c', "c"), depth))
            }
            (6, _) => format!("({} < 0.4 or {} > 0.9)", self.number(here, depth), self.number(here, depth)),
            (7, _) => format!("not ({} <= 0.1 and f)", self.number(here, depth)),
            (8, _) if self.sees_sample(here) => "b".into(),
            (9, _) if self.sees_sample(here) => (*self.choices.pick(&["i == 1", "i != 2", "i < j"])).into(),
            (10, _) => (*self.choices.pick(&["f", "not f", "l == 1", "p > 0.5"])).into(),
            _ => format!("{} > {}", self.number(here, depth), self.leaf(here)),
        }
    }
}
