//! Random trees, printed and parsed: the same tree comes back, spans apart.

use lossdef_compiler::ast::{
    Allow, Argument, AxisDecl, BinaryOp, Bracket, BracketItem, Decl, Domain, DomainKind, Expr, ExprKind,
    Function, Ident, IndexDecl, Item, Local, Loss, Module, Name, Role, UnaryOp,
};
use lossdef_compiler::diagnostic::Diagnostics;
use lossdef_compiler::parser::{parse, parse_expr};
use lossdef_compiler::source::{SourceFile, Span};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::{prop_assert_eq, proptest, sample};

const AT: Span = Span { start: 0, end: 0 };

const NAMES: [&str; 12] = ["x", "y", "c", "mean", "by", "sum", "inf", "_a1", "notx", "iffy", "lossy", "e5"];

const OPERATORS: [BinaryOp; 13] = [
    BinaryOp::Add,
    BinaryOp::Sub,
    BinaryOp::Mul,
    BinaryOp::Div,
    BinaryOp::Pow,
    BinaryOp::Eq,
    BinaryOp::Ne,
    BinaryOp::Lt,
    BinaryOp::Le,
    BinaryOp::Gt,
    BinaryOp::Ge,
    BinaryOp::And,
    BinaryOp::Or,
];

fn ident() -> impl Strategy<Value = Ident> {
    sample::select(&NAMES[..]).prop_map(|name| Ident { name: name.to_owned(), span: AT })
}

fn make(kind: ExprKind) -> Expr {
    Expr { kind, span: AT }
}

fn leaf() -> impl Strategy<Value = Expr> {
    prop_oneof![
        any::<f64>()
            .prop_filter("a literal", |x| x.is_finite())
            .prop_map(|x| make(ExprKind::Number(x.abs()))),
        (0..9_i32).prop_map(|x| make(ExprKind::Number(f64::from(x)))),
        ident().prop_map(|ident| make(ExprKind::Name(Name { ident, bracket: None, arguments: None }))),
    ]
}

fn name(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let item = prop_oneof![
        of(ident()).prop_map(|name| BracketItem::Group(name, AT)),
        inner.clone().prop_map(BracketItem::Expr)
    ];
    let bracket = (vec(item, 1..3), of(inner.clone())).prop_map(|(items, filter)| Bracket {
        items,
        filter: filter.map(Box::new),
        span: AT,
    });
    let argument = (of(ident()), inner).prop_map(|(name, value)| Argument { name, value });
    (ident(), of(bracket), of(vec(argument, 0..3)))
        .prop_map(|(ident, bracket, arguments)| make(ExprKind::Name(Name { ident, bracket, arguments })))
}

fn expr() -> BoxedStrategy<Expr> {
    let node = |inner: BoxedStrategy<Expr>| {
        let boxed = inner.clone().prop_map(Box::new).boxed();
        prop_oneof![
            (sample::select(&[UnaryOp::Neg, UnaryOp::Not][..]), boxed.clone())
                .prop_map(|(op, inner)| make(ExprKind::Unary(op, inner))),
            (sample::select(&OPERATORS[..]), boxed.clone(), boxed.clone())
                .prop_map(|(op, left, right)| make(ExprKind::Binary(op, left, right))),
            (boxed.clone(), any::<bool>(), ident())
                .prop_map(|(index, negated, set)| make(ExprKind::Membership { index, negated, set })),
            (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(a, b, c)| make(ExprKind::If(a, b, c))),
            boxed.prop_map(|inner| make(ExprKind::Indicator(inner))),
            name(inner),
        ]
    };
    leaf().prop_recursive(6, 40, 3, node).boxed()
}

fn decl() -> impl Strategy<Value = Decl> {
    let axis = prop_oneof![
        Just(AxisDecl::Samples(AT)),
        ident().prop_map(AxisDecl::Axis),
        ident().prop_map(AxisDecl::Group)
    ];
    let role = (ident(), of(ident())).prop_map(|(kind, axis)| Role { kind, axis });
    let interval =
        (expr(), any::<bool>(), expr(), any::<bool>()).prop_map(|(low, low_closed, high, high_closed)| {
            DomainKind::Interval { low, low_closed, high, high_closed }
        });
    let domain = prop_oneof![interval, vec(expr(), 1..3).prop_map(DomainKind::Set)]
        .prop_map(|kind| Domain { kind, span: AT });
    (ident(), of(vec(axis, 0..3)), of(role), of(domain), of(expr()))
        .prop_map(|(name, axes, role, domain, default)| Decl { name, axes, role, domain, default, span: AT })
}

fn local() -> impl Strategy<Value = Local> {
    let index = (ident(), of(ident())).prop_map(|(name, over)| IndexDecl { name, over });
    (ident(), of(vec(index, 1..3)), expr()).prop_map(|(name, indices, value)| Local {
        name,
        indices,
        value,
        span: AT,
    })
}

fn item() -> impl Strategy<Value = Item> {
    let doc = sample::select(&["", "One line.", "Two\n\n  lines // here"][..]).prop_map(str::to_owned);
    let head = (doc, ident(), vec(decl(), 0..3), vec(decl(), 0..3), expr(), vec(local(), 0..3));
    let reason = sample::select(&["", "one in [0, 1", "see https://a.b // c"][..]).prop_map(str::to_owned);
    let code = sample::select(&["L0701", "L0703"][..]).prop_map(str::to_owned);
    let allow =
        (code, reason).prop_map(|(name, reason)| Allow { code: Ident { name, span: AT }, reason, span: AT });
    let clauses = (of(expr()), of(expr()), of(allow));
    (head, clauses, of(vec(ident(), 0..3))).prop_map(|(head, (keep, mean_by, allow), axes)| {
        let allows = Vec::from_iter(allow);
        let (doc, name, inputs, parameters, body, locals) = head;
        match axes {
            None => Item::Loss(Loss {
                doc,
                name,
                inputs,
                parameters,
                body,
                locals,
                keep,
                mean_by,
                allows,
                span: AT,
            }),
            Some(axes) => Item::Function(Function {
                doc,
                name,
                axes,
                arguments: inputs,
                parameters,
                body,
                locals,
                span: AT,
            }),
        }
    })
}

/// The debug text of a tree without its spans.
fn spanless(tree: &impl std::fmt::Debug) -> String {
    let text = format!("{tree:?}");
    let mut parts = text.split("Span { start: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('}').map_or("", |(_, rest)| rest))
}

proptest! {
    #[test]
    fn expressions(tree in expr()) {
        let text = tree.to_string();
        let again = parse_expr(&text).unwrap_or_else(|error| panic!("{text}\n{}", error.message));
        prop_assert_eq!(spanless(&again), spanless(&tree), "{}", text);
    }

    #[test]
    fn modules(items in vec(item(), 0..3)) {
        let module = Module { items };
        let text = module.to_string();
        let mut diagnostics = Diagnostics::new();
        let again = parse(&SourceFile::new("a.def", text.as_str()), &mut diagnostics);
        prop_assert_eq!(diagnostics.finish(), [], "{}", &text);
        prop_assert_eq!(spanless(&again), spanless(&module), "{}", &text);
        prop_assert_eq!(again.to_string(), text);
    }

    #[test]
    fn broken_text_never_panics(items in vec(item(), 1..3), at in any::<sample::Index>(), junk in "\\PC{0,3}") {
        let text = Module { items }.to_string();
        let at = (0..=at.index(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let source = SourceFile::new("a.def", format!("{}{junk}{}", &text[..at], &text[at..]));
        let mut diagnostics = Diagnostics::new();
        parse(&source, &mut diagnostics);
        for diagnostic in diagnostics.finish() {
            lossdef_compiler::render::render(&source, &diagnostic, lossdef_compiler::render::Style::Plain);
        }
    }
}
