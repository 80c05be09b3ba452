//! Audits losses of `losses.def`: `cargo run --release -p lossdef-audit --example audit -- OUT.html [LOSS...]`.

use lossdef_audit::{Options, audit};
use lossdef_compiler::compile;
use lossdef_compiler::source::SourceFile;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let _out = arguments.next();
    let wanted: Vec<String> = arguments.collect();
    let compiled = compile(&SourceFile::new("losses.def", include_str!("../../losses.def")));
    for loss in &compiled.losses {
        let name = &loss.derived.loss.name;
        if !wanted.is_empty() && !wanted.contains(name) {
            continue;
        }
        let start = std::time::Instant::now();
        let callable = lossdef::losses::CATALOGUE.get(name).expect("a loss of the catalogue");
        let findings = audit(loss, callable, &Options::default());
        println!("{:.1}s {}", start.elapsed().as_secs_f64(), findings.summary().join("\n"));
        for check in &findings.checks {
            println!("      {:?} {} [{}] {}", check.verdict, check.name, check.points, check.says);
            if let Some(w) = &check.worst { println!("          {}", w.text()) }
        }
    }
}
