//! Folds and normalisers.

use super::{Choices, Here, Samples, Writer};

impl<C: Choices> Writer<'_, C> {
    /// A normaliser, which keeps an axis that is bound by its own name; else a fold.
    pub(super) fn normalised(&mut self, here: &Here, depth: usize) -> String {
        let word = *self.choices.pick(&["softmax", "log_softmax", "unit"]);
        let axis = *self.choices.pick(&["c", "d"]);
        if !here.has(axis) {
            return self.fold(here, depth);
        }
        let position = if axis == "c" { 'c' } else { 'd' };
        format!("{word}[{axis}]({})", self.number(&here.with(position, axis), depth))
    }

    /// A fold, most often over `c`.
    pub(super) fn fold(&mut self, here: &Here, depth: usize) -> String {
        let less = depth.saturating_sub(1);
        let word = *self.choices.pick(&["sum", "sum", "mean", "max", "min", "prod", "logsumexp", "norm"]);
        // What may be empty has to have a value there.
        let safe = if self.kind.wild { word } else { *self.choices.pick(&["sum", "prod", "norm"]) };
        let i = self.index();
        match self.choices.below(15) {
            0 | 1 => format!("{word}[c]({})", self.number(&here.with('c', "c"), less)),
            2 => format!("{word}[{i} in c]({})", self.number(&here.with('c', &i), less)),
            3 => {
                let inside = here.with('c', &i);
                format!("{safe}[{i} in c | {}]({})", self.truth(&inside, 1), self.number(&inside, less))
            }
            4 => {
                let inside = here.with('c', "c");
                format!("{safe}[c | {}]({})", self.truth(&inside, 1), self.number(&inside, less))
            }
            5 if self.sees_sample(here) => {
                let inside = here.with('c', &i);
                match self.position(here, 'c').filter(|_| self.choices.chance(50)) {
                    Some(other) => {
                        format!("{safe}[{i} in S | {i} != {other}]({})", self.number(&inside, less))
                    }
                    None => format!("{safe}[{i} in S]({})", self.number(&inside, less)),
                }
            }
            6 => {
                let other = self.index();
                let inside = here.with('c', &i).with('c', &other);
                let op = *self.choices.pick(&["<", "!=", ">="]);
                format!("{safe}[{i} in c, {other} in c | {i} {op} {other}]({})", self.number(&inside, less))
            }
            7 => format!("{safe}[c, d]({})", self.number(&here.with('c', "c").with('d', "d"), less)),
            8 => {
                let inside = here.with('c', "c");
                let more = *self.choices.pick(&["", ", g = 3", "; 1.5"]);
                format!("mixed[c]({}, {}{more})", self.number(&inside, less), self.number(&inside, less))
            }
            9 if self.sees_sample(here) => {
                let inside = here.with('c', "c");
                // The oracle of the tests takes no set as an argument.
                match self.kind.wild {
                    true => format!("member[c]({}, t, S)", self.number(&inside, less)),
                    false => format!("picked[c]({}, t)", self.number(&inside, less)),
                }
            }
            10 if self.kind.samples == Samples::Named => {
                let inside = here.with('n', &i);
                format!("{word}[{i} in n]({})", self.number(&inside, less))
            }
            11 if self.kind.samples == Samples::Named && self.sees_sample(here) => {
                format!("{word}[s](z * ({}))", self.number(here, less))
            }
            12 => format!("count[{i} in c]({})", self.truth(&here.with('c', &i), 1)),
            _ => format!("{word}[d]({})", self.number(&here.with('d', "d"), less)),
        }
    }
}
