//! Domains as people write them, membership, and the check of parameters against them.

use std::fmt::{self, Display, Formatter};

use crate::error::Error;
use crate::real::Float;
use crate::spec::{Domain, ParameterKind, Spec};

/// Whole numbers up to this one have an exact counterpart in `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Display for Domain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Domain::Interval { low, low_closed, high, high_closed } => {
                let open = if low_closed { '[' } else { '(' };
                let close = if high_closed { ']' } else { ')' };
                write!(f, "{open}{low}, {high}{close}")
            }
            Domain::Set(members) => {
                f.write_str("{")?;
                for (index, member) in members.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{member}")?;
                }
                f.write_str("}")
            }
        }
    }
}

impl Domain {
    /// Whether `x` lies in it, its ends rounded to the type of `x` as the kernels do.
    pub fn contains<T: Float>(&self, x: T) -> bool {
        match *self {
            Domain::Interval { low, low_closed, high, high_closed } => {
                let (low, high) = (T::from_f64(low), T::from_f64(high));
                (x > low || low_closed && x == low) && (x < high || high_closed && x == high)
            }
            Domain::Set(members) => members.iter().any(|&member| x == T::from_f64(member)),
        }
    }
}

/// Checks that there is one value for every parameter, of its type and in its domain.
pub(crate) fn check_parameters(spec: &'static Spec, values: &[f64]) -> Result<(), Error> {
    for (index, parameter) in spec.parameters.iter().enumerate() {
        let Some(&value) = values.get(index) else {
            return Err(Error::MissingParameter { loss: spec.name, parameter: parameter.name });
        };
        let expected = match parameter.kind {
            // What cannot be told from a whole number beyond this one was rounded on its way here.
            ParameterKind::Int if value.trunc() != value || value.abs() > EXACT => {
                "a whole number up to 2^53"
            }
            ParameterKind::Bool if value != 0.0 && value != 1.0 => "true or false (1 or 0)",
            ParameterKind::Real if value.is_nan() => "a number",
            ParameterKind::Real if value.is_infinite() && parameter.domain.is_none() => "finite",
            _ => match parameter.domain {
                Some(domain) if !domain.contains(value) => {
                    return Err(Error::Parameter {
                        loss: spec.name,
                        parameter: parameter.name,
                        value,
                        domain,
                    });
                }
                _ => continue,
            },
        };
        return Err(Error::ParameterKind { loss: spec.name, parameter: parameter.name, value, expected });
    }
    Ok(())
}

/// A value of a parameter in typed code.
pub trait ParameterValue: Copy {
    /// The number that kernels receive; for a whole number beyond 2^53, one near it that is refused as well.
    fn number(self) -> f64;
}

impl ParameterValue for f64 {
    fn number(self) -> f64 {
        self
    }
}

impl ParameterValue for i32 {
    fn number(self) -> f64 {
        f64::from(self)
    }
}

impl ParameterValue for i64 {
    fn number(self) -> f64 {
        let near = self as f64;
        if self.unsigned_abs() <= EXACT as u64 { near } else { near.abs().max(EXACT + 2.0).copysign(near) }
    }
}

impl ParameterValue for bool {
    fn number(self) -> f64 {
        f64::from(u8::from(self))
    }
}
