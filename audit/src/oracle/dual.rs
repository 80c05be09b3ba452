//! Forward mode: a wide value with its slope in each element that it depends on.

use lossdef_compiler::ir::{Function, Reduction};

use super::{Number, folds, table};
use crate::wide::Wide;

/// A value and its derivative with respect to elements of the inputs, by number. An element that it does not
/// depend on is not among them, so that `0 * inf` never arises from something that is constant.
#[derive(Clone, Debug)]
pub struct Dual {
    /// The value.
    pub value: Wide,
    /// The slopes, in the order of the elements' numbers.
    pub slopes: Vec<(usize, Wide)>,
}

impl Dual {
    /// A value that depends on nothing.
    pub fn fixed(value: Wide) -> Dual {
        Dual { value, slopes: Vec::new() }
    }

    /// The element of an input that has this number.
    pub fn variable(value: Wide, element: usize) -> Dual {
        Dual { value, slopes: vec![(element, Wide::one())] }
    }

    /// The slope in an element.
    pub fn slope(&self, element: usize) -> Wide {
        let found = self.slopes.binary_search_by_key(&element, |(of, _)| *of);
        found.map_or(Wide::zero(), |at| self.slopes[at].1.clone())
    }

    /// The chain rule: a value with its partial derivative in each argument. Nothing flows, not even NaN, where
    /// there is no partial derivative.
    pub fn chain<'a>(value: Wide, parts: impl IntoIterator<Item = (Option<Wide>, &'a Dual)>) -> Dual {
        let mut slopes: Vec<(usize, Wide)> = Vec::new();
        for (partial, of) in parts {
            let Some(partial) = partial else { continue };
            for (element, slope) in &of.slopes {
                let term = &partial * slope;
                match slopes.binary_search_by_key(element, |(known, _)| *known) {
                    Ok(at) => slopes[at].1 = &slopes[at].1 + &term,
                    Err(at) => slopes.insert(at, (*element, term)),
                }
            }
        }
        Dual { value, slopes }
    }

    /// The sum of several.
    pub fn sum(terms: &[Dual]) -> Dual {
        let value = terms.iter().fold(Wide::zero(), |sum, term| &sum + &term.value);
        Dual::chain(value, terms.iter().map(|term| (Some(Wide::one()), term)))
    }
}

impl Number for Dual {
    fn constant(x: f64) -> Dual {
        Dual::fixed(Wide::new(x))
    }

    fn plain(&self) -> f64 {
        self.value.to_f64()
    }

    fn apply(function: Function, arguments: &[Dual]) -> Dual {
        let values: Vec<&Wide> = arguments.iter().map(|argument| &argument.value).collect();
        let value = table::value(function, &values);
        if arguments.iter().all(|argument| argument.slopes.is_empty()) {
            return Dual::fixed(value);
        }
        let parts = arguments.iter().enumerate().map(|(which, argument)| {
            let partial =
                (!argument.slopes.is_empty()).then(|| table::partial(function, &values, &value, which));
            (partial.flatten(), argument)
        });
        Dual::chain(value.clone(), parts.collect::<Vec<_>>())
    }

    fn fold(reduction: Reduction, values: &[Dual]) -> Dual {
        folds::fold(reduction, values)
    }

    fn stop(self) -> Dual {
        Dual::fixed(self.value)
    }

    fn with_slopes(self, other: Dual) -> Dual {
        Dual { value: self.value, slopes: other.slopes }
    }
}

/// A dual number whose slopes `stop` and `with_grad` do not hide: how a result moves with its inputs, whatever
/// the author lays down as its gradient.
#[derive(Clone, Debug)]
pub struct Through(pub Dual);

impl Number for Through {
    fn constant(x: f64) -> Through {
        Through(Dual::constant(x))
    }

    fn plain(&self) -> f64 {
        self.0.plain()
    }

    fn apply(function: Function, arguments: &[Through]) -> Through {
        let arguments: Vec<Dual> = arguments.iter().map(|argument| argument.0.clone()).collect();
        Through(Dual::apply(function, &arguments))
    }

    fn fold(reduction: Reduction, values: &[Through]) -> Through {
        let values: Vec<Dual> = values.iter().map(|value| value.0.clone()).collect();
        Through(Dual::fold(reduction, &values))
    }

    fn stop(self) -> Through {
        self
    }

    fn with_slopes(self, _: Through) -> Through {
        self
    }
}
