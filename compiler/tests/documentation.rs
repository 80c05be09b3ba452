//! What the documentation of a generated struct says of a call.

use lossdef_compiler::compile;
use lossdef_compiler::source::SourceFile;

/// The lines of documentation of the only loss of a text.
fn docs(text: &str) -> Vec<String> {
    let compiled = compile(&SourceFile::new("test.def", text));
    let [loss] = compiled.losses.as_slice() else { panic!("{:?}", compiled.diagnostics) };
    let items = loss.items().to_string();
    let lines = items.split("doc = \"").skip(1);
    lines.map(|rest| rest.split("\"]").next().unwrap_or_default().replace("\\\"", "\"")).collect()
}

fn assert_lines(docs: &[String], wanted: &[&str]) {
    for line in wanted {
        assert!(docs.iter().any(|known| known == line), "no `{line}` in:\n{}", docs.join("\n"));
    }
}

fn assert_no(docs: &[String], part: &str) {
    assert!(!docs.iter().any(|line| line.contains(part)), "`{part}` in:\n{}", docs.join("\n"));
}

#[test]
fn inputs_over_axes_are_listed_with_their_shapes() {
    let docs = docs(
        "loss nll(input[.., c], target: index c, type[c] = 1, bias[c] = 0; scale = 1.0) = \
         -scale * type[target] * (input[target] + bias[target])",
    );
    assert_lines(
        &docs,
        &[
            "Inputs, with the axes of their arrays:",
            "- `input`: `[.., c]`.",
            "- `target`: `[..]`, positions on `c`.",
            "- `type`: `[c]`, optional (1 otherwise).",
            "`..` are the sample axes, any number of them, the same in all inputs. `.axis(\"c\", 1)` says that `c` \
             is axis 1 of the arrays that have it beside sample axes.",
            "Optional inputs follow the required ones: \
             `loss.on(&input, &target).r#type(&r#type).bias(&bias).forward()`.",
            "Real parameters are `f64`, for arrays of `f32` too.",
        ],
    );
}

#[test]
fn groups_sets_and_axes_that_are_samples() {
    let docs = docs(
        "loss held(x[n, s..], w[n, c], hit[n, k]: set c, lit[n]: bool, level[n]: int) = \
         (if lit then level else 1) * sum[j in hit](w[n, j]) + sum[s](x)",
    );
    assert_lines(
        &docs,
        &[
            "- `x`: `[n, s..]`.",
            "- `hit`: `[n, k]`, positions on `c` up to the first negative number.",
            "- `lit`: `[n]`, truth values.",
            "- `level`: `[n]`, whole numbers.",
            "`.axis(\"s\", 0)` says that `s` is axis 0 of the arrays that have it beside sample axes.",
        ],
    );
    assert_no(&docs, "sample axes, any number");
    assert_no(&docs, "Optional inputs");
    assert_no(&docs, "Real parameters");
}

#[test]
fn elementwise_losses_list_nothing() {
    let docs = docs(
        "loss l1(input, target, weight = 1; full: bool = false) = weight * abs(input - target) * (1 + [full])",
    );
    assert_lines(
        &docs,
        &["Optional inputs follow the required ones: `loss.on(&input, &target).weight(&weight).forward()`."],
    );
    assert_no(&docs, "Inputs, with");
    assert_no(&docs, ".axis(");
    assert_no(&docs, "Real parameters");
}
