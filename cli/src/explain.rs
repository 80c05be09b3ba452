//! `lossdef explain`: what a diagnostic means, with a wrong formula and a mended one.
//!
//! One file of Markdown per code; tests compile what stands in them.

use crate::suggest::closest;
use crate::{Format, Outcome, output};
use lossdef_compiler::codes;
use serde_json::{Value, json};

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// A code, as `L0201`; without it, all codes are listed.
    code: Option<String>,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

macro_rules! pages {
    ($($id:literal)*) => {
        /// The code of each page, and its text.
        const PAGES: &[(&str, &str)] = &[$(($id, include_str!(concat!("explain/", $id, ".md")))),*];
    };
}

pages! {
    "L0101" "L0102" "L0103" "L0104" "L0201" "L0202" "L0203" "L0301" "L0302" "L0303" "L0304" "L0305" "L0306"
    "L0307" "L0308" "L0401" "L0402" "L0403" "L0501" "L0502" "L0601" "L0701" "L0702"
    "L0703" "L0704" "L0705" "L0706" "L0707"
}

/// Prints the page of a code, or the list of codes.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let answer = match &arguments.code {
        None => match arguments.format {
            Format::Text => codes::ALL.iter().map(|code| format!("{}  {}\n", code.id, code.title)).collect(),
            Format::Json => {
                let entry = |code: &&codes::Code| json!({ "code": code.id, "title": code.title });
                format!("{:#}\n", codes::ALL.iter().map(entry).collect::<Value>())
            }
        },
        Some(code) => {
            let id = code.to_uppercase();
            let Some((_, page)) = PAGES.iter().find(|(known, _)| *known == id) else {
                let known = PAGES.iter().map(|(known, _)| *known);
                return Err(format!("there is no code `{code}`{}", closest(&id, known)));
            };
            match arguments.format {
                Format::Text => (*page).to_owned(),
                Format::Json => format!("{:#}\n", json!({ "code": id, "text": page })),
            }
        }
    };
    output::answer(&answer)?;
    Ok(Outcome::Clean)
}
