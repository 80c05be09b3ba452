//! Generated code stands on its own: whatever the user's module names, and whatever the formula names.

#![expect(non_upper_case_globals, dead_code, reason = "the names are meant to be in the way")]

use ndarray::{Array1, array};

/// A module full of names that generated code would trip over if it named anything by less than its full path.
mod hostile {
    pub struct Option;
    pub struct Some;
    pub struct Vec;
    pub struct Result;
    pub struct Kernel;
    pub struct Formula;
    pub struct Real;
    pub struct Sample;
    pub struct Divisor;
    pub struct Float;
    pub struct Mean;
    pub struct Copy;
    pub struct Clone;
    pub struct Default;
    pub struct Debug;
    pub struct PartialEq;
    pub mod core {}
    pub mod std {}
    pub mod ndarray {}
    pub mod spec {}
    pub const input: u8 = 1;
    pub const beta: &str = "";
    pub const value: () = ();
    pub const valid: bool = false;
    pub const d: i32 = 0;
    pub fn select() {}

    lossdef::losses! { inline = r#"
        loss smooth(input, target; beta in [0, inf) = 1.0) =
            if abs(d) < beta then d^2 / (2 * beta) else abs(d) - beta / 2
            where d = input - target

        /// Every name here is a word of Rust.
        loss match(type, fn_, move = 1; loop = 2.0, ref: int = 1, dyn: bool = true) =
            if dyn then (type - fn_)^2 * move * loop else type * ref
    "# }
}

#[test]
fn names_of_the_users_module_do_not_reach_generated_code() {
    let (x, t) = (array![0.5, 3.0], array![0.0, 0.0]);
    assert_eq!(hostile::Smooth::new().forward(&x, &t).unwrap(), (0.125 + 2.5) / 2.0);
}

#[test]
fn words_of_rust_are_names_like_others() {
    let (x, t) = (array![1.0, 2.0], array![0.0, 0.0]);
    let loss = hostile::Match::new().r#loop(3.0).r#dyn(true);
    assert_eq!(loss.forward(&x, &t).unwrap(), 7.5);
    let weights = array![1.0, 0.0];
    assert_eq!(loss.on(&x, &t).r#move(&weights).forward().unwrap(), 1.5);
    assert_eq!(loss.r#dyn(false).r#ref(2).forward(&x, &t).unwrap(), 3.0);
    assert_eq!(hostile::CATALOGUE.names().collect::<Vec<_>>(), ["smooth", "match"]);
}

#[test]
fn the_macro_works_inside_a_function() {
    lossdef::losses! { inline = "loss square(x, t) = (x - t)^2" }
    let x: Array1<f32> = array![3.0];
    assert_eq!(Square::new().forward(&x, &array![1.0]).unwrap(), 4.0);
}
