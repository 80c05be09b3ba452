//! Memory order: the shape of a sweep brought to as few axes as its arrays allow.
//!
//! Input: a sample shape and the strides of every array that takes part. Output: the same samples under
//! fewer axes, the fastest last, with new strides and a shift of each array's pointer. Every sample keeps its
//! elements together; only the order in which samples are visited changes.

/// How an array lies under a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// In the order of the samples, without gaps.
    Flat,
    /// One element for every sample.
    Constant,
    /// Anything else.
    Mixed,
}

/// The form of an array with these strides.
#[inline]
pub(super) fn form(shape: &[usize], strides: &[isize]) -> Form {
    let mut expected = 1isize;
    let (mut flat, mut constant) = (true, true);
    for (&length, &stride) in shape.iter().zip(strides).rev() {
        if length != 1 {
            flat &= stride == expected;
            constant &= stride == 0;
            expected = expected.wrapping_mul(length as isize);
        }
    }
    match (flat, constant) {
        (true, _) => Form::Flat,
        (_, true) => Form::Constant,
        _ => Form::Mixed,
    }
}

/// A shape with fewer axes, and how each array lies under it.
#[derive(Debug)]
pub(super) struct Collapsed {
    /// The lengths of the axes.
    pub(super) shape: Vec<usize>,
    strides: Vec<isize>,
    shifts: Vec<isize>,
}

impl Collapsed {
    /// The strides of array number `array`.
    pub(super) fn strides(&self, array: usize) -> &[isize] {
        let axes = self.shape.len();
        &self.strides[array * axes..(array + 1) * axes]
    }

    /// What to add to the pointer of array number `array`, in elements.
    pub(super) fn shift(&self, array: usize) -> isize {
        self.shifts[array]
    }
}

struct Axis {
    length: usize,
    strides: Vec<isize>,
}

/// Drops axes of length 1, turns those that run backwards, sorts them by stride and joins neighbours. Where
/// arrays disagree the earlier one decides. No axis may have length 0.
pub(super) fn collapse(shape: &[usize], arrays: &[&[isize]]) -> Collapsed {
    let mut shifts = vec![0isize; arrays.len()];
    let mut axes: Vec<Axis> = Vec::with_capacity(shape.len());
    for (number, &length) in shape.iter().enumerate() {
        if length == 1 {
            continue;
        }
        let mut strides: Vec<isize> = arrays.iter().map(|strides| strides[number]).collect();
        let backwards = strides.iter().filter(|stride| **stride < 0).count();
        let forwards = strides.iter().filter(|stride| **stride > 0).count();
        if backwards > forwards {
            for (stride, shift) in strides.iter_mut().zip(&mut shifts) {
                *shift += *stride * (length as isize - 1);
                *stride = -*stride;
            }
        }
        // Insertion keeps axes on which no array has an opinion in their order.
        let place = axes.iter().rposition(|axis| !outer(&strides, &axis.strides)).map_or(0, |last| last + 1);
        axes.insert(place, Axis { length, strides });
    }

    let mut joined: Vec<Axis> = Vec::with_capacity(axes.len());
    for axis in axes {
        if let Some(last) = joined.last_mut() {
            let fits = |(a, b): (&isize, &isize)| *a == *b * axis.length as isize;
            if last.strides.iter().zip(&axis.strides).all(fits) {
                last.length *= axis.length;
                last.strides = axis.strides;
                continue;
            }
        }
        joined.push(axis);
    }
    if joined.is_empty() {
        joined.push(Axis { length: 1, strides: vec![0; arrays.len()] });
    }

    let strides =
        (0..arrays.len()).flat_map(|array| joined.iter().map(move |axis| axis.strides[array])).collect();
    Collapsed { shape: joined.iter().map(|axis| axis.length).collect(), strides, shifts }
}

/// Whether an axis with strides `a` must stand outside one with strides `b`.
fn outer(a: &[isize], b: &[isize]) -> bool {
    a.iter()
        .zip(b)
        .filter(|(a, b)| **a != 0 && **b != 0)
        .map(|(a, b)| a.unsigned_abs().cmp(&b.unsigned_abs()))
        .find(|order| order.is_ne())
        .is_some_and(|order| order.is_gt())
}
