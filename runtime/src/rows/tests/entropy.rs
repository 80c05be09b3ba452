//! Cross entropy with weights and ignored samples.

use super::case::*;
use crate::real::Float;
use crate::rows::program::{Access, Action, Life, Need, Place, Program, Read, Slot, Step, Write};
use crate::rows::{Data, Elements, Fault, Labels, Lanes, Rows, entry};
use crate::sweep::{Demand, Operand, Strided, StridedMut, Upstream};

const IGNORED: i64 = -100;

stage!(Kept[Each] | [t], position | [R::select(t == R::lit(IGNORED as f64), R::lit(0.0), R::lit(1.0))]);
stage!(Largest[Max] | [x], position | [x]);
stage!(Exponentials [Each, Sum] |[x, m], position| {
    let e = (x - m).exp_nonpos();
    [e, e]
});
stage!(Loss [Each, Each, Each, Each, Each] |[s, m, xt, w, u], position| {
    let nll = s.log() + m - xt;
    let valid = R::select(w < R::lit(0.0), R::lit(0.0), R::lit(1.0));
    [w * nll, w * u / s, w * u, nll * u, valid]
});
stage!(
    Gradient[Each] | [e, coefficient, t, wu],
    position | [e * coefficient - R::select(position == t, wu, R::lit(0.0))]
);
stage!(Weight[Each] | [t, nll], position | [R::select(position == t, nll, R::lit(0.0))]);
stage!(Copy1[Each] | [x], position | [x]);

// Slots: 0 max, 1 e, 2 s, 3 xt, 4 w, 5 value, 6 coefficient, 7 t, 8 kept, 9 w u, 10 nll u, 11 weights, 12
// valid.
const ROW: Slot<'static> = Slot { loops: &[], life: Life::Row };
const X: Read<'static> =
    Read::Input(Access { input: 0, member: false, at: &[Place::Sample, Place::Loop(0)] });
const TARGET: Read<'static> = Read::Input(Access { input: 1, member: false, at: &[Place::Sample] });

const fn pass<'p>(
    stage: usize,
    need: Need,
    loops: &'p [usize],
    reads: &'p [Read<'p>],
    writes: &'p [Write<'p>],
) -> Step<'p> {
    Step { need, action: Action::Pass { stage, loops, reads, writes } }
}

pub(super) const PROGRAM: Program<'static> = Program {
    loops: &[1],
    lists: &[],
    slots: &[
        ROW,
        Slot { loops: &[0], life: Life::Row },
        ROW,
        ROW,
        ROW,
        ROW,
        ROW,
        ROW,
        ROW,
        ROW,
        ROW,
        Slot { loops: &[0], life: Life::Total },
        ROW,
    ],
    before: &[],
    keep: &[
        pass(0, Need::Value, &[], &[TARGET], &[Write::Store(8)]),
        pass(6, Need::Value, &[], &[TARGET], &[Write::Store(7)]),
    ],
    rows: &[
        Step {
            need: Need::Value,
            action: Action::Gather {
                from: Access { input: 0, member: false, at: &[Place::Sample, Place::Slot(7)] },
                into: 3,
            },
        },
        Step {
            need: Need::Value,
            action: Action::Gather {
                from: Access { input: 2, member: false, at: &[Place::Slot(7)] },
                into: 4,
            },
        },
        pass(1, Need::Value, &[0], &[X], &[Write::Store(0)]),
        pass(2, Need::Value, &[0], &[X, Read::Slot(0)], &[Write::Store(1), Write::Store(2)]),
        pass(
            3,
            Need::Value,
            &[],
            &[Read::Slot(2), Read::Slot(0), Read::Slot(3), Read::Slot(4), Read::Upstream],
            &[Write::Store(5), Write::Store(6), Write::Store(9), Write::Store(10), Write::Store(12)],
        ),
        pass(
            4,
            Need::Gradient,
            &[0],
            &[Read::Slot(1), Read::Slot(6), Read::Slot(7), Read::Slot(9)],
            &[Write::Gradient { input: 0, at: &[Place::Sample, Place::Loop(0)] }],
        ),
        pass(5, Need::Gradients, &[0], &[Read::Slot(7), Read::Slot(10)], &[Write::Total(11)]),
    ],
    after: &[pass(
        6,
        Need::Gradients,
        &[0],
        &[Read::Slot(11)],
        &[Write::Gradient { input: 2, at: &[Place::Loop(0)] }],
    )],
    value: 5,
    kept: Some(8),
    valid: Some(12),
};

const LABELS: [Labels; 1] = [Labels { input: 1, axis: 1, set: false }];

pub(super) struct Problem<T> {
    pub(super) x: Array<T>,
    pub(super) t: Array<i64>,
    pub(super) w: Array<T>,
    pub(super) u: Array<T>,
}

impl<T: Float> Problem<T> {
    pub(super) fn new(n: usize, c: usize, order: Order, ignored: usize) -> Self {
        let mut dice = Dice(n as u64 * 1000 + c as u64);
        let t = Array::new(&[n], order, |_| {
            if ignored > 0 && dice.below(ignored) == 0 { IGNORED } else { dice.below(c) as i64 }
        });
        let x = Array::new(&[n, c], order, |index| {
            let number = dice.number();
            T::from_f64(if t.get(&index[..1]) == IGNORED { f64::NAN } else { number })
        });
        let w = Array::new(&[c], order, |_| T::from_f64(dice.number().abs()));
        let u = Array::new(&[n], order, |_| T::from_f64(dice.number()));
        Problem { x, t, w, u }
    }
}

pub(super) struct Answer<T> {
    pub(super) sum: Result<f64, Fault>,
    pub(super) values: Array<T>,
    pub(super) dx: Array<T>,
    pub(super) dw: Array<T>,
}

pub(super) fn answer<T: Float>(
    problem: &Problem<T>,
    order: Order,
    change: impl FnOnce(&mut Rows<'_, T>),
    layout: Option<crate::rows::layout::Layout>,
) -> Answer<T> {
    let Problem { x, t, w, u } = problem;
    let (n, c) = (x.shape[0], x.shape[1]);
    let seven = |_: &[usize]| T::from_f64(7.0);
    let mut dx = Array::new(&[n, c], order, seven);
    let mut dw = Array::new(&[c], order, seven);
    let mut values = Array::new(&[n], order, seven);
    let stages: [&dyn Lanes<T>; 7] = [
        &entry(Kept),
        &entry(Largest),
        &entry(Exponentials),
        &entry(Loss),
        &entry(Gradient),
        &entry(Weight),
        &entry(Copy1),
    ];
    let inputs = [
        x.input(vec![x.samples(1), x.axis(1)]),
        crate::rows::RowInput {
            data: Data::I64(Elements::new(t.pointer())),
            axes: vec![t.samples(1)].leak(),
        },
        w.input(vec![w.axis(0)]),
    ];
    let (dx_axes, dw_axes) = (vec![dx.samples(1), dx.axis(1)], vec![dw.axis(0)]);
    let gradients = [Some(dx.target(dx_axes)), None, Some(dw.target(dw_axes))];
    let strides = values.strides.clone();
    // SAFETY: the array has these strides.
    let sink = unsafe { StridedMut::new(values.memory.as_mut_ptr().wrapping_offset(values.start), &strides) };
    let shape = [n];
    let sizes = [n, c];
    let mut rows = call(&PROGRAM, &stages, &shape, &sizes, &inputs, &LABELS, &gradients);
    rows.values = Some(&sink);
    // SAFETY: as above.
    rows.upstream = Upstream::Each(Operand::Float(unsafe { Strided::new(u.pointer(), &u.strides) }));
    change(&mut rows);
    let sum = run(&rows, layout);
    Answer { sum, values, dx, dw }
}

pub(super) fn check<T: Float>(problem: &Problem<T>, answer: &Answer<T>, tolerance: f64) {
    let Problem { x, t, w, u } = problem;
    let (n, c) = (x.shape[0], x.shape[1]);
    let mut sum = 0.0;
    let mut dw = vec![0.0; c];
    for sample in 0..n {
        let label = t.get(&[sample]);
        if label == IGNORED {
            assert_eq!(answer.values.get(&[sample]).to_f64(), 0.0);
            for class in 0..c {
                assert_eq!(answer.dx.get(&[sample, class]).to_f64(), 0.0);
            }
            continue;
        }
        let row: Vec<f64> = (0..c).map(|class| x.get(&[sample, class]).to_f64()).collect();
        let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = row.iter().map(|x| (x - max).exp()).sum();
        let label = label as usize;
        let (weight, factor) = (w.get(&[label]).to_f64(), u.get(&[sample]).to_f64());
        let nll = total.ln() + max - row[label];
        close(answer.values.get(&[sample]).to_f64(), weight * nll, tolerance, (n, c, sample));
        sum += weight * nll;
        dw[label] += nll * factor;
        for (class, x) in row.iter().enumerate() {
            let hit = if class == label { 1.0 } else { 0.0 };
            let expected = factor * weight * ((x - max).exp() / total - hit);
            close(answer.dx.get(&[sample, class]).to_f64(), expected, tolerance, (n, c, sample, class));
        }
    }
    close(answer.sum.unwrap(), sum, tolerance * 10.0, (n, c));
    for (class, expected) in dw.iter().enumerate() {
        close(answer.dw.get(&[class]).to_f64(), *expected, tolerance * 10.0, (n, c, class));
    }
}

#[test]
fn any_size_order_and_layout() {
    for n in [0, 1, 2, 31, 32, 33, 70] {
        for c in [1, 2, 10, 31, 32, 33, 64, 65, 100] {
            for order in ORDERS {
                let problem = Problem::<f64>::new(n, c, order, 4);
                let single = Problem::<f32>::new(n, c, order, 4);
                for layout in LAYOUTS {
                    check(&problem, &answer(&problem, order, |_| (), layout), 1e-13);
                    check(&single, &answer(&single, order, |_| (), layout), 1e-5);
                }
            }
        }
    }
}

#[test]
fn classes_before_the_rest() {
    // As torch has images: samples side by side.
    for (n, c) in [(200, 19), (96, 70), (33, 100)] {
        let order = Order::ColumnMajor;
        for ignored in [0, 40] {
            let problem = Problem::<f32>::new(n, c, order, ignored);
            for layout in LAYOUTS {
                check(&problem, &answer(&problem, order, |_| (), layout), 1e-5);
            }
        }
    }
}

#[test]
fn threads_change_nothing() {
    let problem = Problem::<f32>::new(5000, 100, Order::RowMajor, 7);
    for layout in LAYOUTS {
        let one = threads(1, || answer(&problem, Order::RowMajor, |_| (), layout));
        let two = threads(2, || answer(&problem, Order::RowMajor, |_| (), layout));
        check(&problem, &one, 1e-4);
        assert_eq!(one.sum.unwrap().to_bits(), two.sum.unwrap().to_bits());
        assert_eq!(one.dx.memory, two.dx.memory);
        assert_eq!(one.dw.memory, two.dw.memory);
        assert_eq!(one.values.memory, two.values.memory);
    }
}

#[test]
fn faults() {
    for layout in LAYOUTS {
        for n in [40, 3000] {
            let mut problem = Problem::<f32>::new(n, 50, Order::RowMajor, 5);
            problem.t.memory[33] = 50;
            problem.t.memory[35] = -1;
            let fault = |problem: &Problem<f32>| answer(problem, Order::RowMajor, |_| (), layout).sum;
            let label = Fault::Label { input: 1, sample: 33, place: 0, value: 50 };
            assert_eq!(fault(&problem), Err(label));
            problem.t.memory[33] = i64::MIN;
            let label = Fault::Label { input: 1, sample: 33, place: 0, value: i64::MIN };
            assert_eq!(fault(&problem), Err(label));
            problem.t.memory[33] = 1;
            problem.t.memory[35] = 2;
            problem.t.memory[38] = 3;
            problem.x.memory.fill(0.5);
            for label in &mut problem.t.memory[..38] {
                *label = label.rem_euclid(2);
            }
            problem.w.memory[3] = -1.0;
            assert_eq!(fault(&problem), Err(Fault::Invalid { sample: 38 }));
            let unchecked = answer(&problem, Order::RowMajor, |rows| rows.check = false, layout);
            assert!(unchecked.sum.is_ok());
        }
    }
}

#[test]
fn demands_and_accumulation() {
    for layout in LAYOUTS {
        for c in [7, 80] {
            let problem = Problem::<f64>::new(37, c, Order::RowMajor, 5);
            let full = answer(&problem, Order::RowMajor, |_| (), layout);
            let value = answer(&problem, Order::RowMajor, |rows| rows.demand = Demand::Value, layout);
            assert_eq!(value.sum, full.sum);
            assert!(value.dx.memory.iter().chain(&value.dw.memory).all(|x| *x == 7.0));
            let first = answer(&problem, Order::RowMajor, |rows| rows.demand = Demand::Gradient, layout);
            assert_eq!(first.dx.memory, full.dx.memory);
            assert!(first.dw.memory.iter().all(|x| *x == 7.0));
            let more = answer(&problem, Order::RowMajor, |rows| rows.accumulate = true, layout);
            let both =
                more.dx.memory.iter().zip(&full.dx.memory).chain(more.dw.memory.iter().zip(&full.dw.memory));
            for (more, full) in both {
                close(*more, full + 7.0, 1e-14, c);
            }
        }
    }
}

#[test]
fn other_label_types() {
    for layout in LAYOUTS {
        for c in [9, 90] {
            let mut problem = Problem::<f64>::new(50, c, Order::RowMajor, 0);
            problem.t.memory.iter_mut().for_each(|t| *t = t.abs());
            let plain = answer(&problem, Order::RowMajor, |_| (), layout);
            let bytes: Vec<u8> = problem.t.memory.iter().map(|t| *t as u8).collect();
            let small: Vec<i32> = problem.t.memory.iter().map(|t| *t as i32).collect();
            let positive: Vec<u32> = problem.t.memory.iter().map(|t| *t as u32).collect();
            let sizes: Vec<usize> = problem.t.memory.iter().map(|t| *t as usize).collect();
            for data in [
                Data::U8(Elements::new(bytes.as_ptr())),
                Data::I32(Elements::new(small.as_ptr())),
                Data::U32(Elements::new(positive.as_ptr())),
                Data::Usize(Elements::new(sizes.as_ptr())),
            ] {
                let change = |rows: &mut Rows<'_, f64>| {
                    let mut inputs = rows.inputs.to_vec();
                    inputs[1].data = data;
                    // SAFETY: the copy outlives the call; only its lifetime cannot be said here.
                    rows.inputs = unsafe { std::mem::transmute::<&[_], &[_]>(inputs.leak()) };
                };
                let other = answer(&problem, Order::RowMajor, change, layout);
                assert_eq!(other.sum, plain.sum);
                assert_eq!(other.dx.memory, plain.dx.memory);
            }
        }
    }
}
