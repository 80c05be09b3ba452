//! Arrays of a sample that share memory: a chain of passes, each of which stores where it reads, gives what it gives
//! with memory of its own for each, and takes the memory of one.
//!
//! For each sample, a = x^2, b = a + the position, c = b * sum(b), and the value is sum(c); the derivative that the
//! program claims is c.

use super::case::*;
use crate::real::Float;
use crate::rows::lanes::LANES;
use crate::rows::layout::Layout;
use crate::rows::plan::Plan;
use crate::rows::program::{Access, Action, Life, Need, Place, Program, Read, Slot, Step, Write};
use crate::rows::{Lanes, Rows, entry};

stage!(Square[Each] | [x], position | [x * x]);
stage!(Moved [Each, Sum] |[a], position| [a + position, a + position]);
stage!(Scaled [Each, Sum] |[b, sum], position| [b * sum, b * sum]);
stage!(Copy1[Each] | [x], position | [x]);
stage!(Both[Each] | [b, c], position | [c + b * R::lit(0.0)]);

const ROW: Slot<'static> = Slot { loops: &[], life: Life::Row };
const OVER: Slot<'static> = Slot { loops: &[0], life: Life::Row };
const AT: &[Place] = &[Place::Sample, Place::Loop(0)];
const X: Read<'static> = Read::Input(Access { input: 0, member: false, at: AT });
const DX: Write<'static> = Write::Gradient { input: 0, at: AT };

const fn pass<'p>(stage: usize, reads: &'p [Read<'p>], writes: &'p [Write<'p>]) -> Step<'p> {
    Step { need: Need::Value, action: Action::Pass { stage, loops: &[0], reads, writes } }
}

// Slots: 0 a, 1 b, 2 sum of b, 3 c, 4 sum of c.
const CHAIN: Program<'static> = Program {
    loops: &[1],
    lists: &[],
    slots: &[OVER, OVER, ROW, OVER, ROW],
    before: &[],
    keep: &[],
    rows: &[
        pass(0, &[X], &[Write::Store(0)]),
        pass(1, &[Read::Slot(0)], &[Write::Store(1), Write::Store(2)]),
        pass(2, &[Read::Slot(1), Read::Slot(2)], &[Write::Store(3), Write::Store(4)]),
        pass(3, &[Read::Slot(3)], &[DX]),
    ],
    after: &[],
    value: 4,
    kept: None,
    valid: None,
};

/// The same, but that the last pass reads b, too, which so lives as long as c.
const APART: Program<'static> = Program {
    rows: &[CHAIN.rows[0], CHAIN.rows[1], CHAIN.rows[2], pass(4, &[Read::Slot(1), Read::Slot(3)], &[DX])],
    ..CHAIN
};

/// The value, the derivatives, and how many elements the arrays of a tile take for each of its samples.
fn evaluate<T: Float>(
    program: &Program<'static>,
    [n, c]: [usize; 2],
    layout: Option<Layout>,
) -> (f64, Vec<T>, usize) {
    let mut dice = Dice((n * 100 + c) as u64);
    let x = Array::<T>::new(&[n, c], Order::RowMajor, |_| T::from_f64(dice.number()));
    let mut dx = Array::<T>::new(&[n, c], Order::RowMajor, |_| T::from_f64(7.0));
    let stages: [&dyn Lanes<T>; 5] =
        [&entry(Square), &entry(Moved), &entry(Scaled), &entry(Copy1), &entry(Both)];
    let inputs = [x.input(vec![x.samples(1), x.axis(1)])];
    let axes = vec![dx.samples(1), dx.axis(1)];
    let gradients = [Some(dx.target(axes))];
    let (shape, sizes) = ([n], [n, c]);
    let rows: Rows<'_, T> = call(program, &stages, &shape, &sizes, &inputs, &[], &gradients);
    let plan = Plan::new(&rows, layout).unwrap();
    let arrays = plan.tile_rooms.taken() / plan.lanes.max(1);
    let sum = run(&rows, layout).unwrap();
    (sum, dx.memory, arrays)
}

fn check<T: Float>(sizes: [usize; 2], tolerance: f64) {
    let [n, c] = sizes;
    for layout in LAYOUTS {
        let (sum, dx, _) = evaluate::<T>(&CHAIN, sizes, layout);
        let (apart, dx_apart, _) = evaluate::<T>(&APART, sizes, layout);
        assert_eq!((sum, &dx), (apart, &dx_apart), "{sizes:?} {layout:?}");
        let mut dice = Dice((n * 100 + c) as u64);
        let mut expected = 0.0;
        for sample in 0..n {
            let b: Vec<f64> = (0..c)
                .map(|at| {
                    let x = T::from_f64(dice.number()).to_f64();
                    x * x + at as f64
                })
                .collect();
            let all: f64 = b.iter().sum();
            expected += all * all;
            for (at, b) in b.iter().enumerate() {
                close(dx[sample * c + at].to_f64(), b * all, tolerance, (sizes, layout, sample, at));
            }
        }
        close(sum, expected, tolerance, (sizes, layout));
    }
}

#[test]
fn passes_may_store_where_they_read() {
    for n in [1, 3, 33] {
        for c in [1, 5, 31, 32, 33, 64, 65, 96, 1000, 1024] {
            check::<f64>([n, c], 1e-13);
            check::<f32>([n, c], 1e-5);
        }
    }
}

#[test]
fn a_chain_takes_the_memory_of_one_array() {
    for layout in LAYOUTS {
        let taken = |program, c| evaluate::<f64>(program, [64, c], layout).2;
        let c = 3 * LANES;
        assert!(taken(&CHAIN, c) < taken(&APART, c), "{layout:?}");
        // At the end of a row that is no whole number of groups, some positions are visited twice.
        assert_eq!(taken(&CHAIN, c + 1), taken(&APART, c + 1), "{layout:?}");
    }
}
