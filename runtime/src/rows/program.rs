//! A loss over named axes as data: which loops run, what they read and write, and where results are kept.
//!
//! A program is a list of steps over *slots*. It runs in four phases: `before` once per call, for what is the
//! same for all samples; `keep` and then `rows` for each sample; `after` once, when the sums over all samples
//! are complete. It knows no lanes, instruction sets or threads: the runtime decides whether lanes run along
//! the innermost loop or across samples. Loops, slots and stages are numbered by their place in the lists.

/// One way to compute a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program<'p> {
    /// For each loop variable, the axis whose positions it runs over: an index into the sizes of a call.
    pub loops: &'p [usize],
    /// For each loop variable, the input, a set, whose labels it visits: then nothing depends on what is computed
    /// at places behind the last label. `None` for all that are not in the list.
    pub lists: &'p [Option<usize>],
    /// Where intermediate results are kept.
    pub slots: &'p [Slot<'p>],
    /// What runs once, before any sample. Everything here is the same for all samples.
    pub before: &'p [Step<'p>],
    /// What runs first for every sample: it leads to `kept`. It picks nothing by labels.
    pub keep: &'p [Step<'p>],
    /// What runs for every sample that is kept.
    pub rows: &'p [Step<'p>],
    /// What runs once, after all samples.
    pub after: &'p [Step<'p>],
    /// The slot (a number per sample) of the value.
    pub value: usize,
    /// The slot (a number per sample) that is 0 where a sample is not kept; `None` where all are.
    pub kept: Option<usize>,
    /// The slot (a number per sample) that is 0 where an input lies outside of its domain.
    pub valid: Option<usize>,
}

/// Room for an intermediate result: one element, or an array over loop variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot<'p> {
    /// The loop variables that it varies over, outermost first; none for one number.
    pub loops: &'p [usize],
    /// For how long it is kept.
    pub life: Life,
}

/// For how long a slot keeps its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// The whole call: written in `before`, read anywhere.
    Call,
    /// One sample: written and read in `keep` and `rows`.
    Row,
    /// Added up over all samples, in f64 where elements are not products of matrices: written in `rows` by
    /// `Write::Total` or `Step::Total`, read in `after`.
    Total,
    /// Written and read in `after`.
    After,
}

/// The least that must be asked for so that a step has to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The value: it always runs.
    Value,
    /// The derivative with respect to the first differentiable input.
    Gradient,
    /// The derivative with respect to another input.
    Gradients,
}

/// Something that runs over loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'p> {
    /// When it must run.
    pub need: Need,
    /// What it does.
    pub action: Action<'p>,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'p> {
    /// Runs straight-line code at every position of some loops.
    Pass {
        /// Which code: an index into the stages of the kernel.
        stage: usize,
        /// The loop variables, outermost first; none for code that runs once.
        loops: &'p [usize],
        /// Its inputs, in order.
        reads: &'p [Read<'p>],
        /// What is done with its outputs, in order. Outputs that the stage folds (see `Stage::KINDS`) are
        /// folded over the innermost loop before they get here.
        writes: &'p [Write<'p>],
    },
    /// Copies the element at an access into a slot, at every position of the slot's loops.
    Gather {
        /// What is read.
        from: Access<'p>,
        /// Where it goes.
        into: usize,
    },
    /// For every sample, `into[m] = sum over k of left[k] * right[m, k]`: a product of matrices over a tile of
    /// samples.
    Product {
        /// Varies over the samples and over the loop `over`.
        left: Read<'p>,
        /// The same for all samples; varies over `over` and over the loop of `into`.
        right: Read<'p>,
        /// The loop that is summed over.
        over: usize,
        /// A slot of a sample with one loop.
        into: usize,
    },
    /// `into[k, m] += sum over samples of left[k] * right[m]`: the sum over samples of outer products. A sample
    /// that is not kept adds nothing.
    Total {
        /// Varies over the samples and over the first loop of `into`.
        left: Read<'p>,
        /// Varies over the samples and over the second loop of `into`.
        right: Read<'p>,
        /// A slot of `Life::Total` with two loops.
        into: usize,
    },
}

/// One input of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read<'p> {
    /// A slot at the positions of the loops.
    Slot(usize),
    /// An element of an input.
    Input(Access<'p>),
    /// The position of a loop that is not the innermost (that one's is given to every stage).
    Index(usize),
    /// The position of the sample on a sample axis, given as an index into the sizes of the call.
    Sample(usize),
    /// The length of an axis: an index into the sizes of the call.
    Size(usize),
    /// The derivative of the result with respect to the value of the sample, scale included.
    Upstream,
}

/// An element of an input: a position for each of its declared axes, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access<'p> {
    /// Which input.
    pub input: usize,
    /// Whether, instead of the element, it is asked whether a position belongs to the set: then the last place
    /// is that position, and the places before it are those of the input's axes without its last.
    pub member: bool,
    /// The positions.
    pub at: &'p [Place],
}

/// A position on an axis of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// That of the sample: on `..`, or on a named axis that the result varies over.
    Sample,
    /// That of a loop variable.
    Loop(usize),
    /// What a slot holds, in `Action::Gather` only. A number that is no position reads some element: whoever
    /// reads the result leaves it out.
    Slot(usize),
}

/// What is done with one output of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write<'p> {
    /// Stored in a slot over the same loops (without the innermost where the output is folded).
    Store(usize),
    /// Joined with what a slot holds at the loops that the slot has, over those that it lacks, by the stage's
    /// kind (`Kind::Sum` where the output itself is not folded). The slot starts at the kind's neutral element.
    Fold(usize),
    /// Added to a slot of `Life::Total`, over samples and over the loops that the slot lacks.
    Total(usize),
    /// Stored as the derivative with respect to an input, at these places of its axes (never `Place::Slot`).
    /// With a `Place::Sample` each element is written by one sample; in `after`, what the samples wrote before
    /// is added to.
    Gradient {
        /// Which input.
        input: usize,
        /// Where.
        at: &'p [Place],
    },
}

/// A slot. This and what follows are short for generated code.
pub const fn slot<'p>(loops: &'p [usize], life: Life) -> Slot<'p> {
    Slot { loops, life }
}

/// A pass of a stage.
pub const fn pass<'p>(
    need: Need,
    stage: usize,
    loops: &'p [usize],
    reads: &'p [Read<'p>],
    writes: &'p [Write<'p>],
) -> Step<'p> {
    Step { need, action: Action::Pass { stage, loops, reads, writes } }
}

/// A copy of picked elements.
pub const fn gather(need: Need, from: Access<'_>, into: usize) -> Step<'_> {
    Step { need, action: Action::Gather { from, into } }
}

/// A product of matrices.
pub const fn product<'p>(need: Need, left: Read<'p>, right: Read<'p>, over: usize, into: usize) -> Step<'p> {
    Step { need, action: Action::Product { left, right, over, into } }
}

/// A sum of outer products.
pub const fn total<'p>(need: Need, left: Read<'p>, right: Read<'p>, into: usize) -> Step<'p> {
    Step { need, action: Action::Total { left, right, into } }
}

/// An element of an input.
pub const fn at<'p>(input: usize, at: &'p [Place]) -> Access<'p> {
    Access { input, member: false, at }
}

/// Whether a position is in a set input.
pub const fn member<'p>(input: usize, at: &'p [Place]) -> Access<'p> {
    Access { input, member: true, at }
}
