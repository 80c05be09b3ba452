//! Names of generated Rust: types from the name of the loss, temporaries from the formula.

use crate::ir::{AxisId, Function, Loss, Reduction};
use crate::plan::{Operation, ValueId, Values};
use proc_macro2::{Ident, Span};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// Longer descriptions than this say less than the function's own word.
const LONGEST: usize = 28;

/// `smooth_l1` as a type: `SmoothL1`.
pub fn type_name(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        })
        .collect()
}

/// An identifier, raw where it is a keyword.
pub fn identifier(name: &str) -> Ident {
    if KEYWORDS.contains(&name) {
        Ident::new_raw(name, Span::call_site())
    } else {
        Ident::new(name, Span::call_site())
    }
}

/// The keywords that may stand as raw identifiers.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// What the derivative with respect to an input is called.
pub fn derivative(input: &str) -> String {
    format!("d_{input}")
}

/// Words that Rust does not take as names, not even raw, and patterns that its prelude occupies.
pub(super) const WORDS: &[&str] = &["self", "Self", "super", "crate", "_", "None", "Some", "Ok", "Err"];

/// Gives every value of a plan a name, the same in every function that is generated from it.
pub struct Namer {
    /// What each value is called, were it alone.
    words: HashMap<ValueId, String>,
    /// Words that say so little that no other name is built on them.
    vague: HashSet<ValueId>,
    /// Names that generated code needs for itself.
    own: HashMap<String, String>,
    /// The names given so far.
    given: RefCell<Given>,
}

/// Which names are taken, and which values have one.
#[derive(Default)]
struct Given {
    /// To whom each name was given; names that no value may have are nobody's.
    owners: HashMap<String, Option<ValueId>>,
    /// The name of each value that was asked for.
    names: HashMap<ValueId, Ident>,
    /// For each word, the number up to which names with one are taken.
    numbers: HashMap<String, usize>,
}

impl Namer {
    /// Finds words for the values of `plan`: the formula's own names, else a short description.
    pub fn new(loss: &Loss, values: &Values) -> Self {
        let declared: Vec<&str> = loss
            .inputs
            .iter()
            .map(|input| input.name.as_str())
            .chain(loss.parameters.iter().map(|parameter| parameter.name.as_str()))
            .chain(values.iter().filter_map(|(_, value)| value.name.as_deref()))
            .collect();
        let fixed = ["value", "valid", "kept", "inputs", "parameters"].map(str::to_owned).into_iter();
        let derivatives = loss.inputs.iter().map(|input| derivative(&input.name));
        let own: HashMap<String, String> = fixed
            .chain(derivatives)
            .map(|wanted| {
                let mut name = wanted.clone();
                while declared.contains(&name.as_str()) {
                    name.push('_');
                }
                (wanted, name)
            })
            .collect();
        let given = declared.iter().map(|name| (*name).to_owned()).chain(own.values().cloned());
        let given = given.chain(WORDS.iter().map(|word| (*word).to_owned()));
        let mut given: HashMap<String, Option<ValueId>> = given.map(|name| (name, None)).collect();
        for (id, value) in values.iter() {
            // Two values of one name: the first has it.
            if let Some(name) = value.name.as_ref().filter(|name| !WORDS.contains(&name.as_str())) {
                given.get_mut(name).filter(|owner| owner.is_none()).map(|owner| owner.insert(id));
            }
        }
        let given = RefCell::new(Given { owners: given, ..Given::default() });
        let mut namer = Namer { words: HashMap::new(), vague: HashSet::new(), own, given };
        for (id, value) in values.iter() {
            let word = match &value.operation {
                Operation::Input(input) => loss.inputs[*input].name.clone(),
                Operation::Parameter(parameter) => loss.parameters[*parameter].name.clone(),
                _ => value.name.clone().unwrap_or_else(|| namer.describe(loss, values, id)),
            };
            if matches!(value.operation, Operation::Input(_) | Operation::Parameter(_)) {
                namer.given.get_mut().owners.insert(word.clone(), Some(id));
            }
            namer.words.insert(id, word);
        }
        namer
    }

    /// A name that generated code needs for itself, changed where the formula has it.
    pub fn own(&self, name: &str) -> Ident {
        identifier(&self.own[name])
    }

    /// The name of a value: its word, with a number where another value has that name already.
    pub fn of(&self, id: ValueId) -> Ident {
        let Given { owners, names, numbers } = &mut *self.given.borrow_mut();
        if let Some(known) = names.get(&id) {
            return known.clone();
        }
        let word = &self.words[&id];
        let last = numbers.entry(word.clone()).or_insert(0);
        loop {
            // The first number that tells two values of one name apart is 2.
            let name = if *last == 0 { word.clone() } else { format!("{word}_{}", *last + 1) };
            *last += 1;
            if *owners.entry(name.clone()).or_insert(Some(id)) == Some(id) {
                let name = identifier(&name);
                names.insert(id, name.clone());
                return name;
            }
        }
    }

    fn describe(&mut self, loss: &Loss, values: &Values, id: ValueId) -> String {
        let operands = values.get(id).operation.operands();
        let parts: Option<Vec<String>> = operands.iter().map(|operand| self.part(values, *operand)).collect();
        let (long, short) = match (&values.get(id).operation, parts.as_deref()) {
            (Operation::Apply(Function::Mul, x), Some([part, _])) if x[0] == x[1] => {
                (Some(format!("{part}_squared")), "square")
            }
            (Operation::Apply(Function::ExpTimes, x), Some([power, factor])) => {
                match values.get(x[1]).operation {
                    Operation::Real(1.0) => (Some(format!("exp_{power}")), "exp"),
                    _ => (Some(format!("{factor}_times_exp_{power}")), "product"),
                }
            }
            (Operation::Apply(function, _), parts) => {
                let (word, infix) = word(*function);
                let between = |parts: &[String]| {
                    if infix {
                        parts.join(&format!("_{word}_"))
                    } else {
                        format!("{word}_{}", parts.join("_"))
                    }
                };
                (parts.map(between), noun(*function, word))
            }
            (Operation::Divisor(_), Some([part])) => (Some(format!("by_{part}")), "by"),
            (Operation::Over(..), Some([a, by])) => (Some(format!("{a}_{by}")), "ratio"),
            (Operation::Over(..), _) => (None, "ratio"),
            (Operation::Select(..), _) => (None, "chosen"),
            (Operation::Index(axis), _) => (Some(axis_word(loss, *axis)), "position"),
            (Operation::Size(axis), _) => (Some(format!("size_{}", axis_word(loss, *axis))), "size"),
            (Operation::Upstream, _) => (Some("upstream".to_owned()), "upstream"),
            (Operation::Member(input), _) => (Some(format!("in_{}", loss.inputs[*input].name)), "member"),
            (Operation::Gather(..), Some(parts)) => (Some(parts.join("_at_")), "picked"),
            (Operation::Fold(kind, ..), Some([part])) => {
                let word = format!("{kind:?}").to_lowercase();
                (Some(format!("{word}_{part}")), fold_noun(*kind))
            }
            (Operation::Fold(kind, ..), _) => (None, fold_noun(*kind)),
            _ => (None, "constant"),
        };
        long.filter(|name| name.len() <= LONGEST).unwrap_or_else(|| {
            self.vague.insert(id);
            short.to_owned()
        })
    }

    /// A value as part of another's name.
    fn part(&self, values: &Values, id: ValueId) -> Option<String> {
        let word = match values.get(id).operation {
            Operation::Real(0.0) => "zero",
            Operation::Real(0.5) => "half",
            Operation::Real(1.0) => "one",
            Operation::Real(2.0) => "two",
            Operation::Real(4.0) => "four",
            Operation::Real(_) | Operation::Bool(_) => return None,
            _ if self.vague.contains(&id) => return None,
            _ => self.words[&id].as_str(),
        };
        Some(word.to_owned())
    }
}

/// The name of an axis or index as part of a Rust name.
fn axis_word(loss: &Loss, axis: AxisId) -> String {
    let name = loss.graph.axis_name(axis);
    if name == ".." { "sample".to_owned() } else { name.replace('\'', "_other") }
}

/// What a fold gives, where a description would be too long.
fn fold_noun(kind: Reduction) -> &'static str {
    match kind {
        Reduction::Max => "largest",
        Reduction::Min => "smallest",
        Reduction::Prod => "product",
        Reduction::Norm => "norm",
        _ => "sum",
    }
}

/// The word for a function in a description, and whether it stands between its operands.
fn word(function: Function) -> (&'static str, bool) {
    match function {
        Function::Add => ("plus", true),
        Function::Sub => ("minus", true),
        Function::Mul => ("times", true),
        Function::Div => ("over", true),
        Function::Pow => ("to", true),
        Function::Neg => ("neg", false),
        Function::Lt => ("below", true),
        Function::Le => ("up_to", true),
        Function::Gt => ("above", true),
        Function::Ge => ("from", true),
        Function::Eq => ("is", true),
        Function::Ne => ("is_not", true),
        Function::And => ("and", true),
        Function::Or => ("or", true),
        Function::Not => ("not", false),
        _ => (crate::functions::row(function).name, false),
    }
}

/// What a function gives, where a description would be too long.
fn noun(function: Function, word: &'static str) -> &'static str {
    match function {
        Function::Add => "sum",
        Function::Sub => "difference",
        Function::Mul | Function::ExpTimes => "product",
        Function::Div => "ratio",
        Function::Pow => "power",
        Function::Neg => "negated",
        Function::Lt | Function::Le | Function::Gt | Function::Ge | Function::Eq | Function::Ne => "compared",
        Function::And | Function::Or | Function::Not => "condition",
        _ => word,
    }
}
