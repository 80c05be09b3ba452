//! Mathematics over several lines: fractions with a bar, sums with what they run over below, braces.

use super::super::{Fence, FoldSign, Maths};
use super::block::{Block, Tall, width};
use super::linear::linear;
use super::words::{factor_sign, superscript, term_sign};

const ROUND: (Tall, Tall) = (Tall(["(", "⎛", "⎜", "⎝"]), Tall([")", "⎞", "⎟", "⎠"]));
const SQUARE: (Tall, Tall) = (Tall(["[", "⎡", "⎢", "⎣"]), Tall(["]", "⎤", "⎥", "⎦"]));
const BARS: (Tall, Tall) = (Tall(["|", "│", "│", "│"]), Tall(["|", "│", "│", "│"]));
const DOUBLE: (Tall, Tall) = (Tall(["‖", "‖", "‖", "‖"]), Tall(["‖", "‖", "‖", "‖"]));

/// What stands below a fold gets rows of its own beyond this.
const WIDEST_BELOW: usize = 14;

/// The layout of a tree.
pub(super) fn block(tree: &Maths) -> Block {
    match tree {
        Maths::Name(_) | Maths::Words(_) | Maths::Sign(_) | Maths::Number(_) => Block::line(linear(tree)),
        Maths::Sum(terms) => {
            let mut parts = Vec::new();
            for (i, (minus, term)) in terms.iter().enumerate() {
                parts.push(Block::line(term_sign(i, *minus)));
                parts.push(block(term));
            }
            Block::beside(&parts)
        }
        Maths::Product(factors) => product(factors),
        Maths::Fraction(above, below) => Block::over(block(above), block(below)),
        Maths::Power(base, exponent) => match superscript(exponent) {
            Some(text) => {
                let base = block(base);
                if base.height() == 1 {
                    Block::beside(&[base, Block::line(text)])
                } else {
                    Block::raised(base, block(exponent))
                }
            }
            None => Block::raised(block(base), block(exponent)),
        },
        Maths::Root(radicand) => {
            let inner = block(radicand);
            if inner.height() == 1 {
                Block::line(linear(tree))
            } else {
                Block::beside(&[Block::line("√"), fence(Fence::Round, inner)])
            }
        }
        Maths::Subscript(base, positions) => {
            // Positions are short; they stand on the line of their base.
            let tail = linear(&Maths::Subscript(Box::new(Maths::Words("")), positions.clone()));
            Block::beside(&[block(base), Block::line(tail)])
        }
        Maths::Fence(kind, inner) => fence(*kind, block(inner)),
        Maths::Call(name, arguments) => {
            let mut parts = Vec::new();
            for (i, argument) in arguments.iter().enumerate() {
                if i > 0 {
                    parts.push(Block::line(", "));
                }
                parts.push(block(argument));
            }
            Block::beside(&[Block::line(*name), fence(Fence::Round, Block::beside(&parts))])
        }
        Maths::Fold(sign, below, body) => {
            let body = block(body);
            match sign {
                FoldSign::Large(_) => Block::beside(&[fold_sign(*sign, below), Block::line(" "), body]),
                FoldSign::Word(_) => Block::beside(&[fold_sign(*sign, below), fence(Fence::Round, body)]),
            }
        }
        Maths::Cases(cases) => {
            let values: Vec<Block> = cases.iter().map(|(value, _)| block(value)).collect();
            let wide = values.iter().map(Block::width).max().unwrap_or(0);
            let rows = cases.iter().zip(values).map(|((_, condition), value)| {
                let gap = Block::line(" ".repeat(wide - value.width() + 2));
                let condition = match condition {
                    Some(condition) => Block::beside(&[Block::line("if "), block(condition)]),
                    None => Block::line("otherwise"),
                };
                Block::beside(&[value, gap, condition])
            });
            let rows: Vec<Block> = rows.collect();
            let height: usize = rows.iter().map(Block::height).sum();
            Block::stack(&rows, false, (height - 1) / 2).braced()
        }
        Maths::Infix(sign, operands) => {
            let mut parts = Vec::new();
            for (i, operand) in operands.iter().enumerate() {
                if i > 0 {
                    parts.push(Block::line(format!(" {sign} ")));
                }
                parts.push(block(operand));
            }
            Block::beside(&parts)
        }
        Maths::Not(operand) => Block::beside(&[Block::line("¬"), fence(Fence::Round, block(operand))]),
        Maths::Derivative(by) => {
            let below = Block::beside(&[Block::line("∂"), block(by)]);
            Block::over(Block::line("∂ℒ"), below)
        }
    }
}

/// Brackets as tall as what they hold.
pub(super) fn fence(kind: Fence, inner: Block) -> Block {
    let (open, close) = match kind {
        Fence::Round => ROUND,
        Fence::Square => SQUARE,
        Fence::Bars => BARS,
        Fence::DoubleBars => DOUBLE,
    };
    inner.fenced(open, close)
}

/// Factors side by side.
pub(super) fn product(factors: &[Maths]) -> Block {
    let mut parts = Vec::new();
    for (i, factor) in factors.iter().enumerate() {
        if i > 0 {
            parts.push(Block::line(factor_sign(&factors[i - 1], factor)));
        }
        parts.push(block(factor));
    }
    Block::beside(&parts)
}

/// A large operator or word with what it runs over below: on one row if that is short, else condition by
/// condition.
pub(super) fn fold_sign(sign: FoldSign, below: &[Maths]) -> Block {
    let (FoldSign::Large(sign) | FoldSign::Word(sign)) = sign;
    let row = below.iter().map(linear).collect::<Vec<_>>().join(", ");
    let mut rows = vec![Block::line(sign)];
    if width(&row) <= WIDEST_BELOW {
        rows.push(Block::line(row));
    } else {
        for part in below {
            match part {
                Maths::Infix("∧", conditions) => {
                    rows.extend(conditions.iter().map(linear).map(Block::line))
                }
                other => rows.push(Block::line(linear(other))),
            }
        }
    }
    Block::stack(&rows, true, 0)
}
