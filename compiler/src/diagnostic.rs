//! What the compiler has to say about a file, as plain data. `render` turns it into text.

use crate::codes::{Code, Severity};
use crate::source::Span;

/// A span with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// One error or warning.
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

    /// Whether it stops its loss from compiling.
    pub fn is_error(&self) -> bool {
        self.code.severity == Severity::Error
    }
}

/// Collects diagnostics, so that one run reports them all.
#[derive(Debug, Default)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
    item: Option<String>,
}

impl Diagnostics {
    /// An empty collector.
    pub fn new() -> Self {
        Self::default()
    }

    /// From here on, what is pushed concerns the loss or helper `name`.
    pub fn enter(&mut self, name: &str) {
        self.item = Some(name.to_owned());
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
        let same =
            |known: &Diagnostic| known.labels == diagnostic.labels && known.message == diagnostic.message;
        if !self.found.iter().any(same) {
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
        self.found.iter().any(|known| known.code.id == code.id && known.item == self.item)
    }

    /// The number of errors so far.
    pub fn errors(&self) -> usize {
        self.found.iter().filter(|d| d.is_error()).count()
    }

    /// Everything found, in order of position.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|d| (d.labels[0].span, std::cmp::Reverse(d.code.severity)));
        self.found
    }
}
