//! The catalogue of diagnostics: one constant per code, and nothing else.

use crate::diagnostic::Severity;

/// One entry of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `L` and four digits: 01xx syntax, 02xx names, 03xx types and axes, 04xx domains and parameters,
    /// 05xx what is not generated yet, 06xx generated names, 07xx warnings.
    pub id: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// The kind of mistake in a few words.
    pub title: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $severity:ident $id:literal $title:literal;)*) => {
        $($(#[$doc])* pub static $name: Code = Code { id: $id, severity: Severity::$severity, title: $title };)*

        /// Every code, in order of its number.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    /// The text does not follow the grammar.
    SYNTAX = Error "L0101" "syntax error";
    /// The text is nested deeper than the compiler follows.
    TOO_DEEP = Error "L0102" "nested too deeply";
    /// The file is larger than the compiler reads, or is not text.
    TOO_LARGE = Error "L0103" "file too large";
    /// A clause stands twice.
    REPEATED_CLAUSE = Error "L0104" "repeated clause";
}
