//! Texts that are nearly a file of losses: one that is, with some of its words changed.

use crate::formulas::Choices;

/// Words to put in place of others, or between them.
const WORDS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "|",
    "..",
    "=",
    "==",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "^",
    "if",
    "then",
    "else",
    "and",
    "or",
    "not",
    "in",
    "where",
    "keep",
    "mean by",
    "loss",
    "fn",
    "inf",
    "pi",
    "true",
    "false",
    "0",
    "1",
    "2",
    "0.5",
    "1e300",
    "1e999",
    "x",
    "u",
    "c",
    "d",
    "n",
    "t",
    "S",
    "a",
    "q",
    "sum[c]",
    "max[c]",
    "softmax[c]",
    "mixed[c]",
    "stop",
    "with_grad",
    "size(c)",
    "exp",
    "log",
    ": int",
    ": bool",
    ": index c",
    ": set c",
    "in [0, 1]",
    "= 1",
    "///",
    "//",
    "\n",
    "\r\n",
    "\u{feff}",
    "\u{3b2}",
    "\0",
    "#",
    "\"",
    "'",
    "r#",
    "*/",
];

/// The text with a few words left out, doubled, exchanged, or replaced.
pub fn mutate(text: &str, choices: &mut impl Choices) -> String {
    let mut words: Vec<&str> = words(text);
    for _ in 0..1 + choices.below(4) {
        let at = choices.below(words.len().max(1));
        let other = choices.below(words.len().max(1));
        let word = *choices.pick(WORDS);
        match choices.below(5) {
            _ if at >= words.len() => words.push(word),
            0 => words[at] = word,
            1 => drop(words.remove(at)),
            2 => words.insert(at, word),
            3 => words.swap(at, other),
            _ => {
                // A part of the text once more.
                let end = words.len().min(at + 1 + choices.below(12));
                let part = words[at..end].to_vec();
                words.splice(other..other, part);
            }
        }
    }
    words.concat()
}

/// The words of a text, with the blanks before them.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let blank = rest.len() - rest.trim_start_matches(' ').len();
        let name =
            rest[blank..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len() - blank);
        let first = rest[blank..].chars().next().map_or(0, char::len_utf8);
        let (word, others) = rest.split_at(blank + name.max(first));
        words.push(word);
        rest = others;
    }
    words
}
