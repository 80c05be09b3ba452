//! The language's text and its tree: precedence, printing, documentation and spans.

use lossdef_compiler::ast::{Item, Module};
use lossdef_compiler::diagnostic::Diagnostics;
use lossdef_compiler::parser::{parse, parse_expr};
use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;

/// The examples of the language's first page.
const EXAMPLES: &str = r"
/// Mean squared error.
loss mse(input, target, weight = 1) = weight * (input - target)^2
    mean by weight

/// Quadratic near zero, linear beyond `beta`.
loss smooth_l1(input, target; beta in [0, inf) = 1.0) =
    if abs(d) < beta then d^2 / (2 * beta) else abs(d) - beta / 2
    where d = input - target

/// Binary cross entropy on logits, written naively. The compiler makes it stable.
loss bce_with_logits(input, target, weight = 1, pos_weight = 1) =
    -weight * (pos_weight * target * log(sigmoid(input)) + (1 - target) * log(1 - sigmoid(input)))

/// Cross entropy between logits and class indices.
loss cross_entropy(input[.., c], target[..]: index c, weight[c] = 1;
                   ignore_index: int = -100, label_smoothing in [0, 1] = 0.0) =
    -sum[c](weight * q * log(softmax[c](input)))
    where q[c] = (1 - label_smoothing) * [c == target] + label_smoothing / size(c)
    keep target != ignore_index
    mean by weight[target]

/// Hinge over every pair of a true label and a wrong one.
loss multilabel_margin(input[.., c], target[.., c]: set c) =
    sum[j in target, i in c | i not in target](relu(1 - input[j] + input[i])) / size(c)

/// Pull similar pairs together, push the others apart.
loss cosine_embedding(input1[.., d], input2[.., d], target[..]; margin = 0.0) =
    if target == 1 then 1 - cos else if target == -1 then relu(cos - margin) else 0
    where cos = sum[d](input1 * input2) / sqrt((sum[d](input1^2) + eps) * (sum[d](input2^2) + eps)),
          eps = 9.999999960041972e-13        // torch's 1e-12, which is a float32 there

/// Contrast every row of the batch with every other.
loss info_nce(query[n, d], key[n, d]; temperature in (0, inf) = 0.07) =
    logsumexp[j in n](s[n, j]) - s[n, n]
    where s[i, j] = sum[d](query[i, d] * key[j, d]) / temperature

/// A distance as a helper over an axis.
fn pairwise[d](x, y; eps = 1e-6) = norm[d](x - y + eps)
";

/// The module of a text and everything said about it.
fn read(text: &str) -> (Module, String) {
    let source = SourceFile::new("losses.def", text);
    let mut diagnostics = Diagnostics::new();
    let module = parse(&source, &mut diagnostics);
    let reports: Vec<_> =
        diagnostics.finish().iter().map(|diagnostic| render(&source, diagnostic, Style::Plain)).collect();
    (module, reports.join("\n"))
}

/// A good text as it is printed.
fn printed(text: &str) -> String {
    let (module, reports) = read(text);
    assert_eq!(reports, "");
    module.to_string()
}

/// The tree of an expression, with round brackets around every operation.
fn grouped(text: &str) -> String {
    use lossdef_compiler::ast::{Expr, ExprKind};
    fn show(expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Unary(op, inner) => format!("({op}{})", show(inner)),
            ExprKind::Binary(op, left, right) => format!("({} {op} {})", show(left), show(right)),
            ExprKind::Membership { index, negated, set } => {
                format!("({} {} {set})", show(index), if *negated { "!in" } else { "in" })
            }
            ExprKind::If(a, b, c) => format!("(if {} then {} else {})", show(a), show(b), show(c)),
            _ => expr.to_string(),
        }
    }
    show(&parse_expr(text).unwrap_or_else(|error| panic!("{text}: {}", error.message)))
}

#[test]
fn precedence() {
    for (text, tree) in [
        ("-x^2", "(-(x ^ 2))"),
        ("2^-x", "(2 ^ (-x))"),
        ("2^-x^2 * y", "((2 ^ (-(x ^ 2))) * y)"),
        ("a^b^c", "(a ^ (b ^ c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b * c", "((a / b) * c)"),
        ("a - b * -c", "(a - (b * (-c)))"),
        ("-a * b", "((-a) * b)"),
        ("--a", "(-(-a))"),
        ("not a and b", "((not a) and b)"),
        ("not a == b or c", "((not (a == b)) or c)"),
        ("a or b and c or d", "((a or (b and c)) or d)"),
        ("not not a", "(not (not a))"),
        ("j not in Y and not i in Y", "((j !in Y) and (not (i in Y)))"),
        ("a + 1 in Y", "((a + 1) in Y)"),
        ("if a then b else c + d", "(if a then b else (c + d))"),
        ("if a then b else if c then d else e", "(if a then b else (if c then d else e))"),
        ("if a then if b then c else d else e", "(if a then (if b then c else d) else e)"),
        ("(if a then b else c) + d", "((if a then b else c) + d)"),
    ] {
        assert_eq!(grouped(text), tree, "{text}");
        assert_eq!(grouped(&parse_expr(text).expect("it parsed above").to_string()), tree, "{text} printed");
    }
}

#[test]
fn brackets_are_printed_where_they_are_needed() {
    for text in [
        "a - (b - c)",
        "(a^b)^c",
        "(-a)^b",
        "a * (b + c) / -d",
        "not (a and b)",
        "(a < b) == c",
        "[c == target] * x[j, .., s..](y, eps = 1e-6)",
        "sum[j in c | j not in Y](x[j])",
        "a + (if b then c else d)",
        "1e300 + 0.1 + 1e-7 + 1234567890123456 + 1e16 + 5e-324",
    ] {
        assert_eq!(parse_expr(text).expect(text).to_string(), text);
    }
}

#[test]
fn examples_are_printed_and_read_again() {
    let once = printed(EXAMPLES);
    assert_eq!(printed(&once), once);
    let (module, _) = read(EXAMPLES);
    assert_eq!(module.items.len(), 8);
    insta::assert_snapshot!(once, @r#"
    /// Mean squared error.
    loss mse(input, target, weight = 1) = weight * (input - target)^2
        mean by weight

    /// Quadratic near zero, linear beyond `beta`.
    loss smooth_l1(input, target; beta in [0, inf) = 1) =
        if abs(d) < beta then d^2 / (2 * beta) else abs(d) - beta / 2
        where d = input - target

    /// Binary cross entropy on logits, written naively. The compiler makes it stable.
    loss bce_with_logits(input, target, weight = 1, pos_weight = 1) =
        -weight * (pos_weight * target * log(sigmoid(input)) + (1 - target) * log(1 - sigmoid(input)))

    /// Cross entropy between logits and class indices.
    loss cross_entropy(input[.., c], target[..]: index c, weight[c] = 1;
                       ignore_index: int = -100, label_smoothing in [0, 1] = 0) =
        -sum[c](weight * q * log(softmax[c](input)))
        where q[c] = (1 - label_smoothing) * [c == target] + label_smoothing / size(c)
        keep target != ignore_index
        mean by weight[target]

    /// Hinge over every pair of a true label and a wrong one.
    loss multilabel_margin(input[.., c], target[.., c]: set c) =
        sum[j in target, i in c | i not in target](relu(1 - input[j] + input[i])) / size(c)

    /// Pull similar pairs together, push the others apart.
    loss cosine_embedding(input1[.., d], input2[.., d], target[..]; margin = 0) =
        if target == 1 then 1 - cos else if target == -1 then relu(cos - margin) else 0
        where cos = sum[d](input1 * input2) / sqrt((sum[d](input1^2) + eps) * (sum[d](input2^2) + eps)),
              eps = 9.999999960041972e-13

    /// Contrast every row of the batch with every other.
    loss info_nce(query[n, d], key[n, d]; temperature in (0, inf) = 0.07) =
        logsumexp[j in n](s[n, j]) - s[n, n]
        where s[i, j] = sum[d](query[i, d] * key[j, d]) / temperature

    /// A distance as a helper over an axis.
    fn pairwise[d](x, y; eps = 1e-6) = norm[d](x - y + eps)
    "#);
}

#[test]
fn documentation_belongs_to_what_follows() {
    let (module, reports) =
        read("\u{feff}// file\r\n/// One.\r\n///\r\n///  Two.\r\n//// ruler\r\nloss a(x) = x // end\r\n");
    assert_eq!(reports, "");
    let [Item::Loss(loss)] = module.items.as_slice() else { panic!("one loss") };
    assert_eq!(loss.doc, "One.\n\n Two.");
}

#[test]
fn words_of_clauses_are_names_elsewhere() {
    assert_eq!(
        printed("loss a(mean, by) = mean - by mean by by"),
        "loss a(mean, by) = mean - by\n    mean by by\n"
    );
    assert_eq!(printed("loss a(lossy, iffy) = nothing * inner"), "loss a(lossy, iffy) = nothing * inner\n");
}

#[test]
fn spans_are_those_of_the_file() {
    let text = "// \u{3b2}\nloss a(x) = x\nloss b(x) = (x + yy) * y // end\n  keep x // end\n";
    let source = SourceFile::new("a.def", text);
    let module = parse(&source, &mut Diagnostics::new());
    let [_, Item::Loss(loss)] = module.items.as_slice() else { panic!("two losses") };
    assert_eq!(source.slice(loss.span), "loss b(x) = (x + yy) * y // end\n  keep x");
    assert_eq!(source.slice(loss.name.span), "b");
    assert_eq!(source.slice(loss.body.span), "(x + yy) * y");
}
