//! `differences.json`: the cases that our formulas answer differently, one by one, with the reason and our
//! answer.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::judge::{Difference, Precision, same};
use super::{Answer, Case, foreign, own_directory};

/// The whole list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differences {
    /// Why, under a short name.
    pub reasons: BTreeMap<String, String>,
    pub cases: Vec<Entry>,
}

/// One case.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: String,
    /// A name among the reasons.
    pub reason: String,
    /// Whether the call is an error.
    #[serde(default)]
    pub refused: bool,
    /// Whether it differs in float32 only.
    #[serde(default)]
    pub single: bool,
    /// Our numbers where they differ: by tensor (`output`, `grad NAME`), by place in row-major order.
    #[serde(default)]
    pub ours: Numbers,
    /// In place of our numbers, where these are what rounding leaves of terms that cancel and so depend on the
    /// instruction set.
    #[serde(default)]
    pub rounding: Rounding,
}

/// By tensor, how far rounding takes the formula from its value.
#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Rounding {
    pub float32: BTreeMap<String, f64>,
    pub float64: BTreeMap<String, f64>,
}

impl Rounding {
    pub fn of(&self, precision: Precision) -> &BTreeMap<String, f64> {
        match precision {
            Precision::Single => &self.float32,
            Precision::Double => &self.float64,
        }
    }

    fn is_empty(&self) -> bool {
        self.float32.is_empty() && self.float64.is_empty()
    }
}

impl Entry {
    /// Whether it says something of a precision.
    fn covers(&self, precision: Precision) -> bool {
        match self.rounding.is_empty() {
            true => !self.single || precision == Precision::Single,
            false => !self.rounding.of(precision).is_empty(),
        }
    }
}

/// Numbers by tensor and place.
pub type Numbers = BTreeMap<String, BTreeMap<usize, Written>>;

/// A number, or one of the words `nan`, `inf`, `-inf`.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub enum Written {
    Float(f64),
    Word(String),
}

impl Written {
    pub fn get(&self) -> f64 {
        match self {
            Written::Float(x) => *x,
            Written::Word(word) => word.parse().unwrap_or_else(|_| panic!("`{word}` is no number")),
        }
    }
}

/// How a case came out.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Agrees,
    /// It differs as the list says.
    Listed,
    /// It differs, in a foreign corpus whose tags say that torch's answer is torch's own.
    Exempt,
    /// What is wrong.
    Wrong(String),
}

impl Differences {
    /// The list of the repository.
    pub fn read() -> Differences {
        let path = own_directory().join("differences.json");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let list: Differences =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut ids = BTreeSet::new();
        for entry in &list.cases {
            assert!(
                list.reasons.contains_key(&entry.reason),
                "{}: unknown reason `{}`",
                entry.id,
                entry.reason
            );
            assert!(ids.insert(&entry.id), "{} is listed twice", entry.id);
            let ways = [entry.refused, !entry.ours.is_empty(), !entry.rounding.is_empty()];
            assert!(ways.into_iter().filter(|way| *way).count() == 1, "{}: one way to differ", entry.id);
        }
        list
    }

    pub fn find(&self, id: &str) -> Option<&Entry> {
        self.cases.iter().find(|entry| entry.id == id)
    }

    /// Judges the outcome of a case: an answer with what differs in it, or a refusal.
    pub fn verdict(
        &self,
        case: &Case,
        outcome: &Result<(Answer, Vec<Difference>), String>,
        precision: Precision,
    ) -> Verdict {
        let entry = self.find(&case.id).filter(|entry| entry.covers(precision));
        match (outcome, entry) {
            (Ok((_, found)), None) if found.is_empty() => Verdict::Agrees,
            (_, None) if case.exempt() && foreign().is_some() => Verdict::Exempt,
            (Ok((_, found)), None) => Verdict::Wrong(tell(found)),
            (Err(error), None) => Verdict::Wrong(format!("refused: {error}")),
            (Err(_), Some(entry)) if entry.refused => Verdict::Listed,
            (Err(error), Some(_)) => Verdict::Wrong(format!("listed with an answer, but refused: {error}")),
            (Ok(_), Some(entry)) if entry.refused => Verdict::Wrong("listed as refused, but answered".into()),
            (Ok((_, found)), Some(entry)) if !entry.rounding.is_empty() => {
                as_rounded(entry.rounding.of(precision), found)
            }
            (Ok((answer, found)), Some(entry)) => as_listed(&entry.ours, answer, found, precision),
        }
    }
}

/// Whether an answer differs exactly where, and as, the list says.
fn as_listed(ours: &Numbers, answer: &Answer, found: &[Difference], precision: Precision) -> Verdict {
    let listed = |tensor: &str, at: usize| ours.get(tensor).and_then(|places| places.get(&at));
    if let Some(stray) = found.iter().find(|d| listed(&d.tensor, d.at).is_none()) {
        return Verdict::Wrong(format!("differs beyond the list: {}", tell(std::slice::from_ref(stray))));
    }
    for (tensor, places) in ours {
        let got = match tensor.strip_prefix("grad ") {
            None => &answer.output,
            Some(name) => &answer.gradients[name],
        };
        for (at, want) in places {
            let (got, want) = (got.values[*at], want.get());
            let allowed = match precision {
                Precision::Double => 1e-12 * want.abs(),
                Precision::Single => 2e-6 * want.abs().max(1e-2),
            };
            if !same(got, want) && (got - want).abs() > allowed {
                return Verdict::Wrong(format!("{tensor}[{at}] is {got:?}, listed as {want:?}"));
            }
            if !found.iter().any(|d| d.tensor == *tensor && d.at == *at) {
                return Verdict::Wrong(format!(
                    "{tensor}[{at}] is listed as different, but agrees with torch"
                ));
            }
        }
    }
    Verdict::Listed
}

/// Whether an answer differs by no more than rounding explains. Elsewhere it may agree: rounding has its luck.
fn as_rounded(rounding: &BTreeMap<String, f64>, found: &[Difference]) -> Verdict {
    let explained =
        |d: &&Difference| rounding.get(&d.tensor).is_some_and(|allowed| (d.got - d.want).abs() <= *allowed);
    match found.iter().find(|d| !explained(d)) {
        Some(stray) => {
            Verdict::Wrong(format!("rounding does not explain it: {}", tell(std::slice::from_ref(stray))))
        }
        None if found.is_empty() => Verdict::Agrees,
        None => Verdict::Listed,
    }
}

/// What differs, as an entry of the list that lacks nothing but its reason.
pub fn entry(id: &str, found: &[Difference], precision: Precision) -> String {
    let mut ours: BTreeMap<&str, BTreeMap<usize, serde_json::Value>> = BTreeMap::new();
    for d in found {
        let number = serde_json::Number::from_f64(d.got);
        let written = number.map_or_else(|| d.got.to_string().to_lowercase().into(), Into::into);
        ours.entry(&d.tensor).or_default().insert(d.at, written);
    }
    let single = if precision == Precision::Single { ", \"single\": true" } else { "" };
    let ours = serde_json::to_string(&ours).expect("numbers and words");
    format!("{{\"id\": \"{id}\", \"reason\": \"\"{single}, \"ours\": {ours}}}")
}

/// Some differences in words.
pub fn tell(found: &[Difference]) -> String {
    let some =
        found.iter().take(3).map(|d| format!("{}[{}] is {:?}, not {:?}", d.tensor, d.at, d.got, d.want));
    let more = if found.len() > 3 { format!(" and {} more", found.len() - 3) } else { String::new() };
    some.collect::<Vec<_>>().join("; ") + &more
}
