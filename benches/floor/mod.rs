//! The memory floor: the cheapest loop that reads and writes the same arrays, in the widest vectors at hand.

use lossdef::any::{AnyView, AnyViewMut};
use ndarray::Array1;
use std::ops::{Mul, Sub};

/// An element type under test.
pub trait Element: lossdef::Element + Mul<Output = Self> + Sub<Output = Self> {
    const NAME: &'static str;
    fn of(x: f64) -> Self;
    fn view(array: &Array1<Self>) -> AnyView<'_>;
    fn view_mut(array: &mut Array1<Self>) -> AnyViewMut<'_>;
}

macro_rules! element {
    ($($t:ident)*) => {$(
        impl Element for $t {
            const NAME: &'static str = stringify!($t);
            fn of(x: f64) -> Self {
                x as $t
            }
            fn view(array: &Array1<Self>) -> AnyView<'_> {
                array.into()
            }
            fn view_mut(array: &mut Array1<Self>) -> AnyViewMut<'_> {
                array.view_mut().into()
            }
        }
    )*};
}
element!(f32 f64);

/// `out = a - 3 b - 3 c - ...`, in one pass over memory.
pub fn floor<T: Element>(inputs: &[&[T]], out: &mut [T]) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has the feature.
            return unsafe { avx512(inputs, out) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the feature.
            return unsafe { avx2(inputs, out) };
        }
    }
    body(inputs, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn avx512<T: Element>(inputs: &[&[T]], out: &mut [T]) {
    body(inputs, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<T: Element>(inputs: &[&[T]], out: &mut [T]) {
    body(inputs, out);
}

#[inline(always)]
fn body<T: Element>(inputs: &[&[T]], out: &mut [T]) {
    let three = T::of(3.0);
    match inputs {
        [a] => out.copy_from_slice(a),
        [a, b] => out.iter_mut().zip(*a).zip(*b).for_each(|((o, a), b)| *o = *a - three * *b),
        [a, b, c] => {
            let inputs = a.iter().zip(*b).zip(*c);
            out.iter_mut().zip(inputs).for_each(|(o, ((a, b), c))| *o = *a - three * *b - three * *c);
        }
        // A block of the result stays in the first-level cache while the other arrays are read.
        _ => out.chunks_mut(1024).enumerate().for_each(|(block, out)| {
            out.copy_from_slice(&inputs[0][block * 1024..][..out.len()]);
            for input in &inputs[1..] {
                let input = &input[block * 1024..][..out.len()];
                out.iter_mut().zip(input).for_each(|(o, b)| *o = *o - three * *b);
            }
        }),
    }
}
