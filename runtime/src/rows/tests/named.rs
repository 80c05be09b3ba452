//! A sample axis that is also looped over: the value of sample i is
//! `sum[j in n](x[i] * y[j] * (j - i)) + y[i]^2`, kept where any of m[i, k] is positive.

use super::case::*;
use crate::real::Float;
use crate::rows::program::{Access, Action, Life, Need, Place, Program, Read, Slot, Step, Write};
use crate::rows::{Lanes, RowAxis, Rows, entry};

stage!(Any [Max, Each] |[m], position| {
    let positive = R::select(m > R::lit(0.0), R::lit(1.0), R::lit(0.0));
    [positive, positive]
});
stage!(Term [Sum, Sum, Each] |[x, y, i, u], position| {
    let distance = position - i;
    [x * y * distance, y * distance * u, x * distance * u]
});
stage!(Square [Each, Each] |[sum, y, u], position| [sum + y * y, R::lit(2.0) * y * u]);
stage!(Copy1[Each] | [x], position | [x]);
stage!(Count[Sum] | [x], position | [x]);
stage!(Plus[Each] | [a, b], position | [a + b * R::lit(0.0)]);

const ROW: Slot<'static> = Slot { loops: &[], life: Life::Row };
const OWN: &[Place] = &[Place::Sample];

const fn input(input: usize, at: &[Place]) -> Read<'_> {
    Read::Input(Access { input, member: false, at })
}

const fn pass<'p>(
    stage: usize,
    loops: &'p [usize],
    reads: &'p [Read<'p>],
    writes: &'p [Write<'p>],
) -> Step<'p> {
    Step { need: Need::Value, action: Action::Pass { stage, loops, reads, writes } }
}

// Slots: 0 kept, 1 sum, 2 dx, 3 value, 4 total of dy over j, 5 which of m are positive, 6 how many.
const PROGRAM: Program<'static> = Program {
    loops: &[0, 1],
    lists: &[],
    slots: &[
        ROW,
        ROW,
        ROW,
        ROW,
        Slot { loops: &[0], life: Life::Total },
        Slot { loops: &[1], life: Life::Row },
        ROW,
    ],
    before: &[],
    keep: &[pass(
        0,
        &[1],
        &[input(2, &[Place::Sample, Place::Loop(1)])],
        &[Write::Store(0), Write::Store(5)],
    )],
    rows: &[
        pass(4, &[1], &[Read::Slot(5)], &[Write::Store(6)]),
        pass(
            1,
            &[0],
            &[input(0, OWN), input(1, &[Place::Loop(0)]), Read::Sample(0), Read::Upstream],
            &[Write::Fold(1), Write::Store(2), Write::Total(4)],
        ),
        pass(
            2,
            &[],
            &[Read::Slot(1), input(1, OWN), Read::Upstream],
            &[Write::Store(3), Write::Gradient { input: 1, at: OWN }],
        ),
        pass(5, &[], &[Read::Slot(2), Read::Slot(6)], &[Write::Gradient { input: 0, at: OWN }]),
    ],
    after: &[pass(3, &[0], &[Read::Slot(4)], &[Write::Gradient { input: 1, at: &[Place::Loop(0)] }])],
    value: 3,
    kept: Some(0),
    valid: None,
};

fn check(n: usize, k: usize, accumulate: bool) {
    for layout in LAYOUTS {
        let mut dice = Dice((n * 10 + k) as u64);
        let x = Array::<f64>::new(&[n], Order::Backwards, |_| dice.number());
        let y = Array::<f64>::new(&[n], Order::Gaps, |_| dice.number());
        let m = Array::<f64>::new(&[n, k], Order::RowMajor, |_| dice.number());
        let mut dx = Array::new(&[n], Order::RowMajor, |_| 7.0);
        let mut dy = Array::new(&[n], Order::Backwards, |_| 7.0);
        let both = |array: &Array<f64>| {
            vec![RowAxis { steps: array.axis(0).steps, samples: array.samples(1).samples }]
        };
        let stages: [&dyn Lanes<f64>; 6] =
            [&entry(Any), &entry(Term), &entry(Square), &entry(Copy1), &entry(Count), &entry(Plus)];
        let inputs = [x.input(both(&x)), y.input(both(&y)), m.input(vec![m.samples(1), m.axis(1)])];
        let axes = (both(&dx), both(&dy));
        let gradients = [Some(dx.target(axes.0)), Some(dy.target(axes.1)), None];
        let (shape, sizes) = ([n], [n, k]);
        let positions = [(0, 0..1)];
        let rows = Rows {
            positions: &positions,
            accumulate,
            ..call(&PROGRAM, &stages, &shape, &sizes, &inputs, &[], &gradients)
        };
        let sum = run(&rows, layout).unwrap();
        let start = if accumulate { 7.0 } else { 0.0 };
        let (mut expected, mut all) = (0.0, vec![start; n]);
        for i in 0..n {
            let mut own = start;
            if (0..k).any(|k| m.get(&[i, k]) > 0.0) {
                let (xi, yi) = (x.get(&[i]), y.get(&[i]));
                expected += yi * yi;
                all[i] += 2.0 * yi;
                for (j, all) in all.iter_mut().enumerate() {
                    let distance = j as f64 - i as f64;
                    expected += xi * y.get(&[j]) * distance;
                    own += y.get(&[j]) * distance;
                    *all += xi * distance;
                }
            }
            close(dx.get(&[i]).to_f64(), own, 1e-12, (n, k, layout, i));
        }
        for (j, all) in all.iter().enumerate() {
            close(dy.get(&[j]).to_f64(), *all, 1e-12, (n, k, layout, j));
        }
        close(sum, expected, 1e-12, (n, k, layout));
    }
}

#[test]
fn a_sample_axis_in_a_loop() {
    for n in [1, 31, 32, 33, 90] {
        for k in [1, 2, 40, 70] {
            check(n, k, false);
            check(n, k, true);
        }
    }
}
