//! Declarations: domains, defaults, parameters. Axes and the roles that name one stand in `axes`.

use super::axes;
use crate::ast::{BinaryOp, Decl, DomainKind, Expr, ExprKind, UnaryOp};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{Axis, AxisSet, Domain, Function, Input, Parameter, ParameterKind, Role, Scalar, Type};

/// What a declared input's elements vary over.
pub(super) fn type_of_input(input: &Input) -> Type {
    let axes = input.axes.iter().fold(AxisSet::EMPTY, |axes, axis| axes.union(AxisSet::of(*axis)));
    let scalar = if input.role == Role::Bool { Scalar::Bool } else { Scalar::Real };
    Type { scalar, axes }
}

/// Whether a declared parameter is a truth value.
pub(super) fn type_of_parameter(parameter: &Parameter) -> Scalar {
    if parameter.kind == ParameterKind::Bool { Scalar::Bool } else { Scalar::Real }
}

/// Checks the declaration of an input, of a loss that has these axes.
pub(super) fn input(decl: &Decl, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<Input> {
    let own = axes::of_input(decl, axes, diagnostics);
    let role = axes::role(decl, axes, own.as_deref(), diagnostics);
    let (own, role) = (own?, role?);
    if matches!(role, Role::Index(_) | Role::Set(_)) {
        plain_labels(decl, diagnostics)?;
    }
    let domain = domain(decl, diagnostics)?;
    fits(decl, domain.as_ref(), role != Role::Real, role == Role::Bool, diagnostics)?;
    let default = default(decl, domain.as_ref(), role == Role::Bool, diagnostics)?;
    if role == Role::Int {
        whole_default(decl, default, diagnostics)?;
    }
    Some(Input { name: decl.name.name.clone(), axes: own, role, domain, default, span: decl.span })
}

/// Checks the declaration of a parameter.
pub(super) fn parameter(decl: &Decl, diagnostics: &mut Diagnostics) -> Option<Parameter> {
    if let Some(axes) = &decl.axes
        && !axes.is_empty()
    {
        diagnostics.push(
            Diagnostic::new(
                &codes::WRONG_TYPE,
                format!("parameter `{}` cannot have axes", decl.name.name),
                decl.span,
            )
            .note("a parameter is one number for the whole call; an array is an input, before the `;`"),
        );
        return None;
    }
    let kind = match decl.role.as_ref().map(|role| role.kind.name.as_str()) {
        None => ParameterKind::Real,
        Some("int") => ParameterKind::Int,
        Some("bool") => ParameterKind::Bool,
        Some(_) => {
            return unknown_role(decl, "a parameter is a real number, `: int` or `: bool`", diagnostics);
        }
    };
    let domain = domain(decl, diagnostics)?;
    fits(decl, domain.as_ref(), kind != ParameterKind::Real, kind == ParameterKind::Bool, diagnostics)?;
    let default = default(decl, domain.as_ref(), kind == ParameterKind::Bool, diagnostics)?;
    if kind == ParameterKind::Int {
        whole_default(decl, default, diagnostics)?;
    }
    Some(Parameter { name: decl.name.name.clone(), kind, domain, default, span: decl.span })
}

/// Labels are positions on their axis, all of them, and a call gives them.
fn plain_labels(decl: &Decl, diagnostics: &mut Diagnostics) -> Option<()> {
    let mut sound = true;
    if let Some(domain) = &decl.domain {
        let message = format!("the labels `{}` have no domain beside their axis", decl.name.name);
        diagnostics.push(Diagnostic::new(&codes::BAD_DOMAIN, message, domain.span));
        sound = false;
    }
    if let Some(default) = &decl.default {
        let message = format!("the labels `{}` have no default", decl.name.name);
        diagnostics.push(Diagnostic::new(&codes::BAD_DEFAULT, message, default.span));
        sound = false;
    }
    sound.then_some(())
}

pub(super) fn unknown_role<T>(decl: &Decl, roles: &str, diagnostics: &mut Diagnostics) -> Option<T> {
    if let Some(role) = &decl.role {
        diagnostics.push(
            Diagnostic::new(
                &codes::UNKNOWN_ROLE,
                format!("`{}` is not a role here", role.kind.name),
                role.kind.span,
            )
            .note(roles),
        );
    }
    None
}

/// `Some(None)` where no domain is declared, `None` where it is bad.
fn domain(decl: &Decl, diagnostics: &mut Diagnostics) -> Option<Option<Domain>> {
    let Some(domain) = &decl.domain else { return Some(None) };
    let mut number = |expr: &Expr| {
        let value = constant(expr);
        if value.is_none_or(f64::is_nan) {
            diagnostics.push(Diagnostic::new(&codes::BAD_DOMAIN, "a domain is made of constants", expr.span));
            return None;
        }
        value
    };
    let checked = match &domain.kind {
        DomainKind::Interval { low, low_closed, high, high_closed } => {
            let (low_value, high_value) = (number(low), number(high));
            Domain::Interval {
                low: low_value?,
                low_closed: *low_closed,
                high: high_value?,
                high_closed: *high_closed,
            }
        }
        DomainKind::Set(values) => Domain::Set(
            values.iter().map(&mut number).collect::<Vec<_>>().into_iter().collect::<Option<_>>()?,
        ),
    };
    let empty = match &checked {
        Domain::Interval { low, high, .. } => low > high || (low == high && !checked.contains(*low)),
        Domain::Set(values) => values.is_empty(),
    };
    if empty {
        diagnostics.push(Diagnostic::new(
            &codes::BAD_DOMAIN,
            format!("no number lies in {checked}"),
            domain.span,
        ));
        return None;
    }
    Some(Some(checked))
}

/// A whole number that is surely the one that was written.
fn is_whole(x: f64) -> bool {
    x.fract() == 0.0 && x.abs() < 9_007_199_254_740_992.0
}

fn whole_default(decl: &Decl, default: Option<f64>, diagnostics: &mut Diagnostics) -> Option<()> {
    if default.is_none_or(is_whole) {
        return Some(());
    }
    diagnostics.push(Diagnostic::new(
        &codes::BAD_DEFAULT,
        format!("the default of `{}` is not a whole number below 2^53", decl.name.name),
        decl.default.as_ref().map_or(decl.span, |expr| expr.span),
    ));
    None
}

/// Whether a domain suits a type: truth values have none, and one of whole numbers holds some.
fn fits(
    decl: &Decl,
    domain: Option<&Domain>,
    whole: bool,
    truth: bool,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let (Some(checked), Some(written)) = (domain, &decl.domain) else { return Some(()) };
    let holds_whole = match checked {
        Domain::Set(values) => values.iter().all(|x| is_whole(*x)),
        Domain::Interval { low, high, .. } => {
            low.is_infinite()
                || high.is_infinite()
                || [low.ceil(), low.ceil() + 1.0].iter().any(|x| checked.contains(*x))
        }
    };
    let message = if truth {
        format!("`{}` is true or false and has no domain", decl.name.name)
    } else if whole && !holds_whole {
        format!("{checked} is not a domain of whole numbers")
    } else {
        return Some(());
    };
    diagnostics.push(Diagnostic::new(&codes::BAD_DOMAIN, message, written.span));
    None
}

/// `Some(None)` where no default is declared, `None` where it is bad.
fn default(
    decl: &Decl,
    domain: Option<&Domain>,
    truth: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Option<f64>> {
    let Some(expr) = &decl.default else { return Some(None) };
    let name = &decl.name.name;
    if truth {
        if let Some(value) = truth_value(expr) {
            return Some(Some(f64::from(u8::from(value))));
        }
        diagnostics.push(Diagnostic::new(
            &codes::BAD_DEFAULT,
            format!("the default of `{name}` is `true` or `false`"),
            expr.span,
        ));
        return None;
    }
    let Some(value) = constant(expr) else {
        diagnostics.push(
            Diagnostic::new(
                &codes::BAD_DEFAULT,
                format!("the default of `{name}` is not a constant number"),
                expr.span,
            )
            .note("a default is made of numbers, `inf`, `pi` and arithmetic"),
        );
        return None;
    };
    if let Some(domain) = domain.filter(|domain| !domain.contains(value)) {
        diagnostics.push(Diagnostic::new(
            &codes::BAD_DEFAULT,
            format!("the default of `{name}` is {value}, which is not in {domain}"),
            expr.span,
        ));
        return None;
    }
    Some(Some(value))
}

fn truth_value(expr: &Expr) -> Option<bool> {
    match &expr.kind {
        ExprKind::Name(name) if name.bracket.is_none() && name.arguments.is_none() => {
            match name.ident.name.as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The number that an expression of constants is.
pub(super) fn constant(expr: &Expr) -> Option<f64> {
    let evaluate = |function: Function, x: &[f64]| Some((crate::functions::row(function).evaluate)(x));
    match &expr.kind {
        ExprKind::Number(x) => Some(*x),
        ExprKind::Name(name) if name.bracket.is_none() && name.arguments.is_none() => {
            super::expression::constant(&name.ident.name)
        }
        ExprKind::Unary(UnaryOp::Neg, x) => Some(-constant(x)?),
        ExprKind::Binary(op, a, b) => {
            let function = match op {
                BinaryOp::Add => Function::Add,
                BinaryOp::Sub => Function::Sub,
                BinaryOp::Mul => Function::Mul,
                BinaryOp::Div => Function::Div,
                BinaryOp::Pow => Function::Pow,
                _ => return None,
            };
            evaluate(function, &[constant(a)?, constant(b)?])
        }
        ExprKind::Name(name) if name.bracket.is_none() => {
            let row = crate::functions::by_name(&name.ident.name)?;
            let arguments = name.arguments.as_ref()?;
            let values: Vec<f64> = arguments.iter().map(|a| constant(&a.value)).collect::<Option<_>>()?;
            (values.len() == row.arity).then(|| (row.evaluate)(&values))
        }
        _ => None,
    }
}
