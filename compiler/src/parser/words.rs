//! Syntax errors in human words: what was expected, what was found, and what was probably meant.
//!
//! Input is the furthest place that the grammar reached and the rules that it tried there; output is one
//! diagnostic without a single name of a rule. The hints are tables of habits from other languages.

use pest::error::{Error, ErrorVariant, InputLocation};

use super::expr::too_nested;
use super::grammar::Rule;
use super::scan::{self, Open, Token};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// What other languages write: what is found, what to put there, and why.
const HABITS: [(&str, &str, &str); 21] = [
    ("&&", "and", "the conjunction is written `and`"),
    ("&", "and", "the conjunction is written `and`"),
    ("||", "or", "the disjunction is written `or`"),
    ("!", "not ", "the negation is written `not`"),
    ("~", "not ", "the negation is written `not`"),
    ("**", "^", "the power is written `^`"),
    ("=>", ">=", "did you mean `>=`?"),
    ("=<", "<=", "did you mean `<=`?"),
    ("<>", "!=", "inequality is written `!=`"),
    (":=", "=", "definitions are written with `=`"),
    ("elif", "else if", "a further branch is written `else if`"),
    ("elseif", "else if", "a further branch is written `else if`"),
    ("\u{2212}", "-", "this is a typographic minus; write `-`"),
    ("\u{d7}", "*", "multiplication is written `*`"),
    ("\u{b7}", "*", "multiplication is written `*`"),
    ("\u{2264}", "<=", "write `<=`"),
    ("\u{2265}", ">=", "write `>=`"),
    ("\u{2260}", "!=", "write `!=`"),
    ("\u{221e}", "inf", "infinity is written `inf`"),
    ("\u{3c0}", "pi", "write `pi`"),
    ("\u{a0}", " ", "this is a no-break space; write a plain one"),
];

/// What is found, and why it is not part of the language.
const FOREIGN: [(&str, &str); 4] = [
    ("?", "a choice is written `if a then b else c`"),
    ("{", "expressions are grouped with round brackets"),
    ("%", "the language has no remainder"),
    (".", "names have no fields, and a number has digits on both sides of its point"),
];

/// Words that stand before the fault and explain it.
const OPENERS: [(&str, &str); 6] = [
    ("lambda", "functions are no values; a helper is declared with `fn`"),
    ("let", "locals are defined behind the body: `where d = x - y`"),
    ("var", "locals are defined behind the body: `where d = x - y`"),
    ("const", "locals are defined behind the body: `where d = x - y`"),
    ("return", "the body is an expression; nothing is returned from it"),
    ("for", "loops are written as binders over an axis: `sum[j in c](...)`"),
];

/// Turns a failure of the grammar on `text`, which begins at byte `base`, into a diagnostic.
pub(super) fn explain(text: &str, base: usize, error: &Error<Rule>) -> Diagnostic {
    let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = error.location;
    let tried = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.as_slice(),
        ErrorVariant::CustomError { .. } => return *too_nested(Span::new(base + at, base + at)),
    };
    let place = Place::new(text, at);
    let expected = expected(tried);
    let (found, span) = match place.found {
        Some(token) => (describe(token.text), Span::new(token.start, token.end())),
        None => ("the end".to_owned(), Span::new(text.len(), text.len())),
    };
    let span = Span::new(base + span.start as usize, base + span.end as usize);
    let message = format!("expected {}, found {found}", listed(&expected));
    let label = if place.found.is_some() { "not expected here" } else { "something is missing here" };
    let diagnostic = Diagnostic::new(&codes::SYNTAX, message, span).label(label);
    let diagnostic = hint(diagnostic, &place, base, tried);
    let diagnostic = bracket_behind(diagnostic, text, &place, base, tried);
    if diagnostic.suggestion.is_some() { diagnostic } else { unfinished(diagnostic, &place, base, tried) }
}

/// The tokens around a fault.
struct Place<'a> {
    before: Option<Token<'a>>,
    found: Option<Token<'a>>,
    after: Option<Token<'a>>,
    open: Option<(Open, Token<'a>)>,
}

impl<'a> Place<'a> {
    fn new(text: &'a str, at: usize) -> Self {
        let mut tokens = scan::tokens(text);
        let (mut before, mut found) = (None, tokens.next());
        while let Some(token) = found.filter(|token| token.end() <= at) {
            (before, found) = (Some(token), tokens.next());
        }
        let open = scan::nesting(text.get(..at).unwrap_or(text), usize::MAX).pop();
        Place { before, found, after: tokens.next(), open }
    }

    fn found(&self) -> &'a str {
        self.found.map_or("", |token| token.text)
    }

    fn before(&self) -> &'a str {
        self.before.map_or("", |token| token.text)
    }
}

/// What the rules stand for, most helpful first and each once.
fn expected(tried: &[Rule]) -> Vec<&'static str> {
    let after_operand = tried.contains(&Rule::infix);
    let before_operand = tried.contains(&Rule::number);
    let mut words: Vec<(u8, &str)> = tried
        .iter()
        .filter(|rule| {
            // What begins an operand, or continues it, would only lengthen the list.
            let begins = matches!(rule, Rule::name | Rule::open_paren | Rule::open_bracket);
            let continues = matches!(
                rule,
                Rule::open_paren
                    | Rule::open_bracket
                    | Rule::bracket
                    | Rule::arguments
                    | Rule::membership
                    | Rule::kw_in
                    | Rule::kw_not
            );
            !(before_operand && begins || after_operand && continues)
        })
        .filter_map(|rule| word(*rule, after_operand))
        .collect();
    words.sort_unstable();
    words.dedup();
    words.into_iter().map(|(_, word)| word).collect()
}

/// The place in the list and the words for a rule.
fn word(rule: Rule, after_operand: bool) -> Option<(u8, &'static str)> {
    Some(match rule {
        Rule::infix => (0, "an operator"),
        Rule::number
        | Rule::parens
        | Rule::indicator
        | Rule::reference
        | Rule::conditional
        | Rule::prefix
        | Rule::expr
        | Rule::expression
        | Rule::argument
        | Rule::bracket_item => (1, "an expression"),
        Rule::decl | Rule::inputs | Rule::parameters => (2, "a declaration such as `x` or `beta = 1`"),
        Rule::name | Rule::local | Rule::index => (3, "a name"),
        Rule::axis => (3, "an axis"),
        Rule::role => (3, "`int`, `bool`, `index` or `set`"),
        Rule::domain | Rule::interval | Rule::set => (3, "a domain such as `[0, 1]`"),
        Rule::open_paren | Rule::arguments | Rule::signature => (4, "`(`"),
        Rule::open_bracket | Rule::axes | Rule::axis_names | Rule::indices | Rule::bracket => (5, "`[`"),
        Rule::open_brace => (5, "`{`"),
        Rule::colon => (6, "`:`"),
        Rule::kw_not | Rule::membership => (7, "`not`"),
        Rule::kw_in => (7, "`in`"),
        Rule::equals => (8, "`=`"),
        Rule::kw_if => (9, "`if`"),
        Rule::kw_then => (9, "`then`"),
        Rule::kw_else => (9, "`else`"),
        Rule::kw_by => (9, "`by`"),
        Rule::dots | Rule::group => (10, "`..`"),
        Rule::comma => (11, "`,`"),
        Rule::semicolon => (12, "`;`"),
        Rule::bar => (13, "`|`"),
        Rule::close_paren => (14, "`)`"),
        Rule::close_bracket => (15, "`]`"),
        Rule::close_brace => (16, "`}`"),
        Rule::text => (3, "a text in quotes"),
        Rule::clause | Rule::where_clause | Rule::keep_clause | Rule::mean_clause => (17, "a clause"),
        Rule::allow_clause | Rule::kw_where | Rule::kw_keep | Rule::kw_mean | Rule::kw_allow => {
            (17, "a clause")
        }
        Rule::item | Rule::loss | Rule::function | Rule::doc if after_operand => (18, "the next declaration"),
        Rule::kw_loss | Rule::kw_fn if after_operand => (18, "the next declaration"),
        Rule::file | Rule::item | Rule::loss | Rule::function => (18, "`loss` or `fn`"),
        Rule::kw_loss | Rule::kw_fn => (18, "`loss` or `fn`"),
        _ => return None,
    })
}

/// `a`, `a or b`, `a, b or c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => "the end".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn describe(token: &str) -> String {
    match token.chars().next() {
        Some('/') if token.starts_with("///") => "a documentation comment".to_owned(),
        Some(c) if c.is_whitespace() || c.is_control() => format!("the character U+{:04X}", u32::from(c)),
        _ if token.len() > 40 => "a very long word".to_owned(),
        _ if scan::is_reserved(token) => format!("the reserved word `{token}`"),
        _ => format!("`{token}`"),
    }
}

/// Adds what was probably meant.
fn hint(diagnostic: Diagnostic, place: &Place<'_>, base: usize, tried: &[Rule]) -> Diagnostic {
    let expects = |rule: Rule| tried.contains(&rule);
    let spanned = |token: Token<'_>| Span::new(base + token.start, base + token.end());
    if let Some(doc) =
        [place.before, place.found].into_iter().flatten().find(|token| token.text.starts_with("///"))
    {
        let slashes = Span::new(base + doc.start, base + doc.start + "///".len());
        let diagnostic = diagnostic.note("`///` documents the `loss` or `fn` below it");
        return diagnostic.suggest("any other comment has two slashes", slashes, "//");
    }
    let Some(found) = place.found else { return diagnostic };
    let here = spanned(found);
    let insertion = Span::new(base + found.start, base + found.start);
    let wants_value = expects(Rule::prefix) || expects(Rule::expr);
    let adjacent = place.before.is_some_and(|before| before.end() == found.start);

    let heads = found.is_word() && place.after.is_some_and(|after| after.is_word());
    let begins = [Rule::file, Rule::item, Rule::kw_loss].into_iter().any(expects);
    if heads && begins && !expects(Rule::infix) {
        let word = if matches!(found.text, "function" | "func" | "fun" | "def") { "fn" } else { "loss" };
        return diagnostic.suggest(format!("did you mean `{word}`?"), here, word);
    }
    if found.text == "=" && expects(Rule::infix) {
        return diagnostic.suggest("equality is written `==`", here, "==");
    }
    if found.text == "." && place.after.is_some_and(|after| after.is_number()) {
        return diagnostic.suggest("write a digit before the point", insertion, "0");
    }
    if found.text == "." && adjacent && place.before.is_some_and(|before| before.is_number()) {
        return diagnostic.suggest("write a digit behind the point", here, ".0");
    }
    if let Some((_, replacement, why)) = HABITS.iter().find(|(habit, ..)| *habit == found.text) {
        return diagnostic.suggest(*why, here, *replacement);
    }
    if let Some((_, why)) = OPENERS.iter().find(|(word, _)| *word == place.before()) {
        return diagnostic.note(*why);
    }
    if found.text.starts_with('"') {
        return diagnostic
            .note("a text in quotes is the reason of an `allow`, on one line, and nothing else");
    }
    if let Some((_, why)) = FOREIGN.iter().find(|(habit, _)| *habit == found.text) {
        return diagnostic.note(*why);
    }
    if expects(Rule::infix) && adjacent && (found.is_word() || found.text == "(") {
        return diagnostic.suggest("multiplication is written out", insertion, " * ");
    }
    if expects(Rule::kw_then) && (found.is_word() || found.is_number() || found.text == "(") {
        return diagnostic.suggest("did you forget `then`?", insertion, "then ");
    }
    if let Some(comma) = place.before.filter(|before| before.text == ",")
        && matches!(found.text, ")" | "]" | "}")
    {
        return diagnostic.suggest("lists do not end with a comma", spanned(comma), "");
    }
    if wants_value && found.text == "if" {
        return diagnostic.note("an `if` that is an operand stands in brackets");
    }
    if wants_value && found.text == "+" {
        return diagnostic.suggest("there is no prefix `+`", here, "");
    }
    if expects(Rule::name) && scan::is_reserved(found.text) && !wants_value {
        return diagnostic.note(format!("`{}` has a meaning of its own; choose another name", found.text));
    }
    if found.text.starts_with(|c: char| !c.is_ascii() && c.is_alphabetic()) {
        return diagnostic.note("names are made of ASCII letters, digits and `_`");
    }
    diagnostic
}

/// Explains a bracket behind an operand that is no name: an index, or the indicator of a condition.
fn bracket_behind(
    diagnostic: Diagnostic,
    text: &str,
    place: &Place<'_>,
    base: usize,
    tried: &[Rule],
) -> Diagnostic {
    let (Some(before), Some(found)) = (place.before, place.found) else { return diagnostic };
    let ends = matches!(before.text, ")" | "]") || before.is_number();
    if found.text != "[" || !ends || !tried.contains(&Rule::infix) {
        return diagnostic;
    }
    let inside = enclosed(text, found.start);
    let compares = |token: Token<'_>| {
        matches!(token.text, "==" | "!=" | "<" | "<=" | ">" | ">=" | "and" | "or" | "not" | "in")
    };
    if scan::tokens(inside).any(compares) {
        let here = Span::new(base + found.start, base + found.start);
        let product = if before.end() == found.start { " * " } else { "* " };
        return diagnostic.suggest("multiplication is written out", here, product);
    }
    let closed = opener(text, before).filter(|_| before.text == "]");
    if closed.is_some_and(|open| text[..open].ends_with(scan::in_name)) {
        return diagnostic.note("all positions stand in one bracket: `x[i, j]`");
    }
    let index = if inside.is_empty() { "target" } else { inside };
    let normaliser = opener(text, before).and_then(|open| normalised(text, open, before.end()));
    let named = match normaliser {
        Some((value, axes)) => format!(": `where p[{axes}] = {value}`, then `p[{index}]`"),
        None => format!(", as in `where p[c] = softmax[c](input)`, then `p[{index}]`"),
    };
    diagnostic.note(format!("only a name can be indexed; give the expression one{named}"))
}

/// What stands in the bracket that opens at byte `start`; nothing where it does not close on its line.
fn enclosed(text: &str, start: usize) -> &str {
    let mut depth = 0_usize;
    for token in scan::tokens(&text[start..]) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let inside = text[start + 1..start + token.start].trim();
            return if inside.contains('\n') { "" } else { inside };
        }
    }
    ""
}

/// The first byte of the bracket that a token closes.
fn opener(text: &str, close: Token<'_>) -> Option<usize> {
    let mut open = Vec::new();
    for token in scan::tokens(&text[..close.start]) {
        match token.text {
            "(" | "[" | "{" => open.push(token.start),
            ")" | "]" | "}" => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// The call whose arguments open at byte `open` and close before `end`, and the axes that it names, where it is one
/// that keeps its axes.
fn normalised(text: &str, open: usize, end: usize) -> Option<(&str, &str)> {
    let mut tokens: Vec<Token<'_>> = scan::tokens(&text[..open]).collect();
    let start = opener(text, tokens.pop().filter(|token| token.text == "]")?)?;
    let name = tokens.into_iter().take_while(|token| token.start < start).last()?;
    let keeps =
        matches!(name.text, "softmax" | "log_softmax" | "unit") && !text[name.start..end].contains('\n');
    keeps.then(|| (&text[name.start..end], enclosed(text, start)))
}

/// Points at what was begun before the fault and is not finished.
fn unfinished(diagnostic: Diagnostic, place: &Place<'_>, base: usize, tried: &[Rule]) -> Diagnostic {
    let spanned = |token: Token<'_>| Span::new(base + token.start, base + token.end());
    let ends = match place.found() {
        "" | "where" | "keep" | "loss" | "fn" => true,
        "mean" => place.after.is_some_and(|after| after.text == "by"),
        _ => false,
    };
    match place.open {
        Some((Open::Bracket, token)) if ends => {
            diagnostic.context(spanned(token), format!("this `{}` is not closed", token.text))
        }
        Some((Open::If, token)) if tried.contains(&Rule::kw_then) => {
            diagnostic.context(spanned(token), "this `if` has no `then`")
        }
        Some((Open::Then, token)) if tried.contains(&Rule::kw_else) => diagnostic
            .context(spanned(token), "this `if` has no `else`")
            .note("every `if` has a value on both sides"),
        None if matches!(place.found(), ")" | "]" | "}") && tried.contains(&Rule::infix) => {
            diagnostic.note("this bracket was never opened")
        }
        _ => diagnostic,
    }
}
