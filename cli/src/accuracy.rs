//! `lossdef accuracy`: the largest errors of losses over the whole range of f32 and f64, against exact arithmetic, and
//! between which magnitudes of the inputs they hold. As Markdown.

use crate::file::{self, Source};
use crate::{Outcome, output};
use lossdef_audit::{Effort, Figures, Format, Row, sweep};

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// The losses; all of the file without any.
    losses: Vec<String>,
    #[command(flatten)]
    source: Source,
    /// Look at every exponent and search for longer: minutes for a loss.
    #[arg(long)]
    dense: bool,
}

/// Sweeps losses and prints a row for each in each format, with the worst cases below. Wrong results bound the
/// magnitudes of a row; they are findings only where nothing on the way to the result explains them.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let source = arguments.source.read()?;
    let (compiled, sound) = file::several(&source, &arguments.losses)?;
    let effort = if arguments.dense { Effort::Dense } else { Effort::Quick };
    output::answer(HEAD)?;
    let mut below = String::new();
    for (loss, callable) in compiled.losses.iter().zip(lossdef_engine::losses(&compiled)) {
        for format in [Format::F32, Format::F64] {
            let swept = sweep(loss, callable.dynamic(), format, effort);
            let span = swept.span();
            let row = swept.row(span);
            output::answer(&line(&row))?;
            below.push_str(&format!("\n`{}` in {}\n\n", row.loss, row.format.name()));
            for case in &row.cases {
                below.push_str(&format!("- {}: {}\n", case.what, case.text));
            }
            for case in swept.beyond(span) {
                below.push_str(&format!("- outside of the magnitudes, {}: {}\n", case.what, case.text));
            }
        }
    }
    output::answer(&below)?;
    Ok(if sound { Outcome::Clean } else { Outcome::Findings })
}

const HEAD: &str = "\
| loss | format | value: ULP | scaled | terms | faint | gradient: ULP | scaled | terms | faint | magnitudes | points |
|---|---|---|---|---|---|---|---|---|---|---|---|
";

fn line(row: &Row) -> String {
    let [value, gradient] = row.figures.map(|figures| cells(&figures));
    let magnitudes = match (row.span.least > 0.0, row.span.most.is_finite()) {
        (false, false) => "all".to_owned(),
        (true, false) => format!("from {:e}", row.span.least),
        (false, true) => format!("to {:e}", row.span.most),
        (true, true) => format!("{:e} to {:e}", row.span.least, row.span.most),
    };
    format!(
        "| {} | {} | {value} | {gradient} | {magnitudes} | {} |\n",
        row.loss,
        row.format.name(),
        row.points
    )
}

fn cells(figures: &Figures) -> String {
    let cell = |x: f64| if x == 0.0 { String::new() } else { format!("{x:.2}") };
    format!("{} | {} | {} | {:e}", cell(figures.ulp), cell(figures.scaled), cell(figures.terms), figures.faint)
}
