//! Names of generated Rust: types from the name of the loss, temporaries from the formula.

use crate::ir::{Function, Loss};
use crate::plan::{Operation, Plan, ValueId};
use proc_macro2::{Ident, Span};
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

/// Gives every value of a plan a name, the same in every function that is generated from it.
pub struct Namer {
    names: HashMap<ValueId, String>,
    /// Names that say so little that no other name is built on them.
    vague: HashSet<ValueId>,
}

impl Namer {
    /// Names the values of `plan`: the formula's own names, else a short description.
    pub fn new(loss: &Loss, plan: &Plan) -> Self {
        let mut namer = Namer { names: HashMap::new(), vague: HashSet::new() };
        let mut taken: HashSet<String> = ["value", "valid", "parameters"].map(str::to_owned).into();
        taken.extend(loss.inputs.iter().map(|input| input.name.clone()));
        taken.extend(loss.inputs.iter().map(|input| format!("d_{}", input.name)));
        taken.extend(loss.parameters.iter().map(|parameter| parameter.name.clone()));
        for (i, value) in plan.values.iter().enumerate() {
            let id = ValueId(i);
            let name = match &value.operation {
                Operation::Input(input) => loss.inputs[*input].name.clone(),
                Operation::Parameter(parameter) => loss.parameters[*parameter].name.clone(),
                _ => {
                    let wanted = value.name.clone().unwrap_or_else(|| namer.describe(plan, id));
                    unique(&mut taken, wanted)
                }
            };
            namer.names.insert(id, name);
        }
        namer
    }

    /// The name of a value.
    pub fn of(&self, id: ValueId) -> Ident {
        identifier(&self.names[&id])
    }

    fn describe(&mut self, plan: &Plan, id: ValueId) -> String {
        let operands = plan.value(id).operation.operands();
        let parts: Option<Vec<String>> = operands.iter().map(|operand| self.part(plan, *operand)).collect();
        let (long, short) = match (&plan.value(id).operation, parts.as_deref()) {
            (Operation::Apply(Function::Mul, x), Some([part, _])) if x[0] == x[1] => {
                (Some(format!("{part}_squared")), "square")
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
            _ => (None, "constant"),
        };
        long.filter(|name| name.len() <= LONGEST).unwrap_or_else(|| {
            self.vague.insert(id);
            short.to_owned()
        })
    }

    /// A value as part of another's name.
    fn part(&self, plan: &Plan, id: ValueId) -> Option<String> {
        let word = match plan.value(id).operation {
            Operation::Real(0.0) => "zero",
            Operation::Real(0.5) => "half",
            Operation::Real(1.0) => "one",
            Operation::Real(2.0) => "two",
            Operation::Real(4.0) => "four",
            Operation::Real(_) | Operation::Bool(_) => return None,
            _ if self.vague.contains(&id) => return None,
            _ => self.names[&id].as_str(),
        };
        Some(word.to_owned())
    }
}

fn unique(taken: &mut HashSet<String>, wanted: String) -> String {
    let mut name = wanted.clone();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{wanted}_{number}");
        number += 1;
    }
    name
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
        Function::Mul => "product",
        Function::Div => "ratio",
        Function::Pow => "power",
        Function::Neg => "negated",
        Function::Lt | Function::Le | Function::Gt | Function::Ge | Function::Eq | Function::Ne => "compared",
        Function::And | Function::Or | Function::Not => "condition",
        _ => word,
    }
}
