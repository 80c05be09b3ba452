//! Audits losses of `losses.def`: `cargo run --release -p lossdef-audit --example audit -- OUT.html [LOSS...]`.

use lossdef_audit::{Options, audit, report};
use lossdef_compiler::compile;
use lossdef_compiler::source::SourceFile;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().expect("a file to write");
    let wanted: Vec<String> = arguments.collect();
    let compiled = compile(&SourceFile::new("losses.def", include_str!("../../losses.def")));
    let mut all = Vec::new();
    for loss in &compiled.losses {
        let name = &loss.derived.loss.name;
        if wanted.is_empty() || wanted.contains(name) {
            let callable = lossdef::losses::CATALOGUE.get(name).expect("a loss of the catalogue");
            let findings = audit(loss, callable, &Options::default());
            println!("{}", findings.summary().join("\n"));
            all.push(findings);
        }
    }
    std::fs::write(out, report("losses.def", &all)).expect("a file that can be written");
}
