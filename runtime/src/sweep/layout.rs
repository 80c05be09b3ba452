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

/// Drops axes of length 1, turns those that run backwards, sorts them by stride and joins neighbours. Where
/// arrays disagree the earlier one decides. No axis may have length 0.
pub(super) fn collapse(shape: &[usize], arrays: &[&[isize]]) -> Collapsed {
    let count = arrays.len();
    let mut shifts = vec![0isize; count];
    let mut lengths: Vec<usize> = Vec::with_capacity(shape.len() + 1);
    // A row for each axis.
    let mut table: Vec<isize> = Vec::with_capacity((shape.len() + 1) * count);
    for (number, &length) in shape.iter().enumerate() {
        if length == 1 {
            continue;
        }
        let end = table.len();
        table.extend(arrays.iter().map(|strides| strides[number]));
        let (sorted, strides) = table.split_at_mut(end);
        let backwards = strides.iter().filter(|stride| **stride < 0).count();
        let forwards = strides.iter().filter(|stride| **stride > 0).count();
        if backwards > forwards {
            for (stride, shift) in strides.iter_mut().zip(&mut shifts) {
                *shift += *stride * (length as isize - 1);
                *stride = -*stride;
            }
        }
        // Insertion keeps axes on which no array has an opinion in their order.
        let inner = sorted.rchunks_exact(count).take_while(|axis| outer(strides, axis)).count();
        let place = lengths.len() - inner;
        lengths.insert(place, length);
        table[place * count..].rotate_right(count);
    }

    // The last row that is kept takes in the next one where every array allows it.
    let mut kept = 0;
    for next in 1..lengths.len() {
        let (front, back) = table.split_at_mut(next * count);
        let (last, axis) = (&mut front[kept * count..(kept + 1) * count], &back[..count]);
        if last.iter().zip(axis).all(|(a, b)| *a == *b * lengths[next] as isize) {
            last.copy_from_slice(axis);
            lengths[kept] *= lengths[next];
        } else {
            kept += 1;
            table.copy_within(next * count..(next + 1) * count, kept * count);
            lengths[kept] = lengths[next];
        }
    }
    if lengths.is_empty() {
        lengths.push(1);
        table.resize(count, 0);
    }
    lengths.truncate(kept + 1);

    let axes = lengths.len();
    let strides = (0..count).flat_map(|array| (0..axes).map(move |axis| (array, axis)));
    let strides = strides.map(|(array, axis)| table[axis * count + array]).collect();
    Collapsed { shape: lengths, strides, shifts }
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
