//! What a run over the corpus came to, per loss.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};

use super::call::Call;
use super::differences::{Differences, Verdict, entry};
use super::judge::{Precision, judge};
use super::tensor::Number;
use super::{Answer, Case, Exact, cases, foreign};

/// Cases outside of the corpus's own exemptions that may differ.
const UNEXPECTED: usize = 6;

/// Cases that differ by what rounding leaves of terms that cancel, in float32 and in float64.
const ROUNDED: [(Precision, usize); 2] = [(Precision::Single, 11), (Precision::Double, 20)];

/// What became of a case.
pub enum Outcome {
    Done(Result<Answer, String>),
    Aside(&'static str),
}

/// Runs every case and fails unless each agrees with torch or differs as listed.
pub fn run(who: &str, precision: Precision, answer: impl Fn(&Case, &Call) -> Outcome) {
    let (cases, missing) = cases();
    let list = Differences::read();
    check_list(&list, &cases);
    let mut report = Report::default();
    for case in &cases {
        if precision == Precision::Single && case.f32.is_none() {
            report.aside("float32 cannot represent their inputs");
            continue;
        }
        match answer(case, &case.call()) {
            Outcome::Aside(reason) => report.aside(reason),
            Outcome::Done(outcome) => {
                let judged = outcome.map(|answer| {
                    let found = judge(case, &answer, precision);
                    (answer, found)
                });
                let verdict = list.verdict(case, &judged, precision);
                if let (Verdict::Wrong(_), Ok((_, found))) = (&verdict, &judged) {
                    println!("{}", entry(&case.id, found, precision));
                }
                report.add(case, verdict);
            }
        }
    }
    report.finish(who, &missing);
}

/// Verdicts counted per loss.
#[derive(Default)]
struct Report {
    losses: BTreeMap<String, Counts>,
    wrong: Vec<String>,
    aside: BTreeMap<&'static str, usize>,
}

#[derive(Default)]
struct Counts {
    agree: usize,
    listed: usize,
    exempt: usize,
    wrong: usize,
}

impl Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6} {:6} {:6} {:6}", self.agree, self.listed, self.exempt, self.wrong)
    }
}

impl Report {
    fn add(&mut self, case: &Case, verdict: Verdict) {
        let counts = self.losses.entry(case.loss.clone()).or_default();
        match verdict {
            Verdict::Agrees => counts.agree += 1,
            Verdict::Listed => counts.listed += 1,
            Verdict::Exempt => counts.exempt += 1,
            Verdict::Wrong(what) => {
                counts.wrong += 1;
                self.wrong.push(format!("{} {:?} ({}): {what}", case.id, case.tags, case.desc));
            }
        }
    }

    /// Counts a case that is not run, under its reason.
    fn aside(&mut self, reason: &'static str) {
        *self.aside.entry(reason).or_insert(0) += 1;
    }

    /// Prints the counts, and fails unless every case agreed or differed as listed.
    fn finish(self, who: &str, missing: &BTreeMap<String, usize>) {
        let mut text = format!("{who}\n{:34}  agree listed exempt  wrong\n", "");
        let mut total = Counts::default();
        for (loss, counts) in &self.losses {
            let _ = writeln!(text, "{loss:34} {counts}");
            total.agree += counts.agree;
            total.listed += counts.listed;
            total.exempt += counts.exempt;
            total.wrong += counts.wrong;
        }
        let _ = writeln!(text, "{:34} {total}", "all");
        for (reason, cases) in &self.aside {
            let _ = writeln!(text, "{cases} cases not compared: {reason}");
        }
        for (loss, cases) in missing {
            let _ = writeln!(text, "{loss}: {cases} cases not run, the loss is not in losses.def yet");
        }
        println!("{text}");
        assert!(
            self.wrong.is_empty(),
            "{who}: {} cases are wrong:\n{}",
            self.wrong.len(),
            self.wrong.join("\n")
        );
    }
}

/// Every entry of the list is a case of the corpus, few of them are outside of what the corpus itself exempts or
/// left to rounding, and where the corpus has the exact output, ours is that.
fn check_list(list: &Differences, cases: &[Case]) {
    for (precision, most) in ROUNDED {
        let rounded = list.cases.iter().filter(|entry| !entry.rounding.of(precision).is_empty()).count();
        assert!(rounded <= most, "too many cases are left to rounding in {precision:?}: {rounded}");
    }
    let mut outside = Vec::new();
    for entry in list.cases.iter().filter(|entry| !entry.ours.is_empty() || entry.refused) {
        let case = cases.iter().find(|case| case.id == entry.id);
        match case {
            Some(case) if !case.exempt() => outside.push(&case.id),
            Some(_) => {}
            None => assert!(foreign().is_some(), "{} is listed, but is no case", entry.id),
        }
    }
    assert!(outside.len() <= UNEXPECTED, "too many listed cases are not exempt: {outside:?}");
    for case in cases {
        let Some(exact) = &case.math_output else { continue };
        let exact = match exact {
            Exact::One(x) => vec![x.get()],
            Exact::Each(data) => data.iter().map(Number::get).collect(),
        };
        let output = list.find(&case.id).and_then(|entry| entry.ours.get("output"));
        for (at, ours) in output.into_iter().flatten() {
            let (ours, exact) = (ours.get(), exact[*at]);
            assert!(
                ours == exact || (ours - exact).abs() <= 1e-12 * exact.abs(),
                "{}: {ours} is not the exact {exact}",
                case.id
            );
        }
    }
}
