//! Parameters in the order of a loss, from the order in which the typed interface lists them.

use crate::spec::Spec;

/// Where each named parameter stands in the loss. Fails to compile where the loss has other ones.
#[doc(hidden)]
pub const fn positions<const P: usize>(spec: &Spec, names: [&str; P]) -> [usize; P] {
    assert!(spec.parameters.len() == P, "the loss has another number of parameters");
    let mut positions = [0; P];
    let mut index = 0;
    while index < P {
        let mut position = 0;
        while !same(spec.parameters[position].name, names[index]) {
            position += 1;
        }
        positions[index] = position;
        index += 1;
    }
    positions
}

/// Whether a name is the one an identifier spells, raw or not.
const fn same(name: &str, identifier: &str) -> bool {
    let (name, identifier) = (name.as_bytes(), identifier.as_bytes());
    let raw = identifier.len() > 2 && identifier[0] == b'r' && identifier[1] == b'#';
    let skip = if raw { 2 } else { 0 };
    if identifier.len() - skip != name.len() {
        return false;
    }
    let mut index = 0;
    while index < name.len() {
        if name[index] != identifier[index + skip] {
            return false;
        }
        index += 1;
    }
    true
}

/// Parameters in the order of the loss, from the order in which they were declared.
#[doc(hidden)]
pub fn arrange<const P: usize>(positions: [usize; P], listed: [f64; P]) -> [f64; P] {
    let mut parameters = [0.0; P];
    for (position, value) in positions.into_iter().zip(listed) {
        parameters[position] = value;
    }
    parameters
}
