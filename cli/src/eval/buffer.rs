//! Memory for what a call writes: an array of either float type that is used for chunk after chunk.

use lossdef_runtime::any::{AnyArray, AnyViewMut};
use ndarray::{ArrayD, IxDyn, Zip};

/// An array whose shape may change.
pub struct Buffer(AnyArray);

/// Does the same with an array of either type.
macro_rules! each {
    ($buffer:expr, $array:ident => $result:expr) => {
        match $buffer {
            AnyArray::F32($array) => $result,
            AnyArray::F64($array) => $result,
        }
    };
}

impl Buffer {
    /// Zeros, of `f32` or of `f64`.
    pub fn zeros(single: bool, shape: &[usize]) -> Buffer {
        Buffer(match single {
            true => AnyArray::F32(ArrayD::zeros(shape)),
            false => AnyArray::F64(ArrayD::zeros(shape)),
        })
    }

    /// One number.
    pub fn number(single: bool, number: f64) -> Buffer {
        Buffer(AnyArray::F64(ArrayD::from_elem(IxDyn(&[]), number))).rounded(single)
    }

    /// Gives it another shape; what it holds is unspecified then.
    pub fn resize(&mut self, shape: &[usize]) {
        if self.shape() == shape {
            return;
        }
        let count = shape.iter().product();
        each!(&mut self.0, array => {
            let (mut data, _) = std::mem::take(array).into_raw_vec_and_offset();
            data.resize(count, 0.0);
            *array = ArrayD::from_shape_vec(IxDyn(shape), data).expect("as many elements as the shape has");
        });
    }

    /// Makes all elements 0.
    pub fn clear(&mut self) {
        each!(&mut self.0, array => array.fill(0.0));
    }

    /// Adds a multiple of another one of the same shape.
    pub fn add(&mut self, other: &Buffer, factor: f64) {
        match (&mut self.0, &other.0) {
            (AnyArray::F32(sum), AnyArray::F32(part)) => Zip::from(sum)
                .and(part)
                .for_each(|sum, part| *sum = (f64::from(*sum) + factor * f64::from(*part)) as f32),
            (AnyArray::F32(sum), AnyArray::F64(part)) => {
                Zip::from(sum)
                    .and(part)
                    .for_each(|sum, part| *sum = (f64::from(*sum) + factor * part) as f32);
            }
            (AnyArray::F64(sum), AnyArray::F32(part)) => {
                Zip::from(sum).and(part).for_each(|sum, part| *sum += factor * f64::from(*part));
            }
            (AnyArray::F64(sum), AnyArray::F64(part)) => {
                Zip::from(sum).and(part).for_each(|sum, part| *sum += factor * part);
            }
        }
    }

    /// The same in `f32` or `f64`.
    pub fn rounded(self, single: bool) -> Buffer {
        Buffer(match (single, self.0) {
            (true, AnyArray::F64(array)) => AnyArray::F32(array.mapv(|number| number as f32)),
            (false, AnyArray::F32(array)) => AnyArray::F64(array.mapv(f64::from)),
            (_, array) => array,
        })
    }

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    /// The array for a call to write.
    pub fn view_mut(&mut self) -> AnyViewMut<'_> {
        each!(&mut self.0, array => array.into())
    }

    /// The array.
    pub fn array(&self) -> &AnyArray {
        &self.0
    }

    /// The array, for keeps.
    pub fn into_array(self) -> AnyArray {
        self.0
    }
}
