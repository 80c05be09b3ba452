//! The compiler of lossdef: text in, checked formulas, derivatives, plans and Rust code out.
//!
//! Modules stand in pipeline order and import only from those above them; `ir::graph` and the table of
//! functions know each other, because a row builds its derivative in the graph.

// What a file is, and what can be said about it.
pub mod codes;
pub mod diagnostic;
pub mod render;
pub mod source;

// AFTER THIS POINT: text is a tree, with a span on every node.
pub mod ast;
pub mod parser;
pub mod print;

// AFTER THIS POINT: names are ids, and every expression is a node of one graph.
pub mod check;
pub mod convention;
pub mod display;
pub mod evaluate;
pub mod functions;
pub mod ir;
pub mod magnitude;
pub mod ranges;

// AFTER THIS POINT: the derivatives of the formula as written are nodes too.
pub mod differentiate;

// AFTER THIS POINT: no expression loses digits or overflows for the way it was written.
pub mod derive;
pub mod hazards;
pub mod rewrite;

// AFTER THIS POINT: listed parameters are constants, and functions are what the runtime computes.
pub mod lower;
pub mod specialize;

// AFTER THIS POINT: values have an order and a place.
pub mod plan;
pub mod schedule;

// AFTER THIS POINT: nothing is decided any more; facts and plans become text.
pub mod audit;
pub mod codegen;
mod compile;
pub mod maths;
#[cfg(feature = "text")]
pub mod text;

pub use compile::{Compiled, CompiledLoss, compile, compile_where};
