//! The report as a file: every loss of the catalogue, sound markup, nothing from elsewhere, the same every time.

use lossdef_audit::{Findings, Options, Verdict, audit, report};
use lossdef_compiler::compile;
use lossdef_compiler::source::SourceFile;

const QUICK: Options = Options { calls: 1, density: 1024 };

lossdef::losses! { inline = "
/// Beware of <script>alert(1)</script> & \"quotes\".
loss marked(input, target; margin = 1.0) = if input < target and target > 0 then relu(margin - input) else abs(input)
loss parted(input, target) = with_grad((input - target)^2, input - target)
" }

const MARKED: &str = "/// Beware of <script>alert(1)</script> & \"quotes\".
loss marked(input, target; margin = 1.0) = if input < target and target > 0 then relu(margin - input) else abs(input)
loss parted(input, target) = with_grad((input - target)^2, input - target)
";

fn of(text: &str, catalogue: lossdef::Catalogue) -> Vec<Findings> {
    let compiled = compile(&SourceFile::new("test.def", text));
    let audited = compiled.losses.iter().map(|loss| {
        audit(loss, catalogue.get(&loss.derived.loss.name).expect("a loss of the catalogue"), &QUICK)
    });
    audited.collect()
}

/// Elements that are never closed.
const VOID: [&str; 3] = ["meta", "link", "br"];

/// Every element is closed, in order.
fn check_nesting(html: &str) {
    let mut open = Vec::new();
    let style = (html.find("<style>").expect("a style"), html.find("</style>").expect("its end"));
    let body = html[..style.0].to_owned() + &html[style.1 + "</style>".len()..];
    for part in body.split('<').skip(1) {
        let tag = part.split('>').next().expect("an end");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().expect("a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "...{}", &part[..part.len().min(60)]);
        } else if !tag.starts_with('!') && !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn every_loss_of_the_catalogue_is_in_the_report() {
    let findings = of(include_str!("../../losses.def"), lossdef::losses::CATALOGUE);
    let failed: Vec<String> =
        findings.iter().filter(|loss| !loss.passed()).flat_map(Findings::summary).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let html = report("losses.def", &findings);
    for name in lossdef::losses::CATALOGUE.names() {
        assert!(html.contains(&format!("<section class=\"loss\" id=\"{name}\">")), "{name}");
        assert!(html.contains(&format!("href=\"#{name}\"")), "{name}");
    }
    check_nesting(&html);
    for outside in ["<script", "http:", "https:", "url(", "@import", "src="] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.len() < 10 << 20, "{} bytes", html.len());
    let pictures = html.split("<svg ").skip(1).map(|rest| rest.split("</svg>").next().unwrap_or_default());
    for picture in pictures {
        assert!(
            picture.contains("<path") && !picture.contains("NaN") && !picture.contains("inf"),
            "{picture}"
        );
    }
    // An overview, curves and errors for each.
    assert!(html.matches("<svg ").count() >= 6 * findings.len());
}

#[test]
fn text_of_the_author_stays_text() {
    let html = report("a < b & c", &of(MARKED, CATALOGUE));
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"));
    assert!(html.contains("<title>a &lt; b &amp; c</title>"));
    check_nesting(&html);
}

#[test]
fn a_section_says_what_a_reviewer_asks() {
    let findings = of(MARKED, CATALOGUE);
    let html = report("test", &findings);
    let marked =
        &html[html.find("id=\"marked\"").expect("a section")..html.find("id=\"parted\"").expect("another")];
    for part in
        ["Formula", "Gradient", "Value and gradient", "Checks", "Hazards and conventions", "Generated code"]
    {
        assert!(marked.contains(part), "{part}");
    }
    assert!(
        marked.contains("relu has derivative 0 at 0") && marked.contains("kink at"),
        "conventions and kinks"
    );
    assert!(marked.contains("As differentiated") && marked.contains("<ol class=\"steps\">"), "steps");
    assert!(marked.contains("::lossdef::__private"), "code");
}

#[test]
fn a_gradient_parted_from_the_value_is_a_remark_and_no_failure() {
    let findings = of(MARKED, CATALOGUE);
    let parted = findings.iter().find(|loss| loss.loss == "parted").expect("a loss");
    assert!(parted.passed() && parted.verdict() == Verdict::Note, "{:?}", parted.summary());
    assert!(parted.summary().join("\n").contains("with_grad"));
}

#[test]
fn the_same_input_gives_the_same_report() {
    assert_eq!(report("t", &of(MARKED, CATALOGUE)), report("t", &of(MARKED, CATALOGUE)));
}

#[test]
fn findings_are_data() {
    let findings = of(MARKED, CATALOGUE);
    let json = serde_json::to_value(&findings).expect("findings are data");
    assert_eq!(json[0]["loss"], "marked");
    assert_eq!(json[0]["checks"][0]["verdict"], "pass");
    assert!(json[0]["checks"].as_array().is_some_and(|checks| checks.len() == findings[0].checks.len()));
}
