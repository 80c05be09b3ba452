//! Text for a terminal: over several lines where that is readable within the width, else on one line, broken
//! at `+` and `-` where it is too long.

mod block;
mod broken;
mod linear;
mod plane;
mod words;

use super::{Equation, Maths};
use block::Block;
use broken::{broken, wrap};
use linear::linear;
use plane::block;

/// What is higher than this is easier to read on one line.
const TALLEST: usize = 12;

/// An equation within a width, where its parts are not wider themselves.
pub(super) fn equation(equation: &Equation, columns: usize) -> String {
    let Equation { left, sign, right } = equation;
    let head = Block::beside(&[block(left), Block::line(format!(" {sign} "))]);
    let whole = Block::beside(&[head.clone(), block(right)]);
    if fits(&whole, columns) {
        return join(whole.lines());
    }
    let room = columns.saturating_sub(head.width()).max(columns / 2);
    let body = broken(right, room);
    if fits(&body, room) {
        return join(Block::beside(&[head, body]).lines());
    }
    let text = wrap(&format!("{} {sign} {}", linear(left), linear(right)), columns);
    join(text.into_iter())
}

/// An expression within a width.
pub(super) fn display(tree: &Maths, columns: usize) -> String {
    let body = broken(tree, columns);
    if fits(&body, columns) { join(body.lines()) } else { join(wrap(&linear(tree), columns).into_iter()) }
}

fn fits(block: &Block, columns: usize) -> bool {
    block.width() <= columns && block.height() <= TALLEST
}

fn join(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}
