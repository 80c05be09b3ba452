//! Letters and signs in the three notations.

/// Names that are Greek letters.
const GREEK: &[(&str, &str)] = &[
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("eps", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("xi", "ξ"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("phi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
];

/// A Greek letter for its name.
pub(super) fn greek(name: &str) -> Option<&'static str> {
    GREEK.iter().find(|(known, _)| *known == name).map(|(_, letter)| *letter)
}

/// The command of LaTeX for a name that is a Greek letter.
pub(super) fn greek_command(name: &str) -> Option<&'static str> {
    Some(match name {
        "epsilon" | "eps" => "\\varepsilon",
        "phi" => "\\varphi",
        _ => LATEX_GREEK.iter().find(|command| &command[1..] == name)?,
    })
}

const LATEX_GREEK: &[&str] = &[
    "\\alpha", "\\beta", "\\gamma", "\\delta", "\\zeta", "\\eta", "\\theta", "\\kappa", "\\lambda", "\\mu",
    "\\nu", "\\xi", "\\rho", "\\sigma", "\\tau", "\\chi", "\\psi", "\\omega",
];

/// The command of LaTeX for a sign.
pub(super) fn sign_command(sign: &'static str) -> &'static str {
    match sign {
        "∞" => "\\infty",
        "π" => "\\pi",
        "ℓ" => "\\ell",
        "ℒ" => "\\mathcal{L}",
        "…" => "\\dots",
        "∑" => "\\sum",
        "∏" => "\\prod",
        "⋁" => "\\bigvee",
        "⋀" => "\\bigwedge",
        "≠" => "\\ne",
        "≤" => "\\le",
        "≥" => "\\ge",
        "∈" => "\\in",
        "∉" => "\\notin",
        "∧" => "\\wedge",
        "∨" => "\\vee",
        "⊤" => "\\top",
        "⊥" => "\\bot",
        "#" => "\\#",
        "+=" => "\\mathrel{+}=",
        other => other,
    }
}
