//! The sweep on losses whose weaknesses are known.

use lossdef_audit::{Effort, Format, sweep};
use lossdef_compiler::compile;
use lossdef_compiler::source::SourceFile;

lossdef::losses! { inline = r#"
loss plain(input, target) = abs(input - target)
loss square(input, target) = (input - target)^2 / 2
loss guarded(input, scale) = (exp(input) + 1) * scale allow(L0705, "the sweep shall find it")
"# }

const TEXT: &str = r#"
loss plain(input, target) = abs(input - target)
loss square(input, target) = (input - target)^2 / 2
loss guarded(input, scale) = (exp(input) + 1) * scale allow(L0705, "the sweep shall find it")
"#;

fn swept<T>(name: &str, format: Format, then: impl Fn(&lossdef_audit::Swept<'_>) -> T) -> T {
    let compiled = compile(&SourceFile::new("test.def", TEXT));
    let loss = compiled.losses.iter().find(|loss| loss.derived.loss.name == name).expect("a loss");
    let callable = CATALOGUE.get(name).expect("a loss of the catalogue");
    then(&sweep(loss, callable, format, Effort::Quick))
}

#[test]
fn a_difference_is_right_everywhere() {
    for format in [Format::F32, Format::F64] {
        swept("plain", format, |swept| {
            let (span, row) = (swept.span(), swept.row(swept.span()));
            assert!(span.least == 0.0 && span.most.is_infinite(), "{span:?}");
            assert!(row.figures[0].ulp > 0.4 && row.figures[0].ulp <= 0.5, "{row:?}");
            assert!(row.faults.is_empty() && row.points > 1000);
        });
    }
}

#[test]
fn an_overflow_on_the_way_bounds_the_magnitudes() {
    // exp(89) + 1 overflows in f32, and exp(710) + 1 in f64; times a small number, the product does not.
    for (format, most) in [(Format::F32, 100.0), (Format::F64, 800.0)] {
        swept("guarded", format, |swept| {
            let span = swept.span();
            assert!(span.most <= most && span.most >= most / 2.0, "{span:?}");
            assert!(!swept.beyond(span).is_empty());
            assert!(swept.row(span).faults.is_empty());
        });
    }
}

#[test]
fn two_sweeps_find_the_same() {
    let row = || swept("square", Format::F32, |swept| format!("{:?}", swept.row(swept.span())));
    assert_eq!(row(), row());
}
