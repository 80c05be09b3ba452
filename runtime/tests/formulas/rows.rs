//! Losses over named axes written by hand, the way the compiler writes them.

use lossdef_runtime::rows::program::{Access, Action, Life, Need, Place, Read, Slot, Step, Write};

const SAMPLE: &[Place] = &[Place::Sample];
const ALONG: &[Place] = &[Place::Loop(0)];
const SAMPLE_ALONG: &[Place] = &[Place::Sample, Place::Loop(0)];

const NUMBER: Slot<'static> = Slot { loops: &[], life: Life::Row };
const ROW: Slot<'static> = Slot { loops: &[0], life: Life::Row };
const TOTAL: Slot<'static> = Slot { loops: &[0], life: Life::Total };

const fn at(input: usize, at: &'static [Place]) -> Read<'static> {
    Read::Input(access(input, at))
}

const fn access(input: usize, at: &'static [Place]) -> Access<'static> {
    Access { input, member: false, at }
}

const fn gather(need: Need, from: Access<'static>, into: usize) -> Step<'static> {
    Step { need, action: Action::Gather { from, into } }
}

const fn pass(
    need: Need,
    stage: usize,
    loops: &'static [usize],
    reads: &'static [Read<'static>],
    writes: &'static [Write<'static>],
) -> Step<'static> {
    Step { need, action: Action::Pass { stage, loops, reads, writes } }
}

/// A stage from a function of its parameters, inputs and position.
macro_rules! stage {
    ($(#[$doc:meta])* $name:ident: [$($kind:ident),*], |$this:pat_param, $inputs:pat_param, $position:pat_param| $body:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        struct $name(f64);

        impl<T: Float> Stage<T, { count(stringify!($inputs)) }, { [$(Kind::$kind),*].len() }> for $name {
            const KINDS: [Kind; [$(Kind::$kind),*].len()] = [$(Kind::$kind),*];

            #[inline(always)]
            fn run<R: Real<Scalar = T>>(
                &self,
                $inputs: [R; count(stringify!($inputs))],
                $position: R,
            ) -> [R; [$(Kind::$kind),*].len()] {
                let $this = self;
                $body
            }
        }
    };
}

/// The number of names in a pattern like `[a, b]`.
const fn count(pattern: &str) -> usize {
    let (bytes, mut count, mut index) = (pattern.as_bytes(), 1, 0);
    while index < bytes.len() {
        if bytes[index] == b',' {
            count += 1;
        }
        index += 1;
    }
    count
}

pub mod cross_entropy;
pub mod distance;
pub mod overlap;
pub mod picked;
