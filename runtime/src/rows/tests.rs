//! Programs written by hand against plain loops in f64.

mod case;
mod entropy;
mod folds;
mod matrices;
mod named;
mod pairs;
mod sharing;
mod threads;
mod transpose;
