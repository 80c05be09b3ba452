//! Joins operations to pairs, so that the result of the first need not be written and read again.
//!
//! Input: operations, each of which reads results of those before it by their numbers. Output: the same with pairs in
//! the places of the second ones, and without the first ones. Rounding stays that of two operations. An operation
//! that several read is repeated in each of them, but only if all can do so: then there is one pass less.

use super::{OPERANDS, Op, Operand};

/// An operation with what it reads.
pub(super) type Operation = (Op, [Operand; OPERANDS]);

/// An operation that reads another one: its number and the place of the operand.
#[derive(Clone, Copy)]
struct Reader {
    number: usize,
    place: usize,
}

/// Joins what can be joined; gives operations and outputs.
pub(super) fn join(operations: &[(Op, [Operand; 3])], outputs: &[Operand]) -> (Vec<Operation>, Vec<Operand>) {
    assert!(operations.iter().all(|(op, _)| !op.word().is_empty()), "pairs are made here");
    let mut readers: Vec<Vec<Reader>> = vec![Vec::new(); operations.len()];
    for (number, (op, operands)) in operations.iter().enumerate() {
        for (place, operand) in operands[..op.arity()].iter().enumerate() {
            if let Operand::Register(read) = operand {
                readers[*read].push(Reader { number, place });
            }
        }
    }
    // The operation that each one is joined with, and where it reads that.
    let mut firsts: Vec<Option<(usize, usize)>> = vec![None; operations.len()];
    let mut gone = vec![false; operations.len()];
    for (first, readers) in readers.iter().enumerate() {
        let once = readers.windows(2).all(|pair| pair[0].number != pair[1].number);
        let free = |reader: &Reader| {
            firsts[reader.number].is_none()
                && pair(operations[first].0, operations[reader.number].0, reader.place).is_some()
        };
        let inside = firsts[first].is_none() && !outputs.contains(&Operand::Register(first));
        if inside && once && !readers.is_empty() && readers.iter().all(free) {
            gone[first] = true;
            for reader in readers {
                firsts[reader.number] = Some((first, reader.place));
            }
        }
    }
    let mut numbers = vec![0; operations.len()];
    let renumbered = |operand: Operand, numbers: &[usize]| match operand {
        Operand::Register(number) => Operand::Register(numbers[number]),
        other => other,
    };
    let mut joined = Vec::with_capacity(operations.len());
    for (number, (op, operands)) in operations.iter().enumerate().filter(|(number, _)| !gone[*number]) {
        let own = operands[..op.arity()].iter();
        let (op, read): (Op, Vec<Operand>) = match firsts[number] {
            None => (*op, own.copied().collect()),
            Some((first, place)) => {
                let (first, before) = &operations[first];
                let others = own.enumerate().filter(|(i, _)| *i != place).map(|(_, operand)| operand);
                let both = before[..first.arity()].iter().chain(others).copied().collect();
                (pair(*first, *op, place).expect("it was found above"), both)
            }
        };
        let mut read: Vec<Operand> = read.into_iter().map(|operand| renumbered(operand, &numbers)).collect();
        if let (Op::Add | Op::Mul, [Operand::Constant(_), _]) = (op, &read[..]) {
            // A constant in the second place is read once.
            read.swap(0, 1);
        }
        let mut all = [read[0]; OPERANDS];
        all[..read.len()].copy_from_slice(&read);
        numbers[number] = joined.len();
        joined.push((op, all));
    }
    (joined, outputs.iter().map(|output| renumbered(*output, &numbers)).collect())
}

/// The instruction for a pair. Where the order of two operands means nothing, there is one for either place.
fn pair(first: Op, second: Op, place: usize) -> Option<Op> {
    let place = if matches!(second, Op::Add | Op::Mul) { 0 } else { place };
    Op::pair(first, second, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: Operand = Operand::Input(0);
    const Y: Operand = Operand::Input(1);

    fn result(number: usize) -> Operand {
        Operand::Register(number)
    }

    fn ops(operations: &[(Op, [Operand; 3])], outputs: &[Operand]) -> Vec<Op> {
        join(operations, outputs).0.iter().map(|(op, _)| *op).collect()
    }

    #[test]
    fn a_result_that_is_read_once_is_joined() {
        let operations = [(Op::Sub, [X, Y, X]), (Op::Mul, [Y, result(0), X])];
        let (joined, outputs) = join(&operations, &[result(1)]);
        assert_eq!(joined[0].0, Op::SubMul);
        assert_eq!(joined[0].1[..3], [X, Y, Y]);
        assert_eq!(outputs, [result(0)]);
    }

    #[test]
    fn places_of_a_difference_are_kept() {
        let left = [(Op::Mul, [X, Y, X]), (Op::Sub, [result(0), X, X])];
        let right = [(Op::Mul, [X, Y, X]), (Op::Sub, [X, result(0), X])];
        assert_eq!(ops(&left, &[result(1)]), [Op::MulSub]);
        assert_eq!(ops(&right, &[result(1)]), [Op::LessMul]);
    }

    #[test]
    fn a_comparison_is_repeated_where_all_readers_can() {
        let select = |a, b| (Op::Select, [result(0), a, b]);
        let compare = (Op::Lt, [X, Y, X]);
        assert_eq!(
            ops(&[compare, select(X, Y), select(Y, X)], &[result(1), result(2)]),
            [Op::LtSelect, Op::LtSelect]
        );
        let reader = (Op::Exp, [result(0), X, X]);
        assert_eq!(
            ops(&[compare, select(X, Y), reader], &[result(1), result(2)]),
            [Op::Lt, Op::Select, Op::Exp]
        );
    }

    #[test]
    fn outputs_and_squares_stay() {
        let square = [(Op::Sub, [X, Y, X]), (Op::Mul, [result(0), result(0), X])];
        assert_eq!(ops(&square, &[result(1)]), [Op::Sub, Op::Mul]);
        let output = [(Op::Sub, [X, Y, X]), (Op::Mul, [result(0), Y, X])];
        assert_eq!(ops(&output, &[result(0), result(1)]), [Op::Sub, Op::Mul]);
    }
}
