//! What an audit finds, as data: for the terminal, for programs (`serde`), and for the report.

use serde::Serialize;

use crate::page::Page;
use crate::ulp::Format;

/// The audit of one loss.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    /// Its name.
    pub loss: String,
    /// What was checked.
    pub checks: Vec<Check>,
    /// Where value or gradient is not an ordinary number.
    pub hazards: Vec<Hazard>,
    /// The conventions of the language that the gradient relies on.
    pub conventions: Vec<String>,
    /// What the report shows beside.
    #[serde(skip)]
    pub(crate) page: Page,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was held against what.
    pub name: String,
    /// The outcome.
    pub verdict: Verdict,
    /// The points that were looked at.
    pub points: usize,
    /// The outcome in words.
    pub says: String,
    /// The point where both numbers were furthest apart.
    pub worst: Option<Worst>,
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it shall be.
    Pass,
    /// A reader should know, but nothing is wrong.
    Note,
    /// Wrong.
    Fail,
}

/// The worst case of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Worst {
    /// Inputs and parameters.
    pub given: Vec<(String, String)>,
    /// What was compared: the value, or the derivative in an element.
    pub what: String,
    /// The format of the call.
    pub format: Format,
    /// What the loss gave.
    #[serde(serialize_with = "number")]
    pub got: f64,
    /// What is right.
    #[serde(serialize_with = "number")]
    pub expected: f64,
    /// How far apart they are.
    #[serde(serialize_with = "number")]
    pub error: f64,
    /// What the error is measured in.
    pub unit: &'static str,
}

/// A place where a number is infinite, undefined, or laid down by convention.
#[derive(Clone, Debug, Serialize)]
pub struct Hazard {
    /// The input that stands at the edge.
    pub input: String,
    /// Its value there.
    #[serde(serialize_with = "number")]
    pub at: f64,
    /// The others.
    pub given: Vec<(String, String)>,
    /// The value of the loss.
    #[serde(serialize_with = "number")]
    pub value: f64,
    /// Its derivative.
    #[serde(serialize_with = "number")]
    pub gradient: f64,
    /// What that means.
    pub says: String,
}

impl Check {
    /// A check that has seen nothing does not pass.
    pub(crate) fn admit(&mut self) {
        if self.points == 0 && self.verdict == Verdict::Pass {
            self.verdict = Verdict::Note;
            self.says = "there was no point to look at".to_owned();
        }
    }
}

impl Findings {
    /// Whether no check failed.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Fail)
    }

    /// The worst verdict of all checks.
    pub fn verdict(&self) -> Verdict {
        self.checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Pass)
    }

    /// Lines for the terminal: the verdict, then each check that has something to say.
    pub fn summary(&self) -> Vec<String> {
        let points: usize = self.checks.iter().map(|check| check.points).sum();
        let (failed, checks) =
            (self.checks.iter().filter(|c| c.verdict == Verdict::Fail).count(), self.checks.len());
        let mut lines = vec![match failed {
            0 => format!("{}: {checks} checks passed at {points} points", self.loss),
            _ => format!("{}: {failed} of {checks} checks FAILED at {points} points", self.loss),
        }];
        for check in self.checks.iter().filter(|check| check.verdict != Verdict::Pass) {
            let word = if check.verdict == Verdict::Fail { "FAILED" } else { "note" };
            lines.push(format!("    {word}: {}: {}", check.name, check.says));
            if let Some(worst) = check.worst.as_ref().filter(|_| check.verdict == Verdict::Fail) {
                lines.push(format!("        {}", worst.text()));
            }
        }
        lines
    }
}

impl Worst {
    /// One line.
    pub fn text(&self) -> String {
        let given: Vec<String> = self.given.iter().map(|(name, text)| format!("{name} = {text}")).collect();
        format!(
            "{} ({}) is {:e}, should be {:e}, at {}",
            self.what,
            self.format.name(),
            self.got,
            self.expected,
            given.join(", ")
        )
    }
}

/// Numbers that JSON has no word for go as text.
fn number<S: serde::Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if x.is_finite() { serializer.serialize_f64(*x) } else { serializer.serialize_str(&x.to_string()) }
}
