//! The compiler of lossdef: text in, checked formulas, derivatives, plans and Rust code out.
//!
//! Modules stand in pipeline order and import only from those above them.

// What a file is, and what can be said about it.
pub mod source;
pub mod diagnostic;
pub mod codes;
pub mod render;

// AFTER THIS POINT: text is a tree, with a span on every node.
pub mod ast;
pub mod parser;
pub mod print;

// AFTER THIS POINT: names are ids, and every expression is a node of one graph.
pub mod ir;
pub mod functions;
pub mod evaluate;
pub mod check;
pub mod convention;

// AFTER THIS POINT: the derivatives of the formula as written are nodes too.
pub mod differentiate;

// AFTER THIS POINT: no expression loses digits or overflows for the way it was written.
pub mod rewrite;
pub mod derive;
pub mod hazards;

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
#[cfg(feature = "text")]
pub mod text;

pub use compile::{Compiled, CompiledLoss, compile};
