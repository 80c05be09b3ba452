//! Reads the file, compiles it, and turns diagnostics into errors of the build.

use lossdef_compiler::compile;
use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Error, LitStr, Token};

/// The argument of the macro.
enum Input {
    /// `"losses.def"`
    File(LitStr),
    /// `inline = "loss ..."`
    Inline(LitStr),
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let inline = !input.peek(LitStr);
        if inline {
            let word: syn::Ident = input.parse()?;
            if word != "inline" {
                return Err(Error::new(word.span(), "expected a path in quotes, or `inline = \"...\"`"));
            }
            input.parse::<Token![=]>()?;
        }
        let text: LitStr = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(if inline { Input::Inline(text) } else { Input::File(text) })
    }
}

/// Expands the macro.
pub(crate) fn expand(tokens: TokenStream) -> syn::Result<TokenStream> {
    match syn::parse2(tokens)? {
        Input::Inline(text) => Ok(items(&SourceFile::new("<inline>", text.value()), &text)),
        Input::File(path) => {
            let source = read(&path)?;
            let items = items(&source, &path);
            // The compiler of Rust watches the files that a crate includes.
            Ok(quote! {
                const _: &[u8] = ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #path));
                #items
            })
        }
    }
}

fn read(path: &LitStr) -> syn::Result<SourceFile> {
    let name = path.value();
    let refuse = |message: String| Error::new(path.span(), message);
    if name.contains('\n') || name.trim_start().starts_with("loss ") {
        return Err(refuse(
            "this looks like the text of losses, not a path; write `inline = \"...\"`".to_owned(),
        ));
    }
    if std::path::Path::new(&name).is_absolute() {
        return Err(refuse(format!(
            "`{name}` is absolute; a path here is relative to the directory of Cargo.toml"
        )));
    }
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let bytes = std::fs::read(std::path::Path::new(&root).join(&name)).map_err(|error| {
        refuse(format!("cannot read `{name}`: {error}; the path is relative to the directory of Cargo.toml"))
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|error| refuse(format!("`{name}` is not UTF-8 text: {}", error.utf8_error())))?;
    Ok(SourceFile::new(name, text))
}

/// The items of the sound losses, one error of the build per error of the file, and one warning per warning. Notes are
/// for those who ask, by `lossdef check`.
fn items(source: &SourceFile, at: &LitStr) -> TokenStream {
    let compiled = compile(source);
    let reports = compiled.diagnostics.iter().filter(|diagnostic| !diagnostic.is_note()).map(|diagnostic| {
        let text = render(source, diagnostic, Style::Headless);
        if diagnostic.is_error() {
            quote_spanned!(at.span()=> ::core::compile_error!(#text);)
        } else {
            warning(&text, at)
        }
    });
    let losses = compiled.losses.iter().map(|loss| loss.items());
    let catalogue = compiled.catalogue;
    quote!(#(#reports)* #(#losses)* #catalogue)
}

/// Stable Rust has no warnings of macros; the use of something deprecated is one, with a text of one's own.
fn warning(text: &str, at: &LitStr) -> TokenStream {
    let note = format!("{text}\n(a warning of the .def file)");
    quote_spanned! {at.span()=>
        const _: () = {
            #[deprecated(note = #note)]
            const LOSSDEF: () = ();
            LOSSDEF
        };
    }
}

#[cfg(test)]
mod tests {
    use super::expand;
    use quote::quote;

    fn error(tokens: proc_macro2::TokenStream) -> String {
        expand(tokens).expect_err("an error").to_string()
    }

    #[test]
    fn a_path_is_relative_and_must_lead_to_a_file() {
        assert!(error(quote!("missing.def")).contains("cannot read `missing.def`"));
        assert!(error(quote!("/etc/losses.def")).contains("is absolute"));
        assert!(error(quote!("loss f(x) = x")).contains("inline = "));
        assert!(error(quote!(text = "loss f(x) = x")).contains("inline = "));
    }

    #[test]
    fn an_error_names_file_line_and_column_and_leaves_sound_losses() {
        let tokens =
            expand(quote!(inline = "loss good(x) = x^2\nloss bad(x) = y")).expect("tokens").to_string();
        assert!(tokens.contains("compile_error"), "{tokens}");
        assert!(tokens.contains("<inline>:2:15"), "{tokens}");
        assert!(tokens.contains("struct Good") && !tokens.contains("struct Bad"));
    }

    #[test]
    fn a_warning_is_a_warning_of_the_build() {
        let tokens = expand(quote!(inline = "loss f(x, y) = x^2")).expect("tokens").to_string();
        assert!(tokens.contains("deprecated") && tokens.contains("never used"), "{tokens}");
        assert!(tokens.contains("struct F") && !tokens.contains("compile_error"));
    }

    #[test]
    fn a_note_is_none() {
        let nested = (0..8).fold("x".to_owned(), |inner, i| format!("step({inner}, y + {i})"));
        let text = format!("fn step(x, y) = if x > y then x - y / 2 else x * y\nloss f(x, y) = {nested}");
        let tokens = expand(quote!(inline = #text)).expect("tokens").to_string();
        assert!(tokens.contains("struct F") && !tokens.contains("deprecated"), "{tokens}");
    }

    #[test]
    fn a_file_is_watched_even_when_it_is_broken() {
        for file in ["tests/good.def", "tests/broken.def"] {
            let tokens = expand(quote!(#file)).expect("tokens").to_string();
            assert!(tokens.contains("include_bytes") && tokens.contains(file), "{tokens}");
        }
    }

    #[test]
    fn a_file_that_is_not_text_is_refused() {
        assert!(error(quote!("tests/binary.def")).contains("not UTF-8"));
    }
}
