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

mod shadows {
    lossdef::losses! { inline = r#"
        loss names(value, d_value, valid in [0, 9], inputs, x_squared; parameters = 2.0, self_ = 3.0, by = 4.0) =
            value^2 * d_value / parameters + valid * inputs * self_ + x_squared^2 / by + product
            where product = inputs * d_value, d_inputs = value, number = d_inputs

        loss kernels(t, r; s = 1.0) = (t - r)^2 * s
        loss sample(x) = x^2
        loss real(x; float = 1.0, spec = 2.0, formula = 3.0, divisor = 0.5) = x * float * spec * formula / divisor
    "# }
}

#[test]
fn names_of_generated_code_give_way_to_those_of_the_formula() {
    let one = |x: f64| array![x];
    let (value, d_value, valid, inputs, x_squared) = (one(2.0), one(3.0), one(5.0), one(7.0), one(1.0));
    let mut gradients = [one(0.0), one(0.0), one(0.0), one(0.0), one(0.0)];
    let [a, b, c, d, e] = &mut gradients;
    let buffers = shadows::NamesGrads::new().value(a).d_value(b).valid(c).inputs(d).x_squared(e);
    let call = shadows::Names::new();
    let result =
        call.on(&value, &d_value, &valid, &inputs, &x_squared).forward_backward_into(buffers).unwrap();
    assert_eq!(result, 4.0 * 3.0 / 2.0 + 5.0 * 7.0 * 3.0 + 0.25 + 21.0);
    assert_eq!(gradients.map(|g| g[0]), [6.0, 2.0 + 7.0, 21.0, 15.0 + 3.0, 0.5]);
    assert_eq!(shadows::Kernels::new().forward(&value, &d_value).unwrap(), 1.0);
    assert_eq!(shadows::Sample::new().forward(&value).unwrap(), 4.0);
    assert_eq!(shadows::Real::new().forward(&value).unwrap(), 24.0);
}

#[test]
fn the_macro_works_inside_a_function() {
    lossdef::losses! { inline = "loss square(x, t) = (x - t)^2" }
    let x: Array1<f32> = array![3.0];
    assert_eq!(Square::new().forward(&x, &array![1.0]).unwrap(), 4.0);
}
