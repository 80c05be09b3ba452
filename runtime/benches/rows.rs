//! Losses over named axes against a plain copy of the same bytes.
//!
//! Prints nanoseconds per sample and, beside each, the ratio to a copy that reads and writes as many arrays.
//! Everything that is compared runs in turns, and medians are shown, then the
//! shortest times.

use std::hint::black_box;
use std::time::Instant;

use lossdef_runtime::real::{Float, Real};
use lossdef_runtime::rows::program::{Access, Action, Life, Need, Place, Program, Read, Slot, Step, Write};
use lossdef_runtime::rows::{
    Data, Elements, Kind, Labels, Lanes, RowAxis, RowInput, RowTarget, Rows, Stage, entry, run,
};
use lossdef_runtime::sweep::{Demand, Upstream};

/// Declares a stage.
macro_rules! stage {
    ($name:ident [$($kind:ident),*] |[$($input:ident),*], $position:ident| $outputs:expr) => {
        #[derive(Clone, Copy)]
        struct $name;

        impl<T: Float> Stage<T, { [$(stringify!($input)),*].len() }, { [$(stringify!($kind)),*].len() }>
            for $name
        {
            const KINDS: [Kind; [$(stringify!($kind)),*].len()] = [$(Kind::$kind),*];

            #[inline(always)]
            fn run<R: Real<Scalar = T>>(
                &self,
                [$($input),*]: [R; [$(stringify!($input)),*].len()],
                $position: R,
            ) -> [R; [$(stringify!($kind)),*].len()] {
                let _ = $position;
                $outputs
            }
        }
    };
}

const ROW: Slot<'static> = Slot { loops: &[], life: Life::Row };
const OVER: Slot<'static> = Slot { loops: &[0], life: Life::Row };
const X: Read<'static> =
    Read::Input(Access { input: 0, member: false, at: &[Place::Sample, Place::Loop(0)] });
const Y: Read<'static> =
    Read::Input(Access { input: 1, member: false, at: &[Place::Sample, Place::Loop(0)] });
const TARGET: Read<'static> = Read::Input(Access { input: 1, member: false, at: &[Place::Sample] });
const DX: Write<'static> = Write::Gradient { input: 0, at: &[Place::Sample, Place::Loop(0)] };
const DY: Write<'static> = Write::Gradient { input: 1, at: &[Place::Sample, Place::Loop(0)] };

const fn pass<'p>(
    need: Need,
    stage: usize,
    loops: &'p [usize],
    reads: &'p [Read<'p>],
    writes: &'p [Write<'p>],
) -> Step<'p> {
    Step { need, action: Action::Pass { stage, loops, reads, writes } }
}

const PICK: Step<'static> = Step {
    need: Need::Value,
    action: Action::Gather {
        from: Access { input: 0, member: false, at: &[Place::Sample, Place::Slot(7)] },
        into: 3,
    },
};

// Cross entropy.
stage!(Kept [Each, Each] |[t], position| [R::select(t == R::lit(-100.0), R::lit(0.0), R::lit(1.0)), t]);
stage!(Largest[Max] | [x], position | [x]);
stage!(Exponentials [Each, Sum] |[x, m], position| {
    let e = (x - m).exp_nonpos();
    [e, e]
});
stage!(Loss [Each, Each] |[s, m, xt, u], position| [s.log() + m - xt, u / s]);
stage!(
    Slope[Each] | [e, coefficient, t, u],
    position | [e * coefficient - R::select(position == t, u, R::lit(0.0))]
);

// Slots: 0 max, 1 e, 2 s, 3 xt, 4 kept, 5 value, 6 coefficient, 7 t.
const ENTROPY: Program<'static> = Program {
    loops: &[1],
    lists: &[],
    slots: &[ROW, OVER, ROW, ROW, ROW, ROW, ROW, ROW],
    before: &[],
    keep: &[pass(Need::Value, 0, &[], &[TARGET], &[Write::Store(4), Write::Store(7)])],
    rows: &[
        PICK,
        pass(Need::Value, 1, &[0], &[X], &[Write::Store(0)]),
        pass(Need::Value, 2, &[0], &[X, Read::Slot(0)], &[Write::Store(1), Write::Store(2)]),
        pass(
            Need::Value,
            3,
            &[],
            &[Read::Slot(2), Read::Slot(0), Read::Slot(3), Read::Upstream],
            &[Write::Store(5), Write::Store(6)],
        ),
        pass(Need::Gradient, 4, &[0], &[Read::Slot(1), Read::Slot(6), Read::Slot(7), Read::Upstream], &[DX]),
    ],
    after: &[],
    value: 5,
    kept: Some(4),
    valid: None,
};

// Multi margin: sum[c](relu(1 - x[t] + x)) / size(c), where c is not t.
stage!(Margin [Sum, Sum] |[x, xt, t], position| {
    let zero = R::lit(0.0);
    let m = R::lit(1.0) - xt + x;
    let other = position == t;
    [R::select(other, zero, m.relu()), R::select(other | (m <= zero), zero, R::lit(1.0))]
});
stage!(Mean [Each, Each, Each] |[s, k, size, u], position| [s / size, u / size, k * u / size]);
stage!(
    Margins[Each] | [x, xt, t, share, all],
    position | {
        let zero = R::lit(0.0);
        let m = R::lit(1.0) - xt + x;
        [R::select(position == t, -all, R::select(m <= zero, zero, share))]
    }
);

// Slots: 0 sum, 1 (unused), 2 count, 3 xt, 4 share, 5 value, 6 all, 7 t.
const MARGIN: Program<'static> = Program {
    loops: &[1],
    lists: &[],
    slots: &[ROW, OVER, ROW, ROW, ROW, ROW, ROW, ROW],
    before: &[],
    keep: &[],
    rows: &[
        pass(Need::Value, 1, &[], &[TARGET], &[Write::Store(7)]),
        PICK,
        pass(Need::Value, 2, &[0], &[X, Read::Slot(3), Read::Slot(7)], &[Write::Store(0), Write::Store(2)]),
        pass(
            Need::Value,
            3,
            &[],
            &[Read::Slot(0), Read::Slot(2), Read::Size(1), Read::Upstream],
            &[Write::Store(5), Write::Store(4), Write::Store(6)],
        ),
        pass(
            Need::Gradient,
            4,
            &[0],
            &[X, Read::Slot(3), Read::Slot(7), Read::Slot(4), Read::Slot(6)],
            &[DX],
        ),
    ],
    after: &[],
    value: 5,
    kept: None,
    valid: None,
};

stage!(Same[Each] | [x], position | [x]);

// Cosine: 1 - x.y / (|x| |y|).
stage!(Dots [Sum, Sum, Sum] |[x, y], position| [x * y, x * x, y * y]);
stage!(Cosine [Each, Each, Each, Each] |[xy, xx, yy, u], position| {
    let one = R::lit(1.0);
    let scale = one / (xx.sqrt() * yy.sqrt());
    let cosine = xy * scale;
    [one - cosine, u * scale, u * cosine / xx, u * cosine / yy]
});
stage!(Angles [Each, Each] |[x, y, scale, a, b], position| [a * x - scale * y, b * y - scale * x]);

const COSINE: Program<'static> = Program {
    loops: &[1],
    lists: &[],
    slots: &[ROW, ROW, ROW, ROW, ROW, ROW, ROW],
    before: &[],
    keep: &[],
    rows: &[
        pass(Need::Value, 0, &[0], &[X, Y], &[Write::Store(0), Write::Store(1), Write::Store(2)]),
        pass(
            Need::Value,
            1,
            &[],
            &[Read::Slot(0), Read::Slot(1), Read::Slot(2), Read::Upstream],
            &[Write::Store(3), Write::Store(4), Write::Store(5), Write::Store(6)],
        ),
        pass(Need::Gradient, 2, &[0], &[X, Y, Read::Slot(4), Read::Slot(5), Read::Slot(6)], &[DX, DY]),
    ],
    after: &[],
    value: 3,
    kept: None,
    valid: None,
};

/// Arrays of a size.
struct Arrays<T> {
    n: usize,
    c: usize,
    x: Vec<T>,
    y: Vec<T>,
    t: Vec<i64>,
    dx: Vec<T>,
    dy: Vec<T>,
}

impl<T: Float> Arrays<T> {
    fn new(n: usize, c: usize) -> Self {
        let mut state = 1u64;
        let mut next = move || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            state >> 33
        };
        let mut numbers = |scale: f64| -> Vec<T> {
            (0..n * c).map(|_| T::from_f64((next() % 8192) as f64 * scale - 4.0 * scale * 1024.0)).collect()
        };
        let (x, y) = (numbers(1e-3), numbers(1e-3));
        let t = (0..n).map(|sample| (sample * 7919 % c) as i64).collect();
        let zeros = || vec![T::from_f64(0.0); n * c];
        Arrays { n, c, x, y, t, dx: zeros(), dy: zeros() }
    }

    /// A copy of all that is read and written.
    fn copy(&mut self, both: bool) {
        self.dx.copy_from_slice(&self.x);
        if both {
            self.dy.copy_from_slice(&self.y);
        }
    }

    fn run(&mut self, program: &Program<'_>, stages: &[&dyn Lanes<T>], both: bool) -> f64 {
        let (n, c) = (self.n, self.c);
        let (steps, samples, one) = ([(c, 1isize)], [c as isize], [1isize]);
        let axes = [RowAxis { steps: &[], samples: &samples }, RowAxis { steps: &steps, samples: &[] }];
        let target = [RowAxis { steps: &[], samples: &one }];
        let float = |x: &Vec<T>| RowInput { data: Data::Float(Elements::new(x.as_ptr())), axes: &axes };
        let second = if both {
            float(&self.y)
        } else {
            RowInput { data: Data::I64(Elements::new(self.t.as_ptr())), axes: &target }
        };
        let goal = |dx: &mut Vec<T>| Some(RowTarget { pointer: dx.as_mut_ptr(), axes: &axes });
        let gradients = [goal(&mut self.dx), if both { goal(&mut self.dy) } else { None }];
        let label = [Labels { input: 1, axis: 1, set: false }];
        let rows = Rows {
            program,
            stages,
            shape: &[n],
            sizes: &[n, c],
            inputs: &[float(&self.x), second],
            labels: if both { &[] } else { &label },
            positions: &[],
            demand: Demand::Gradients,
            first: Some(0),
            upstream: Upstream::Scale(1.0 / n as f64),
            values: None,
            gradients: &gradients,
            accumulate: false,
            check: true,
        };
        // SAFETY: all arrays have `n` rows of `c` elements, or `n` elements.
        unsafe { run(&rows) }.unwrap_or(f64::NAN)
    }
}

/// Name, program, stages, whether there are two matrices, numbers of samples and classes.
type Case<'c, T> = (&'c str, &'c Program<'c>, &'c [&'c dyn Lanes<T>], bool, &'c [(usize, usize)]);

/// The median and the minimum.
fn middle(times: &mut [f64]) -> [f64; 2] {
    times.sort_by(f64::total_cmp);
    [times[times.len() / 2], times[0]]
}

fn table<T: Float>(name: &str, only: &str, classes: Option<usize>) {
    let entropy: [&dyn Lanes<T>; 5] =
        [&entry(Kept), &entry(Largest), &entry(Exponentials), &entry(Loss), &entry(Slope)];
    let margin: [&dyn Lanes<T>; 5] =
        [&entry(Kept), &entry(Same), &entry(Margin), &entry(Mean), &entry(Margins)];
    let cosine: [&dyn Lanes<T>; 3] = [&entry(Dots), &entry(Cosine), &entry(Angles)];
    let all: [Case<'_, T>; 4] = [
        (
            "cross_entropy",
            &ENTROPY,
            &entropy,
            false,
            &[(1024, 1000), (2048, 32000), (65536, 10), (65536, 128)],
        ),
        ("entropy_small", &ENTROPY, &entropy, false, &[(32, 10)]),
        ("multi_margin", &MARGIN, &margin, false, &[(1024, 1000), (65536, 128), (65536, 10)]),
        ("cosine", &COSINE, &cosine, true, &[(1024, 1000), (65536, 128), (65536, 10)]),
    ];
    for (loss, program, stages, both, sizes) in all {
        if !loss.contains(only) {
            continue;
        }
        for &(n, c) in sizes.iter().filter(|size| classes.is_none_or(|classes| size.1 == classes)) {
            let mut arrays = Arrays::<T>::new(n, c);
            let rounds = (200_000_000 / (n * c)).clamp(5, 2001);
            let (mut copies, mut runs) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                let start = Instant::now();
                black_box(&mut arrays).copy(both);
                copies.push(start.elapsed().as_secs_f64());
                let start = Instant::now();
                black_box(black_box(&mut arrays).run(program, stages, both));
                runs.push(start.elapsed().as_secs_f64());
            }
            let ([copy, best_copy], [own, best_own]) = (middle(&mut copies), middle(&mut runs));
            let per_sample = |time: f64| time * 1e9 / n as f64;
            println!(
                "{name} {loss:14} [{n:5}, {c:5}] {:9.1} ns  copy {:9.1} ns  ratio {:5.2}  \
                 best {:9.1} {:9.1} {:5.2}",
                per_sample(own),
                per_sample(copy),
                own / copy,
                per_sample(best_own),
                per_sample(best_copy),
                best_own / best_copy
            );
        }
    }
}

fn main() {
    // The loss, the number of classes and the type to run alone.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let only = arguments.next().unwrap_or_default();
    let classes = arguments.next().and_then(|argument| argument.parse().ok());
    let kind = arguments.next().unwrap_or_default();
    let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else { return };
    pool.install(|| {
        if "f32".contains(&kind) {
            table::<f32>("f32", &only, classes);
        }
        if "f64".contains(&kind) {
            table::<f64>("f64", &only, classes);
        }
    });
}
