//! What must hold for every file of losses, sound or not, as functions of bytes: the targets of the fuzzer, which tests
//! replay on the seeds in `fuzz/seeds`.
//!
//! ```text
//! bytes ─┬───────────────── text ──── read, printed, read again
//!        ├─ formulas ─┬──── compile ─ every pass, all that is written of it
//!        │            └──── evaluate ─ values and gradients, by tapes and by plain loops
//!        └─ words of Rust ─ injection ─ what generated code is made of
//! ```
//!
//! [`formulas`] writes random losses; [`generated`] holds what rustc makes of them against the engine. A property
//! that does not hold is a panic.

mod calls;
mod compile;
mod evaluate;
pub mod formulas;
pub mod generated;
mod injection;
mod mutations;
mod text;

pub use compile::{compile, compile_text};
pub use evaluate::evaluate;
pub use injection::{injection, injection_text};
pub use text::text;

use formulas::Choices;

/// A fuzz target.
pub type Target = fn(&[u8]);

/// Every target by name.
pub const TARGETS: [(&str, Target); 4] =
    [("text", text), ("compile", compile), ("evaluate", evaluate), ("injection", injection)];

impl Choices for arbitrary::Unstructured<'_> {
    fn below(&mut self, end: usize) -> usize {
        self.int_in_range(0..=end.max(1) - 1).unwrap_or(0)
    }
}
