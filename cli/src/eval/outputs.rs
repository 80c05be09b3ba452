//! Results: those in memory, and those that are written to temporary files row by row.

use super::buffer::Buffer;
use lossdef_runtime::any::AnyArray;
use npyz::{AutoSerialize, NpyWriter, WriteOptions, WriterBuilder};
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::PathBuf;

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
        let writer = match &self.folder {
            None => None,
            Some(folder) => Some(Writer::new(folder, single, shape).map_err(|error| unwritten(&error))?),
        };
        Ok(Rows { single, shape: shape.to_vec(), writer })
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
            Output::Held(AnyArray::F32(array)) => whole(array.shape(), array.iter(), out),
            Output::Held(AnyArray::F64(array)) => whole(array.shape(), array.iter(), out),
            Output::Rows(written) => match &mut written.file {
                None => Err(io::Error::other("a result was not kept")),
                Some(file) => {
                    file.rewind()?;
                    io::copy(file, out).map(drop)
                }
            },
        }
    }
}

/// The head of a file.
fn head<T: AutoSerialize>(shape: &[usize]) -> io::Result<Vec<u8>> {
    let shape: Vec<u64> = shape.iter().map(|length| *length as u64).collect();
    let mut head = Vec::new();
    // Elements follow as they lie in memory, in the byte order that the head names.
    drop(WriteOptions::<T>::new().default_dtype().shape(&shape).writer(&mut head).begin_nd()?);
    Ok(head)
}

/// The elements of an array in the order of its axes.
fn elements(array: &AnyArray, out: &mut impl Write) -> io::Result<()> {
    match array {
        AnyArray::F32(array) => out.write_all(bytemuck::cast_slice(&array.as_standard_layout().as_slice().unwrap_or(&[]))),
        AnyArray::F64(array) => out.write_all(bytemuck::cast_slice(&array.as_standard_layout().as_slice().unwrap_or(&[]))),
    }
}

/// An array that is written row by row.
pub struct Rows {
    single: bool,
    shape: Vec<usize>,
    writer: Option<Writer>,
}

/// A `.npy` file without a name, which is gone when it is closed.
struct Writer {
    file: File,
    elements: Elements,
}

enum Elements {
    F32(NpyWriter<f32, BufWriter<File>>),
    F64(NpyWriter<f64, BufWriter<File>>),
}

/// An array whose rows have been written.
pub struct Written {
    single: bool,
    shape: Vec<usize>,
    file: Option<File>,
}

impl Writer {
    fn new(folder: &PathBuf, single: bool, shape: &[usize]) -> io::Result<Writer> {
        let file = tempfile::tempfile_in(folder)?;
        let out = BufWriter::with_capacity(1 << 16, file.try_clone()?);
        let elements = match single {
            true => Elements::F32(begin(shape, out)?),
            false => Elements::F64(begin(shape, out)?),
        };
        Ok(Writer { file, elements })
    }
}

impl Rows {
    /// The shape of the whole array.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Writes the next rows.
    pub fn append(&mut self, rows: &Buffer) -> Result<(), String> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let written = match (&mut writer.elements, rows.array()) {
            (Elements::F32(writer), AnyArray::F32(rows)) => writer.extend(rows.iter().copied()),
            (Elements::F64(writer), AnyArray::F64(rows)) => writer.extend(rows.iter().copied()),
            _ => Err(io::Error::other("rows of another type")),
        };
        written.map_err(|error| unwritten(&error))
    }

    /// Ends the array.
    pub fn finish(self) -> Result<Written, String> {
        let Rows { single, shape, writer } = self;
        let Some(Writer { file, elements }) = writer else {
            return Ok(Written { single, shape, file: None });
        };
        let ended = match elements {
            Elements::F32(writer) => writer.finish(),
            Elements::F64(writer) => writer.finish(),
        };
        ended.map_err(|error| unwritten(&error))?;
        Ok(Written { single, shape, file: Some(file) })
    }
}

fn unwritten(error: &io::Error) -> String {
    format!("a temporary file beside the output: {error}")
}
