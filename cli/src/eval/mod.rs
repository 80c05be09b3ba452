//! `lossdef eval`: value and gradients of a loss on arrays from files.
//!
//! Input: paths of arrays. Output: the value, and one `.npz` where that is asked for. The heads of the files tell whether
//! the loss can be evaluated by chunks ([`plan`]); otherwise all arrays are read and evaluated in one call.

mod ahead;
mod array;
mod buffer;
mod chunk;
mod gradients;
mod outputs;
mod plan;
mod progress;
mod settings;
mod source;
mod stream;
mod write;

use crate::file;
use crate::suggest::closest;
use crate::{Format, Outcome, output};
use clap::ValueEnum;
use lossdef_compiler::Compiled;
use lossdef_engine::Interpreted;
use outputs::{Output, Outputs};
use plan::Plan;
use serde_json::{Map, Value, json};
use settings::Settings;
use source::Source;
use std::collections::BTreeMap;
use stream::Stream;
use write::Target;

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// The loss; it may be left out where there is only one.
    loss: Option<String>,
    #[command(flatten)]
    source: file::Source,
    /// A `.npz` or `.safetensors` file whose arrays are called as the inputs are.
    #[arg(long, value_name = "FILE")]
    inputs: Option<String>,
    /// One input from a `.npy` file; stands before what `--inputs` has.
    #[arg(long, value_name = "NAME=FILE.npy")]
    input: Vec<String>,
    /// Sets a parameter: a number, `true` or `false`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Says where a named axis stands in arrays that have sample axes, too.
    #[arg(long, value_name = "NAME=PLACE")]
    axis: Vec<String>,
    /// How the values of the samples become the result.
    #[arg(long, value_enum, default_value_t)]
    reduction: Reduction,
    /// The inputs whose gradients are wanted.
    #[arg(long, value_name = "INPUT,...", value_delimiter = ',')]
    grad: Vec<String>,
    /// Writes `value` and `grad_INPUT` there.
    #[arg(long, value_name = "FILE.npz")]
    out: Option<String>,
    /// Lets `--out` replace a file that exists.
    #[arg(long, requires = "out")]
    force: bool,
    /// How large a chunk is; tests set it.
    #[arg(long, hide = true)]
    chunk_bytes: Option<u64>,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Reduction {
    /// One value per sample.
    None,
    /// The mean over the samples kept.
    #[default]
    Mean,
    /// The sum over the samples kept.
    Sum,
}

/// Evaluates a loss and prints its value, or the shape where that is an array.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let source = arguments.source.read()?;
    let Some(compiled) = file::one(&source, arguments.loss.as_deref())? else { return Ok(Outcome::Findings) };
    let compiled =
        Compiled { losses: vec![compiled], catalogue: Default::default(), diagnostics: Vec::new() };
    let Some(loss) = lossdef_engine::losses(&compiled).pop() else { return Ok(Outcome::Findings) };
    let target = arguments.out.as_deref().map(|path| Target::new(path, arguments.force)).transpose()?;
    let sources = sources(arguments, &loss)?;
    let settings = Settings::new(loss.dynamic(), arguments)?;
    let mut outputs = Outputs::new(target.as_ref().map(|target| target.folder().to_owned()));
    match Plan::new(&settings, &sources, arguments.chunk_bytes)? {
        Plan::Chunks(chunks) => Stream::new(&settings, &sources, &chunks)?.run(&mut outputs)?,
        Plan::Whole { reason } => {
            if let Some(reason) = reason {
                output::error(&format!("note: all arrays are read into memory: {reason}\n"));
            }
            whole(&settings, &sources, &mut outputs)?;
        }
    }
    if let Some(target) = target {
        target.write(&mut outputs)?;
    }
    output::answer(&answer(outputs.results(), arguments.format))?;
    Ok(Outcome::Clean)
}

/// Evaluates in one call.
fn whole(
    settings: &Settings<'_>,
    sources: &BTreeMap<String, Source>,
    outputs: &mut Outputs,
) -> Result<(), String> {
    let read = |(name, source): (&String, &Source)| Ok((name.clone(), source.whole()?));
    let arrays = sources.iter().map(read).collect::<Result<Vec<_>, String>>()?;
    let call = arrays.iter().fold(settings.full_call(), |call, (name, array)| call.input(name, array.view()));
    let result = call.evaluate().map_err(|error| error.to_string())?;
    outputs.value(result.value);
    for (name, gradient) in result.gradients {
        outputs.push(format!("grad_{name}"), Output::Held(gradient));
    }
    Ok(())
}

/// The arrays for the inputs of a loss. Names in a file that are no inputs are an error, as they may be misspelt.
fn sources(arguments: &Arguments, loss: &Interpreted) -> Result<BTreeMap<String, Source>, String> {
    let mut sources = match &arguments.inputs {
        Some(path) => source::several(path)?,
        None => BTreeMap::new(),
    };
    for (name, path) in pairs(&arguments.input)? {
        sources.insert(name.to_owned(), source::npy(path)?);
    }
    let inputs: Vec<&str> = loss.dynamic().spec().inputs.iter().map(|input| input.name).collect();
    match sources.keys().find(|name| !inputs.contains(&name.as_str())) {
        Some(name) => Err(format!(
            "the loss has no input `{name}`{}; it has {}",
            closest(name, inputs.iter().copied()),
            inputs.join(", ")
        )),
        None => Ok(sources),
    }
}

/// `NAME=VALUE`
fn pairs(texts: &[String]) -> Result<Vec<(&str, &str)>, String> {
    let pair = |text: &'_ String| text.split_once('=').is_some();
    match texts.iter().find(|text| !pair(text)) {
        Some(text) => Err(format!("`{text}` is not NAME=VALUE")),
        None => Ok(texts.iter().filter_map(|text| text.split_once('=')).collect()),
    }
}

fn answer(results: &[(String, Output)], format: Format) -> String {
    match format {
        Format::Text => results
            .iter()
            .map(|(name, array)| match array.scalar() {
                Some(number) => format!("{name} = {number}\n"),
                None => format!("{name}: {} array of shape {:?}\n", array.element_type(), array.shape()),
            })
            .collect(),
        Format::Json => {
            let entry = |array: &Output| match array.scalar() {
                // JSON has no word for what is not finite.
                Some(number) if !number.is_finite() => json!(number.to_string()),
                Some(number) => json!(number),
                None => json!({ "shape": array.shape(), "type": array.element_type() }),
            };
            let all = results.iter().map(|(name, array)| (name.clone(), entry(array)));
            format!("{:#}\n", Value::Object(all.collect::<Map<_, _>>()))
        }
    }
}
