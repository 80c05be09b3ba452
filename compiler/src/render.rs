//! Diagnostics as text in the manner of rustc; the only module that knows the rendering library.
//!
//! Input is plain data, output is a string; nothing is written anywhere. Any span and any text will do: a
//! span outside of the file is moved into it, and one inside a character is widened to whole characters.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use crate::codes::Severity;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};

/// The longest line that is shown, in bytes.
const LONGEST_LINE: usize = 1000;

/// The longest run of lines that is shown, in bytes.
const LONGEST_TEXT: usize = 64 << 10;

/// For whom the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A log or a test: no colours.
    Plain,
    /// A terminal: with escape codes for colours.
    Styled,
    /// A `compile_error!`: no colours, and no leading "error", which the compiler around it writes itself.
    Headless,
}

/// Writes a diagnostic with the lines that it is about.
pub fn render(source: &SourceFile, diagnostic: &Diagnostic, style: Style) -> String {
    let window = Window::around(source, diagnostic);
    let level = match diagnostic.code.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = match style {
        // The number would open the line in brackets, so it stands at the end of the sentence instead.
        Style::Headless => {
            level.no_name().primary_title(format!("{} [{}]", diagnostic.message, diagnostic.code.id))
        }
        Style::Plain | Style::Styled => level.primary_title(&diagnostic.message).id(diagnostic.code.id),
    };
    let main = match window.snippet() {
        Some(snippet) => title.element(snippet.annotations(diagnostic.labels.iter().map(|label| {
            let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let text = (!label.text.is_empty()).then_some(label.text.as_str());
            kind.span(window.range(label.span)).label(text)
        }))),
        None => title
            .element(window.origin(diagnostic.labels.first().map_or(Span::default(), |label| label.span))),
    };
    let mut report = vec![main.elements(diagnostic.notes.iter().map(|note| Level::NOTE.message(note)))];
    if let Some(suggestion) = &diagnostic.suggestion {
        let help = Group::with_title(Level::HELP.secondary_title(&suggestion.text));
        let patch = Patch::new(window.range(suggestion.span), &suggestion.replacement);
        report.extend(window.snippet().map(|snippet| help.element(snippet.patch(patch))));
    }
    let renderer = if style == Style::Styled { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).render(&report)
}

/// The lines of a file that a diagnostic is about, so that the length of the file costs nothing.
struct Window<'a> {
    path: &'a str,
    text: &'a str,
    start: usize,
    line: usize,
}

impl<'a> Window<'a> {
    fn around(source: &'a SourceFile, diagnostic: &Diagnostic) -> Self {
        let text = source.text.as_str();
        let suggestion = diagnostic.suggestion.as_ref().map(|suggestion| suggestion.span);
        let spans = diagnostic.labels.iter().map(|label| label.span).chain(suggestion);
        let all = spans.map(|span| clamp(text, span)).reduce(|a, b| a.start.min(b.start)..a.end.max(b.end));
        let all = all.unwrap_or(0..0);
        let start = text[..all.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[all.end..].find('\n').map_or(text.len(), |at| all.end + at);
        let line = 1 + text[..start].bytes().filter(|byte| *byte == b'\n').count();
        Window { path: &source.name, text: &text[start..end], start, line }
    }

    /// The lines, unless they are longer than anyone wants to see.
    fn snippet<T: Clone>(&self) -> Option<Snippet<'_, T>> {
        let readable =
            self.text.len() <= LONGEST_TEXT && self.text.lines().all(|line| line.len() <= LONGEST_LINE);
        readable.then(|| Snippet::source(self.text).path(self.path).line_start(self.line))
    }

    /// Line and column alone.
    fn origin(&self, span: Span) -> Origin<'_> {
        let before = &self.text[..self.range(span).start];
        let line = self.line + before.bytes().filter(|byte| *byte == b'\n').count();
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Origin::path(self.path).line(line).char_column(column)
    }

    fn range(&self, span: Span) -> Range<usize> {
        let [start, end] = [span.start, span.end].map(|at| (at as usize).saturating_sub(self.start));
        clamp(self.text, Span::new(start, end))
    }
}

/// A span inside a text and between characters.
fn clamp(text: &str, span: Span) -> Range<usize> {
    let (mut start, mut end) = (text.len().min(span.start as usize), text.len().min(span.end as usize));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    end = end.max(start);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::{Style, render};
    use crate::codes::SYNTAX;
    use crate::diagnostic::Diagnostic;
    use crate::source::{SourceFile, Span};

    fn sample() -> (SourceFile, Diagnostic) {
        let source = SourceFile::new("a.def", "// first\nloss a(x) = x && x\n");
        let diagnostic = Diagnostic::new(&SYNTAX, "expected an operator", Span::new(23, 25))
            .label("not expected here")
            .context(Span::new(14, 15), "the loss")
            .note("this is a note")
            .suggest("did you mean `and`?", Span::new(23, 25), "and");
        (source, diagnostic)
    }

    #[test]
    fn plain_text_is_that_of_rustc() {
        let (source, diagnostic) = sample();
        insta::assert_snapshot!(render(&source, &diagnostic, Style::Plain), @r#"
        error[L0101]: expected an operator
         --> a.def:2:15
          |
        2 | loss a(x) = x && x
          |      -        ^^ not expected here
          |      |
          |      the loss
          |
          = note: this is a note
        help: did you mean `and`?
          |
        2 - loss a(x) = x && x
        2 + loss a(x) = x and x
          |
        "#);
    }

    #[test]
    fn headless_text_follows_the_word_error() {
        let (source, diagnostic) = sample();
        let text = render(&source, &diagnostic, Style::Headless);
        assert!(text.starts_with("expected an operator [L0101]\n"), "{text}");
    }

    #[test]
    fn styled_text_has_colours() {
        let (source, diagnostic) = sample();
        assert!(render(&source, &diagnostic, Style::Styled).contains('\u{1b}'));
    }

    #[test]
    fn no_span_and_no_text_is_too_odd() {
        let texts = [
            "",
            "\n",
            "\u{feff}",
            "a",
            "\u{3b2}\r\n\u{1f600}x\n\n",
            "\t\0\u{1b}[31m",
            "no newline\nat the end",
        ];
        for text in texts {
            let source = SourceFile::new("odd.def", text);
            for start in 0..text.len() + 3 {
                for end in 0..text.len() + 3 {
                    let span = Span::new(start, end);
                    let far = Span { start: 7, end: u32::MAX };
                    let diagnostic = Diagnostic::new(&SYNTAX, text, span)
                        .label(text)
                        .context(far, "far away")
                        .suggest(text, span, "\u{3b2}\n\n");
                    for style in [Style::Plain, Style::Styled, Style::Headless] {
                        assert!(!render(&source, &diagnostic, style).is_empty());
                    }
                }
            }
        }
    }
}
