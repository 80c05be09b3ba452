//! audit
pub mod wide;
pub mod oracle;
pub mod scene;
pub mod ours;
pub mod theirs;
pub mod ulp;
