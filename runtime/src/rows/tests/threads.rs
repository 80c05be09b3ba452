//! Threads share a call that is worth it: value = sum[c](x), and the derivative that the program claims is x.

use super::case::*;
use crate::rows::program::{Access, Action, Life, Need, Place, Program, Read, Slot, Step, Write};
use crate::rows::{Lanes, Rows, WORTHWHILE, entry};
use crate::sweep::tests::meet::Meet;

static MANY: Meet = Meet::new(4);
static ONE: Meet = Meet::new(1);

stage!(Many [Sum, Each] |[x], position| {
    MANY.come();
    [x, x]
});
stage!(One [Sum, Each] |[x], position| {
    ONE.come();
    [x, x]
});

const AT: &[Place] = &[Place::Sample, Place::Loop(0)];
const PROGRAM: Program<'static> = Program {
    loops: &[1],
    lists: &[],
    slots: &[Slot { loops: &[], life: Life::Row }],
    before: &[],
    keep: &[],
    rows: &[Step {
        need: Need::Value,
        action: Action::Pass {
            stage: 0,
            loops: &[0],
            reads: &[Read::Input(Access { input: 0, member: false, at: AT })],
            writes: &[Write::Store(0), Write::Gradient { input: 0, at: AT }],
        },
    }],
    after: &[],
    value: 0,
    kept: None,
    valid: None,
};

/// How many threads of four come, where the derivative goes to the samples or is added up over them.
fn evaluate(stage: &dyn Lanes<f32>, n: usize, shared: bool) {
    let c = 100;
    let x = Array::<f32>::new(&[n, c], Order::RowMajor, |index| (index[1] % 2) as f32);
    let mut dx = Array::<f32>::new(&[if shared { 1 } else { n }, c], Order::RowMajor, |_| 7.0);
    if shared {
        dx.strides[0] = 0;
    }
    let axes = vec![dx.samples(1), dx.axis(1)];
    let (shape, sizes, stages) = ([n], [n, c], [stage]);
    let inputs = [x.input(vec![x.samples(1), x.axis(1)])];
    let gradients = [Some(dx.target(axes))];
    let rows: Rows<'_, f32> = call(&PROGRAM, &stages, &shape, &sizes, &inputs, &[], &gradients);
    assert_eq!(run(&rows, None), Ok((n * c / 2) as f64));
    let every = if shared { n as f32 } else { 1.0 };
    assert!(dx.memory.iter().enumerate().all(|(at, dx)| *dx == (at % 2) as f32 * every));
}

#[test]
fn threads_share_a_call_that_is_worth_it() {
    let enough = WORTHWHILE.div_ceil(100);
    threads(4, || evaluate(&entry(Many), enough, false));
    assert_eq!(MANY.count(), 4);
    threads(4, || evaluate(&entry(One), enough - 1, false));
    assert_eq!(ONE.count(), 1);
}

static SHARED: Meet = Meet::new(4);

stage!(Total [Sum, Each] |[x], position| {
    SHARED.come();
    [x, x]
});

#[test]
fn threads_share_sums_over_samples() {
    threads(4, || evaluate(&entry(Total), WORTHWHILE.div_ceil(100), true));
    assert_eq!(SHARED.count(), 4);
}
