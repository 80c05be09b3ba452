//! Random files of losses that the checker accepts: every function, binder, role, clause and kind of parameter of the
//! language.
//!
//! In come decisions ([`Choices`]) and a [`Kind`], out comes text. A tame formula has values of ordinary size and no
//! poles, but kinks, so that its numbers mean something; a wild one may do anything. This module needs nothing but the
//! standard library, because a build script uses it, too.

mod choices;
mod declarations;
mod folds;
mod numbers;
mod words;

pub use choices::{Choices, Seeded};

use declarations::{INPUTS, PARAMETERS};

/// Which axes the samples of a loss have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Samples {
    /// `..`, and no named axes.
    Alone,
    /// `..`, beside named axes.
    Dots,
    /// The axis `n`, so that a sample sees the others.
    Named,
}

/// What formulas are like.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The axes of the samples.
    pub samples: Samples,
    /// Whether any function may have any argument.
    pub wild: bool,
    /// Whether there are `keep` and `mean by`.
    pub clauses: bool,
    /// How deep expressions nest.
    pub depth: usize,
}

impl Kind {
    /// A random one.
    pub fn random(wild: bool, choices: &mut impl Choices) -> Kind {
        let samples = *choices.pick(&[Samples::Alone, Samples::Dots, Samples::Named, Samples::Alone]);
        let depth = if samples == Samples::Alone { 5 } else { 4 };
        Kind { samples, wild, clauses: choices.chance(60), depth: 2 + choices.below(depth - 1) }
    }
}

/// Helpers, and a loss that is called like one; every file has them.
pub const HELPERS: &str = "\
fn mixed[a](v, z; g = 2) = sum[a](v * z) / (g + norm[a](z)) + max[a | v > 9](0 * v + 1)^0
fn picked[a](v, at: index a) = v[at] - count[a](a == at)
fn member[a](v, at: index a, among: set a) = v[at] + [at in among] - count[a](a in among)
fn bent(v, z = 0.5; up: bool = true) = if up then relu(r) else r^2 / (1 + z^2) where r = v - z

/// A loss that others call.
loss inner(v, z; e in (0, inf) = 0.5) = sqrt((v - z)^2 + e)
";

/// A file with one loss of this name.
pub fn file(name: &str, kind: Kind, choices: &mut impl Choices) -> String {
    HELPERS.to_owned() + &loss(name, kind, choices)
}

/// A loss that calls the [`HELPERS`].
pub fn loss(name: &str, kind: Kind, choices: &mut impl Choices) -> String {
    let mut writer = Writer { choices, kind, indices: 0, locals: [false; 4], open: 4 };
    let here = writer.outside();
    // The second part is there so that every axis is, and an input that every call gives.
    let rest = match kind.samples {
        Samples::Alone => "u * 0.25".to_owned(),
        _ => format!("{} + sum[c](x) * sum[d](y) / 9", writer.fold(&here, kind.depth.saturating_sub(1))),
    };
    let formula = format!("{} + {rest}", writer.number(&here, kind.depth));
    let clauses = writer.clauses(&here);
    let mut locals = Vec::new();
    for at in (0..writer.locals.len()).rev() {
        if writer.locals[at] {
            writer.open = at;
            locals.push(writer.local(at));
        }
    }
    let mut text = formula;
    if !locals.is_empty() {
        text.push_str(&format!("\n    where {}", locals.join(",\n          ")));
    }
    text.push_str(&clauses);
    let read: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let read = |name: &str| read.contains(&name);
    let mut inputs: Vec<String> = Vec::new();
    for input in INPUTS.iter().filter(|input| read(input.name) && input.is_of(kind.samples)) {
        inputs.push(input.declare(kind.samples, writer.choices));
    }
    let mut parameters: Vec<String> = Vec::new();
    for (_, forms) in PARAMETERS.iter().filter(|(name, _)| read(name)) {
        parameters.push((*writer.choices.pick(forms)).to_owned());
    }
    let parameters =
        if parameters.is_empty() { String::new() } else { format!("; {}", parameters.join(", ")) };
    format!("\nloss {name}({}{parameters}) =\n    {text}\n", inputs.join(", "))
}

/// What an expression may name: positions on each axis. An axis whose own name is among them is bound.
#[derive(Clone, Debug, Default)]
struct Here {
    n: Vec<String>,
    c: Vec<String>,
    d: Vec<String>,
}

impl Here {
    fn with(&self, axis: char, position: &str) -> Here {
        let mut here = self.clone();
        let list = match axis {
            'n' => &mut here.n,
            'c' => &mut here.c,
            _ => &mut here.d,
        };
        list.push(position.to_owned());
        here
    }

    fn has(&self, axis: &str) -> bool {
        [&self.n, &self.c, &self.d].into_iter().flatten().any(|position| position == axis)
    }
}

/// Writes one loss.
struct Writer<'c, C: Choices> {
    choices: &'c mut C,
    kind: Kind,
    /// Indices so far.
    indices: usize,
    /// Whether the local of this kind is used: `a`, `q[c]`, `s[i, j]`, `r[i in c, j in d]`.
    locals: [bool; 4],
    /// How many of them may be used where we are: a local uses only those before it.
    open: usize,
}

impl<C: Choices> Writer<'_, C> {
    /// What the formula of the loss sees.
    fn outside(&self) -> Here {
        match self.kind.samples {
            Samples::Named => Here { n: vec!["n".into()], ..Here::default() },
            _ => Here::default(),
        }
    }

    /// Whether a value of the sample itself is in reach.
    fn sees_sample(&self, here: &Here) -> bool {
        self.kind.samples != Samples::Named || here.has("n")
    }

    /// An index that no other is called like.
    fn index(&mut self) -> String {
        self.indices += 1;
        format!("i{}", self.indices)
    }

    /// `keep` and `mean by`.
    fn clauses(&mut self, here: &Here) -> String {
        if !self.kind.clauses {
            return String::new();
        }
        let mut text = String::new();
        let label = if self.kind.samples == Samples::Alone { "i" } else { "t" };
        let conditions =
            ["u < 1.1".to_owned(), "b".to_owned(), format!("{label} != 1"), "not (b and u > p)".to_owned()];
        if self.choices.chance(50) {
            text.push_str(&format!("\n    keep {}", self.choices.pick(&conditions)));
        }
        if self.choices.chance(50) {
            // A divisor that is not near 0.
            let by = self.number(here, 1);
            text.push_str(&format!("\n    mean by 0.5 + abs({by})"));
        }
        text
    }
}
