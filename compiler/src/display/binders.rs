//! What a fold binds, read from the graph: the names of axes and indices, sets that are visited, filters.
//!
//! The language and mathematics both write folds of one kind inside each other as one binder.

use crate::ir::{AxisId, ExprId, Function, Graph, Input, Loss, Node, Reduction, Role};
use std::collections::HashSet;

/// A name for every axis and index; what is not taken apart by its own name gets a longer one.
pub(crate) fn axis_names(loss: &Loss, graph: &Graph) -> Vec<String> {
    let inputs = loss.inputs.iter().map(|input| input.name.clone());
    let mut taken: HashSet<String> = inputs.chain(loss.parameters.iter().map(|p| p.name.clone())).collect();
    taken.extend(graph.local_names().map(str::to_owned));
    let mut names = Vec::with_capacity(graph.axes.len());
    for axis in &graph.axes {
        let mut name = axis.name.replace('\'', "_");
        while axis.over.is_some() && !taken.insert(name.clone()) {
            name.push('_');
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// The index that visits the labels of a set, where this is the label at its place.
pub(crate) fn label(
    graph: &Graph,
    inputs: &[Input],
    leaf: ExprId,
    picks: &[(AxisId, ExprId)],
) -> Option<AxisId> {
    let Node::Input(input) = *graph.node(leaf) else { return None };
    let set = &inputs[input];
    if !matches!(set.role, Role::Set(_)) {
        return None;
    }
    match *picks {
        [(axis, position)] if Some(&axis) == set.axes.last() => match *graph.node(position) {
            Node::Index(index) => Some(index),
            _ => None,
        },
        _ => None,
    }
}

/// Folds of one kind.
pub(crate) struct Binder {
    /// How they fold.
    pub(crate) kind: Reduction,
    /// What they bind, the outermost first.
    pub(crate) entries: Vec<Entry>,
    /// What they fold.
    pub(crate) body: ExprId,
}

/// One index of a binder. Only the last one of a binder has a filter.
pub(crate) struct Entry {
    /// The index.
    pub(crate) index: AxisId,
    /// The set that is visited, where it is one.
    pub(crate) set: Option<usize>,
    /// What is left of the filter.
    pub(crate) filter: Option<ExprId>,
}

impl Binder {
    /// The binder that begins at `id`, where that is a fold; a fold that is `known` by name ends it.
    pub(crate) fn read(
        graph: &Graph,
        inputs: &[Input],
        known: &HashSet<ExprId>,
        id: ExprId,
    ) -> Option<Binder> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut kind = None;
        let mut body = id;
        while let Node::Reduce(reduction, axis, inner, filter) = *graph.node(body) {
            let entry = Entry::read(graph, inputs, axis, inner, filter);
            let together = match kind {
                None => true,
                Some(_) if known.contains(&body) => false,
                Some(outer) => {
                    let open = entries.last().is_some_and(|last| last.filter.is_none());
                    let fits = match outer {
                        Reduction::Mean => {
                            entry.filter.is_none() && !entries.iter().chain([&entry]).any(|e| e.set.is_some())
                        }
                        Reduction::Count => false,
                        _ => true,
                    };
                    let counts = outer == Reduction::Sum && reduction == Reduction::Count;
                    open && fits && (outer == reduction || counts)
                }
            };
            if !together || entries.iter().any(|known| known.index == entry.index) {
                break;
            }
            kind = Some(reduction);
            entries.push(entry);
            body = inner;
        }
        Some(Binder { kind: kind?, entries, body })
    }
}

impl Entry {
    /// What a fold binds; it visits a set if its filter says so and nothing else asks for the place.
    fn read(graph: &Graph, inputs: &[Input], index: AxisId, body: ExprId, filter: Option<ExprId>) -> Entry {
        let plain = Entry { index, set: None, filter };
        let Some(filter) = filter else { return plain };
        let (valid, rest) = match graph.pair(filter, Function::And) {
            Some((valid, rest)) => (valid, Some(rest)),
            None => (filter, None),
        };
        let Some((place_label, zero)) = graph.pair(valid, Function::Ge) else { return plain };
        let Node::Gather(leaf, picks) = graph.node(place_label) else { return plain };
        if !graph.is(zero, 0.0) || label(graph, inputs, *leaf, picks) != Some(index) {
            return plain;
        }
        let Node::Input(set) = *graph.node(*leaf) else { return plain };
        let place = picks[0].1;
        let alone = |root: ExprId| {
            let read = graph.reachable_unless(&[root], |id| id == place_label);
            !read.contains(&place)
        };
        if !alone(body) || !rest.is_none_or(alone) {
            return plain;
        }
        Entry { index, set: Some(set), filter: rest }
    }
}
