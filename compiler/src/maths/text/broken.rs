//! What is too wide, over several rows: sums at their signs, cases below their values, the rest at blanks.

use super::super::{Fence, FoldSign, Maths};
use super::block::{Block, width};
use super::linear::linear;
use super::plane::{block, fence, fold_sign, product};
use super::words::{factor_sign, term_sign};

/// Narrower than this, one line cut at blanks is easier to read.
const NARROWEST: usize = 24;

/// A tree within that many columns, if there are enough for it.
pub(super) fn broken(tree: &Maths, columns: usize) -> Block {
    let whole = block(tree);
    if whole.width() <= columns {
        return whole;
    }
    let inner = |tree: &Maths, taken: usize| broken(tree, columns.saturating_sub(taken).max(NARROWEST));
    match tree {
        Maths::Sum(terms) => sum(terms, columns),
        Maths::Cases(cases) => {
            let mut rows = Vec::new();
            for (value, condition) in cases {
                rows.push(inner(value, 2));
                let Some(condition) = condition else {
                    rows.push(Block::line("   otherwise"));
                    continue;
                };
                rows.push(Block::beside(&[Block::line("   if "), inner(condition, 8)]));
            }
            let height: usize = rows.iter().map(Block::height).sum();
            Block::stack(&rows, false, (height - 1) / 2).braced()
        }
        Maths::Fence(kind @ (Fence::Round | Fence::Square), body) => fence(*kind, inner(body, 2)),
        Maths::Fold(sign @ FoldSign::Large(_), below, body) => {
            let sign = fold_sign(*sign, below);
            let taken = sign.width() + 1;
            Block::beside(&[sign, Block::line(" "), inner(body, taken)])
        }
        Maths::Product(factors) => match factors.split_last() {
            Some((last @ (Maths::Fence(..) | Maths::Fold(..) | Maths::Cases(_)), first))
                if !first.is_empty() =>
            {
                let head = product(first);
                let sign = Block::line(factor_sign(&first[first.len() - 1], last));
                let taken = head.width() + sign.width();
                if taken + NARROWEST > columns {
                    return lines(tree, columns);
                }
                Block::beside(&[head, sign, inner(last, taken)])
            }
            _ => lines(tree, columns),
        },
        _ => lines(tree, columns),
    }
}

/// A sum over as many rows as it takes.
fn sum(terms: &[(bool, Maths)], columns: usize) -> Block {
    let mut rows: Vec<Vec<Block>> = Vec::new();
    let mut used = 0;
    for (i, (minus, term)) in terms.iter().enumerate() {
        let sign = Block::line(term_sign(i, *minus).trim_start());
        let room = columns.saturating_sub(sign.width()).max(NARROWEST);
        let term = Block::beside(&[sign, broken(term, room)]);
        match rows.last_mut().filter(|_| used + 1 + term.width() <= columns) {
            Some(row) => {
                used += 1 + term.width();
                row.extend([Block::line(" "), term]);
            }
            None => {
                used = term.width();
                rows.push(vec![term]);
            }
        }
    }
    let rows: Vec<Block> = rows.iter().map(|row| Block::beside(row)).collect();
    let first = rows[0].baseline();
    Block::stack(&rows, false, first)
}

/// One line, cut.
fn lines(tree: &Maths, columns: usize) -> Block {
    let lines: Vec<Block> = wrap(&linear(tree), columns).into_iter().map(Block::line).collect();
    Block::stack(&lines, false, 0)
}

/// One line cut at blanks, before a sign where that is near; what continues is indented.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in pieces(text) {
        if !line.is_empty() && width(&line) + 1 + width(&word) > columns {
            lines.push(std::mem::replace(&mut line, "   ".to_owned()));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

/// Words, each sign with what follows it.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut sign = false;
    for word in text.split(' ') {
        match pieces.last_mut().filter(|_| sign) {
            Some(last) => last.push_str(&format!(" {word}")),
            None => pieces.push(word.to_owned()),
        }
        sign = matches!(word, "+" | "-" | "·" | "/" | "=" | "∨" | "∧" | "if" | "then" | "else");
    }
    pieces
}
