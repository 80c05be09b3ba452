//! Results: those in memory, and those that are written to temporary files row by row.

use super::buffer::Buffer;
use lossdef_runtime::any::AnyArray;
use ndarray::ArrayD;
use npyz::{AutoSerialize, WriteOptions, WriterBuilder};
use std::fs::File;
use std::io::{self, BufReader, Seek, Write};
use std::path::{Path, PathBuf};

/// The results of a call by name.
pub struct Outputs {
    /// Where temporary files are made; nowhere where nobody wants what would be in them.
    folder: Option<PathBuf>,
    results: Vec<(String, Output)>,
}

/// A result.
pub enum Output {
    /// In memory.
    Held(AnyArray),
    /// In a file.
    Rows(Written),
}

impl Outputs {
    /// Room for results. Large ones are kept in a folder, or dropped.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Outputs { folder, results: Vec::new() }
    }

    /// Adds a result.
    pub fn push(&mut self, name: String, output: Output) {
        self.results.push((name, output));
    }

    /// Adds the value, which stands in front.
    pub fn value(&mut self, value: AnyArray) {
        self.results.insert(0, ("value".to_owned(), Output::Held(value)));
    }

    /// All results.
    pub fn results(&mut self) -> &mut [(String, Output)] {
        &mut self.results
    }

    /// A result that comes row by row.
    pub fn rows(&self, single: bool, shape: &[usize]) -> Result<Rows, String> {
        Rows::new(self.folder.as_deref(), single, shape).map_err(|error| unwritten(&error))
    }
}

impl Output {
    /// The name of the element type.
    pub fn element_type(&self) -> &'static str {
        match self {
            Output::Held(array) => array.element_type(),
            Output::Rows(Written { single: true, .. }) => "f32",
            Output::Rows(Written { single: false, .. }) => "f64",
        }
    }

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        match self {
            Output::Held(array) => array.shape(),
            Output::Rows(written) => &written.shape,
        }
    }

    /// The number, where this is one.
    pub fn scalar(&self) -> Option<f64> {
        match self {
            Output::Held(array) => array.scalar(),
            Output::Rows(_) => None,
        }
    }

    /// Writes it as a `.npy` file.
    pub fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Output::Held(array) => {
                out.write_all(&head(matches!(array, AnyArray::F32(_)), array.shape())?)?;
                elements(array, out)
            }
            Output::Rows(written) => match &mut written.file {
                None => Err(io::Error::other("a result was not kept")),
                Some(file) => {
                    file.rewind()?;
                    // What is copied at a time is what the reader holds.
                    io::copy(&mut BufReader::with_capacity(1 << 20, file), out).map(drop)
                }
            },
        }
    }
}

/// The head of a `.npy` file. Elements follow as they lie in memory, in the order of bytes that the head names.
fn head(single: bool, shape: &[usize]) -> io::Result<Vec<u8>> {
    fn of<T: AutoSerialize>(shape: &[u64]) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        drop(WriteOptions::<T>::new().default_dtype().shape(shape).writer(&mut head).begin_nd()?);
        Ok(head)
    }
    let shape: Vec<u64> = shape.iter().map(|length| *length as u64).collect();
    if single { of::<f32>(&shape) } else { of::<f64>(&shape) }
}

/// Writes elements in the order of the axes.
fn elements(array: &AnyArray, out: &mut impl Write) -> io::Result<()> {
    fn of<T: bytemuck::Pod>(array: &ArrayD<T>, out: &mut impl Write) -> io::Result<()> {
        match array.as_slice() {
            Some(elements) => out.write_all(bytemuck::cast_slice(elements)),
            None => array.iter().try_for_each(|element| out.write_all(bytemuck::bytes_of(element))),
        }
    }
    match array {
        AnyArray::F32(array) => of(array, out),
        AnyArray::F64(array) => of(array, out),
    }
}

/// An array that is written row by row, to a file without a name that is gone when it is closed.
pub struct Rows(Written);

/// An array whose rows have been written.
pub struct Written {
    single: bool,
    shape: Vec<usize>,
    file: Option<File>,
}

impl Rows {
    fn new(folder: Option<&Path>, single: bool, shape: &[usize]) -> io::Result<Rows> {
        let begun = |folder| -> io::Result<File> {
            let mut file = tempfile::tempfile_in(folder)?;
            file.write_all(&head(single, shape)?)?;
            Ok(file)
        };
        let file = folder.map(begun).transpose()?;
        Ok(Rows(Written { single, shape: shape.to_vec(), file }))
    }

    /// The shape of the whole array.
    pub fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    /// Writes the next rows.
    pub fn append(&mut self, rows: &Buffer) -> Result<(), String> {
        let Some(file) = &mut self.0.file else { return Ok(()) };
        elements(rows.array(), file).map_err(|error| unwritten(&error))
    }

    /// Ends the array.
    pub fn finish(self) -> Written {
        self.0
    }
}

fn unwritten(error: &io::Error) -> String {
    format!("a temporary file beside the output: {error}")
}
