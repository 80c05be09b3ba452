//! Every stable form that the language promises, from naive text, in value and derivative.

mod digits;

use super::rules;
use crate::compile;
use crate::source::SourceFile;

/// The stable value and the stable derivative with respect to the first input.
fn stable(declaration: &str) -> (String, String) {
    let source = SourceFile::new("test.def", declaration);
    let compiled = compile(&source);
    let loss = compiled.losses.first().unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    (loss.audit.value.clone(), loss.audit.gradients[0].stable.clone())
}

#[track_caller]
fn check(declaration: &str, value: &str, derivative: &str) {
    let (got_value, got_derivative) = stable(declaration);
    assert_eq!((got_value.as_str(), got_derivative.as_str()), (value, derivative), "{declaration}");
}

#[test]
fn the_logistic_family_arises_from_naive_text() {
    check("loss f(x) = log(sigmoid(x))", "log_sigmoid(x)", "sigmoid(-x)");
    check("loss f(x) = log(1 - sigmoid(x))", "log_sigmoid(-x)", "-sigmoid(x)");
    check("loss f(x) = log(1 + exp(x))", "softplus(x)", "sigmoid(x)");
    check("loss f(x) = log(exp(-x) + 1)", "softplus(-x)", "-sigmoid(-x)");
    check("loss f(x) = exp(x) / (1 + exp(x))", "sigmoid(x)", "sigmoid(-x) * sigmoid(x)");
    check("loss f(x) = 1 / (1 + exp(-x))", "sigmoid(x)", "sigmoid(x) * sigmoid(-x)");
    check(
        "loss f(x) = sigmoid(x) * (1 - sigmoid(x))",
        "sigmoid(x) * sigmoid(-x)",
        "-(sigmoid(x) * sigmoid(-x) * tanh(0.5 * x))",
    );
    check(
        "loss f(x; g in (0, inf) = 2.0) = (1 - sigmoid(x))^g",
        "sigmoid(-x)^g",
        "-(g * sigmoid(x) * sigmoid(-x)^g)",
    );
    check("loss f(x) = -log(1 / (1 + exp(-x)))", "-log_sigmoid(x)", "-sigmoid(-x)");
}

#[test]
fn the_logistic_family_arises_however_a_sign_is_written() {
    check("loss f(x, t) = log(1 + exp(x - t))", "softplus(x - t)", "sigmoid(x - t)");
    check("loss f(x, t) = log(1 + exp(t - x))", "softplus(t - x)", "-sigmoid(t - x)");
    check("loss f(x, t, m) = log(1 + exp(m - t * x))", "softplus(m - x * t)", "-(t * sigmoid(m - x * t))");
    check("loss f(x, t) = 1 / (1 + exp(t - x))", "sigmoid(x - t)", "sigmoid(x - t) * sigmoid(t - x)");
}

#[test]
fn a_power_joins_its_base() {
    check("loss f(x; g in (0, inf) = 2.0) = sigmoid(x)^g", "sigmoid(x)^g", "g * sigmoid(x)^g * sigmoid(-x)");
    check(
        "loss f(x in [0, inf); g in (0, inf) = 2.0) = x * x^(g - 1)",
        "x * x^(g - 1)",
        "x^(g - 1) + (if g - 1 != 0 then (g - 1) * x * x^(g - 1 - 1) else 0)",
    );
}

#[test]
fn exponentials_keep_their_digits() {
    check("loss f(x) = 1 - exp(x)", "-expm1(x)", "-exp(x)");
    check("loss f(x) = exp(x) - 1", "expm1(x)", "exp(x)");
    check("loss f(x) = exp(x) / 2 - 0.5", "0.5 * expm1(x)", "0.5 * exp(x)");
    check("loss f(x, a) = a * exp(x) - a", "a * expm1(x)", "a * exp(x)");
    check("loss f(x) = 1 + x - exp(x)", "x - expm1(x)", "-expm1(x)");
    check("loss f(x, a) = exp(x) - a - 1", "expm1(x) - a", "exp(x)");
    check("loss f(x, a) = exp(x) - a", "exp(x) - a", "exp(x)");
    check("loss f(x) = exp(x) + 1", "exp(x) + 1", "exp(x)");
    check("loss f(x, a) = a * exp(x) + a", "a * exp(x) + a", "a * exp(x)");
    check("loss f(x, a) = 2 * a * exp(x) - a", "2 * a * exp(x) - a", "2 * a * exp(x)");
    check("loss f(x in (-inf, 0)) = log(1 - exp(x))", "log1mexp(x)", "-(1 / expm1(-x))");
    check("loss f(a in [-9, 9], b in (0, inf)) = exp(a - log(b))", "exp(a) / b", "exp(a) / b");
    check("loss f(x) = log(exp(x))", "x", "1");
    check("loss f(x) = log(1 + x)", "log1p(x)", "1 / (1 + x)");
    check("loss f(x) = log(cosh(x))", "log_cosh(x)", "tanh(x)");
    check("loss f(p) = p * log(p)", "xlogy(p, p)", "if p != 0 or log(p) != -inf then log(p) + p / p else 0");
}

#[test]
fn differences_of_logarithms_do_not_cancel() {
    check("loss f(x in (0, 1)) = log(x) - log(1 - x)", "logit(x)", "1 / (1 - x) + 1 / x");
    check("loss f(x in (0, 1)) = log(1 - x) - log(x)", "-logit(x)", "-(1 / x + 1 / (1 - x))");
    assert_eq!(stable("loss f(x in (0, 1)) = log(x / (1 - x))").0, "logit(x)");
    check("loss f(x in (0, 1)) = logit(x)", "logit(x)", "1 / (x * (1 - x))");
}

#[test]
fn factors_cancel_only_where_they_cannot_be_zero() {
    check("loss f(x in (0, inf), y) = x * y / x", "y", "(y - y) / x");
    check("loss f(x, y) = x * y / x", "x * y / x", "y / x - x * y / x / x");
    check("loss f(x) = 0 * x", "0 * x", "0");
    check("loss f(x) = x - x", "x - x", "0");
}

#[test]
fn a_rewrite_does_not_change_a_derivative() {
    // The blind derivative of the stable text at x = 0, t = 0 would be 0; the right one is 1/2.
    let (_, derivative) = stable("loss f(x, t) = -(t * log(sigmoid(x)) + (1 - t) * log(1 - sigmoid(x)))");
    assert_eq!(derivative, "sigmoid(x) * (1 - t) - t * sigmoid(-x)");
}

#[test]
fn a_logarithm_under_a_weight_is_stable_too() {
    check("loss f(x, w) = w * log(1 + exp(x))", "w * softplus(x)", "w * sigmoid(x)");
    check("loss f(x, w) = w * log(cosh(x))", "w * log_cosh(x)", "w * tanh(x)");
    check("loss f(x, w) = w * log(1 + x^2)", "w * log1p(x^2)", "w / (1 + x^2) * (2 * x)");
    check("loss f(x, w) = w * log(exp(x))", "if w != 0 or x != -inf then x * w else 0", "w");
}

#[test]
fn powers_join_only_where_they_multiply() {
    check(
        "loss f(x in (0, inf)) = x / x^1.5",
        "x / x^1.5",
        "1 / x^1.5 - x / x^1.5 / x^1.5 * (1.5 * sqrt(x))",
    );
}

#[test]
fn sigmoids_do_not_cancel_against_one() {
    check("loss f(x) = sigmoid(x) - 1", "-sigmoid(-x)", "sigmoid(x) * sigmoid(-x)");
    check("loss f(t, x) = t * sigmoid(x) - t", "-(t * sigmoid(-x))", "-sigmoid(-x)");
    check("loss f(x) = log(exp(x) / (1 + exp(x)))", "log_sigmoid(x)", "sigmoid(-x)");
    check("loss f(x) = log(0.5 * sigmoid(x))", "log_sigmoid(x) - 0.6931471805599453", "sigmoid(-x)");
}

#[test]
fn quotients_and_bases_stay_in_reach() {
    check("loss f(x, y) = (x / y)^20", "(x / y)^20", "20 * (x / y)^19 / y");
    check("loss f(x, y, z) = x * (y / z)", "x * (y / z)", "y / z");
    check(
        "loss f(x, y, k, z) = k * (x / y) * (x / y) - k * z",
        "k * (x / y) * (x / y) - k * z",
        "(k * (x / y) + x / y * k) / y",
    );
    check("loss f(x) = (0.1 * x)^40", "(0.1 * x)^40", "4 * (0.1 * x)^39");
}

#[test]
fn a_factor_cancels_into_a_sum() {
    check("loss f(x) = log(sigmoid(x)) - log(1 - sigmoid(x))", "x", "1");
}

/// Three spellings of cross entropy, each in the form that neither overflows nor loses digits.
#[test]
fn exponentials_meet_wherever_they_stand() {
    let shares = "exp(x - logsumexp[c](x)) * sum[c](t) - t";
    check(
        "loss f(x[.., c], t[.., c] in (0, 1]) = -sum[c](t * log(exp(x) / sum[c](exp(x))))",
        "-sum[c](t * (x - logsumexp[c](x)))",
        shares,
    );
    let (_, guarded) =
        stable("loss f(x[.., c], t[.., c] in [0, 1]) = -sum[c](t * log(exp(x) / sum[c](exp(x))))");
    assert!(guarded.starts_with("exp(x - logsumexp[c](x)) * sum[c]("), "{guarded}");
    check(
        "loss f(x[.., c], t: index c) = log(sum[j in c | j != t](exp(x[j])))",
        "logsumexp[c | c != t](x)",
        "if c != t then exp(x - logsumexp[c | c != t](x)) else 0",
    );
    check("loss f(x in [0, inf)) = exp(log(1 + x))", "1 + x", "1");
}

#[test]
fn softmax_and_logsumexp_arise_from_naive_text() {
    let (value, derivative) = (
        "logsumexp[c](x) - x[y]",
        "if c == y then expm1(x[y] - logsumexp[c](x)) else exp(x - logsumexp[c](x))",
    );
    let named = "if c == y then expm1(x[y] - logsumexp[c](x)) else exp(p)";
    let head = "loss f(x[.., c], y: index c) =";
    check(&format!("{head} -p[y] where p[c] = log_softmax[c](x)"), value, named);
    check(&format!("{head} -p[y] where p[c] = log(softmax[c](x))"), value, derivative);
    check(&format!("{head} -log(p[y]) where p[c] = exp(x) / sum[c](exp(x))"), value, derivative);
    check(&format!("{head} log(sum[c](exp(x))) - x[y]"), value, derivative);
    check(&format!("{head} -sum[c]([c == y] * log_softmax[c](x))"), value, derivative);
    check(&format!("{head} sum[c | c == y](logsumexp[c](x) - x)"), value, derivative);
}

#[test]
fn sums_are_taken_apart_where_that_makes_them_simpler() {
    check("loss f(x[.., c], s) = sum[c](s * x)", "s * sum[c](x)", "s");
    check("loss f(x[.., c], s) = sum[c](s)", "size(c) * s", "0");
    check(
        "loss f(x[.., c], y) = y + sum[c](softmax[c](x))",
        "y + 1",
        "exp(x - logsumexp[c](x)) - exp(x - logsumexp[c](x))",
    );
    check("loss f(x[.., c], y: index c) = sum[c]([c == y] * x + 1)", "x[y] + size(c)", "[c == y]");
    check("loss f(x[.., c]) = sum[c | x > 0](x)", "sum[c](if x > 0 then x else 0)", "[x > 0]");
}

#[test]
fn a_root_of_squares_is_a_norm() {
    let derivative = "if norm[d](x) != 0 then x / norm[d](x) else 0";
    check("loss f(x[.., d]) = sqrt(sum[d](x^2))", "norm[d](x)", derivative);
    check("loss f(x[.., d]) = sum[d](x * x)^0.5", "norm[d](x)", derivative);
}

#[test]
fn parameters_are_specialized() {
    let source = SourceFile::new(
        "test.def",
        "loss f(x; p in {1, 2} = 2, flag: bool = false) = if flag then x^p else abs(x)^p",
    );
    let compiled = compile(&source);
    assert_eq!(compiled.losses[0].variants.len(), 4);
}

#[test]
fn every_rule_says_why_and_has_its_own_name() {
    let mut names: Vec<_> = rules().map(|rule| rule.name).collect();
    assert!(rules().all(|rule| !rule.why.is_empty() && !rule.why.ends_with('.')));
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// A reader can follow the trace: each step fires at what the expression holds by then, and the last leaves the
/// stable form.
#[test]
fn the_trace_leads_from_the_raw_form_to_the_stable_one() {
    let text = include_str!("../../../losses.def");
    let compiled = compile(&SourceFile::new("losses.def", text));
    let mut fired = 0;
    for loss in &compiled.losses {
        let derived = &loss.derived;
        let mut graph = derived.loss.graph.clone();
        let forms = derived.gradients.iter().map(|gradient| gradient.own).chain([derived.value]);
        for form in forms {
            let wholes = derived.trace.replay(&mut graph, form.raw);
            assert_eq!(*wholes.last().unwrap_or(&form.raw), form.stable, "{}", derived.loss.name);
            assert_eq!(wholes.len(), derived.trace.of(form.raw).len());
            fired += wholes.len();
        }
        let steps: usize = derived.trace.counts().iter().map(|(_, count)| count).sum();
        assert_eq!(steps, loss.audit.rules.iter().map(|(_, count)| count).sum::<usize>());
    }
    assert!(fired > 100, "{fired}");
}
