//! Arrays from `.npy`, `.npz` and `.safetensors` files.

use super::array::Array;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use npyz::{DType, Deserialize, NpyFile, Order, TypeChar};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};

/// The array of a `.npy` file.
pub fn npy(path: &str) -> Result<Array, String> {
    let file = File::open(path).map_err(|error| format!("{path}: {error}"))?;
    array(BufReader::new(file)).map_err(|error| format!("{path}: {error}"))
}

/// The arrays of a `.npz` or `.safetensors` file, by name.
pub fn several(path: &str) -> Result<BTreeMap<String, Array>, String> {
    let arrays = match path.rsplit_once('.') {
        Some((_, "npz")) => npz(path),
        Some((_, "safetensors")) => tensors(path),
        _ => Err("neither .npz nor .safetensors; a .npy file is given by --input NAME=FILE".to_owned()),
    };
    arrays.map_err(|error| format!("{path}: {error}"))
}

fn npz(path: &str) -> Result<BTreeMap<String, Array>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| error.to_string())?;
    let mut arrays = BTreeMap::new();
    for i in 0..archive.len() {
        let member = archive.by_index(i).map_err(|error| error.to_string())?;
        let name = member.name().strip_suffix(".npy").unwrap_or(member.name()).to_owned();
        let read = array(BufReader::new(member)).map_err(|error| format!("{name}: {error}"))?;
        arrays.insert(name, read);
    }
    Ok(arrays)
}

fn array(reader: impl Read) -> Result<Array, String> {
    typed(NpyFile::new(reader).map_err(|error| error.to_string())?)
}

/// Reads an array of the element type that its head says.
fn typed<R: Read>(file: NpyFile<R>) -> Result<Array, String> {
    let DType::Plain(kind) = file.dtype() else { return Err("records are no numbers".to_owned()) };
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 4) => elements::<f32, R>(file),
        (TypeChar::Float, 8) => elements::<f64, R>(file),
        (TypeChar::Bool, _) => elements::<bool, R>(file),
        (TypeChar::Int, 8) => elements::<i64, R>(file),
        (TypeChar::Int, 4) => elements::<i32, R>(file),
        (TypeChar::Int, 2) => elements::<i16, R>(file),
        (TypeChar::Int, 1) => elements::<i8, R>(file),
        (TypeChar::Uint, 8) => elements::<u64, R>(file),
        (TypeChar::Uint, 4) => elements::<u32, R>(file),
        (TypeChar::Uint, 2) => elements::<u16, R>(file),
        (TypeChar::Uint, 1) => elements::<u8, R>(file),
        _ => Err(format!("elements of type `{kind}`, but a loss takes float32, float64, integers and bool")),
    }
}

fn elements<T: Deserialize, R: Read>(file: NpyFile<R>) -> Result<Array, String>
where
    Array: From<ArrayD<T>>,
{
    let shape: Vec<usize> = file.shape().iter().map(|length| *length as usize).collect();
    let fortran = file.order() == Order::Fortran;
    // A length in a broken head must not ask for memory; what is there decides.
    let mut data = Vec::new();
    for element in file.data::<T>().map_err(|error| error.to_string())? {
        data.push(element.map_err(|error| format!("cut off after {} elements: {error}", data.len()))?);
    }
    let shape = IxDyn(&shape).set_f(fortran);
    ArrayD::from_shape_vec(shape, data).map(Array::from).map_err(|error| error.to_string())
}

fn tensors(path: &str) -> Result<BTreeMap<String, Array>, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| error.to_string())?;
    let mut arrays = BTreeMap::new();
    for (name, tensor) in tensors.iter() {
        let (shape, data) = (tensor.shape(), tensor.data());
        macro_rules! read {
            ($element:ty) => {
                plain(shape, data, |bytes| <$element>::from_le_bytes(bytes))
            };
        }
        let array = match tensor.dtype() {
            Dtype::F32 => read!(f32),
            Dtype::F64 => read!(f64),
            Dtype::BOOL => plain(shape, data, |[byte]: [u8; 1]| byte != 0),
            Dtype::I64 => read!(i64),
            Dtype::I32 => read!(i32),
            Dtype::I16 => read!(i16),
            Dtype::I8 => read!(i8),
            Dtype::U64 => read!(u64),
            Dtype::U32 => read!(u32),
            Dtype::U16 => read!(u16),
            Dtype::U8 => read!(u8),
            other => Err(format!("elements of type {other:?}, but a loss takes F32, F64, integers and BOOL")),
        };
        arrays.insert(name.to_owned(), array.map_err(|error| format!("{name}: {error}"))?);
    }
    Ok(arrays)
}

/// Elements of a fixed size, one behind the other.
fn plain<T, const N: usize>(shape: &[usize], data: &[u8], read: fn([u8; N]) -> T) -> Result<Array, String>
where
    Array: From<ArrayD<T>>,
{
    let (elements, _) = data.as_chunks::<N>();
    let elements = elements.iter().map(|bytes| read(*bytes)).collect();
    ArrayD::from_shape_vec(IxDyn(shape), elements).map(Array::from).map_err(|error| error.to_string())
}
