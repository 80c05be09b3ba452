//! What the compiler has to say about a file, as plain data. `render` turns it into text.

use crate::codes::{Code, Severity};
use crate::source::Span;
use std::collections::HashSet;

/// A span with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there; may be empty.
    pub text: String,
    /// Whether this is where the fault is, rather than context.
    pub primary: bool,
}

/// A replacement of text that would mend the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What the change does, in words: "did you mean `target`?".
    pub text: String,
    /// The text to replace.
    pub span: Span,
    /// What to put there.
    pub replacement: String,
}

/// One error, warning or note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The entry of the catalogue: severity, number, title.
    pub code: &'static Code,
    /// One sentence, in lower case and without a full stop.
    pub message: String,
    /// Places in the file; the first is the primary one.
    pub labels: Vec<Label>,
    /// Further explanations, each a sentence.
    pub notes: Vec<String>,
    /// How to mend it.
    pub suggestion: Option<Suggestion>,
    /// The loss or helper that it concerns, where there is one.
    pub item: Option<String>,
}

impl Diagnostic {
    /// A diagnostic whose primary label is at `span`.
    pub fn new(code: &'static Code, message: impl Into<String>, span: Span) -> Self {
        Diagnostic {
            code,
            message: message.into(),
            labels: vec![Label { span, text: String::new(), primary: true }],
            notes: Vec::new(),
            suggestion: None,
            item: None,
        }
    }

    /// Puts words at the primary label.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.labels[0].text = text.into();
        self
    }

    /// Adds a place that helps to understand.
    pub fn context(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), primary: false });
        self
    }

    /// Adds an explanation.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Says how to mend it.
    pub fn suggest(mut self, text: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.suggestion = Some(Suggestion { text: text.into(), span, replacement: replacement.into() });
        self
    }

    /// Whether it is a note, which asks for nothing.
    pub fn is_note(&self) -> bool {
        self.code.severity == Severity::Note
    }

    /// Whether it stops its loss from compiling.
    pub fn is_error(&self) -> bool {
        self.code.severity == Severity::Error
    }
}

/// More than this is not reported of one file: nobody reads it.
pub const MOST_REPORTED: usize = 1000;

/// Collects diagnostics, so that one run reports them all.
#[derive(Debug, Default)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
    /// Where and what was said already.
    said: HashSet<(Vec<Label>, String)>,
    errors: usize,
    item: Option<String>,
    /// The codes of what was said of `item`.
    codes: Vec<&'static str>,
}

impl Diagnostics {
    /// An empty collector.
    pub fn new() -> Self {
        Self::default()
    }

    /// From here on, what is pushed concerns the loss or helper `name`.
    pub fn enter(&mut self, name: &str) {
        if self.item.as_deref() != Some(name) {
            self.item = Some(name.to_owned());
            self.codes.clear();
        }
    }

    /// Takes note of a diagnostic.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        debug_assert!(
            !diagnostic.message.ends_with('.'),
            "a message has no full stop: {}",
            diagnostic.message
        );
        if diagnostic.item.is_none() {
            diagnostic.item.clone_from(&self.item);
        }
        if self.said.insert((diagnostic.labels.clone(), diagnostic.message.clone())) {
            self.errors += usize::from(diagnostic.is_error());
            if diagnostic.item == self.item && !self.codes.contains(&diagnostic.code.id) {
                self.codes.push(diagnostic.code.id);
            }
            self.found.push(diagnostic);
        }
    }

    /// Adds an explanation to what was said last.
    pub fn explain(&mut self, note: impl Into<String>) {
        if let Some(last) = self.found.last_mut() {
            last.notes.push(note.into());
        }
    }

    /// Whether this was said already of the loss or helper that is being looked at.
    pub fn has(&self, code: &Code) -> bool {
        self.codes.contains(&code.id)
    }

    /// The number of errors so far.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Everything found, in order of position; of very much the first part, errors before warnings, with a note
    /// of how much that leaves out.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        let place = |d: &Diagnostic| (d.labels[0].span, std::cmp::Reverse(d.code.severity));
        self.found.sort_by_key(place);
        if let Some(more) = self.found.len().checked_sub(MOST_REPORTED).filter(|more| *more > 0) {
            self.found.sort_by_key(|d| !d.is_error());
            self.found.truncate(MOST_REPORTED);
            self.found.sort_by_key(place);
            self.explain(format!("{more} more reports on this file are left out"));
        }
        self.found
    }
}
