//! Folds of every kind over groups of axes, one-off steps before and after, and derivatives that are shared.

use super::case::*;
use crate::real::Float;
use crate::rows::layout::Layout;
use crate::rows::program::{Access, Action, Life, Need, Place, Program, Read, Slot, Step, Write};
use crate::rows::{Lanes, entry};
use crate::sweep::isa::Isa;

// Inputs: x [.., q, s..] and a [s..]. The value is the sum over q of
// max[s](y) - min[s](y) + prod[s](1 + y / 8) / 2 + sum[s](y * p), with y = x + scale * a, where scale is the
// mean of a and p the position on s.
stage!(Copy1[Each] | [x], position | [x]);
stage!(Sum1[Sum] | [x], position | [x]);
stage!(Over[Each] | [x, size], position | [x / size]);
stage!(Folds [Max, Min, Prod, Sum, Each] |[x, a, scale], position| {
    let y = x + a * scale;
    [y, y, R::lit(1.0) + y * R::lit(0.125), y * position, y]
});
stage!(Join[Sum] | [max, min, prod, sum], position | [max - min + prod * R::lit(0.5) + sum]);
// The derivative with respect to x, and its part of that with respect to the scale.
stage!(Slope [Each, Sum, Each] |[y, a, max, min, prod, u, scale], position| {
    let (zero, one) = (R::lit(0.0), R::lit(1.0));
    let g = R::select(y == max, one, zero) - R::select(y == min, one, zero)
        + R::lit(0.0625) * prod / (one + y * R::lit(0.125))
        + position;
    [g * u, g * a * u, g * u * scale]
});
stage!(Back[Each] | [direct, share, size], position | [direct + share / size]);

const A: Read<'static> = Read::Input(Access { input: 1, member: false, at: &[Place::Loop(1)] });
const CALL: Slot<'static> = Slot { loops: &[], life: Life::Call };
const Q: Slot<'static> = Slot { loops: &[0], life: Life::Row };

// Slots: 0 sum of a, 1 scale, 2 max, 3 min, 4 prod, 5 sum, 6 y over q, s, 7 value, 8 total of the scale's
// derivative, 9 total over s of that of a, 10 a over s, kept for the call.
const PROGRAM: Program<'static> = Program {
    loops: &[1, 2],
    lists: &[],
    slots: &[
        CALL,
        CALL,
        Q,
        Q,
        Q,
        Q,
        Slot { loops: &[0, 1], life: Life::Row },
        Slot { loops: &[], life: Life::Row },
        Slot { loops: &[], life: Life::Total },
        Slot { loops: &[1], life: Life::Total },
        Slot { loops: &[1], life: Life::Call },
    ],
    before: &[
        Step {
            need: Need::Value,
            action: Action::Pass { stage: 1, loops: &[1], reads: &[A], writes: &[Write::Store(0)] },
        },
        Step {
            need: Need::Value,
            action: Action::Pass {
                stage: 2,
                loops: &[],
                reads: &[Read::Slot(0), Read::Size(2)],
                writes: &[Write::Store(1)],
            },
        },
        Step {
            need: Need::Value,
            action: Action::Pass { stage: 0, loops: &[1], reads: &[A], writes: &[Write::Store(10)] },
        },
    ],
    keep: &[],
    rows: &[
        Step {
            need: Need::Value,
            action: Action::Pass {
                stage: 3,
                loops: &[0, 1],
                reads: &[
                    Read::Input(Access {
                        input: 0,
                        member: false,
                        at: &[Place::Sample, Place::Loop(0), Place::Loop(1)],
                    }),
                    Read::Slot(10),
                    Read::Slot(1),
                ],
                writes: &[
                    Write::Store(2),
                    Write::Store(3),
                    Write::Store(4),
                    Write::Store(5),
                    Write::Store(6),
                ],
            },
        },
        Step {
            need: Need::Value,
            action: Action::Pass {
                stage: 4,
                loops: &[0],
                reads: &[Read::Slot(2), Read::Slot(3), Read::Slot(4), Read::Slot(5)],
                writes: &[Write::Store(7)],
            },
        },
        Step {
            need: Need::Gradient,
            action: Action::Pass {
                stage: 5,
                loops: &[0, 1],
                reads: &[
                    Read::Slot(6),
                    A,
                    Read::Slot(2),
                    Read::Slot(3),
                    Read::Slot(4),
                    Read::Upstream,
                    Read::Slot(1),
                ],
                writes: &[
                    Write::Gradient { input: 0, at: &[Place::Sample, Place::Loop(0), Place::Loop(1)] },
                    Write::Total(8),
                    Write::Total(9),
                ],
            },
        },
    ],
    after: &[Step {
        need: Need::Gradients,
        action: Action::Pass {
            stage: 6,
            loops: &[1],
            reads: &[Read::Slot(9), Read::Slot(8), Read::Size(2)],
            writes: &[Write::Gradient { input: 1, at: &[Place::Loop(1)] }],
        },
    }],
    value: 7,
    kept: None,
    valid: None,
};

struct Case {
    /// The sample shape.
    n: [usize; 2],
    q: usize,
    s: [usize; 2],
    order: Order,
    /// Whether all samples along the first axis have the same x.
    shared: bool,
}

fn check<T: Float>(case: &Case, layout: Option<Layout>, isa: Isa, tolerance: f64) {
    let Case { n, q, s, order, shared } = *case;
    let what = (n, q, s, order, shared, layout, isa);
    let mut dice = Dice((n[1] * 100 + q * 10 + s[1]) as u64);
    let rows = if shared { 1 } else { n[0] };
    // Axes in another order than that of the declaration, so that a group does not become one axis.
    let mut x = Array::new(&[s[1], rows, n[1], q, s[0]], order, |_| T::from_f64(dice.number()));
    let mut a = Array::new(&[s[1], s[0]], order, |_| T::from_f64(dice.number()));
    let order_of = |array: &mut Array<T>, axes: &[usize]| {
        array.shape = axes.iter().map(|axis| array.shape[*axis]).collect();
        array.strides = axes.iter().map(|axis| array.strides[*axis]).collect();
    };
    order_of(&mut x, &[1, 2, 3, 4, 0]);
    order_of(&mut a, &[1, 0]);
    if shared {
        x.shape[0] = n[0];
        x.strides[0] = 0;
    }
    let mut dx = Array { memory: vec![T::from_f64(7.0); x.memory.len()], ..x.clone() };
    let mut da = Array { memory: vec![T::from_f64(7.0); a.memory.len()], ..a.clone() };
    let axes = |x: &Array<T>| vec![x.samples(2), x.axis(2), x.group(3..5)];
    let stages: [&dyn Lanes<T>; 7] = [
        &entry(Copy1).on(isa),
        &entry(Sum1).on(isa),
        &entry(Over).on(isa),
        &entry(Folds).on(isa),
        &entry(Join).on(isa),
        &entry(Slope).on(isa),
        &entry(Back).on(isa),
    ];
    let inputs = [x.input(axes(&x)), a.input(vec![a.group(0..2)])];
    let targets = (axes(&dx), vec![da.group(0..2)]);
    let gradients = [Some(dx.target(targets.0)), Some(da.target(targets.1))];
    let length = s[0] * s[1];
    let sizes = [n[0] * n[1], q, length];
    let sum = run(&call(&PROGRAM, &stages, &n, &sizes, &inputs, &[], &gradients), layout).unwrap();

    let get = |array: &Array<T>, index: &[usize]| array.get(index).to_f64();
    let split = |p: usize| [p / s[1], p % s[1]];
    let scale = (0..length).map(|p| get(&a, &split(p))).sum::<f64>() / length as f64;
    let mut expected = 0.0;
    let mut all = vec![0.0; x.memory.len()];
    let (mut of_a, mut of_scale) = (vec![0.0; length], 0.0);
    for number in 0..n[0] * n[1] {
        for q in 0..q {
            let [s0, s1] = [number / n[1], number % n[1]];
            let place = |p: usize| [s0, s1, q, split(p)[0], split(p)[1]];
            // As the program rounds it, so that both find the same extremes.
            let scale = T::from_f64(scale).to_f64();
            let y: Vec<f64> = (0..length).map(|p| get(&x, &place(p)) + scale * get(&a, &split(p))).collect();
            let max = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let min = y.iter().copied().fold(f64::INFINITY, f64::min);
            let prod: f64 = y.iter().map(|y| 1.0 + y / 8.0).product();
            expected += max - min + prod / 2.0 + y.iter().enumerate().map(|(p, y)| y * p as f64).sum::<f64>();
            for (p, y) in y.iter().enumerate() {
                let one = |hit: bool| if hit { 1.0 } else { 0.0 };
                let g = one(*y == max) - one(*y == min) + prod / (1.0 + y / 8.0) / 16.0 + p as f64;
                let offset: isize = place(p).iter().zip(&x.strides).map(|(i, s)| *i as isize * s).sum();
                all[(x.start + offset) as usize] += g;
                of_a[p] += g * scale;
                of_scale += g * get(&a, &split(p));
            }
        }
    }
    if length == 0 || n[0] * n[1] == 0 {
        return;
    }
    close(sum, expected, tolerance, what);
    for (at, expected) in all.iter().enumerate() {
        if *expected != 0.0 {
            close(dx.memory[at].to_f64(), *expected, tolerance, (what, at));
        }
    }
    for (p, of_a) in of_a.iter().enumerate() {
        let expected = of_a + of_scale / length as f64;
        close(get(&da, &split(p)), expected, tolerance * 10.0, (what, p));
    }
}

#[test]
fn folds_over_groups() {
    for n in [[1, 1], [2, 3], [3, 11], [2, 33]] {
        for (q, s) in [(1, [1, 1]), (3, [2, 3]), (2, [4, 8]), (1, [3, 11]), (2, [10, 10])] {
            for order in ORDERS {
                for shared in [false, true] {
                    let case = Case { n, q, s, order, shared };
                    for layout in LAYOUTS {
                        check::<f64>(&case, layout, Isa::chosen(), 1e-11);
                    }
                }
            }
        }
    }
}

#[test]
fn every_instruction_set() {
    for isa in Isa::all() {
        for layout in LAYOUTS {
            for s in [[3, 5], [9, 9]] {
                let case = Case { n: [3, 11], q: 2, s, order: Order::RowMajor, shared: false };
                check::<f64>(&case, layout, isa, 1e-11);
            }
        }
    }
}

#[test]
fn nothing_to_fold() {
    for layout in LAYOUTS {
        for n in [[0, 3], [2, 2]] {
            for (q, s) in [(0, [2, 2]), (2, [0, 3]), (2, [40, 3])] {
                check::<f64>(
                    &Case { n, q, s, order: Order::RowMajor, shared: false },
                    layout,
                    Isa::chosen(),
                    1e-9,
                );
            }
        }
    }
}
