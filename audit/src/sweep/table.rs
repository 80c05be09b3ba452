//! The table of all losses, as a document that people read; and how a later sweep is held against it.

use std::fmt::Write;

use super::range::Span;
use super::row::{Case, Figures, Row};
use crate::ulp::Format;

/// Before the table.
const HEAD: &str = "\
# Accuracy

The largest errors of each loss over the whole range of its inputs, against the formula as written in arithmetic of 512
bits. Written by `lossdef accuracy --dense`, which puts in every exponent of the format with both signs, subnormal
numbers, zeros, the largest numbers, the neighbours of every kink and threshold, numbers that differ in their last places,
and what a search for larger errors finds. The derivatives are those of the sum of all values, in every element of every
input.

- **ULP**: units in the last place of the exact result, where the last bits of inputs and parameters move it by at most
  4 of them.
- **scaled**: where they move it further, the error is given in times of that, and half a unit. At 1, the result is as good
  as the exact one for inputs whose last bits are different.
- **terms**: where terms of the stable form cancel that the inputs do not explain, in times of what one rounding of each of
  its operations does. At 1, no digit is lost but by roundings.
- **faint**: results of at most this size lost digits, because numbers on the way are among the smallest of the format.
- **magnitudes**: the row holds for inputs and parameters that are 0 or whose size lies in this range (for parameters,
  their defaults are always in it). What goes wrong just outside is listed below. Nothing is listed where a result is
  itself too large for the format: there the loss is the infinity of the right sign.

At conditions that roundings decide either way, the side is open. Where the formula itself is no number, so is the loss.

";

const COLUMNS: &str = "\
| loss | format | value: ULP | scaled | terms | faint | gradient: ULP | scaled | terms | faint | magnitudes |
|---|---|---|---|---|---|---|---|---|---|---|
";

/// A later sweep may be worse by this factor: other instruction sets round some results otherwise.
const MARGIN: f64 = 1.25;

/// The document.
pub fn document(rows: &[Row]) -> String {
    let mut text = String::from(HEAD);
    text.push_str(COLUMNS);
    rows.iter().for_each(|row| text.push_str(&line(row)));
    section(&mut text, "Wrong at ordinary numbers", rows, |row| &row.wrong);
    section(&mut text, "Outside of the magnitudes", rows, |row| &row.beyond);
    text
}

fn section(text: &mut String, title: &str, rows: &[Row], of: fn(&Row) -> &Vec<Case>) {
    if rows.iter().all(|row| of(row).is_empty()) {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n");
    for row in rows {
        for Case { what, text: case } in of(row) {
            let _ = writeln!(text, "- `{}`, {}, {what}: {case}", row.loss, row.format.name());
        }
    }
}

/// The row of the table.
pub fn line(row: &Row) -> String {
    let figures = row.figures.map(|figures| figures.all().map(cell).join(" | ")).join(" | ");
    format!("| {} | {} | {figures} | {} |\n", row.loss, row.format.name(), row.span)
}

fn cell(x: f64) -> String {
    if x == 0.0 { String::new() } else { rounded_up(x).to_string() }
}

/// At least `x`, with two digits.
fn rounded_up(x: f64) -> Number {
    let two = |x: f64| format!("{x:.1e}").parse::<f64>().unwrap_or(x);
    let near = two(x);
    let half = 0.05 * 10f64.powf(x.log10().floor());
    Number(if near < x { two(x + half) } else { near })
}

struct Number(f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if (0.01..100.0).contains(&self.0) { write!(f, "{}", self.0) } else { write!(f, "{:e}", self.0) }
    }
}

/// What a row of a document says.
#[derive(Clone, Debug)]
pub struct Stated {
    /// The loss.
    pub loss: String,
    /// The format.
    pub format: Format,
    /// The magnitudes.
    pub span: Span,
    figures: [Figures; 2],
    wrong: Vec<String>,
}

/// Reads the rows of a document.
///
/// # Errors
///
/// The line that is no row.
pub fn read(text: &str) -> Result<Vec<Stated>, String> {
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| loss |"));
    let mut stated = rows
        .map(|line| row(line).ok_or_else(|| format!("no row of a table of accuracy: {line}")))
        .collect::<Result<Vec<_>, _>>()?;
    let wrong = text.split("\n## ").find(|section| section.starts_with("Wrong"));
    for case in wrong.into_iter().flat_map(|section| section.lines().filter(|line| line.starts_with("- "))) {
        for row in &mut stated {
            let start = format!("- `{}`, {}, ", row.loss, row.format.name());
            if let Some((what, _)) = case.strip_prefix(&start).and_then(|rest| rest.split_once(": ")) {
                row.wrong.push(what.to_owned());
            }
        }
    }
    Ok(stated)
}

fn row(line: &str) -> Option<Stated> {
    let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
    let [loss, format, numbers @ .., span] = cells.as_slice() else { return None };
    let numbers = numbers.iter().map(|text| if text.is_empty() { Ok(0.0) } else { text.parse::<f64>() });
    let numbers = numbers.collect::<Result<Vec<_>, _>>().ok()?;
    let numbers: [f64; 8] = numbers.try_into().ok()?;
    let figures = [0, 4].map(|at| {
        let [ulp, scaled, terms, faint] = [0, 1, 2, 3].map(|figure| numbers[at + figure]);
        Figures { ulp, scaled, terms, faint }
    });
    Some(Stated {
        loss: (*loss).to_owned(),
        format: [Format::F32, Format::F64].into_iter().find(|known| known.name() == *format)?,
        span: span.parse().ok()?,
        figures,
        wrong: Vec::new(),
    })
}

impl Stated {
    /// What of a later sweep, within the same magnitudes, is worse than it says.
    pub fn breaches(&self, row: &Row) -> Vec<String> {
        let mut found = Vec::new();
        for (kind, name) in ["value", "gradient"].into_iter().enumerate() {
            for (at, figure) in Figures::NAMES.into_iter().enumerate() {
                let (stated, now) = (self.figures[kind].all()[at], row.figures[kind].all()[at]);
                if now > stated * MARGIN {
                    let label = format!("{name}, {figure}");
                    let case = row.worst.iter().find(|case| case.what == label);
                    let case = case.map_or("", |case| &case.text);
                    found.push(format!("{label}: {} instead of {stated}: {case}", rounded_up(now)));
                }
            }
        }
        let unstated = row.wrong.iter().filter(|case| !self.wrong.contains(&case.what));
        found.extend(unstated.map(|case| format!("{}: {}", case.what, case.text)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, Figures, Format, Row, Span, document, read};

    fn row() -> Row {
        let case = |what: &str| Case { what: what.to_owned(), text: "value is 1, exactly 2".to_owned() };
        let value = Figures { ulp: 2.341, scaled: 0.5, terms: 0.0, faint: 3e-44 };
        Row {
            loss: "mine".to_owned(),
            format: Format::F32,
            span: Span { least: 3e-20, most: 2e19 },
            figures: [value, Figures::default()],
            worst: vec![case("value, ULP")],
            wrong: vec![case("is not a number")],
            beyond: vec![case("overflows on the way")],
            points: 7,
        }
    }

    #[test]
    fn a_document_is_read_back_and_no_row_breaks_its_own() {
        let text = document(&[row()]);
        assert!(text.contains("| mine | f32 | 2.4 | 0.5 |  | 3e-44 |  |  |  |  | 3e-20 to 2e19 |"), "{text}");
        let stated = read(&text).expect("a document");
        assert_eq!(stated.len(), 1);
        assert_eq!(stated[0].span, row().span);
        assert!(stated[0].breaches(&row()).is_empty());
    }

    #[test]
    fn figures_are_rounded_up() {
        for (x, text) in
            [(2.341, "2.4"), (9.96, "10"), (0.05, "0.05"), (1.0001e-44, "1.1e-44"), (123.0, "1.3e2")]
        {
            assert_eq!(super::cell(x), text);
        }
    }

    #[test]
    fn what_is_worse_is_told() {
        let stated = read(&document(&[row()])).expect("a document");
        let mut worse = row();
        worse.figures[0].ulp = 3.2;
        worse.figures[1].scaled = 0.1;
        worse.wrong.push(Case { what: "overflows on the way".to_owned(), text: String::new() });
        let found = stated[0].breaches(&worse);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], "value, ULP: 3.2 instead of 2.4: value is 1, exactly 2");
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(read("| mine | f32 | much |").is_err());
        assert!(read("text").expect("no rows").is_empty());
    }
}
