//! The table of all losses as a file that people read, and how a later sweep is held against it.
