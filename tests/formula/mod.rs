//! Random losses over named axes as text: folds in folds, filters, positions, labels, sets, locals and helpers over
//! axes. Nothing in them overflows or has a pole, so that every number means something.

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(unreachable_pub, reason = "what is public here is public to the test program")]

use crate::oracle::random::Random;

/// Which axes samples have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Samples {
    /// `..`.
    Dots,
    /// The axis `n`, so that a sample sees the others.
    Named,
}

/// A helper over an axis, which every text has.
const HELPER: &str =
    "fn mixed[a](v, z; g = 2) = sum[a](v * z) / (g + norm[a](z)) + max[a | v > 9](0 * v + 1)^0\n";

/// What an expression may name: positions on each axis. An axis whose own name is among them is bound.
#[derive(Clone, Default)]
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
pub struct Writer<'r> {
    random: &'r mut Random,
    samples: Samples,
    indices: usize,
    /// Whether the local of this kind is used: `a`, `q[c]`, `s[i, j]`, `r[i in c, j in d]`.
    locals: [bool; 4],
    /// How many of them may be used where we are: a local uses only those before it.
    open: usize,
}

/// A random loss of this name, and the helpers that it calls.
pub fn loss(name: &str, samples: Samples, random: &mut Random) -> String {
    HELPER.to_owned() + &body(name, samples, random)
}

/// A random loss of this name.
pub fn body(name: &str, samples: Samples, random: &mut Random) -> String {
    let mut writer = Writer { random, samples, indices: 0, locals: [false; 4], open: 4 };
    let here = match samples {
        Samples::Dots => Here::default(),
        Samples::Named => Here { n: vec!["n".into()], ..Here::default() },
    };
    // The last part is there so that every axis is.
    let formula =
        format!("{} + {} + sum[c](x) * sum[d](y) / 9", writer.number(&here, 5), writer.fold(&here, 4));
    let mut locals = Vec::new();
    for at in (0..4).rev() {
        if writer.locals[at] {
            writer.open = at;
            locals.push(writer.local(at));
        }
    }
    let clause = if locals.is_empty() {
        String::new()
    } else {
        format!("\n    where {}", locals.join(",\n          "))
    };
    let inputs: &[(&str, &str)] = match samples {
        Samples::Dots => &[
            ("x", "x[.., c]"),
            ("y", "y[.., d]"),
            ("u", "u"),
            ("w", "w[c]"),
            ("m", "m[d, c]"),
            ("t", "t: index c"),
            ("k", "k: index d"),
            ("S", "S[.., e]: set c"),
        ],
        Samples::Named => &[
            ("x", "x[n, c]"),
            ("y", "y[n, d]"),
            ("u", "u[n]"),
            ("w", "w[c]"),
            ("m", "m[d, c]"),
            ("t", "t[n]: index c"),
            ("k", "k[n]: index d"),
            ("S", "S[n, e]: set c"),
        ],
    };
    let text = format!("{formula}{clause}");
    let is_read = |name: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == name);
    let read = inputs.iter().filter(|(name, _)| is_read(name)).map(|(_, declared)| *declared);
    let inputs = read.collect::<Vec<_>>().join(", ");
    let parameters = if is_read("p") { "; p = 0.7" } else { "" };
    format!("loss {name}({inputs}{parameters}) =\n    {text}\n")
}

impl Writer<'_> {
    fn pick<'a>(&mut self, list: &'a [String]) -> &'a str {
        &list[self.random.below(list.len())]
    }

    fn index(&mut self) -> String {
        self.indices += 1;
        format!("i{}", self.indices)
    }

    /// A position on `c` or `d`: one that is bound, or a label.
    fn position(&mut self, here: &Here, axis: char) -> Option<String> {
        let (mut list, label) = if axis == 'c' { (here.c.clone(), "t") } else { (here.d.clone(), "k") };
        match (self.samples, here.n.is_empty()) {
            (Samples::Dots, _) => list.push(label.into()),
            (Samples::Named, false) => {
                let n = self.pick(&here.n).to_owned();
                list.push(format!("{label}[{n}]"));
            }
            (Samples::Named, true) => {}
        }
        (!list.is_empty()).then(|| self.pick(&list).to_owned())
    }

    /// An element of an input that has the sample axes.
    fn element(&mut self, input: &str, rest: &[String], here: &Here) -> Option<String> {
        let mut positions = rest.to_vec();
        if self.samples == Samples::Named {
            if here.n.is_empty() {
                return None;
            }
            let n = self.pick(&here.n).to_owned();
            positions.insert(0, n);
        }
        if positions.is_empty() {
            Some(input.into())
        } else {
            Some(format!("{input}[{}]", positions.join(", ")))
        }
    }

    fn leaf(&mut self, here: &Here) -> String {
        let (c, d) = (self.position(here, 'c'), self.position(here, 'd'));
        let choice = self.random.below(16);
        let found = match (choice, c, d) {
            (0 | 1, ..) if here.has("c") && (self.samples == Samples::Dots || here.has("n")) => {
                Some("x".into())
            }
            (0..=4, Some(c), _) => self.element("x", &[c], here),
            (5 | 6, _, Some(d)) => self.element("y", &[d], here),
            (7, ..) => self.element("u", &[], here),
            (8, ..) if here.has("c") => Some("w".into()),
            (8 | 9, Some(c), _) => Some(format!("w[{c}]")),
            (10, Some(c), Some(d)) => Some(format!("m[{d}, {c}]")),
            (11, Some(c), _) if here.c.contains(&c) => Some(format!("0.3 * {c}")),
            (12, ..) => Some("p / size(c)".into()),
            (13 | 14, ..) => self.use_of_local(here),
            _ => None,
        };
        found.unwrap_or_else(|| ["0.5", "1", "2", "p"][self.random.below(4)].into())
    }

    /// A local at positions that are bound.
    fn use_of_local(&mut self, here: &Here) -> Option<String> {
        // In a loss over `n` a local stands for its value at `n`, which has to be there.
        if self.open == 0 || (self.samples == Samples::Named && !here.has("n")) {
            return None;
        }
        let at = self.random.below(self.open);
        let text = match at {
            0 => "a".into(),
            1 if here.has("c") && self.random.unit() < 0.5 => "q".into(),
            1 => format!("q[{}]", self.position(here, 'c')?),
            2 => format!("s[{}, {}]", self.position(here, 'c')?, self.position(here, 'c')?),
            _ => format!("r[{}, {}]", self.position(here, 'c')?, self.position(here, 'd')?),
        };
        self.locals[at] = true;
        Some(text)
    }

    /// The definition of a local.
    fn local(&mut self, at: usize) -> String {
        let here = match self.samples {
            Samples::Dots => Here::default(),
            Samples::Named => Here { n: vec!["n".into()], ..Here::default() },
        };
        match at {
            0 => format!("a = {}", self.number(&here, 3)),
            1 if self.random.unit() < 0.5 => {
                let word = ["softmax", "log_softmax", "unit"][self.random.below(3)];
                format!("q[c] = {word}[c]({})", self.number(&here.with('c', "c"), 2))
            }
            1 => format!("q[c] = {}", self.number(&here.with('c', "c"), 3)),
            2 => {
                let inside = here.with('c', "b1").with('c', "b2");
                format!("s[b1 in c, b2 in c] = {}", self.number(&inside, 3))
            }
            _ => {
                let inside = here.with('c', "b1").with('d', "b2");
                format!("r[b1 in c, b2 in d] = {}", self.number(&inside, 2))
            }
        }
    }

    fn number(&mut self, here: &Here, depth: usize) -> String {
        if depth == 0 {
            return self.leaf(here);
        }
        let less = depth - 1;
        match self.random.below(14) {
            0 | 1 => self.leaf(here),
            2..=4 => {
                let op = ["+", "-", "*"][self.random.below(3)];
                format!("({} {op} {})", self.number(here, less), self.number(here, less))
            }
            5 => format!("{} / (1 + ({})^2)", self.factor(here, less), self.number(here, less)),
            6 | 7 => {
                let function = FUNCTIONS[self.random.below(FUNCTIONS.len())];
                function.replace('#', &self.number(here, less))
            }
            8 => format!(
                "(if {} then {} else {})",
                self.truth(here),
                self.number(here, less),
                self.number(here, less)
            ),
            9 => format!("[{}] * {}", self.truth(here), self.factor(here, less)),
            10 => {
                let (word, axis) = (
                    ["softmax", "log_softmax", "unit"][self.random.below(3)],
                    ["c", "d"][self.random.below(2)],
                );
                let position = axis.chars().next().expect("a letter");
                // A normaliser keeps the axis, which has to be bound by its own name.
                match here.has(axis) {
                    true => format!("{word}[{axis}]({})", self.number(&here.with(position, axis), less)),
                    false => self.fold(here, less),
                }
            }
            _ => self.fold(here, less),
        }
    }

    fn factor(&mut self, here: &Here, depth: usize) -> String {
        format!("({})", self.number(here, depth))
    }

    /// A fold, most often over `c`.
    fn fold(&mut self, here: &Here, depth: usize) -> String {
        let less = depth.saturating_sub(1);
        let word = ["sum", "sum", "mean", "max", "min", "prod", "logsumexp", "norm"][self.random.below(8)];
        // What may be empty has to have a value there.
        let safe = ["sum", "prod", "norm"][self.random.below(3)];
        let i = self.index();
        match self.random.below(11) {
            0 | 1 => format!("{word}[c]({})", self.number(&here.with('c', "c"), less)),
            2 => format!("{word}[{i} in c]({})", self.number(&here.with('c', &i), less)),
            3 => {
                let inside = here.with('c', &i);
                format!("{safe}[{i} in c | {}]({})", self.truth(&inside), self.number(&inside, less))
            }
            4 => {
                let inside = here.with('c', "c");
                format!("{safe}[c | {}]({})", self.truth(&inside), self.number(&inside, less))
            }
            5 if self.samples == Samples::Dots || here.has("n") => {
                let inside = here.with('c', &i);
                let filter =
                    ["".to_owned(), format!(" | {i} != {}", self.position(here, 'c').unwrap_or("t".into()))];
                let filter = &filter[self.random.below(2)];
                let word = if filter.is_empty() { word } else { safe };
                format!("{word}[{i} in S{filter}]({})", self.number(&inside, less))
            }
            6 => {
                let j = self.index();
                let inside = here.with('c', &i).with('c', &j);
                let op = ["<", "!=", ">="][self.random.below(3)];
                format!("{safe}[{i} in c, {j} in c | {i} {op} {j}]({})", self.number(&inside, less))
            }
            7 => format!("{word}[d]({})", self.number(&here.with('d', "d"), less)),
            8 => format!("{safe}[c, d]({})", self.number(&here.with('c', "c").with('d', "d"), less)),
            9 => {
                let inside = here.with('c', "c");
                format!("mixed[c]({}, {})", self.number(&inside, less), self.number(&inside, less))
            }
            10 if self.samples == Samples::Named => {
                let inside = here.with('n', &i);
                format!("{word}[{i} in n]({})", self.number(&inside, less))
            }
            _ => format!("{word}[d]({})", self.number(&here.with('d', "d"), less)),
        }
    }

    fn truth(&mut self, here: &Here) -> String {
        let c = self.position(here, 'c');
        match (self.random.below(8), c) {
            (0, Some(c)) if here.c.contains(&c) => {
                let other = self.position(here, 'c').expect("there is one");
                format!("{c} == {other}")
            }
            (1, Some(c)) if here.c.contains(&c) => {
                let other = self.position(here, 'c').expect("there is one");
                format!("{c} != {other}")
            }
            (2 | 3, Some(c)) if self.samples == Samples::Dots || here.has("n") => {
                format!("{c} {} S", ["in", "not in"][self.random.below(2)])
            }
            (4, _) => {
                let word = ["any", "all"][self.random.below(2)];
                format!("{word}[c]({} > 0.3)", self.number(&here.with('c', "c"), 1))
            }
            (5, _) => format!("count[c]({} < 0.2) > 1", self.number(&here.with('c', "c"), 1)),
            (6, _) => format!("({} < 0.4 or {} > 0.9)", self.number(here, 1), self.number(here, 1)),
            _ => format!("{} > {}", self.number(here, 1), self.leaf(here)),
        }
    }
}

/// Functions, some of them as the naive text that the compiler must recognise.
const FUNCTIONS: &[&str] = &[
    "sigmoid(#)",
    "tanh(#)",
    "abs(#)",
    "relu(#)",
    "softplus(#)",
    "log_sigmoid(#)",
    "sin(#)",
    "log(1 + exp(#))",
    "log(sigmoid(#))",
    "exp(-abs(#))",
    "sqrt(1 + (#)^2)",
    "-(#)",
    "(#)^2",
    "xlogy(abs(#), 1 + abs(#))",
    "max(#, 0.25)",
    "clamp(#, -1, 1)",
    "stop(#)",
];
