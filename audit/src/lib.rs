//! audit
pub mod wide;
