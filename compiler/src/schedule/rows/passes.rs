//! Passes: which values are computed together, what they read, and what they leave to others.

use super::facts::{Fact, Phase, is_loop};
use super::lists::lists;
use super::{Refused, Root};
use crate::functions::row;
use crate::ir::{AxisId, AxisSet, Graph, Loss, Reduction};
use crate::plan::rows::{Action, Life, Need, Output, Pass, Program, Read, Slot, Step, Write};
use crate::plan::{Operation, ValueId, Values};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What costs no more than this, in additions, is computed again where another pass reads it.
const CHEAP: u32 = 8;

/// Which pass: values with one key are computed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) phase: Phase,
    pub(super) rank: usize,
    /// Gathers and products come before the passes of their rank, in the order in which they were asked for.
    order: usize,
    width: usize,
    loops: AxisSet,
    innermost: Option<AxisId>,
    need: Need,
}

/// How a pass comes by a value.
enum Source {
    /// It is computed from others.
    Others,
    /// It is the position that every stage is given.
    Position,
    /// It is read.
    Read(Read),
}

/// A pass in the making.
#[derive(Default)]
struct Draft {
    reads: Vec<(ValueId, Read)>,
    position: Option<ValueId>,
    outputs: Vec<Output>,
    /// The values that it computes.
    computed: HashSet<ValueId>,
}

/// Makes the steps of a program.
pub(super) struct Planner<'a> {
    pub(super) loss: &'a Loss,
    pub(super) graph: &'a Graph,
    pub(super) values: &'a Values,
    pub(super) facts: Vec<Fact>,
    loops: Vec<AxisId>,
    slots: Vec<Slot>,
    places: HashMap<ValueId, usize>,
    passes: BTreeMap<Key, Draft>,
    moves: BTreeMap<Key, Action>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(loss: &'a Loss, graph: &'a Graph, values: &'a Values, facts: Vec<Fact>) -> Self {
        Planner {
            loss,
            graph,
            values,
            facts,
            loops: Vec::new(),
            slots: Vec::new(),
            places: HashMap::new(),
            passes: BTreeMap::new(),
            moves: BTreeMap::new(),
        }
    }

    /// The program.
    pub(super) fn finish(mut self, value: usize, kept: Option<usize>, valid: Option<usize>) -> Program {
        let mut steps = std::mem::take(&mut self.moves);
        for (key, draft) in std::mem::take(&mut self.passes) {
            let loops = self.ordered(key.loops, key.innermost);
            let Draft { reads, position, outputs, .. } = draft;
            steps.insert(key, Action::Pass(Pass { loops, reads, position, outputs }));
        }
        let mut program = Program { value, kept, valid, ..Program::default() };
        for (key, action) in steps {
            let phase = match key.phase {
                Phase::Before => &mut program.before,
                Phase::Keep => &mut program.keep,
                Phase::Row => &mut program.rows,
                Phase::After => &mut program.after,
            };
            phase.push(Step { need: key.need, action });
        }
        program.lists = lists(self.loss, self.graph, self.values, &self.loops, &self.slots, &program.rows);
        program.loops = self.loops;
        program.slots = self.slots;
        program
    }

    /// The slot of a number per sample that a program leads to.
    pub(super) fn root(&mut self, id: ValueId, phase: Phase) -> Result<usize, Refused> {
        let Fact { phase: own, rank, .. } = self.facts[id.0];
        if own == phase || (own == Phase::Keep && phase == Phase::Row) {
            return self.slot(id, Need::Value);
        }
        // What is known before its phase is copied.
        self.slots.push(Slot { value: id, loops: Vec::new(), life: Life::Row });
        let slot = self.slots.len() - 1;
        let key = self.key(phase, if own < phase { 0 } else { rank }, AxisSet::EMPTY, None, Need::Value);
        self.output(key, id, None, Write::Store(slot))?;
        Ok(slot)
    }

    /// Writes the derivative with respect to an input.
    pub(super) fn gradient(&mut self, root: &Root, need: Need) -> Result<(), Refused> {
        let axes = self.loss.inputs[root.input].axes.clone();
        let own: AxisSet = axes.iter().fold(AxisSet::EMPTY, |set, axis| set.union(AxisSet::of(*axis)));
        let nothing = matches!(self.values.get(root.own).operation, Operation::Real(0.0));
        if !nothing || root.shared.is_none() {
            let phase =
                if own.intersection(self.graph.samples).is_empty() { Phase::After } else { Phase::Row };
            self.derivative(root.input, root.own, &axes, phase, need)?;
        }
        if let Some((value, at)) = &root.shared {
            let moved = |axis: &AxisId| at.iter().find(|(from, _)| from == axis).map_or(*axis, |(_, to)| *to);
            let axes: Vec<AxisId> = axes.iter().map(moved).collect();
            self.derivative(root.input, *value, &axes, Phase::After, need)?;
        }
        Ok(())
    }

    fn derivative(
        &mut self,
        input: usize,
        value: ValueId,
        axes: &[AxisId],
        phase: Phase,
        need: Need,
    ) -> Result<(), Refused> {
        let samples = self.graph.samples;
        let all = axes.iter().fold(AxisSet::EMPTY, |set, axis| set.union(AxisSet::of(*axis)));
        let fact = self.facts[value.0];
        let rank = if fact.phase == phase { fact.rank } else { 0 };
        let innermost = axes.last().copied().filter(|axis| !samples.contains(*axis));
        let loops = all.difference(samples);
        let innermost = innermost.or_else(|| loops.iter().last());
        let key = self.key(phase, rank, loops, innermost, need);
        let at = axes.iter().map(|axis| self.place(*axis)).collect();
        self.output(key, value, None, Write::Gradient { input, at })
    }

    /// The slot of a value; it is computed where that is possible first.
    pub(super) fn slot(&mut self, id: ValueId, need: Need) -> Result<usize, Refused> {
        if let Some(slot) = self.places.get(&id) {
            return Ok(*slot);
        }
        let Fact { phase, rank, inner } = self.facts[id.0];
        match self.values.get(id).operation.clone() {
            Operation::Fold(reduction, axis, body) => self.fold(id, reduction, axis, body, need),
            Operation::Gather(leaf, picks)
                if picks.iter().any(|(_, at)| !is_loop(self.graph, self.values, *at)) =>
            {
                if phase == Phase::Keep {
                    return Err(Refused);
                }
                let from = self.access(leaf, &picks, need)?;
                let innermost = self.innermost(&[id], inner);
                let slot = self.new_slot(id, inner, innermost, life(phase));
                self.push_move(phase, rank, need, Action::Gather { from, into: slot });
                Ok(slot)
            }
            _ => {
                let innermost = self.innermost(&[id], inner);
                let slot = self.new_slot(id, inner, innermost, life(phase));
                let key = self.key(phase, rank, inner, innermost, need);
                let key = self.computing(key, id);
                self.output(key, id, None, Write::Store(slot))?;
                Ok(slot)
            }
        }
    }

    /// The key of a pass that computes a value anyway, if there is one with as little need.
    fn computing(&self, key: Key, id: ValueId) -> Key {
        let earlier = [Need::Value, Need::Gradient].into_iter().filter(|need| *need < key.need);
        let mut keys = earlier.map(|need| Key { need, ..key });
        keys.find(|key| self.passes.get(key).is_some_and(|draft| draft.computed.contains(&id))).unwrap_or(key)
    }

    fn fold(
        &mut self,
        id: ValueId,
        reduction: Reduction,
        axis: AxisId,
        body: ValueId,
        need: Need,
    ) -> Result<usize, Refused> {
        if self.graph.samples.contains(axis) {
            return self.total(id, axis, body, need);
        }
        if let Some(slot) = self.product(id, reduction, axis, body, need)? {
            return Ok(slot);
        }
        let fact = self.facts[body.0];
        let phase = self.facts[id.0].phase;
        let loops = fact.inner.union(AxisSet::of(axis));
        let innermost = if reduction == Reduction::Sum { self.innermost(&[body], loops) } else { Some(axis) };
        let rank = if fact.phase == phase { fact.rank } else { 0 };
        let key = self.computing(self.key(phase, rank, loops, innermost, need), body);
        let rest = loops.without(axis);
        if innermost == Some(axis) {
            let order = self.ordered(loops, innermost);
            let slot = self.push_slot(id, order[..order.len() - 1].to_vec(), life(phase));
            self.output(key, body, Some(reduction), Write::Store(slot))?;
            return Ok(slot);
        }
        let slot = self.new_slot(id, rest, innermost, life(phase));
        self.output(key, body, None, Write::Fold(slot))?;
        Ok(slot)
    }

    /// A sum over all samples.
    fn total(&mut self, id: ValueId, axis: AxisId, body: ValueId, need: Need) -> Result<usize, Refused> {
        let mut summed = AxisSet::of(axis);
        let mut body = body;
        while let Operation::Fold(Reduction::Sum, axis, inner) = self.values.get(body).operation
            && self.graph.samples.contains(axis)
        {
            summed = summed.union(AxisSet::of(axis));
            body = inner;
        }
        let fact = self.facts[body.0];
        if summed != self.graph.samples || fact.phase > Phase::Row {
            return Err(Refused);
        }
        if let Some(slot) = self.outer_product(id, body, need)? {
            return Ok(slot);
        }
        let innermost = self.innermost(&[body], fact.inner);
        let slot = self.new_slot(id, fact.inner, innermost, Life::Total);
        let rank = if fact.phase == Phase::Row { fact.rank } else { 0 };
        let key = self.computing(self.key(Phase::Row, rank, fact.inner, innermost, need), body);
        self.output(key, body, None, Write::Total(slot))?;
        Ok(slot)
    }

    /// Adds an output to a pass.
    fn output(
        &mut self,
        key: Key,
        value: ValueId,
        fold: Option<Reduction>,
        write: Write,
    ) -> Result<(), Refused> {
        self.passes.entry(key).or_default();
        self.compute(key, value)?;
        if let Some(draft) = self.passes.get_mut(&key) {
            draft.outputs.push(Output { value, fold, write });
        }
        Ok(())
    }

    /// Makes what a value reads available to a pass, down to slots and inputs.
    fn compute(&mut self, key: Key, root: ValueId) -> Result<(), Refused> {
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            let draft = self.passes.entry(key).or_default();
            if self.values.get(id).fixed || !draft.computed.insert(id) {
                continue;
            }
            let read = match self.source(key, id)? {
                Source::Others if self.belongs(key, id) => {
                    stack.extend(self.values.get(id).operation.operands().into_iter().rev());
                    continue;
                }
                Source::Others => Some(Read::Slot(self.slot(id, key.need)?)),
                Source::Position => None,
                Source::Read(read) => Some(read),
            };
            let draft = self.passes.entry(key).or_default();
            draft.computed.remove(&id);
            match read {
                None => draft.position = Some(id),
                Some(_) if draft.reads.iter().any(|(known, _)| *known == id) => {}
                Some(read) => draft.reads.push((id, read)),
            }
        }
        Ok(())
    }

    fn source(&mut self, key: Key, id: ValueId) -> Result<Source, Refused> {
        Ok(Source::Read(match self.values.get(id).operation.clone() {
            Operation::Input(_) | Operation::Member(_) => Read::Input(self.access(id, &[], key.need)?),
            Operation::Gather(leaf, picks)
                if picks.iter().all(|(_, at)| is_loop(self.graph, self.values, *at)) =>
            {
                Read::Input(self.access(leaf, &picks, key.need)?)
            }
            Operation::Gather(..) | Operation::Fold(..) => Read::Slot(self.slot(id, key.need)?),
            Operation::Index(axis) if self.graph.samples.contains(axis) => Read::Sample(axis),
            Operation::Index(axis) if key.innermost == Some(axis) => return Ok(Source::Position),
            Operation::Index(axis) => Read::Index(self.loop_of(axis)),
            Operation::Size(axis) => Read::Size(axis),
            Operation::Upstream => Read::Upstream,
            _ => return Ok(Source::Others),
        }))
    }

    /// Whether a value is computed in a pass rather than read from a slot.
    fn belongs(&self, key: Key, id: ValueId) -> bool {
        let Fact { phase, rank, inner } = self.facts[id.0];
        if phase == key.phase && rank == key.rank && inner == key.loops {
            return true;
        }
        // What is the same for all positions is left to a pass of its own.
        if inner.is_empty() && !key.loops.is_empty() {
            return false;
        }
        !self.places.contains_key(&id) && self.cost(id) <= CHEAP
    }

    /// What it costs to compute a value from slots and inputs, in additions.
    fn cost(&self, id: ValueId) -> u32 {
        let inner = self.facts[id.0].inner;
        let needed = self.values.needed_beyond(&[id], |operand| {
            operand != id && self.facts[operand.0].inner != inner || self.places.contains_key(&operand)
        });
        let each = needed.into_iter().map(|id| match &self.values.get(id).operation {
            Operation::Apply(function, _) => row(*function).cost,
            Operation::Select(..) | Operation::Over(..) => 1,
            _ => 0,
        });
        each.sum()
    }

    /// Loops from the outermost to the innermost.
    fn ordered(&mut self, loops: AxisSet, innermost: Option<AxisId>) -> Vec<usize> {
        let outer = loops.iter().filter(|axis| Some(*axis) != innermost);
        let order: Vec<AxisId> = outer.chain(innermost.filter(|axis| loops.contains(*axis))).collect();
        order.into_iter().map(|axis| self.loop_of(axis)).collect()
    }

    pub(super) fn loop_of(&mut self, axis: AxisId) -> usize {
        match self.loops.iter().position(|known| *known == axis) {
            Some(known) => known,
            None => {
                self.loops.push(axis);
                self.loops.len() - 1
            }
        }
    }

    fn new_slot(&mut self, id: ValueId, loops: AxisSet, innermost: Option<AxisId>, life: Life) -> usize {
        let loops = self.ordered(loops, innermost);
        self.push_slot(id, loops, life)
    }

    pub(super) fn push_slot(&mut self, value: ValueId, loops: Vec<usize>, life: Life) -> usize {
        self.slots.push(Slot { value, loops, life });
        self.places.insert(value, self.slots.len() - 1);
        self.slots.len() - 1
    }

    fn key(&self, phase: Phase, rank: usize, loops: AxisSet, innermost: Option<AxisId>, need: Need) -> Key {
        Key { phase, rank, order: usize::MAX, width: loops.len(), loops, innermost, need }
    }

    /// Adds a step that is no pass: it comes before the passes of its rank.
    pub(super) fn push_move(&mut self, phase: Phase, rank: usize, need: Need, action: Action) {
        let order = self.moves.len();
        let key = Key { phase, rank, order, width: 0, loops: AxisSet::EMPTY, innermost: None, need };
        self.moves.insert(key, action);
    }

    /// How a step that is no pass reads a value.
    pub(super) fn operand(&mut self, id: ValueId, need: Need) -> Result<Read, Refused> {
        let key = self.key(Phase::Row, 0, AxisSet::EMPTY, None, need);
        match self.source(key, id)? {
            Source::Read(read @ (Read::Input(_) | Read::Slot(_))) => Ok(read),
            _ => Ok(Read::Slot(self.slot(id, need)?)),
        }
    }
}

/// For how long a value of a phase is kept.
pub(super) fn life(phase: Phase) -> Life {
    match phase {
        Phase::Before => Life::Call,
        Phase::Keep | Phase::Row => Life::Row,
        Phase::After => Life::After,
    }
}
