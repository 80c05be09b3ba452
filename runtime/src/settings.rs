//! What is set on a loss beside its parameters.

use crate::bind::movable;
use crate::error::Error;
use crate::reduction::Mean;
use crate::spec::Spec;

/// What is set on a loss beside its parameters. `R` is the reduction, `A` the number of axes of the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings<R, const A: usize> {
    pub(crate) reduction: R,
    pub(crate) unchecked: bool,
    /// Where axes stand that stand elsewhere than the declaration says.
    places: [Option<usize>; A],
    /// A name that was given and is none of an axis that may stand elsewhere.
    unknown: Option<&'static str>,
}

impl<const A: usize> Settings<Mean, A> {
    /// The mean, everything checked, every axis where the declaration says.
    pub const DEFAULT: Self =
        Settings { reduction: Mean, unchecked: false, places: [None; A], unknown: None };
}

impl<R, const A: usize> Settings<R, A> {
    /// The same with another reduction.
    pub fn reduction<S>(self, reduction: S) -> Settings<S, A> {
        let Settings { unchecked, places, unknown, .. } = self;
        Settings { reduction, unchecked, places, unknown }
    }

    /// The same without a check of elements against their domains.
    #[must_use]
    pub const fn unchecked(mut self) -> Self {
        self.unchecked = true;
        self
    }

    /// The same with an axis at another place. An unknown name is reported when the loss is evaluated.
    #[must_use]
    pub fn axis(mut self, spec: &'static Spec, name: &'static str, place: usize) -> Self {
        match movable(spec, name) {
            Ok(axis) => self.places[axis] = Some(place),
            Err(_) => self.unknown = self.unknown.or(Some(name)),
        }
        self
    }

    /// Where axes stand, one slot per axis of the loss.
    pub(crate) fn places(&self, spec: &'static Spec) -> Result<&[Option<usize>], Error> {
        match self.unknown {
            Some(name) => movable(spec, name).map(|_| &self.places[..]),
            None => Ok(&self.places),
        }
    }
}
