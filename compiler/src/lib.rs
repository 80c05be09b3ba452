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
