//! `lossdef show`: a loss and its derivatives as mathematics.

use crate::file::{self, Source};
use crate::{Format, Outcome, output};
use lossdef_compiler::audit::Audit;
use lossdef_compiler::maths::{Equation, Formulas};
use serde_json::{Value, json};

/// See [`run`].
#[derive(clap::Args)]
pub struct Arguments {
    /// The loss; it may be left out where there is only one.
    loss: Option<String>,
    #[command(flatten)]
    source: Source,
    /// Print LaTeX.
    #[arg(long, conflicts_with = "mathml")]
    latex: bool,
    /// Print MathML.
    #[arg(long)]
    mathml: bool,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t, conflicts_with_all = ["latex", "mathml"])]
    format: Format,
}

/// Shows a loss, as it is written and as it is computed.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let source = arguments.source.read()?;
    let Some(compiled) = file::one(&source, arguments.loss.as_deref())? else { return Ok(Outcome::Findings) };
    let formulas = Formulas::of(&compiled.derived);
    let audit = &compiled.audit;
    let name = &compiled.derived.loss.name;
    output::answer(&match (arguments.format, arguments.latex, arguments.mathml) {
        (Format::Json, ..) => format!("{:#}\n", object(name, &formulas, audit)),
        (_, true, _) => page(&formulas, audit, &|equation| format!("\\[ {} \\]\n", equation.latex()), "% "),
        (_, _, true) => mathml(&formulas),
        _ => {
            let columns = output::columns().saturating_sub(2);
            let indented = |equation: &Equation| {
                equation
                    .text(columns)
                    .lines()
                    .map(|line| format!("  {line}").trim_end().to_owned() + "\n")
                    .collect()
            };
            page(&formulas, audit, &indented, "")
        }
    })?;
    Ok(Outcome::Clean)
}

/// Headings and equations in order; what is no equation begins with `mark`.
fn page(formulas: &Formulas, audit: &Audit, print: &dyn Fn(&Equation) -> String, mark: &str) -> String {
    let mut text = String::new();
    let head = |text: &mut String, title: &str| text.push_str(&format!("{mark}{title}\n"));
    for line in audit.formula.lines() {
        head(&mut text, line);
    }
    let mut part = |title: &str, equations: &[Equation]| {
        if !equations.is_empty() {
            text.push_str(&format!("\n{mark}{title}\n\n"));
            text.push_str(&equations.iter().map(print).collect::<Vec<_>>().join("\n"));
        }
    };
    part("As written", std::slice::from_ref(&formulas.written));
    part("As computed", std::slice::from_ref(&formulas.stable));
    for gradient in &formulas.gradients {
        part(&format!("Gradient of {}, by calculus", gradient.input), &gradient.raw);
        part(&format!("Gradient of {}, as computed", gradient.input), &gradient.stable);
    }
    part("Where", &formulas.locals);
    text.push('\n');
    head(&mut text, "ℓ is the loss of a sample, ℒ the sum over the samples.");
    head(&mut text, &format!("The mean divides by {}.", audit.divisor));
    for convention in &audit.conventions {
        head(&mut text, &format!("Convention: {convention}."));
    }
    let rules: Vec<String> = audit.rules.iter().map(|(name, count)| format!("{name} {count}")).collect();
    head(
        &mut text,
        &format!("Rules: {}.", if rules.is_empty() { "none".to_owned() } else { rules.join(", ") }),
    );
    text
}

fn mathml(formulas: &Formulas) -> String {
    let gradients =
        formulas.gradients.iter().flat_map(|gradient| gradient.raw.iter().chain(&gradient.stable));
    let all = [&formulas.written, &formulas.stable].into_iter().chain(gradients).chain(&formulas.locals);
    all.map(|equation| equation.mathml() + "\n").collect()
}

fn object(name: &str, formulas: &Formulas, audit: &Audit) -> Value {
    let equation = |equation: &Equation| json!({ "latex": equation.latex(), "mathml": equation.mathml() });
    let equations = |list: &[Equation]| list.iter().map(equation).collect::<Value>();
    json!({
        "name": name,
        "formula": audit.formula,
        "written": equation(&formulas.written),
        "stable": equation(&formulas.stable),
        "gradients": formulas.gradients.iter().map(|gradient| json!({
            "input": gradient.input,
            "raw": equations(&gradient.raw),
            "stable": equations(&gradient.stable),
        })).collect::<Value>(),
        "locals": equations(&formulas.locals),
        "divisor": audit.divisor,
        "conventions": audit.conventions,
        "rules": audit.rules.iter().map(|(rule, count)| ((*rule).to_owned(), json!(count)))
            .collect::<serde_json::Map<_, _>>(),
    })
}
