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
//! An input is `index name: role`, the index being that in `SPEC.inputs` and the role `real`, `int` (labels of
//! every kind) or `bool`; a required input without axes is `index name: role []`. At least one required input
//! has axes, and at least one is `real`. Parameters are `name: type`, the type being `f64`, `i64` or `bool`; those
//! without a default stand in `given`. Documentation may stand before each input and parameter.
//!
//! All required inputs of an elementwise loss have the same dimension. For a loss over named axes, two lines say
//! which type parameters there are, `D` first, and what the dimension of the samples is:
//!
//! ```text
//! loss! {
//!     pub struct CrossEntropy, CrossEntropyCall, CrossEntropyGrads for Formula;
//!     dimensions { D }
//!     samples { <D as Dimension>::Smaller }
//!     required { 0 input: real [D], 1 target: int [_] }
//!     optional { 2 weight: real }
//!     given { }
//!     parameters { ignore_index: i64 = -100 }
//! }
//! ```
//!
//! `D` is the dimension of the first differentiable required input that has axes (of input 0 where there is none).
//! Between brackets behind a required input stands its dimension: one of the type parameters, `_` for one of its
//! own, nothing where it has no axes.

/// Declares the typed interface of a loss. See the source of `lossdef_runtime::declare`.
#[doc(hidden)]
#[macro_export]
macro_rules! loss {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $loss:ident, $call:ident, $grads:ident for $formula:ty;
        required $($rest:tt)*
    ) => {
        $crate::loss! {
            @declare
            $(#[$attribute])*
            $visibility struct $loss, $call, $grads for $formula;
            dimensions [D] samples [D] call [D, D] []
            required $($rest)*
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $loss:ident, $call:ident, $grads:ident for $formula:ty;
        dimensions { $($dimension:ident),* }
        samples { $samples:ty }
        $($rest:tt)*
    ) => {
        $crate::loss! {
            @declare
            $(#[$attribute])*
            $visibility struct $loss, $call, $grads for $formula;
            dimensions [$($dimension),*] samples [$samples] call [D, S] [S]
            $($rest)*
        }

        impl<R: $crate::reduction::Reduction> $loss<R> {
            /// Says that a named axis is axis `place` (from 0) of every array that has it beside sample axes, as
            /// the class axis of an array of shape `[N, C, d1, ...]` is axis 1; the other axes follow in the order
            /// of the formula.
            #[must_use]
            $visibility fn axis(mut self, name: &'static str, place: usize) -> Self {
                self.__settings = self.__settings.axis(<$formula as $crate::formula::Formula>::SPEC, name, place);
                self
            }
        }
    };
    (
        @declare
        $(#[$attribute:meta])*
        $visibility:vis struct $loss:ident, $call:ident, $grads:ident for $formula:ty;
        dimensions [$($dimension:ident),*] samples [$samples:ty] call [$D:ident, $S:ident] [$($own:ident)?]
        required { $($(#[$required_doc:meta])* $required_index:literal $required:ident: $required_role:ident $([$($own_dimension:tt)?])?),* $(,)? }
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
            __settings: $crate::settings::Settings<R, { <$formula as $crate::formula::Formula>::SPEC.axes.len() }>,
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
                    __settings: $crate::settings::Settings::DEFAULT,
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
                    __settings: self.__settings.reduction(reduction),
                }
            }

            /// Lets elements outside of their declared domains pass; the result is what the formula gives there.
            $visibility const fn unchecked(mut self) -> Self {
                self.__settings = self.__settings.unchecked();
                self
            }

            /// Binds the required inputs, in the order of the formula. What it gives takes the optional ones, each
            /// by a method of its name, and is then evaluated: by `forward`, `forward_backward`, or into buffers.
            $visibility fn on<'a, T, $($dimension),*>(
                &self,
                $($required: &'a $crate::loss!(@array T $required_role $([$($own_dimension)?])?)),*
            ) -> $crate::loss!(@bound $call T $samples, R $($own)?)
            where
                T: $crate::dynamic::Element,
                $($dimension: $crate::ndarray::Dimension,)*
            {
                #[allow(dead_code, reason = "unused where the loss has no parameters")]
                const POSITIONS: [usize; <$formula as $crate::formula::Formula>::SPEC.parameters.len()] =
                    $crate::parameters::positions(
                        <$formula as $crate::formula::Formula>::SPEC,
                        [$(::core::stringify!($given),)* $(::core::stringify!($parameter)),*],
                    );
                let listed = [
                    $($crate::domain::ParameterValue::number(self.$given),)*
                    $($crate::domain::ParameterValue::number(self.$parameter)),*
                ];
                let parameters = $crate::parameters::arrange(POSITIONS, listed);
                $call($crate::call::Call::new(parameters, self.__settings)$(.$required_role($required_index, $required))*)
            }

            /// The result: a number, or for `Unreduced` an array of the sample shape. Optional inputs have their
            /// defaults; with [`on`](Self::on) they can be given.
            ///
            /// # Errors
            ///
            /// Where shapes, elements or parameters do not fit; see `Error`.
            $visibility fn forward<T, $($dimension),*>(
                &self,
                $($required: & $crate::loss!(@array T $required_role $([$($own_dimension)?])?)),*
            ) -> ::core::result::Result<R::Output<T, $samples>, $crate::error::Error>
            where
                T: $crate::dynamic::Element,
                $($dimension: $crate::ndarray::Dimension,)*
            {
                self.on($($required),*).forward()
            }

            /// The result and its derivative with respect to the first differentiable input, in one pass.
            ///
            /// # Errors
            ///
            /// Where shapes, elements or parameters do not fit; see `Error`.
            $visibility fn forward_backward<T, $($dimension),*>(
                &self,
                $($required: & $crate::loss!(@array T $required_role $([$($own_dimension)?])?)),*
            ) -> ::core::result::Result<(R::Output<T, $samples>, $crate::ndarray::Array<T, D>), $crate::error::Error>
            where
                T: $crate::dynamic::Element,
                $($dimension: $crate::ndarray::Dimension,)*
            {
                self.on($($required),*).forward_backward()
            }

            /// The derivative with respect to the first differentiable input, multiplied by a derivative
            /// `upstream` with respect to the result: a number, or for `Unreduced` an array of its shape.
            ///
            /// # Errors
            ///
            /// Where shapes, elements or parameters do not fit; see `Error`.
            $visibility fn backward<T, $($dimension),*>(
                &self,
                $($required: & $crate::loss!(@array T $required_role $([$($own_dimension)?])?),)*
                upstream: R::Upstream<'_, T, $samples>,
            ) -> ::core::result::Result<$crate::ndarray::Array<T, D>, $crate::error::Error>
            where
                T: $crate::dynamic::Element,
                $($dimension: $crate::ndarray::Dimension,)*
            {
                self.on($($required),*).backward(upstream)
            }
        }

        #[doc = ::core::concat!("[`", ::core::stringify!($loss), "`] with its inputs bound. Evaluated through the methods of the type behind it.")]
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #[must_use]
        $visibility struct $call<'a, T, D, $($own,)? R = $crate::reduction::Mean>(
            $crate::call::Call<
                'a,
                $formula,
                T,
                $D,
                $S,
                R,
                { <$formula as $crate::formula::Formula>::SPEC.inputs.len() },
                { <$formula as $crate::formula::Formula>::SPEC.parameters.len() },
                { <$formula as $crate::formula::Formula>::SPEC.axes.len() },
            >,
        );

        impl<'a, T, D, $($own,)? R> ::core::ops::Deref for $call<'a, T, D, $($own,)? R> {
            type Target = $crate::call::Call<
                'a,
                $formula,
                T,
                $D,
                $S,
                R,
                { <$formula as $crate::formula::Formula>::SPEC.inputs.len() },
                { <$formula as $crate::formula::Formula>::SPEC.parameters.len() },
                { <$formula as $crate::formula::Formula>::SPEC.axes.len() },
            >;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl<'a, T, D, $($own,)? R> $call<'a, T, D, $($own,)? R>
        where
            T: $crate::dynamic::Element,
            D: $crate::ndarray::Dimension,
            $($own: $crate::ndarray::Dimension,)?
            R: $crate::reduction::Reduction,
        {
            $(
                $(#[$optional_doc])*
                #[doc = ::core::concat!("Gives the optional `", ::core::stringify!($optional), "`, which broadcasts to the shape of its axes by NumPy's rule.")]
                $visibility fn $optional<E: $crate::ndarray::Dimension>(
                    self,
                    $optional: &'a $crate::loss!(@array T $optional_role [E]),
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

            $($crate::loss!(@buffer $visibility $grads 'g T $required_index $required: $required_role $([$($own_dimension)?])?);)*
            $($crate::loss!(@buffer $visibility $grads 'g T $optional_index $optional: $optional_role []);)*
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

    (@bound $call:ident $T:ident $samples:ty, $R:ident) => { $call<'a, $T, $samples, $R> };
    (@bound $call:ident $T:ident $samples:ty, $R:ident $own:ident) => { $call<'a, $T, D, $samples, $R> };

    (@array $T:ident $role:ident) => { $crate::loss!(@array $T $role [D]) };
    (@array $T:ident real $dimension:tt) => { $crate::ndarray::ArrayRef<$T, $crate::loss!(@dimension $dimension)> };
    (@array $T:ident int $dimension:tt) => {
        $crate::ndarray::ArrayRef<impl $crate::label::Label, $crate::loss!(@dimension $dimension)>
    };
    (@array $T:ident bool $dimension:tt) => { $crate::ndarray::ArrayRef<bool, $crate::loss!(@dimension $dimension)> };

    (@dimension []) => { $crate::ndarray::Ix0 };
    (@dimension [_]) => { impl $crate::ndarray::Dimension };
    (@dimension [$dimension:ident]) => { $dimension };

    (@buffer $visibility:vis $grads:ident $g:lifetime $T:ident $index:literal $input:ident: real) => {
        $crate::loss!(@buffer $visibility $grads $g $T $index $input: real [D]);
    };
    (@buffer $visibility:vis $grads:ident $g:lifetime $T:ident $index:literal $input:ident: real [D]) => {
        #[doc = ::core::concat!("Asks for the derivative with respect to `", ::core::stringify!($input), "`.")]
        $visibility fn $input(self, $input: &$g mut $crate::ndarray::ArrayRef<$T, D>) -> Self
        where
            D: $crate::ndarray::Dimension,
        {
            $grads(self.0.with($index, $input))
        }
    };
    (@buffer $visibility:vis $grads:ident $g:lifetime $T:ident $index:literal $input:ident: real [$($other:tt)?]) => {
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
