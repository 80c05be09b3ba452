//! `lossdef`: checks, shows and explains losses that are written as formulas.
//!
//! Each command is a module: arguments in, what was found out. Answers go to standard output, errors to standard
//! error. The exit code is 0 where all is well, 1 where the command found mistakes in a formula, 2 where the call
//! itself makes no sense.

mod accuracy;
mod audit;
mod check;
mod eval;
mod expand;
mod explain;
mod file;
mod list;
mod new;
mod output;
mod show;
mod suggest;

use clap::{Parser, Subcommand, ValueEnum};
use std::process::ExitCode;

/// Losses as formulas: check them, read their derivatives, see the generated code.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Report every mistake in files.
    Check(check::Arguments),
    /// List the losses of a file.
    List(list::Arguments),
    /// Show a loss and its derivatives as mathematics.
    Show(show::Arguments),
    /// Show the Rust code that a loss becomes.
    Expand(expand::Arguments),
    /// Compute value and gradients on arrays from files.
    Eval(eval::Arguments),
    /// Check gradients and digits in wide arithmetic, and write the report.
    Audit(audit::Arguments),
    /// Measure the largest errors over the whole range of f32 and f64.
    Accuracy(accuracy::Arguments),
    /// Begin a new file.
    New(new::Arguments),
    /// Explain a diagnostic.
    Explain(explain::Arguments),
}

/// For whom an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A person.
    #[default]
    Text,
    /// A program.
    Json,
}

/// How a command ended that could be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All is well.
    Clean,
    /// There are mistakes.
    Findings,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Check(arguments) => check::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Expand(arguments) => expand::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Accuracy(arguments) => accuracy::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
    };
    match outcome {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(message) => {
            output::error(&format!("error: {message}\n"));
            ExitCode::from(2)
        }
    }
}
