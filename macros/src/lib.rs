//! The procedural macro of lossdef: a `.def` file, or its text, becomes Rust items.

mod expand;

/// Compiles the losses of a `.def` file into Rust.
///
/// ```text
/// lossdef::losses! { "my_losses.def" }        // relative to the directory of Cargo.toml
/// lossdef::losses! { inline = r#"
///     loss scaled(input, target; scale in (0, inf) = 1.0) = (input - target)^2 / scale
/// "# }
/// ```
///
/// Each loss becomes a struct (`smooth_l1` becomes `SmoothL1`), and the file gets a `CATALOGUE`. An edit of the
/// file rebuilds the crate. Errors name the file, the line and the column; the losses without errors are
/// there all the same.
#[proc_macro]
pub fn losses(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::expand(input.into()).unwrap_or_else(|error| error.into_compile_error()).into()
}
