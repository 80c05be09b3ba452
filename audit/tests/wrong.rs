//! An audit that cannot fail says nothing: losses that are not what their formula says, in ways that are hard to
//! see, are held against the right formula.

use lossdef_audit::{Findings, Options, Verdict, audit};
use lossdef_compiler::compile;
use lossdef_compiler::source::SourceFile;

lossdef::losses! { inline = "
loss right(input, target) = log(1 + exp(input - target))
loss off_by_a_millionth(input, target) = with_grad(log(1 + exp(input - target)), 1.000001 * log(1 + exp(input - target)))
loss other_sign(input, target) = with_grad(log(1 + exp(input - target)), log(1 + exp(target - input)))
loss missing_target(input, target) = log(1 + exp(input - stop(target)))
loss value_off(input, target) = log(1 + exp(input - target)) + 1e-7
loss wrong_far_out(input, target) = if input > 500 then input - target + 1 else log(1 + exp(input - target))
loss short_of_digits(input, target) =
    if input < -20 then 0 * target else log(1 + exp(input - target))
loss refuses(input in [-1, 1], target) = log(1 + exp(input - target))
loss refuses_all(input in {0.123456789}, target) = log(1 + exp(input - target))
" }

const FORMULA: &str = "loss right(input, target) = log(1 + exp(input - target))";

/// The audit of the right formula, with another loss called in its place.
fn held_against(name: &str) -> Findings {
    let compiled = compile(&SourceFile::new("right.def", FORMULA));
    let callable = CATALOGUE.get(name).expect("a loss above");
    audit(&compiled.losses[0], callable, &Options { calls: 6, density: 64 })
}

fn failed(findings: &Findings) -> Vec<&str> {
    let failed = findings.checks.iter().filter(|check| check.verdict == Verdict::Fail);
    failed.map(|check| check.name.as_str()).collect()
}

#[test]
fn the_right_loss_passes() {
    let findings = held_against("right");
    assert!(findings.passed(), "{:#?}", findings.summary());
    assert_eq!(findings.verdict(), Verdict::Pass);
    let points =
        |name: &str| findings.checks.iter().find(|check| check.name.starts_with(name)).map(|c| c.points);
    assert!(points("Gradient against central differences").is_some_and(|points| points >= 10));
    assert!(points("Gradient in f32").is_some_and(|points| points > 400));
}

#[test]
fn a_wrong_gradient_fails() {
    for name in ["off_by_a_millionth", "other_sign", "missing_target"] {
        let findings = held_against(name);
        let failed = failed(&findings);
        for check in ["Gradient against forward mode", "Gradient against central differences"] {
            assert!(failed.contains(&check), "{name}: {failed:?}");
        }
        assert!(!failed.contains(&"Value against 512-bit arithmetic"), "{name}");
        let summary = findings.summary().join("\n");
        assert!(
            !findings.passed() && summary.contains("FAILED") && summary.contains("input = "),
            "{summary}"
        );
    }
}

#[test]
fn the_worst_case_is_named() {
    let findings = held_against("off_by_a_millionth");
    let check =
        findings.checks.iter().find(|check| check.name == "Gradient against forward mode").expect("a check");
    let worst = check.worst.as_ref().expect("a worst case");
    assert!((worst.error - 1e-6).abs() < 1e-9, "{}", worst.error);
    let names: Vec<&str> = worst.given.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["input", "target"]);
}

#[test]
fn a_wrong_value_fails() {
    let findings = held_against("value_off");
    assert!(failed(&findings).contains(&"Value against 512-bit arithmetic"), "{:?}", findings.summary());
}

#[test]
fn what_is_wrong_only_at_large_inputs_fails() {
    let findings = held_against("wrong_far_out");
    assert!(!failed(&findings).contains(&"Gradient against forward mode"));
    assert!(
        failed(&findings).iter().any(|check| check.starts_with("Value in f64")),
        "{:?}",
        findings.summary()
    );
}

#[test]
fn lost_digits_fail_where_nothing_explains_them() {
    let findings = held_against("short_of_digits");
    let failed = failed(&findings);
    for check in ["Value in f32", "Value in f64", "Gradient in f32", "Gradient in f64"] {
        assert!(failed.iter().any(|name| name.starts_with(check)), "{check}: {failed:?}");
    }
}

#[test]
fn a_loss_that_refuses_calls_fails() {
    let findings = held_against("refuses");
    assert!(!findings.passed(), "{:?}", findings.summary());
    assert!(findings.summary().join("\n").contains("refuses"), "{:?}", findings.summary());
}

#[test]
fn a_check_without_a_point_does_not_pass() {
    let findings = held_against("refuses_all");
    assert!(!findings.passed());
    assert!(findings.checks.iter().all(|check| check.verdict != Verdict::Pass), "{:#?}", findings.summary());
}
