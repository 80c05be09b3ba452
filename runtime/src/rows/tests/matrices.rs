//! Products of matrices: `value = sum[m](f(sum[k](x[k] * w[m, k])))` with f(z) = z^2 / 2, and samples left
//! out.

use super::case::*;
use crate::real::Float;
use crate::rows::program::{Access, Action, Life, Need, Place, Program, Read, Slot, Step, Write};
use crate::rows::{Data, Elements, Lanes, RowInput, Same, entry};

stage!(Kept[Each] | [keep], position | [keep]);
stage!(Square [Sum, Each] |[z, u], position| [z * z * R::lit(0.5), z * u]);
stage!(Copy1[Each] | [x], position | [x]);

const X: Read<'static> =
    Read::Input(Access { input: 0, member: false, at: &[Place::Sample, Place::Loop(0)] });
const W: Read<'static> =
    Read::Input(Access { input: 1, member: false, at: &[Place::Loop(1), Place::Loop(0)] });

// Loops: 0 over k, 1 over m. Slots: 0 z over m, 1 value, 2 g = z u over m, 3 dx over k, 4 dw over m, k, 5
// kept.
const PROGRAM: Program<'static> = Program {
    loops: &[1, 2],
    lists: &[],
    slots: &[
        Slot { loops: &[1], life: Life::Row },
        Slot { loops: &[], life: Life::Row },
        Slot { loops: &[1], life: Life::Row },
        Slot { loops: &[0], life: Life::Row },
        Slot { loops: &[1, 0], life: Life::Total },
        Slot { loops: &[], life: Life::Row },
    ],
    before: &[],
    keep: &[Step {
        need: Need::Value,
        action: Action::Pass {
            stage: 0,
            loops: &[],
            reads: &[Read::Input(Access { input: 2, member: false, at: &[Place::Sample] })],
            writes: &[Write::Store(5)],
        },
    }],
    rows: &[
        Step { need: Need::Value, action: Action::Product { left: X, right: W, over: 0, into: 0 } },
        Step {
            need: Need::Value,
            action: Action::Pass {
                stage: 1,
                loops: &[1],
                reads: &[Read::Slot(0), Read::Upstream],
                writes: &[Write::Store(1), Write::Store(2)],
            },
        },
        Step {
            need: Need::Gradient,
            action: Action::Product { left: Read::Slot(2), right: W, over: 1, into: 3 },
        },
        Step {
            need: Need::Gradient,
            action: Action::Pass {
                stage: 2,
                loops: &[0],
                reads: &[Read::Slot(3)],
                writes: &[Write::Gradient { input: 0, at: &[Place::Sample, Place::Loop(0)] }],
            },
        },
        Step { need: Need::Gradients, action: Action::Total { left: Read::Slot(2), right: X, into: 4 } },
    ],
    after: &[Step {
        need: Need::Gradients,
        action: Action::Pass {
            stage: 2,
            loops: &[1, 0],
            reads: &[Read::Slot(4)],
            writes: &[Write::Gradient { input: 1, at: &[Place::Loop(1), Place::Loop(0)] }],
        },
    }],
    value: 1,
    kept: Some(5),
    valid: None,
};

/// The derivative of `w` is added up in its target where `copy` is a stage that is known to copy.
fn check<T: Float>([n, k, m]: [usize; 3], order: Order, copy: &dyn Lanes<T>, tolerance: f64) -> Vec<T> {
    let mut dice = Dice((n * 100 + m * 10 + k) as u64);
    let keep = Array::new(&[n], order, |_| dice.below(5) > 0);
    let x = Array::new(&[n, k], order, |index| {
        T::from_f64(if keep.get(&index[..1]) { dice.number() } else { f64::NAN })
    });
    let w = Array::new(&[m, k], order, |_| T::from_f64(dice.number()));
    let mut dx = Array::new(&[n, k], order, |_| T::from_f64(7.0));
    let mut dw = Array::new(&[m, k], order, |_| T::from_f64(7.0));
    let stages: [&dyn Lanes<T>; 3] = [&entry(Kept), &entry(Square), copy];
    let inputs = [
        x.input(vec![x.samples(1), x.axis(1)]),
        w.input(vec![w.axis(0), w.axis(1)]),
        RowInput { data: Data::Bool(Elements::new(keep.pointer())), axes: vec![keep.samples(1)].leak() },
    ];
    let axes = (vec![dx.samples(1), dx.axis(1)], vec![dw.axis(0), dw.axis(1)]);
    let gradients = [Some(dx.target(axes.0)), Some(dw.target(axes.1)), None];
    let (shape, sizes) = ([n], [n, k, m]);
    let rows = call(&PROGRAM, &stages, &shape, &sizes, &inputs, &[], &gradients);
    let sum = run(&rows, None).unwrap();
    let mut expected = 0.0;
    let mut sums = vec![0.0; m * k];
    for sample in 0..n {
        if !keep.get(&[sample]) {
            (0..k).for_each(|k| assert_eq!(dx.get(&[sample, k]).to_f64(), 0.0));
            continue;
        }
        let mut gradient = vec![0.0; k];
        for row in 0..m {
            let z: f64 = (0..k).map(|k| x.get(&[sample, k]).to_f64() * w.get(&[row, k]).to_f64()).sum();
            expected += z * z / 2.0;
            for at in 0..k {
                gradient[at] += z * w.get(&[row, at]).to_f64();
                sums[row * k + at] += z * x.get(&[sample, at]).to_f64();
            }
        }
        for (at, gradient) in gradient.iter().enumerate() {
            close(dx.get(&[sample, at]).to_f64(), *gradient, tolerance, (n, k, m, order, sample, at));
        }
    }
    close(sum, expected, tolerance, (n, k, m, order));
    for row in 0..m {
        for at in 0..k {
            close(dw.get(&[row, at]).to_f64(), sums[row * k + at], tolerance, (n, k, m, order, row, at));
        }
    }
    dx.memory.into_iter().chain(dw.memory).collect()
}

#[test]
fn products_and_totals() {
    for n in [0, 1, 33, 300] {
        for (k, m) in [(1, 1), (3, 5), (32, 33), (40, 70), (0, 3), (3, 0)] {
            for order in ORDERS {
                for copy in [&entry(Same) as &dyn Lanes<f64>, &entry(Copy1)] {
                    check([n, k, m], order, copy, 1e-12);
                }
                for copy in [&entry(Same) as &dyn Lanes<f32>, &entry(Copy1)] {
                    check([n, k, m], order, copy, 2e-4);
                }
            }
        }
    }
}

#[test]
fn threads_change_nothing() {
    let apart = || check::<f32>([2000, 50, 40], Order::RowMajor, &entry(Copy1), 2e-4);
    assert_eq!(threads(1, apart), threads(2, apart));
    for sizes in [[300, 301, 40], [301, 50, 533], [130, 600, 300]] {
        for order in [Order::RowMajor, Order::ColumnMajor] {
            let single = || check::<f32>(sizes, order, &entry(Same), 2e-3);
            assert_eq!(threads(1, single), threads(4, single));
            let double = || check::<f64>(sizes, order, &entry(Same), 1e-11);
            assert_eq!(threads(1, double), threads(4, double));
        }
    }
}
