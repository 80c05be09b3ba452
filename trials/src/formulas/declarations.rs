//! What inputs and parameters a random loss may have, and in which forms each may be declared.

use super::{Choices, Samples};

/// An input.
pub(super) struct Input {
    pub(super) name: &'static str,
    /// Its axes beside those of the samples; `None` where it has none of the samples' axes either.
    axes: Option<&'static [&'static str]>,
    /// Whether it has the sample axes.
    per_sample: bool,
    /// What may follow the axes.
    forms: &'static [&'static str],
}

/// All inputs, those first that every call gives.
pub(super) const INPUTS: &[Input] = &[
    Input { name: "x", axes: Some(&["c"]), per_sample: true, forms: &[""] },
    Input { name: "y", axes: Some(&["d"]), per_sample: true, forms: &["", " in (-10, 10)"] },
    Input { name: "u", axes: None, per_sample: true, forms: &["", " in [-3, 3]"] },
    Input { name: "v", axes: None, per_sample: true, forms: &["", " in (0, inf)", " in [0, 1]"] },
    Input { name: "z", axes: Some(&["s.."]), per_sample: true, forms: &[""] },
    Input { name: "m", axes: Some(&["d", "c"]), per_sample: false, forms: &[""] },
    Input { name: "t", axes: None, per_sample: true, forms: &[": index c"] },
    Input { name: "k", axes: None, per_sample: true, forms: &[": index d"] },
    Input { name: "S", axes: Some(&["e"]), per_sample: true, forms: &[": set c"] },
    Input {
        name: "i",
        axes: None,
        per_sample: true,
        forms: &[": int", ": int in [-2, 4]", ": int in {-1, 1}"],
    },
    Input { name: "b", axes: None, per_sample: true, forms: &[": bool"] },
    Input {
        name: "w",
        axes: Some(&["c"]),
        per_sample: false,
        forms: &["", " = 1", " = 0.5", " in [-5, 5] = 2"],
    },
    Input { name: "h", axes: None, per_sample: true, forms: &[" = 1", " in [-3, 3] = 0.25", " = -2"] },
    Input { name: "g", axes: None, per_sample: false, forms: &["", " = 0.75"] },
];

impl Input {
    /// Whether losses with such samples may have it.
    pub(super) fn is_of(&self, samples: Samples) -> bool {
        match (samples, self.name) {
            (Samples::Alone, "t" | "k") => false,
            (Samples::Alone, _) => self.axes.is_none(),
            // A group stands beside no `..`.
            (Samples::Dots, "z") => false,
            _ => true,
        }
    }

    /// A declaration.
    pub(super) fn declare(&self, samples: Samples, choices: &mut impl Choices) -> String {
        let first = match (self.per_sample, samples) {
            (false, _) => None,
            (true, Samples::Named) => Some("n"),
            (true, _) => Some(".."),
        };
        let axes: Vec<&str> =
            first.into_iter().chain(self.axes.unwrap_or_default().iter().copied()).collect();
        let form = choices.pick(self.forms);
        if axes == [".."] && choices.chance(50) {
            return format!("{}{form}", self.name);
        }
        format!("{}[{}]{form}", self.name, axes.join(", "))
    }
}

/// Every parameter, and how it may be declared.
pub(super) const PARAMETERS: &[(&str, &[&str])] = &[
    ("p", &["p = 0.7", "p in (0, inf) = 0.7", "p in [0, 1] = 0", "p", "p in [0.5, 2]"]),
    ("l", &["l in {1, 2} = 1", "l in {0.5, 1, 2}", "l: int in {0, 1, 3} = 3"]),
    ("j", &["j: int = 2", "j: int in [0, 3] = 0", "j: int"]),
    ("f", &["f: bool = true", "f: bool = false", "f: bool"]),
];
