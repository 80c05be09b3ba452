//! Words of messages.

use crate::spec::AxisSpec;

/// Names between backticks and commas.
pub(super) fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return String::from("none");
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Axes and how long they are.
pub(super) fn lengths(axes: &[(&str, usize)]) -> String {
    axes.iter().map(|(name, length)| format!("`{name}` {length}")).collect::<Vec<_>>().join(", ")
}

/// Axes as they stand in a declaration.
pub(super) fn axes(declared: &[AxisSpec]) -> String {
    let names: Vec<String> = declared.iter().map(AxisSpec::to_string).collect();
    format!("[{}]", names.join(", "))
}

/// What is wrong with the number of axes of an array.
pub(super) fn rank(input: &str, shape: &[usize], declared: &[AxisSpec], expected: Option<&str>) -> String {
    let declared = axes(declared);
    match expected {
        None => format!("`{input}` has shape {shape:?} but is declared over {declared}"),
        Some(expected) => format!(
            "`{input}` is declared over {declared}, so it must have shape {expected}; it has {shape:?}"
        ),
    }
}

/// What two inputs differ in.
pub(super) fn axis(name: &str) -> String {
    match name {
        ".." => String::from("their sample axes"),
        name => format!("the size of axis `{name}`"),
    }
}

/// Which labels there are.
pub(super) fn positions(size: usize) -> String {
    match size.checked_sub(1) {
        None => String::from("no positions"),
        Some(last) => format!("positions 0 to {last}"),
    }
}
