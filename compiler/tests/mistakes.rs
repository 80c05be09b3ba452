//! What the parser says about mistakes, and that one mistake hides no other.

use lossdef_compiler::ast::{Item, Module};
use lossdef_compiler::diagnostic::Diagnostics;
use lossdef_compiler::parser::parse;
use lossdef_compiler::render::{Style, render};
use lossdef_compiler::source::SourceFile;

/// The module of a text and everything said about it.
fn read(text: &str) -> (Module, String) {
    let source = SourceFile::new("losses.def", text);
    let mut diagnostics = Diagnostics::new();
    let module = parse(&source, &mut diagnostics);
    let reports: Vec<_> =
        diagnostics.finish().iter().map(|diagnostic| render(&source, diagnostic, Style::Plain)).collect();
    (module, reports.join("\n"))
}

/// What is said about a loss with this body.
fn complaint(body: &str) -> String {
    read(&format!("loss a(x, y) = {body}")).1
}

#[test]
fn one_mistake_hides_no_other() {
    let (module, reports) = read(
        "/// Good.\nloss a(x) = x\n\nloss b(x) = x +\n\n/// Good too.\nloss c(x) = (x)\nlos d(x) = x\nloss e(x = x\nfn f(x) = x\n",
    );
    let names: Vec<_> = module
        .items
        .iter()
        .map(|item| match item {
            Item::Loss(loss) => loss.name.name.as_str(),
            Item::Function(function) => function.name.name.as_str(),
        })
        .collect();
    assert_eq!(names, ["a", "c", "f"]);
    insta::assert_snapshot!(reports, @r#"
    error[L0101]: expected an expression, found the end
     --> losses.def:4:16
      |
    4 | loss b(x) = x +
      |                ^ something is missing here
    error[L0101]: expected `loss` or `fn`, found `los`
     --> losses.def:8:1
      |
    8 | los d(x) = x
      | ^^^ not expected here
      |
    help: did you mean `loss`?
      |
    8 | loss d(x) = x
      |    +
    error[L0101]: expected an operator, `,`, `;` or `)`, found the end
     --> losses.def:9:13
      |
    9 | loss e(x = x
      |       -     ^ something is missing here
      |       |
      |       this `(` is not closed
    "#);
}

#[test]
fn a_report_names_its_declaration() {
    let mut diagnostics = Diagnostics::new();
    parse(&SourceFile::new("a.def", "loss a(x) = \nloss b(x) = 1e999\nloss (x) = x\n"), &mut diagnostics);
    let items: Vec<_> = diagnostics.finish().into_iter().map(|diagnostic| diagnostic.item).collect();
    assert_eq!(items, [Some("a".to_owned()), Some("b".to_owned()), None]);
}

/// The first line of what is said, and the help.
fn summary(body: &str) -> String {
    let report = complaint(body);
    let mut lines = report.lines().filter(|line| {
        line.starts_with("error")
            || line.starts_with("help")
            || line.contains("= note")
            || line.starts_with("1 + ")
    });
    let first = lines.next().unwrap_or("nothing").trim_start_matches("error[L0101]: ").to_owned();
    lines.fold(first, |all, line| format!("{all}\n    {}", line.trim_start()))
}

#[test]
fn habits_from_other_languages() {
    let bodies = [
        "if x = 1 then y else 0",
        "x && y",
        "[x || y]",
        "if !x then y else 0",
        "x ** 2",
        "2x",
        "2(x)",
        "x => y",
        "x <> y",
        "f(x, )",
        "lambda x: x",
        "x ? y : 0",
        "x % y",
        "let d = x",
        ".5 * x",
        "1. * x",
        "x \u{d7} y",
        "\u{3b2} * x",
        "+x",
        "x + if y then 1 else 2",
        "if x y else 0",
        "if x then y",
        "if x then y elif 3 then 4 else 5",
        "x)",
        "(x",
        "x < y < 1",
        "x in Y + 1",
        "x + not y",
        "x where keep = 3",
        "x /// no",
        "{x}",
        "x[]",
        "x; y",
        "1e999",
        "1e-999",
        "x mean y",
        "x where d",
        "x[i][j]",
        "sum[c | ](x)",
        "\"x\"",
    ];
    let all: Vec<_> = bodies.iter().map(|body| format!("{body}\n  {}", summary(body))).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    if x = 1 then y else 0
      expected an operator or `then`, found `=`
        help: equality is written `==`
    x && y
      expected an operator, a clause or the next declaration, found `&&`
        help: the conjunction is written `and`
        1 + loss a(x, y) = x and y
    [x || y]
      expected an operator or `]`, found `||`
        help: the disjunction is written `or`
        1 + loss a(x, y) = [x or y]
    if !x then y else 0
      expected an expression, found `!`
        help: the negation is written `not`
        1 + loss a(x, y) = if not x then y else 0
    x ** 2
      expected an expression, found `**`
        help: the power is written `^`
        1 + loss a(x, y) = x ^ 2
    2x
      expected an operator, a clause or the next declaration, found `x`
        help: multiplication is written out
    2(x)
      expected an operator, a clause or the next declaration, found `(`
        help: multiplication is written out
    x => y
      expected an operator, a clause or the next declaration, found `=>`
        help: did you mean `>=`?
        1 + loss a(x, y) = x >= y
    x <> y
      expected an expression, found `<>`
        help: inequality is written `!=`
        1 + loss a(x, y) = x != y
    f(x, )
      expected an expression, found `)`
        help: lists do not end with a comma
        1 + loss a(x, y) = f(x )
    lambda x: x
      expected an operator, a clause or the next declaration, found `x`
        = note: functions are no values; a helper is declared with `fn`
    x ? y : 0
      expected an operator, a clause or the next declaration, found `?`
        = note: a choice is written `if a then b else c`
    x % y
      expected an operator, a clause or the next declaration, found `%`
        = note: the language has no remainder
    let d = x
      expected an operator, a clause or the next declaration, found `d`
        = note: locals are defined behind the body: `where d = x - y`
    .5 * x
      expected an expression, found `.`
        help: write a digit before the point
    1. * x
      expected an operator, a clause or the next declaration, found `.`
        help: write a digit behind the point
    x × y
      expected an operator, a clause or the next declaration, found `×`
        help: multiplication is written `*`
        1 + loss a(x, y) = x * y
    β * x
      expected an expression, found `β`
        = note: names are made of ASCII letters, digits and `_`
    +x
      expected an expression, found `+`
        help: there is no prefix `+`
        1 + loss a(x, y) = x
    x + if y then 1 else 2
      expected an expression, found the reserved word `if`
        = note: an `if` that is an operand stands in brackets
    if x y else 0
      expected an operator or `then`, found `y`
        help: did you forget `then`?
    if x then y
      expected an operator or `else`, found the end
        = note: every `if` has a value on both sides
    if x then y elif 3 then 4 else 5
      expected an operator or `else`, found `elif`
        help: a further branch is written `else if`
    x)
      expected an operator, a clause or the next declaration, found `)`
        = note: this bracket was never opened
    (x
      expected an operator or `)`, found the end
    x < y < 1
      comparisons do not chain
        = note: join two comparisons with `and`: `a < b and b < c`
    x in Y + 1
      arithmetic on a truth value
        = note: `[cond]` in square brackets is 1 where the condition holds, else 0
    x + not y
      `not` binds more loosely than the operator before it
    x where keep = 3
      expected a name, found the reserved word `keep`
        = note: `keep` has a meaning of its own; choose another name
    x /// no
      expected `loss` or `fn`, found the end
        = note: `///` documents the `loss` or `fn` below it
        help: any other comment has two slashes
        1 + loss a(x, y) = x // no
    {x}
      expected an expression, found `{`
        = note: expressions are grouped with round brackets
    x[]
      expected an expression, found `]`
    x; y
      expected an operator, a clause or the next declaration, found `;`
    1e999
      this number is too large for 64-bit floating point
        help: if that is meant, write `inf`
        1 + loss a(x, y) = inf
    1e-999
      this number is too small for 64-bit floating point
        help: if that is meant, write `0`
        1 + loss a(x, y) = 0
    x mean y
      expected `by`, found `y`
    x where d
      expected `[` or `=`, found the end
    x[i][j]
      expected an operator, a clause or the next declaration, found `[`
        = note: all positions stand in one bracket: `x[i, j]`
    sum[c | ](x)
      expected an expression, found `]`
    "x"
      expected an expression, found `"x"`
        = note: a text in quotes is the reason of an `allow`, on one line, and nothing else
    "#);
}

#[test]
fn mistakes_in_headers() {
    let texts = [
        "loss (x) = x",
        "loss a x = x",
        "loss a(x",
        "loss a(x,) = x",
        "loss a(x) x",
        "loss a(x[) = x",
        "loss a(x: ) = x",
        "loss a(x in 0) = x",
        "loss a(x in [0 1]) = x",
        "loss a(x; y; z) = x",
        "loss if(x) = x",
        "loss 3d(x) = x",
        "def a(x) = x",
        "x + y",
        "/// nothing",
        "loss a(x) == x",
        "fn a[](x) = x",
        "fn a(x) = x keep x",
        "loss a[c](x) = x",
        "loss a(x in {}) = x",
        "loss a(x) := x",
    ];
    let all: Vec<_> = texts
        .iter()
        .map(|text| {
            let first = read(text)
                .1
                .lines()
                .filter(|line| line.starts_with("error") || line.starts_with("help"))
                .collect::<Vec<_>>()
                .join("\n  ");
            format!("{text}\n  {}", first.replace("error[L0101]: ", ""))
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    loss (x) = x
      expected a name, found `(`
    loss a x = x
      expected `(`, found `x`
    loss a(x
      expected `[`, `:`, `in`, `=`, `,`, `;` or `)`, found the end
    loss a(x,) = x
      expected a name, found `)`
      help: lists do not end with a comma
    loss a(x) x
      expected `=`, found `x`
    loss a(x[) = x
      expected an axis or `]`, found `)`
    loss a(x: ) = x
      expected a name, found `)`
    loss a(x in 0) = x
      expected a domain such as `[0, 1]`, found `0`
    loss a(x in [0 1]) = x
      expected an operator or `,`, found `1`
    loss a(x; y; z) = x
      expected `[`, `:`, `in`, `=`, `,` or `)`, found `;`
    loss if(x) = x
      expected a name, found the reserved word `if`
    loss 3d(x) = x
      expected a name, found `3`
    def a(x) = x
      expected `loss` or `fn`, found `def`
      help: did you mean `fn`?
    x + y
      expected `loss` or `fn`, found `x`
    /// nothing
      expected `loss` or `fn`, found the end
      help: any other comment has two slashes
    loss a(x) == x
      expected `=`, found `==`
    fn a[](x) = x
      expected a name, found `]`
    fn a(x) = x keep x
      a helper has no `keep` clause
    loss a[c](x) = x
      expected `(`, found `[`
    loss a(x in {}) = x
      expected an expression, found `}`
    loss a(x) := x
      expected `=`, found `:=`
      help: definitions are written with `=`
    "#);
}

#[test]
fn whole_reports() {
    insta::assert_snapshot!(complaint("if x == 1 then y\n  where d = x"), @r#"
    error[L0101]: expected an operator or `else`, found the reserved word `where`
     --> losses.def:2:3
      |
    1 | loss a(x, y) = if x == 1 then y
      |                -- this `if` has no `else`
    2 |   where d = x
      |   ^^^^^ not expected here
      |
      = note: every `if` has a value on both sides
    "#);
    insta::assert_snapshot!(complaint("(x + y\n  where d = x"), @r#"
    error[L0101]: expected an operator or `)`, found the reserved word `where`
     --> losses.def:2:3
      |
    1 | loss a(x, y) = (x + y
      |                - this `(` is not closed
    2 |   where d = x
      |   ^^^^^ not expected here
    "#);
    insta::assert_snapshot!(complaint("x < y < 1"), @r#"
    error[L0101]: comparisons do not chain
     --> losses.def:1:22
      |
    1 | loss a(x, y) = x < y < 1
      |                ----- ^ a truth value stands on its left
      |                |
      |                this is true or false
      |
      = note: join two comparisons with `and`: `a < b and b < c`
    "#);
    insta::assert_snapshot!(complaint("x keep x keep y"), @r#"
    error[L0104]: the clause `keep` stands twice
     --> losses.def:1:25
      |
    1 | loss a(x, y) = x keep x keep y
      |                  ------ ^^^^^^ the second one
      |                  |
      |                  the first one
      |
      = note: join the conditions with `and`
    "#);
}
