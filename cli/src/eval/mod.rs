//! `lossdef eval`: value and gradients of a loss on arrays from files.
//!
//! All arrays are read into memory, evaluated in one call, and written as one `.npz` where that is asked for.

mod array;
mod read;
mod write;

use crate::file::{self, Source};
use crate::suggest::closest;
use crate::{Format, Outcome, output};
use array::Array;
use clap::ValueEnum;
use lossdef_compiler::Compiled;
use lossdef_engine::Interpreted;
use lossdef_runtime::any::AnyArray;
use lossdef_runtime::dynamic::DynamicCall;
use lossdef_runtime::reduction::ReductionKind;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// The loss; it may be left out where there is only one.
    loss: Option<String>,
    #[command(flatten)]
    source: Source,
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
    /// Writes `value` and `grad_INPUT` there; a file that exists is replaced.
    #[arg(long, value_name = "FILE.npz")]
    out: Option<String>,
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
    let arrays = arrays(arguments, &loss)?;
    let mut call = DynamicCall::new(loss.dynamic()).reduction(match arguments.reduction {
        Reduction::None => ReductionKind::None,
        Reduction::Mean => ReductionKind::Mean,
        Reduction::Sum => ReductionKind::Sum,
    });
    for (name, array) in &arrays {
        call = call.input(name, array.view());
    }
    for (name, text) in pairs(&arguments.set)? {
        call = match (text, text.parse::<f64>()) {
            ("true", _) => call.parameter(name, true),
            ("false", _) => call.parameter(name, false),
            (_, Ok(number)) => call.parameter(name, number),
            _ => return Err(format!("--set {name}={text}: neither a number nor `true` or `false`")),
        };
    }
    for (name, text) in pairs(&arguments.axis)? {
        let place = text.parse().map_err(|_| format!("--axis {name}={text}: not a place, counted from 0"))?;
        call = call.axis(name, place);
    }
    for name in &arguments.grad {
        call = call.gradient(name);
    }
    let result = call.evaluate().map_err(|error| error.to_string())?;
    let mut results = vec![("value".to_owned(), result.value)];
    results.extend(result.gradients.into_iter().map(|(name, array)| (format!("grad_{name}"), array)));
    if let Some(path) = &arguments.out {
        write::npz(path, &results)?;
    }
    output::answer(&answer(&results, arguments.format))?;
    Ok(Outcome::Clean)
}

/// The arrays for the inputs of a loss. Names in a file that are no inputs are an error, as they may be misspelt.
fn arrays(arguments: &Arguments, loss: &Interpreted) -> Result<BTreeMap<String, Array>, String> {
    let mut arrays = match &arguments.inputs {
        Some(path) => read::several(path)?,
        None => BTreeMap::new(),
    };
    for (name, path) in pairs(&arguments.input)? {
        arrays.insert(name.to_owned(), read::npy(path)?);
    }
    let inputs: Vec<&str> =
        lossdef_runtime::dynamic::Loss::spec(loss).inputs.iter().map(|input| input.name).collect();
    match arrays.keys().find(|name| !inputs.contains(&name.as_str())) {
        Some(name) => Err(format!(
            "the loss has no input `{name}`{}; it has {}",
            closest(name, inputs.iter().copied()),
            inputs.join(", ")
        )),
        None => Ok(arrays),
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

fn answer(results: &[(String, AnyArray)], format: Format) -> String {
    match format {
        Format::Text => results
            .iter()
            .map(|(name, array)| match array.scalar() {
                Some(number) => format!("{name} = {number}\n"),
                None => format!("{name}: {} array of shape {:?}\n", array.element_type(), array.shape()),
            })
            .collect(),
        Format::Json => {
            let entry = |array: &AnyArray| match array.scalar() {
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
