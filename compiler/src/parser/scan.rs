//! What can be told about a text without its grammar: where declarations begin, and how deep it nests.
//!
//! Input is raw text, broken or not; output are byte ranges of it. Everything here is one pass over the
//! bytes without recursion, so it is what protects the recursive parser behind it.

use std::ops::Range;

/// Words that are no names; the same as in the grammar.
const RESERVED: [&str; 11] = ["loss", "fn", "where", "keep", "if", "then", "else", "and", "or", "not", "in"];

/// Two characters that are read as one token: operators, and what people write in their place.
const PAIRS: [&str; 15] =
    ["==", "!=", "<=", ">=", "..", "&&", "||", "**", "=>", "=<", "<>", ":=", "->", "+=", "-="];

/// Whether a word is no name.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// Whether a character may stand inside a name.
pub(super) fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A word, a number, a symbol or a documentation line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Its text.
    pub(super) text: &'a str,
    /// Its first byte.
    pub(super) start: usize,
}

impl Token<'_> {
    /// One past its last byte.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it begins like a name.
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    }

    /// Whether it begins like a number.
    pub(super) fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }
}

/// The tokens of a text, without blanks and comments.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let blank = rest.len() - rest.trim_start().len();
            if blank > 0 {
                at += blank;
                continue;
            }
            let length = token_length(rest)?;
            let token = Token { text: &rest[..length], start: at };
            at += length;
            if !is_comment(token.text) {
                return Some(token);
            }
        }
    })
}

fn token_length(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    let run = |accept: fn(char) -> bool| rest.find(|c| !accept(c)).unwrap_or(rest.len());
    Some(if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if first.is_ascii_digit() {
        run(|c| c.is_ascii_digit())
    } else if in_name(first) {
        run(in_name)
    } else if first == '"' {
        text_length(rest).unwrap_or(1)
    } else if rest.get(..2).is_some_and(|pair| PAIRS.contains(&pair)) {
        2
    } else {
        first.len_utf8()
    })
}

/// The length of a text in quotes, which closes on its line.
fn text_length(rest: &str) -> Option<usize> {
    let end = rest[1..].find(['"', '\n'])? + 1;
    rest[end..].starts_with('"').then_some(end + 1)
}

fn is_comment(token: &str) -> bool {
    token.starts_with("//") && (!token.starts_with("///") || token.starts_with("////"))
}

/// The length of a text without the blanks and comments at its end.
pub(super) fn solid(text: &str) -> usize {
    let mut text = text.trim_end();
    loop {
        let line = text.rfind('\n').map_or(0, |at| at + 1);
        match comment_of(&text[line..]) {
            Some(comment) => text = text[..line + comment].trim_end(),
            None => return text.len(),
        }
    }
}

/// Where the comment of a line begins; slashes inside of a text in quotes begin none.
fn comment_of(line: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += line[at..].find(['"', '/'])?;
        let rest = &line[at..];
        if rest.starts_with("//") {
            return Some(at);
        }
        at += if rest.starts_with('"') { text_length(rest).unwrap_or(1) } else { 1 };
    }
}

/// A part of a file that begins with a declaration and ends before the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// The name of the loss or helper, where it can be read.
    pub(super) name: Option<String>,
}

/// Cuts a file before every line that begins a declaration, or before the comments above that line.
pub(super) fn chunks(text: &str) -> Vec<Chunk> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut found = vec![Chunk { range: start..start, name: None }];
    let mut comments: Option<usize> = None;
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        let content = line.trim_start();
        if let Some(name) = head(line) {
            found.push(Chunk { range: comments.unwrap_or(at)..at, name });
            comments = None;
        } else if content.is_empty() || content.starts_with("//") {
            comments = comments.or(Some(at));
        } else {
            comments = None;
        }
        at += line.len();
    }
    let mut end = text.len();
    for chunk in found.iter_mut().rev() {
        let body = &text[chunk.range.start..end];
        (chunk.range.end, end) = (chunk.range.start + body.trim_end().len(), chunk.range.start);
    }
    found.retain(|chunk| !chunk.range.is_empty());
    found
}

/// Whether a line begins a declaration, and the name that it declares.
///
/// At the left margin this is told by the first word alone, or by two names and a bracket (`los f(`), which
/// stand nowhere else; further right it takes a reserved word and a name.
#[expect(clippy::option_option, reason = "a declaration may lack a readable name")]
fn head(line: &str) -> Option<Option<String>> {
    let mut tokens = tokens(line);
    let first = tokens.next()?;
    let name = tokens.next().filter(|second| second.is_word() && !is_reserved(second.text));
    let opens = tokens.next().is_some_and(|third| matches!(third.text, "(" | "["));
    let begins = match first.text {
        "loss" | "fn" => first.start == 0 || name.is_some(),
        word => {
            first.start == 0
                && first.is_word()
                && !is_reserved(word)
                && word != "mean"
                && name.is_some()
                && opens
        }
    };
    begins.then(|| name.map(|token| token.text.to_owned()))
}

/// Something that is open at a place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// A bracket of any kind.
    Bracket,
    /// An `if` whose `then` has not come.
    If,
    /// An `if` whose `else` has not come.
    Then,
    /// An `if` in its last branch.
    Else,
}

/// What is open at the end of `text`, outermost first, or at the first place with more than `limit` of them.
///
/// Brackets are not paired by kind: `[0, 1)` is an interval.
pub(super) fn nesting(text: &str, limit: usize) -> Vec<(Open, Token<'_>)> {
    let mut open: Vec<(Open, Token<'_>)> = Vec::new();
    let end_branches = |open: &mut Vec<(Open, Token<'_>)>| {
        while open.last().is_some_and(|(kind, _)| *kind == Open::Else) {
            open.pop();
        }
    };
    let end_conditionals = |open: &mut Vec<(Open, Token<'_>)>| {
        while open.last().is_some_and(|(kind, _)| *kind != Open::Bracket) {
            open.pop();
        }
    };
    for token in tokens(text) {
        match token.text {
            "(" | "[" | "{" => open.push((Open::Bracket, token)),
            ")" | "]" | "}" => {
                end_conditionals(&mut open);
                open.pop();
            }
            "if" => open.push((Open::If, token)),
            "then" | "else" => {
                end_branches(&mut open);
                match open.last_mut() {
                    Some((kind @ Open::If, _)) if token.text == "then" => *kind = Open::Then,
                    Some((kind @ Open::Then, _)) if token.text == "else" => *kind = Open::Else,
                    _ => {}
                }
            }
            "," | ";" | "|" | "where" | "keep" => end_conditionals(&mut open),
            _ => {}
        }
        if open.len() > limit {
            break;
        }
    }
    open
}

/// The first operator behind `limit` others with nothing between them but plain operands.
///
/// The tree builder knows the exact limit; this one spares the grammar what is far beyond it.
pub(super) fn endless_chain(text: &str, limit: usize) -> Option<Token<'_>> {
    let mut length = 0;
    tokens(text).find(|token| {
        match token.text {
            "+" | "-" | "*" | "/" | "^" | "and" | "or" | "<" | ">" | "<=" | ">=" | "==" | "!=" => length += 1,
            word if in_name(word.chars().next().unwrap_or(' ')) && !is_reserved(word) => {}
            _ => length = 0,
        }
        length > limit
    })
}

#[cfg(test)]
mod tests {
    use super::{Open, chunks, endless_chain, nesting, solid, tokens};

    #[test]
    fn comments_and_blanks_are_no_tokens() {
        let texts: Vec<_> = tokens("a<=b // c\n /// d\n//// e\n1..").map(|token| token.text).collect();
        assert_eq!(texts, ["a", "<=", "b", "/// d", "1", ".."]);
    }

    #[test]
    fn a_text_is_one_token_if_it_closes_on_its_line() {
        let texts: Vec<_> = tokens("a \"( // b\" c \"d\n\"").map(|token| token.text).collect();
        assert_eq!(texts, ["a", "\"( // b\"", "c", "\"", "d", "\""]);
    }

    #[test]
    fn a_declaration_takes_the_comments_above_it_along() {
        let text =
            "\u{feff}// file\n\n/// A.\nloss a(x) = x\n  keep y\n\n/// B.\nfn b(x) = x\nlos c(x) = x\n";
        let parts: Vec<_> = chunks(text).into_iter().map(|chunk| (chunk.name, &text[chunk.range])).collect();
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(
            parts,
            [
                (name("a"), "// file\n\n/// A.\nloss a(x) = x\n  keep y"),
                (name("b"), "\n/// B.\nfn b(x) = x"),
                (name("c"), "los c(x) = x"),
            ]
        );
    }

    #[test]
    fn continuation_lines_do_not_begin_declarations() {
        let text = "loss a(x) =\nf (x)\nwhere f (x)\nmean by (x)\n  los b(x)\nif c (x)";
        assert_eq!(chunks(text).len(), 1);
    }

    #[test]
    fn conditionals_close_where_the_grammar_closes_them() {
        let kinds = |text| nesting(text, 9).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(kinds("if a then b else if c then"), [Open::Else, Open::Then]);
        assert_eq!(kinds("if if a then b else c then d else"), [Open::Else]);
        assert_eq!(kinds("(if a then b else c) + [0, 1) + ("), [Open::Bracket]);
        assert_eq!(nesting(&"(".repeat(50), 9).len(), 10);
    }

    #[test]
    fn blanks_and_comments_at_the_end_are_not_solid() {
        assert_eq!(solid("a // b\n  c // d\n // e\n\n"), "a // b\n  c".len());
        assert_eq!(solid(" // a"), 0);
        assert_eq!(solid("a \"b // c\" // d\n"), "a \"b // c\"".len());
        assert_eq!(solid("a \"b // c"), "a \"b".len());
    }

    #[test]
    fn chains_end_at_punctuation() {
        assert_eq!(endless_chain("a + b - c, d * 2 / e", 2), None);
        assert_eq!(endless_chain("a + b - c ^ d", 2).map(|token| token.start), Some(10));
    }
}
