//! Multilabel margin: `sum[j in Y, i in c | not i in Y](relu(1 - x[j] + x[i])) / c`, over pairs of classes.

use super::case::*;
use crate::real::Float;
use crate::rows::layout::Layout;
use crate::rows::program::{Access, Action, Life, Need, Place, Program, Read, Slot, Step, Write};
use crate::rows::{Data, Elements, Fault, Labels, Lanes, RowInput, entry};

// Loops: 0 over the storage k of the set, 1 over c, 2 over k again, 3 over c again.
stage!(Copy1[Each] | [x], position | [x]);
// Inputs: y_k, x_{y_k}, x_i, whether i is in Y, the number of classes. Outputs: the term, its slope.
stage!(Pairs [Sum, Each, Sum] |[y, xj, xi, member, c], position| {
    let (zero, one) = (R::lit(0.0), R::lit(1.0));
    let counts = (y >= zero) & (member == zero);
    let margin = one - xj + xi;
    let term = R::select(counts, margin.relu() / c, zero);
    let slope = R::select(counts & (margin > zero), one / c, zero);
    [term, slope, slope]
});
// Inputs: y_k, the sum of slopes of k, the position of the outer loop (the class). The innermost loop is over
// k.
stage!(Back[Sum] | [y, slopes, class], position | [R::select(y == class, slopes, R::lit(0.0))]);
// Inputs: slope of i, what the labels take away, upstream.
stage!(Both[Each] | [plus, minus, u], position | [(plus - minus) * u]);
stage!(Nothing[Each] | [x], position | [x + position * R::lit(0.0)]);

const SET: Access<'static> = Access { input: 1, member: false, at: &[Place::Sample, Place::Loop(0)] };

// Slots: 0 y over k, 1 x[y] over k, 2 value, 3 slope over c, 4 slopes over k, 5 minus over c.
const PROGRAM: Program<'static> = Program {
    loops: &[2, 1],
    lists: &[Some(1)],
    slots: &[
        Slot { loops: &[0], life: Life::Row },
        Slot { loops: &[0], life: Life::Row },
        Slot { loops: &[], life: Life::Row },
        Slot { loops: &[1], life: Life::Row },
        Slot { loops: &[0], life: Life::Row },
        Slot { loops: &[1], life: Life::Row },
    ],
    before: &[],
    keep: &[],
    rows: &[
        Step {
            need: Need::Value,
            action: Action::Pass {
                stage: 0,
                loops: &[0],
                reads: &[Read::Input(SET)],
                writes: &[Write::Store(0)],
            },
        },
        Step {
            need: Need::Value,
            action: Action::Gather {
                from: Access { input: 0, member: false, at: &[Place::Sample, Place::Slot(0)] },
                into: 1,
            },
        },
        Step {
            need: Need::Value,
            action: Action::Pass {
                stage: 1,
                loops: &[0, 1],
                reads: &[
                    Read::Input(SET),
                    Read::Slot(1),
                    Read::Input(Access { input: 0, member: false, at: &[Place::Sample, Place::Loop(1)] }),
                    Read::Input(Access { input: 1, member: true, at: &[Place::Sample, Place::Loop(1)] }),
                    Read::Size(1),
                ],
                writes: &[Write::Fold(2), Write::Fold(3), Write::Store(4)],
            },
        },
        Step {
            need: Need::Gradient,
            action: Action::Pass {
                stage: 2,
                loops: &[1, 0],
                reads: &[Read::Slot(0), Read::Slot(4), Read::Index(1)],
                writes: &[Write::Store(5)],
            },
        },
        Step {
            need: Need::Gradient,
            action: Action::Pass {
                stage: 3,
                loops: &[1],
                reads: &[Read::Slot(3), Read::Slot(5), Read::Upstream],
                writes: &[Write::Gradient { input: 0, at: &[Place::Sample, Place::Loop(1)] }],
            },
        },
    ],
    after: &[],
    value: 2,
    kept: None,
    valid: None,
};

fn check<T: Float>(n: usize, c: usize, k: usize, order: Order, layout: Option<Layout>, tolerance: f64) {
    let mut dice = Dice((n * 100 + c * 10 + k) as u64);
    let x = Array::new(&[n, c], order, |_| T::from_f64(dice.number()));
    let mut y = Array::new(&[n, k], order, |_| dice.below(c) as i64);
    for sample in 0..n {
        let end = dice.below(k + 1);
        if end < k {
            let place = y.start + sample as isize * y.strides[0] + end as isize * y.strides[1];
            y.memory[place as usize] = -1;
        }
    }
    let mut dx = Array::new(&[n, c], order, |_| T::from_f64(7.0));
    let stages: [&dyn Lanes<T>; 4] = [&entry(Copy1), &entry(Pairs), &entry(Back), &entry(Both)];
    let inputs = [
        x.input(vec![x.samples(1), x.axis(1)]),
        RowInput { data: Data::I64(Elements::new(y.pointer())), axes: vec![y.samples(1), y.axis(1)].leak() },
    ];
    let axes = vec![dx.samples(1), dx.axis(1)];
    let gradients = [Some(dx.target(axes)), None];
    let labels = [Labels { input: 1, axis: 1, set: true }];
    let (shape, sizes) = ([n], [n, c, k]);
    let rows = call(&PROGRAM, &stages, &shape, &sizes, &inputs, &labels, &gradients);
    let sum = run(&rows, layout).unwrap();
    let mut expected = 0.0;
    for sample in 0..n {
        let get = |class: usize| x.get(&[sample, class]).to_f64();
        let set: Vec<usize> =
            (0..k).map(|k| y.get(&[sample, k])).take_while(|y| *y >= 0).map(|y| y as usize).collect();
        let mut gradient = vec![0.0; c];
        for &j in &set {
            for i in (0..c).filter(|i| !set.contains(i)) {
                let margin = 1.0 - get(j) + get(i);
                if margin > 0.0 {
                    expected += margin / c as f64;
                    gradient[i] += 1.0 / c as f64;
                    gradient[j] -= 1.0 / c as f64;
                }
            }
        }
        for (class, gradient) in gradient.iter().enumerate() {
            close(
                dx.get(&[sample, class]).to_f64(),
                *gradient,
                tolerance,
                (n, c, k, order, layout, sample, class),
            );
        }
    }
    close(sum, expected, tolerance, (n, c, k, order, layout));
}

#[test]
fn pairs_over_a_set() {
    for n in [0, 1, 31, 33] {
        for (c, k) in [(1, 1), (5, 5), (32, 3), (40, 33), (100, 7), (70, 70)] {
            for order in ORDERS {
                for layout in LAYOUTS {
                    check::<f64>(n, c, k, order, layout, 1e-12);
                    check::<f32>(n, c, k, order, layout, 1e-5);
                }
            }
        }
    }
}

#[test]
fn empty_sets() {
    for layout in LAYOUTS {
        check::<f64>(5, 4, 0, Order::RowMajor, layout, 1e-12);
        check::<f64>(5, 80, 0, Order::RowMajor, layout, 1e-12);
    }
}

#[test]
fn a_label_that_is_no_class() {
    for layout in LAYOUTS {
        let x = Array::<f64>::new(&[40, 6], Order::RowMajor, |_| 0.0);
        let mut y = Array::new(&[40, 6], Order::RowMajor, |_| 1);
        // Behind the end, anything may stand.
        y.memory[36 * 6 + 2] = -1;
        y.memory[36 * 6 + 3] = 6;
        y.memory[38 * 6 + 4] = 6;
        let stages: [&dyn Lanes<f64>; 4] = [&entry(Copy1), &entry(Pairs), &entry(Back), &entry(Both)];
        let data = Data::I64(Elements::new(y.pointer()));
        let inputs = [
            x.input(vec![x.samples(1), x.axis(1)]),
            RowInput { data, axes: vec![y.samples(1), y.axis(1)].leak() },
        ];
        let labels = [Labels { input: 1, axis: 1, set: true }];
        let rows = call(&PROGRAM, &stages, &[40], &[40, 6, 6], &inputs, &labels, &[None, None]);
        let fault = Fault::Label { input: 1, sample: 38, place: 4, value: 6 };
        assert_eq!(run(&rows, layout), Err(fault));
    }
}

#[test]
fn long_axes_in_single_precision() {
    let value = Slot { loops: &[], life: Life::Row };
    let pass = Action::Pass { stage: 0, loops: &[], reads: &[Read::Upstream], writes: &[Write::Store(0)] };
    let steps = [Step { need: Need::Value, action: pass }];
    let program = Program {
        loops: &[],
        lists: &[],
        slots: &[value],
        before: &[],
        keep: &[],
        rows: &steps,
        after: &[],
        value: 0,
        kept: None,
        valid: None,
    };
    let labels = [Labels { input: 0, axis: 1, set: false }];
    let sizes = [1, (1 << 24) + 1];
    let number = Array::<f32>::new(&[], Order::RowMajor, |_| 0.0);
    let single = [number.input(Vec::new())];
    let stage = entry(Nothing);
    let stages: [&dyn Lanes<f32>; 1] = [&stage];
    let rows = call(&program, &stages, &[], &sizes, &single, &labels, &[]);
    assert_eq!(run(&rows, None), Err(Fault::Long { axis: 1 }));
    assert_eq!(run(&crate::rows::Rows { labels: &[], ..rows }, None), Ok(1.0));
    let number = Array::<f64>::new(&[], Order::RowMajor, |_| 0.0);
    let double = [number.input(Vec::new())];
    let stage = entry(Nothing);
    let stages: [&dyn Lanes<f64>; 1] = [&stage];
    assert_eq!(run(&call(&program, &stages, &[], &sizes, &double, &labels, &[]), None), Ok(1.0));
}
