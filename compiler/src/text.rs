//! A compiled loss as text for reviewers: the audit as comments, then the generated items, formatted.

use crate::audit::Audit;
use crate::compile::CompiledLoss;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The audit of a loss and the code that the macro emits for it.
///
/// # Errors
///
/// The tokens as they are, where they are not Rust; that is a fault of the generator.
pub fn text(compiled: &CompiledLoss) -> Result<String, String> {
    let items = compiled.items();
    let file: syn::File = syn::parse2(items.clone()).map_err(|error| format!("{error}\n{items}"))?;
    let mut text = header(&compiled.audit);
    for item in file.items {
        text.push('\n');
        match item {
            syn::Item::Mod(mut outer) if outer.content.is_some() => {
                let items = outer.content.take().map_or_else(Vec::new, |(_, items)| items);
                let head = format(syn::Item::Mod(outer));
                text.push_str(head.trim_end().trim_end_matches(';'));
                text.push_str(" {\n");
                let inside: Vec<String> = items.into_iter().map(format).collect();
                text.push_str(&indent(&inside.join("\n")));
                text.push_str("}\n");
            }
            other => text.push_str(&format(other)),
        }
    }
    Ok(text)
}

fn format(item: syn::Item) -> String {
    match item {
        syn::Item::Macro(declaration) => format_declaration(declaration.mac.tokens),
        other => prettyplease::unparse(&syn::File {
            shebang: None,
            frontmatter: None,
            attrs: Vec::new(),
            items: vec![other],
        }),
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") }).collect()
}

/// The facts, as comments.
fn header(audit: &Audit) -> String {
    let mut lines: Vec<String> = audit.formula.lines().map(str::to_owned).collect();
    lines.push(String::new());
    lines.push(format!("value      {}", audit.value));
    for gradient in &audit.gradients {
        lines.push(format!("d/d{}", gradient.input));
        lines.push(format!("  raw      {}", gradient.raw));
        lines.push(format!("  stable   {}", gradient.stable));
    }
    for (name, value) in &audit.locals {
        lines.push(format!("where      {name} = {value}"));
    }
    lines.push(String::new());
    lines.push(format!("mean       divides by {}", audit.divisor));
    let rules: Vec<String> = audit.rules.iter().map(|(name, count)| format!("{name} {count}")).collect();
    lines.push(format!("rules      {}", if rules.is_empty() { "none".to_owned() } else { rules.join(", ") }));
    for convention in &audit.conventions {
        lines.push(format!("convention {convention}"));
    }
    lines.iter().map(|line| format!("// {line}").trim_end().to_owned() + "\n").collect()
}

/// `loss! { ... }`, one clause a line, which no formatter of Rust would touch.
fn format_declaration(tokens: TokenStream) -> String {
    let mut text = "::lossdef::__private::loss! {\n".to_owned();
    let mut line = String::new();
    let mut flush = |line: &mut String| {
        text.push_str(&format!("    {}\n", line.trim()));
        line.clear();
    };
    let mut after_hash = false;
    for token in tokens {
        match &token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                line.push_str(&format!(" {{ {} }}", group.stream()).replace("{  }", "{ }"));
                flush(&mut line);
            }
            TokenTree::Group(group) if after_hash => {
                line.push_str(&documentation(group.stream()));
                flush(&mut line);
            }
            TokenTree::Punct(mark) if mark.as_char() == ';' => {
                line.push(';');
                flush(&mut line);
            }
            TokenTree::Punct(mark) if mark.as_char() == '#' => {}
            TokenTree::Punct(mark) => line.push(mark.as_char()),
            other => {
                if line.ends_with(|c: char| c.is_alphanumeric() || c == ',') {
                    line.push(' ');
                }
                line.push_str(&other.to_string());
            }
        }
        after_hash = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#');
    }
    text + "}\n"
}

/// `doc = "text"` as `/// text`.
fn documentation(tokens: TokenStream) -> String {
    match tokens.into_iter().nth(2) {
        Some(TokenTree::Literal(literal)) => {
            let text = syn::parse_str::<syn::LitStr>(&literal.to_string()).map(|text| text.value());
            format!("///{}", text.map(|text| format!(" {text}")).unwrap_or_default()).trim_end().to_owned()
        }
        _ => String::new(),
    }
}
