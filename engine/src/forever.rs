//! Data that lives as long as the program, as descriptions of losses do.

/// A text.
pub fn text(text: &str) -> &'static str {
    Box::leak(text.into())
}

/// A list.
pub fn list<U>(items: impl Iterator<Item = U>) -> &'static [U] {
    items.collect::<Vec<U>>().leak()
}
