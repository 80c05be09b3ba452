//! Arrays with their dimension erased, and the strides with which a sweep walks them.
//!
//! A [`View`] is made from an array only, so its pointer, shape and strides belong together; what leaves this
//! file is a pointer with strides that stay inside of the array for every sample of the shape it was made for.

use std::marker::PhantomData;

use ndarray::{ArrayD, ArrayRef, Dimension, IxDyn};

use super::{Sink, Strided, StridedMut};

/// How many axes fit without allocating.
const INLINE: usize = 8;

/// Strides, one per axis, on the stack up to eight axes.
#[derive(Debug)]
pub(crate) struct Strides {
    inline: [isize; INLINE],
    heap: Vec<isize>,
}

impl Strides {
    pub(crate) const fn new() -> Self {
        Strides { inline: [0; INLINE], heap: Vec::new() }
    }

    /// Strides with which an array of shape `from` repeats over the shape `to` (NumPy's rule, never beyond
    /// `to`), and whether an element stands for several samples.
    fn broadcast(&mut self, from: &[usize], strides: &[isize], to: &[usize]) -> Option<(&[isize], bool)> {
        let missing = to.len().checked_sub(from.len())?;
        let slots = if to.len() <= INLINE {
            &mut self.inline[..to.len()]
        } else {
            self.heap.clear();
            self.heap.resize(to.len(), 0);
            &mut self.heap[..]
        };
        let mut repeats = false;
        for (axis, slot) in slots.iter_mut().enumerate() {
            let own = axis.checked_sub(missing).and_then(|own| Some((*from.get(own)?, *strides.get(own)?)));
            *slot = match own {
                Some((length, stride)) if length == to[axis] => stride,
                Some((1, _)) | None => {
                    repeats |= to[axis] > 1;
                    0
                }
                Some(_) => return None,
            };
        }
        Some((slots, repeats))
    }
}

/// An array to read, of any dimension.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    pointer: *const T,
    shape: &'a [usize],
    strides: &'a [isize],
    data: PhantomData<&'a T>,
}

// SAFETY: a `View` is a shared borrow of an array's elements, like `&[T]`.
unsafe impl<T: Sync> Send for View<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for View<'_, T> {}

impl<'a, T> View<'a, T> {
    /// Borrows an array.
    pub fn of<D: Dimension>(array: &'a ArrayRef<T, D>) -> Self {
        View { pointer: array.as_ptr(), shape: array.shape(), strides: array.strides(), data: PhantomData }
    }

    /// Its shape.
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// The element at the first position of every axis.
    pub(crate) fn pointer(&self) -> *const T {
        self.pointer
    }

    /// Its strides, in elements.
    pub(crate) fn strides(&self) -> &'a [isize] {
        self.strides
    }

    /// Whether axes closer to the front lie closer together in memory (Fortran's order).
    pub(crate) fn is_column_major(&self) -> bool {
        let axes = self.shape.iter().zip(self.strides).filter(|(length, _)| **length > 1);
        let steps = axes.map(|(_, stride)| stride.unsigned_abs()).filter(|stride| *stride > 0);
        let mut last = 0;
        let mut count = 0;
        for step in steps {
            if step < last {
                return false;
            }
            last = step;
            count += 1;
        }
        count > 1
    }

    /// The view as an operand of a sweep over `shape`; `None` where it does not broadcast to it.
    pub(crate) fn strided<'s>(&self, shape: &[usize], strides: &'s mut Strides) -> Option<Strided<'s, T>>
    where
        'a: 's,
    {
        let (strides, _) = strides.broadcast(self.shape, self.strides, shape)?;
        Some(Strided { pointer: self.pointer, strides })
    }

    /// A copy with every element replaced.
    pub(crate) fn map<U>(&self, mut each: impl FnMut(T) -> U) -> ArrayD<U>
    where
        T: Copy,
    {
        let mut elements = Vec::new();
        walk(self.pointer.cast_mut(), self.shape, self.strides, &mut |element| {
            // SAFETY: the walk visits elements of the array that `of` borrowed for 'a.
            elements.push(each(unsafe { *element }));
        });
        ArrayD::from_shape_vec(IxDyn(self.shape), elements).expect("one element for each place of the shape")
    }

    /// The element that belongs to a sample, and where it stands in this array.
    pub(crate) fn at(&self, sample: &[usize]) -> Option<(T, Vec<usize>)>
    where
        T: Copy,
    {
        let skip = sample.len().checked_sub(self.shape.len())?;
        let mut offset = 0isize;
        let mut position = Vec::with_capacity(self.shape.len());
        for ((&index, &length), &stride) in sample[skip..].iter().zip(self.shape).zip(self.strides) {
            let index = if length == 1 { 0 } else { index };
            if index >= length {
                return None;
            }
            offset += index as isize * stride;
            position.push(index);
        }
        // SAFETY: the index is inside of the shape on every axis (and a 0-d array has its one element), so the
        // offset leads to an element of the array that `of` borrowed for 'a.
        Some((unsafe { *self.pointer.offset(offset) }, position))
    }
}

/// An array to write, of any dimension.
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    pointer: *mut T,
    shape: &'a [usize],
    strides: &'a [isize],
    data: PhantomData<&'a mut T>,
}

// SAFETY: a `ViewMut` is an exclusive borrow of an array's elements, like `&mut [T]`.
unsafe impl<T: Send> Send for ViewMut<'_, T> {}
// SAFETY: through a shared reference nothing but the shape can be read.
unsafe impl<T: Sync> Sync for ViewMut<'_, T> {}

impl<'a, T> ViewMut<'a, T> {
    /// Borrows an array.
    pub fn of<D: Dimension>(array: &'a mut ArrayRef<T, D>) -> Self {
        let pointer = array.as_mut_ptr();
        let array: &'a ArrayRef<T, D> = array;
        ViewMut { pointer, shape: array.shape(), strides: array.strides(), data: PhantomData }
    }

    /// Its shape.
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// The element at the first position of every axis.
    pub(crate) fn pointer(&mut self) -> *mut T {
        self.pointer
    }

    /// Its strides, in elements.
    pub(crate) fn strides(&self) -> &'a [isize] {
        self.strides
    }

    /// The view as the goal of a sweep over `shape`: stored element by element, or added up where an element
    /// stands for several samples. `None` where it does not broadcast to `shape`.
    pub(crate) fn sink<'s>(&'s mut self, shape: &[usize], strides: &'s mut Strides) -> Option<Sink<'s, T>> {
        let (strides, repeats) = strides.broadcast(self.shape, self.strides, shape)?;
        let goal = StridedMut { pointer: self.pointer, strides };
        Some(if repeats { Sink::Fold(goal) } else { Sink::Store(goal) })
    }

    /// Sets every element.
    pub(crate) fn fill(&mut self, value: T)
    where
        T: Copy,
    {
        self.for_each(|element| *element = value);
    }

    /// Visits every element.
    pub(crate) fn for_each(&mut self, mut visit: impl FnMut(&mut T)) {
        // SAFETY: the walk visits elements of the array that `of` borrowed exclusively, one after another.
        walk(self.pointer, self.shape, self.strides, &mut |element| visit(unsafe { &mut *element }));
    }
}

/// Visits the place of every element of an array, in row-major order.
fn walk<T>(pointer: *mut T, shape: &[usize], strides: &[isize], visit: &mut impl FnMut(*mut T)) {
    fn inner<T>(pointer: *mut T, shape: &[usize], strides: &[isize], visit: &mut impl FnMut(*mut T)) {
        match (shape.split_first(), strides.split_first()) {
            (Some((&length, shape)), Some((&stride, strides))) => {
                for index in 0..length {
                    inner(pointer.wrapping_offset(index as isize * stride), shape, strides, visit);
                }
            }
            // Every index on the way was inside of its axis.
            _ => visit(pointer),
        }
    }
    // Without this, an empty inner axis would still be looked for at every place of the outer ones.
    if !shape.contains(&0) {
        inner(pointer, shape, strides, visit);
    }
}
