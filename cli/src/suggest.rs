//! What somebody may have meant.

/// `; did you mean ...?`, where a known name is close to the one given.
pub fn closest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a (impl AsRef<str> + 'a + ?Sized)>,
) -> String {
    let score = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), &known.to_lowercase());
    let scored = known.into_iter().map(|known| (score(known.as_ref()), known.as_ref()));
    match scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((score, best)) if score > 0.75 => format!("; did you mean `{best}`?"),
        _ => String::new(),
    }
}
