//! page
use crate::checks::accuracy::Sweep;
/// What the report shows
#[derive(Clone, Debug, Default)]
pub struct Page { pub sweeps: Vec<Sweep> }
