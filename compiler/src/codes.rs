//! The catalogue of diagnostics: one constant per code, and nothing else.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The loss compiles; something about it is not known.
    Note,
    /// The loss compiles; its author should know.
    Warning,
    /// The loss does not compile.
    Error,
}

/// One entry of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `L` and four digits: 01xx syntax, 02xx names, 03xx types and axes, 04xx domains and parameters,
    /// 05xx what is not generated yet, 06xx generated names, 07xx warnings and notes.
    pub id: &'static str,
    /// Error, warning or note.
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
    /// A name that nothing defines.
    UNKNOWN_NAME = Error "L0201" "unknown name";
    /// A name that is defined twice.
    DUPLICATE_NAME = Error "L0202" "name defined twice";
    /// A definition that needs itself.
    CYCLE = Error "L0203" "circular definition";
    /// A truth value where a number is wanted, or the other way round.
    WRONG_TYPE = Error "L0301" "wrong type";
    /// A call with too few, too many or misnamed arguments.
    WRONG_ARGUMENTS = Error "L0302" "wrong arguments";
    /// A value that still varies over a named axis.
    OPEN_AXIS = Error "L0303" "axis not reduced";
    /// A word behind `:` that is no role or type.
    UNKNOWN_ROLE = Error "L0304" "unknown role";
    /// Axes of a declaration that do not fit together.
    AXES = Error "L0305" "axes do not fit";
    /// A position that is none of the axis that it stands for.
    WRONG_POSITION = Error "L0306" "wrong position";
    /// An index whose axis is not known, or that runs over two.
    INDEX_WITHOUT_AXIS = Error "L0307" "index without one axis";
    /// More axes and indices than a loss may have.
    TOO_MANY_AXES = Error "L0308" "too many axes";
    /// A domain that is empty or not made of constants.
    BAD_DOMAIN = Error "L0401" "bad domain";
    /// A default that is not a constant, or outside of its domain.
    BAD_DEFAULT = Error "L0402" "bad default";
    /// A loss without an input that can be differentiated.
    NOTHING_TO_DIFFERENTIATE = Error "L0403" "nothing to differentiate";
    /// Correct text for which no code is generated yet.
    NOT_GENERATED = Error "L0501" "not generated yet";
    /// More combinations of `bool` and listed parameters than kernels are made for.
    TOO_MANY_VARIANTS = Error "L0502" "too many variants";
    /// A name that generated Rust cannot use.
    RESERVED_NAME = Error "L0601" "reserved name";
    /// An input or parameter that the formula never reads.
    UNUSED = Warning "L0701" "never used";
    /// An input whose derivative is zero everywhere.
    VANISHING_GRADIENT = Warning "L0702" "gradient is zero everywhere";
    /// A value that is NaN or infinite for inputs in their domains.
    VALUE_NOT_FINITE = Warning "L0703" "value is not finite";
    /// A gradient that is NaN or infinite for inputs in their domains, where the value is a number.
    GRADIENT_NOT_FINITE = Warning "L0704" "gradient is not finite";
    /// An exponential that overflows although the result does not.
    OVERFLOW = Warning "L0705" "overflows on the way";
    /// A difference of nearly equal numbers that loses what the inputs still hold.
    CANCELLATION = Warning "L0706" "digits cancel";
    /// A formula that is too large for its hazards to be looked for.
    NOT_JUDGED = Note "L0707" "not judged";
}
