//! The macro that declares the typed interface of a loss; generated code invokes it once per loss.
//!
//! ```text
//! loss! {
//!     #[doc = "…"]
//!     pub struct SmoothL1, SmoothL1Call, SmoothL1Grads for SmoothL1Formula;
//!     required { 0 input: real, 1 target: real }
//!     optional { 2 weight: real }
//!     given { }
//!     parameters { beta: f64 = 1.0 }
//! }
//! ```
//!
//! An input is `index name: role`, the index being that in `SPEC.inputs` and the role `real`, `int` or `bool`;
//! a required input without axes is `index name: role []`. At least one required input has axes, and at least
//! one is `real`. Parameters are `name: type`, the type being `f64`, `i64` or `bool`; those without a default
//! stand in `given`. Documentation may stand before each input and parameter.

use crate::spec::Spec;

/// Where each named parameter stands in the loss. Fails to compile where the loss has other ones.
#[doc(hidden)]
pub const fn positions<const P: usize>(spec: &Spec, names: [&str; P]) -> [usize; P] {
    assert!(spec.parameters.len() == P, "the loss has another number of parameters");
    let mut positions = [0; P];
    let mut index = 0;
    while index < P {
        let mut position = 0;
        while !same(spec.parameters[position].name, names[index]) {
            position += 1;
        }
        positions[index] = position;
        index += 1;
    }
    positions
}

/// Whether a name is the one an identifier spells, raw or not.
const fn same(name: &str, identifier: &str) -> bool {
    let (name, identifier) = (name.as_bytes(), identifier.as_bytes());
    let raw = identifier.len() > 2 && identifier[0] == b'r' && identifier[1] == b'#';
    let skip = if raw { 2 } else { 0 };
    if identifier.len() - skip != name.len() {
        return false;
    }
    let mut index = 0;
    while index < name.len() {
        if name[index] != identifier[index + skip] {
            return false;
        }
        index += 1;
    }
    true
}

/// Declares the typed interface of a loss. See the source of `lossdef_runtime::declare`.
#[doc(hidden)]
#[macro_export]
macro_rules! loss {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $loss:ident, $call:ident, $grads:ident for $formula:ty;
        required { $($(#[$required_doc:meta])* $required_index:literal $required:ident: $required_role:ident $([$($no_axes:tt)*])?),* $(,)? }
        optional { $($(#[$optional_doc:meta])* $optional_index:literal $optional:ident: $optional_role:ident),* $(,)? }
        given { $($(#[$given_doc:meta])* $given:ident: $given_type:ty),* $(,)? }
        parameters { $($(#[$parameter_doc:meta])* $parameter:ident: $parameter_type:ty = $default:expr),* $(,)? }
    ) => {
        $(#[$attribute])*
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #[must_use]
        $visibility struct $loss<R = $crate::reduction::Mean> {
            $($given: $given_type,)*
            $($parameter: $parameter_type,)*
            __settings: $crate::call::Settings<R>,
        }

        impl $loss {
            /// The loss as data: name, documentation, formula, inputs, parameters, derivatives.
            $visibility const SPEC: &'static $crate::spec::Spec = <$formula as $crate::formula::Formula>::SPEC;

            /// The loss behind the interface that all losses share, for use by names known at run time only.
            $visibility fn dynamic() -> &'static dyn $crate::dynamic::Loss {
                <$formula as $crate::formula::Formula>::loss()
            }

            #[doc = $crate::loss!(@new $($given)*)]
            $visibility const fn new($($given: $given_type),*) -> Self {
                $loss {
                    $($given,)*
                    $($parameter: $default,)*
                    __settings: $crate::call::Settings {
                        reduction: $crate::reduction::Mean,
                        unchecked: false,
                    },
                }
            }
        }

        $crate::loss!(@default $loss $($given)*);

        impl<R: $crate::reduction::Reduction> $loss<R> {
            $(
                $(#[$parameter_doc])*
                #[doc = ::core::concat!("Sets `", ::core::stringify!($parameter), "`, which is `", ::core::stringify!($default), "` otherwise. A value that the formula does not allow is an error when the loss is evaluated.")]
                $visibility const fn $parameter(mut self, $parameter: $parameter_type) -> Self {
                    self.$parameter = $parameter;
                    self
                }
            )*

            /// Sets how the values of the samples become the result: `Mean` (the default), `Sum`, `Unreduced`,
            /// `BatchMean` or `MeanOver`.
            $visibility fn reduction<S: $crate::reduction::Reduction>(self, reduction: S) -> $loss<S> {
                $loss {
                    $($given: self.$given,)*
                    $($parameter: self.$parameter,)*
                    __settings: $crate::call::Settings { reduction, unchecked: self.__settings.unchecked },
                }
            }

            /// Lets elements outside of their declared domains pass; the result is what the formula gives there.
            $visibility const fn unchecked(mut self) -> Self {
                self.__settings.unchecked = true;
                self
            }

            /// Binds the required inputs, so that optional ones and buffers can be added.
            $visibility fn on<'a, T, D>(
                &self,
                $($required: &'a $crate::loss!(@array T D $required_role $([$($no_axes)*])?)),*
            ) -> $call<'a, T, D, R>
            where
                T: $crate::dynamic::Element,
                D: $crate::ndarray::Dimension,
            {
                #[allow(dead_code, reason = "unused where the loss has no parameters")]
                const POSITIONS: [usize; <$formula as $crate::formula::Formula>::SPEC.parameters.len()] =
                    $crate::declare::positions(
                        <$formula as $crate::formula::Formula>::SPEC,
                        [$(::core::stringify!($given),)* $(::core::stringify!($parameter)),*],
                    );
                let listed = [
                    $($crate::domain::ParameterValue::number(self.$given),)*
                    $($crate::domain::ParameterValue::number(self.$parameter)),*
                ];
                let parameters = $crate::call::arrange(POSITIONS, listed);
                $call($crate::call::Call::new(parameters, self.__settings)$(.$required_role($required_index, $required))*)
            }

            /// The result: a number, or for `Unreduced` an array of the sample shape.
            ///
            /// # Errors
            ///
            /// Where shapes, elements or parameters do not fit; see `Error`.
            $visibility fn forward<T, D>(
                &self,
                $($required: & $crate::loss!(@array T D $required_role $([$($no_axes)*])?)),*
            ) -> ::core::result::Result<R::Output<T, D>, $crate::error::Error>
            where
                T: $crate::dynamic::Element,
                D: $crate::ndarray::Dimension,
            {
                self.on($($required),*).forward()
            }

            /// The result and its derivative with respect to the first differentiable input, in one pass.
            ///
            /// # Errors
            ///
            /// Where shapes, elements or parameters do not fit; see `Error`.
            $visibility fn forward_backward<T, D>(
                &self,
                $($required: & $crate::loss!(@array T D $required_role $([$($no_axes)*])?)),*
            ) -> ::core::result::Result<(R::Output<T, D>, $crate::ndarray::Array<T, D>), $crate::error::Error>
            where
                T: $crate::dynamic::Element,
                D: $crate::ndarray::Dimension,
            {
                self.on($($required),*).forward_backward()
            }

            /// The derivative with respect to the first differentiable input, multiplied by a derivative
            /// `upstream` with respect to the result: a number, or for `Unreduced` an array of its shape.
            ///
            /// # Errors
            ///
            /// Where shapes, elements or parameters do not fit; see `Error`.
            $visibility fn backward<T, D>(
                &self,
                $($required: & $crate::loss!(@array T D $required_role $([$($no_axes)*])?),)*
                upstream: R::Upstream<'_, T, D>,
            ) -> ::core::result::Result<$crate::ndarray::Array<T, D>, $crate::error::Error>
            where
                T: $crate::dynamic::Element,
                D: $crate::ndarray::Dimension,
            {
                self.on($($required),*).backward(upstream)
            }
        }

        #[doc = ::core::concat!("[`", ::core::stringify!($loss), "`] with its inputs bound. Evaluated through the methods of the type behind it.")]
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #[must_use]
        $visibility struct $call<'a, T, D, R = $crate::reduction::Mean>(
            $crate::call::Call<
                'a,
                $formula,
                T,
                D,
                R,
                { <$formula as $crate::formula::Formula>::SPEC.inputs.len() },
                { <$formula as $crate::formula::Formula>::SPEC.parameters.len() },
            >,
        );

        impl<'a, T, D, R> ::core::ops::Deref for $call<'a, T, D, R> {
            type Target = $crate::call::Call<
                'a,
                $formula,
                T,
                D,
                R,
                { <$formula as $crate::formula::Formula>::SPEC.inputs.len() },
                { <$formula as $crate::formula::Formula>::SPEC.parameters.len() },
            >;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl<'a, T, D, R> $call<'a, T, D, R>
        where
            T: $crate::dynamic::Element,
            D: $crate::ndarray::Dimension,
            R: $crate::reduction::Reduction,
        {
            $(
                $(#[$optional_doc])*
                #[doc = ::core::concat!("Gives `", ::core::stringify!($optional), "`, which broadcasts to the sample shape by NumPy's rule.")]
                $visibility fn $optional<E: $crate::ndarray::Dimension>(
                    self,
                    $optional: &'a $crate::loss!(@array T E $optional_role),
                ) -> Self {
                    $call(self.0.$optional_role($optional_index, $optional))
                }
            )*
        }

        #[doc = ::core::concat!("Buffers for the derivatives of [`", ::core::stringify!($loss), "`], chosen by the name of the input; each has the shape of its input.")]
        #[derive(::core::fmt::Debug)]
        #[must_use]
        $visibility struct $grads<'g, T, D>(
            $crate::call::Buffers<
                'g,
                $formula,
                T,
                D,
                { <$formula as $crate::formula::Formula>::SPEC.inputs.len() },
            >,
        );

        impl<T, D> ::core::default::Default for $grads<'_, T, D> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<'g, T, D> ::core::convert::From<$grads<'g, T, D>>
            for $crate::call::Buffers<
                'g,
                $formula,
                T,
                D,
                { <$formula as $crate::formula::Formula>::SPEC.inputs.len() },
            >
        {
            fn from(buffers: $grads<'g, T, D>) -> Self {
                buffers.0
            }
        }

        impl<'g, T, D> $grads<'g, T, D> {
            /// No buffers yet.
            $visibility fn new() -> Self {
                $grads($crate::call::Buffers::new())
            }

            $($crate::loss!(@buffer $visibility $grads 'g T D $required_index $required: $required_role $([$($no_axes)*])?);)*
            $($crate::loss!(@buffer $visibility $grads 'g T ? $optional_index $optional: $optional_role);)*
        }
    };

    (@new) => {
        "The loss with its default parameters, reduced by the mean."
    };
    (@new $($given:ident)+) => {
        "The loss, reduced by the mean; parameters that are not arguments have their defaults."
    };

    (@default $loss:ident) => {
        impl ::core::default::Default for $loss {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    (@default $loss:ident $($given:ident)+) => {};

    (@array $T:ident $D:ident real []) => { $crate::ndarray::ArrayRef<$T, $crate::ndarray::Ix0> };
    (@array $T:ident $D:ident int []) => { $crate::ndarray::ArrayRef<i64, $crate::ndarray::Ix0> };
    (@array $T:ident $D:ident bool []) => { $crate::ndarray::ArrayRef<bool, $crate::ndarray::Ix0> };
    (@array $T:ident $D:ident real) => { $crate::ndarray::ArrayRef<$T, $D> };
    (@array $T:ident $D:ident int) => { $crate::ndarray::ArrayRef<i64, $D> };
    (@array $T:ident $D:ident bool) => { $crate::ndarray::ArrayRef<bool, $D> };

    (@buffer $visibility:vis $grads:ident $g:lifetime $T:ident $D:ident $index:literal $input:ident: real) => {
        #[doc = ::core::concat!("Asks for the derivative with respect to `", ::core::stringify!($input), "`.")]
        $visibility fn $input(self, $input: &$g mut $crate::ndarray::ArrayRef<$T, $D>) -> Self
        where
            $D: $crate::ndarray::Dimension,
        {
            $grads(self.0.with($index, $input))
        }
    };
    (@buffer $visibility:vis $grads:ident $g:lifetime $T:ident $($any:ident)? $(?)? $index:literal $input:ident: real $([])?) => {
        #[doc = ::core::concat!("Asks for the derivative with respect to `", ::core::stringify!($input), "`.")]
        $visibility fn $input<E: $crate::ndarray::Dimension>(
            self,
            $input: &$g mut $crate::ndarray::ArrayRef<$T, E>,
        ) -> Self {
            $grads(self.0.with($index, $input))
        }
    };
    (@buffer $($not_differentiable:tt)*) => {};
}
