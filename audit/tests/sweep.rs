//! The sweep on losses whose weaknesses are known.

use lossdef_audit::{Effort, Format, Row, Span, sweep};
use lossdef_compiler::compile;
use lossdef_compiler::source::SourceFile;

/// A difference is right everywhere; `cosh` overflows where its product with a small number does not; two terms cancel;
/// roundings decide a condition.
const TEXT: &str = "
loss plain(input, target) = abs(input - target)
loss far(input, scale) = cosh(input / 1000000) * scale
loss near(input, scale) = cosh(input) * scale
loss cancelling(a) = a + relu(1 - a)
loss jump(a, b) = if a - 1 > b then 5 else 0
";

fn row(name: &str, format: Format) -> Row {
    let compiled = compile(&SourceFile::new("test.def", TEXT));
    let at = compiled.losses.iter().position(|loss| loss.derived.loss.name == name).expect("a loss");
    let losses = lossdef_engine::losses(&compiled);
    sweep(&compiled.losses[at], losses[at].dynamic(), format, Effort::Quick).row()
}

#[test]
fn a_difference_is_right_everywhere() {
    for format in [Format::F32, Format::F64] {
        let row = row("plain", format);
        assert_eq!(row.span, Span::ALL);
        assert!(row.figures[0].ulp > 0.4 && row.figures[0].ulp <= 0.5, "{row:?}");
        assert!(row.wrong.is_empty() && row.beyond.is_empty() && row.points > 1000, "{row:?}");
    }
}

#[test]
fn an_overflow_on_the_way_bounds_the_magnitudes() {
    // cosh overflows at 89.4 and at 710.5.
    for (format, most) in [(Format::F32, 89.5e6), (Format::F64, 710.5e6)] {
        let row = row("far", format);
        assert!(row.span.most <= most && row.span.most >= most / 2.0, "{row:?}");
        assert!(row.wrong.is_empty(), "{row:?}");
        assert!(!row.beyond.is_empty(), "{row:?}");
    }
}

#[test]
fn what_is_wrong_at_ordinary_numbers_is_listed() {
    let row = row("near", Format::F32);
    assert!(row.span.most >= 1000.0, "{row:?}");
    assert!(row.wrong.iter().any(|case| case.what == "is not a number"), "{row:?}");
}

#[test]
fn terms_that_cancel_are_told_from_bad_results() {
    let row = row("cancelling", Format::F32);
    assert!(row.figures[0].terms > 0.0 && row.figures[0].terms <= 1.0, "{row:?}");
    assert!(row.figures[0].ulp <= 4.0, "{row:?}");
}

#[test]
fn roundings_may_decide_a_condition() {
    let row = row("jump", Format::F32);
    assert_eq!(row.span, Span::ALL);
    assert!(row.wrong.is_empty() && row.figures[0].ulp == 0.0, "{row:?}");
}

#[test]
fn two_sweeps_find_the_same() {
    let row = || format!("{:?}", row("near", Format::F32));
    assert_eq!(row(), row());
}
