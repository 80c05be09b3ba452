//! The memory of a tensor, read where it lies on the CPU and copied to the host elsewhere.

#[cfg(feature = "flex")]
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::{BoolTensor, FloatTensor, IntTensor};
use burn::backend::{Backend, DType};
use burn::tensor::{Element, TensorData, try_read_sync};
use lossdef::any::AnyView;
use ndarray::{ArrayView, ArrayViewD, Dimension, IxDyn, ShapeBuilder};

/// The elements of a tensor in memory that the kernels can read.
#[derive(Clone, Debug)]
pub enum Held {
    /// A tensor of burn's CPU backend: shared, not copied.
    #[cfg(feature = "flex")]
    Flex(FlexTensor),
    /// A copy on the host.
    Data(TensorData),
}

/// A backend whose tensors can be read. The defaults copy them to the host, and wait for that.
pub trait Memory: Backend {
    /// The numbers of a float tensor.
    fn float(tensor: FloatTensor<Self>) -> Result<Held, String> {
        copied(try_read_sync(Self::float_into_data(tensor)))
    }

    /// The numbers of an int tensor.
    fn int(tensor: IntTensor<Self>) -> Result<Held, String> {
        copied(try_read_sync(Self::int_into_data(tensor)))
    }

    /// The truth values of a bool tensor.
    fn bool(tensor: BoolTensor<Self>) -> Result<Held, String> {
        copied(try_read_sync(Self::bool_into_data(tensor)))
    }

    /// Whether a tensor is known to hold the number 1 alone, without a wait for the device.
    fn is_one(_: &FloatTensor<Self>) -> bool {
        false
    }
}

fn copied<E: std::fmt::Display>(read: Option<Result<TensorData, E>>) -> Result<Held, String> {
    match read {
        Some(Ok(data)) => Ok(Held::Data(data)),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the backend gives its tensors asynchronously only".to_owned()),
    }
}

#[cfg(feature = "flex")]
impl Memory for burn::backend::Flex {
    fn float(tensor: FloatTensor<Self>) -> Result<Held, String> {
        Ok(shared(tensor))
    }

    fn int(tensor: IntTensor<Self>) -> Result<Held, String> {
        Ok(shared(tensor))
    }

    fn bool(tensor: BoolTensor<Self>) -> Result<Held, String> {
        Ok(shared(tensor))
    }

    fn is_one(tensor: &FloatTensor<Self>) -> bool {
        tensor.as_slice::<f32>() == Some(&[1.0]) || tensor.as_slice::<f64>() == Some(&[1.0])
    }
}

/// Tensors are read in any layout but reversed ones, which ndarray does not take from a slice.
#[cfg(feature = "flex")]
fn shared(tensor: FlexTensor) -> Held {
    let reversed = tensor.layout().strides().iter().any(|stride| *stride < 0);
    Held::Flex(if reversed { tensor.to_contiguous() } else { tensor })
}

#[cfg(feature = "ndarray")]
#[allow(deprecated, reason = "burn still has this backend")]
impl Memory for burn::backend::NdArray {}

#[cfg(feature = "tch")]
#[allow(deprecated, reason = "burn still has this backend")]
impl Memory for burn::backend::LibTorch {}

#[cfg(feature = "cube")]
impl Memory for burn::backend::Cube {}

impl Held {
    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        match self {
            #[cfg(feature = "flex")]
            Held::Flex(tensor) => tensor.dtype(),
            Held::Data(data) => data.dtype(),
        }
    }

    /// The lengths of the axes.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            #[cfg(feature = "flex")]
            Held::Flex(tensor) => tensor.layout().shape().to_vec(),
            Held::Data(data) => data.shape().to_vec(),
        }
    }

    /// The elements as an array of this shape, which is that of the tensor, or `[]` for `[1]`. Nothing where the kernels
    /// take no elements of this type; truth values are given by [`truths`](Self::truths).
    pub fn view<'a>(&'a self, shape: &[usize]) -> Option<AnyView<'a>> {
        Some(match self.dtype() {
            DType::F32 => self.array::<f32>(shape)?.into(),
            DType::F64 => self.array::<f64>(shape)?.into(),
            DType::I64 => self.array::<i64>(shape)?.into(),
            DType::I32 => self.array::<i32>(shape)?.into(),
            DType::I16 => self.array::<i16>(shape)?.into(),
            DType::I8 => self.array::<i8>(shape)?.into(),
            DType::U64 => self.array::<u64>(shape)?.into(),
            DType::U32 => self.array::<u32>(shape)?.into(),
            DType::U16 => self.array::<u16>(shape)?.into(),
            DType::U8 => self.array::<u8>(shape)?.into(),
            _ => return None,
        })
    }

    /// The elements of a bool tensor, in row-major order.
    pub fn truths(&self) -> Option<Vec<bool>> {
        if !self.dtype().is_bool() {
            return None;
        }
        let data = match self {
            #[cfg(feature = "flex")]
            Held::Flex(tensor) => tensor.clone().into_data(),
            Held::Data(data) => data.clone(),
        };
        let size = self.dtype().size();
        Some(data.bytes().chunks(size).map(|bytes| bytes.iter().any(|byte| *byte != 0)).collect())
    }

    fn array<T: Element + bytemuck::Pod>(&self, shape: &[usize]) -> Option<ArrayViewD<'_, T>> {
        let shape = IxDyn(shape);
        match self {
            #[cfg(feature = "flex")]
            Held::Flex(tensor) => {
                let layout = tensor.layout();
                let elements = tensor.storage::<T>().get(layout.start_offset()..).unwrap_or(&[]);
                if layout.num_elements() == 0 {
                    // Without elements there is nothing that strides could lead to.
                    return ArrayView::from_shape(shape, &[][..]).ok();
                }
                let strides = layout.strides().iter().map(|stride| stride.unsigned_abs());
                let strides: Vec<usize> = strides.take(shape.ndim()).collect();
                ArrayView::from_shape(shape.strides(IxDyn(&strides)), elements).ok()
            }
            Held::Data(data) => ArrayView::from_shape(shape, data.as_slice::<T>().ok()?).ok(),
        }
    }
}
