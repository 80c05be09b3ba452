//! `lossdef accuracy`: the largest errors of losses over the whole range of f32 and f64, against exact arithmetic, and
//! between which magnitudes of the inputs they hold. As Markdown.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use crate::file::{self, Source};
use crate::{Outcome, output};
use lossdef_audit::table::{self, Stated};
use lossdef_audit::{Effort, Format, Swept, sweep};

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// The losses; all of the file without any.
    losses: Vec<String>,
    #[command(flatten)]
    source: Source,
    /// Look at every exponent and search for longer: half a minute for a loss without axes, minutes for others.
    #[arg(long)]
    dense: bool,
    /// Also print the calls behind the largest errors.
    #[arg(long, conflicts_with = "check")]
    worst: bool,
    /// Hold the losses against this document, as the command printed it before, and print only what is worse.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// Sweeps losses in both formats, and prints their table or holds them against one.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let stated = arguments.check.as_deref().map(read).transpose()?;
    let source = arguments.source.read()?;
    let (compiled, sound) = file::several(&source, &arguments.losses)?;
    let effort = if arguments.dense { Effort::Dense } else { Effort::Quick };
    let (mut rows, mut worse) = (Vec::new(), 0);
    let steps = 2 * compiled.losses.len() as u64;
    // Drawn on a terminal only.
    let bar = ProgressBar::new(steps).with_style(style()?);
    for (loss, callable) in compiled.losses.iter().zip(lossdef_engine::losses(&compiled)) {
        for format in [Format::F32, Format::F64] {
            let name = format!("{}, {}", loss.derived.loss.name, format.name());
            bar.set_message(name.clone());
            let mut swept = sweep(loss, callable.dynamic(), format, effort);
            bar.inc(1);
            match &stated {
                None => rows.push(swept.row()),
                Some(stated) => {
                    for breach in breaches(stated, &swept, &loss.derived.loss.name, format) {
                        worse += 1;
                        bar.suspend(|| output::answer(&format!("{name}: {breach}\n")))?;
                    }
                }
            }
        }
    }
    bar.finish_and_clear();
    if stated.is_none() {
        output::answer(&table::document(&rows))?;
    }
    if arguments.worst {
        output::answer("\n## The calls behind the table\n\n")?;
        for row in &rows {
            for case in &row.worst {
                let name = format!("`{}`, {}", row.loss, row.format.name());
                output::answer(&format!("- {name}, {}: {}\n", case.what, case.text))?;
            }
        }
    }
    Ok(if sound && worse == 0 { Outcome::Clean } else { Outcome::Findings })
}

fn style() -> Result<ProgressStyle, String> {
    ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {elapsed}").map_err(|error| error.to_string())
}

fn read(path: &Path) -> Result<Vec<Stated>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    table::read(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn breaches(stated: &[Stated], swept: &Swept<'_>, loss: &str, format: Format) -> Vec<String> {
    match stated.iter().find(|row| row.loss == loss && row.format == format) {
        Some(row) => row.breaches(&swept.within(row.span)),
        None => vec!["has no row".to_owned()],
    }
}
