//! Text in, tree out; the only module that knows the parser generator.
//!
//! A file is cut into its declarations first, so that one broken declaration hides no other: every good one
//! is in the module, every broken one is reported with its name. Whatever the text, the tree that comes out
//! is shallow: nesting is at most [`MAX_NESTING`], and no path from the root is longer than [`MAX_HEIGHT`],
//! so that everything behind this module may recurse over it.

mod expr;
mod item;
mod level;
mod scan;
mod words;

use pest::Parser as _;

use crate::ast::{Expr, Module};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceFile, Span};

pub(crate) use level::{Level, OPERATORS};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 4 << 20;

/// How deep brackets, `if`, prefix operators and `^` may nest, all together.
pub const MAX_NESTING: usize = 128;

/// How deep the tree of an expression may be; a sum of n terms has the depth n.
pub const MAX_HEIGHT: usize = 500;

/// The generated parser and its rules.
mod grammar {
    /// What `grammar.pest` generates.
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar.pest"]
    pub(super) struct Grammar;
}

use grammar::{Grammar, Rule};

/// The result of building a part of the tree.
type Built<T> = Result<T, Box<Diagnostic>>;

/// Reads a file: the declarations that can be read, and a diagnostic for each that cannot.
pub fn parse(source: &SourceFile, diagnostics: &mut Diagnostics) -> Module {
    let mut module = Module { items: Vec::new() };
    if source.text.len() > MAX_BYTES {
        let message = format!("`{}` is larger than {} MiB", source.name, MAX_BYTES >> 20);
        let note = "a loss is a formula; a file of this size is something else";
        diagnostics.push(Diagnostic::new(&codes::TOO_LARGE, message, Span::default()).note(note));
        return module;
    }
    for chunk in scan::chunks(&source.text) {
        let report = |mut diagnostic: Diagnostic| {
            diagnostic.item = diagnostic.item.or_else(|| chunk.name.clone());
            diagnostics.push(diagnostic);
        };
        let text = &source.text[chunk.range.clone()];
        let mut builder = item::Builder::new(chunk.range.start, report);
        match tree(Rule::file, text, chunk.range.start).and_then(|file| builder.file(file)) {
            Ok(items) => module.items.extend(items),
            Err(diagnostic) => builder.report(*diagnostic),
        }
    }
    module
}

/// Reads a single expression.
pub fn parse_expr(text: &str) -> Result<Expr, Box<Diagnostic>> {
    let root = tree(Rule::expression, text, 0)?;
    expr::Builder { base: 0 }.only(root)
}

/// Runs the grammar on a text that begins at byte `base` of its file.
fn tree(rule: Rule, text: &str, base: usize) -> Built<pest::iterators::Pair<'_, Rule>> {
    let open = scan::nesting(text, MAX_NESTING);
    if let Some((_, token)) = open.get(MAX_NESTING) {
        return Err(expr::too_nested(Span::new(base + token.start, base + token.end())));
    }
    if let Some(token) = scan::endless_chain(text, 10 * MAX_HEIGHT) {
        return Err(expr::too_long(Span::new(base + token.start, base + token.end())));
    }
    let mut pairs =
        Grammar::parse(rule, text).map_err(|error| Box::new(words::explain(text, base, &error)))?;
    Ok(pairs.next().expect("a rule that matches gives one pair"))
}
