//! The dimensions of the arrays in the typed interface of a loss over named axes.
//!
//! How many axes an array has may be known to Rust: the samples of `input[.., c]` have one axis less than `input`.
//! Input: the axes of the inputs. Output: which inputs have a type parameter for their dimension, and what the
//! dimension of the samples is, in terms of those or as such.

use crate::ir::{AxisId, Loss, Role};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// The most axes for which ndarray has a type.
const FIXED: usize = 6;

/// The dimensions in the typed interface of a loss over named axes.
pub struct Dimensions {
    /// The input whose gradient is the default one.
    gradient: usize,
    /// Where the samples' dimension comes from.
    samples: Samples,
}

/// Where the dimension of the samples comes from.
enum Samples {
    /// That of an input, with so many axes more (or fewer).
    Of(usize, isize),
    /// So many axes.
    Fixed(usize),
    /// Known at run time only.
    Unknown,
}

impl Dimensions {
    /// Those of a loss; nothing where it is elementwise, and all required inputs have one dimension.
    pub fn of(loss: &Loss) -> Option<Self> {
        if loss.is_elementwise() {
            return None;
        }
        let required = |input: &usize| loss.inputs[*input].default.is_none();
        let first = |wanted: &dyn Fn(usize) -> bool| {
            (0..loss.inputs.len()).filter(required).find(|input| wanted(*input))
        };
        let differentiable =
            |input: usize| loss.inputs[input].role == Role::Real && !loss.inputs[input].axes.is_empty();
        let gradient = first(&differentiable).unwrap_or(0);
        Some(Dimensions { gradient, samples: Self::samples(loss, gradient) })
    }

    fn samples(loss: &Loss, gradient: usize) -> Samples {
        let is_open = |axis: AxisId| axis == AxisId::SAMPLES || loss.graph.axes[axis.0 as usize].group;
        let samples = loss.graph.samples;
        let mut open = samples.iter().filter(|axis| is_open(*axis));
        let (Some(axis), None) = (open.next(), open.next()) else {
            let count = samples.len();
            return if samples.iter().any(is_open) || count > FIXED {
                Samples::Unknown
            } else {
                Samples::Fixed(count)
            };
        };
        // An input that has this axis, and whose other axes are each one axis.
        let tells = |input: &usize| {
            let input = &loss.inputs[*input];
            let others = || input.axes.iter().filter(|other| **other != axis);
            input.default.is_none() && input.axes.contains(&axis) && !others().any(|other| is_open(*other))
        };
        let source = std::iter::once(gradient).chain(0..loss.inputs.len()).find(tells);
        source.map_or(Samples::Unknown, |input| {
            let more = samples.len() as isize - loss.inputs[input].axes.len() as isize;
            Samples::Of(input, more)
        })
    }

    /// The type parameter that is the dimension of an input, if there is one.
    pub fn parameter(&self, input: usize) -> Option<Ident> {
        match self.samples {
            _ if input == self.gradient => Some(format_ident!("D")),
            Samples::Of(source, _) if input == source => Some(format_ident!("B")),
            _ => None,
        }
    }

    /// The lines of the declaration that say all this.
    pub fn lines(&self) -> TokenStream {
        let dimension = quote!(::lossdef::__private::ndarray);
        let (more, samples) = match self.samples {
            Samples::Fixed(count) => {
                let fixed = format_ident!("Ix{count}");
                (None, quote!(#dimension::#fixed))
            }
            Samples::Unknown => (None, quote!(#dimension::IxDyn)),
            Samples::Of(source, more) => {
                let own = self.parameter(source);
                let step = if more < 0 { format_ident!("Smaller") } else { format_ident!("Larger") };
                let samples = (0..more.unsigned_abs())
                    .fold(quote!(#own), |samples, _| quote!(<#samples as #dimension::Dimension>::#step));
                (own.filter(|_| source != self.gradient), samples)
            }
        };
        let more = more.into_iter();
        quote! {
            dimensions { D #(, #more)* }
            samples { #samples }
        }
    }
}
