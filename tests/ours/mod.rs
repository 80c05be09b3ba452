//! Our losses, called as the corpus asks: through the typed structs and through the object-safe trait.

#![allow(unreachable_pub, reason = "what is public here is public to the test program")]

pub mod arrays;
pub mod by_trait;
pub mod by_type;
pub mod in_pieces;

use lossdef::Error;

use crate::corpus::Answer;
use crate::corpus::call::{Aligned, Call};

/// A way to call our losses.
pub type Way = fn(&Call, &Aligned) -> Result<Answer, Error>;
