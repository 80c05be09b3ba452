//! Arrays in memory of their own, laid out in any way that ndarray allows.

use lossdef_runtime::any::{AnyView, AnyViewMut};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Axis, IxDyn, ShapeBuilder};

use crate::oracle::random::Random;

/// Elements with strides. What no position shows holds a mark.
#[derive(Clone, Debug)]
pub struct Stored<E> {
    memory: Vec<E>,
    pub shape: Vec<usize>,
    strides: Vec<usize>,
    /// Axes that run backwards.
    inverted: Vec<bool>,
}

/// How wild a layout may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wild {
    /// Row by row, without gaps.
    Tame,
    /// Axes in any order, with gaps, backwards.
    Apart,
    /// Also with positions that share elements: repeated ones, windows that overlap.
    Overlapping,
}

impl<E: Copy> Stored<E> {
    pub fn draw(
        random: &mut Random,
        shape: &[usize],
        wild: Wild,
        mark: E,
        mut element: impl FnMut(&mut Random) -> E,
    ) -> Self {
        let rank = shape.len();
        let mut order: Vec<usize> = (0..rank).rev().collect();
        // A third of all layouts is tame whatever is allowed: those are what special cases are made for.
        let plain = wild == Wild::Tame || random.below(3) == 0;
        if !plain && random.below(2) == 0 {
            for at in (1..rank).rev() {
                order.swap(at, random.below(at + 1));
            }
        }
        let overlapping = !plain && wild == Wild::Overlapping && random.below(2) == 0;
        let (mut strides, mut inverted) = (vec![0; rank], vec![false; rank]);
        let mut extent = 1usize;
        for axis in order {
            let length = shape[axis].max(1);
            if !plain && random.below(4) == 0 {
                extent = match random.below(3) {
                    0 => extent + 1,
                    1 => extent * 2,
                    _ => extent * 3 + 2,
                };
            }
            strides[axis] =
                if !overlapping { extent } else { [0, 1, extent, extent.div_ceil(2)][random.below(4)] };
            inverted[axis] = !plain && random.below(4) == 0;
            extent = extent.max(strides[axis] * (length - 1) + 1).max(if overlapping {
                1
            } else {
                extent * length
            });
        }
        let reach: usize =
            strides.iter().zip(shape).map(|(stride, length)| stride * length.saturating_sub(1)).sum();
        let behind = if plain { 0 } else { random.below(3) };
        let mut stored =
            Stored { memory: vec![mark; reach + 1 + behind], shape: shape.to_vec(), strides, inverted };
        for offset in stored.offsets() {
            stored.memory[offset] = element(random);
        }
        stored
    }

    /// Where the elements are, in row-major order, as if no axis ran backwards.
    fn offsets(&self) -> Vec<usize> {
        let mut offsets = vec![0];
        for (length, stride) in self.shape.iter().zip(&self.strides) {
            offsets =
                offsets.iter().flat_map(|offset| (0..*length).map(move |at| offset + at * stride)).collect();
        }
        offsets
    }

    /// What no position shows.
    pub fn gaps(&self) -> Vec<E> {
        let mut shown = vec![false; self.memory.len()];
        self.offsets().into_iter().for_each(|offset| shown[offset] = true);
        self.memory.iter().zip(shown).filter(|(_, shown)| !shown).map(|(element, _)| *element).collect()
    }

    pub fn view(&self) -> ArrayViewD<'_, E> {
        let shape = IxDyn(&self.shape).strides(IxDyn(&self.strides));
        let mut view = ArrayViewD::from_shape(shape, &self.memory).expect("strides that fit the memory");
        for axis in (0..self.shape.len()).filter(|axis| self.inverted[*axis]) {
            view.invert_axis(Axis(axis));
        }
        view
    }

    pub fn view_mut(&mut self) -> ArrayViewMutD<'_, E> {
        let shape = IxDyn(&self.shape).strides(IxDyn(&self.strides));
        let mut view =
            ArrayViewMutD::from_shape(shape, &mut self.memory).expect("strides that fit the memory");
        for axis in (0..self.shape.len()).filter(|axis| self.inverted[*axis]) {
            view.invert_axis(Axis(axis));
        }
        view
    }

    /// The same array, row by row.
    pub fn tame(&self) -> Self {
        let memory: Vec<E> = self.view().iter().copied().collect();
        let mut strides = vec![0; self.shape.len()];
        let mut extent = 1;
        for axis in (0..self.shape.len()).rev() {
            strides[axis] = extent;
            extent *= self.shape[axis].max(1);
        }
        // Even an array without elements has room for those that its axes would reach.
        let memory = if memory.is_empty() { vec![self.memory[0]; extent] } else { memory };
        Stored { memory, shape: self.shape.clone(), strides, inverted: vec![false; self.shape.len()] }
    }
}

macro_rules! memories {
    ($($variant:ident $element:ty),+) => {
        /// An array of any element type that an input may have.
        #[derive(Clone, Debug)]
        pub enum Memory { $($variant(Stored<$element>)),+ }

        impl Memory {
            pub fn view(&self) -> AnyView<'_> {
                match self { $(Memory::$variant(stored) => stored.view().into()),+ }
            }

            pub fn shape(&self) -> &[usize] {
                match self { $(Memory::$variant(stored) => &stored.shape),+ }
            }

            pub fn tame(&self) -> Memory {
                match self { $(Memory::$variant(stored) => Memory::$variant(stored.tame())),+ }
            }

            /// Numbers cast to the elements.
            pub fn draw(number: usize, random: &mut Random, shape: &[usize], wild: Wild, element: &mut dyn FnMut(&mut Random) -> i128) -> Memory {
                $(memories!(@whole $variant $element, number, random, shape, wild, element);)+
                unreachable!("{number} is no whole type")
            }
        }
    };
    (@whole F32 $element:ty, $($rest:tt)*) => {};
    (@whole F64 $element:ty, $($rest:tt)*) => {};
    (@whole Bool $element:ty, $($rest:tt)*) => {};
    (@whole $variant:ident $element:ty, $number:ident, $random:ident, $shape:ident, $wild:ident, $draw:ident) => {
        if WHOLE[$number] == stringify!($element) {
            let clamped = |x: i128| x.clamp(<$element>::MIN as i128, <$element>::MAX as i128) as $element;
            return Memory::$variant(Stored::draw($random, $shape, $wild, <$element>::MAX, |random| clamped($draw(random))));
        }
    };
}

/// The types of labels.
pub const WHOLE: [&str; 9] = ["i64", "i32", "i16", "i8", "u64", "u32", "u16", "u8", "usize"];

memories!(F32 f32, F64 f64, Bool bool, I64 i64, I32 i32, I16 i16, I8 i8, U64 u64, U32 u32, U16 u16, U8 u8, Usize usize);

/// A buffer of either float type, whose gaps hold a mark.
#[derive(Clone, Debug)]
pub enum Buffer {
    F32(Stored<f32>),
    F64(Stored<f64>),
}

/// What stands in the gaps of buffers.
const MARK: f64 = -123456.0;

impl Buffer {
    pub fn draw(random: &mut Random, shape: &[usize], wild: Wild, single: bool) -> Buffer {
        if single {
            Buffer::F32(Stored::draw(random, shape, wild, MARK as f32, |_| f32::NAN))
        } else {
            Buffer::F64(Stored::draw(random, shape, wild, MARK, |_| f64::NAN))
        }
    }

    pub fn view_mut(&mut self) -> AnyViewMut<'_> {
        match self {
            Buffer::F32(stored) => stored.view_mut().into(),
            Buffer::F64(stored) => stored.view_mut().into(),
        }
    }

    pub fn numbers(&self) -> ArrayD<f64> {
        match self {
            Buffer::F32(stored) => numbers(&stored.view()),
            Buffer::F64(stored) => numbers(&stored.view()),
        }
    }

    /// Whether nothing was written beside the array.
    pub fn intact(&self) -> bool {
        match self {
            Buffer::F32(stored) => stored.gaps().iter().all(|x| *x == MARK as f32),
            Buffer::F64(stored) => stored.gaps().iter().all(|x| *x == MARK),
        }
    }

    pub fn tame(&self) -> Buffer {
        match self {
            Buffer::F32(stored) => Buffer::F32(stored.tame()),
            Buffer::F64(stored) => Buffer::F64(stored.tame()),
        }
    }
}

fn numbers<E: Copy + Into<f64>>(view: &ArrayViewD<'_, E>) -> ArrayD<f64> {
    let numbers = view.iter().map(|x| (*x).into()).collect();
    ArrayD::from_shape_vec(view.raw_dim(), numbers).expect("a number for each place")
}
